//! From a plan to running plugins: only what has changed is touched, and a version that cannot run leaves the one
//! before it running.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::Subscription;
use keepwatch_event::{EventKind, Severity};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout_at;

use crate::actor::{Actor, Command};
use crate::entry::{Entry, Handle, Tried};
use crate::failure::Failure;
use crate::files;
use crate::needs;
use crate::plugin::{Program, Source};
use crate::plugins::{Applied, Shared};
use crate::refusal::Refusal;
use crate::spec::{Plan, PluginSpec};

/// Commands that may wait for an actor.
const COMMANDS: usize = 8;
/// How long a plugin that is taken away may work on.
const LAST_WORK: Duration = Duration::from_secs(5);
/// How long after that it is waited for.
const GRACE: Duration = Duration::from_millis(200);

/// Puts plans in force.
pub(crate) struct Loader {
    shared: Arc<Shared>,
    /// Made before anything is loaded, so that a plugin hears what happens while it is.
    subscriptions: BTreeMap<Arc<str>, Subscription>,
}

/// What became of one plugin.
enum Became {
    Loaded,
    Reloaded,
    Refused(String),
    Unchanged,
}

impl Loader {
    /// A loader whose plugins hear all events from now on.
    pub(crate) fn new(shared: Arc<Shared>, plan: &Plan) -> Self {
        let mut subscriptions = BTreeMap::new();
        for spec in resolve(plan) {
            let runs = shared.entries().get(&spec.name).is_some_and(|entry| entry.actor.is_some());
            if !runs {
                subscriptions.insert(Arc::clone(&spec.name), shared.subscribe(&spec));
            }
        }
        Self { shared, subscriptions }
    }

    /// Puts a plan in force.
    pub(crate) async fn apply(mut self, plan: Plan) -> Applied {
        let shared = Arc::clone(&self.shared);
        let mut current = shared.plan.lock().await;
        let specs = resolve(&plan);
        *current = plan;
        let mut applied = Applied::default();
        self.unload_all_but(&specs, &mut applied).await;
        for spec in specs {
            let name = spec.name.to_string();
            match self.load(spec).await {
                Became::Loaded => applied.loaded.push(name),
                Became::Reloaded => applied.reloaded.push(name),
                Became::Refused(why) => applied.refused.push((name, why)),
                Became::Unchanged => applied.unchanged += 1,
            }
        }
        drop(current);
        self.shared.watch.changed();
        applied
    }

    async fn unload_all_but(&self, specs: &[PluginSpec], applied: &mut Applied) {
        let gone: Vec<(Arc<str>, Entry)> = {
            let mut entries = self.shared.entries();
            let names: Vec<Arc<str>> = entries.keys().map(Arc::clone).collect();
            let gone = names.into_iter().filter(|name| specs.iter().all(|spec| spec.name != *name));
            gone.filter_map(|name| entries.remove_entry(&name)).collect()
        };
        let deadline = Instant::now() + LAST_WORK;
        for (_, entry) in &gone {
            let Some(actor) = &entry.actor else { continue };
            // One whose line is full is ended below, as one that does not end in time.
            let _ = actor.commands.try_send(Command::Stop { reason: "taken away".to_owned(), deadline });
        }
        for (name, entry) in gone {
            if let Some(Handle { mut task, .. }) = entry.actor
                && timeout_at((deadline + GRACE).into(), &mut task).await.is_err()
            {
                task.abort();
            }
            self.shared.live.forget(&name);
            let plugin = name.to_string();
            self.shared.context.tell(Severity::Info, EventKind::PluginUnloaded { plugin });
            applied.unloaded.push(name.to_string());
        }
    }

    async fn load(&mut self, spec: PluginSpec) -> Became {
        let content = files::read(&spec.path);
        let mut tried = Tried { spec: spec.clone(), files: vec![(spec.path.clone(), content.clone().ok())] };
        if self.was_tried(&tried) {
            return Became::Unchanged;
        }
        let runs = self.shared.entries().get(&spec.name).is_some_and(|entry| entry.actor.is_some());
        let outcome = match content {
            Ok(content) => self.prepare(&spec, content).await,
            Err(refusal) => Err(refusal),
        };
        let program = match outcome {
            Ok(program) => program,
            Err(refusal) => return self.refuse(tried, runs, refusal.to_string()),
        };
        tried.files.extend(program.files().iter().map(|path| (path.clone(), files::read(path).ok())));
        let began = if runs {
            self.replace(&spec, Arc::clone(&program)).await
        } else {
            self.begin(&spec, Arc::clone(&program)).await
        };
        if let Err(failure) = began {
            let why = format!("error: {} {failure}\n  = note: this happened when it began", spec.name);
            return self.refuse(tried, runs, why);
        }
        let roles = program.manifest().roles;
        if let Some(entry) = self.shared.entries().get_mut(&spec.name) {
            entry.tried = tried;
            if let Some(actor) = &mut entry.actor {
                actor.roles = roles;
            }
        }
        let (plugin, path) = (spec.name.to_string(), spec.path.display().to_string());
        let role = if roles.checker { "checker" } else { "handler" }.to_owned();
        if runs {
            self.shared.context.tell(Severity::Info, EventKind::PluginReloaded { plugin, path });
            return Became::Reloaded;
        }
        self.shared.context.tell(Severity::Info, EventKind::PluginLoaded { plugin, path, role });
        Became::Loaded
    }

