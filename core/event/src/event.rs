//! The envelope of every event.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::kind::EventKind;
use crate::time::Timestamp;

/// Something that happened, with when, where and how grave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Unique among all events of all hosts: the run's identifier and the sequence number.
    pub id: String,
    /// Sequence number within the run, without gaps, from 1.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The host it happened on.
    pub node: Arc<str>,
    /// The VRRP instance it concerns, if one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<Arc<str>>,
    /// How grave.
    pub severity: Severity,
    /// Counts the instance's transitions: all events between two of them share the number.
    #[serde(default)]
    pub term: u64,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// How grave an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The normal course of things.
    Info,
    /// Something an administrator should look at.
    Warning,
    /// Service is, or may be, affected.
    Error,
}
