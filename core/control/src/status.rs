//! How a daemon is.

use std::time::Duration;

use keepwatch_event::{Snapshot, Timestamp, seconds};
use serde::{Deserialize, Serialize};

use crate::plugin_report::PluginReport;
use crate::spool::DestinationSummary;

/// How a daemon is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The program's version: `0.1.0`.
    pub version: String,
    /// Its process id.
    pub pid: u32,
    /// The host.
    pub node: String,
    /// When this was said.
    pub at: Timestamp,
    /// When it started.
    pub started: Timestamp,
    /// How long it has been running.
    #[serde(rename = "uptime_seconds", with = "seconds")]
    pub uptime: Duration,
    /// Its configuration.
    pub config: ConfigStatus,
    /// How instances, checks and plugins are.
    pub snapshot: Snapshot,
    /// The plugins' figures, by name.
    #[serde(default)]
    pub plugins: Vec<PluginReport>,
    /// Who is told by mail or webhook, by name.
    #[serde(default)]
    pub destinations: Vec<DestinationSummary>,
}

/// The configuration in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigStatus {
    /// The file.
    pub path: String,
    /// What its texts are known by, as the event `config_loaded` has it.
    #[serde(default)]
    pub hash: String,
    /// When it was put in force.
    pub loaded: Timestamp,
    /// That some of it is in force after a restart only, if so.
    #[serde(default)]
    pub waits: Option<String>,
    /// A later one that was refused.
    #[serde(default)]
    pub rejected: Option<Rejection>,
}

/// A configuration that was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// When.
    pub at: Timestamp,
    /// Why.
    pub reason: String,
}
