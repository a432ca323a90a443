//! What an answer means for a message.

use std::time::{Duration, SystemTime};

use hyper::StatusCode;
use keepwatch_notify::{Outcome, Scope};

/// The longest pause that a server can ask for.
const LONGEST: Duration = Duration::from_secs(24 * 3600);
/// So much of what a server says is repeated.
const SAID: usize = 200;

/// What a server has answered.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The header `Retry-After`.
    pub(crate) retry_after: Option<String>,
    /// The header `Location`.
    pub(crate) location: Option<String>,
    /// The first line of its body, without secrets.
    pub(crate) line: String,
}

impl Answer {
    /// What becomes of the message. `server` is where it went, `now` is when the answer came.
    pub(crate) fn outcome(&self, server: &str, now: SystemTime) -> Outcome {
        let said = self.words();
        let why = format!("{server} answers {said}");
        match self.status.as_u16() {
            200..=299 => Outcome::Delivered { said },
            300..=399 => Outcome::Refused { why: format!("{why}{}", self.elsewhere()) },
            410 => Outcome::Gone { why },
            429 | 502..=504 => self.later(why, Scope::Destination, now),
            408 | 425 | 500..=599 => self.later(why, Scope::Parcel, now),
            _ => Outcome::Refused { why },
        }
    }

    /// The status, and the first line of the body if there is one.
    pub(crate) fn words(&self) -> String {
        let status = match self.status.canonical_reason() {
            Some(reason) => format!("{} {reason}", self.status.as_u16()),
            None => self.status.as_u16().to_string(),
        };
        if self.line.is_empty() { status } else { format!("{status}: {}", self.line) }
    }

    fn later(&self, why: String, scope: Scope, now: SystemTime) -> Outcome {
        let after = self.retry_after.as_deref().and_then(|text| pause(text, now));
        Outcome::Later { why, after, scope }
    }

    /// Where a redirect leads. Of that only the host, since the rest may be a secret.
    fn elsewhere(&self) -> String {
        let to = self.location.as_deref().and_then(|to| crate::endpoint::Endpoint::parse(to).ok());
        let to = to.map(|to| format!(" to {to}")).unwrap_or_default();
        format!(" and redirects{to}; webhooks follow no redirects: set the URL that is meant")
    }
}

/// The time that `Retry-After` asks for, as seconds or as a date (RFC 9110, 10.2.3); none if it cannot be read.
fn pause(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    let pause = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        // A date that has passed means now.
        Err(_) => httpdate::parse_http_date(text).ok()?.duration_since(now).unwrap_or(Duration::ZERO),
    };
    Some(pause.min(LONGEST))
}

/// The first line of a text that is not empty, printable and not too long.
pub(crate) fn first_line(text: &str) -> String {
    let printable =
        |line: &str| line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
    let mut lines = text.lines().map(|line| printable(line).trim().to_owned());
    let printed = lines.find(|line| !line.is_empty()).unwrap_or_default();
    match printed.char_indices().nth(SAID) {
        Some((end, _)) => format!("{}...", printed.get(..end).unwrap_or_default()),
        None => printed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16) -> Answer {
        let status = StatusCode::from_u16(status).unwrap();
        Answer { status, retry_after: None, location: None, line: String::new() }
    }

    fn outcome(answer: &Answer) -> Outcome {
        answer.outcome("https://a/...", SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn each_status_has_its_outcome() {
        let word = |status: u16| match outcome(&answer(status)) {
            Outcome::Delivered { .. } => "delivered",
            Outcome::Later { scope: Scope::Parcel, .. } => "later",
            Outcome::Later { scope: Scope::Destination, .. } => "later, all",
            Outcome::Partly { .. } => "partly",
            Outcome::Refused { .. } => "refused",
            Outcome::Gone { .. } => "gone",
        };
        for (statuses, expected) in [
            (&[200, 201, 202, 204, 299][..], "delivered"),
            (&[408, 425, 500, 501, 505, 507, 599], "later"),
            (&[429, 502, 503, 504], "later, all"),
            (&[410], "gone"),
            (&[101, 300, 301, 302, 304, 307, 308], "refused"),
            (&[400, 401, 403, 404, 405, 413, 422, 451, 499, 600, 999], "refused"),
        ] {
            for status in statuses {
                assert_eq!(word(*status), expected, "{status}");
            }
        }
    }

    #[test]
    fn what_was_said_is_told() {
        let refused = Answer { line: "no such channel".to_owned(), ..answer(404) };
        let why = "https://a/... answers 404 Not Found: no such channel".to_owned();
        assert_eq!(outcome(&refused), Outcome::Refused { why });
        let moved = Answer { location: Some("https://b/secret".to_owned()), ..answer(308) };
        let why = "https://a/... answers 308 Permanent Redirect and redirects to https://b/...; webhooks follow no \
                   redirects: set the URL that is meant";
        assert_eq!(outcome(&moved), Outcome::Refused { why: why.to_owned() });
        assert_eq!(outcome(&answer(299)), Outcome::Delivered { said: "299".to_owned() });
    }

    #[test]
    fn a_pause_is_seconds_or_a_date() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        for (text, expected) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("Sun, 06 Nov 1994 08:49:47 GMT", Some(10)),
            ("Sunday, 06-Nov-94 08:49:47 GMT", Some(10)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("18446744073709551615", Some(86_400)),
            ("Sat, 06 Nov 2094 08:49:37 GMT", Some(86_400)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            let asked = Answer { retry_after: Some(text.to_owned()), ..answer(503) };
            let Outcome::Later { after, .. } = asked.outcome("", now) else { panic!("{text}") };
            assert_eq!(after, expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn lines_are_printable_and_short() {
        assert_eq!(first_line("\r\n\n  a\x1b[31m\tb \r\nc"), "a [31m b");
        let long = first_line(&"\u{e4}".repeat(500));
        assert_eq!((long.chars().count(), long.ends_with("...")), (203, true));
    }
}
