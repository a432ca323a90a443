//! The daemon's control socket: what it answers, on a thread of its own.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use keepwatch_bus::{Bus, Delivery, Draft, Subscription};
use keepwatch_config::model::Config;
use keepwatch_control::{
    Answering, Backend, ConfigStatus, DeadLetter, DestinationStatus, Done, ExplainRequest, Letters,
    PluginName, PluginReport, Rejection, ReloadRequest, Reloading, Server, SilenceName, SilenceStatus,
    Status,
};
use keepwatch_engine::Counting;
use keepwatch_event::{EventKind, Explanation, Severity, Timestamp};
use keepwatch_host::Report;
use tokio::sync::oneshot;

use crate::explaining::Explaining;
use crate::notifications::{self, Notifications};
use crate::plugin_reports;

/// The events that are kept from a plugin, being read.
pub(crate) type LettersRead = Answering<Result<Vec<DeadLetter>, String>>;

/// What the control socket has from the daemon's other parts.
pub(crate) struct Hooks {
    /// What is known of the plugins. Must not wait.
    pub(crate) plugins: Box<dyn Fn() -> Vec<Report> + Send + Sync>,
    /// Asks the engine how its instances stand.
    pub(crate) explaining: Explaining,
    /// Takes the configuration over as it is on disk now, or says what that would do. The future runs on the control socket's thread: what takes
    /// long belongs elsewhere, with a channel to here.
    pub(crate) reload: Box<dyn Fn(ReloadRequest) -> Reloading + Send + Sync>,
    /// The configuration in force. Must not wait.
    pub(crate) in_force: Box<dyn Fn() -> Arc<Config> + Send + Sync>,
    /// Which events are kept from a plugin.
    pub(crate) dead_letters: Box<dyn Fn(String) -> LettersRead + Send + Sync>,
    /// Who is told what.
    pub(crate) notifications: Notifications,
    /// What the engine has counted.
    pub(crate) counting: Counting,
}

/// The control socket at work, or its lack.
pub(crate) struct Control {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Control {
    /// Begins to answer on `socket`. If that cannot be, an event says so, and the daemon goes on without. `config` is the
    /// configuration's path and hash; what is loaded or rejected later is heard on the bus.
    pub(crate) fn begin(socket: &Path, bus: &Bus, config: (&str, &str), hooks: Hooks) -> Self {
        let listening = Server::bind(socket).map_err(|error| error.to_string());
        let begun = listening.and_then(|server| {
            Self::serve(server, bus, config, hooks)
                .map_err(|error| format!("cannot start its thread: {error}"))
        });
        begun.unwrap_or_else(|error| {
            let part = "control socket".to_owned();
            let consequence = "`keepwatch status` and the like cannot ask this daemon (KEEPWATCH_CONTROL sets another \
                               path)";
            let kind = EventKind::Degraded { part, error, consequence: consequence.to_owned() };
            bus.publish(Draft::general(Severity::Warning, kind));
            Self { stop: None, thread: None }
        })
    }

