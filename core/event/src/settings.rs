//! What an instance is set to.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::time::seconds;

/// What an instance is set to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceSettings {
    /// The network interface that carries its adverts.
    pub interface: String,
    /// Virtual router identifier.
    pub virtual_router_id: u8,
    /// Protocol version.
    pub version: u8,
    /// Time between adverts.
    #[serde(rename = "advert_interval_seconds", with = "seconds")]
    pub advert_interval: Duration,
    /// The configured priority.
    pub base_priority: u8,
    /// Its virtual addresses, with prefix length.
    pub addresses: Vec<String>,
}
