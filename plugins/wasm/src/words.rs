//! Events, snapshots and verdicts in the contract's words.

use std::time::{Duration, SystemTime};

use keepwatch_event::{
    Event, EventKind, Health, InstanceStatus, Reason, Severity, Snapshot, State, Timestamp,
};
use serde_json::Value;

use crate::bindings::types;

/// An event in the contract's words.
pub(crate) fn event(event: &Event) -> types::Event {
    types::Event {
        id: event.id.clone(),
        seq: event.seq,
        at: timestamp(event.at),
        node: event.node.to_string(),
        instance: event.instance.as_deref().map(str::to_owned),
        severity: match event.severity {
            Severity::Info => types::Severity::Info,
            Severity::Warning => types::Severity::Warning,
            Severity::Error => types::Severity::Error,
        },
        term: event.term,
        kind: event.kind.name().to_owned(),
        text: event.kind.to_string(),
        payload: payload(&event.kind),
        json: serde_json::to_string(event).unwrap_or_default(),
    }
}

fn payload(kind: &EventKind) -> types::Payload {
    match kind {
        EventKind::Transition { from, to, reason, initial, priority, .. } => {
            types::Payload::Transition(types::Transition {
                previous: state(*from),
                current: state(*to),
                because: because(reason),
                reason: reason.to_string(),
                initial: *initial,
                priority: *priority,
            })
        }
        EventKind::HealthChanged { track, from, to, text } => {
            types::Payload::HealthChange(types::HealthChange {
                track: track.clone(),
                previous: health(*from),
                current: health(*to),
                text: text.clone(),
            })
        }
        _ => types::Payload::Other,
    }
}

/// The word for a reason that programs go by: the one in its JSON.
fn because(reason: &Reason) -> String {
    let word = serde_json::to_value(reason).ok().and_then(|mut json| match json.get_mut("because")?.take() {
        Value::String(word) => Some(word),
        _ => None,
    });
    word.unwrap_or_default()
}

/// A snapshot in the contract's words.
pub(crate) fn snapshot(snapshot: &Snapshot) -> types::Snapshot {
    types::Snapshot {
        seq: snapshot.seq,
        at: timestamp(snapshot.at),
        node: snapshot.node.to_string(),
        instances: snapshot.instances.iter().map(|status| instance(status, snapshot.at)).collect(),
        json: serde_json::to_string(snapshot).unwrap_or_default(),
    }
}

/// An instance; before its first transition it is as it was when the snapshot was made, for no reason.
fn instance(status: &InstanceStatus, made: Timestamp) -> types::InstanceState {
    types::InstanceState {
        name: status.name.to_string(),
        interface: status.interface.clone(),
        state: state(status.state),
        since: timestamp(status.since.unwrap_or(made)),
        reason: status.reason.as_ref().map(ToString::to_string).unwrap_or_default(),
        priority: status.priority,
        term: status.term,
        addresses: status.addresses.clone(),
    }
}

/// A moment in microseconds.
pub(crate) fn timestamp(at: Timestamp) -> types::Timestamp {
    let micros = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
    let wall = at.wall.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    types::Timestamp { wall: micros(wall), monotonic: micros(at.monotonic) }
}

const fn state(state: State) -> types::State {
    match state {
        State::Init => types::State::Init,
        State::Backup => types::State::Backup,
        State::Master => types::State::Master,
        State::Fault => types::State::Fault,
        State::Stopped => types::State::Stopped,
    }
}

const fn health(health: Health) -> types::Health {
    match health {
        Health::Pass => types::Health::Pass,
        Health::Fail => types::Health::Fail,
        Health::Unknown => types::Health::Unknown,
    }
}

/// A health as events have it.
pub(crate) const fn host_health(health: types::Health) -> Health {
    match health {
        types::Health::Pass => Health::Pass,
        types::Health::Fail => Health::Fail,
        types::Health::Unknown => Health::Unknown,
    }
}
