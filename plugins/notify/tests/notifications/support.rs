//! A notifier, a bus, and destinations that answer as they are told.

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_bus::{Bus, Delivery, Draft, Subscription};
use keepwatch_event::{EventKind, InstanceStatus, Reason, Severity, Snapshot, State};
use keepwatch_notify::{
    Destination, DestinationReport, Dialogue, Disk, Grouping, Letter, Medium, Notifier, On, Options, Outcome,
    Parcel, Route, TOPICS, Transport, Work,
};

/// How long a test waits for what must come: generous, the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A bus, and a notifier that hears it.
pub(crate) struct Site {
    pub(crate) bus: Bus,
    pub(crate) notifier: Notifier,
    pub(crate) events: Subscription,
    pub(crate) disk: Arc<Mutex<Vec<Disk>>>,
}

impl Site {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        let bus =
            Bus::start(Snapshot::new("h1", Bus::now(), vec![instance("VI_1"), instance("VI_2")]), || ())
                .unwrap();
        let events = bus.subscribe("test", Delivery::Durable, 1 << 14);
        let disk: Arc<Mutex<Vec<Disk>>> = Arc::default();
        let heard = Arc::clone(&disk);
        let options = Options {
            bus: bus.clone(),
            path: path.map(Path::to_owned),
            node: "router 1".into(),
            disk: Box::new(move |disk| heard.lock().unwrap().push(disk)),
            prepare: Box::new(|| ()),
        };
        Self { bus, notifier: Notifier::start(options).unwrap(), events, disk }
    }

    pub(crate) fn with(path: Option<&Path>, inboxes: &[&Inbox]) -> Self {
        let site = Self::new(path);
        site.notifier.apply(inboxes.iter().map(|inbox| inbox.destination()).collect());
        site
    }

    /// The instance goes to another state.
    pub(crate) fn transition(&self, instance: &str, to: State) {
        self.transition_because(instance, to, Reason::Started);
    }

    pub(crate) fn transition_because(&self, instance: &str, to: State, reason: Reason) {
        let kind = EventKind::Transition {
            from: State::Backup,
            to,
            reason,
            initial: false,
            priority: 100,
            steps: Vec::new(),
        };
        let severity = if to == State::Fault { Severity::Error } else { Severity::Info };
        self.bus.publish(Draft { instance: Some(instance.into()), severity, term: 1, kind });
    }

    /// The sync group goes to another state.
    pub(crate) fn group(&self, group: &str, to: State) {
        let kind = EventKind::GroupChanged { group: group.to_owned(), from: State::Backup, to };
        let severity = if to == State::Fault { Severity::Error } else { Severity::Info };
        self.bus.publish(Draft::general(severity, kind));
    }

    pub(crate) fn report(&self, name: &str) -> DestinationReport {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let reports = runtime.block_on(self.notifier.report());
        reports.into_iter().find(|report| report.name == name).unwrap()
    }

    /// Waits for an event of this kind.
    pub(crate) fn heard(&mut self, kind: &str) -> EventKind {
        let until = Instant::now() + PATIENCE;
        while Instant::now() < until {
            match self.events.try_next() {
                Some(event) if event.kind.name() == kind => return event.kind.clone(),
                Some(_) => {}
                None => std::thread::sleep(Duration::from_millis(1)),
            }
        }
        panic!("no {kind}");
    }
}

fn instance(name: &str) -> InstanceStatus {
    InstanceStatus {
        name: name.into(),
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 3,
        advert_interval: Duration::from_secs(1),
        base_priority: 100,
        priority: 100,
        addresses: vec!["10.1.1.30/32".into()],
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
    }
}

/// What a destination got: the message's id, its lines, the attempt, and whether it was late.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Got {
    pub(crate) id: String,
    pub(crate) lines: Vec<String>,
    pub(crate) attempt: u32,
    pub(crate) late: Option<Duration>,
    pub(crate) now: Option<State>,
    pub(crate) omitted: u64,
    pub(crate) served: Vec<String>,
    /// What the host is called in it.
    pub(crate) hosts: BTreeSet<Arc<str>>,
}

/// A destination that answers as told, and keeps what it was handed, taken or not.
#[derive(Clone)]
pub(crate) struct Inbox {
    name: &'static str,
    pub(crate) settings: &'static str,
    answers: Arc<Mutex<VecDeque<Outcome>>>,
    got: Arc<Mutex<Vec<(Got, Outcome)>>>,
    pub(crate) group_wait: Duration,
    pub(crate) timeout: Duration,
    pub(crate) ttl: Duration,
    pub(crate) remind: Option<Duration>,
    pub(crate) route: Route,
    pub(crate) medium: Medium,
}

