//! Whom a program runs as, by number.

use nix::unistd::{Gid, Uid, User, getegid, geteuid};

/// Whom a program runs as, by number, with what its environment says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) uid: Uid,
    pub(crate) gid: Gid,
    /// All groups beside the first.
    pub(crate) groups: Vec<Gid>,
    /// The user's name and home, unless it is this process's own user.
    pub(crate) person: Option<(String, std::path::PathBuf)>,
}

impl Identity {
    /// This process's own.
    pub(crate) fn own() -> Self {
        Self { uid: geteuid(), gid: getegid(), groups: Vec::new(), person: None }
    }

    /// The user's name, for people.
    pub(crate) fn name(&self) -> String {
        match &self.person {
            Some((name, _)) => name.clone(),
            None if self.uid.is_root() => "root".to_owned(),
            None => self.uid.to_string(),
        }
    }

    /// The same, looked up in the user data base.
    pub(crate) fn known_name(&self) -> String {
        let user = User::from_uid(self.uid).ok().flatten();
        user.map_or_else(|| self.name(), |user| user.name)
    }

    /// Whether it is root, or has root's group: what it runs can do harm.
    pub(crate) fn is_mighty(&self) -> bool {
        self.uid.is_root() || self.gid.as_raw() == 0
    }

    pub(crate) fn has_group(&self, gid: u32) -> bool {
        self.gid.as_raw() == gid || self.groups.iter().any(|group| group.as_raw() == gid)
    }
}
