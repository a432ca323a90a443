//! Events to try plugins with.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, Hindrance, Reason, Severity, State, Timestamp};
use serde::de::IgnoredAny;
use serde_json::{Map, Value};

/// The names of [`occasion`]s.
const NAMES: &str = "master, backup, fault, stop";

/// A made-up event: VI_1 on this host becomes `master`, `backup`, `fault`, or is stopped: `stop`.
///
/// # Errors
///
/// If there is no occasion of this name.
pub fn occasion(name: &str, node: &str) -> Result<Event, String> {
    let source = "10.1.1.20".parse().map_err(|_| "no address".to_owned())?;
    let (from, to, reason) = match name {
        "master" => {
            let silent = Duration::from_millis(3_580);
            (State::Backup, State::Master, Reason::NoAdvert { silent })
        }
        "backup" => (State::Master, State::Backup, Reason::HigherPriority { source, theirs: 110 }),
        "fault" => {
            let down = Hindrance::InterfaceDown { interface: "eth0".to_owned() };
            (State::Master, State::Fault, Reason::Hindered(down))
        }
        "stop" => (State::Master, State::Stopped, Reason::Stopped),
        _ => return Err(format!("there is no occasion `{name}`; there is {NAMES}")),
    };
    let severity = if to == State::Fault { Severity::Error } else { Severity::Info };
    Ok(Event {
        id: format!("trial-{name}"),
        seq: 1,
        at: Timestamp { wall: SystemTime::now(), monotonic: Duration::from_secs(1_000) },
        node: node.into(),
        instance: Some("VI_1".into()),
        severity,
        term: 2,
        kind: EventKind::Transition { from, to, reason, initial: false, priority: 100, steps: Vec::new() },
    })
}

/// The events of a recording, one a line, as `keepwatch events --json` prints them and `events record` writes them.
/// What is no event (how things were before, how many were missed) is passed over, as is a last line that was broken off.
///
/// # Errors
///
/// What is wrong with the file, with its line.
pub fn recorded(path: &Path) -> Result<Vec<Arc<Event>>, String> {
    // The end may be half a letter.
    let octets =
        std::fs::read(path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let mut events = Vec::new();
    for (number, line) in String::from_utf8_lossy(&octets).split_inclusive('\n').enumerate() {
        if line.trim().is_empty() || is_broken_off(line) {
            continue;
        }
        let event = event(line)
            .map_err(|error| format!("{}:{}: no event: {}", path.display(), number + 1, why(&error)))?;
        events.extend(event.map(Arc::new));
    }
    if events.is_empty() {
        return Err(format!("{} has no events; keepwatch events record makes such a file", path.display()));
    }
    Ok(events)
}

/// Whether the recording was ended in the middle of this line: nothing else leaves one without its end.
fn is_broken_off(line: &str) -> bool {
    let is_half = |error: serde_json::Error| error.is_eof();
    !line.ends_with('\n') && serde_json::from_str::<IgnoredAny>(line).is_err_and(is_half)
}

/// What is wrong with a line, whose number is known better than serde_json does.
fn why(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    let Some(what) = text.strip_suffix(&place) else { return text };
    // What is not closed is only noticed behind the line.
    if error.line() == 1 { format!("{what}, at column {}", error.column()) } else { what.to_owned() }
}

/// None if the line says something about the recording alone: then it is an object in an object, under the word for it.
fn event(line: &str) -> serde_json::Result<Option<Event>> {
    let fields: Map<String, Value> = serde_json::from_str(line)?;
    if fields.len() == 1 && fields.values().all(Value::is_object) {
        return Ok(None);
    }
    // Not from the fields: only the line has its places for the error.
    serde_json::from_str(line).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is read of a file with these octets in it.
    fn recording(name: &str, octets: &[u8]) -> Result<Vec<Arc<Event>>, String> {
        let path = std::env::temp_dir().join(format!("keepwatch-recorded-{}-{name}", std::process::id()));
        std::fs::write(&path, octets).unwrap();
        let read = recorded(&path);
        std::fs::remove_file(&path).unwrap();
        read
    }

    fn line(name: &str) -> String {
        serde_json::to_string(&occasion(name, "h1").unwrap()).unwrap()
    }

    #[test]
    fn what_is_no_event_is_passed_over() {
        let (master, backup) = (line("master"), line("backup"));
        let whole = format!(
            "{{\"snapshot\":{{\"seq\":0}}}}\n{master}\n\n{{\"missed\":{{\"events\":3}}}}\n{backup}\n\
             {{\"end\":{{\"because\":\"stopped\"}}}}\n{{\"weather\":{{}}}}\n"
        );
        let ids = |events: Vec<Arc<Event>>| -> Vec<String> {
            events.iter().map(|event| event.id.clone()).collect()
        };
        assert_eq!(ids(recording("whole", whole.as_bytes()).unwrap()), ["trial-master", "trial-backup"]);
        // Ended where it may: within a word, and within a letter of two octets.
        for (number, end) in ["{\"id\":\"tri".as_bytes(), b"{\"id\":\"\xc3"].into_iter().enumerate() {
            let text = [whole.as_bytes(), end].concat();
            assert_eq!(recording(&format!("broken-{number}"), &text).unwrap().len(), 2);
        }
        // The last line may as well be whole without its end.
        assert_eq!(recording("unended", master.as_bytes()).unwrap().len(), 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_line() {
        let master = line("master");
        for (number, bad) in ["{\"id\":\n", "word\n", "{\"kind\":\"stopped\"}\n", "[]"].iter().enumerate() {
            let why = recording(&format!("bad-{number}"), format!("{master}\n{bad}").as_bytes()).unwrap_err();
            assert!(why.contains(":2: no event: ") && !why.contains("at line"), "{why}");
        }
        let why = recording("none", b"{\"snapshot\":{}}\n").unwrap_err();
        assert!(why.ends_with("has no events; keepwatch events record makes such a file"), "{why}");
        assert!(recorded(Path::new("/no/such/file")).unwrap_err().contains("cannot be read"));
    }
}
