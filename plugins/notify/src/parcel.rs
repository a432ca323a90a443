//! What a transport delivers: one message, with everything it may say.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, InstanceStatus, Severity};
use serde::Serialize;

use crate::letter::{Content, Letter};

/// One message: a letter, or several about one instance.
#[derive(Clone, Debug)]
pub struct Parcel {
    /// The same at each attempt: what servers and readers know a repetition by. Letters, digits, `-`, `_` and `.`.
    pub id: String,
    /// The destination's name.
    pub destination: Arc<str>,
    /// The host, as mails call it: `router_id`, or its host name.
    pub node: Arc<str>,
    /// What it tells, at least one, oldest first.
    pub letters: Vec<Letter>,
    /// Letters between the first half and the second that were left out, because there were too many at once.
    pub omitted: u64,
    /// Whether this is the first attempt, and when it is.
    pub attempt: Attempt,
    /// How the instance is now, if the letters are about one that there is.
    pub now: Option<Arc<InstanceStatus>>,
    /// Who has got it at an attempt before, as [`Outcome::Partly`](crate::Outcome::Partly) said: not to be served again.
    pub served: Vec<String>,
}

/// An attempt to deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Counted from 1.
    pub number: u32,
    /// When it is made.
    pub at: SystemTime,
    /// How late it is, if that is worth a word: the server was away, or the daemon.
    pub late: Option<Duration>,
}

impl Parcel {
    /// The last letter: how it is in the end.
    ///
    /// # Panics
    ///
    /// If there is none; there always is.
    #[must_use]
    pub fn last(&self) -> &Letter {
        self.letters.last().expect("a parcel has a letter")
    }

    /// The instance it is about, if it is about one.
    #[must_use]
    pub fn instance(&self) -> Option<&str> {
        self.last().instance.as_deref()
    }

    /// The gravest of its letters.
    #[must_use]
    pub fn severity(&self) -> Severity {
        self.letters.iter().map(|letter| letter.severity).max().unwrap_or(Severity::Info)
    }

    /// What a template sees: `node`, `destination`, `id`, `severity`, `instance`, `line` (of the last letter), `lines`
    /// (each with `at`, `severity` and `text`), `why` (of the last letter, if it is a change of state), `reminder` (the
    /// number of the last letter, if it is a reminder), `count`, `omitted`, `events` (as JSON), `event` (the last of
    /// them), `text`, `late` (in words) and `now` (the instance's status).
    #[must_use]
    pub fn view(&self) -> View<'_> {
        let last = self.last();
        View {
            node: &self.node,
            destination: &self.destination,
            id: &self.id,
            severity: self.severity(),
            instance: self.instance(),
            line: last.line(),
            lines: self.letters.iter().map(Line::of).collect(),
            why: last.event().and_then(why),
            reminder: last.reminder(),
            count: self.letters.len() as u64 + self.omitted,
            omitted: self.omitted,
            events: self.letters.iter().filter_map(Letter::event).collect(),
            event: last.event(),
            text: match &last.content {
                Content::Text { text, .. } | Content::Mail { text, .. } => Some(text),
                Content::Event(_) | Content::Reminder(..) | Content::Post { .. } => None,
            },
            late: self.attempt.late.map(in_words),
            now: self.now.as_deref(),
        }
    }
}

/// What a template sees of a parcel.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the names are those of Parcel::view")]
pub struct View<'a> {
    pub node: &'a str,
    pub destination: &'a str,
    pub id: &'a str,
    pub severity: Severity,
    pub instance: Option<&'a str>,
    pub line: String,
    pub lines: Vec<Line>,
    pub why: Option<String>,
    pub reminder: Option<u32>,
    pub count: u64,
    pub omitted: u64,
    pub events: Vec<&'a Event>,
    pub event: Option<&'a Event>,
    pub text: Option<&'a str>,
    pub late: Option<String>,
    pub now: Option<&'a InstanceStatus>,
}

/// A letter in one line.
#[derive(Debug, Serialize)]
pub struct Line {
    /// When, RFC 3339 with milliseconds, in UTC.
    pub at: String,
    /// How grave.
    pub severity: Severity,
    /// What happened.
    pub text: String,
}

impl Line {
    fn of(letter: &Letter) -> Self {
        let at = humantime::format_rfc3339_millis(letter.at).to_string();
        Self { at, severity: letter.severity, text: letter.line() }
    }
}

/// Why an instance changed its state, in words.
fn why(event: &Event) -> Option<String> {
    match &event.kind {
        EventKind::Transition { reason, .. } => Some(reason.to_string()),
        _ => None,
    }
}

/// `45 s`, `3 min 5 s`, `2 h 10 min`.
pub(crate) fn in_words(time: Duration) -> String {
    let seconds = time.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds / 60 % 60),
    }
}
