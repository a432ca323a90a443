//! A plugin tried without a daemon: all that it would do outside is told instead.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::Bus;
use keepwatch_event::{Event, EventKind, Rounded, Snapshot, State};
use keepwatch_host::{
    CheckRequest, Failure, Host, LINE, Manifest, Outcome, Plugin, PluginSpec, Program, Refusal, Runtime,
    Source, Store, Verdict, call, check_needs, check_settings, handle, live_effects, one_line,
};

use crate::effects::TrialEffects;

/// Whether connections are made in a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outside {
    /// They are told instead.
    Told,
    /// HTTP requests and probes are real. Actions and verdicts are told in any case.
    Real,
}

/// Something a plugin did, or would have done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// `would run`, `info`, ...
    pub what: &'static str,
    /// The rest.
    pub text: String,
}

/// What came of one call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// What the call was: `on_master`, `check`, ...
    pub call: String,
    /// How long it took.
    pub took: Duration,
    /// What it answered, in words.
    pub answer: Result<String, String>,
    /// What it did meanwhile.
    pub told: Vec<Told>,
}

/// A plugin under trial.
pub struct Trial {
    program: Arc<dyn Program>,
    spec: PluginSpec,
    effects: Arc<TrialEffects>,
    host: Host,
    plugin: Option<Box<dyn Plugin>>,
    snapshot: Snapshot,
}

impl Trial {
    /// Begins with a program that [`compile`] has made.
    ///
    /// # Errors
    ///
    /// Why it would not be loaded.
    pub async fn begin(
        program: Arc<dyn Program>,
        source: &Source,
        spec: PluginSpec,
        outside: Outside,
    ) -> Result<Self, Refusal> {
        check_needs(source, program.manifest(), &spec)?;
        check_settings(program.manifest(), &spec)?;
        let snapshot = Snapshot::new("trial", Bus::now(), Vec::new());
        let bus = Bus::start(snapshot.clone(), || ()).map_err(|error| Refusal::plain(error.to_string()))?;
        let effects = Arc::new(TrialEffects::new(live_effects(&bus, Store::in_memory()), outside));
        let host = Host::new(&spec, Arc::clone(&effects) as Arc<dyn keepwatch_host::Effects>);
        let mut trial = Self { program, spec, effects, host, plugin: None, snapshot };
        trial.start().await.map_err(|failure| Refusal::plain(format!("{} {failure}", trial.spec.name)))?;
        Ok(trial)
    }

    /// What the plugin says of itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        self.program.manifest()
    }

    /// What it did while it began.
    #[must_use]
    pub fn beginning(&self) -> Vec<Told> {
        self.effects.take()
    }

    async fn start(&mut self) -> Result<(), Failure> {
        let within = self.spec.limits.call;
        let mut plugin = call(&self.host, within, self.program.start(self.host.clone())).await?;
        call(&self.host, within, plugin.init(None)).await?;
        call(&self.host, within, plugin.sync(&self.snapshot)).await?;
        self.plugin = Some(plugin);
        Ok(())
    }

    /// Lets it hear an event; none if it does not want to.
    pub async fn hear(&mut self, event: &Arc<Event>) -> Option<Shown> {
        if !self.program.manifest().wants(event) {
            return None;
        }
        let name = occasion_name(event);
        let limit = self.spec.limits.call;
        if let Err(failure) = self.revive().await {
            return Some(self.shown(name, Duration::ZERO, Err(failure.to_string())));
        }
        let plugin = self.plugin.as_mut()?;
        let began = Instant::now();
        let answer = handle(&self.host, limit, plugin.as_mut(), event).await;
        let took = began.elapsed();
        let answer = self.judge(answer).map(|outcome| match outcome {
            Outcome::Done => "ok".to_owned(),
            Outcome::RetryAfter(pause) => format!("wants it again in {}", Rounded(pause)),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        });
        Some(self.shown(name, took, answer))
    }

    /// Asks it how things are.
    pub async fn ask(&mut self) -> Shown {
        let within = self.spec.schedule.map_or(self.spec.limits.call, |schedule| schedule.timeout);
        let request = CheckRequest { name: self.spec.name.to_string(), within };
        if let Err(failure) = self.revive().await {
            return self.shown("check".to_owned(), Duration::ZERO, Err(failure.to_string()));
        }
        let began = Instant::now();
        let answer = match self.plugin.as_mut() {
            Some(plugin) => call(&self.host, within, plugin.check(&request)).await,
            None => Err(Failure::Crashed("is not there".to_owned())),
        };
        let took = began.elapsed();
        let answer = match self.judge(answer) {
            Ok(Verdict { health, text }) => Ok(format!("{health}: {}", one_line(&text, LINE))),
            Err(why) => Err(why),
        };
        self.shown("check".to_owned(), took, answer)
    }

    /// After a fatal failure there is no instance: the next call begins anew, as in the daemon.
    async fn revive(&mut self) -> Result<(), Failure> {
        if self.plugin.is_some() { Ok(()) } else { self.start().await }
    }

    fn judge<T>(&mut self, answer: Result<T, Failure>) -> Result<T, String> {
        if answer.as_ref().is_err_and(Failure::is_fatal) {
            self.plugin = None;
        }
        answer.map_err(|failure| match failure {
            Failure::Reported(why) => why,
            failure => format!("it {failure}"),
        })
    }

    fn shown(&self, call: String, took: Duration, answer: Result<String, String>) -> Shown {
        Shown { call, took, answer, told: self.effects.take() }
    }
}

/// Compiles a plugin with whichever runtime understands it.
///
/// # Errors
///
/// Why it is no plugin.
pub async fn compile(runtimes: &[Arc<dyn Runtime>], source: &Source) -> Result<Arc<dyn Program>, Refusal> {
    let runtime = runtimes.iter().find(|runtime| runtime.understands(&source.path));
    let runtime = runtime.ok_or_else(|| {
        Refusal::plain(format!("nothing here runs {}", source.path.display()))
            .help("a plugin is a Rhai script, NAME.rhai, or a WASM component, NAME.wasm")
    })?;
    runtime.compile(source).await
}

/// What an event is called: `on_master` for a transition to MASTER, else `on_` and its kind.
fn occasion_name(event: &Event) -> String {
    let state = match &event.kind {
        EventKind::Transition { to, .. } => to,
        kind => return format!("on_{}", kind.name()),
    };
    let name = match state {
        State::Init => "init",
        State::Backup => "backup",
        State::Master => "master",
        State::Fault => "fault",
        State::Stopped => "stop",
    };
    format!("on_{name}")
}
