//! What a runtime provides: from a file to a program, from a program to a running plugin.

use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, Health, Snapshot};

use crate::failure::Failure;
use crate::host::Host;
use crate::limits::Limits;
use crate::manifest::Manifest;
use crate::refusal::Refusal;

/// Work under way: what an asynchronous method gives, in a form that traits can be objects with.
pub type Work<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A file's content, read once.
#[derive(Clone, Debug)]
pub struct Source {
    /// The plugin's name.
    pub plugin: Arc<str>,
    /// Where it was read.
    pub path: PathBuf,
    /// What was read.
    pub content: Arc<[u8]>,
    /// What it may use up, also while it says what it is.
    pub limits: Limits,
}

/// One way to run plugins: WASM components, Rhai scripts.
pub trait Runtime: Send + Sync {
    /// Its name, for people: `Rhai`.
    fn name(&self) -> &'static str;

    /// Whether a file is its own, by its ending.
    fn understands(&self, path: &Path) -> bool;

    /// Makes a program of a file's content. May take seconds; never on the engine's thread.
    ///
    /// # Errors
    ///
    /// Why it is no program, with the place in the file where there is one.
    fn compile<'a>(&'a self, source: &'a Source) -> Work<'a, Result<Arc<dyn Program>, Refusal>>;
}

/// A program that can be started any number of times.
pub trait Program: Send + Sync {
    /// What it says of itself, and what it needs.
    fn manifest(&self) -> &Manifest;

    /// Further files it is made of, which are watched as well.
    fn files(&self) -> &[PathBuf] {
        &[]
    }

    /// What becomes of a check that is being asked when it is to be replaced or to end.
    fn leaving(&self) -> Leaving {
        Leaving::AfterMoment
    }

    /// Starts it. `host` is all it can reach.
    ///
    /// # Errors
    ///
    /// If it failed while it started.
    fn start(&self, host: Host) -> Work<'_, Result<Box<dyn Plugin>, Failure>>;
}

/// What becomes of a check that is being asked when it is to be replaced or to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// It is waited for, but only for a moment: what breaks off in the middle of a call knows no more what it knew, and one
    /// that hangs would hold up everybody. It is dropped then.
    AfterMoment,
    /// The call is dropped, and what it has begun ends in the background.
    AtOnce,
}

/// A running plugin. It gets one call at a time; after a [`Failure`] that is no [`Failure::Reported`] it is dropped,
/// not called again.
pub trait Plugin: Send {
    /// Begins; `state` is what the version before has saved. The settings are the host's [`Host::config`].
    fn init<'a>(&'a mut self, state: Option<&'a [u8]>) -> Work<'a, Result<(), Failure>>;

    /// How things are. Comes after [`Self::init`], before all events.
    fn sync<'a>(&'a mut self, snapshot: &'a Snapshot) -> Work<'a, Result<(), Failure>>;

    /// Something happened.
    fn handle<'a>(&'a mut self, event: &'a Arc<Event>) -> Work<'a, Result<Outcome, Failure>>;

    /// Is it well?
    fn check<'a>(&'a mut self, request: &'a CheckRequest) -> Work<'a, Result<Verdict, Failure>>;

    /// Where it still does what an earlier [`Self::check`] asked of it: ends when that is done.
    fn busy(&self) -> Option<Work<'_, ()>> {
        None
    }

    /// Ends when there may be another answer to [`Self::check`] than the last one, so that it is worth asking before its
    /// time.
    fn changed(&mut self) -> Work<'_, ()> {
        Box::pin(std::future::pending())
    }

    /// The number that its last answer was, where it is one.
    fn value(&self) -> Option<i32> {
        None
    }

    /// What the next version should be given.
    fn save(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Failure>>;

    /// The memory it holds, in octets, where that is known.
    fn memory(&self) -> Option<usize> {
        None
    }

    /// The end.
    fn stop<'a>(&'a mut self, reason: &'a str) -> Work<'a, Result<(), Failure>>;
}

/// What a handler has made of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// What was to be done.
    Done,
    /// Nothing yet: it wants the event again after this time.
    RetryAfter(Duration),
    /// Nothing, for a reason: one line for people.
    Skipped(String),
}

/// What a checker is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckRequest {
    /// The name of the check.
    pub name: String,
    /// How long the answer may take.
    pub within: Duration,
}

/// What a checker has found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// How it is.
    pub health: Health,
    /// One line for people.
    pub text: String,
}
