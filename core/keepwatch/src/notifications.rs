//! The daemon's notifications: who is told, and what the control socket may ask of them.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use keepwatch_bus::{Bus, Draft};
use keepwatch_config::listed;
use keepwatch_config::model::Config;
use keepwatch_control::{
    Answering, DestinationStatus, DestinationSummary, Done, LetterStatus, Letters, SilenceName,
    SilenceStatus, written,
};
use keepwatch_event::{EventKind, Severity};
use keepwatch_host::Messenger;
use keepwatch_notify::{
    Dead, Destination, DestinationReport, Disk, Entry, NotFound, Notifier, Options, Silence,
};

use crate::destinations;
use crate::messages::Messages;
use crate::paths::Paths;

/// How long the last letters may take when the daemon ends; what is left waits on disk.
const LAST_LETTERS: Duration = Duration::from_secs(5);
/// No silence is longer.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// The daemon's notifications. Clones share them.
#[derive(Clone)]
pub(crate) struct Notifications {
    notifier: Arc<Notifier>,
    /// What it was last told.
    known: Arc<Mutex<Vec<Destination>>>,
}

impl Notifications {
    /// Begins to hear events. `node` is what mails call this host.
    pub(crate) fn begin(
        destinations: Vec<Destination>,
        node: &str,
        paths: &Paths,
        bus: &Bus,
    ) -> io::Result<Self> {
        let heard = bus.clone();
        let disk = move |disk| {
            let part = "spool of notifications".to_owned();
            let (severity, kind) = match disk {
                Disk::Well => (Severity::Info, EventKind::Recovered { part }),
                Disk::Failing(error) => {
                    let consequence = "what cannot be delivered is lost when keepwatch ends".to_owned();
                    (Severity::Warning, EventKind::Degraded { part, error, consequence })
                }
            };
            heard.publish(Draft::general(severity, kind));
        };
        let options = Options {
            bus: bus.clone(),
            path: Some(paths.state.join("spool.redb")),
            node: node.into(),
            disk: Box::new(disk),
            prepare: Box::new(keepwatch_host::step_back),
        };
        let notifier = Arc::new(Notifier::start(options)?);
        notifier.apply(destinations.clone());
        Ok(Self { notifier, known: Arc::new(Mutex::new(destinations)) })
    }

    /// Replaces the destinations, and says what has changed, a sentence each. What waits for one stays.
    pub(crate) fn apply(&self, destinations: Vec<Destination>) -> Vec<String> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut said = Vec::new();
        for new in &destinations {
            match known.iter().find(|old| old.name == new.name) {
                None => said.push(format!("destination {} added", new.name)),
                Some(old) if old != new => said.push(format!("destination {} changed", new.name)),
                Some(_) => {}
            }
        }
        let is_gone = |old: &&Destination| destinations.iter().all(|new| new.name != old.name);
        said.extend(known.iter().filter(is_gone).map(|old| format!("destination {} removed", old.name)));
        known.clone_from(&destinations);
        self.notifier.apply(destinations);
        said
    }

    /// Where plugins hand their messages in.
    pub(crate) fn messenger(&self) -> Arc<dyn Messenger> {
        Arc::new(Messages(Arc::clone(&self.notifier)))
    }

    /// Delivers what can be delivered in a moment, or until `at_once` ends, and ends.
    pub(crate) fn stop(&self, at_once: impl Future<Output = ()>) {
        self.notifier.stop(LAST_LETTERS, at_once);
    }

    /// How the destinations are. Waits for nobody.
    pub(crate) fn summary(&self) -> Vec<DestinationSummary> {
        self.notifier.summary().into_iter().map(summary).collect()
    }

    pub(crate) fn spool(&self) -> Answering<Vec<DestinationStatus>> {
        let notifier = Arc::clone(&self.notifier);
        Box::pin(async move { notifier.report().await.into_iter().map(status).collect() })
    }

    pub(crate) fn retry(&self, letters: Letters) -> Answering<Done> {
        let notifier = Arc::clone(&self.notifier);
        Box::pin(async move {
            let Letters { destination, ids } = letters;
            done(notifier.retry(&destination, ids).await)
        })
    }

    pub(crate) fn purge(&self, letters: Letters) -> Answering<Done> {
        let notifier = Arc::clone(&self.notifier);
        Box::pin(async move {
            let Letters { destination, ids } = letters;
            done(notifier.purge(&destination, ids).await)
        })
    }

    pub(crate) fn silences(&self) -> Answering<Vec<SilenceStatus>> {
        let notifier = Arc::clone(&self.notifier);
        Box::pin(async move {
            let now = SystemTime::now();
            let silences = notifier.silences().await.into_iter();
            silences
                .map(|report| SilenceStatus {
                    name: report.silence.name,
                    instances: report.silence.instances,
                    destinations: report.silence.destinations,
                    lasts: report.silence.until.duration_since(now).unwrap_or_default(),
                    comment: report.silence.comment,
                    untold: report.untold,
                })
                .collect()
        })
    }

    pub(crate) fn silence(&self, silence: SilenceStatus) -> Answering<Done> {
        let notifier = Arc::clone(&self.notifier);
        Box::pin(async move {
            if silence.lasts > LONGEST {
                return Done::refused("a silence lasts a year at most");
            }
            let SilenceStatus { name, instances, destinations, lasts, comment, .. } = silence;
            let until = SystemTime::now() + lasts;
            notifier.silence(Silence { name, instances, destinations, until, comment }).await;
            Done::with(1)
        })
    }

    pub(crate) fn silence_end(&self, name: SilenceName) -> Answering<Done> {
        let notifier = Arc::clone(&self.notifier);
        Box::pin(async move {
            if notifier.end_silence(name.name.clone()).await {
                return Done::with(1);
            }
            Done::refused(format!("there is no silence \"{}\"", name.name))
        })
    }
}

