//! All plugins of a daemon.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};

use keepwatch_bus::{Bus, Gauge, Reading};
use tokio::sync::oneshot;

use crate::actor::Command;
use crate::context::Context;
use crate::entry::{Entry, Tested};
use crate::error::HostError;
use crate::live::Live;
use crate::loader::{self, InForce};
use crate::manifest::Roles;
use crate::message::Messenger;
use crate::metrics::Counts;
use crate::plugin::Runtime;
use crate::spec::{Plan, PluginSpec};
use crate::store::Store;
use crate::threads::{Handles, Threads};
use crate::verdicts::Verdicts;
use crate::watch::Watch;

/// What the plugins of a daemon need.
pub struct Options {
    /// Where events come from and go to.
    pub bus: Bus,
    /// What runs plugins, in the order in which they are asked whether they understand a file.
    pub runtimes: Vec<Arc<dyn Runtime>>,
    /// What plugins keep.
    pub store: Store,
    /// Where verdicts go.
    pub verdicts: Arc<dyn Verdicts>,
    /// Where messages go.
    pub messenger: Arc<dyn Messenger>,
}

/// All plugins of a daemon, on threads of their own. See [`Self::stop`] for their end.
pub struct Plugins {
    shared: Arc<Shared>,
    /// There until the end.
    threads: Mutex<Option<Threads>>,
}

/// What the tasks around the plugins share.
pub(crate) struct Shared {
    pub(crate) context: Arc<Context>,
    pub(crate) live: Arc<Live>,
    pub(crate) handles: Handles,
    pub(crate) runtimes: Vec<Arc<dyn Runtime>>,
    /// Set while the entries are locked: none is added from then on.
    pub(crate) stopping: AtomicBool,
    /// Those that should run, by name.
    entries: Mutex<BTreeMap<Arc<str>, Entry>>,
    /// What should run. Held while it is put in force, so that this happens once at a time.
    pub(crate) in_force: tokio::sync::Mutex<InForce>,
    pub(crate) watch: Watch,
}

/// How a plugin does, for status.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the administrator wants of it.
    pub spec: PluginSpec,
    /// What it can do, if a version of it runs.
    pub roles: Option<Roles>,
    /// What was counted.
    pub counts: Counts,
    /// How it keeps up with the events.
    pub queue: Reading,
}

/// What became of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Plugins that are new.
    pub loaded: Vec<String>,
    /// Plugins with a new version or new settings.
    pub reloaded: Vec<String>,
    /// Plugins that were taken away.
    pub unloaded: Vec<String>,
    /// Plugins that were refused, with why; those that ran before run on.
    pub refused: Vec<(String, String)>,
    /// How many are as they were.
    pub unchanged: usize,
}

impl Plugins {
    /// Makes ready for plugins; there is none yet.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no room for threads.
    pub fn new(options: Options) -> io::Result<Self> {
        let threads = Threads::start()?;
        let Options { bus, runtimes, store, verdicts, messenger } = options;
        let store = Arc::new(store);
        let (kept, heard) = (Arc::clone(&store), Arc::clone(&verdicts));
        let live = Arc::new(Live::new(bus.clone(), kept, heard, messenger, threads.actions()));
        let effects = Arc::clone(&live) as Arc<dyn crate::effects::Effects>;
        let context = Arc::new(Context { bus, effects, store, verdicts });
        let shared = Arc::new(Shared {
            context,
            live,
            handles: threads.handles(),
            runtimes,
            stopping: AtomicBool::new(false),
            entries: Mutex::default(),
            in_force: tokio::sync::Mutex::default(),
            watch: Watch::default(),
        });
        Ok(Self { shared, threads: Mutex::new(Some(threads)) })
    }

    /// Puts a plan in force, in the background. Its plugins hear all events from the moment on at which the answer comes,
    /// even if loading them takes a while; a disk that hangs keeps it from coming.
    pub fn begin(&self, plan: Plan) -> mpsc::Receiver<()> {
        let (tell, listening) = mpsc::sync_channel(1);
        let shared = Arc::clone(&self.shared);
        self.shared.handles.plugins.spawn(async move {
            let listening = move || {
                // Nobody waits any more if it took too long.
                let _ = tell.send(());
            };
            loader::apply(&shared, plan, listening).await
        });
        self.shared.watch.start(&self.shared);
        listening
    }

