//! Whom a program runs as, by name.

use std::fmt;

/// Whom a program runs as, by name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Account {
    /// The user.
    pub user: String,
    /// The group; the user's own if absent.
    pub group: Option<String>,
    /// Which groups it has besides.
    pub groups: Groups,
}

/// Which groups a program has beside its first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Groups {
    /// None.
    #[default]
    None,
    /// All those that its user is a member of.
    OfUser,
}

impl Account {
    /// A user with its own group, and no other.
    pub fn of(user: impl Into<String>) -> Self {
        Self { user: user.into(), group: None, groups: Groups::None }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.user)?;
        let Some(group) = &self.group else { return Ok(()) };
        write!(f, ":{group}")
    }
}
