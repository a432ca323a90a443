//! Recordings: what `keepwatch events --json` prints and `keepwatch events record` writes, read for tests.

use std::path::Path;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

use super::time;
use crate::{
    Context, Error, Event, Health, HealthChange, InstanceState, Payload, Result, Severity, Snapshot, State,
    Timestamp, Transition,
};

/// Something in a recording that a plugin hears of.
pub(super) enum Heard {
    /// How things were.
    Snapshot(Snapshot),
    /// What happened then.
    Event(Event),
}

/// The events of a recording: JSON lines, as `keepwatch events --json` prints and `keepwatch events record` writes them.
/// What is no event (how things were before, how many were missed) is passed over, as are blank lines and a last one
/// that was broken off.
///
/// # Errors
/// If the file cannot be read, or a line makes no sense.
pub fn read_events(path: impl AsRef<Path>) -> Result<Vec<Event>> {
    let event = |heard| match heard {
        Heard::Event(event) => Some(event),
        Heard::Snapshot(_) => None,
    };
    Ok(read_recording(path.as_ref())?.into_iter().filter_map(event).collect())
}

/// All that a plugin would have heard of a recording.
pub(super) fn read_recording(path: &Path) -> Result<Vec<Heard>> {
    // The end may be half a letter.
    let octets = std::fs::read(path).context(path.display())?;
    let mut heard = Vec::new();
    for (number, line) in String::from_utf8_lossy(&octets).split_inclusive('\n').enumerate() {
        if line.trim().is_empty() || is_broken_off(line) {
            continue;
        }
        let read = read_line(line.trim()).context(format_args!("{}:{}", path.display(), number + 1))?;
        heard.extend(read);
    }
    Ok(heard)
}

/// Whether the recording was ended in the middle of this line: nothing else leaves one without its end.
fn is_broken_off(line: &str) -> bool {
    let is_half = |error: serde_json::Error| error.is_eof();
    !line.ends_with('\n') && serde_json::from_str::<IgnoredAny>(line).is_err_and(is_half)
}

/// None if it says something about the recording alone. Such a line is an object in an object, under the word for it.
fn read_line(line: &str) -> Result<Option<Heard>> {
    let fields: Map<String, Value> = serde_json::from_str(line)?;
    let mut entries = fields.iter();
    match (entries.next(), entries.next()) {
        (Some((word, json)), None) if word == "snapshot" => {
            Ok(Some(Heard::Snapshot(read_snapshot(json).context("snapshot")?)))
        }
        (Some((_, Value::Object(_))), None) => Ok(None),
        _ => Ok(Some(Heard::Event(read_event(line)?))),
    }
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

impl At {
    fn read(&self) -> Result<Timestamp> {
        let wall = time::parse_micros(&self.wall)
            .ok_or_else(|| Error::new(format_args!("at.wall: no time in UTC: {}", self.wall)))?;
        Ok(Timestamp::from_micros(wall, (self.monotonic_seconds * 1e6).round() as u64))
    }
}

#[derive(Deserialize)]
struct RecordedSnapshot {
    seq: u64,
    at: At,
    node: String,
    instances: Vec<RecordedInstance>,
}

#[derive(Deserialize)]
struct RecordedInstance {
    name: String,
    interface: String,
    state: State,
    /// None before the first transition.
    since: Option<At>,
    reason: Option<Because>,
    priority: u8,
    term: u64,
    addresses: Vec<String>,
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

/// An event from its JSON.
pub(super) fn read_event(line: &str) -> Result<Event> {
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
    Ok(Event {
        id: recorded.id,
        seq: recorded.seq,
        at: recorded.at.read()?,
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

/// A snapshot from its JSON, as keepwatch hands it to plugins.
fn read_snapshot(json: &Value) -> Result<Snapshot> {
    let RecordedSnapshot { seq, at, node, instances } = RecordedSnapshot::deserialize(json)?;
    let at = at.read()?;
    let instance = |recorded: RecordedInstance| {
        Ok(InstanceState {
            name: recorded.name,
            interface: recorded.interface,
            state: recorded.state,
            since: recorded.since.map_or(Ok(at), |since| since.read())?,
            reason: recorded.reason.as_ref().map(words).unwrap_or_default(),
            priority: recorded.priority,
            term: recorded.term,
            addresses: recorded.addresses,
        })
    };
    let instances = instances.into_iter().map(instance).collect::<Result<_>>()?;
    Ok(Snapshot { seq, at, node, instances, json: json.to_string() })
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

    const SNAPSHOT: &str = r#"{"snapshot":{"seq":6,"at":{"wall":"2026-11-22T09:59:00.000000Z","monotonic_seconds":1174.25},"node":"h1","instances":[{"name":"VI_1","interface":"eth0","virtual_router_id":51,"version":2,"advert_interval_seconds":1.0,"base_priority":101,"priority":101,"addresses":["10.1.1.30/24"],"held":[],"state":"BACKUP","since":{"wall":"2026-11-22T09:00:00.000000Z","monotonic_seconds":10.0},"reason":{"because":"started"},"term":2},{"name":"VI_2","interface":"eth0","priority":100,"addresses":[],"state":"INIT","since":null,"reason":null,"term":0}],"plugins":[]}}"#;

    /// What is heard of a file with this in it.
    fn recording(name: &str, text: &[u8]) -> Result<Vec<Heard>> {
        let path = std::env::temp_dir().join(format!("keepwatch-sdk-{}-{name}.jsonl", std::process::id()));
        std::fs::write(&path, text).unwrap();
        let read = read_recording(&path);
        std::fs::remove_file(&path).unwrap();
        read
    }

    #[test]
    fn how_things_were_is_read_as_plugins_are_told() {
        let heard = recording("snapshot", SNAPSHOT.as_bytes()).unwrap();
        let [Heard::Snapshot(snapshot)] = &heard[..] else { panic!("no snapshot") };
        assert_eq!((snapshot.seq, snapshot.node.as_str(), snapshot.instances.len()), (6, "h1", 2));
        let first = snapshot.instance("VI_1").unwrap();
        assert_eq!((first.state, first.reason.as_str(), first.term), (State::Backup, "started", 2));
        assert_eq!(first.since, Timestamp::from_micros(1_795_338_000_000_000, 10_000_000));
        assert_eq!((first.priority, &first.addresses[..]), (101, &["10.1.1.30/24".to_owned()][..]));
        // Before its first transition.
        let second = snapshot.instance("VI_2").unwrap();
        assert_eq!((second.since, second.reason.as_str()), (snapshot.at, ""));
        assert!(snapshot.raw_json().contains(r#""virtual_router_id":51"#), "{}", snapshot.raw_json());
    }

    #[test]
    fn what_is_no_event_is_passed_over() {
        // The last line: broken off, within a letter of two octets.
        let mut text = format!("{SNAPSHOT}\n\n{{\"missed\":{{\"events\":3}}}}\n{LINE}\n").into_bytes();
        text.extend(b"{\"end\":{\"because\":\"stopped\"}}\n{\"weather\":{}}\n{\"id\":\"\xc3");
        let heard = recording("others", &text).unwrap();
        assert!(matches!(&heard[..], [Heard::Snapshot(_), Heard::Event(event)] if event.seq == 7));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        for (name, line) in
            [("half", "{\"id\":\n"), ("word", "half\n"), ("few", "{\"kind\":\"x\"}\n"), ("list", "[1]")]
        {
            let text = format!("{LINE}\n{line}");
            let Err(error) = recording(name, text.as_bytes()) else { panic!("{line}") };
            assert!(error.to_string().contains(".jsonl:2: "), "{error}");
        }
    }
}
