//! From a plan to running plugins: only what has changed is touched.
//!
//! No plugin waits long for another one: they are loaded side by side, each with a head start. What is built in comes first,
//! before the folder of hooks is read: instances wait for its verdicts, but not for long.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::{EventKind, Severity};
use tokio::task::{JoinError, JoinHandle};
use tokio::time::{timeout, timeout_at};

use crate::actor::Command;
use crate::entry::{Entry, Handle, Tested, Tried};
use crate::hooks::{Found, Hooks};
use crate::load::{Became, Load};
use crate::plugins::{Applied, Shared};
use crate::spec::{Plan, PluginSpec};

/// How long a plugin that is taken away may work on.
pub(crate) const LAST_WORK: Duration = Duration::from_secs(5);
/// How long after that it is waited for.
const GRACE: Duration = Duration::from_millis(200);
/// How long a plugin is loaded before the next one's turn comes. All at once they would take each other's time, of which each
/// has so much and no more; one that hangs or compiles for long is left behind.
const HEAD_START: Duration = Duration::from_secs(1);

/// What should run.
#[derive(Default)]
pub(crate) struct InForce {
    pub(crate) plan: Plan,
    hooks: Hooks,
}

/// Puts a plan in force. What does not run, or not in its last version, is tried again. `listening` is called when its
/// plugins hear all events from then on, which is before they are loaded.
pub(crate) async fn apply(shared: &Arc<Shared>, plan: Plan, listening: impl FnOnce() + Send) -> Applied {
    let mut in_force = shared.in_force.lock().await;
    in_force.plan = plan;
    shared.live.set_actions(in_force.plan.actions.clone());
    for entry in shared.entries().values_mut() {
        match &mut entry.tried {
            // How often it failed is not forgotten for that.
            Some(Tried { result: Tested::Failed { again }, .. }) => *again = Instant::now(),
            // Where an older version runs, too: whoever asks for it shall hear again why the new one does not.
            Some(Tried { result: Tested::Refused, .. }) => entry.tried = None,
            _ if entry.actor.is_none() => entry.tried = None,
            _ => {}
        }
    }
    let applied = put_in_force(shared, &mut in_force, listening).await;
    drop(in_force);
    shared.watch.changed();
    applied
}

/// Puts the plan in force once more: files may have changed.
pub(crate) async fn again(shared: &Arc<Shared>) -> Applied {
    let mut in_force = shared.in_force.lock().await;
    let applied = put_in_force(shared, &mut in_force, || ()).await;
    drop(in_force);
    shared.watch.changed();
    applied
}

async fn put_in_force(
    shared: &Arc<Shared>,
    in_force: &mut InForce,
    listening: impl FnOnce() + Send,
) -> Applied {
    let InForce { plan, hooks } = in_force;
    let (files, natives): (Vec<PluginSpec>, Vec<PluginSpec>) =
        plan.declared.iter().cloned().partition(|spec| spec.made.file().is_some());
    let natives: Vec<Loading> =
        natives.into_iter().map(|spec| Loading::begin(Load::new(shared, &spec), spec)).collect();
    let Found { hooks: found, running } = hooks.look(plan, &shared.context).await;
    // Made before anything is loaded, so that a plugin hears what happens while it is.
    let files: Vec<(Load, PluginSpec)> =
        files.into_iter().chain(found).map(|spec| (Load::new(shared, &spec), spec)).collect();
    listening();
    let names = files.iter().map(|(_, spec)| &spec.name).chain(natives.iter().map(|native| &native.name));
    let wanted: BTreeSet<Arc<str>> = names.chain(&running).map(Arc::clone).collect();
    let (unloaded, files) = tokio::join!(unload_all_but(shared, &wanted), begin_in_order(files));
    let mut applied = Applied { unloaded, ..Applied::default() };
    for loading in files.into_iter().chain(natives) {
        let name = loading.name.to_string();
        match loading.end().await {
            Ok(Became::Loaded) => applied.loaded.push(name),
            Ok(Became::Reloaded) => applied.reloaded.push(name),
            Ok(Became::Refused(why)) => applied.refused.push((name, why)),
            Ok(Became::Unchanged) => applied.unchanged += 1,
            // Only with the runtime, which ends this as well.
            Err(error) if error.is_cancelled() => std::future::pending().await,
            // It panicked, which its thread has printed.
            Err(_) => {
                let why = format!("error: loading {name} broke off; this is a fault of keepwatch's");
                applied.refused.push((name, why));
            }
        }
    }
    applied
}

/// A plugin that is being loaded, beside all others.
struct Loading {
    name: Arc<str>,
    task: JoinHandle<Became>,
    ended: Option<Result<Became, JoinError>>,
}

impl Loading {
    fn begin(load: Load, spec: PluginSpec) -> Self {
        Self { name: Arc::clone(&spec.name), task: load.start(spec), ended: None }
    }

    /// Waits until it is loaded, or its head start is over.
    async fn head_start(&mut self) {
        self.ended = timeout(HEAD_START, &mut self.task).await.ok();
    }

    async fn end(self) -> Result<Became, JoinError> {
        match self.ended {
            Some(ended) => ended,
            None => self.task.await,
        }
    }
}

/// Begins to load plugins, one after the other.
async fn begin_in_order(files: Vec<(Load, PluginSpec)>) -> Vec<Loading> {
    let mut begun = Vec::new();
    for (load, spec) in files {
        let mut loading = Loading::begin(load, spec);
        loading.head_start().await;
        begun.push(loading);
    }
    begun
}

/// Ends the plugins that are not wanted any more; gives their names.
async fn unload_all_but(shared: &Shared, wanted: &BTreeSet<Arc<str>>) -> Vec<String> {
    let gone: Vec<(Arc<str>, Entry)> = {
        let mut entries = shared.entries();
        let names: Vec<Arc<str>> = entries.keys().map(Arc::clone).collect();
        let gone = names.into_iter().filter(|name| !wanted.contains(name));
        gone.filter_map(|name| entries.remove_entry(&name)).collect()
    };
    let deadline = Instant::now() + LAST_WORK;
    for (_, entry) in &gone {
        let Some(actor) = &entry.actor else { continue };
        // One whose line is full is ended below, as one that does not end in time.
        let _ = actor.commands.try_send(Command::Stop { reason: "taken away".to_owned(), deadline });
    }
    let mut unloaded = Vec::new();
    for (name, entry) in gone {
        if let Some(Handle { mut task, .. }) = entry.actor
            && timeout_at((deadline + GRACE).into(), &mut task).await.is_err()
        {
            task.abort();
        }
        shared.live.forget(&name);
        shared.context.verdicts.forget(&name);
        let plugin = name.to_string();
        shared.context.tell(Severity::Info, EventKind::PluginUnloaded { plugin });
        unloaded.push(name.to_string());
    }
    unloaded
}
