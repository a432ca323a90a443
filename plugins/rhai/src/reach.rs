//! A script's way out: the host, reached from a thread that may wait, within the call's time.

use std::sync::Arc;

use keepwatch_host::{ErrorKind, Host, HostError};
use rhai::{Dynamic, EvalAltResult, Map, Position};
use tokio::runtime::Handle;
use tokio::sync::Notify;

use crate::budget::{Budget, End};
use crate::crew::Crew;

/// A script's way out. Clones share one.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) host: Host,
    pub(crate) budget: Arc<Budget>,
    /// Told when nobody waits for the plugin any more.
    pub(crate) dropped: Arc<Notify>,
    /// Who runs it.
    pub(crate) crew: Arc<Crew>,
    runtime: Handle,
}

impl Reach {
    pub(crate) fn new(host: Host, runtime: Handle, crew: Arc<Crew>) -> Self {
        let budget = Arc::new(Budget::new(host.limits()));
        Self { host, budget, dropped: Arc::default(), crew, runtime }
    }

    /// Waits for the host to do something, as long as the call may take.
    ///
    /// # Errors
    ///
    /// What the host says, as something a script can catch; or, when the call's time is over, what it cannot.
    pub(crate) fn wait<T>(
        &self,
        work: impl Future<Output = Result<T, HostError>>,
    ) -> Result<T, Box<EvalAltResult>> {
        self.crew.relieve();
        let remaining = self.host.remaining();
        let outcome = self.runtime.block_on(async {
            tokio::select! {
                biased;
                () = self.dropped.notified() => Err(End::Dropped),
                done = tokio::time::timeout(remaining, work) => done.map_err(|_| End::Deadline),
            }
        });
        let outcome = outcome.map_err(|end| self.budget.end(end));
        if self.host.remaining().is_zero() {
            self.budget.end(End::Deadline);
        }
        if self.budget.ended().is_some() {
            return Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into());
        }
        match outcome {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) => Err(throw(&error)),
            Err(()) => Err(EvalAltResult::ErrorTerminated(Dynamic::UNIT, Position::NONE).into()),
        }
    }
}

/// An error of the host as a script catches it: `#{ kind: "denied", text: "..." }`.
pub(crate) fn throw(error: &HostError) -> Box<EvalAltResult> {
    let kind = match error.kind {
        ErrorKind::Denied => "denied",
        ErrorKind::Timeout => "timeout",
        ErrorKind::Unavailable => "unavailable",
        ErrorKind::Invalid => "invalid",
        ErrorKind::Limit => "limit",
    };
    let mut map = Map::new();
    map.insert("kind".into(), kind.into());
    map.insert("text".into(), error.text.clone().into());
    EvalAltResult::ErrorRuntime(map.into(), Position::NONE).into()
}

/// That what a script asked makes no sense.
pub(crate) fn invalid(text: impl Into<String>) -> Box<EvalAltResult> {
    throw(&HostError::invalid(text))
}
