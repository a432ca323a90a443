//! The made-up host: what the test tells it, and what the plugin has done.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::running::Running;
use crate::actions::Ran;
use crate::http::{Request, Response};
use crate::log::Level;
use crate::notify::Mail;
use crate::{Error, ErrorKind, Plugin, Result, Severity, Timestamp, Verdict};

/// 2026-01-01, a quarter of an hour after the host booted.
const START: (u64, u64) = (1_767_225_600_000_000, 900_000_000);

thread_local! {
    static FAKE: RefCell<Fake> = RefCell::new(Fake::default());
}

/// What [`Host`] is a handle of.
pub(super) struct Fake {
    pub(super) now: Timestamp,
    pub(super) slept: Duration,
    pub(super) seq: u64,
    pub(super) kv: BTreeMap<String, Vec<u8>>,
    pub(super) answers: BTreeMap<String, VecDeque<Canned>>,
    pub(super) requests: Vec<Request>,
    pub(super) actions: BTreeMap<String, Ran>,
    pub(super) ran: Vec<String>,
    pub(super) listening: BTreeMap<String, Vec<u8>>,
    pub(super) probed: Vec<(String, Vec<u8>)>,
    pub(super) destinations: BTreeSet<String>,
    pub(super) notified: Vec<Notified>,
    pub(super) tracked: Vec<Tracked>,
    pub(super) metrics: BTreeMap<String, f64>,
    pub(super) emitted: Vec<Emitted>,
    pub(super) log: Vec<(Level, String)>,
}

impl Default for Fake {
    fn default() -> Self {
        Self {
            now: Timestamp::from_micros(START.0, START.1),
            slept: Duration::ZERO,
            seq: 0,
            kv: BTreeMap::new(),
            answers: BTreeMap::new(),
            requests: Vec::new(),
            actions: BTreeMap::new(),
            ran: Vec::new(),
            listening: BTreeMap::new(),
            probed: Vec::new(),
            destinations: BTreeSet::new(),
            notified: Vec::new(),
            tracked: Vec::new(),
            metrics: BTreeMap::new(),
            emitted: Vec::new(),
            log: Vec::new(),
        }
    }
}

/// An answer that waits to be asked for.
#[derive(Clone)]
pub(super) enum Canned {
    Answer(Response),
    Error(ErrorKind, String),
}

/// Calls with this thread's made-up host.
pub(super) fn with<R>(call: impl FnOnce(&mut Fake) -> R) -> R {
    FAKE.with_borrow_mut(call)
}

/// A message that the plugin has sent with `notify`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Notified {
    /// To whom.
    pub destination: String,
    /// What it said.
    pub said: Said,
}

/// What a message said.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Said {
    /// A text, by `notify::send`.
    Text(String),
    /// A mail, by `notify::mail`.
    Mail(Mail),
    /// A body, by `notify::webhook`.
    Posted(Value),
}

/// Health that the plugin has reported with `track::set`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tracked {
    /// The name.
    pub name: String,
    /// What was reported.
    pub verdict: Verdict,
    /// For how long it holds.
    pub ttl: Duration,
}

/// An event that the plugin has emitted.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Emitted {
    /// The plugin's word for it.
    pub name: String,
    /// How grave.
    pub severity: Severity,
    /// What it said, an object.
    pub data: Value,
}

/// A made-up host. What is not set up with it is refused, as without a grant.
///
/// There is one for each thread; this is a handle.
#[derive(Debug)]
pub struct Host(());

/// Not derived: a new host is a fresh one.
impl Default for Host {
    fn default() -> Self {
        Self::new()
    }
}

impl Host {
    /// A fresh host. The thread's former one is forgotten.
    pub fn new() -> Self {
        with(|fake| *fake = Fake::default());
        Self(())
    }

    pub(super) fn of_this_thread() -> Self {
        Self(())
    }

    /// Answers requests for this URL. Given more than once: one after the other; the last one goes on.
    #[must_use]
    pub fn answer(self, url: &str, status: u16, body: &str) -> Self {
        self.canned(url, Canned::Answer(Response::new(status, Vec::new(), body.into())))
    }

    /// Answers requests for this URL with an error: no connection, no grant.
    #[must_use]
    pub fn answer_error(self, url: &str, kind: ErrorKind, text: &str) -> Self {
        self.canned(url, Canned::Error(kind, text.to_owned()))
    }

