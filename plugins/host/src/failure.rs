//! How a call to a plugin can go wrong.

use std::time::Duration;

use keepwatch_event::Rounded;

/// Why a plugin did not do what it was called for. The texts go on with "plugin NAME ...".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// It says so itself, and is otherwise well. What it says is one line; below it there may be the place in a script.
    #[error("{0}")]
    Reported(String),
    /// It trapped or panicked.
    #[error("crashed: {0}")]
    Crashed(String),
    /// It took longer than a call may.
    #[error("did not answer within {}", Rounded(*.0))]
    Deadline(Duration),
    /// It computed longer than a call may.
    #[error("computed for longer than {}", Rounded(*.0))]
    Cpu(Duration),
    /// It wanted more memory than it may have.
    #[error("wanted more memory than it may have: {0}")]
    Memory(String),
}

impl Failure {
    /// Whether the instance must be dropped: what state it is in, nobody knows.
    #[must_use]
    pub const fn is_fatal(&self) -> bool {
        !matches!(self, Self::Reported(_))
    }
}
