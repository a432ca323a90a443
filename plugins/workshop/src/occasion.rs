//! Events to try plugins with.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, Hindrance, Reason, Severity, State, Timestamp};

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

/// The events of a file, one a line, as `keepwatch events --json` prints them and `events record` writes them.
/// Snapshots between them are passed over.
///
/// # Errors
///
/// What is wrong with the file, with its line.
pub fn recorded(path: &Path) -> Result<Vec<Arc<Event>>, String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let mut events = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with("{\"snapshot\"") {
            continue;
        }
        let event: Event = serde_json::from_str(line)
            .map_err(|error| format!("{}:{}: no event: {error}", path.display(), number + 1))?;
        events.push(Arc::new(event));
    }
    if events.is_empty() {
        return Err(format!("{} has no events; keepwatch events record makes such a file", path.display()));
    }
    Ok(events)
}
