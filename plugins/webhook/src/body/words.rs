//! A parcel in words, for the services that people read.

use keepwatch_event::Severity;
use keepwatch_notify::Parcel;

/// A parcel in words. Nothing is escaped.
pub(crate) struct Words {
    /// What is so in the end, in one line: `h1: VI_1: BACKUP -> MASTER: no advert heard for 3.61 s`.
    pub(crate) title: String,
    /// What there is beside: each of several events with its time, or the rest of a plugin's text.
    pub(crate) lines: Vec<String>,
    /// How late it is and how it is now, if it is late.
    pub(crate) late: Option<String>,
    /// How grave and when: `info, 2026-03-08 12:37:49 UTC`.
    pub(crate) foot: String,
}

impl Words {
    pub(crate) fn of(parcel: &Parcel) -> Self {
        let view = parcel.view();
        let (date, time) = view.lines.last().and_then(|line| line.at.split_once('T')).unwrap_or_default();
        let severity = word(parcel.severity());
        Self {
            title: format!("{}: {}", view.node, view.line),
            lines: match view.text {
                Some(text) => text.lines().skip(1).map(str::to_owned).collect(),
                None => several(parcel),
            },
            late: late(parcel).map(|late| format!("This message is {late}.")),
            foot: format!("{severity}, {date} {} UTC", seconds(time)),
        }
    }

    /// Everything below the title, as one text of so many octets at most.
    pub(crate) fn below(&self, most: usize) -> String {
        let lines: Vec<&str> = self.lines.iter().chain(&self.late).map(String::as_str).collect();
        cut(&lines.join("\n"), most)
    }
}

/// How late a parcel is, and how its instance is now: `45 s late; VI_1 is MASTER now`.
pub(crate) fn late(parcel: &Parcel) -> Option<String> {
    let late = parcel.view().late?;
    let now = parcel.now.as_ref().map(|now| format!("; {} is {} now", now.name, now.state));
    Some(format!("{late} late{}", now.unwrap_or_default()))
}

/// How grave something is, in a word that all services know.
pub(crate) const fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

fn several(parcel: &Parcel) -> Vec<String> {
    let view = parcel.view();
    if view.count == 1 {
        return Vec::new();
    }
    let time = |at: &str| at.split_once('T').map(|(_, time)| seconds(time).to_owned()).unwrap_or_default();
    let mut lines: Vec<String> =
        view.lines.iter().map(|line| format!("{} {}", time(&line.at), line.text)).collect();
    if view.omitted > 0 {
        lines.insert(gap(parcel), format!("... {} more ...", view.omitted));
    }
    lines
}

/// The number, from 0, of the first letter behind those that were left out.
pub(crate) fn gap(parcel: &Parcel) -> usize {
    parcel.letters.len().div_ceil(2).min(parcel.letters.len() - 1)
}

/// A time of the day without fractions.
fn seconds(time: &str) -> &str {
    time.get(..8).unwrap_or(time)
}

/// A text of so many octets at most.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(most.saturating_sub(3));
    format!("{}...", text.get(..end).unwrap_or_default())
}
