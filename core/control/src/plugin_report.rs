//! How a plugin is, with its figures.

use std::collections::BTreeMap;
use std::time::Duration;

use keepwatch_event::{Event, PluginState, Timestamp, seconds};
use serde::{Deserialize, Serialize};

/// The plugin that a request is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PluginName {
    /// Its name.
    pub plugin: String,
}

/// An event that is kept from a plugin because it made it fail.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeadLetter {
    /// What the plugin did.
    pub reason: String,
    /// The event.
    pub event: Event,
}

/// How a plugin is, with its figures. All counts are since the daemon started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginReport {
    /// Its name.
    pub name: String,
    /// Its file; empty for one that is built in.
    #[serde(default)]
    pub path: String,
    /// `handler` or `checker`; empty if it could not be loaded.
    #[serde(default)]
    pub role: String,
    /// What it does.
    pub state: PluginState,
    /// Since when.
    pub since: Timestamp,
    /// How often it was called.
    #[serde(default)]
    pub calls: u64,
    /// Calls after which it reported an error of its own.
    #[serde(default)]
    pub errors: u64,
    /// Calls in which it crashed, or took more time or memory than it may.
    #[serde(default)]
    pub failures: u64,
    /// How often it was started anew after a failure.
    #[serde(default)]
    pub restarts: u64,
    /// Calls that repeated one that had failed.
    #[serde(default)]
    pub retries: u64,
    /// Events that it did not want after all, and questions that it was not asked, as it was still busy with the one before.
    #[serde(default)]
    pub skipped: u64,
    /// Events that are kept from it because they made it fail twice.
    #[serde(default)]
    pub dead_letters: u64,
    /// Messages to destinations that were taken over.
    #[serde(default)]
    pub messages: u64,
    /// Messages that were one too many.
    #[serde(default)]
    pub messages_refused: u64,
    /// Events that wait for it now.
    #[serde(default)]
    pub waiting: u64,
    /// Events of which it only got a later one about the same.
    #[serde(default)]
    pub conflated: u64,
    /// Events it did not get.
    #[serde(default)]
    pub dropped: u64,
    /// When a call last succeeded.
    #[serde(default)]
    pub last_success: Option<Timestamp>,
    /// What went wrong last, perhaps on several lines.
    #[serde(default)]
    pub last_error: Option<String>,
    /// How long calls take; none before the first.
    #[serde(default)]
    pub call_times: Option<CallTimes>,
    /// The memory it holds, in bytes, where that is known.
    #[serde(default)]
    pub memory_bytes: Option<u64>,
    /// Its own figures, by name.
    #[serde(default)]
    pub metrics: BTreeMap<String, f64>,
    /// What it may do: `run:haproxy-reload`.
    #[serde(default)]
    pub grants: Vec<String>,
}

/// How long calls take.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallTimes {
    /// Half of the recent ones took at most this.
    #[serde(rename = "p50_seconds", with = "seconds")]
    pub p50: Duration,
    /// 99 of 100 recent ones took at most this.
    #[serde(rename = "p99_seconds", with = "seconds")]
    pub p99: Duration,
    /// The longest of all took this.
    #[serde(rename = "max_seconds", with = "seconds")]
    pub max: Duration,
}

impl PluginReport {
    /// One that has not been called yet.
    #[must_use]
    pub const fn new(name: String, state: PluginState, since: Timestamp) -> Self {
        Self {
            name,
            path: String::new(),
            role: String::new(),
            state,
            since,
            calls: 0,
            errors: 0,
            failures: 0,
            restarts: 0,
            retries: 0,
            skipped: 0,
            dead_letters: 0,
            messages: 0,
            messages_refused: 0,
            waiting: 0,
            conflated: 0,
            dropped: 0,
            last_success: None,
            last_error: None,
            call_times: None,
            memory_bytes: None,
            metrics: BTreeMap::new(),
            grants: Vec::new(),
        }
    }
}
