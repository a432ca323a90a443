//! The thread that hands events on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::SystemTime;

use keepwatch_event::{Event, EventKind, Severity, Snapshot};

use crate::backlog::{Delivery, Missed};
use crate::bus::Draft;
use crate::intake::{self, Intake};
use crate::source::Source;
use crate::subscription::{Queue, Subscription};

/// Numbers events and hands them from the intakes to the subscribers, and keeps the snapshot.
#[derive(Debug)]
pub(crate) struct Pump {
    /// What event ids begin with.
    run: String,
    closed: AtomicBool,
    intakes: Mutex<Vec<Source>>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    snapshot: Snapshot,
    subscribers: Vec<Arc<Queue>>,
    ended: bool,
}

impl Pump {
    pub(crate) fn new(snapshot: Snapshot) -> Self {
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let run = format!("{}-{:x}-{:x}", snapshot.node, started.as_millis(), std::process::id());
        let state = State { snapshot, subscribers: Vec::new(), ended: false };
        Self { run, closed: AtomicBool::new(false), intakes: Mutex::default(), state: Mutex::new(state) }
    }

    pub(crate) fn add_intake(&self, pump: Thread) -> Arc<Intake> {
        let node = Arc::clone(&self.lock().snapshot.node);
        let intake = Arc::new(Intake::new(node, pump));
        self.sources().push(Source::new(Arc::clone(&intake)));
        intake
    }

    /// No more will be published: end when all is handed on.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
        for source in self.sources().iter() {
            source.intake.pump().unpark();
        }
    }

    /// Runs until it is closed and all is handed on.
    pub(crate) fn run(&self) {
        let mut seq = self.lock().snapshot.seq;
        loop {
            // Before looking: what was published before the end is found.
            let last = self.closed.load(Ordering::Acquire);
            if self.round(&mut seq) {
                continue;
            }
            if last {
                break;
            }
            std::thread::park();
        }
        let mut state = self.lock();
        state.ended = true;
        for queue in state.subscribers.drain(..) {
            queue.close();
        }
    }

    /// Hands on what waits now; whether there was something, or there is more.
    fn round(&self, seq: &mut u64) -> bool {
        // What comes while the intakes are looked at, one after the other, waits for the next round: what caused it may be
        // where was looked before.
        let now = intake::now().monotonic;
        let mut events: Vec<Arc<Event>> = Vec::new();
        let mut missed = Missed::default();
        let mut taken = Vec::new();
        let mut more = false;
        for source in self.sources().iter_mut() {
            let (count, lost) = source.take(now, &mut events);
            taken.push(count);
            missed.add(lost);
            more |= source.has_more();
        }
        if !events.is_empty() {
            // Each intake's own order stays: the sort is stable, and its times grow.
            events.sort_by_key(|event| event.at.monotonic);
            for event in &mut events {
                *seq += 1;
                self.number(event, *seq);
            }
            self.hand_on(&events);
        }
        for (source, count) in self.sources().iter_mut().zip(taken) {
            source.handed_on = count;
        }
        if !missed.is_nothing() {
            let (conflated, dropped) = (missed.conflated, missed.dropped);
            let kind = EventKind::SubscriberCaughtUp { subscriber: "the bus".to_owned(), conflated, dropped };
            self.tell(kind);
        }
        more || !events.is_empty()
    }

    fn number(&self, event: &mut Arc<Event>, seq: u64) {
        // Nobody else has it yet.
        if let Some(event) = Arc::get_mut(event) {
            event.seq = seq;
            event.id = format!("{}-{seq}", self.run);
        }
    }

    fn hand_on(&self, events: &[Arc<Event>]) {
        let mut behind = Vec::new();
        let mut state = self.lock();
        for event in events {
            state.snapshot.apply(event);
        }
        state.subscribers.retain(|queue| Arc::strong_count(queue) > 1);
        for queue in &state.subscribers {
            if queue.push(events) {
                behind.push(queue.name().to_owned());
            }
        }
        drop(state);
        for subscriber in behind {
            self.tell(EventKind::SubscriberBehind { subscriber });
        }
    }

    /// An event of the bus's own.
    fn tell(&self, kind: EventKind) {
        let intake = self.sources().first().map(|source| Arc::clone(&source.intake));
        if let Some(intake) = intake {
            intake.publish(Draft::general(Severity::Warning, kind));
        }
    }

    pub(crate) fn subscribe(
        &self,
        name: &str,
        delivery: Delivery,
        capacity: usize,
        intake: &Arc<Intake>,
    ) -> Subscription {
        let queue = Arc::new(Queue::new(name, delivery, capacity));
        let mut state = self.lock();
        if state.ended {
            queue.close();
        } else {
            state.subscribers.push(Arc::clone(&queue));
        }
        Subscription::new(queue, state.snapshot.clone(), Arc::downgrade(intake))
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.lock().snapshot.clone()
    }

    /// How many events each intake has had.
    pub(crate) fn published(&self) -> Vec<u64> {
        self.sources().iter().map(|source| source.intake.published()).collect()
    }

    /// Whether so many events of each intake have been handed on.
    pub(crate) fn has_handed_on(&self, published: &[u64]) -> bool {
        self.sources().iter().zip(published).all(|(source, count)| source.handed_on >= *count)
    }

    fn sources(&self) -> MutexGuard<'_, Vec<Source>> {
        self.intakes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while a batch is handed on. Publishers never take it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
