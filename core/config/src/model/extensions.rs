//! Plugins and destinations. Only a native file has them.

use std::path::PathBuf;
use std::time::Duration;

use super::{ActionTable, NotifyTable};

/// Plugins, what they may run, and who is told. Only a native file has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// `hooks`: a folder whose scripts are plugins.
    pub hooks: Option<PathBuf>,
    /// `[plugin.NAME]`, by name.
    pub plugins: Vec<PluginTable>,
    /// `[action.NAME]`, by name.
    pub actions: Vec<ActionTable>,
    /// `[notify.NAME]`, by name.
    pub destinations: Vec<NotifyTable>,
}

/// One `[plugin.NAME]`, or the plugin that a `[check.NAME]` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginTable {
    /// Its name; unique among plugins and checks.
    pub name: String,
    /// Its file, absolute.
    pub file: PathBuf,
    /// What it may do, as written.
    pub grants: Vec<Written>,
    /// Its settings.
    pub config: serde_json::Map<String, serde_json::Value>,
    /// Where these are written, each with its value: their keys.
    pub config_places: Vec<Written>,
    /// How long it may take over an event. A check has a time limit of its own, and none here.
    pub timeout: Option<Duration>,
    /// How long a call may compute.
    pub cpu: Option<Duration>,
    /// Memory, in octets.
    pub memory: Option<u64>,
    /// Events that may wait for it.
    pub queue: Option<u32>,
}

/// A text and where it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The text.
    pub text: String,
    /// Octets of the file.
    pub span: std::ops::Range<usize>,
}
