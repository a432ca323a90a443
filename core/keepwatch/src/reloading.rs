//! Taking the configuration over as it is on disk now, while everything runs.
//!
//! Read once, looked at as a whole, and compared with what is in force; then the engine gets what has changed in one piece,
//! and the other parts follow. What cannot be is refused before anything is touched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keepwatch_bus::Draft;
use keepwatch_config::model::Password;
use keepwatch_config::{Config, Deed, Diff, Object, Site, StopMode, Style};
use keepwatch_control::{ReloadReport, ReloadRequest, Reloading};
use keepwatch_engine::ReconfigureError;
use keepwatch_event::{EventKind, Severity};
use keepwatch_exec::NotifyScripts;
use keepwatch_host::{Plan, Plugins};
use keepwatch_notify::Destination;
use tokio::sync::oneshot;

use crate::checks::{Means, Occasion};
use crate::notifications::Notifications;
use crate::{check, checks, destinations, exit, fingerprint, notify_scripts, plan, reload_plan};

/// Gives the engine another configuration instead of the first one, and gives how long it was busy with that.
pub(crate) type Reconfigure =
    Box<dyn Fn(&Config, &Config, &Diff) -> Result<Duration, ReconfigureError> + Send + Sync>;

/// The parts of the daemon that a reload changes.
pub(crate) struct Parts {
    pub(crate) engine: Reconfigure,
    pub(crate) plugins: Arc<Plugins>,
    pub(crate) scripts: Arc<NotifyScripts>,
    pub(crate) means: Means,
    pub(crate) notifications: Notifications,
}

/// Where the configuration is, and what the command line adds to it.
pub(crate) struct Whence {
    pub(crate) path: PathBuf,
    pub(crate) hooks: Option<PathBuf>,
    pub(crate) stop_mode: StopMode,
}

/// Takes the configuration over. Clones share all of it.
#[derive(Clone)]
pub(crate) struct Reloader {
    shared: Arc<Shared>,
}

struct Shared {
    whence: Whence,
    parts: Parts,
    /// Held from reading on: one reload after the other, so that the last one to read is the last one in force.
    in_force: Mutex<Config>,
    /// The same, for those who only look and do not wait for a reload.
    shown: Mutex<Arc<Config>>,
    /// Whether a signal has asked for one that has not begun to read.
    asked: AtomicBool,
    /// What was read last, whatever came of it.
    seen: Mutex<Seen>,
}

/// What was read, be it a configuration or not.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    /// Where its files are, and those that it names.
    pub(crate) files: BTreeSet<PathBuf>,
    /// What their texts are known by, or why they cannot be read.
    pub(crate) hash: String,
    /// What files of passwords say. The hash, which everybody sees, has nothing of it.
    passwords: Vec<Option<Password>>,
}

/// Why there is a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Occasioned {
    /// Somebody has asked for it.
    ByRequest(ReloadRequest),
    /// Something has happened to the files, which need not mean that they say something else.
    ByFiles,
}

/// A configuration that was read and is one.
struct Read {
    config: Config,
    plan: Plan,
    destinations: Vec<Destination>,
    hash: String,
}

impl Seen {
    pub(crate) fn of(site: &Site) -> Self {
        let instances = site.config.iter().flat_map(|config| &config.instances);
        let passwords = instances.map(|instance| instance.password).collect();
        Self { files: site.files(), hash: fingerprint::of(site), passwords }
    }
}

impl Reloader {
    pub(crate) fn new(whence: Whence, parts: Parts, in_force: Config, seen: Seen) -> Self {
        Self {
            shared: Arc::new(Shared {
                whence,
                parts,
                shown: Mutex::new(Arc::new(in_force.clone())),
                in_force: Mutex::new(in_force),
                asked: AtomicBool::new(false),
                seen: Mutex::new(seen),
            }),
        }
    }