    fn serve(server: Server, bus: &Bus, config: (&str, &str), hooks: Hooks) -> std::io::Result<Self> {
        let started = Bus::now();
        let config = ConfigStatus {
            path: config.0.to_owned(),
            hash: config.1.to_owned(),
            loaded: started,
            waits: None,
            rejected: None,
        };
        let config = Arc::new(Mutex::new(config));
        let changes = bus.subscribe("the control socket", Delivery::State, CHANGES);
        let facts = Facts { bus: bus.clone(), started, config: Arc::clone(&config), hooks };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            let stopped = async {
                // An error: there is nobody left who could say it.
                let _ = stopped.await;
            };
            let outcome = runtime.block_on(async {
                tokio::spawn(follow(changes, config));
                server.serve(Arc::new(facts), stopped).await
            });
            if let Err(error) = outcome {
                tracing::error!("the control socket does not answer: {error}");
            }
        })?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }

    /// Answers no more and lets go of the bus; whoever listens still hears the events up to its end.
    pub(crate) fn stop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have ended already.
            let _ = stop.send(());
        }
    }

    /// Waits until the last events are told, but not for a client that does not read them.
    pub(crate) fn finish(self) {
        let Some(thread) = self.thread else { return };
        let until = Instant::now() + Duration::from_millis(1_500);
        while !thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// How long the engine may take to say what it has counted; without it status says the rest.
const ENGINE: Duration = Duration::from_millis(500);
/// Events that may wait to be looked at for changes of the configuration: of those only the last matters.
const CHANGES: usize = 64;

/// Keeps what is known of the configuration true, until the bus ends.
async fn follow(mut changes: Subscription, config: Arc<Mutex<ConfigStatus>>) {
    while let Some(event) = changes.next().await {
        note(&mut config.lock().unwrap_or_else(PoisonError::into_inner), &event.kind, event.at);
    }
}

/// Notes an event if it is about the configuration.
fn note(config: &mut ConfigStatus, kind: &EventKind, at: Timestamp) {
    match kind {
        EventKind::ConfigLoaded { path, hash, waits, .. } => {
            let (path, hash, waits) = (path.clone(), hash.clone(), waits.clone());
            *config = ConfigStatus { path, hash, loaded: at, waits, rejected: None };
        }
        EventKind::ConfigRejected { reason, .. } => {
            config.rejected = Some(Rejection { at, reason: reason.clone() });
        }
        _ => {}
    }
}

struct Facts {
    bus: Bus,
    started: Timestamp,
    config: Arc<Mutex<ConfigStatus>>,
    hooks: Hooks,
}

impl Backend for Facts {
    fn status(&self) -> Answering<Status> {
        let counting = self.hooks.counting.clone();
        let at = Bus::now();
        let mut unasked = self.bus.snapshot();
        counting.refresh(&mut unasked);
        let mut snapshot = unasked.clone();
        // On a thread that may wait for the engine.
        let asked = tokio::task::spawn_blocking(move || {
            counting.fill(&mut snapshot, ENGINE);
            snapshot
        });
        let plugins = plugin_reports::all(&(self.hooks.plugins)(), &unasked, at);
        let status = Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            node: unasked.node.to_string(),
            at,
            started: self.started,
            uptime: at.monotonic.saturating_sub(self.started.monotonic),
            config: self.config.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            plugins,
            destinations: self.hooks.notifications.summary(),
            snapshot: unasked,
        };
        Box::pin(async move {
            match asked.await {
                Ok(snapshot) => Status { snapshot, ..status },
                Err(_) => status,
            }
        })
    }

    fn explain(&self, which: ExplainRequest) -> Answering<Result<Explanation, String>> {
        let (explaining, bus) = (self.hooks.explaining.clone(), self.bus.clone());
        Box::pin(async move { explaining.explain(&bus, which).await })
    }

    fn plugins(&self) -> Vec<PluginReport> {
        plugin_reports::all(&(self.hooks.plugins)(), &self.bus.snapshot(), Bus::now())
    }

    fn subscribe(&self, name: &str, delivery: Delivery, capacity: usize) -> Subscription {
        self.bus.subscribe(name, delivery, capacity)
    }

    fn reload(&self, how: ReloadRequest) -> Reloading {
        (self.hooks.reload)(how)
    }

    fn dead_letters(&self, plugin: PluginName) -> LettersRead {
        let reading = (self.hooks.dead_letters)(plugin.plugin.clone());
        let known: Vec<String> = self.plugins().into_iter().map(|report| report.name).collect();
        Box::pin(async move {
            let letters = reading.await?;
            // Those of a plugin that has gone are kept.
            if letters.is_empty() && !known.contains(&plugin.plugin) {
                return Err(plugin_reports::stranger(&plugin.plugin, &known));
            }
            Ok(letters)
        })
    }

    fn spool(&self) -> Answering<Vec<DestinationStatus>> {
        self.hooks.notifications.spool()
    }

    fn spool_retry(&self, letters: Letters) -> Answering<Done> {
        self.hooks.notifications.retry(letters)
    }

    fn spool_purge(&self, letters: Letters) -> Answering<Done> {
        self.hooks.notifications.purge(letters)
    }

    fn silences(&self) -> Answering<Vec<SilenceStatus>> {
        self.hooks.notifications.silences()
    }

    fn silence(&self, silence: SilenceStatus) -> Answering<Done> {
        match notifications::stranger(&silence, &(self.hooks.in_force)()) {
            Some(why) => Box::pin(async { Done::refused(why) }),
            None => self.hooks.notifications.silence(silence),
        }
    }

    fn silence_end(&self, name: SilenceName) -> Answering<Done> {
        self.hooks.notifications.silence_end(name)
    }
}

#[cfg(test)]
mod tests {
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn the_last_word_about_the_configuration_counts() {
        let at =
            |seconds| Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::from_secs(seconds) };
        let status = |path: &str, hash: &str, loaded, waits| {
            let (path, hash) = (path.to_owned(), hash.to_owned());
            ConfigStatus { path, hash, loaded: at(loaded), waits, rejected: None }
        };
        let mut config = status("a", "1", 0, None);
        let rejected = EventKind::ConfigRejected { path: "a".into(), reason: "no".into() };
        note(&mut config, &rejected, at(1));
        assert_eq!(config.rejected, Some(Rejection { at: at(1), reason: "no".into() }));
        note(&mut config, &EventKind::Resynchronised, at(2));
        assert_eq!((config.loaded, config.rejected.is_some()), (at(0), true));
        let loaded =
            |waits| EventKind::ConfigLoaded { path: "b".into(), instances: 1, hash: "2".into(), waits };
        note(&mut config, &loaded(Some("static_routes".into())), at(3));
        assert_eq!(config, status("b", "2", 3, Some("static_routes".into())));
        note(&mut config, &loaded(None), at(4));
        assert_eq!(config, status("b", "2", 4, None));
    }
}
