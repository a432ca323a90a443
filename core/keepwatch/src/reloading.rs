//! Taking the configuration over as it is on disk now, as far as this version can: plugins, actions, notify scripts.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keepwatch_bus::Draft;
use keepwatch_config::model::Trackable;
use keepwatch_config::{Config, Style};
use keepwatch_control::{ReloadReport, Reloading};
use keepwatch_event::{EventKind, Severity};
use keepwatch_exec::NotifyScripts;
use keepwatch_host::{Plan, PluginSpec, Plugins};
use tokio::sync::oneshot;

use crate::checks::{Means, Occasion};
use crate::notifications::Notifications;
use crate::{check, checks, destinations, exit, notify_scripts, plan};

/// Why a configuration with other instances is not wholly in force.
const RESTART: &str = "what has changed beside plugins, actions, destinations, notify scripts and how checks ask is taken over when \
                       keepwatch is restarted";

/// The parts of the daemon that a reload changes.
pub(crate) struct Parts {
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) scripts: Arc<NotifyScripts>,
    pub(crate) means: Means,
    pub(crate) notifications: Notifications,
}

/// Takes the configuration over. Clones share all of it.
#[derive(Clone)]
pub(crate) struct Reloader {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    hooks: PathBuf,
    parts: Parts,
    /// What the engine runs.
    in_force: Config,
    /// What plugins and checks were last told to be. Held while that changes: one reload after the other, from reading on,
    /// so that the last one to read is the last one in force.
    plan: Mutex<Plan>,
}

impl Reloader {
    pub(crate) fn new(path: PathBuf, hooks: PathBuf, parts: Parts, in_force: Config, plan: Plan) -> Self {
        let plan = Mutex::new(plan);
        Self { shared: Arc::new(Shared { path, hooks, parts, in_force, plan }) }
    }

    /// Reloads on a thread of its own: plugins may take seconds to compile.
    pub(crate) fn reload(&self) -> Reloading {
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new().name("reload".to_owned()).spawn(move || {
            // Whoever asked may have gone.
            let _ = tell.send(shared.reload());
        });
        Box::pin(async move {
            let report = match spawned {
                Ok(_) => told.await.ok(),
                Err(_) => None,
            };
            report.unwrap_or_else(|| ReloadReport {
                done: Vec::new(),
                refused: vec!["the reload broke off; the log may say why".to_owned()],
                exit_status: exit::FAILED,
            })
        })
    }
}

impl Shared {
    fn reload(&self) -> ReloadReport {
        let mut known = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path.display().to_string();
        let mut site = match keepwatch_config::load_site(&self.path) {
            Ok(site) => site,
            Err(error) => return self.reject(error.to_string(), error.to_string()),
        };
        let mut plan = plan::plan(&mut site, Some(&self.hooks));
        let destinations = destinations::of_site(&mut site);
        let Some(config) = &site.config else {
            let shown = site.render(Style::Plain);
            let why = format!("{}\n{}", check::summary(&self.path, &site), shown.trim_end());
            return self.reject(why, shown);
        };
        plan.declared.extend(checks::natives(config, &self.parts.means, Occasion::Reload));
        let instances = config.instances.len();
        let mut report = ReloadReport::default();
        let is_whole = self.has_same_instances(config);
        if !is_whole {
            report.refused.push(format!("{path}: {RESTART}"));
            // The instances go on as they were, and so do the checks that they track.
            keep_tracked(&mut plan, &known, &self.in_force);
        }
        let is_check = |name: &String| {
            let both = plan.declared.iter().chain(&known.declared);
            both.into_iter().any(|spec| *spec.name == **name && spec.schedule.is_some())
        };
        let kinds: BTreeSet<String> = plan
            .declared
            .iter()
            .chain(&known.declared)
            .map(|spec| spec.name.to_string())
            .filter(is_check)
            .collect();
        let kind = |name: &String| if kinds.contains(name) { "check" } else { "plugin" };
        *known = plan.clone();
        // Before the plugins, which may have something to say at once.
        report.done.extend(self.parts.notifications.apply(destinations));
        let Some(applied) = self.parts.plugins.apply(plan) else {
            let refused = vec!["keepwatch stops".to_owned()];
            return ReloadReport { done: Vec::new(), refused, exit_status: exit::FAILED };
        };
        let done =
            [("loaded", applied.loaded), ("reloaded", applied.reloaded), ("unloaded", applied.unloaded)];
        for (deed, names) in done {
            report.done.extend(names.iter().map(|name| format!("{} {name} {deed}", kind(name))));
        }
        let refused =
            applied.refused.into_iter().map(|(name, why)| format!("{} {name} refused\n{why}", kind(&name)));
        report.refused.extend(refused);
        report.exit_status = if report.refused.is_empty() { exit::OK } else { exit::FAILED };
        if is_whole {
            // Those of other instances would be told nothing, and those that run on are told as before.
            self.parts.scripts.replace(notify_scripts::settings(config));
            self.tell(Severity::Info, EventKind::ConfigLoaded { path, instances });
        } else {
            // Whoever did not ask for the reload, as with SIGHUP, hears it, too; and status knows it until it is so.
            let reason = RESTART.to_owned();
            self.tell(Severity::Warning, EventKind::ConfigRejected { path, reason });
        }
        report
    }

