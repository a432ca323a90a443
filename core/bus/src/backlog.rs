//! Events that wait, and what becomes of them when there are too many.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use keepwatch_event::{Class, Event, Severity, Subject};

/// What a subscriber misses when it does not keep up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// Of events about the same subject only the last: what it hears is always how things are in the end. Telemetry
    /// is dropped. For whoever acts on states.
    State,
    /// The oldest events. For whoever watches.
    Telemetry,
    /// The oldest of the least grave events; nothing is conflated. For whoever keeps events.
    Durable,
}

/// Subjects that may wait beyond the capacity: several for each of thousands of instances.
const SUBJECTS: usize = 1 << 16;

/// Events that wait. All of `overflow` are later than all of `queue`.
#[derive(Debug)]
pub(crate) struct Backlog {
    delivery: Delivery,
    capacity: usize,
    queue: VecDeque<Arc<Event>>,
    /// What came when the queue was full, the last of each subject.
    overflow: HashMap<Subject, Arc<Event>>,
    /// Since it was last asked.
    missed: Missed,
    /// Since the beginning.
    missed_in_all: Missed,
}

/// What a subscriber that did not keep up has missed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Missed {
    /// Events of which it only gets a later one about the same.
    pub(crate) conflated: u64,
    /// Events it does not get.
    pub(crate) dropped: u64,
}

impl Missed {
    pub(crate) const fn add(&mut self, more: Self) {
        self.conflated += more.conflated;
        self.dropped += more.dropped;
    }

    pub(crate) const fn is_nothing(self) -> bool {
        self.conflated == 0 && self.dropped == 0
    }
}

impl Backlog {
    /// `capacity` is how many events may wait before something is missed; at least one.
    pub(crate) fn new(delivery: Delivery, capacity: usize) -> Self {
        let (queue, overflow) = (VecDeque::new(), HashMap::new());
        let (missed, missed_in_all) = (Missed::default(), Missed::default());
        Self { delivery, capacity: capacity.max(1), queue, overflow, missed, missed_in_all }
    }

    /// How many events may wait from now on before something is missed; at least one. What waits stays.
    pub(crate) fn set_capacity(&mut self, capacity: usize) {
        self.capacity = capacity.max(1);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.overflow.is_empty()
    }

    pub(crate) fn len(&self) -> usize {
        self.queue.len() + self.overflow.len()
    }

    /// Adds an event.
    pub(crate) fn push(&mut self, event: Arc<Event>) {
        if self.overflow.is_empty() && self.queue.len() < self.capacity {
            self.queue.push_back(event);
            return;
        }
        match self.delivery {
            Delivery::State => self.conflate(event),
            Delivery::Telemetry => {
                self.queue.pop_front();
                self.miss(Missed { conflated: 0, dropped: 1 });
                self.queue.push_back(event);
            }
            Delivery::Durable => {
                let least = self.queue.iter().position(|waiting| waiting.severity == Severity::Info);
                self.queue.remove(least.unwrap_or(0));
                self.miss(Missed { conflated: 0, dropped: 1 });
                self.queue.push_back(event);
            }
        }
    }

    fn conflate(&mut self, event: Arc<Event>) {
        if event.kind.class() == Class::Telemetry {
            self.miss(Missed { conflated: 0, dropped: 1 });
            return;
        }
        let subject = event.subject();
        if let Some(waiting) = self.overflow.get_mut(&subject) {
            *waiting = event;
            self.miss(Missed { conflated: 1, dropped: 0 });
        } else if self.overflow.len() < SUBJECTS {
            self.overflow.insert(subject, event);
        } else {
            self.miss(Missed { conflated: 0, dropped: 1 });
        }
    }

    const fn miss(&mut self, missed: Missed) {
        self.missed.add(missed);
        self.missed_in_all.add(missed);
    }

    /// What was missed since the beginning.
    pub(crate) const fn missed_in_all(&self) -> Missed {
        self.missed_in_all
    }

    /// The next event.
    pub(crate) fn pop(&mut self) -> Option<Arc<Event>> {
        if self.queue.is_empty() && !self.overflow.is_empty() {
            let mut late: Vec<Arc<Event>> = self.overflow.drain().map(|(_, event)| event).collect();
            late.sort_unstable_by_key(|event| event.seq);
            self.queue = late.into();
        }
        self.queue.pop_front()
    }

    /// What was missed since it was last asked.
    pub(crate) fn take_missed(&mut self) -> Missed {
        std::mem::take(&mut self.missed)
    }

    /// Whether something was missed since it was last asked.
    pub(crate) fn has_missed(&self) -> bool {
        !self.missed.is_nothing()
    }

    /// All of it, in order, into `into`.
    pub(crate) fn drain_into(&mut self, into: &mut Vec<Arc<Event>>) {
        into.extend(self.queue.drain(..));
        while let Some(event) = self.pop() {
            into.push(event);
        }
    }
}