    fn canned(self, url: &str, canned: Canned) -> Self {
        with(|fake| fake.answers.entry(url.to_owned()).or_default().push_back(canned));
        self
    }

    /// Has an action of this name, which ends with this exit code and output.
    #[must_use]
    pub fn action(self, name: &str, exit_code: i32, output: &str) -> Self {
        with(|fake| fake.actions.insert(name.to_owned(), Ran::new(Some(exit_code), output.to_owned())));
        self
    }

    /// Lets somebody listen at this address (`HOST:PORT` or the path of a Unix socket), who answers with these octets.
    #[must_use]
    pub fn listens(self, address: &str, answer: &[u8]) -> Self {
        with(|fake| fake.listening.insert(address.to_owned(), answer.to_owned()));
        self
    }

    /// Has a destination of this name, of every kind.
    #[must_use]
    pub fn destination(self, name: &str) -> Self {
        with(|fake| fake.destinations.insert(name.to_owned()));
        self
    }

    /// Stores a value.
    #[must_use]
    pub fn stored(self, key: &str, value: impl AsRef<[u8]>) -> Self {
        with(|fake| fake.kv.insert(key.to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Sets both clocks. They stand still but for [`advance`](Self::advance), `clock::sleep` and replayed events.
    pub fn set_clock(&self, now: Timestamp) {
        with(|fake| fake.now = now);
    }

    /// Lets time pass.
    pub fn advance(&self, by: Duration) {
        with(|fake| fake.advance(by));
    }

    /// What the clocks show.
    pub fn now(&self) -> Timestamp {
        with(|fake| fake.now)
    }

    /// How long the plugin has slept, altogether.
    pub fn slept(&self) -> Duration {
        with(|fake| fake.slept)
    }

    /// What is stored under this key.
    pub fn kv(&self, key: &str) -> Option<Vec<u8>> {
        with(|fake| fake.kv.get(key).cloned())
    }

    /// The requests that the plugin has sent.
    pub fn requests(&self) -> Vec<Request> {
        with(|fake| fake.requests.clone())
    }

    /// The actions that the plugin has run.
    pub fn ran(&self) -> Vec<String> {
        with(|fake| fake.ran.clone())
    }

    /// Where the plugin has connected to, with what it sent there.
    pub fn probed(&self) -> Vec<(String, Vec<u8>)> {
        with(|fake| fake.probed.clone())
    }

    /// The messages that the plugin has sent with `notify`.
    pub fn notified(&self) -> Vec<Notified> {
        with(|fake| fake.notified.clone())
    }

    /// The health that the plugin has reported with `track::set`.
    pub fn tracked(&self) -> Vec<Tracked> {
        with(|fake| fake.tracked.clone())
    }

    /// The counter or gauge of this name.
    pub fn metric(&self, name: &str) -> Option<f64> {
        with(|fake| fake.metrics.get(name).copied())
    }

    /// The events that the plugin has emitted.
    pub fn emitted(&self) -> Vec<Emitted> {
        with(|fake| fake.emitted.clone())
    }

    /// What the plugin has logged.
    pub fn log(&self) -> Vec<(Level, String)> {
        with(|fake| fake.log.clone())
    }

    /// Starts a plugin with these settings, an object.
    ///
    /// # Errors
    /// If a setting is unknown or missing, and those of the plugin's `init`.
    pub fn start<P: Plugin>(&self, config: Value) -> Result<Running<P>> {
        Running::start(config, None)
    }

    pub(super) fn next_seq(&self) -> u64 {
        with(|fake| {
            fake.seq += 1;
            fake.seq
        })
    }
}

impl Fake {
    pub(super) fn advance(&mut self, by: Duration) {
        self.now = Timestamp { wall: self.now.wall + by, monotonic: self.now.monotonic + by };
    }

    pub(super) fn next_answer(&mut self, request: &Request) -> Result<Response> {
        let refused = || {
            let text = format!(
                "the test has no answer for {}: Host::new().answer(\"{}\", 200, \"..\")",
                request.method, request.url
            );
            Error::from_host(ErrorKind::Denied, text)
        };
        let answers = self.answers.get_mut(&request.url).ok_or_else(refused)?;
        let next = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        match next.ok_or_else(refused)? {
            Canned::Answer(response) => Ok(response),
            Canned::Error(kind, text) => Err(Error::from_host(kind, text)),
        }
    }
}
