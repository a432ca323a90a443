//! Who brings what waits for a destination there: one message at a time, in order, until it is taken.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_bus::Bus;
use keepwatch_event::{EventKind, Severity};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::backoff;
use crate::destination::{Destination, Grouping};
use crate::gone::Gone;
use crate::mailbox::Mailbox;
use crate::parcel::{Attempt, Parcel};
use crate::queue::{Message, Next, Settled};
use crate::transport::{Outcome, Scope, Transport, Unheard};

/// A message that comes so much later than it would have at once is late, and says so.
const LATE: Duration = Duration::from_secs(30);
/// A clock may be set: nothing is waited for longer than this without a look at it.
const LOOK: Duration = Duration::from_secs(60);
/// No pause for a letter that gets too old is shorter.
const TICK: Duration = Duration::from_millis(1);

/// What all couriers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Haste {
    /// All in its time.
    None,
    /// The daemon ends: what waits for others to go with it goes at once; nothing is waited for.
    Last,
    /// It ends now: what is under way is broken off, and waits on disk for the next start.
    Now,
}

/// Brings letters to one destination.
pub(crate) struct Courier {
    pub(crate) mailbox: Arc<Mailbox>,
    pub(crate) bus: Bus,
    pub(crate) node: Arc<str>,
    pub(crate) haste: watch::Receiver<Haste>,
}

impl Courier {
    /// Works until it is told that the daemon ends and nothing can be delivered any more, or the notifier has gone.
    pub(crate) async fn run(mut self) {
        let mut changed = self.mailbox.destination.subscribe();
        loop {
            let now = SystemTime::now();
            let expiry = self.mailbox.expire(now);
            let destination = changed.borrow_and_update().clone();
            let haste = *self.haste.borrow_and_update();
            if haste == Haste::Now || self.haste.has_changed().is_err() {
                return;
            }
            let destination = destination.filter(|_| self.mailbox.standing().gone.is_none());
            let next = match (&destination, haste) {
                (None, _) => Next::Nothing,
                (Some(destination), _) => {
                    let grouping = match (destination.grouping, haste) {
                        (Grouping::Together(_), Haste::Last) => Grouping::Together(Duration::ZERO),
                        (grouping, _) => grouping,
                    };
                    self.mailbox.change(|queue| queue.next(grouping, now))
                }
            };
            let pause = match (next, destination) {
                (Next::Message(message), Some(destination)) => {
                    self.deliver(&destination, message).await;
                    continue;
                }
                (Next::At(_), _) | (Next::Nothing, _) | (Next::Message(_), None) if haste == Haste::Last => {
                    return;
                }
                (Next::At(at), _) => at.duration_since(now).unwrap_or_default().min(LOOK),
                (Next::Nothing, _) | (Next::Message(_), None) => LOOK,
            };
            // A little later: what is exactly so old is not too old.
            let expires = expiry.map(|at| at.duration_since(now).unwrap_or_default() + TICK);
            let pause = expires.map_or(pause, |expires| pause.min(expires));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.mailbox.wake.notified() => {}
                is_there = changed.changed() => if is_there.is_err() { return },
                is_there = self.haste.changed() => if is_there.is_err() { return },
            }
        }
    }

    async fn deliver(&self, destination: &Destination, message: Message) {
        // The disk knows what goes together before it goes: after a restart it is the same message.
        self.mailbox.settled().await;
        let parcel = self.parcel(destination, message);
        let delivery = timeout(destination.timeout, destination.transport.deliver(&parcel, &Unheard));
        let mut haste = self.haste.clone();
        let outcome = tokio::select! {
            outcome = delivery => outcome,
            _ = haste.wait_for(|haste| *haste == Haste::Now) => return,
        };
        let outcome = outcome.unwrap_or_else(|_| Outcome::Later {
            why: format!("no answer within {}", crate::parcel::in_words(destination.timeout)),
            after: None,
            scope: Scope::Destination,
        });
        let now = SystemTime::now();
        let settled = self.mailbox.change(|queue| queue.settle(&parcel.id, &outcome, backoff::chance(), now));
        // A kill after this repeats nothing.
        self.mailbox.settled().await;
        self.tell(&parcel, &*destination.transport, outcome, settled, now);
    }

    fn parcel(&self, destination: &Destination, message: Message) -> Parcel {
        let at = SystemTime::now();
        let first = message.letters.first().map_or(message.since, |letter| letter.at).min(message.since);
        let age = at.duration_since(first).unwrap_or_default();
        let waited = match destination.grouping {
            Grouping::Each => Duration::ZERO,
            Grouping::Together(wait) => wait,
        };
        let late = (age > LATE + waited).then_some(age);
        let instance = message.letters.last().and_then(|letter| letter.instance.clone());
        let now = instance.and_then(|name| {
            let snapshot = self.bus.snapshot();
            snapshot.instances.iter().find(|instance| instance.name == name).map(Arc::clone)
        });
        Parcel {
            id: message.id,
            destination: Arc::clone(&self.mailbox.name),
            node: Arc::clone(&self.node),
            letters: message.letters.into_iter().map(|letter| letter.at_node(&self.node)).collect(),
            omitted: message.omitted,
            attempt: Attempt { number: message.attempt, at, late },
            now,
            served: message.served,
        }
    }

    fn tell(
        &self,
        parcel: &Parcel,
        transport: &dyn Transport,
        outcome: Outcome,
        settled: Settled,
        now: SystemTime,
    ) {
        let (destination, message) = (self.mailbox.name.to_string(), parcel.id.clone());
        let attempt = parcel.attempt.number;
        match (outcome, settled) {
            (Outcome::Delivered { said }, _) => {
                let letters = parcel.letters.len() as u64;
                {
                    let mut standing = self.mailbox.standing();
                    standing.delivered += letters;
                    standing.last = Some(now);
                    standing.trouble = None;
                }
                let kind = EventKind::DeliverySucceeded { destination, message, letters, attempt, said };
                self.mailbox.tell(Severity::Info, kind);
            }
            (Outcome::Later { why, .. } | Outcome::Partly { why, .. }, Settled::Again(retry_after)) => {
                {
                    let mut standing = self.mailbox.standing();
                    standing.failed += 1;
                    standing.trouble = Some(why.clone());
                }
                let kind =
                    EventKind::DeliveryFailed { destination, message, error: why, attempt, retry_after };
                self.mailbox.tell(Severity::Warning, kind);
            }
            (Outcome::Gone { why }, Settled::GivenUp(dead)) => {
                self.mailbox.disable(Gone::new(why.clone(), transport));
                self.mailbox.tell_given_up(&dead);
                self.mailbox
                    .tell(Severity::Error, EventKind::DestinationDisabled { destination, reason: why });
            }
            (Outcome::Refused { .. }, Settled::GivenUp(dead)) => self.mailbox.tell_given_up(&dead),
            // A queue answers each outcome in its own way.
            (_, _) => {}
        }
    }
}