/// What is wrong with a silence about something, or at a destination, that the configuration does not have.
pub(crate) fn stranger(silence: &SilenceStatus, config: &Config) -> Option<String> {
    let instances = config.instances.iter().map(|instance| instance.name.as_str());
    let subjects: Vec<&str> =
        instances.chain(config.groups.iter().map(|group| group.name.as_str())).collect();
    let is_unknown = |name: &&String| !subjects.contains(&name.as_str());
    if let Some(name) = silence.instances.iter().find(is_unknown) {
        return Some(format!("there is no instance and no group \"{name}\": there is {}", listed(&subjects)));
    }
    let name = silence.destinations.iter().find(|name| !destinations::has(config, name))?;
    let all = destinations::names(config);
    let there = if all.is_empty() { "none".to_owned() } else { listed(&all) };
    Some(format!("there is no destination \"{name}\": there is {there}"))
}

fn done(count: Result<usize, NotFound>) -> Done {
    count.map_or_else(|not_found| Done::refused(not_found.to_string()), Done::with)
}

fn status(report: DestinationReport) -> DestinationStatus {
    DestinationStatus {
        name: report.name,
        way: report.label,
        delivered: report.delivered,
        failed: report.failed,
        given_up: report.given_up,
        trouble: report.trouble,
        gone: report.gone,
        last: report.last.map(written),
        waiting: report.waiting.into_iter().map(waits).collect(),
        dead: report.dead.into_iter().map(dead).collect(),
    }
}

fn summary(summary: keepwatch_notify::DestinationSummary) -> DestinationSummary {
    DestinationSummary {
        name: summary.name,
        way: summary.label,
        delivered: summary.delivered,
        failed: summary.failed,
        waiting: summary.waiting as u64,
        dead: summary.dead as u64,
        refusal: summary.refusal,
        trouble: summary.trouble,
        gone: summary.gone,
        last: summary.last.map(written),
        next: summary.next.map(written),
    }
}

fn waits(entry: Entry) -> LetterStatus {
    LetterStatus {
        id: entry.letter.id.clone(),
        at: written(entry.letter.at),
        severity: entry.letter.severity,
        line: entry.letter.line(),
        attempts: entry.attempts,
        next: Some(written(entry.next)),
        trouble: entry.trouble,
        // It serialised into the spool.
        letter: serde_json::to_value(&entry.letter).unwrap_or_default(),
    }
}

fn dead(dead: Dead) -> LetterStatus {
    let Dead { entry, at, reason } = dead;
    LetterStatus { next: Some(written(at)), trouble: Some(reason), ..waits(entry) }
}

#[cfg(test)]
mod tests {
    use keepwatch_config::load_text;

    use super::*;

    #[test]
    fn a_silence_is_about_what_there_is() {
        let instance = |name: &str, vrid: u8| {
            format!(
                "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n smtp_alert\n virtual_ipaddress {{\n 10.1.1.{vrid}\n }}\n}}\n"
            )
        };
        let text = format!(
            "global_defs {{\n notification_email {{\n a@example.com\n }}\n smtp_server 127.0.0.1\n}}\n{}{}\
             vrrp_sync_group G {{\n group {{\n VI_1\n VI_2\n }}\n}}\n",
            instance("VI_1", 51),
            instance("VI_2", 52)
        );
        let config = load_text("k.conf", text).config.unwrap();
        let stranger = |instances: &[&str], destinations: &[&str]| {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            let silence = SilenceStatus {
                name: "upgrade".to_owned(),
                instances: owned(instances),
                destinations: owned(destinations),
                lasts: Duration::from_secs(60),
                comment: String::new(),
                untold: 0,
            };
            stranger(&silence, &config)
        };
        assert_eq!(stranger(&[], &[]), None);
        assert_eq!(stranger(&["VI_2", "G"], &["smtp_alert"]), None);
        assert_eq!(
            stranger(&["VI_1", "VI_9"], &[]).as_deref(),
            Some("there is no instance and no group \"VI_9\": there is VI_1, VI_2, G")
        );
        assert_eq!(
            stranger(&["VI_1"], &["admins"]).as_deref(),
            Some("there is no destination \"admins\": there is smtp_alert")
        );
    }
}
