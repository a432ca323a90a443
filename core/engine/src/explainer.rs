//! Asks a running engine how its instances stand. The engine answers between two wake-ups' work; who asks waits.

use std::sync::mpsc::{SyncSender, sync_channel};

use keepwatch_event::{InstanceExplanation, Tracked};
use keepwatch_system::Wakeup;

use crate::running::Command;
use crate::tracks::Tracks;

/// Asks a running engine how its instances stand. One question at a time, please: others must find room among the commands.
#[derive(Clone, Debug)]
pub struct Explainer {
    pub(crate) commands: SyncSender<Command>,
    pub(crate) wakeup: Wakeup,
    pub(crate) tracks: Tracks,
}

/// Where to tell the answer.
#[derive(Debug)]
pub(crate) struct Question(SyncSender<Vec<InstanceExplanation>>);

impl Question {
    pub(crate) fn answer(self, explanations: Vec<InstanceExplanation>) {
        // There is room for one. Whoever asked may have gone.
        let _ = self.0.try_send(explanations);
    }
}

impl Explainer {
    /// How the instances stand, in the order in which they came; none if the engine has ended. The reasons of their states are
    /// not among it: the last transitions have them. Waits for the engine.
    #[must_use]
    pub fn explain(&self) -> Option<Vec<InstanceExplanation>> {
        let (tell, told) = sync_channel(1);
        self.commands.send(Command::Explain(Question(tell))).ok()?;
        self.wakeup.ring();
        let mut explanations = told.recv().ok()?;
        // Counted where verdicts come in, which the engine does not look at.
        let trackers = explanations.iter_mut().flat_map(|explanation| &mut explanation.trackers);
        for tracker in trackers.filter(|tracker| tracker.what == Tracked::Check) {
            tracker.health = self.tracks.health_of(&tracker.name);
            tracker.verdicts_to_change = self.tracks.verdicts_to_change(&tracker.name);
        }
        Some(explanations)
    }
}