    /// The configuration in force. Waits for nobody.
    pub(crate) fn in_force(&self) -> Arc<Config> {
        Arc::clone(&self.shared.shown.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reloads because of a signal, for which nobody waits. One that waits for its turn is enough: it will read what is there
    /// then.
    pub(crate) fn reload_soon(&self) {
        if !self.shared.asked.swap(true, Ordering::AcqRel) {
            drop(self.reload(ReloadRequest::default()));
        }
    }

    /// Where the files are that were read last.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let seen = self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let named = std::iter::once(&self.shared.whence.path);
        named.chain(seen.files.iter()).cloned().collect()
    }

    /// Reloads if the files say something else than when they were read last.
    pub(crate) fn reload_if_changed(&self) -> Reloading {
        self.begin(Occasioned::ByFiles)
    }

    /// Reloads on a thread of its own: plugins may take seconds to compile.
    pub(crate) fn reload(&self, how: ReloadRequest) -> Reloading {
        self.begin(Occasioned::ByRequest(how))
    }

    fn begin(&self, how: Occasioned) -> Reloading {
        let (tell, told) = oneshot::channel();
        let shared = Arc::clone(&self.shared);
        let spawned = std::thread::Builder::new().name("reload".to_owned()).spawn(move || {
            // Whoever asked may have gone.
            let _ = tell.send(shared.reload(how));
        });
        Box::pin(async move {
            let report = match spawned {
                Ok(_) => told.await.ok(),
                Err(_) => None,
            };
            report.unwrap_or_else(|| ReloadReport {
                refused: vec!["the reload broke off; the log may say why".to_owned()],
                exit_status: exit::FAILED,
                ..ReloadReport::default()
            })
        })
    }
}

impl Shared {
    fn reload(&self, how: Occasioned) -> ReloadReport {
        let mut in_force = self.in_force.lock().unwrap_or_else(PoisonError::into_inner);
        self.asked.store(false, Ordering::Release);
        let (seen, read) = self.read();
        let how = match how {
            Occasioned::ByFiles if self.has_seen(&seen) => return ReloadReport::default(),
            Occasioned::ByFiles => ReloadRequest::default(),
            Occasioned::ByRequest(how) => how,
        };
        // What was only tried has not been dealt with.
        if !how.dry_run {
            self.see(seen);
        }
        let read = match read {
            Ok(read) => read,
            Err(refusal) => return self.reject(refusal, how),
        };
        if read.config.instances.is_empty() && !in_force.instances.is_empty() {
            let reason = without_instances(&self.whence.path);
            return self.reject(Refusal { shown: reason.clone(), reason }, how);
        }
        let diff = Diff::between(&in_force, &read.config);
        let plan = reload_plan::planned(&diff, &self.parts.means.bus.snapshot());
        let mut report = ReloadReport { plan, ..ReloadReport::default() };
        if how.dry_run {
            report.refused.extend(self.waiting(&diff));
            report.exit_status = if report.refused.is_empty() { exit::OK } else { exit::FAILED };
            return report;
        }
        self.take_over(&mut in_force, read, &diff, report)
    }

    fn has_seen(&self, new: &Seen) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        (&seen.hash, &seen.passwords) == (&new.hash, &new.passwords)
    }

