//! What became of a web client's requests.

use std::time::{Duration, Instant};

/// What became of a [`WebClient`](crate::WebClient)'s requests, in the order in which they were made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebReport {
    /// The requests.
    pub requests: Vec<WebRequest>,
}

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebRequest {
    /// When it began.
    pub began: Instant,
    /// When its answer was there, or it was given up.
    pub ended: Instant,
    /// Its answer; none if nobody listened, or it did not come in time, or had another status than 200.
    pub answer: Option<WebAnswer>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAnswer {
    /// Who answered: its header `X-Answered-By`.
    pub by: Option<String>,
    /// Its text.
    pub text: String,
}

impl WebReport {
    /// How many were answered.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.answers().count()
    }

    /// How many were answered by this host.
    #[must_use]
    pub fn answered_by(&self, host: &str) -> usize {
        self.answers().filter(|answer| answer.by.as_deref() == Some(host)).count()
    }

    /// The answer that came last.
    #[must_use]
    pub fn last_answer(&self) -> Option<&WebAnswer> {
        self.answers().last()
    }

    /// The longest time without an answer, between two answers of which the second came within this time.
    #[must_use]
    pub fn longest_silence(&self, from: Instant, to: Instant) -> Duration {
        let times: Vec<Instant> = self.answered_requests().map(|request| request.ended).collect();
        let pairs = times.iter().zip(times.iter().skip(1));
        let within = pairs.filter(|(_, second)| (from..=to).contains(second));
        within.map(|(first, second)| second.duration_since(*first)).max().unwrap_or_default()
    }

    /// The requests that were under way at any time between two moments.
    pub fn between(&self, from: Instant, to: Instant) -> impl Iterator<Item = &WebRequest> {
        self.requests.iter().filter(move |request| request.began < to && request.ended >= from)
    }

    fn answered_requests(&self) -> impl Iterator<Item = &WebRequest> {
        self.requests.iter().filter(|request| request.answer.is_some())
    }

    fn answers(&self) -> impl Iterator<Item = &WebAnswer> {
        self.requests.iter().filter_map(|request| request.answer.as_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silences_are_between_answers() {
        let (began, ms) = (Instant::now(), Duration::from_millis);
        let by = |host: &str| Some(WebAnswer { by: Some(host.to_owned()), text: String::new() });
        let request =
            |at, took, answer| WebRequest { began: began + ms(at), ended: began + ms(at + took), answer };
        let report = WebReport {
            requests: vec![
                request(0, 1, by("h1")),
                request(20, 15, None),
                request(40, 0, None),
                request(60, 5, by("h2")),
                request(80, 1, by("h2")),
            ],
        };
        assert_eq!((report.answered(), report.answered_by("h1"), report.answered_by("h2")), (3, 1, 2));
        assert_eq!(report.longest_silence(began, began + ms(100)), ms(64));
        assert_eq!(report.longest_silence(began + ms(70), began + ms(100)), ms(16));
        assert_eq!(report.longest_silence(began, began + ms(50)), ms(0));
        assert_eq!(report.between(began + ms(30), began + ms(60)).count(), 2);
        assert_eq!(report.between(began + ms(36), began + ms(61)).count(), 2);
        assert_eq!(report.last_answer(), by("h2").as_ref());
    }
}
