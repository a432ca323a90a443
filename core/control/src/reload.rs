//! What a reload has done.

use std::time::Duration;

use keepwatch_event::seconds;
use serde::{Deserialize, Serialize};

/// How the configuration is to be taken over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReloadRequest {
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What becomes of something that a configuration has, or had.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// What sort of thing: `instance`, `group`, `check`, `link_delay`, `static_address`, `static_route`, `static_rule`, `globals`.
    pub object: String,
    /// Its name; none if there is but one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What is done: `keep`, `update`, `restart`, `add`, `remove`.
    pub deed: String,
    /// What follows, in words: `address 10.1.1.31/24 added, stays MASTER`.
    pub effect: String,
}

/// What a reload has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadReport {
    /// What becomes of each instance, and of what else has changed. Empty if the configuration is refused.
    #[serde(default)]
    pub plan: Vec<PlannedChange>,
    /// For how long the thread that sends adverts was busy with it.
    #[serde(default, rename = "busy_seconds", with = "seconds")]
    pub busy: Duration,
    /// What has changed, a sentence each. Empty if nothing was to be done.
    #[serde(default)]
    pub done: Vec<String>,
    /// What was refused and why, perhaps on several lines each. What ran before runs on.
    #[serde(default)]
    pub refused: Vec<String>,
    /// What `keepwatch reload` exits with: 0 if nothing was refused.
    pub exit_status: u8,
}
