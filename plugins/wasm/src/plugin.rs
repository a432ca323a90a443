//! A running guest as a plugin.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, Snapshot};
use keepwatch_host::{CheckRequest, Failure, LINE, Outcome, Plugin, Verdict, Work, one_line};

use crate::bindings::handler;
use crate::instance::Instance;
use crate::wording::Wording;
use crate::words;

/// A running guest as a plugin.
pub(crate) struct WasmPlugin {
    /// None during a call, and for ever after one that did not end by itself, be it that it failed or that whoever
    /// waited for it went away: what state the guest is in then, nobody knows.
    instance: Option<Instance>,
    wording: Arc<Wording>,
}

impl WasmPlugin {
    /// A plugin that has not been called yet.
    pub(crate) const fn new(instance: Instance, wording: Arc<Wording>) -> Self {
        Self { instance: Some(instance), wording }
    }

    /// Takes the instance for a call.
    fn take(&mut self) -> Result<Instance, Failure> {
        let gone = || Failure::Crashed("an earlier call did not end; it is not called again".to_owned());
        self.instance.take().ok_or_else(gone)
    }

    /// Puts the instance back after a call that ended by itself; drops it after another.
    fn put_back<T>(&mut self, instance: Instance, answer: Result<T, Failure>) -> Result<T, Failure> {
        self.instance = answer.is_ok().then_some(instance);
        answer
    }
}

/// An error of the guest's own.
fn reported(error: String) -> Failure {
    Failure::Reported(one_line(&error, LINE))
}

impl Plugin for WasmPlugin {
    fn init<'a>(&'a mut self, state: Option<&'a [u8]>) -> Work<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut instance = self.take()?;
            let answer = instance.init(state).await;
            self.put_back(instance, answer)?.map_err(reported)
        })
    }

    fn sync<'a>(&'a mut self, snapshot: &'a Snapshot) -> Work<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut instance = self.take()?;
            let answer = instance.sync(&words::snapshot(snapshot)).await;
            self.put_back(instance, answer)
        })
    }

    fn handle<'a>(&'a mut self, event: &'a Arc<Event>) -> Work<'a, Result<Outcome, Failure>> {
        Box::pin(async move {
            let mut instance = self.take()?;
            let event = self.wording.of(event);
            let answer = instance.handle(&event).await;
            match self.put_back(instance, answer)?.map_err(reported)? {
                handler::Outcome::Done => Ok(Outcome::Done),
                handler::Outcome::RetryAfter(milliseconds) => {
                    Ok(Outcome::RetryAfter(Duration::from_millis(milliseconds.into())))
                }
                handler::Outcome::Skip(reason) => Ok(Outcome::Skipped(one_line(&reason, LINE))),
            }
        })
    }

    fn check<'a>(&'a mut self, request: &'a CheckRequest) -> Work<'a, Result<Verdict, Failure>> {
        Box::pin(async move {
            let mut instance = self.take()?;
            let answer = instance.check(&request.name, request.within).await;
            let verdict = self.put_back(instance, answer)?.map_err(reported)?;
            Ok(Verdict { health: words::host_health(verdict.health), text: one_line(&verdict.text, LINE) })
        })
    }

    fn save(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(async move {
            let mut instance = self.take()?;
            let answer = instance.save().await;
            self.put_back(instance, answer)?.map_err(reported)
        })
    }

    fn memory(&self) -> Option<usize> {
        self.instance.as_ref().map(Instance::memory)
    }

    fn stop<'a>(&'a mut self, reason: &'a str) -> Work<'a, Result<(), Failure>> {
        Box::pin(async move {
            let mut instance = self.take()?;
            let answer = instance.stop(reason).await;
            self.put_back(instance, answer)
        })
    }
}
