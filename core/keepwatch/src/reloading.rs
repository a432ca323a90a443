//! Taking the configuration over as it is on disk now, as far as this version can: plugins and actions.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use keepwatch_bus::{Bus, Draft};
use keepwatch_config::{Config, Style};
use keepwatch_control::{ReloadReport, Reloading};
use keepwatch_event::{EventKind, Severity};
use keepwatch_host::Plugins;
use tokio::sync::oneshot;

use crate::{check, exit, plan};

/// Takes the configuration over. Clones share all of it.
#[derive(Clone)]
pub(crate) struct Reloader {
    shared: Arc<Shared>,
}

struct Shared {
    path: PathBuf,
    hooks: PathBuf,
    plugins: Arc<Plugins>,
    bus: Bus,
    /// What the engine runs.
    in_force: Config,
    turn: Mutex<()>,
}

impl Reloader {
    pub(crate) fn new(
        path: PathBuf,
        hooks: PathBuf,
        plugins: Arc<Plugins>,
        bus: Bus,
        in_force: Config,
    ) -> Self {
        Self { shared: Arc::new(Shared { path, hooks, plugins, bus, in_force, turn: Mutex::new(()) }) }
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
        // One after the other, from reading on: the last one to read is the last one in force.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let path = self.path.display().to_string();
        let mut site = match keepwatch_config::load_site(&self.path) {
            Ok(site) => site,
            Err(error) => return self.reject(error.to_string(), error.to_string()),
        };
        let plan = plan::plan(&mut site, Some(&self.hooks));
        let Some(config) = &site.config else {
            let why = check::summary(&self.path, &site);
            return self.reject(why, site.render(Style::Plain));
        };
        let instances = config.instances.len();
        let mut report = ReloadReport::default();
        if !self.has_same_instances(config) {
            report.refused.push(format!(
                "{path}: what has changed beside plugins and actions is taken over when keepwatch is restarted"
            ));
        }
        let applied = self.plugins.apply(plan);
        let done =
            [("loaded", applied.loaded), ("reloaded", applied.reloaded), ("unloaded", applied.unloaded)];
        for (deed, names) in done {
            report.done.extend(names.iter().map(|name| format!("plugin {name} {deed}")));
        }
        let refused = applied.refused.into_iter().map(|(name, why)| format!("plugin {name} refused\n{why}"));
        report.refused.extend(refused);
        report.exit_status = if report.refused.is_empty() { exit::OK } else { exit::FAILED };
        self.tell(Severity::Info, EventKind::ConfigLoaded { path, instances });
        report
    }

    /// Whether all that the engine has is as it was. How it stops is the command line's to say.
    fn has_same_instances(&self, config: &Config) -> bool {
        let mut config = config.clone();
        config.extensions = self.in_force.extensions.clone();
        for (new, old) in config.instances.iter_mut().zip(&self.in_force.instances) {
            new.stop_mode = old.stop_mode;
        }
        config == self.in_force
    }

    fn reject(&self, reason: String, shown: String) -> ReloadReport {
        let path = self.path.display().to_string();
        self.tell(Severity::Error, EventKind::ConfigRejected { path, reason });
        ReloadReport { done: Vec::new(), refused: vec![shown], exit_status: exit::CONFIGURATION }
    }

    fn tell(&self, severity: Severity, kind: EventKind) {
        self.bus.publish(Draft::general(severity, kind));
    }
}
