//! What a plugin needs: `use keepwatch_sdk::prelude::*;`.

pub use serde::{Deserialize, Serialize};

pub use crate::actions::run;
pub use crate::{
    Context, Error, ErrorKind, Event, Health, HealthChange, InstanceState, Outcome, Payload, Plugin, Result,
    Severity, Snapshot, State, Timestamp, Transition, Verdict, actions, bail, checker, clock, debug, error,
    events, handler, http, info, json, kv, metrics, notify, probe, track, warning,
};
