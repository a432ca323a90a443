//! A subscriber's end of the bus.

use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

use keepwatch_event::{Event, EventKind, Severity, Snapshot};

use crate::backlog::{Backlog, Delivery, Missed};
use crate::bus::Draft;
use crate::intake::Intake;

/// A subscriber's backlog, shared with the pump.
#[derive(Debug)]
pub(crate) struct Queue {
    name: String,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    backlog: Backlog,
    /// Whether it has been told that the subscriber does not keep up.
    behind: bool,
    waiting: Option<Waker>,
    closed: bool,
}

impl Queue {
    pub(crate) fn new(name: &str, delivery: Delivery, capacity: usize) -> Self {
        let backlog = Backlog::new(delivery, capacity);
        let state = State { backlog, behind: false, waiting: None, closed: false };
        Self { name: name.to_owned(), state: Mutex::new(state) }
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Adds events; whether the subscriber has just fallen behind.
    pub(crate) fn push(&self, events: &[Arc<Event>]) -> bool {
        let mut state = self.lock();
        for event in events {
            state.backlog.push(Arc::clone(event));
        }
        let fell_behind = !state.behind && state.backlog.has_missed();
        state.behind |= fell_behind;
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
        fell_behind
    }

    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let waiting = state.waiting.take();
        drop(state);
        if let Some(waiting) = waiting {
            waiting.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a subscriber keeps up, for others to see.
#[derive(Clone, Debug)]
pub struct Gauge(Weak<Queue>);

/// How a subscriber keeps up at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reading {
    /// Events that wait for it.
    pub waiting: usize,
    /// Events of which it only got a later one about the same.
    pub conflated: u64,
    /// Events it did not get.
    pub dropped: u64,
}

impl Gauge {
    /// How it keeps up now; nothing if it has gone.
    #[must_use]
    pub fn read(&self) -> Reading {
        let Some(queue) = self.0.upgrade() else { return Reading::default() };
        let state = queue.lock();
        let Missed { conflated, dropped } = state.backlog.missed_in_all();
        Reading { waiting: state.backlog.len(), conflated, dropped }
    }
}

/// A subscriber's end of the bus.
#[derive(Debug)]
pub struct Subscription {
    queue: Arc<Queue>,
    snapshot: Snapshot,
    intake: Weak<Intake>,
}

impl Subscription {
    pub(crate) const fn new(queue: Arc<Queue>, snapshot: Snapshot, intake: Weak<Intake>) -> Self {
        Self { queue, snapshot, intake }
    }

    /// How things were when it was made: all events it gets are later.
    #[must_use]
    pub const fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// How it keeps up, for others to see.
    #[must_use]
    pub fn gauge(&self) -> Gauge {
        Gauge(Arc::downgrade(&self.queue))
    }

    /// How many events may wait from now on, instead of the number it was made with. What waits stays.
    pub fn set_capacity(&self, capacity: usize) {
        self.queue.lock().backlog.set_capacity(capacity);
    }

    /// How many events wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.queue.lock().backlog.len()
    }

    /// The next event, if one waits.
    pub fn try_next(&mut self) -> Option<Arc<Event>> {
        self.pop(None).unwrap_or_default()
    }

    /// Waits for the next event; `None` when the bus has ended. Nothing is lost if it is not waited for to the end.
    pub async fn next(&mut self) -> Option<Arc<Event>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Waits for the next event, the thread with it; `None` when the bus has ended.
    pub fn recv(&mut self) -> Option<Arc<Event>> {
        let waker = Waker::from(Arc::new(ThreadWaker(std::thread::current())));
        let context = Context::from_waker(&waker);
        loop {
            match self.poll_next(&context) {
                Poll::Ready(event) => return event,
                Poll::Pending => std::thread::park(),
            }
        }
    }

    fn poll_next(&self, context: &Context<'_>) -> Poll<Option<Arc<Event>>> {
        self.pop(Some(context.waker())).map_or(Poll::Pending, Poll::Ready)
    }

    /// The next event, or `Some(None)` at the end. If there is neither yet, `waker` is woken when there is.
    fn pop(&self, waker: Option<&Waker>) -> Option<Option<Arc<Event>>> {
        let mut state = self.queue.lock();
        let event = state.backlog.pop();
        let caught_up = (state.behind && state.backlog.is_empty()).then(|| {
            state.behind = false;
            state.backlog.take_missed()
        });
        let answer = if event.is_some() || state.closed {
            Some(event)
        } else {
            state.waiting = waker.cloned();
            None
        };
        drop(state);
        if let Some(missed) = caught_up {
            self.tell(missed);
        }
        answer
    }

    fn tell(&self, missed: Missed) {
        let Some(intake) = self.intake.upgrade() else { return };
        let (subscriber, Missed { conflated, dropped }) = (self.queue.name.clone(), missed);
        let kind = EventKind::SubscriberCaughtUp { subscriber, conflated, dropped };
        intake.publish(Draft::general(Severity::Warning, kind));
    }
}

/// Wakes a thread that waits.
struct ThreadWaker(Thread);

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
