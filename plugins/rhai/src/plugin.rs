//! A running script as a plugin: calls go to a thread, answers come back.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keepwatch_event::{Event, Snapshot};
use keepwatch_host::{CheckRequest, Failure, Host, Outcome, Plugin, Verdict, Work};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::crew::{Crew, Job};
use crate::instance::Instance;
use crate::reach::Reach;
use crate::script::Script;

/// How long beyond a call's time its answer is waited for. A script notices the end of its time itself; this is for a
/// function of the language that takes long for one step.
const GRACE: Duration = Duration::from_millis(500);

/// Where the answer to a call comes.
type Answer<T> = oneshot::Receiver<Result<T, Failure>>;

/// How long a check may wait for a thread that is awake already.
const PATIENCE: Duration = Duration::from_millis(1);

/// A running script.
pub(crate) struct RhaiPlugin {
    /// Locked by a call while it lasts, also by one that nobody waits for any more. Nothing once this is dropped.
    instance: Option<Arc<Mutex<Instance>>>,
    reach: Reach,
}

impl RhaiPlugin {
    /// Makes a script's interpreter, on a thread of the crew.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) async fn start(script: Arc<Script>, host: Host, crew: Arc<Crew>) -> Result<Self, Failure> {
        let reach = Reach::new(host, Handle::current(), crew);
        let mut plugin = Self { instance: None, reach: reach.clone() };
        let (job, answer) = job(move || Ok(Arc::new(Mutex::new(Instance::new(script, reach)))));
        plugin.reach.crew.at_once(job).map_err(no_thread)?;
        plugin.instance = Some(plugin.answered(answer).await?);
        Ok(plugin)
    }

    /// Calls the script, at once.
    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Instance) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (job, answer) = self.job(call);
        self.reach.crew.at_once(job).map_err(no_thread)?;
        self.answered(answer).await
    }

    /// Asks the script whether what it looks after is well, by a thread that is awake if there is one.
    async fn ask(&self) -> Result<Verdict, Failure> {
        let (job, mut answer) = self.job(Instance::check);
        self.reach.crew.soon(job).map_err(no_thread)?;
        match timeout(PATIENCE, &mut answer).await {
            Ok(answered) => answered.unwrap_or_else(|_| Err(gone())),
            Err(_) => {
                self.reach.crew.relieve();
                self.answered(answer).await
            }
        }
    }

    fn job<T: Send + 'static>(
        &self,
        call: impl FnOnce(&mut Instance) -> Result<T, Failure> + Send + 'static,
    ) -> (Job, Answer<T>) {
        let instance = self.instance.clone();
        job(move || {
            let instance = instance.ok_or_else(gone)?;
            call(&mut instance.lock().unwrap_or_else(PoisonError::into_inner))
        })
    }

    async fn answered<T>(&self, answer: Answer<T>) -> Result<T, Failure> {
        let within = self.reach.host.remaining();
        match timeout(within + GRACE, answer).await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) => Err(gone()),
            Err(_) => {
                self.give_up();
                Err(Failure::Deadline(within))
            }
        }
    }

    /// Nobody waits any more: what runs ends at its next operation.
    fn give_up(&self) {
        self.reach.budget.drop_all();
        self.reach.dropped.notify_one();
    }
}

impl Drop for RhaiPlugin {
    fn drop(&mut self) {
        self.give_up();
        // What it has kept may be nested deeply, and is dropped where there is a stack for it.
        let instance = self.instance.take();
        let _ = self.reach.crew.soon(Box::new(move || drop(instance)));
    }
}

/// Work as a job, and where its answer comes.
fn job<T: Send + 'static>(work: impl FnOnce() -> Result<T, Failure> + Send + 'static) -> (Job, Answer<T>) {
    let (sender, answer) = oneshot::channel();
    let job = move || {
        let done = catch_unwind(AssertUnwindSafe(work));
        let done = done.unwrap_or_else(|panic| Err(Failure::Crashed(panicked(panic.as_ref()))));
        // Whoever asked may have given up.
        let _ = sender.send(done);
    };
    (Box::new(job), answer)
}

fn no_thread(error: io::Error) -> Failure {
    Failure::Crashed(format!("it got no thread: {error}"))
}

fn gone() -> Failure {
    Failure::Crashed("its thread has ended".to_owned())
}

/// What a panic said.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.unwrap_or("for an unknown reason").to_owned()
}

impl Plugin for RhaiPlugin {
    fn init<'a>(&'a mut self, state: Option<&'a [u8]>) -> Work<'a, Result<(), Failure>> {
        let state = state.map(<[u8]>::to_vec);
        Box::pin(self.call(move |instance| instance.init(state.as_deref())))
    }

    fn sync<'a>(&'a mut self, snapshot: &'a Snapshot) -> Work<'a, Result<(), Failure>> {
        let snapshot = snapshot.clone();
        Box::pin(self.call(move |instance| instance.sync(&snapshot)))
    }

    fn handle<'a>(&'a mut self, event: &'a Arc<Event>) -> Work<'a, Result<Outcome, Failure>> {
        let event = event.clone();
        Box::pin(self.call(move |instance| instance.handle(&event)))
    }

    fn check<'a>(&'a mut self, _: &'a CheckRequest) -> Work<'a, Result<Verdict, Failure>> {
        Box::pin(self.ask())
    }

    fn save(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(self.call(Instance::save))
    }

    fn stop<'a>(&'a mut self, reason: &'a str) -> Work<'a, Result<(), Failure>> {
        let reason = reason.to_owned();
        Box::pin(self.call(move |instance| instance.stop(&reason)))
    }
}
