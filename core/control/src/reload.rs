//! What a reload has done.

use serde::{Deserialize, Serialize};

/// What a reload has done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReloadReport {
    /// What has changed, a sentence each. Empty if nothing was to be done.
    #[serde(default)]
    pub done: Vec<String>,
    /// What was refused and why, perhaps on several lines each. What ran before runs on.
    #[serde(default)]
    pub refused: Vec<String>,
    /// What `keepwatch reload` exits with: 0 if nothing was refused.
    pub exit_status: u8,
}