    /// What cannot be read still names the files that it named.
    fn see(&self, new: Seen) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let files = if new.files.is_empty() { std::mem::take(&mut seen.files) } else { new.files.clone() };
        *seen = Seen { files, ..new };
    }

    /// Reads the configuration, or says why it is none: in short, and as a command shows it.
    fn read(&self) -> (Seen, Result<Read, Refusal>) {
        match keepwatch_config::load_site_to_run(&self.whence.path) {
            Ok(site) => {
                let seen = Seen::of(&site);
                let read = self.read_site(site, seen.hash.clone());
                (seen, read)
            }
            Err(error) => {
                let (text, files) = (error.to_string(), BTreeSet::new());
                let refusal = Refusal { reason: text.clone(), shown: text.clone() };
                (Seen { files, hash: text, passwords: Vec::new() }, Err(refusal))
            }
        }
    }

    fn read_site(&self, mut site: Site, hash: String) -> Result<Read, Refusal> {
        let plan = plan::plan(&mut site, self.whence.hooks.as_deref());
        let destinations = destinations::of_site(&mut site);
        let Some(config) = site.config.take() else { return Err(self.findings(&site)) };
        let mut read = Read { config, plan, destinations, hash };
        for instance in &mut read.config.instances {
            instance.stop_mode = self.whence.stop_mode;
        }
        let natives = checks::natives(&read.config, &self.parts.means, Occasion::Reload);
        read.plan.declared.extend(natives);
        Ok(read)
    }

    fn findings(&self, site: &Site) -> Refusal {
        let shown = site.render(Style::Plain);
        let reason = format!("{}\n{}", check::summary(&self.whence.path, site), shown.trim_end());
        Refusal { reason, shown }
    }

    fn take_over(
        &self,
        in_force: &mut Config,
        read: Read,
        diff: &Diff,
        mut report: ReloadReport,
    ) -> ReloadReport {
        let Read { config, plan, destinations, hash } = read;
        // First: they hear what new instances do, and the last of those that go.
        self.parts.scripts.replace(notify_scripts::settings(&config));
        if !diff.is_empty() || in_force.trackables() != config.trackables() {
            match (self.parts.engine)(in_force, &config, diff) {
                Ok(busy) => report.busy = busy,
                Err(error) => {
                    self.parts.scripts.replace(notify_scripts::settings(in_force));
                    let text = error.to_string();
                    return self
                        .reject(Refusal { reason: text.clone(), shown: text }, ReloadRequest::default());
                }
            }
        }
        let names = |config: &Config| -> BTreeSet<String> {
            config.checks.iter().map(|check| check.name.clone()).collect()
        };
        let checks = &names(in_force) | &names(&config);
        *in_force = Diff::followed(in_force, &config);
        *self.shown.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(in_force.clone());
        let planned = |name: &String, word: &str| {
            let mut checks = diff.others.iter().filter(|other| other.object == Object::Check);
            checks.any(|other| other.name.as_ref() == Some(name) && said(other.deed) == Some(word))
        };
        // Before the plugins, which may have something to say at once.
        report.done.extend(self.parts.notifications.apply(destinations));
        let Some(applied) = self.parts.plugins.apply(plan) else {
            report.refused.push("keepwatch stops".to_owned());
            report.exit_status = exit::FAILED;
            return report;
        };
        let kind = |name: &String| if checks.contains(name) { "check" } else { "plugin" };
        let done =
            [("loaded", applied.loaded), ("reloaded", applied.reloaded), ("unloaded", applied.unloaded)];
        for (deed, names) in done {
            // In the plan, if it says just that.
            let names = names.iter().filter(|name| !planned(name, deed));
            report.done.extend(names.map(|name| format!("{} {name} {deed}", kind(name))));
        }
        let refused =
            applied.refused.into_iter().map(|(name, why)| format!("{} {name} refused\n{why}", kind(&name)));
        report.refused.extend(refused);
        let path = self.whence.path.display().to_string();
        // Whoever did not ask for the reload, as with SIGHUP, hears it, too; and status knows it until it is so.
        let waits = waiting(diff);
        report.refused.extend(self.waiting(diff));
        let severity = if waits.is_some() { Severity::Warning } else { Severity::Info };
        let instances = config.instances.len();
        self.tell(severity, EventKind::ConfigLoaded { path, instances, hash, waits });
        report.exit_status = if report.refused.is_empty() { exit::OK } else { exit::FAILED };
        report
    }

    /// What is not done without a restart.
    fn waiting(&self, diff: &Diff) -> Option<String> {
        waiting(diff).map(|waits| format!("{}: {waits}", self.whence.path.display()))
    }

    /// Says that all goes on as before. What was only tried is no event.
    fn reject(&self, refusal: Refusal, how: ReloadRequest) -> ReloadReport {
        let Refusal { reason, shown } = refusal;
        if !how.dry_run {
            let path = self.whence.path.display().to_string();
            self.tell(Severity::Error, EventKind::ConfigRejected { path, reason });
        }
        ReloadReport { refused: vec![shown], exit_status: exit::CONFIGURATION, ..ReloadReport::default() }
    }

    fn tell(&self, severity: Severity, kind: EventKind) {
        self.parts.means.bus.publish(Draft::general(severity, kind));
    }
}

/// Why a configuration is not wholly in force, if it is not.
fn waiting(diff: &Diff) -> Option<String> {
    let what = diff.restarts().join(", ");
    (!what.is_empty()).then(|| format!("only a restart of keepwatch takes over {what}; the rest is in force"))
}

/// Why a configuration without instances takes none away.
fn without_instances(path: &Path) -> String {
    format!(
        "{} has no instance any more, as when it is only half written; what runs goes on (to run without instances, restart keepwatch)",
        path.display()
    )
}

/// What a check has to become for the plan to say so already.
const fn said(deed: Deed) -> Option<&'static str> {
    match deed {
        Deed::Add => Some("loaded"),
        Deed::Update => Some("reloaded"),
        Deed::Remove => Some("unloaded"),
        Deed::Keep | Deed::Restart => None,
    }
}

/// Why a configuration is not taken over.
struct Refusal {
    /// For those who did not ask.
    reason: String,
    /// For the one who did.
    shown: String,
}

#[cfg(test)]
#[path = "reloading_tests.rs"]
mod tests;