    /// Puts a plan in force, and waits for what becomes of it; `None` if the plugins are stopped meanwhile, or were. What does
    /// not run, or not in its last version, is tried again, even if nothing has changed.
    ///
    /// # Panics
    ///
    /// On the plugins' own threads.
    #[must_use]
    pub fn apply(&self, plan: Plan) -> Option<Applied> {
        let shared = Arc::clone(&self.shared);
        let (tell, told) = oneshot::channel();
        // A task, which goes with the runtime: to wait for timers of one that is shut down would be a panic.
        self.shared.handles.plugins.spawn(async move {
            // Somebody always waits.
            let _ = tell.send(loader::apply(&shared, plan, || ()).await);
        });
        told.blocking_recv().ok()
    }

    /// How each plugin does.
    #[must_use]
    pub fn reports(&self) -> Vec<Report> {
        let entries = self.shared.entries();
        let report = |(name, entry): (&Arc<str>, &Entry)| Report {
            // What runs, not what was refused since.
            spec: match (&entry.actor, &entry.tried) {
                (Some(actor), _) => actor.spec.clone(),
                (None, Some(tried)) => tried.spec.clone(),
                (None, None) => PluginSpec::plain(name, PathBuf::new()),
            },
            roles: entry.actor.as_ref().map(|actor| actor.roles),
            queue: entry
                .actor
                .as_ref()
                .and_then(|actor| actor.gauge.as_ref())
                .map(Gauge::read)
                .unwrap_or_default(),
            counts: self.shared.live.metrics_of(name).counts(),
        };
        entries.iter().map(report).collect()
    }

    /// The events that are kept from a plugin, as JSON with the reason, oldest first: what [`Store::dead_letters`] gives, read
    /// on the plugins' threads.
    pub fn dead_letters(
        &self,
        plugin: String,
    ) -> impl Future<Output = Result<Vec<String>, HostError>> + Send + 'static {
        let shared = Arc::clone(&self.shared);
        let reading = self
            .shared
            .handles
            .plugins
            .spawn(async move { shared.context.store.dead_letters(&plugin).await });
        async move { reading.await.unwrap_or_else(|_| Err(HostError::unavailable("keepwatch stops"))) }
    }

    /// Ends the checks that are built in, in the background; all else works on.
    pub fn stop_natives(&self, reason: &str) {
        for entry in self.shared.entries().values() {
            let Some(actor) = entry.actor.as_ref().filter(|actor| actor.spec.made.file().is_none()) else {
                continue;
            };
            let stop = Command::Stop { reason: reason.to_owned(), deadline: Instant::now() };
            // One whose line is full hears it from `stop`.
            let _ = actor.commands.try_send(stop);
        }
    }

    /// Lets each plugin handle what waits for it, for so long at most or until it is to be at once, and ends them. There are
    /// none afterwards.
    pub fn stop(&self, reason: &str, within: Duration, at_once: impl Future<Output = ()>) {
        let threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(threads) = threads else { return };
        let deadline = Instant::now() + within;
        self.shared.watch.stop();
        let entries = {
            let mut entries = self.shared.entries();
            // Whoever loads just now finds that there is nothing to load for any more.
            self.shared.stopping.store(true, Ordering::Relaxed);
            std::mem::take(&mut *entries)
        };
        threads.wait_for(async {
            let mut tasks = Vec::new();
            for (_, entry) in entries {
                let Some(actor) = entry.actor else { continue };
                let stop = Command::Stop { reason: reason.to_owned(), deadline };
                // One whose line is full is in a reload that never ends: it goes with the runtime.
                let _ = actor.commands.try_send(stop);
                tasks.push(actor.task);
            }
            let all = async {
                for task in tasks {
                    // A panic there has been printed by the thread itself.
                    let _ = task.await;
                }
            };
            tokio::select! {
                () = all => {}
                () = at_once => {}
                // A little more than they were given themselves.
                () = tokio::time::sleep_until((deadline + Duration::from_millis(200)).into()) => {}
            }
        });
        threads.end();
    }
}

impl Shared {
    pub(crate) fn entries(&self) -> MutexGuard<'_, BTreeMap<Arc<str>, Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When the next one is tried again that failed when it began.
    pub(crate) fn next_try(&self) -> Option<Instant> {
        let entries = self.entries();
        let results = entries.values().filter_map(|entry| Some(entry.tried.as_ref()?.result));
        let times = results.filter_map(|result| match result {
            Tested::Failed { again } => Some(again),
            Tested::Good | Tested::Refused => None,
        });
        times.min()
    }

    /// All files that plugins are made of, and the folder of hooks.
    pub(crate) async fn watched(&self) -> Vec<PathBuf> {
        let hooks = self.in_force.lock().await.plan.hooks.clone();
        let entries = self.entries();
        let tried = entries.values().filter_map(|entry| entry.tried.as_ref());
        let files = tried.flat_map(|tried| tried.files.iter().map(|(path, _)| path.clone()));
        files.chain(hooks.map(|folder| folder.join("*"))).collect()
    }
}