    /// Whether all that the engine has is as it was. How it stops is the command line's to say; what an instance
    /// is meant to be moves nothing; of checks it knows only what their verdicts are worth; and notify scripts and
    /// FIFOs are not its own.
    fn has_same_instances(&self, config: &Config) -> bool {
        let mut config = config.clone();
        config.extensions = self.in_force.extensions.clone();
        if tracked(&config) == tracked(&self.in_force) {
            config.checks = self.in_force.checks.clone();
        }
        for (new, old) in config.instances.iter_mut().zip(&self.in_force.instances) {
            new.stop_mode = old.stop_mode;
            new.meant = old.meant;
            new.notify = old.notify.clone();
        }
        for (new, old) in config.groups.iter_mut().zip(&self.in_force.groups) {
            new.notify = old.notify.clone();
        }
        config.globals.notify_fifos = self.in_force.globals.notify_fifos.clone();
        config == self.in_force
    }

    fn reject(&self, reason: String, shown: String) -> ReloadReport {
        let path = self.path.display().to_string();
        self.tell(Severity::Error, EventKind::ConfigRejected { path, reason });
        ReloadReport { done: Vec::new(), refused: vec![shown], exit_status: exit::CONFIGURATION }
    }

    fn tell(&self, severity: Severity, kind: EventKind) {
        self.parts.means.bus.publish(Draft::general(severity, kind));
    }
}

/// Leaves the checks that instances track as they were.
fn keep_tracked(plan: &mut Plan, known: &Plan, in_force: &Config) {
    let is_tracked = |spec: &&PluginSpec| {
        let mut all = in_force.instances.iter().flat_map(|instance| &instance.track_checks);
        spec.schedule.is_some() && all.any(|tracked| tracked.check == *spec.name)
    };
    let kept: Vec<PluginSpec> = known.declared.iter().filter(is_tracked).cloned().collect();
    plan.declared.retain(|spec| kept.iter().all(|kept| kept.name != spec.name));
    plan.declared.extend(kept);
}

