//! A bus, plugins and a folder, for one test.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_bus::{Bus, Delivery, Draft, Subscription};
use keepwatch_event::{
    Event, EventKind, Health, InstanceStatus, Reason, Severity, Snapshot, State, Timestamp,
};
use keepwatch_host::{
    Action, Applied, Counts, HostError, Message, Messenger, Options, Plan, PluginSpec, Plugins, Store,
    Verdict, Verdicts, Work,
};

use crate::fake::{FakeRuntime, Journal};

/// How long a condition may take to come true on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Site {
    pub(crate) bus: Bus,
    pub(crate) events: Subscription,
    pub(crate) plugins: Plugins,
    pub(crate) journal: Journal,
    pub(crate) messages: Messages,
    pub(crate) prolonged: Prolonged,
    pub(crate) folder: PathBuf,
}

/// Takes all messages but those for `nobody`.
#[derive(Clone, Default)]
pub(crate) struct Messages(Arc<Mutex<Vec<Message>>>);

impl Messages {
    pub(crate) fn taken(&self) -> Vec<Message> {
        self.0.lock().unwrap().clone()
    }
}

impl Messenger for Messages {
    fn hand_in(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        Box::pin(async move {
            if message.destination == "nobody" {
                return Err(HostError::invalid("there is nobody"));
            }
            self.0.lock().unwrap().push(message);
            Ok(())
        })
    }
}

/// Tells each change of a verdict on the bus.
struct Told {
    bus: Bus,
    known: Mutex<BTreeMap<String, Health>>,
    prolonged: Prolonged,
}

/// Which verdicts were prolonged, and by how much.
pub(crate) type Prolonged = Arc<Mutex<Vec<(String, Duration)>>>;

impl Told {
    fn new(bus: &Bus, prolonged: &Prolonged) -> Self {
        Self { bus: bus.clone(), known: Mutex::default(), prolonged: Arc::clone(prolonged) }
    }
}

impl Verdicts for Told {
    fn report(&self, name: &str, verdict: Verdict, _: Option<i32>, _: Duration) -> bool {
        let to = verdict.health;
        let from = self.known.lock().unwrap().insert(name.to_owned(), to).unwrap_or(Health::Unknown);
        if from != to {
            let kind = EventKind::HealthChanged { track: name.to_owned(), from, to, text: verdict.text };
            self.bus.publish(Draft::general(Severity::Info, kind));
        }
        true
    }

    fn skipped(&self, name: &str, holds: Duration) {
        self.prolonged.lock().unwrap().push((name.to_owned(), holds));
    }

    fn holds_on(&self, name: &str, holds: Duration) {
        self.prolonged.lock().unwrap().push((name.to_owned(), holds));
    }

    fn forget(&self, name: &str) {
        self.known.lock().unwrap().remove(name);
    }
}

impl Site {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-host-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let instance = InstanceStatus {
            name: "VI_1".into(),
            interface: "eth0".into(),
            virtual_router_id: 51,
            version: 2,
            advert_interval: Duration::from_secs(1),
            base_priority: 100,
            priority: 100,
            addresses: Vec::new(),
            held: Vec::new(),
            state: State::Init,
            since: None,
            reason: None,
            term: 0,
            leaving: false,
            peer: None,
            announced: None,
            troubles: Vec::new(),
            counters: None,
            master_advert_interval: None,
        };
        let bus = Bus::start(Snapshot::new("h1", at, vec![instance]), || ()).unwrap();
        let events = bus.subscribe("test", Delivery::Durable, 1 << 20);
        let journal = Journal::default();
        let runtime = Arc::new(FakeRuntime(journal.clone()));
        let (messages, prolonged) = (Messages::default(), Prolonged::default());
        let options = Options {
            bus: bus.clone(),
            runtimes: vec![runtime],
            store: Store::in_memory(),
            verdicts: Arc::new(Told::new(&bus, &prolonged)),
            messenger: Arc::new(messages.clone()),
        };
        Self { plugins: Plugins::new(options).unwrap(), bus, events, journal, messages, prolonged, folder }
    }

    /// Writes a plugin's file: words, and the end.
    pub(crate) fn write(&self, name: &str, words: &[&str]) -> PathBuf {
        let path = self.folder.join(name);
        let mut text = words.join("\n");
        if !text.is_empty() {
            text.push('\n');
        }
        std::fs::write(&path, text + "end\n").unwrap();
        path
    }

    pub(crate) fn spec(&self, name: &str) -> PluginSpec {
        PluginSpec::plain(name, self.folder.join(format!("{name}.fake")))
    }

    pub(crate) fn apply(&self, declared: Vec<PluginSpec>) -> Applied {
        self.plugins.apply(Plan { declared, ..Plan::default() }).unwrap()
    }

    pub(crate) fn apply_with(&self, declared: Vec<PluginSpec>, actions: Vec<Action>) -> Applied {
        self.plugins.apply(Plan { declared, actions, hooks: None }).unwrap()
    }

    pub(crate) fn publish(&self, term: u64) {
        let kind = EventKind::Transition {
            from: State::Backup,
            to: State::Master,
            reason: Reason::Recovered,
            initial: false,
            priority: 100,
            steps: Vec::new(),
        };
        self.bus.publish(Draft { instance: Some("VI_1".into()), severity: Severity::Info, term, kind });
    }

    /// What is counted of a plugin.
    pub(crate) fn counts(&self, plugin: &str) -> Counts {
        let mut reports = self.plugins.reports().into_iter();
        reports.find(|report| *report.spec.name == *plugin).unwrap().counts
    }

    /// The same when it has answered so many calls.
    pub(crate) fn wait_for_calls(&self, plugin: &str, calls: u64) -> Counts {
        let until = Instant::now() + PATIENCE;
        loop {
            let counts = self.counts(plugin);
            if counts.calls >= calls {
                return counts;
            }
            assert!(Instant::now() < until, "{counts:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits for an event.
    pub(crate) fn wait_for(&mut self, wanted: impl Fn(&EventKind) -> bool) -> Arc<Event> {
        let until = Instant::now() + PATIENCE;
        loop {
            while let Some(event) = self.events.try_next() {
                if wanted(&event.kind) {
                    return event;
                }
            }
            assert!(Instant::now() < until, "no such event");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// Waits until a plugin's journal says so.
    pub(crate) fn wait_until(&self, plugin: &str, holds: impl Fn(&[String]) -> bool) -> Vec<String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let lines = self.journal.of(plugin);
            if holds(&lines) {
                return lines;
            }
            assert!(Instant::now() < until, "{lines:?}");
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub(crate) fn stop(self) -> Journal {
        self.stop_unless(PATIENCE, std::future::pending())
    }

    /// Stops within this time, or when somebody has enough of waiting.
    pub(crate) fn stop_unless(self, within: Duration, at_once: impl Future<Output = ()>) -> Journal {
        self.plugins.stop("the test is over", within, at_once);
        std::fs::remove_dir_all(&self.folder).unwrap();
        self.journal
    }
}

/// The numbers of the events in a journal.
pub(crate) fn seqs(lines: &[String]) -> Vec<u64> {
    lines.iter().filter_map(|line| line.strip_prefix("event ")?.parse().ok()).collect()
}
