//! The thread that hands events on.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use keepwatch_event::{Event, EventKind, Severity, Snapshot};

use crate::backlog::Delivery;
use crate::bus::Draft;
use crate::intake::Intake;
use crate::subscription::{Queue, Subscription};

/// Hands events from the intake to the subscribers, and keeps the snapshot.
#[derive(Debug)]
pub(crate) struct Pump {
    intake: Arc<Intake>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    snapshot: Snapshot,
    subscribers: Vec<Arc<Queue>>,
    closed: bool,
}

impl Pump {
    pub(crate) fn new(intake: Arc<Intake>, snapshot: Snapshot) -> Self {
        let state = State { snapshot, subscribers: Vec::new(), closed: false };
        Self { intake, state: Mutex::new(state) }
    }

    /// Runs until the intake is closed and empty.
    pub(crate) fn run(&self) {
        let mut events = Vec::new();
        loop {
            let (open, missed) = self.intake.take(&mut events);
            if events.is_empty() {
                if !open {
                    break;
                }
                std::thread::park();
                continue;
            }
            self.hand_on(&events);
            events.clear();
            if !missed.is_nothing() {
                let (conflated, dropped) = (missed.conflated, missed.dropped);
                let kind = EventKind::SubscriberCaughtUp { subscriber: "bus".to_owned(), conflated, dropped };
                self.intake.publish(Draft::general(Severity::Warning, kind));
            }
        }
        let mut state = self.lock();
        state.closed = true;
        for queue in state.subscribers.drain(..) {
            queue.close();
        }
    }

    fn hand_on(&self, events: &[Arc<Event>]) {
        let mut state = self.lock();
        for event in events {
            state.snapshot.apply(event);
        }
        state.subscribers.retain(|queue| Arc::strong_count(queue) > 1);
        for queue in &state.subscribers {
            if queue.push(events) {
                let kind = EventKind::SubscriberBehind { subscriber: queue.name().to_owned() };
                self.intake.publish(Draft::general(Severity::Warning, kind));
            }
        }
    }

    pub(crate) fn subscribe(&self, name: &str, delivery: Delivery, capacity: usize) -> Subscription {
        let queue = Arc::new(Queue::new(name, delivery, capacity));
        let mut state = self.lock();
        if state.closed {
            queue.close();
        } else {
            state.subscribers.push(Arc::clone(&queue));
        }
        Subscription::new(queue, state.snapshot.clone(), Arc::downgrade(&self.intake))
    }

    /// The number of the last event that all subscribers have.
    pub(crate) fn handed_on(&self) -> u64 {
        self.lock().snapshot.seq
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.lock().snapshot.clone()
    }

    /// Held while a batch is handed on. Publishers never take it.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
