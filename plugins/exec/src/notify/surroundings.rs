//! What a notify script finds in its environment and on its standard input.

use keepwatch_event::{EventKind, Snapshot};

use super::occasion::Occasion;
use super::settings::Subject;
use crate::input::Input;

/// What is added to its environment.
pub(crate) fn environment(occasion: &Occasion, snapshot: &Snapshot) -> Vec<(String, String)> {
    let Occasion { subject, word, priority, event } = occasion;
    let mut all = Vec::new();
    let mut add = |name: &str, value: String| {
        // Somebody's text in a reason may hold anything; the environment cannot.
        all.push((format!("KEEPWATCH_{name}"), value.replace('\0', "")));
    };
    add(subject.sort(), subject.name().to_string());
    add("STATE", word.text().to_owned());
    add("EVENT", event.kind.name().to_owned());
    add("EVENT_ID", event.id.clone());
    add("SEQ", event.seq.to_string());
    add("NODE", event.node.to_string());
    add("TIME", humantime::format_rfc3339_micros(event.at.wall).to_string());
    add("PRIORITY", priority.to_string());
    match &event.kind {
        EventKind::Transition { from, reason, .. } => {
            add("PREVIOUS", from.to_string());
            add("REASON", reason.to_string());
        }
        EventKind::GroupChanged { from, .. } => add("PREVIOUS", from.to_string()),
        kind => add("REASON", kind.to_string()),
    }
    let Subject::Instance(name) = subject else { return all };
    if let Some(status) = snapshot.instance(name) {
        add("INTERFACE", status.interface.clone());
        add("VIRTUAL_ROUTER_ID", status.virtual_router_id.to_string());
    }
    all
}

/// The whole event as one line of JSON.
pub(crate) fn input(occasion: &Occasion) -> Input {
    match serde_json::to_string(&*occasion.event) {
        Ok(json) => Input::Text((json + "\n").into()),
        // No event of ours is none; and a script runs all the same.
        Err(_) => Input::Nothing,
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_event::{Event, State};

    use super::super::occasion::tests::{occasion, transition};
    use super::*;

    #[test]
    fn a_script_finds_all_that_is_known() {
        let event = transition(State::Master);
        let occasion = occasion(&event).unwrap();
        let snapshot = Snapshot::new("h1", event.at, Vec::new());
        let all = environment(&occasion, &snapshot);
        let all: Vec<String> = all.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let expected = [
            "KEEPWATCH_INSTANCE=VI_1",
            "KEEPWATCH_STATE=MASTER",
            "KEEPWATCH_EVENT=transition",
            "KEEPWATCH_EVENT_ID=x-7",
            "KEEPWATCH_SEQ=7",
            "KEEPWATCH_NODE=h1",
            "KEEPWATCH_TIME=1970-01-01T00:00:00.000000Z",
            "KEEPWATCH_PRIORITY=150",
            "KEEPWATCH_PREVIOUS=BACKUP",
        ];
        assert_eq!(all[..expected.len()], expected);
        assert!(all[expected.len()].starts_with("KEEPWATCH_REASON="), "{all:?}");
        let Input::Text(text) = input(&occasion) else { panic!("no input") };
        assert!(text.ends_with("}\n") && text.lines().count() == 1, "{text}");
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), *event);
    }
}
