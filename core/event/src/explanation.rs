//! What it takes for an instance to become MASTER, or to stop being it: told when somebody asks.

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::reason::{Hindrance, Reason};
use crate::state::{Health, State};
use crate::time::{Timestamp, optional_seconds, seconds};

/// What it takes for instances to become MASTER, or to stop being it, at one moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    /// That moment.
    pub at: Timestamp,
    /// The instances, in the order of the configuration.
    pub instances: Vec<InstanceExplanation>,
}

/// What it takes for an instance to become MASTER, or to stop being it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceExplanation {
    /// Its name.
    pub name: String,
    /// The network interface that carries its adverts.
    pub interface: String,
    /// Virtual router identifier.
    pub virtual_router_id: u8,
    /// Protocol version.
    pub version: u8,
    /// Its state.
    pub state: State,
    /// For how long; none before the first transition.
    #[serde(default, rename = "state_for_seconds", with = "optional_seconds")]
    pub state_for: Option<Duration>,
    /// Why it entered that state; none before the first transition.
    #[serde(default)]
    pub reason: Option<Reason>,
    /// Whether it is MASTER and leaving.
    #[serde(default)]
    pub leaving: bool,
    /// The address that its adverts come from, if it has one.
    #[serde(default)]
    pub source: Option<IpAddr>,
    /// The configured priority; 255 is the owner's, which nothing changes.
    pub base_priority: u8,
    /// The effective priority: the configured one and what the trackers add, within 1 and 254.
    pub priority: u8,
    /// What it tracks.
    #[serde(default)]
    pub trackers: Vec<TrackerExplanation>,
    /// How long it waits, and what follows from it.
    pub timers: Timers,
    /// Whether and when it takes over from a MASTER of lower priority.
    pub preemption: Preemption,
    /// Whether it becomes MASTER without waiting when it begins or recovers: an owner that is meant to.
    #[serde(default)]
    pub asserts_itself: bool,
    /// Whether it sends priority 0 when it gives mastership up: not so with `--stop-mode silent`.
    pub resigns: bool,
    /// Whether its interface going down is FAULT: not so with `dont_track_primary`.
    pub tracks_interface: bool,
    /// Whether losing the address that its adverts come from is FAULT: always, unless that is configured; then with
    /// `track_src_ip`.
    #[serde(default)]
    pub tracks_source: bool,
    /// Everything that keeps it from taking part now.
    #[serde(default)]
    pub hindrances: Vec<Hindrance>,
    /// The sync group it is a member of.
    #[serde(default)]
    pub group: Option<GroupExplanation>,
    /// The last advert of another MASTER: of one that it follows for its priority, or else of any.
    #[serde(default)]
    pub last_heard: Option<LastHeard>,
    /// What it waits for as BACKUP.
    #[serde(default)]
    pub backup: Option<BackupExplanation>,
    /// When it begins to take part, if it has not: `vrrp_startup_delay` and `vrrp_delay_after_boot`.
    #[serde(default, rename = "starts_in_seconds", with = "optional_seconds")]
    pub starts_in: Option<Duration>,
}

/// An instance's timers (RFC 9568 §6.1, RFC 3768 §6.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timers {
    /// Time between its own adverts.
    #[serde(rename = "advert_interval_seconds", with = "seconds")]
    pub advert_interval: Duration,
    /// The interval that the others are reckoned with: that of the MASTER's adverts, or its own if there is none.
    #[serde(rename = "master_advert_interval_seconds", with = "seconds")]
    pub master_advert_interval: Duration,
    /// Intervals without an advert before a BACKUP takes over (keepalived's `down_timer_adverts`).
    pub down_timer_adverts: u8,
    /// What it waits after a resignation.
    #[serde(rename = "skew_seconds", with = "seconds")]
    pub skew: Duration,
    /// What it waits without an advert: so many intervals and the skew time.
    #[serde(rename = "master_down_seconds", with = "seconds")]
    pub master_down: Duration,
}

/// Whether and when a BACKUP takes over from a MASTER of lower priority.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Preemption {
    /// When the timer has run out that lower adverts no longer stop.
    Immediate,
    /// Not while that MASTER is heard (`nopreempt`).
    Never,
    /// After it has heard lower adverts only for a while (`preempt_delay`).
    After {
        /// How long.
        #[serde(rename = "delay_seconds", with = "seconds")]
        delay: Duration,
        /// What is left of it, if it runs.
        #[serde(default, rename = "left_seconds", with = "optional_seconds")]
        left: Option<Duration>,
    },
}

/// The last advert of another MASTER.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LastHeard {
    /// Who sent it.
    pub source: IpAddr,
    /// With which priority.
    pub priority: u8,
    /// How long ago.
    #[serde(rename = "ago_seconds", with = "seconds")]
    pub ago: Duration,
}

/// What a BACKUP waits for.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BackupExplanation {
    /// When it takes over unless an advert comes.
    #[serde(rename = "takes_over_in_seconds", with = "seconds")]
    pub takes_over_in: Duration,
    /// The MASTER that it follows.
    #[serde(default)]
    pub follows: Option<IpAddr>,
    /// The MASTER that resigned a moment ago.
    #[serde(default)]
    pub resigned: Option<IpAddr>,
    /// Whether it would have taken over, had the rest of its group come as far.
    #[serde(default)]
    pub waits_for_group: bool,
    /// Whether it handed mastership over: it follows whatever priority until that MASTER falls silent.
    #[serde(default)]
    pub has_handed_over: bool,
}

/// A sync group, seen from one of its members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupExplanation {
    /// Its name.
    pub name: String,
    /// The other members.
    pub others: Vec<GroupMember>,
}

/// Another member of an instance's sync group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupMember {
    /// The instance.
    pub instance: String,
    /// Its state.
    pub state: State,
}

/// What an instance tracks, and what comes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackerExplanation {
    /// The interface or the check.
    pub name: String,
    /// What it is.
    pub what: Tracked,
    /// -253 to 253; 0 forbids taking part instead of moving the priority.
    pub weight: i16,
    /// Whether it counts the other way round.
    #[serde(default)]
    pub reverse: bool,
    /// How it stands.
    pub standing: TrackerStanding,
    /// What that does.
    pub effect: TrackerEffect,
    /// What it would do if it stood the other way round; none for a number.
    #[serde(default)]
    pub otherwise: Option<TrackerEffect>,
    /// What its last verdict has made of it, as events tell it; none before the first, and for what is no check.
    #[serde(default)]
    pub health: Option<Health>,
    /// How many verdicts, one after the other, that would take (`rise` and `fall`); none for what is no check.
    #[serde(default)]
    pub verdicts_to_change: Option<u32>,
}

/// What can be tracked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Tracked {
    /// A network interface.
    Interface,
    /// A script, file, process or whatever else has a verdict.
    Check,
}

/// How something tracked stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TrackerStanding {
    /// Nothing is known yet.
    Pending,
    /// Up, or passing.
    Up,
    /// Down, or failing.
    Down,
    /// A number, which is multiplied by the weight (keepalived's `track_file`).
    Value(i32),
}

/// What a tracker does to its instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TrackerEffect {
    /// What it adds to the priority.
    pub adds: i32,
    /// Whether it forbids taking part: FAULT.
    pub fault: bool,
}
