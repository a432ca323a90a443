//! Events as lines for people.

use std::fmt::Display;
use std::time::SystemTime;

use keepwatch_control::{Answer, EventsRequest, Line};
use keepwatch_event::{Event, Severity, Snapshot, counted};

use crate::terminal::Paint;

/// The width of `2026-11-22T12:25:06.517Z`.
const TIME: usize = 24;
/// The width of `warning`.
const WORD: usize = 7;

/// What to print for a line of the daemon: nothing, or lines with their ends.
pub(super) fn render(line: &Line, request: &EventsRequest, paint: Paint) -> String {
    match &line.answer {
        Answer::Snapshot(snapshot) => so_far(snapshot, request, paint),
        Answer::Event(event) => happened(event, paint),
        Answer::Missed(missed) => {
            let text = format!(
                "{} missed: this terminal or program reads too slowly",
                counted(missed.events, "event")
            );
            row(None, "missed", &text, |text| paint.warning(text))
        }
        // Of a later version. What it says may matter.
        _ => row(None, "unknown", &line.text, |text| paint.dim(text)),
    }
}

/// How things are, a line for each instance and each thing that is wrong with it.
fn so_far(snapshot: &Snapshot, request: &EventsRequest, paint: Paint) -> String {
    let wanted =
        |name: &str| request.instances.is_empty() || request.instances.iter().any(|wanted| wanted == name);
    let mut text = String::new();
    let dim = |text: &str| paint.dim(text);
    for instance in snapshot.instances.iter().filter(|instance| wanted(&instance.name)) {
        let reason = instance.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        let at = instance.since.unwrap_or(snapshot.at).wall;
        text += &row(Some(at), "so far", &format!("{}: {}{reason}", instance.name, instance.state), dim);
        for trouble in &instance.troubles {
            let line = format!("{}: {}", instance.name, trouble.text);
            text += &row(Some(trouble.last.wall), "so far", &line, dim);
        }
    }
    text
}

/// `2026-11-22T12:25:06.517Z  info     VI_1: BACKUP -> MASTER: no advert heard for 3.61 s`
fn happened(event: &Event, paint: Paint) -> String {
    let about = event.instance.as_ref().map(|instance| format!("{instance}: ")).unwrap_or_default();
    let (word, text) = (word(event.severity), format!("{about}{}", event.kind));
    row(Some(event.at.wall), word, &text, |text| match event.severity {
        Severity::Info => text.to_owned(),
        Severity::Warning => paint.warning(text),
        Severity::Error => paint.error(text),
    })
}

const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// Time, word and text in columns; lines after the first stand under the text.
fn row(at: Option<SystemTime>, word: &str, text: &impl Display, colour: impl Fn(&str) -> String) -> String {
    let at = at.map(|at| humantime::format_rfc3339_millis(at).to_string()).unwrap_or_default();
    let under = format!("\n{}", " ".repeat(TIME + WORD + 4));
    let text = text.to_string().trim_end().replace('\n', &under);
    format!("{at:TIME$}  {}\n", colour(&format!("{word:WORD$}  {text}")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use keepwatch_control::Missed;
    use keepwatch_event::{EventKind, Reason, State, Timestamp};

    use super::*;

    fn at() -> Timestamp {
        let wall = humantime::parse_rfc3339("2026-11-22T12:25:06.517322Z").unwrap();
        Timestamp { wall, monotonic: Duration::from_secs(9) }
    }

    fn rendered(answer: Answer, paint: Paint) -> String {
        let line = Line { text: "{\"weather\":1}".to_owned(), answer };
        render(&line, &EventsRequest::default(), paint)
    }

    fn event(instance: Option<&str>, severity: Severity, kind: EventKind) -> Answer {
        let (id, node, instance) = ("h1-1".to_owned(), "h1".into(), instance.map(Into::into));
        Answer::Event(Box::new(Event { id, seq: 1, at: at(), node, instance, severity, term: 1, kind }))
    }

    fn transition() -> EventKind {
        EventKind::Transition {
            from: State::Backup,
            to: State::Master,
            reason: Reason::NoAdvert { silent: Duration::from_millis(3_610) },
            initial: false,
            priority: 101,
            steps: Vec::new(),
        }
    }

    #[test]
    fn events_stand_in_columns() {
        let plugin = EventKind::PluginRefused {
            plugin: "chat".into(),
            path: "chat.rhai".into(),
            reason: "it does not parse\n  --> chat.rhai:2\n".into(),
            kept: false,
        };
        let rows = [
            (
                event(Some("VI_1"), Severity::Info, transition()),
                "2026-11-22T12:25:06.517Z  info     VI_1: BACKUP -> MASTER: no advert heard for 3.61 s\n",
            ),
            (
                event(None, Severity::Error, plugin),
                "2026-11-22T12:25:06.517Z  error    plugin chat not loaded: it does not parse
                                     --> chat.rhai:2\n",
            ),
            (
                Answer::Missed(Missed { events: 1_203 }),
                "                          missed   1,203 events missed: this terminal or program reads too slowly\n",
            ),
            (Answer::Unknown(serde_json::Map::new()), "                          unknown  {\"weather\":1}\n"),
        ];
        for (answer, expected) in rows {
            assert_eq!(rendered(answer, Paint::Plain), expected);
        }
    }

    #[test]
    fn grave_ones_have_colours_and_times_have_none() {
        let (kind, severity) = (EventKind::Failed { error: "no".into() }, Severity::Error);
        assert_eq!(
            rendered(event(None, severity, kind), Paint::Colour),
            "2026-11-22T12:25:06.517Z  \u{1b}[1;31merror    cannot go on: no\u{1b}[0m\n"
        );
    }

    #[test]
    fn an_event_of_a_later_version_is_shown() {
        let line = r#"{"id":"h1-1","seq":1,"at":{"wall":"2026-11-22T12:25:06.5Z","monotonic_seconds":1},"node":"h1","severity":"info","kind":"eclipse","of":"sun"}"#;
        let answer = serde_json::from_str(line).unwrap();
        assert_eq!(
            rendered(answer, Paint::Plain),
            "2026-11-22T12:25:06.500Z  info     eclipse (of a later version)\n"
        );
    }
}
