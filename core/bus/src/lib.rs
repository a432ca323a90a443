//! The bus: events from whoever has something to tell to whoever listens.
//!
//! [`Bus::publish`] numbers an event and puts it into each subscriber's bounded queue. It never waits for a
//! subscriber: a full queue drops the event for that one, which learns how many it missed with the next it
//! gets. What is absent: filters, delivery classes, persistence.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, Severity, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// What a publisher knows of an event; the bus adds number, time and place.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The VRRP instance it concerns, if one.
    pub instance: Option<Arc<str>>,
    /// How grave.
    pub severity: Severity,
    /// The instance's term.
    pub term: u64,
    /// What happened.
    pub kind: EventKind,
}

impl Draft {
    /// An event that concerns no single instance.
    #[must_use]
    pub const fn general(severity: Severity, kind: EventKind) -> Self {
        Self { instance: None, severity, term: 0, kind }
    }
}

/// The bus. Clones share one.
#[derive(Clone, Debug)]
pub struct Bus {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    node: Arc<str>,
    run: String,
    /// Publishers hold this while they put one event into the queues, which takes no other lock that a
    /// subscriber holds for longer than a hand-over.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    seq: u64,
    subscribers: Vec<Subscriber>,
}

#[derive(Debug)]
struct Subscriber {
    queue: SyncSender<Arc<Event>>,
    missed: Arc<AtomicU64>,
}

impl Bus {
    /// A bus for the events of `node`.
    #[must_use]
    pub fn new(node: &str) -> Self {
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let run = format!("{node}-{:x}-{:x}", started.as_millis(), std::process::id());
        let state = Mutex::new(State::default());
        Self { shared: Arc::new(Shared { node: node.into(), run, state }) }
    }

    /// A queue of at most `capacity` events, from the next one published on.
    #[must_use]
    pub fn subscribe(&self, capacity: usize) -> Subscription {
        let (queue, events) = sync_channel(capacity);
        let missed = Arc::new(AtomicU64::new(0));
        self.lock().subscribers.push(Subscriber { queue, missed: Arc::clone(&missed) });
        Subscription { events, missed }
    }

    /// Publishes an event. Never waits for a subscriber; a subscriber that has gone is forgotten.
    pub fn publish(&self, draft: Draft) {
        let at = Timestamp { wall: SystemTime::now(), monotonic: since_boot() };
        let mut state = self.lock();
        state.seq += 1;
        let seq = state.seq;
        let event = Arc::new(Event {
            id: format!("{}-{seq}", self.shared.run),
            seq,
            at,
            node: Arc::clone(&self.shared.node),
            instance: draft.instance,
            severity: draft.severity,
            term: draft.term,
            kind: draft.kind,
        });
        state.subscribers.retain(|subscriber| match subscriber.queue.try_send(Arc::clone(&event)) {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                subscriber.missed.fetch_add(1, Ordering::Relaxed);
                true
            }
            Err(TrySendError::Disconnected(_)) => false,
        });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing panics while it is held; if it did, the state would still be whole.
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(now.tv_sec.unsigned_abs(), u32::try_from(now.tv_nsec).unwrap_or(0))
}

/// A subscriber's end of the bus.
#[derive(Debug)]
pub struct Subscription {
    events: Receiver<Arc<Event>>,
    missed: Arc<AtomicU64>,
}

/// An event, and how many were dropped meanwhile because the queue was full.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The event.
    pub event: Arc<Event>,
    /// Events that this subscriber did not get since the last one it got.
    pub missed: u64,
}

impl Subscription {
    /// Waits for the next event; `None` when every publisher has gone.
    #[must_use]
    pub fn recv(&self) -> Option<Delivery> {
        self.events.recv().ok().map(|event| self.deliver(event))
    }

    fn deliver(&self, event: Arc<Event>) -> Delivery {
        Delivery { event, missed: self.missed.swap(0, Ordering::Relaxed) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft {
        Draft::general(Severity::Info, EventKind::Resynchronised)
    }

    #[test]
    fn numbers_have_no_gaps_and_all_subscribers_hear_the_same() {
        let bus = Bus::new("h1");
        let (a, b) = (bus.subscribe(10), bus.subscribe(10));
        for _ in 0..3 {
            bus.publish(draft());
        }
        for subscription in [a, b] {
            let seqs: Vec<u64> = (0..3).map(|_| subscription.recv().unwrap().event.seq).collect();
            assert_eq!(seqs, [1, 2, 3]);
        }
    }

    #[test]
    fn a_full_queue_drops_counts_and_blocks_nobody() {
        let bus = Bus::new("h1");
        let (stuck, quick) = (bus.subscribe(2), bus.subscribe(1_000));
        for _ in 0..1_000 {
            bus.publish(draft());
        }
        assert_eq!((0..1_000).map(|_| quick.recv().unwrap().missed).sum::<u64>(), 0);
        let first = stuck.recv().unwrap();
        assert_eq!((first.event.seq, first.missed), (1, 998));
        assert_eq!(stuck.recv().unwrap().event.seq, 2);
        bus.publish(draft());
        assert_eq!(stuck.recv().unwrap().event.seq, 1_001);
    }

    #[test]
    fn a_subscriber_that_left_is_forgotten_and_the_end_is_seen() {
        let bus = Bus::new("h1");
        drop(bus.subscribe(1));
        let rest = bus.subscribe(1);
        bus.publish(draft());
        assert_eq!(bus.lock().subscribers.len(), 1);
        drop(bus);
        assert!(rest.recv().is_some());
        assert!(rest.recv().is_none());
    }

    #[test]
    fn events_know_their_run_and_place() {
        let bus = Bus::new("h1");
        let subscription = bus.subscribe(1);
        bus.publish(draft());
        let event = subscription.recv().unwrap().event;
        assert_eq!(&*event.node, "h1");
        assert!(event.id.starts_with("h1-") && event.id.ends_with("-1"), "{}", event.id);
    }
}
