//! What a check has found.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Whether what is checked is well.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All is well.
    Pass,
    /// It is not.
    Fail,
    /// Nobody could tell. What follows from it is the check's `unknown` setting.
    Unknown,
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        })
    }
}

/// What a check has found, with a few words for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The finding.
    pub health: Health,
    /// One line: `0.4 s behind`.
    pub text: String,
}

impl Verdict {
    /// All is well.
    pub fn pass(text: impl Into<String>) -> Self {
        Self { health: Health::Pass, text: text.into() }
    }

    /// It is not.
    pub fn fail(text: impl Into<String>) -> Self {
        Self { health: Health::Fail, text: text.into() }
    }

    /// Nobody could tell.
    pub fn unknown(text: impl Into<String>) -> Self {
        Self { health: Health::Unknown, text: text.into() }
    }

    /// [`Self::pass`] if the condition holds, else [`Self::fail`].
    pub fn pass_if(condition: bool, text: impl Into<String>) -> Self {
        if condition { Self::pass(text) } else { Self::fail(text) }
    }
}
