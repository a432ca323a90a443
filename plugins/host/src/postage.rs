//! How many messages a plugin may hand in: one that never stops must flood neither people nor the disk.

use std::time::{Duration, Instant};

use crate::error::HostError;
use crate::message::Message;
use crate::rate::Rate;

/// Messages in one call.
const A_CALL: u32 = 10;
/// Messages about events at once, and how long until there may be one more. So many instances may fail over together.
const AT_ONCE: u32 = 300;
const ONE_MORE: Duration = Duration::from_secs(10);
/// The same for those that are about no event: nobody but the plugin says how many there are.
const OF_ITS_OWN: u32 = 30;
const ONE_MORE_OF_ITS_OWN: Duration = Duration::from_secs(60);

/// How many messages a plugin may still hand in. It outlives the plugin's restarts.
#[derive(Debug)]
pub(crate) struct Postage {
    about_events: Rate,
    of_its_own: Rate,
}

impl Default for Postage {
    fn default() -> Self {
        Self {
            about_events: Rate::every(AT_ONCE, ONE_MORE),
            of_its_own: Rate::every(OF_ITS_OWN, ONE_MORE_OF_ITS_OWN),
        }
    }
}

impl Postage {
    /// Pays for a message.
    ///
    /// # Errors
    ///
    /// If it is one too many.
    pub(crate) fn pay(&self, message: &Message) -> Result<(), HostError> {
        self.pay_at(message, Instant::now())
    }

    fn pay_at(&self, message: &Message, now: Instant) -> Result<(), HostError> {
        if message.number > A_CALL {
            return Err(HostError::limit(format!("too many messages in one call: {A_CALL} at most")));
        }
        let (rate, why) = match message.about {
            Some(_) => {
                (&self.about_events, "too many messages in a short time: 300 at once, then 6 a minute")
            }
            None => {
                (&self.of_its_own, "too many messages that are about no event: 30 at once, then one a minute")
            }
        };
        rate.take_at(now).map(drop).ok_or_else(|| HostError::limit(why))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keepwatch_bus::Bus;
    use keepwatch_event::{Event, EventKind, Severity};

    use super::*;
    use crate::message::Content;

    fn message(about: Option<&Arc<Event>>, number: u32) -> Message {
        let (content, about) = (Content::Text("hello".to_owned()), about.map(Arc::clone));
        Message { plugin: "p".into(), destination: "admins".to_owned(), content, about, number }
    }

    fn event() -> Arc<Event> {
        Arc::new(Event {
            id: "run-1".into(),
            seq: 1,
            at: Bus::now(),
            node: "h1".into(),
            instance: Some("VI_1".into()),
            severity: Severity::Info,
            term: 1,
            kind: EventKind::Resynchronised,
        })
    }

    #[test]
    fn a_loop_in_one_call_ends_soon() {
        let (postage, event, now) = (Postage::default(), event(), Instant::now());
        let pay = |number, now| postage.pay_at(&message(Some(&event), number), now);
        assert_eq!((1..=1_000).filter(|number| pay(*number, now).is_ok()).count(), 10);
        let error = pay(11, now).unwrap_err();
        assert_eq!(error.text, "too many messages in one call: 10 at most");
        // What was refused has cost nothing, and the next calls may say something again.
        assert_eq!((0..1_000).filter(|_| pay(1, now).is_ok()).count(), 290);
        let later = now + Duration::from_secs(61);
        assert_eq!((0..1_000).filter(|_| pay(1, later).is_ok()).count(), 6);
    }

    #[test]
    fn what_is_about_no_event_is_soon_too_much() {
        let (postage, now) = (Postage::default(), Instant::now());
        let pay = |about: Option<&Arc<Event>>, now| postage.pay_at(&message(about, 1), now);
        assert_eq!((0..1_000).filter(|_| pay(None, now).is_ok()).count(), 30);
        let error = pay(None, now).unwrap_err();
        assert!(error.text.contains("about no event"), "{error}");
        assert_eq!(pay(Some(&event()), now), Ok(()), "a fail-over is told all the same");
        let later = now + Duration::from_secs(121);
        assert_eq!((0..1_000).filter(|_| pay(None, later).is_ok()).count(), 2);
    }
}
