//! Loading one plugin: a version that cannot run leaves the one before it running.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use keepwatch_bus::Gauge;
use keepwatch_event::{EventKind, Rounded, Severity};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::actor::{Actor, Command};
use crate::entry::{Handle, Tested, Tried};
use crate::failure::Failure;
use crate::files;
use crate::hearing::Hearing;
use crate::loader::LAST_WORK;
use crate::native::NativeProgram;
use crate::needs;
use crate::plugin::{Program, Source};
use crate::plugins::Shared;
use crate::refusal::Refusal;
use crate::restart::{Pause, Restarts, jitter};
use crate::spec::{Made, PluginSpec};

/// Commands that may wait for an actor.
const COMMANDS: usize = 8;

/// A plugin that is to be loaded.
pub(crate) struct Load {
    shared: Arc<Shared>,
    /// What it hears, if it does not run yet.
    hearing: Option<Hearing>,
}

/// What became of one plugin.
pub(crate) enum Became {
    Loaded,
    Reloaded,
    Refused(String),
    Unchanged,
}

impl Load {
    /// Makes ready to load a plugin, which hears what happens from now on.
    pub(crate) fn new(shared: &Arc<Shared>, spec: &PluginSpec) -> Self {
        let runs = shared.entries().get(&spec.name).is_some_and(|entry| entry.actor.is_some());
        let hearing = if runs { None } else { Some(shared.context.hearing(spec)) };
        Self { shared: Arc::clone(shared), hearing }
    }

    /// Loads it where it then runs, beside all others.
    pub(crate) fn start(self, spec: PluginSpec) -> JoinHandle<Became> {
        let shared = Arc::clone(&self.shared);
        shared.handles.of(&spec.made).spawn(self.run(spec))
    }

    /// Loads it, unless it runs as it should, was refused as it is, or has failed and its time has not come.
    async fn run(mut self, spec: PluginSpec) -> Became {
        let content = match &spec.made {
            Made::File(path) => Some((path, files::read_aside(path).await)),
            Made::Native(_) => None,
        };
        let read = content.iter().map(|(path, content)| (PathBuf::clone(path), content.clone().ok()));
        // Until it is known to be good.
        let mut tried = Tried { spec: spec.clone(), files: read.collect(), result: Tested::Refused };
        let before = self.tried_before(&tried).await;
        match before {
            Some(Tested::Good | Tested::Refused) => return Became::Unchanged,
            Some(Tested::Failed { again }) if Instant::now() < again => return Became::Unchanged,
            Some(Tested::Failed { .. }) => {}
            None => self.forget_failures(&spec.name),
        }
        let runs = self.shared.entries().get(&spec.name).is_some_and(|entry| entry.actor.is_some());
        let outcome = match (&spec.made, content) {
            (_, Some((path, Ok(content)))) => self.prepare(&spec, path, content).await,
            (_, Some((_, Err(refusal)))) => Err(refusal),
            (Made::Native(native), None) => Ok(Arc::new(NativeProgram::new(native)) as Arc<dyn Program>),
            (Made::File(path), None) => Err(Refusal::plain(format!("{} was not read", path.display()))),
        };
        let looked_at = match &outcome {
            Ok(program) => program.files(),
            Err(refusal) => refusal.files(),
        };
        for path in looked_at {
            tried.files.push((path.clone(), files::read_aside(path).await.ok()));
        }
        let program = match outcome {
            Ok(program) => program,
            Err(refusal) => return self.refuse(tried, runs, refusal.to_string()),
        };
        let began = if runs {
            self.replace(&spec, Arc::clone(&program)).await
        } else {
            self.begin(&spec, Arc::clone(&program)).await
        };
        let gauge = match began {
            Ok(gauge) => gauge,
            Err(failure) => return self.failed(tried, runs, &failure),
        };
        if before.is_some() {
            self.shared.live.metrics_of(&spec.name).count(|counts| counts.restarts += 1);
            self.forget_failures(&spec.name);
        }
        let roles = program.manifest().roles;
        if let Some(entry) = self.shared.entries().get_mut(&spec.name) {
            entry.tried = Some(Tried { result: Tested::Good, ..tried });
            if let Some(actor) = &mut entry.actor {
                actor.roles = roles;
                actor.spec = spec.clone();
                actor.gauge = gauge;
            }
        }
        let (plugin, path) = (spec.name.to_string(), spec.made.to_string());
        let role = if roles.checker { "checker" } else { "handler" }.to_owned();
        let (became, kind) = if runs {
            (Became::Reloaded, EventKind::PluginReloaded { plugin, path })
        } else {
            (Became::Loaded, EventKind::PluginLoaded { plugin, path, role })
        };
        // What is built in needs no announcement: the configuration has been read.
        if spec.made.file().is_some() {
            self.shared.context.tell(Severity::Info, kind);
        }
        became
    }

