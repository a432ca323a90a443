//! The dialogue with a relay, passed on to whoever listens.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use keepwatch_notify::Dialogue;

/// Passes a dialogue on and remembers what is waited for: an error that says "too slow" can say at what.
pub(crate) struct Followed<'a> {
    listener: &'a dyn Dialogue,
    step: Mutex<String>,
}

impl fmt::Debug for Followed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Followed").field("step", &self.step()).finish()
    }
}

impl<'a> Followed<'a> {
    pub(crate) fn new(listener: &'a dyn Dialogue) -> Self {
        Self { listener, step: Mutex::default() }
    }

    /// Something begins that may take long.
    pub(crate) fn begin(&self, step: &str) {
        step.clone_into(&mut self.step.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// What is waited for.
    pub(crate) fn step(&self) -> String {
        self.step.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A line that we say, without secrets.
    pub(crate) fn said(&self, line: &str) {
        self.begin(&format!("an answer to {line}"));
        self.listener.said(line);
    }

    pub(crate) fn heard(&self, line: &str) {
        self.listener.heard(line);
    }

    pub(crate) fn note(&self, line: &str) {
        self.listener.note(line);
    }
}
