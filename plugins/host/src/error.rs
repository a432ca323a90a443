//! What a host function answers when it did not do what was asked.

/// Why a host function did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct HostError {
    /// Of which sort.
    pub kind: ErrorKind,
    /// What happened and what to do, for people.
    pub text: String,
}

/// Sorts of [`HostError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The plugin has no grant for it.
    Denied,
    /// It took too long.
    Timeout,
    /// The other side, or the system, refused or failed.
    Unavailable,
    /// What was asked makes no sense.
    Invalid,
    /// It is more than a plugin may have.
    Limit,
}

impl HostError {
    /// An error of this sort.
    pub fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }

    /// The plugin has no grant for it.
    pub fn denied(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Denied, text)
    }

    /// It took too long.
    pub fn timeout(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Timeout, text)
    }

    /// The other side, or the system, refused or failed.
    pub fn unavailable(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unavailable, text)
    }

    /// What was asked makes no sense.
    pub fn invalid(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, text)
    }

    /// It is more than a plugin may have.
    pub fn limit(text: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, text)
    }
}