    fn forget_failures(&self, name: &str) {
        if let Some(entry) = self.shared.entries().get_mut(name) {
            entry.begins = Restarts::default();
        }
    }

    /// What became of this, if it was tried already.
    async fn tried_before(&self, now: &Tried) -> Option<Tested> {
        let known = {
            let entries = self.shared.entries();
            entries.get(&now.spec.name).and_then(|entry| entry.tried.clone())
        };
        let known =
            known.filter(|known| known.spec == now.spec && known.files.first() == now.files.first())?;
        for (path, content) in known.files.iter().skip(1) {
            if files::read_aside(path).await.ok() != *content {
                return None;
            }
        }
        Some(known.result)
    }

    async fn prepare(
        &self,
        spec: &PluginSpec,
        path: &Path,
        content: Arc<[u8]>,
    ) -> Result<Arc<dyn Program>, Refusal> {
        let runtime = self.shared.runtimes.iter().find(|runtime| runtime.understands(path));
        let Some(runtime) = runtime else {
            let shown = path.display();
            return Err(Refusal::plain(format!("nothing here runs {shown}"))
                .help("a plugin is a Rhai script, NAME.rhai, or a WASM component, NAME.wasm"));
        };
        let (plugin, limits) = (Arc::clone(&spec.name), spec.limits.clone());
        let source = Source { plugin, path: path.to_owned(), content, limits };
        let program = runtime.compile(&source).await?;
        let fits = needs::check(&source, program.manifest(), spec)
            .and_then(|()| needs::check_settings(program.manifest(), spec))
            .and_then(|()| needs::check_role(program.manifest(), spec));
        fits.map_err(|refusal| refusal.looked_at(program.files().iter().cloned()))?;
        Ok(program)
    }

    async fn begin(
        &mut self,
        spec: &PluginSpec,
        program: Arc<dyn Program>,
    ) -> Result<Option<Gauge>, Failure> {
        let name = &spec.name;
        let hearing = self.hearing.take().unwrap_or_else(|| self.shared.context.hearing(spec));
        let (commands, receiver) = mpsc::channel(COMMANDS);
        let context = Arc::clone(&self.shared.context);
        let metrics = self.shared.live.metrics_of(name);
        let (roles, gauge) = (program.manifest().roles, hearing.gauge());
        let actor = Actor::begin(context, spec.clone(), program, metrics, receiver, hearing).await?;
        let mut entries = self.shared.entries();
        if self.shared.stopping.load(Ordering::Relaxed) {
            return Err(Failure::Reported("keepwatch stops".to_owned()));
        }
        let task = tokio::spawn(actor.run());
        let actor = Some(Handle { commands, task, spec: spec.clone(), roles, gauge: gauge.clone() });
        entries.entry(Arc::clone(name)).or_default().actor = actor;
        drop(entries);
        Ok(gauge)
    }

    async fn replace(&self, spec: &PluginSpec, program: Arc<dyn Program>) -> Result<Option<Gauge>, Failure> {
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

    /// Notes and tells that a version failed when it began, and when it is tried again.
    fn failed(&self, tried: Tried, runs: bool, failure: &Failure) -> Became {
        let name = &tried.spec.name;
        self.shared.live.metrics_of(name).count(|counts| counts.failures += 1);
        let now = Instant::now();
        let pause = self.shared.entries().entry(Arc::clone(name)).or_default().begins.failed(now, jitter());
        let when = match pause {
            Pause::Restart(_) => "this happened when it began; tried again",
            Pause::Rest(_) => "this happened when it began, too often: tried again",
        };
        let why = format!(
            "error: {name} {failure}\n  = note: {when} after {}, at once when its file or its settings change",
            Rounded(pause.length())
        );
        let result = Tested::Failed { again: now + pause.length() };
        self.refuse(Tried { result, ..tried }, runs, why)
    }

    /// Notes and tells that a version was refused. The one before runs on, unless it may do what it may no more.
    fn refuse(&self, tried: Tried, runs: bool, why: String) -> Became {
        let (plugin, path) = (tried.spec.name.to_string(), tried.spec.made.to_string());
        let mut kept = runs;
        {
            let mut entries = self.shared.entries();
            let name = Arc::clone(&tried.spec.name);
            let entry = entries.entry(name).or_default();
            let outdated = |actor: &Handle| actor.spec.grants.exceed(&tried.spec.grants);
            if let Some(actor) = entry.actor.take_if(|actor| outdated(actor)) {
                let (reason, deadline) = ("a grant was withdrawn".to_owned(), Instant::now() + LAST_WORK);
                // It ends by itself when its commands do, and if its line is full, too.
                let _ = actor.commands.try_send(Command::Stop { reason, deadline });
                kept = false;
            }
            entry.tried = Some(tried);
        }
        let kind = EventKind::PluginRefused { plugin, path, reason: why.clone(), kept };
        self.shared.context.tell(Severity::Error, kind);
        Became::Refused(why)
    }
}
