//! Events: what happened, when, where and how grave.

use std::fmt;
use std::time::{Duration, SystemTime};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Context, Health, Result};

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Event {
    /// Unique among all events of all hosts.
    pub id: String,
    /// Number within the run of keepwatch. Grows; numbers may be missing where events were conflated.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// The host it happened on.
    pub node: String,
    /// The VRRP instance it concerns, if one.
    pub instance: Option<String>,
    /// How grave.
    pub severity: Severity,
    /// Counts the instance's transitions: all events between two of them share the number.
    pub term: u64,
    /// `transition`, `address_lost`, ...: the words of `keepwatch events --json`. A later keepwatch may have kinds that
    /// this SDK has never heard of.
    pub kind: String,
    /// A sentence for people.
    pub text: String,
    /// What happened, where the SDK has a type for it.
    pub payload: Payload,
    /// All of it, as `keepwatch events --json` prints it.
    pub(crate) json: String,
}

impl Event {
    /// The transition, if it is one.
    pub fn transition(&self) -> Option<&Transition> {
        match &self.payload {
            Payload::Transition(transition) => Some(transition),
            _ => None,
        }
    }

    /// Reads the event's fields into a type of one's own, whatever its kind.
    ///
    /// Ask for the fields that are needed; others are skipped.
    ///
    /// # Errors
    /// If a field is missing or of another type.
    ///
    /// ```
    /// # use keepwatch_sdk::prelude::*;
    /// #[derive(Deserialize)]
    /// struct AddressLost {
    ///     address: String,
    ///     interface: String,
    /// }
    ///
    /// # let event = keepwatch_sdk::testing::event(keepwatch_sdk::json!({
    /// #     "kind": "address_lost", "address": "10.1.1.30/24", "interface": "eth0",
    /// # }));
    /// if event.kind == "address_lost" {
    ///     let lost: AddressLost = event.json()?;
    ///     warning!("{} is gone from {}", lost.address, lost.interface);
    /// }
    /// # Ok::<(), keepwatch_sdk::Error>(())
    /// ```
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_str(&self.json).context(format_args!("cannot read the event of kind {}", self.kind))
    }

    /// All of it as JSON text, as `keepwatch events --json` prints it.
    pub fn raw_json(&self) -> &str {
        &self.json
    }
}

/// What an event is about, where the SDK has a type for it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Payload {
    /// An instance entered a state.
    Transition(Transition),
    /// The health that a check or a plugin reports has changed.
    HealthChange(HealthChange),
    /// Everything else: see [`Event::kind`] and [`Event::json`].
    Other,
}

/// An instance entered a state.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state left.
    pub from: State,
    /// The state entered.
    pub to: State,
    /// Why, for programs: `no_advert`, `higher_priority`, ...
    pub because: String,
    /// Why, for people: `no advert heard for 3.61 s`.
    pub reason: String,
    /// Whether this is the instance's first state since keepwatch started.
    pub initial: bool,
    /// The effective priority, 1 to 255.
    pub priority: u8,
}

/// The health that a check or a plugin reports has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HealthChange {
    /// The name under which it is tracked.
    pub track: String,
    /// Before.
    pub from: Health,
    /// Now.
    pub to: Health,
    /// One line for people.
    pub text: String,
}

/// The state of a VRRP instance.
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

/// A moment, on both clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp {
    /// Wall-clock time, for people, in whole microseconds. It may jump.
    pub wall: SystemTime,
    /// Time since the host booted, in whole microseconds, for measuring. It only ever grows while the host is up.
    pub monotonic: Duration,
}

impl Timestamp {
    /// From microseconds since 1970-01-01 UTC and since the host booted.
    pub fn from_micros(wall: u64, monotonic: u64) -> Self {
        Self {
            wall: SystemTime::UNIX_EPOCH + Duration::from_micros(wall),
            monotonic: Duration::from_micros(monotonic),
        }
    }

    /// Wall-clock time in microseconds since 1970-01-01 UTC; 0 for moments before.
    pub fn wall_micros(&self) -> u64 {
        let since = self.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }
}

/// How things are, after all events up to `seq`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Snapshot {
    /// The last event that is accounted for.
    pub seq: u64,
    /// When it was taken.
    pub at: Timestamp,
    /// This host.
    pub node: String,
    /// The VRRP instances.
    pub instances: Vec<InstanceState>,
    pub(crate) json: String,
}

impl Snapshot {
    /// The instance of this name.
    pub fn instance(&self, name: &str) -> Option<&InstanceState> {
        self.instances.iter().find(|instance| instance.name == name)
    }

    /// All of it as JSON text, as `keepwatch status --json` prints it.
    pub fn raw_json(&self) -> &str {
        &self.json
    }
}

/// A VRRP instance as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InstanceState {
    /// Its name.
    pub name: String,
    /// The network interface.
    pub interface: String,
    /// Its state.
    pub state: State,
    /// Since when.
    pub since: Timestamp,
    /// Why, for people.
    pub reason: String,
    /// The effective priority, 1 to 255.
    pub priority: u8,
    /// Counts its transitions.
    pub term: u64,
    /// The virtual addresses, with prefix length.
    pub addresses: Vec<String>,
}
