//! Made-up events and snapshots for tests.

use serde_json::{Value, json};

use super::fake::Host;
use super::recording::read_event;
use super::time;
use crate::{Event, InstanceState, Snapshot, State};

/// An event with these fields, which are named as `keepwatch events --json` names them. Fields that are not given: the
/// next sequence number, now by the made-up host's clock, host `h1`, severity `info`, term 0, kind `test`.
///
/// ```
/// use keepwatch_sdk::{json, testing::event};
///
/// let event = event(json!({"kind": "address_lost", "address": "10.1.1.30/24", "interface": "eth0"}));
/// assert_eq!((event.kind.as_str(), event.node.as_str()), ("address_lost", "h1"));
/// ```
///
/// # Panics
/// If a field is of the wrong type.
pub fn event(fields: Value) -> Event {
    let host = Host::of_this_thread();
    let (seq, now) = (host.next_seq(), host.now());
    let mut all = json!({
        "id": format!("test-{seq}"),
        "seq": seq,
        "at": { "wall": time::format(now.wall_micros()), "monotonic_seconds": now.monotonic.as_secs_f64() },
        "node": "h1",
        "severity": "info",
        "term": 0,
        "kind": "test",
    });
    let (Some(all_fields), Value::Object(fields)) = (all.as_object_mut(), fields) else {
        panic!("testing::event takes an object: json!({{ .. }})")
    };
    all_fields.extend(fields);
    match read_event(&all.to_string()) {
        Ok(event) => event,
        Err(error) => panic!("testing::event: {error}"),
    }
}

/// A transition of this instance, because no advert was heard for 3.61 s; not the first one.
pub fn transition(instance: &str, from: State, to: State) -> Event {
    event(json!({
        "kind": "transition",
        "instance": instance,
        "from": from,
        "to": to,
        "reason": { "because": "no_advert", "silent_seconds": 3.609375 },
        "initial": false,
        "priority": 100,
    }))
}

/// How things are, with these instances, each on `eth0` with priority 100 and in its state since now.
pub fn snapshot(instances: &[(&str, State)]) -> Snapshot {
    let host = Host::of_this_thread();
    let at = host.now();
    let state = |(name, state): &(&str, State)| InstanceState {
        name: (*name).to_owned(),
        interface: "eth0".to_owned(),
        state: *state,
        since: at,
        reason: "started".to_owned(),
        priority: 100,
        term: 1,
        addresses: Vec::new(),
    };
    let instances = instances.iter().map(state).collect();
    Snapshot { seq: host.next_seq(), at, node: "h1".to_owned(), instances, json: "{}".to_owned() }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::{Health, HealthChange, Payload};

    #[test]
    fn a_kind_of_later_times_is_other() {
        let event = event(json!({"kind": "moon_phase", "instance": "VI_1", "phase": "full"}));
        assert_eq!((event.kind.as_str(), event.text.as_str()), ("moon_phase", "moon phase"));
        assert_eq!(event.payload, Payload::Other);
        #[derive(Deserialize)]
        struct Moon {
            phase: String,
        }
        assert_eq!(event.json::<Moon>().unwrap().phase, "full");
    }

    #[test]
    fn health_changes_are_read() {
        let event = event(
            json!({"kind": "health_changed", "track": "web", "from": "pass", "to": "unknown", "text": "no answer"}),
        );
        let expected = HealthChange {
            track: "web".to_owned(),
            from: Health::Pass,
            to: Health::Unknown,
            text: "no answer".to_owned(),
        };
        assert_eq!(event.payload, Payload::HealthChange(expected));
    }

    #[test]
    #[should_panic(expected = "testing::event: ")]
    fn an_event_with_wrong_fields_is_refused() {
        event(json!({"seq": "seven"}));
    }
}
