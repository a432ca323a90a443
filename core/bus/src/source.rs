//! An intake as the pump sees it.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::Event;

use crate::backlog::{Backlog, Missed};
use crate::intake::Intake;

/// An intake, and what was taken out of it.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) intake: Arc<Intake>,
    /// How many of its events were handed on.
    pub(crate) handed_on: u64,
    /// Empty: changes places with what waits.
    room: Backlog,
    /// Later than the last round looked.
    later: Vec<Arc<Event>>,
}

impl Source {
    pub(crate) fn new(intake: Arc<Intake>) -> Self {
        Self { intake, handed_on: 0, room: Intake::room(), later: Vec::new() }
    }

    /// Takes what was published up to a moment into `into`; how many were in all, and what was missed because the pump was
    /// starved.
    pub(crate) fn take(&mut self, until: Duration, into: &mut Vec<Arc<Event>>) -> (u64, Missed) {
        let published = self.intake.take(&mut self.room);
        self.room.drain_into(&mut self.later);
        let known = self.later.iter().position(|event| event.at.monotonic > until);
        into.extend(self.later.drain(..known.unwrap_or(self.later.len())));
        (published.saturating_sub(self.later.len() as u64), self.room.take_missed())
    }

    /// Whether something that was taken out waits for the next round.
    pub(crate) fn has_more(&self) -> bool {
        !self.later.is_empty()
    }
}
