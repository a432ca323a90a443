//! A letter in a queue.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::instant;
use crate::letter::Letter;

/// A letter that waits for its destination.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its place in the queue; also over restarts.
    pub number: u64,
    /// What is told.
    pub letter: Letter,
    /// When it was taken in.
    #[serde(with = "instant")]
    pub since: SystemTime,
    /// The message it is part of, once that has been tried: at each attempt it is the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// How often it was tried.
    #[serde(default)]
    pub attempts: u32,
    /// When it is tried next.
    #[serde(with = "instant")]
    pub next: SystemTime,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// Letters after it that were left out.
    #[serde(default)]
    pub omitted: u64,
    /// Who has got the message already, where a destination is several and others were put off.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub served: Vec<String>,
}

/// A letter that was given up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Dead {
    /// As it waited.
    pub entry: Entry,
    /// When it was given up.
    #[serde(with = "instant")]
    pub at: SystemTime,
    /// Why.
    pub reason: String,
}
