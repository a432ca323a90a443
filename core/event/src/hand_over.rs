//! How a MASTER leaves, and what a transition consists of.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::rounded::Rounded;
use crate::time::seconds;

/// Why a MASTER leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Departure {
    /// It was told to stop.
    Stop,
    /// It was told to hand over.
    HandOver,
    /// A higher priority advertises.
    Yield,
    /// Another member of its group leaves.
    Group,
}

/// How a MASTER's leaving ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Ending {
    /// Somebody took over.
    TakenOver {
        /// Its address; none if only its announcements were heard.
        successor: Option<IpAddr>,
        /// From the beginning until it was first noticed.
        #[serde(rename = "after_seconds", with = "seconds")]
        after: Duration,
    },
    /// Nobody took over in time.
    NobodyCame,
    /// It was ended before anybody could take over.
    CutShort,
}

/// What a transition consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// The addresses were put in place and became usable.
    AddressesInPlace,
    /// They were announced to the neighbours.
    Announced,
    /// The first advert was sent.
    Advertised,
    /// Priority zero was sent.
    Resigned,
    /// A successor was noticed.
    SuccessorNoticed,
    /// The addresses were given up.
    AddressesGivenUp,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AddressesInPlace => "addresses in place",
            Self::Announced => "announced",
            Self::Advertised => "advertised",
            Self::Resigned => "resigned",
            Self::SuccessorNoticed => "successor noticed",
            Self::AddressesGivenUp => "addresses given up",
        })
    }
}

/// A step of a transition, and how long it took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepTook {
    /// Which.
    pub step: Step,
    /// From the end of the step before, or the decision.
    #[serde(rename = "took_seconds", with = "seconds")]
    pub took: Duration,
}

impl fmt::Display for StepTook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} +{}", self.step, Rounded(self.took))
    }
}