impl Inbox {
    pub(crate) fn new(name: &'static str) -> Self {
        let topics = TOPICS.iter().map(|(_, topic)| *topic).collect();
        let on = On { topics, kinds: Vec::new(), instances: Vec::new(), severity: Severity::Info };
        Self {
            name,
            settings: name,
            answers: Arc::default(),
            got: Arc::default(),
            group_wait: Duration::ZERO,
            timeout: PATIENCE,
            ttl: Duration::from_secs(3_600),
            remind: None,
            route: Route::On(on),
            medium: Medium::Mail,
        }
    }

    /// The next answers; afterwards everything is taken.
    pub(crate) fn answering(self, answers: impl IntoIterator<Item = Outcome>) -> Self {
        self.answers.lock().unwrap().extend(answers);
        self
    }

    /// Whether all of those answers have been asked for.
    pub(crate) fn has_been_asked(&self) -> bool {
        self.answers.lock().unwrap().is_empty()
    }

    pub(crate) fn destination(&self) -> Destination {
        Destination {
            name: self.name.into(),
            route: self.route.clone(),
            transport: Arc::new(self.clone()),
            grouping: Grouping::Together(self.group_wait),
            ttl: self.ttl,
            timeout: self.timeout,
            remind: self.remind,
        }
    }

    /// All attempts so far.
    pub(crate) fn attempts(&self) -> Vec<(Got, Outcome)> {
        self.got.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it took.
    pub(crate) fn taken(&self) -> Vec<Got> {
        let taken =
            |(got, outcome): (Got, Outcome)| matches!(outcome, Outcome::Delivered { .. }).then_some(got);
        self.attempts().into_iter().filter_map(taken).collect()
    }

    /// Waits until it took so many messages.
    pub(crate) fn wait(&self, count: usize) -> Vec<Got> {
        wait(&format!("{count} messages"), || self.taken().len() >= count);
        self.taken()
    }

    /// The lines of all that it took.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.taken().into_iter().flat_map(|got| got.lines).collect()
    }
}

/// Waits for something.
pub(crate) fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < until, "waited for {what} in vain");
        std::thread::sleep(Duration::from_millis(2));
    }
}

impl Transport for Inbox {
    fn label(&self) -> String {
        format!("inbox {}", self.name)
    }

    fn medium(&self) -> Medium {
        self.medium
    }

    fn deliver<'a>(&'a self, parcel: &'a Parcel, _: &'a dyn Dialogue) -> Work<'a, Outcome> {
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or_else(taken);
        let got = Got {
            id: parcel.id.clone(),
            lines: parcel.letters.iter().map(|letter| letter.line()).collect(),
            attempt: parcel.attempt.number,
            late: parcel.attempt.late,
            now: parcel.now.as_ref().map(|now| now.state),
            omitted: parcel.omitted,
            served: parcel.served.clone(),
            hosts: std::iter::once(&parcel.node)
                .chain(parcel.letters.iter().filter_map(Letter::event).map(|event| &event.node))
                .map(Arc::clone)
                .collect(),
        };
        Box::pin(async move {
            if answer == hang() {
                std::future::pending::<()>().await;
            }
            self.got.lock().unwrap().push((got, answer.clone()));
            answer
        })
    }

    fn render(&self, _: &Parcel) -> Result<String, String> {
        Ok(String::new())
    }

    fn settings(&self) -> &str {
        self.settings
    }
}

pub(crate) fn taken() -> Outcome {
    Outcome::Delivered { said: "250 ok".into() }
}

pub(crate) fn later(scope: keepwatch_notify::Scope) -> Outcome {
    // What the other side asks for, so that tests need not wait for chance.
    Outcome::Later { why: "451 later".into(), after: Some(Duration::from_millis(200)), scope }
}

pub(crate) fn partly(whom: &str) -> Outcome {
    Outcome::Partly { served: vec![whom.to_owned()], why: "451 later for another".into() }
}

pub(crate) fn refused() -> Outcome {
    Outcome::Refused { why: "550 no".into() }
}

pub(crate) fn gone() -> Outcome {
    Outcome::Gone { why: "410 gone".into() }
}

/// Takes the letter and never says so.
pub(crate) fn hang() -> Outcome {
    Outcome::Refused { why: "hangs".into() }
}

/// A file of a test's own.
pub(crate) struct File(pub(crate) PathBuf);

impl File {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let micros = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_micros();
        let folder =
            std::env::temp_dir().join(format!("keepwatch-spool-{}-{micros}-{number}", std::process::id()));
        Self(folder.join("spool.redb"))
    }
}

impl Drop for File {
    fn drop(&mut self) {
        if let Some(folder) = self.0.parent() {
            let _ = std::fs::remove_dir_all(folder);
        }
    }
}
