//! What the end of a check script means.

use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::time::Duration;

use keepwatch_event::{Health, Rounded};
use keepwatch_host::Verdict;
use nix::sys::signal::Signal;

use crate::heard::Heard;

/// Characters of a script's line that a verdict shows; the log has all of it.
const LONGEST: usize = 200;

/// What the end of a check script means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reading {
    /// Status 0 is well, any other is not.
    #[default]
    Status,
    /// As Nagios plugins mean it: 0 is well, 1 a warning, 2 not well, all else unknown; the first line says more.
    Nagios,
}

impl Reading {
    pub(crate) fn verdict(self, status: ExitStatus, heard: &Heard) -> Verdict {
        match self {
            Self::Status => plain(status, heard),
            Self::Nagios => nagios(status, heard),
        }
    }
}

fn plain(status: ExitStatus, heard: &Heard) -> Verdict {
    if status.success() {
        return Verdict { health: Health::Pass, text: ending(status) };
    }
    let text = match heard.last_line() {
        Some(line) => format!("{}: {}", ending(status), cut(&line)),
        None => ending(status),
    };
    Verdict { health: Health::Fail, text }
}

fn nagios(status: ExitStatus, heard: &Heard) -> Verdict {
    // Behind the line is what is for machines.
    let line = heard.output.first_line();
    let said = line.as_deref().and_then(|line| line.split('|').next()).map(str::trim);
    let text = said.filter(|said| !said.is_empty()).map_or_else(|| ending(status), cut);
    let (health, text) = match status.code() {
        Some(0) => (Health::Pass, text),
        Some(1) => (Health::Pass, format!("warning: {text}")),
        Some(2) => (Health::Fail, text),
        Some(_) => (Health::Unknown, text),
        None => (Health::Unknown, ending(status)),
    };
    Verdict { health, text }
}

/// A line of a script as an overview can show it.
fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", line.get(..end).unwrap_or_default()),
        None => line.to_owned(),
    }
}

/// How a program ended, for people.
pub(crate) fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        // As shells say it.
        (Some(126), _) => "exited with status 126 (something that it calls may not be executed)".to_owned(),
        (Some(127), _) => "exited with status 127 (something that it calls was not found)".to_owned(),
        (Some(code), _) => format!("exited with status {code}"),
        (None, Some(signal)) => match Signal::try_from(signal) {
            Ok(name) => format!("died by signal {signal} ({name})"),
            Err(_) => format!("died by signal {signal}"),
        },
        (None, None) => "ended".to_owned(),
    }
}

/// A limit as somebody has set it: `3 s`, not `3.00 s`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span(pub(crate) Duration);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0.as_secs(), self.0.subsec_nanos()) {
            (seconds @ 1.., 0) => write!(f, "{seconds} s"),
            _ => Rounded(self.0).fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exited(code: i32) -> ExitStatus {
        ExitStatus::from_raw(code << 8)
    }

    fn heard(output: &str, errors: &str) -> Heard {
        let mut heard = Heard::default();
        heard.output(output.as_bytes());
        heard.errors(errors.as_bytes());
        heard
    }

    #[test]
    fn a_status_is_good_or_bad() {
        let table = [
            (exited(0), "", "", Health::Pass, "exited with status 0"),
            (exited(0), "fine\n", "odd\n", Health::Pass, "exited with status 0"),
            (exited(1), "", "", Health::Fail, "exited with status 1"),
            (exited(1), "a\nb\n", "", Health::Fail, "exited with status 1: b"),
            (exited(3), "a\nb\n", "no such thing\n\n", Health::Fail, "exited with status 3: no such thing"),
            (ExitStatus::from_raw(9), "", "", Health::Fail, "died by signal 9 (SIGKILL)"),
            (ExitStatus::from_raw(40), "", "", Health::Fail, "died by signal 40"),
            (
                exited(126),
                "",
                "",
                Health::Fail,
                "exited with status 126 (something that it calls may not be executed)",
            ),
            (
                exited(127),
                "",
                "sh: x: not found",
                Health::Fail,
                "exited with status 127 (something that it calls was not found): sh: x: not found",
            ),
        ];
        for (status, output, errors, health, text) in table {
            let verdict = Reading::Status.verdict(status, &heard(output, errors));
            assert_eq!(verdict, Verdict { health, text: text.to_owned() });
        }
    }

    #[test]
    fn nagios_has_four() {
        let table = [
            (exited(0), "OK - 3 users | users=3;5;10\nmore", Health::Pass, "OK - 3 users"),
            (exited(1), "DISK 81 %|x=1", Health::Pass, "warning: DISK 81 %"),
            (exited(2), "CRITICAL - gone", Health::Fail, "CRITICAL - gone"),
            (exited(3), "UNKNOWN - who knows", Health::Unknown, "UNKNOWN - who knows"),
            (exited(3), "", Health::Unknown, "exited with status 3"),
            (exited(2), "|x=1", Health::Fail, "exited with status 2"),
            (exited(77), "what", Health::Unknown, "what"),
            (ExitStatus::from_raw(15), "half", Health::Unknown, "died by signal 15 (SIGTERM)"),
        ];
        for (status, output, health, text) in table {
            let verdict = Reading::Nagios.verdict(status, &heard(output, "noise"));
            assert_eq!(verdict, Verdict { health, text: text.to_owned() });
        }
    }

    #[test]
    fn a_very_long_line_is_cut() {
        let (line, shown) = ("\u{e4}".repeat(201), "\u{e4}".repeat(200) + "...");
        assert_eq!(
            Reading::Status.verdict(exited(1), &heard(&line, "")).text,
            format!("exited with status 1: {shown}")
        );
        assert_eq!(Reading::Nagios.verdict(exited(2), &heard(&line, "")).text, shown);
        assert_eq!(cut(&"x".repeat(200)), "x".repeat(200));
    }

    #[test]
    fn limits_are_told_as_they_were_set() {
        for (millis, text) in [(3_000, "3 s"), (1_500, "1.50 s"), (200, "200 ms"), (100_000, "100 s")] {
            assert_eq!(Span(Duration::from_millis(millis)).to_string(), text);
        }
    }
}
