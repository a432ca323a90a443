//! Events and snapshots for tests: made up, or read from a recording.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::fake::Host;
use super::time;
use crate::{
    Context, Error, Event, Health, HealthChange, InstanceState, Payload, Result, Severity, Snapshot, State,
    Timestamp, Transition,
};

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

/// The events of a file of JSON lines, as `keepwatch events --json` prints them. Blank lines are skipped.
///
/// # Errors
/// If the file cannot be read, or a line is no event.
pub fn read_events(path: impl AsRef<Path>) -> Result<Vec<Event>> {
    let path = path.as_ref();
    let text = std::fs::read_to_string(path).context(path.display())?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    lines
        .map(|(number, line)| read_event(line).context(format_args!("{}:{}", path.display(), number + 1)))
        .collect()
}

/// The fields that every event has, and some of those of the kinds that have a type.
#[derive(Deserialize)]
struct Recorded {
    id: String,
    seq: u64,
    at: At,
    node: String,
    instance: Option<String>,
    severity: Severity,
    #[serde(default)]
    term: u64,
    kind: String,
}

#[derive(Deserialize)]
struct At {
    wall: String,
    monotonic_seconds: f64,
}

#[derive(Deserialize)]
struct RecordedTransition {
    from: State,
    to: State,
    reason: Because,
    initial: bool,
    priority: u8,
    #[serde(default, rename = "steps")]
    _steps: IgnoredAny,
}

#[derive(Deserialize)]
struct Because {
    because: String,
    #[serde(flatten)]
    details: Map<String, Value>,
}

#[derive(Deserialize)]
struct RecordedHealth {
    track: String,
    from: Health,
    to: Health,
    text: String,
}

fn read_event(line: &str) -> Result<Event> {
    let recorded: Recorded = serde_json::from_str(line)?;
    let (payload, text) = match recorded.kind.as_str() {
        "transition" => {
            let transition = read_transition(serde_json::from_str(line)?);
            let Transition { from, to, reason, .. } = &transition;
            let text = if transition.initial {
                format!("{to}: {reason}")
            } else {
                format!("{from} -> {to}: {reason}")
            };
            (Payload::Transition(transition), text)
        }
        "health_changed" => {
            let RecordedHealth { track, from, to, text } = serde_json::from_str(line)?;
            let found = match to {
                Health::Pass => "passes",
                Health::Fail => "fails",
                Health::Unknown => "cannot tell",
            };
            let why = if text.is_empty() { String::new() } else { format!(": {text}") };
            let words = format!("check {track} {found}{why}");
            (Payload::HealthChange(HealthChange { track, from, to, text }), words)
        }
        // keepwatch has better words, which are not part of a recording.
        kind => (Payload::Other, kind.replace('_', " ")),
    };
    let wall = time::parse_micros(&recorded.at.wall)
        .ok_or_else(|| Error::new(format_args!("at.wall: no time in UTC: {}", recorded.at.wall)))?;
    Ok(Event {
        id: recorded.id,
        seq: recorded.seq,
        at: Timestamp::from_micros(wall, (recorded.at.monotonic_seconds * 1e6).round() as u64),
        node: recorded.node,
        instance: recorded.instance,
        severity: recorded.severity,
        term: recorded.term,
        kind: recorded.kind,
        text,
        payload,
        json: line.to_owned(),
    })
}

fn read_transition(recorded: RecordedTransition) -> Transition {
    let RecordedTransition { from, to, reason, initial, priority, .. } = recorded;
    let words = words(&reason);
    Transition { from, to, because: reason.because, reason: words, initial, priority }
}

/// A reason for people: those that are met daily as keepwatch puts them, others by their name.
fn words(reason: &Because) -> String {
    let detail = |name: &str| reason.details.get(name);
    let source = || detail("source").and_then(Value::as_str).unwrap_or("somebody");
    match reason.because.as_str() {
        "no_advert" => {
            let silent = detail("silent_seconds").and_then(Value::as_f64).unwrap_or_default();
            let silent = match silent {
                s if s >= 100.0 => format!("{s:.0} s"),
                s if s >= 10.0 => format!("{s:.1} s"),
                s if s >= 1.0 => format!("{s:.2} s"),
                s if s >= 0.1 => format!("{:.0} ms", s * 1e3),
                s => format!("{:.1} ms", s * 1e3),
            };
            format!("no advert heard for {silent}")
        }
        "master_resigned" => format!("{} resigned", source()),
        "higher_priority" => {
            let theirs = detail("theirs").and_then(Value::as_u64).unwrap_or_default();
            format!("{} advertises the higher priority {theirs}", source())
        }
        other => other.replace('_', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines as keepwatch prints them: see core/event.
    const LINE: &str = r#"{"id":"3f2a-7","seq":7,"at":{"wall":"2026-11-22T10:00:00.250000Z","monotonic_seconds":1234.5},"node":"h1","instance":"VI_1","severity":"warning","term":3,"kind":"transition","from":"BACKUP","to":"MASTER","reason":{"because":"no_advert","silent_seconds":3.609375},"initial":false,"priority":101,"steps":[{"step":"announced","took_seconds":0.001}]}"#;

    #[test]
    fn a_recorded_transition_is_read() {
        let event = read_event(LINE).unwrap();
        assert_eq!((event.id.as_str(), event.seq, event.term), ("3f2a-7", 7, 3));
        assert_eq!(event.at, Timestamp::from_micros(1_795_341_600_250_000, 1_234_500_000));
        assert_eq!((event.instance.as_deref(), event.severity), (Some("VI_1"), Severity::Warning));
        assert_eq!(event.text, "BACKUP -> MASTER: no advert heard for 3.61 s");
        let transition = event.transition().unwrap();
        assert_eq!(
            (transition.from, transition.to, transition.priority),
            (State::Backup, State::Master, 101)
        );
        assert_eq!((transition.because.as_str(), transition.initial), ("no_advert", false));
        assert_eq!(event.raw_json(), LINE);
    }

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
