//! States: of instances, of network interfaces, of what checks watch.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::Severity;

/// An instance's state. RFC 9568 calls MASTER "Active".
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// Not started, or waiting for something that comes by itself.
    Init,
    /// Standing by.
    Backup,
    /// Holding the addresses.
    Master,
    /// Unable to take part.
    Fault,
    /// Stopped on purpose.
    Stopped,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Init => "INIT",
            Self::Backup => "BACKUP",
            Self::Master => "MASTER",
            Self::Fault => "FAULT",
            Self::Stopped => "STOPPED",
        })
    }
}

/// The state of a network interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum InterfaceState {
    /// Up, with carrier.
    Up,
    /// Down, or without carrier.
    Down,
    /// Not there.
    Gone,
}

impl fmt::Display for InterfaceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Up => "up",
            Self::Down => "down",
            Self::Gone => "gone",
        })
    }
}

/// What a check has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// All is well.
    Pass,
    /// It is not.
    Fail,
    /// Nobody could tell.
    Unknown,
}

impl Health {
    /// How grave it is that something is found to be so. Who trusts in what nobody can tell is wrong: it would not see its
    /// service fail.
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Pass => Severity::Info,
            Self::Fail => Severity::Warning,
            Self::Unknown => Severity::Error,
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        })
    }
}

/// How much a line of a plugin's log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// For whoever looks for a fault in the plugin.
    Debug,
    /// The normal course of things.
    Info,
    /// Something an administrator should look at.
    Warning,
    /// Something failed.
    Error,
}
