//! What a plugin hears.

use std::sync::Arc;

use keepwatch_bus::{Bus, Gauge, Subscription};
use keepwatch_event::{Event, Snapshot};

/// What a plugin hears.
pub(crate) enum Hearing {
    /// Events, from the subscription's snapshot on.
    Events(Box<Subscription>),
    /// Nothing: it is there to be asked. When it begins it is told how things are then.
    Questions(Bus),
}

impl Hearing {
    /// How things are now, for one that begins.
    pub(crate) fn snapshot(&self) -> Snapshot {
        match self {
            Self::Events(subscription) => subscription.snapshot().clone(),
            Self::Questions(bus) => bus.snapshot(),
        }
    }

    /// The next event; none at the end of the bus.
    pub(crate) async fn next(&mut self) -> Option<Arc<Event>> {
        match self {
            Self::Events(subscription) => subscription.next().await,
            Self::Questions(_) => std::future::pending().await,
        }
    }

    pub(crate) fn try_next(&mut self) -> Option<Arc<Event>> {
        match self {
            Self::Events(subscription) => subscription.try_next(),
            Self::Questions(_) => None,
        }
    }

    /// How many events may wait from now on.
    pub(crate) fn set_capacity(&self, capacity: usize) {
        if let Self::Events(subscription) = self {
            subscription.set_capacity(capacity);
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        match self {
            Self::Events(subscription) => subscription.waiting(),
            Self::Questions(_) => 0,
        }
    }

    pub(crate) fn gauge(&self) -> Option<Gauge> {
        match self {
            Self::Events(subscription) => Some(subscription.gauge()),
            Self::Questions(_) => None,
        }
    }
}
