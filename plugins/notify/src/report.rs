//! How destinations are, for people.

use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::entry::{Dead, Entry};
use crate::instant;
use crate::silence::Silence;

/// How a destination is, in figures. Counts are since the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestinationSummary {
    /// Its name.
    pub name: String,
    /// The way to it, without secrets; none if the configuration has it no longer.
    pub label: Option<String>,
    /// Letters it has got.
    pub delivered: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Letters that wait.
    pub waiting: usize,
    /// Letters kept that were given up, also before the start.
    pub dead: usize,
    /// Why the last of those was given up.
    pub refusal: Option<String>,
    /// Why the last attempt failed, if it did.
    pub trouble: Option<String>,
    /// Why it takes nothing any more.
    pub gone: Option<String>,
    /// When it last got something.
    pub last: Option<SystemTime>,
    /// When what waits because an attempt failed is tried again, if anything does.
    pub next: Option<SystemTime>,
}

/// How a destination is, with what waits for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DestinationReport {
    /// Its name.
    pub name: String,
    /// The way to it, without secrets; none if the configuration has it no longer.
    #[serde(default)]
    pub label: Option<String>,
    /// Letters it has got since the start.
    pub delivered: u64,
    /// Attempts that failed since the start.
    pub failed: u64,
    /// Letters given up since the start.
    pub given_up: u64,
    /// Why the last attempt failed, if it did.
    #[serde(default)]
    pub trouble: Option<String>,
    /// Why it takes nothing any more.
    #[serde(default)]
    pub gone: Option<String>,
    /// When it last got something.
    #[serde(default, with = "perhaps")]
    pub last: Option<SystemTime>,
    /// What waits, in order.
    pub waiting: Vec<Entry>,
    /// What was given up, in order.
    pub dead: Vec<Dead>,
}

/// A silence, and what it has kept so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SilenceReport {
    /// The silence.
    pub silence: Silence,
    /// Letters not sent.
    pub untold: u64,
}

mod perhaps {
    use super::{SystemTime, instant};
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct At(#[serde(with = "instant")] SystemTime);

    pub(super) fn serialize<S: Serializer>(
        at: &Option<SystemTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        at.map(At).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<At>::deserialize(deserializer)?.map(|At(at)| at))
    }
}
