//! What a plugin is: the trait beneath `#[handler]` and `#[checker]`, and what its functions are given and return.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::manifest::{Setting, settings_of};
use crate::{Event, Result, Snapshot, Verdict};

/// A plugin, for full control. [`handler`](crate::handler) and [`checker`](crate::checker) write it for a function.
///
/// keepwatch asks for the manifest, calls [`init`](Self::init), then [`sync`](Self::sync) with how things are, then
/// [`handle`](Self::handle) or [`check`](Self::check), one call at a time. A call that panics, or takes longer than it
/// may, ends the instance: the next one begins with `init`, and without what only it knew.
///
/// Export it with [`export!`](crate::export), which also says in which role.
pub trait Plugin: Sized + 'static {
    /// The plugin's settings, a struct with named fields: the `config` table in keepwatch.toml.
    /// [`NoConfig`] if it has none.
    type Config: DeserializeOwned;

    /// The kinds of events it wants; all if empty.
    const KINDS: &'static [&'static str] = &[];

    /// Grants without which it cannot work, beyond what follows from the functions it calls: `run:haproxy-reload`.
    const NEEDS: &'static [&'static str] = &[];

    /// The settings it understands; keepwatch refuses others. Found by asking `Config` for its fields.
    fn settings() -> Vec<Setting> {
        settings_of::<Self::Config>()
    }

    /// Begins. `saved` is what the version before has saved.
    ///
    /// # Errors
    /// If it cannot work with this: the plugin is not loaded, and a version that ran before runs on.
    fn init(config: Self::Config, saved: Option<&[u8]>) -> Result<Self>;

    /// How things are. Comes once after [`init`](Self::init); the events that follow are later than it.
    fn sync(&mut self, snapshot: &Snapshot) {
        let _ = snapshot;
    }

    /// An event.
    ///
    /// # Errors
    /// Are logged and counted. The event is not tried again: for that, return [`Outcome::RetryAfter`].
    fn handle(&mut self, event: &Event) -> Result<Outcome> {
        let _ = event;
        Ok(Outcome::Skip("this plugin handles no events".to_owned()))
    }

    /// A check is due.
    ///
    /// # Errors
    /// Count as a verdict of `fail` with the error's text.
    fn check(&mut self, request: &CheckRequest) -> Result<Verdict> {
        let _ = request;
        Ok(Verdict::unknown("this plugin answers no checks"))
    }

    /// What the next version should be given, at most 64 KiB. Asked before a reload; not after a crash.
    fn save(&mut self) -> Option<Vec<u8>> {
        None
    }

    /// The end, and why.
    fn stop(&mut self, reason: &str) {
        let _ = reason;
    }
}

/// The settings of a plugin that has none.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct NoConfig {}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Handled.
    Done,
    /// Try this event again after this time, in whole milliseconds. Later events wait.
    RetryAfter(Duration),
    /// Not wanted after all, with the reason.
    Skip(String),
}

/// What the function of a `#[handler]` may return.
pub trait IntoOutcome {
    /// As the host hears it.
    ///
    /// # Errors
    /// The function's own.
    fn into_outcome(self) -> Result<Outcome>;
}

impl IntoOutcome for Result<()> {
    fn into_outcome(self) -> Result<Outcome> {
        self.map(|()| Outcome::Done)
    }
}

impl IntoOutcome for Result<Outcome> {
    fn into_outcome(self) -> Result<Outcome> {
        self
    }
}

/// A check that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckRequest {
    /// The name of the check.
    pub name: String,
    /// How soon the answer is due.
    pub deadline: Duration,
}

/// The state of a `#[handler]` or `#[checker]` between two versions of the plugin.
#[doc(hidden)]
pub mod state {
    use serde::Serialize;
    use serde::de::DeserializeOwned;

    /// What was saved, or a fresh one if there is nothing or it is of another shape.
    pub fn restore<S: DeserializeOwned + Default>(saved: Option<&[u8]>) -> S {
        let Some(saved) = saved else { return S::default() };
        serde_json::from_slice(saved).unwrap_or_else(|error| {
            crate::warning!(
                "beginning afresh: what the version before has saved does not fit this one: {error}"
            );
            S::default()
        })
    }

    /// As it goes to the next version.
    pub fn save<S: Serialize>(state: &S) -> Option<Vec<u8>> {
        match serde_json::to_vec(state) {
            Ok(saved) => Some(saved),
            Err(error) => {
                crate::warning!("cannot save the state for the next version: {error}");
                None
            }
        }
    }
}
