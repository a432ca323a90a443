//! What the daemon answers.

use keepwatch_event::{Event, Explanation, Snapshot};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::plugin_report::{DeadLetter, PluginReport};
use crate::refusal::Refusal;
use crate::reload::ReloadReport;
use crate::spool::{DestinationStatus, Done, SilenceStatus};
use crate::status::Status;

/// A line of the daemon. In JSON an object with one key that says what it is, or an event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// How things are.
    Status(Box<Status>),
    /// What it takes for instances to become MASTER, or to stop being it.
    Explanation(Explanation),
    /// How the plugins are, by name.
    Plugins(Vec<PluginReport>),
    /// What a reload has done.
    Reload(ReloadReport),
    /// Events that are kept from a plugin, each with the reason, oldest first.
    DeadLetters(Vec<DeadLetter>),
    /// How the destinations are, by name.
    Spool(Vec<DestinationStatus>),
    /// The silences, by name.
    Silences(Vec<SilenceStatus>),
    /// What became of a request that changes something.
    Done(Done),
    /// How things are before the events that follow.
    Snapshot(Box<Snapshot>),
    /// Events before the next one were not sent, because the client did not keep up.
    Missed(Missed),
    /// No more events follow.
    End(End),
    /// Why the request is not answered.
    Error(Refusal),
    /// Something happened.
    #[serde(untagged)]
    Event(Box<Event>),
    /// A line of a later version.
    #[serde(untagged)]
    Unknown(Map<String, Value>),
}

/// How much a client missed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// How many events, whether asked for or not. Of those that say how things are, a later one about the same
    /// subject still comes.
    pub events: u64,
}

/// Why no more events follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Why.
    pub because: Because,
}

/// Why no more events follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Because {
    /// The daemon stops.
    Stopped,
    /// No more was asked for.
    Complete,
    /// One of a later version.
    #[serde(other)]
    Unknown,
}

impl Answer {
    /// The line that says it, with its end, added to `buffer`.
    pub(crate) fn write(&self, buffer: &mut Vec<u8>) {
        write_line(self, buffer);
    }
}

/// Adds a value as a line of JSON.
pub(crate) fn write_line(value: &impl Serialize, buffer: &mut Vec<u8>) {
    let before = buffer.len();
    // Memory takes all that is written, and these types have no keys but strings: it cannot fail. If it did, half a
    // line would spoil the next.
    if serde_json::to_writer(&mut *buffer, value).is_ok() {
        buffer.push(b'\n');
    } else {
        buffer.truncate(before);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::refusal::Code;
    use crate::reload::PlannedChange;

    fn read(line: &str) -> Answer {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn answers_have_these_lines() {
        let refusal = Refusal::new(Code::Busy, "later".into());
        let rows = [
            (Answer::Plugins(Vec::new()), r#"{"plugins":[]}"#),
            (Answer::Missed(Missed { events: 3 }), r#"{"missed":{"events":3}}"#),
            (Answer::End(End { because: Because::Stopped }), r#"{"end":{"because":"stopped"}}"#),
            (Answer::Error(refusal), r#"{"error":{"code":"busy","text":"later"}}"#),
            (
                Answer::Error(Refusal::version(7)),
                r#"{"error":{"code":"unsupported_version","text":"version 7 of the protocol is not spoken here, only version 1","versions":{"from":1,"to":1}}}"#,
            ),
            (
                Answer::Reload(ReloadReport {
                    plan: vec![PlannedChange {
                        object: "instance".into(),
                        name: Some("VI_1".into()),
                        deed: "update".into(),
                        effect: "priority 100 -> 101, stays MASTER".into(),
                    }],
                    busy: Duration::from_micros(80),
                    done: vec!["a".into()],
                    ..ReloadReport::default()
                }),
                r#"{"reload":{"plan":[{"object":"instance","name":"VI_1","deed":"update","effect":"priority 100 -> 101, stays MASTER"}],"busy_seconds":0.00008,"done":["a"],"refused":[],"exit_status":0}}"#,
            ),
        ];
        for (answer, line) in rows {
            let mut buffer = Vec::new();
            answer.write(&mut buffer);
            assert_eq!(String::from_utf8(buffer).unwrap(), format!("{line}\n"));
            assert_eq!(read(line), answer);
        }
    }

    #[test]
    fn an_event_is_told_from_the_others_whatever_its_fields_and_their_order() {
        let envelope = r#""id":"h1-1","seq":1,"at":{"wall":"2026-03-08T12:37:48.342468Z","monotonic_seconds":1.5},"node":"h1","severity":"error""#;
        let failed = format!(r#"{{{envelope},"term":0,"kind":"failed","error":"no"}}"#);
        let first = format!(r#"{{"error":"no","kind":"failed",{envelope}}}"#);
        let later = format!(r#"{{"kind":"eclipse","status":{{}},{envelope}}}"#);
        for (line, kind) in [(failed.as_str(), "failed"), (&first, "failed"), (&later, "eclipse")] {
            let Answer::Event(event) = read(line) else { panic!("{line}") };
            assert_eq!(event.kind.name(), kind);
        }
    }

    #[test]
    fn lines_of_later_versions_are_no_errors() {
        assert!(matches!(read(r#"{"weather":{"sky":"grey"}}"#), Answer::Unknown(_)));
        assert!(matches!(
            read(r#"{"end":{"because":"bored","since":1}}"#),
            Answer::End(End { because: Because::Unknown })
        ));
        let Answer::Error(refusal) = read(r#"{"error":{"code":"tired","text":"zzz","until":9}}"#) else {
            panic!()
        };
        assert_eq!((refusal.code, refusal.text.as_str()), (Code::Unknown, "zzz"));
    }
}
