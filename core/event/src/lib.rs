//! What outsiders hear: events, their kinds and reasons, and how things are after them.
//!
//! An event reports; it is never answered. Consumers ignore kinds and fields they do not know. Every value
//! serialises to JSON with words instead of numbers, units in the names of fields, and no secrets.

mod anomaly;
mod class;
mod counted;
mod counters;
mod event;
mod explanation;
mod hand_over;
mod kind;
mod names;
mod one_line;
mod reason;
mod rounded;
mod settings;
mod snapshot;
mod state;
mod time;
mod trouble;
mod unsteady;
mod words;

pub use anomaly::Anomaly;
pub use class::{Class, Subject};
pub use counted::{counted, grouped};
pub use counters::Counters;
pub use event::{Event, Severity};
pub use explanation::{
    BackupExplanation, Explanation, GroupExplanation, GroupMember, InstanceExplanation, LastHeard,
    Preemption, Timers, Tracked, TrackerEffect, TrackerExplanation, TrackerStanding,
};
pub use hand_over::{Departure, Ending, Step, StepTook};
pub use kind::EventKind;
pub use names::KINDS;
pub use one_line::{escaped, one_line};
pub use reason::{Hindrance, Reason};
pub use rounded::Rounded;
pub use settings::InstanceSettings;
pub use snapshot::{InstanceStatus, Peer, PluginState, PluginStatus, Snapshot, TrackStatus};
pub use state::{Health, InterfaceState, LogLevel, State};
pub use time::{Timestamp, seconds};
pub use trouble::Trouble;
pub use unsteady::{Steady, Unsteady};
