//! What outsiders hear: events, their kinds and reasons.
//!
//! An event reports; it is never answered. Consumers ignore kinds and fields they do not know. Every value
//! serialises to JSON with words instead of numbers, units in the names of fields, and no secrets.

mod event;
mod kind;
mod time;
mod words;

pub use event::{Event, Severity};
pub use kind::{
    Anomaly, Departure, Ending, EventKind, Hindrance, InterfaceState, Reason, State, Step, StepTook,
};
pub use time::Timestamp;