/// What instances track. How soon the first verdict is due counts at the start only.
fn tracked(config: &Config) -> Vec<Trackable> {
    let is_tracked = |trackable: &Trackable| {
        let mut all = config.instances.iter().flat_map(|instance| &instance.track_checks);
        all.any(|tracked| tracked.check == trackable.name)
    };
    let tracked = config.trackables().into_iter().filter(is_tracked);
    tracked.map(|trackable| Trackable { first_within: Duration::ZERO, ..trackable }).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use keepwatch_bus::{Bus, Delivery, Subscription};
    use keepwatch_event::Snapshot;
    use keepwatch_host::{Options, Plugins, Store};

    use super::*;
    use crate::paths::Paths;

    /// A daemon's configuration, which can be written anew.
    struct Trial {
        folder: PathBuf,
        path: PathBuf,
        reloader: Reloader,
        heard: Subscription,
    }

    impl Trial {
        /// One that runs what `write` writes into a folder; it gives back what is then loaded.
        fn new(name: &str, write: impl FnOnce(&Path) -> PathBuf) -> Self {
            let folder = std::env::temp_dir().join(format!("keepwatch-{name}-{}", std::process::id()));
            std::fs::create_dir_all(&folder).unwrap();
            let path = write(&folder);
            let in_force = keepwatch_config::load_site(&path).unwrap().config.unwrap();
            let bus = Bus::start(Snapshot::new("h1", Bus::now(), Vec::new()), || ()).unwrap();
            let verdicts = Arc::new(keepwatch_host::Nobody);
            let options = Options {
                bus: bus.clone(),
                runtimes: Vec::new(),
                store: Store::in_memory(),
                verdicts,
                messenger: Arc::new(keepwatch_host::Nobody),
            };
            let plugins = Arc::new(Plugins::new(options).unwrap());
            let heard = bus.subscribe("test", Delivery::Durable, 100);
            let launcher = keepwatch_exec::Launcher::new(keepwatch_exec::Accounts::new()).unwrap();
            let scripts =
                Arc::new(NotifyScripts::begin(notify_scripts::settings(&in_force), &bus, &launcher));
            let paths = Paths { control: folder.join("c"), state: folder.join("s"), cache: folder.join("k") };
            let notifications = Notifications::begin(Vec::new(), "h1", &paths, &bus).unwrap();
            let parts = Parts { plugins, scripts, means: Means { launcher, bus }, notifications };
            let (hooks, own) = (folder.join("hooks.d"), path.clone());
            let reloader = Reloader::new(own, hooks, parts, in_force, Plan::default());
            Self { folder, path, reloader, heard }
        }

        /// What comes of a reload with this text.
        fn reload(&mut self, text: &str) -> (ReloadReport, Severity, EventKind) {
            std::fs::write(&self.path, text).unwrap();
            let report = self.reloader.shared.reload();
            loop {
                let event = self.heard.recv().unwrap();
                if matches!(event.kind, EventKind::ConfigLoaded { .. } | EventKind::ConfigRejected { .. }) {
                    return (report, event.severity, event.kind.clone());
                }
            }
        }

        fn loaded(&self) -> EventKind {
            EventKind::ConfigLoaded { path: self.path.display().to_string(), instances: 1 }
        }

        fn rejected(&self) -> EventKind {
            EventKind::ConfigRejected { path: self.path.display().to_string(), reason: RESTART.to_owned() }
        }
    }

    impl Drop for Trial {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }

    fn instance(priority: u8) -> String {
        format!(
            "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n priority {priority}\n virtual_ipaddress {{\n  \
             10.1.1.30\n }}\n}}\n"
        )
    }

    #[test]
    fn other_instances_are_told_not_to_be_in_force() {
        let mut trial = Trial::new("reloading", |folder| {
            let path = folder.join("keepalived.conf");
            std::fs::write(&path, instance(100)).unwrap();
            path
        });
        let mut reload = |priority| {
            let (report, severity, kind) = trial.reload(&instance(priority));
            (report.exit_status, severity, kind)
        };
        let (other, same) = (reload(101), reload(100));
        assert_eq!(other, (exit::FAILED, Severity::Warning, trial.rejected()));
        assert_eq!(same, (exit::OK, Severity::Info, trial.loaded()), "as it was");
    }

    #[test]
    fn how_a_tracked_check_asks_is_taken_over() {
        let native = |keys: &str| {
            format!(
                "keepalived = \"keepalived.conf\"\n{keys}\n[check.other]\nfile = \"/\"\ntest = \"exists\"\n\
                 [instance.VI_1]\ntrack = [\"web\", \"other\"]\n"
            )
        };
        let web = |keys: &str| native(&format!("[check.web]\ntcp = \"127.0.0.1:9\"\n{keys}"));
        let mut trial = Trial::new("reloading-checks", |folder| {
            std::fs::write(folder.join("keepalived.conf"), instance(100)).unwrap();
            let path = folder.join("keepwatch.toml");
            std::fs::write(&path, web("interval = \"60s\"")).unwrap();
            path
        });
        assert_eq!(trial.reload(&web("interval = \"60s\"")).0.exit_status, exit::OK, "as it was");
        for keys in ["interval = \"50s\"", "interval = \"50s\"\ntimeout = \"7s\""] {
            let (report, severity, kind) = trial.reload(&web(keys));
            assert_eq!((report.exit_status, report.refused), (exit::OK, Vec::new()), "{keys}");
            assert_eq!(report.done, ["check web reloaded"], "{keys}");
            assert_eq!((severity, kind), (Severity::Info, trial.loaded()), "{keys}");
        }
        let (report, _, kind) = trial.reload(&web("interval = \"50s\"\nfall = 2"));
        assert_eq!((report.exit_status, kind), (exit::FAILED, trial.rejected()), "what verdicts are worth");
    }
}
