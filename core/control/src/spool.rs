//! What waits for destinations, and silences: what is asked and answered about them.

use std::time::{Duration, SystemTime};

use keepwatch_event::{Severity, seconds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How a destination is, and what waits for it. Counts are since the daemon started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationStatus {
    /// Its name.
    pub name: String,
    /// The way to it; none if the configuration has it no longer.
    #[serde(default)]
    pub way: Option<String>,
    /// Letters it has got.
    #[serde(default)]
    pub delivered: u64,
    /// Attempts that failed.
    #[serde(default)]
    pub failed: u64,
    /// Letters given up.
    #[serde(default)]
    pub given_up: u64,
    /// Why the last attempt failed, if it did.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Why it takes nothing any more.
    #[serde(default)]
    pub gone: Option<String>,
    /// When it last got something; RFC 3339.
    #[serde(default)]
    pub last: Option<String>,
    /// What waits, in order.
    #[serde(default)]
    pub waiting: Vec<LetterStatus>,
    /// What was given up, in order.
    #[serde(default)]
    pub dead: Vec<LetterStatus>,
}

/// How a destination is, in figures. Counts are since the daemon started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DestinationSummary {
    /// Its name.
    pub name: String,
    /// The way to it; none if the configuration has it no longer.
    #[serde(default)]
    pub way: Option<String>,
    /// Letters it has got.
    #[serde(default)]
    pub delivered: u64,
    /// Attempts that failed.
    #[serde(default)]
    pub failed: u64,
    /// Letters that wait.
    #[serde(default)]
    pub waiting: u64,
    /// Letters kept that were given up, also before the daemon started.
    #[serde(default)]
    pub dead: u64,
    /// Why the last of those was given up.
    #[serde(default)]
    pub refusal: Option<String>,
    /// Why the last attempt failed, if it did.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Why it takes nothing any more.
    #[serde(default)]
    pub gone: Option<String>,
    /// When it last got something; RFC 3339.
    #[serde(default)]
    pub last: Option<String>,
    /// When what waits because an attempt failed is tried again; RFC 3339.
    #[serde(default)]
    pub next: Option<String>,
}

/// A letter that waits or was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LetterStatus {
    /// Its id.
    pub id: String,
    /// When it happened; RFC 3339.
    pub at: String,
    /// How grave.
    pub severity: Severity,
    /// What it says, in one line.
    pub line: String,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// When it is tried next, or was given up; RFC 3339.
    #[serde(default)]
    pub next: Option<String>,
    /// Why the last attempt failed, or why it was given up.
    #[serde(default)]
    pub trouble: Option<String>,
    /// All of it.
    #[serde(default)]
    pub letter: Value,
}

/// A silence: what is not told for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilenceStatus {
    /// Its name.
    pub name: String,
    /// About these instances and groups; about everything if empty.
    #[serde(default)]
    pub instances: Vec<String>,
    /// At these destinations; at all if empty.
    #[serde(default)]
    pub destinations: Vec<String>,
    /// How much longer.
    #[serde(rename = "lasts_seconds", with = "seconds")]
    pub lasts: Duration,
    /// Why.
    #[serde(default)]
    pub comment: String,
    /// Letters not sent so far.
    #[serde(default)]
    pub untold: u64,
}

/// Letters of a destination: those of these ids, or all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letters {
    /// The destination.
    pub destination: String,
    /// Their ids, or the beginnings of them; all if empty.
    #[serde(default)]
    pub ids: Vec<String>,
}

/// The name of a silence that is to end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceName {
    /// Its name.
    pub name: String,
}

/// What became of a request that changes something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// How many letters or silences it was about.
    pub count: usize,
    /// Why nothing was done, if nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Done {
    /// It was about so many.
    #[must_use]
    pub const fn with(count: usize) -> Self {
        Self { count, refused: None }
    }

    /// Nothing was done.
    pub fn refused(why: impl Into<String>) -> Self {
        Self { count: 0, refused: Some(why.into()) }
    }
}

/// A time as it is written here.
#[must_use]
pub fn written(at: SystemTime) -> String {
    humantime::format_rfc3339_millis(at).to_string()
}
