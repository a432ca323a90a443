//! Where publishers put events.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::Thread;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, Timestamp};
use rustix::time::{ClockId, clock_gettime};

use crate::backlog::{Backlog, Delivery, Missed};
use crate::bus::Draft;

/// Events that may wait for the pump. It has nothing else to do: only a machine that starves it fills this.
const CAPACITY: usize = 1 << 14;

/// Where publishers put events, and the pump takes them from.
#[derive(Debug)]
pub(crate) struct Intake {
    node: Arc<str>,
    run: String,
    pump: OnceLock<Thread>,
    /// Held for the time it takes to add or take out: never while anything else is done.
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    seq: u64,
    waiting: Backlog,
    closed: bool,
}

impl Intake {
    pub(crate) fn new(node: &Arc<str>) -> Self {
        let started = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let run = format!("{node}-{:x}-{:x}", started.as_millis(), std::process::id());
        let state = State { seq: 0, waiting: Backlog::new(Delivery::State, CAPACITY), closed: false };
        Self { node: Arc::clone(node), run, pump: OnceLock::new(), state: Mutex::new(state) }
    }

    /// The thread to wake.
    pub(crate) fn set_pump(&self, pump: Thread) {
        // There is one.
        let _ = self.pump.set(pump);
    }

    pub(crate) fn publish(&self, draft: Draft) {
        let at = now();
        let mut state = self.lock();
        state.seq += 1;
        let seq = state.seq;
        let id = format!("{}-{seq}", self.run);
        let node = Arc::clone(&self.node);
        let Draft { instance, severity, term, kind } = draft;
        state.waiting.push(Arc::new(Event { id, seq, at, node, instance, severity, term, kind }));
        drop(state);
        self.wake();
    }

    /// The number of the last event.
    pub(crate) fn published(&self) -> u64 {
        self.lock().seq
    }

    /// No more will be published.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.wake();
    }

    /// Takes all that waits; whether more may come, and what was missed because the pump was starved.
    pub(crate) fn take(&self, into: &mut Vec<Arc<Event>>) -> (bool, Missed) {
        let mut state = self.lock();
        state.waiting.drain_into(into);
        (!state.closed, state.waiting.take_missed())
    }

    /// Costs a system call only if the pump sleeps.
    fn wake(&self) {
        if let Some(pump) = self.pump.get() {
            pump.unpark();
        }
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