    /// Whether this was tried already, whatever became of it.
    fn was_tried(&self, now: &Tried) -> bool {
        let entries = self.shared.entries();
        let Some(entry) = entries.get(&now.spec.name) else { return false };
        let known = &entry.tried;
        let others = known.files.iter().skip(1);
        known.spec == now.spec
            && known.files.first() == now.files.first()
            && others.into_iter().all(|(path, content)| files::read(path).ok() == *content)
    }

    async fn prepare(&self, spec: &PluginSpec, content: Arc<[u8]>) -> Result<Arc<dyn Program>, Refusal> {
        let runtime = self.shared.runtimes.iter().find(|runtime| runtime.understands(&spec.path));
        let Some(runtime) = runtime else {
            let shown = spec.path.display();
            return Err(Refusal::plain(format!("nothing here runs {shown}"))
                .help("a plugin is a Rhai script, NAME.rhai, or a WASM component, NAME.wasm"));
        };
        let source = Source { plugin: Arc::clone(&spec.name), path: spec.path.clone(), content };
        let program = runtime.compile(&source).await?;
        needs::check(&source, program.manifest(), spec)?;
        let roles = program.manifest().roles;
        if spec.schedule.is_some() && !roles.checker {
            return Err(Refusal::plain(format!("{} answers no checks", spec.path.display()))
                .help(format!("[{}] is for checkers; a handler stands under [plugin.NAME]", spec.table)));
        }
        if spec.schedule.is_none() && !roles.handler {
            return Err(Refusal::plain(format!("{} only answers checks", spec.path.display())).help(
                format!(
                    "write [check.{}] with plugin = \"{}\" and an interval",
                    spec.name,
                    spec.path.display()
                ),
            ));
        }
        Ok(program)
    }

    async fn begin(&mut self, spec: &PluginSpec, program: Arc<dyn Program>) -> Result<(), Failure> {
        let name = &spec.name;
        let subscription = self.subscriptions.remove(name).unwrap_or_else(|| self.shared.subscribe(spec));
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let context = Arc::clone(&self.shared.context);
        let metrics = self.shared.live.metrics_of(name);
        let (roles, gauge) = (program.manifest().roles, subscription.gauge());
        let actor = Actor::begin(context, spec.clone(), program, metrics, receiver, subscription).await?;
        let task = tokio::spawn(actor.run());
        let tried = Tried { spec: spec.clone(), files: Vec::new() };
        let actor = Some(Handle { commands, task, roles, gauge });
        self.shared.entries().insert(Arc::clone(name), Entry { tried, actor });
        Ok(())
    }

    async fn replace(&self, spec: &PluginSpec, program: Arc<dyn Program>) -> Result<(), Failure> {
        let commands = {
            let entries = self.shared.entries();
            entries.get(&spec.name).and_then(|entry| entry.actor.as_ref().map(|actor| actor.commands.clone()))
        };
        let gone = || Failure::Crashed("is not there any more".to_owned());
        let (reply, answer) = oneshot::channel();
        let command = Command::Replace { program, spec: Box::new(spec.clone()), reply };
        commands.ok_or_else(gone)?.send(command).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    fn refuse(&self, tried: Tried, kept: bool, why: String) -> Became {
        let (plugin, path) = (tried.spec.name.to_string(), tried.spec.path.display().to_string());
        {
            let mut entries = self.shared.entries();
            match entries.get_mut(&tried.spec.name) {
                Some(entry) => entry.tried = tried,
                None => {
                    entries.insert(Arc::clone(&tried.spec.name), Entry { tried, actor: None });
                }
            }
        }
        let kind = EventKind::PluginRefused { plugin, path, reason: why.clone(), kept };
        self.shared.context.tell(Severity::Error, kind);
        Became::Refused(why)
    }
}

/// All plugins of a plan: those declared, and the scripts in the folder of hooks that are not.
fn resolve(plan: &Plan) -> Vec<PluginSpec> {
    let mut specs = plan.declared.clone();
    let Some(folder) = &plan.hooks else { return specs };
    // A folder that cannot be read is as good as empty; what ran from it is told to be gone.
    for (name, path) in files::scripts(folder).unwrap_or_default() {
        let same = |spec: &PluginSpec| *spec.name == *name || same_file(&spec.path, &path);
        if !specs.iter().any(same) {
            specs.push(PluginSpec::plain(&name, path));
        }
    }
    specs
}

fn same_file(a: &PathBuf, b: &PathBuf) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}
