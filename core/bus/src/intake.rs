//! Where a publisher puts events.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, Timestamp};
use rustix::time::{ClockId, clock_gettime};

use crate::backlog::{Backlog, Delivery};
use crate::bus::Draft;

/// Events that may wait for the pump. It has nothing else to do: only a machine that starves it fills this.
const CAPACITY: usize = 1 << 14;

/// Where a publisher puts events, and the pump takes them from. Those who share one wait for each other, for the
/// moment it takes to add an event, or for as long as one of them that is about to add does not get the processor:
/// whoever must not wait for the others has one of its own.
#[derive(Debug)]
pub(crate) struct Intake {
    node: Arc<str>,
    pump: Thread,
    /// Held for the time it takes to add or take out: never while anything else is done.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Of this intake alone; the pump gives events their numbers.
    count: u64,
    waiting: Backlog,
}

impl Intake {
    pub(crate) fn new(node: Arc<str>, pump: Thread) -> Self {
        let state = State { count: 0, waiting: Self::room() };
        Self { node, pump, state: Mutex::new(state) }
    }

    pub(crate) fn publish(&self, draft: Draft) {
        let Draft { instance, severity, term, kind } = draft;
        let (at, node) = (now(), Arc::clone(&self.node));
        let mut event = Event { id: String::new(), seq: 0, at, node, instance, severity, term, kind };
        let mut state = self.lock();
        state.count += 1;
        event.seq = state.count;
        state.waiting.push(Arc::new(event));
        drop(state);
        // Costs a system call only if the pump sleeps.
        self.pump.unpark();
    }

    /// The thread that takes events out.
    pub(crate) const fn pump(&self) -> &Thread {
        &self.pump
    }

    /// How many events were published.
    pub(crate) fn published(&self) -> u64 {
        self.lock().count
    }

    /// A place for what was taken out, which is put in its place.
    pub(crate) fn room() -> Backlog {
        Backlog::new(Delivery::State, CAPACITY)
    }

    /// Takes all that waits, for [`Self::room`] that is empty; how many have been published so far. Whoever publishes waits
    /// for no more than the exchange, however much there is to be put in order.
    pub(crate) fn take(&self, room: &mut Backlog) -> u64 {
        let mut state = self.lock();
        std::mem::swap(&mut state.waiting, room);
        state.count
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it is held; if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Now, on both clocks.
pub(crate) fn now() -> Timestamp {
    let boot = clock_gettime(ClockId::Boottime);
    let monotonic = Duration::new(boot.tv_sec.unsigned_abs(), u32::try_from(boot.tv_nsec).unwrap_or(0));
    Timestamp { wall: SystemTime::now(), monotonic }
}
