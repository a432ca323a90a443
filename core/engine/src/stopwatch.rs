//! How long the steps of a transition take, by the real clock: what is decided in one moment takes a few more to do.

use std::time::Duration;

use keepwatch_event::{Step, StepTook};
use keepwatch_vrrp::Instant;

use crate::clock;

/// Runs from the decision for a transition until it is told.
#[derive(Debug, Default)]
pub(crate) struct Stopwatch {
    last: Option<Instant>,
    steps: Vec<StepTook>,
}

impl Stopwatch {
    /// Begins anew.
    pub(crate) fn restart(&mut self) {
        self.steps.clear();
        self.last = Some(clock::now());
    }

    /// Begins, unless it runs already.
    pub(crate) fn start(&mut self) {
        self.last.get_or_insert_with(clock::now);
    }

    /// The end of a step, if anything is being measured. A step that is done again took longer.
    pub(crate) fn mark(&mut self, step: Step) {
        let Some(last) = self.last else { return };
        let now = clock::now();
        self.last = Some(now);
        self.note(step, now.since(last));
    }

    /// A step measured elsewhere.
    pub(crate) fn note(&mut self, step: Step, took: Duration) {
        match self.steps.iter_mut().find(|known| known.step == step) {
            Some(known) => known.took += took,
            None => self.steps.push(StepTook { step, took }),
        }
    }

    /// Ends, and gives what was measured.
    pub(crate) fn finish(&mut self) -> Vec<StepTook> {
        self.last = None;
        std::mem::take(&mut self.steps)
    }
}
