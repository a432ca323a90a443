//! What changes its state again and again, as destinations hear of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::state::State;
use crate::time::seconds;

/// That an instance or a sync group changes its state again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unsteady {
    /// The sync group, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// How many transitions there were.
    pub changes: u32,
    /// Within which time.
    #[serde(rename = "within_seconds", with = "seconds")]
    pub within: Duration,
}

/// How an instance or a sync group is that has changed its state again and again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steady {
    /// The sync group, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Its state.
    pub state: State,
    /// How many transitions destinations have not heard of.
    pub untold: u32,
}
