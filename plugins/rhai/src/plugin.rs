//! A running script as a plugin: calls go to its thread, answers come back.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use keepwatch_event::{Event, Snapshot};
use keepwatch_host::{CheckRequest, Failure, Host, Outcome, Plugin, Verdict, Work};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::engine::stack;
use crate::instance::Instance;
use crate::reach::Reach;
use crate::script::Script;

/// How long beyond a call's time its answer is waited for. A script notices the end of its time itself; this is for a
/// function of the language that takes long for one step.
const GRACE: Duration = Duration::from_millis(500);

/// A call, made on the script's thread.
type Job = Box<dyn FnOnce(&mut Instance) + Send>;

/// A running script.
pub(crate) struct RhaiPlugin {
    jobs: Sender<Job>,
    reach: Reach,
}

impl RhaiPlugin {
    /// Starts the script's thread.
    ///
    /// # Errors
    ///
    /// If the system has no thread left.
    pub(crate) async fn start(script: Arc<Script>, host: Host) -> Result<Self, Failure> {
        let reach = Reach::new(host, Handle::current());
        let (jobs, queue) = channel();
        let (name, way_out) = (thread_name(reach.host.plugin()), reach.clone());
        thread::Builder::new()
            .name(name)
            .stack_size(stack(reach.host.limits().memory))
            .spawn(move || work(&script, way_out, &queue))
            .map_err(|error| Failure::Crashed(format!("it got no thread: {error}")))?;
        let plugin = Self { jobs, reach };
        // Until the interpreter stands.
        plugin.call(|_| Ok(())).await?;
        Ok(plugin)
    }

    async fn call<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Instance) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, receiver) = oneshot::channel();
        let within = self.reach.host.remaining();
        let job: Job = Box::new(move |instance| {
            let done = catch_unwind(AssertUnwindSafe(|| job(instance)));
            let done = done.unwrap_or_else(|panic| Err(Failure::Crashed(panicked(panic.as_ref()))));
            // Whoever asked may have given up.
            let _ = sender.send(done);
        });
        let gone = || Failure::Crashed("its thread has ended".to_owned());
        self.jobs.send(job).map_err(|_| gone())?;
        match tokio::time::timeout(within + GRACE, receiver).await {
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
    }
}

/// The script's thread, until its plugin is dropped.
fn work(script: &Arc<Script>, reach: Reach, jobs: &Receiver<Job>) {
    let mut instance = Instance::new(script.clone(), reach);
    while let Ok(job) = jobs.recv() {
        job(&mut instance);
    }
}

/// The system keeps 15 octets of a thread's name.
fn thread_name(plugin: &str) -> String {
    let plain: String = plugin.chars().filter(|c| !c.is_control()).collect();
    plain[..plain.floor_char_boundary(15)].to_owned()
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
        Box::pin(self.call(Instance::check))
    }

    fn save(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(self.call(Instance::save))
    }

    fn stop<'a>(&'a mut self, reason: &'a str) -> Work<'a, Result<(), Failure>> {
        let reason = reason.to_owned();
        Box::pin(self.call(move |instance| instance.stop(&reason)))
    }
}
