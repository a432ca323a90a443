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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(kind: Value) -> types::Event {
        let mut json = json!({
            "id": "run-4", "seq": 4, "node": "h1", "instance": "VI_1", "severity": "warning", "term": 2,
            "at": { "wall": "2026-11-22T10:00:00.000001Z", "monotonic_seconds": 12.5 },
        });
        json.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
        event(&serde_json::from_value(json).unwrap())
    }

    #[test]
    fn a_transition_is_told_in_words_and_as_json() {
        let heard = heard(json!({
            "kind": "transition", "from": "BACKUP", "to": "MASTER", "initial": false, "priority": 101,
            "reason": { "because": "no_advert", "silent_seconds": 3.609 },
        }));
        assert_eq!((heard.kind.as_str(), heard.seq, heard.term), ("transition", 4, 2));
        assert_eq!(heard.text, "BACKUP -> MASTER: no advert heard for 3.61 s");
        assert_eq!((heard.at.wall, heard.at.monotonic), (1_795_341_600_000_001, 12_500_000));
        assert!(matches!(heard.severity, types::Severity::Warning));
        let types::Payload::Transition(transition) = heard.payload else { panic!("{:?}", heard.payload) };
        assert_eq!((transition.because.as_str(), transition.priority), ("no_advert", 101));
        assert_eq!(transition.reason, "no advert heard for 3.61 s");
        let json: Value = serde_json::from_str(&heard.json).unwrap();
        assert_eq!(json["reason"]["because"], "no_advert");
    }

    #[test]
    fn kinds_without_words_in_the_contract_come_as_json() {
        let heard = heard(json!({ "kind": "gate_closed", "by": "moon" }));
        assert_eq!(heard.kind, "gate_closed");
        assert!(matches!(heard.payload, types::Payload::Other));
        let json: Value = serde_json::from_str(&heard.json).unwrap();
        assert_eq!((&json["kind"], &json["by"]), (&json!("gate_closed"), &json!("moon")));
    }

    #[test]
    fn a_change_of_health_has_words() {
        let heard = heard(
            json!({ "kind": "health_changed", "track": "db", "from": "pass", "to": "fail", "text": "lag" }),
        );
        let types::Payload::HealthChange(change) = heard.payload else { panic!("{:?}", heard.payload) };
        assert_eq!((change.track.as_str(), change.text.as_str()), ("db", "lag"));
        assert!(matches!((change.previous, change.current), (types::Health::Pass, types::Health::Fail)));
    }

    #[test]
    fn an_instance_before_its_first_transition_has_no_reason() {
        let snapshot: Snapshot = serde_json::from_value(json!({
            "seq": 0, "node": "h1", "at": { "wall": "2026-11-22T10:00:00Z", "monotonic_seconds": 9.0 },
            "instances": [{
                "name": "VI_1", "interface": "eth0", "virtual_router_id": 51, "version": 3,
                "advert_interval_seconds": 1.0, "base_priority": 100, "priority": 100, "addresses": ["10.1.1.30/24"],
                "held": [], "state": "INIT", "since": null, "reason": null, "term": 0,
            }],
        }))
        .unwrap();
        let words = super::snapshot(&snapshot);
        let instance = &words.instances[0];
        assert_eq!((instance.reason.as_str(), instance.since.monotonic), ("", 9_000_000));
        assert_eq!(instance.addresses, ["10.1.1.30/24"]);
    }
}
