//! What the tests share: effects that are only told, and short ways to compile and run a script.

#![allow(dead_code)]

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_event::{
    Event, EventKind, InstanceStatus, LogLevel, Reason, Severity, Snapshot, State, Timestamp,
};
use keepwatch_host::diagnostic::Style;
use keepwatch_host::{
    Answer, CheckRequest, Effects, Failure, Grants, Host, HostError, HostPort, HttpRequest, HttpResponse,
    Limits, Message, MetricChange, Outcome, Permit, Plugin, PluginSpec, Program, Question, Ran, Refusal,
    Runtime, Source, Verdict, Work,
};
use keepwatch_rhai::RhaiRuntime;
use serde_json::{Map, Value, json};

/// Effects that are told, not done.
#[derive(Default)]
pub(crate) struct Told {
    lines: Mutex<Vec<String>>,
    pub(crate) store: Mutex<BTreeMap<String, Vec<u8>>>,
    /// What requests are answered with; 200 without a body if there is nothing left.
    pub(crate) responses: Mutex<VecDeque<Result<HttpResponse, HostError>>>,
    /// How actions end: 0 if there is nothing left.
    pub(crate) ends: Mutex<VecDeque<Result<Ran, HostError>>>,
    pub(crate) requests: Mutex<Vec<HttpRequest>>,
    /// What connections are answered with.
    pub(crate) received: Mutex<Vec<u8>>,
    /// How messages are taken: well if there is nothing left.
    pub(crate) answers: Mutex<VecDeque<Result<(), HostError>>>,
    mark: Mutex<Option<Instant>>,
}

impl Told {
    fn tell(&self, line: String) {
        self.lines.lock().unwrap().push(line);
    }

    /// What was done since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }

    /// When a metric was last changed.
    pub(crate) fn marked(&self) -> Option<Instant> {
        self.lines.lock().unwrap().clear();
        self.mark.lock().unwrap().take()
    }

    pub(crate) fn responds(&self, status: u16, body: &str) {
        let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
        let response = HttpResponse { status, headers, body: body.into() };
        self.responses.lock().unwrap().push_back(Ok(response));
    }
}

impl Effects for Told {
    fn log(&self, plugin: &str, level: LogLevel, text: String) {
        self.tell(format!("{plugin} {level:?}: {text}"));
    }

    fn now(&self) -> Timestamp {
        at(7)
    }

    fn sleep(&self, time: Duration) -> Work<'_, ()> {
        self.tell(format!("sleep {time:?}"));
        Box::pin(tokio::time::sleep(time))
    }

    fn kv_get<'a>(&'a self, _: &'a str, key: &'a str) -> Work<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(async move {
            assert_ne!(key, "panic", "the store panicked");
            Ok(self.store.lock().unwrap().get(key).cloned())
        })
    }

    fn kv_set<'a>(&'a self, _: &'a str, key: &'a str, value: &'a [u8]) -> Work<'a, Result<(), HostError>> {
        self.store.lock().unwrap().insert(key.to_owned(), value.to_vec());
        Box::pin(async { Ok(()) })
    }

    fn kv_delete<'a>(&'a self, _: &'a str, key: &'a str) -> Work<'a, Result<bool, HostError>> {
        let was = self.store.lock().unwrap().remove(key).is_some();
        Box::pin(async move { Ok(was) })
    }

    fn kv_keys<'a>(&'a self, _: &'a str, prefix: &'a str) -> Work<'a, Result<Vec<String>, HostError>> {
        let store = self.store.lock().unwrap();
        let keys = store.keys().filter(|key| key.starts_with(prefix)).cloned().collect();
        Box::pin(async move { Ok(keys) })
    }

    fn http<'a>(&'a self, request: HttpRequest, _: &'a Permit) -> Work<'a, Result<HttpResponse, HostError>> {
        let body = String::from_utf8_lossy(&request.body).into_owned();
        self.tell(format!("{} {} {body}", request.method, request.url).trim_end().to_owned());
        self.requests.lock().unwrap().push(request);
        let response = self.responses.lock().unwrap().pop_front();
        let response = response
            .unwrap_or_else(|| Ok(HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() }));
        Box::pin(async move { response })
    }

    fn run<'a>(&'a self, _: &'a str, action: &'a str, _: Duration) -> Work<'a, Result<Ran, HostError>> {
        self.tell(format!("run {action}"));
        let end = self.ends.lock().unwrap().pop_front();
        Box::pin(async move { end.unwrap_or_else(|| Ok(Ran { exit_code: Some(0), output: String::new() })) })
    }

    fn tcp<'a>(&'a self, to: &'a HostPort, question: Question) -> Work<'a, Result<Answer, HostError>> {
        self.tell(format!("tcp {to} {question:?}"));
        Box::pin(async { Ok(self.answer()) })
    }

    fn unix<'a>(&'a self, to: &'a Path, question: Question) -> Work<'a, Result<Answer, HostError>> {
        self.tell(format!("unix {} {question:?}", to.display()));
        Box::pin(async { Ok(self.answer()) })
    }

    fn notify(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        let Message { destination, content, about, number, .. } = message;
        let about = about.map_or_else(String::new, |event| format!(" about {}", event.id));
        self.tell(format!("notify {destination} {content:?}{about}, number {number}"));
        let answer = self.answers.lock().unwrap().pop_front().unwrap_or(Ok(()));
        Box::pin(async move { answer })
    }

    fn set_track(&self, _: &str, name: &str, verdict: Verdict, ttl: Duration) -> Result<(), HostError> {
        self.tell(format!("track {name} {} {:?} for {ttl:?}", verdict.health, verdict.text));
        Ok(())
    }

    fn metric(&self, _: &str, name: &str, change: MetricChange) -> Result<(), HostError> {
        *self.mark.lock().unwrap() = Some(Instant::now());
        self.tell(format!("metric {name} {change:?}"));
        Ok(())
    }

    fn emit(
        &self,
        _: &str,
        name: &str,
        severity: Severity,
        data: Map<String, Value>,
    ) -> Result<(), HostError> {
        self.tell(format!("emit {name} {severity:?} {}", Value::Object(data)));
        Ok(())
    }
}

impl Told {
    fn answer(&self) -> Answer {
        let received = self.received.lock().unwrap().clone();
        Answer { received, connected_after: Duration::from_millis(3) }
    }
}

/// A script under test.
pub(crate) struct Trial {
    pub(crate) told: Arc<Told>,
    pub(crate) host: Host,
    pub(crate) plugin: Box<dyn Plugin>,
}

/// How a script is to be run.
pub(crate) struct Setup {
    pub(crate) config: Value,
    pub(crate) grants: Vec<&'static str>,
    pub(crate) limits: Limits,
    pub(crate) state: Option<Vec<u8>>,
    pub(crate) name: &'static str,
}

impl Default for Setup {
    fn default() -> Self {
        let grants =
            vec!["run:a", "http://h", "https://h", "tcp:db:5432", "unix:/run/x.sock", "track:db", "notify:d"];
        Self { config: json!({}), grants, limits: Limits::default(), state: None, name: "trial" }
    }
}

/// Compiles a text as `hooks.d/trial.rhai`.
pub(crate) async fn compile(text: &str) -> Result<Arc<dyn Program>, Refusal> {
    compile_at(Path::new("hooks.d/trial.rhai"), text).await
}

/// Compiles a text as if it stood there.
pub(crate) async fn compile_at(path: &Path, text: &str) -> Result<Arc<dyn Program>, Refusal> {
    let (content, limits) = (text.as_bytes().into(), Limits::default());
    let source = Source { plugin: "trial".into(), path: path.to_owned(), content, limits };
    RhaiRuntime::new().compile(&source).await
}

/// All that is wrong with a text.
pub(crate) async fn refused(text: &str) -> String {
    match compile(text).await {
        Ok(_) => panic!("compiled:\n{text}"),
        Err(refusal) => refusal.render(Style::Plain),
    }
}

impl Trial {
    /// Compiles, starts and initialises a text.
    pub(crate) async fn new(text: &str) -> Self {
        Self::with(text, Setup::default()).await
    }

    pub(crate) async fn with(text: &str, setup: Setup) -> Self {
        match Self::try_with(text, setup).await {
            Ok(trial) => trial,
            Err(failure) => panic!("{failure}"),
        }
    }

    pub(crate) async fn try_with(text: &str, setup: Setup) -> Result<Self, Failure> {
        let program = match compile(text).await {
            Ok(program) => program,
            Err(refusal) => panic!("{}", refusal.render(Style::Plain)),
        };
        Self::of(&*program, setup).await
    }

    pub(crate) async fn of(program: &dyn Program, setup: Setup) -> Result<Self, Failure> {
        let told = Arc::new(Told::default());
        let grants = Grants::new(setup.grants.iter().map(|grant| grant.parse().unwrap()).collect());
        let (config, limits) = (setup.config.as_object().unwrap().clone(), setup.limits);
        let plain = PluginSpec::plain(setup.name, "hooks.d/trial.rhai".into());
        let spec = PluginSpec { config, grants, limits, ..plain };
        let host = Host::new(&spec, told.clone());
        let mut plugin = program.start(host.clone()).await?;
        host.begin_call(host.limits().call);
        plugin.init(setup.state.as_deref()).await?;
        Ok(Self { told, host, plugin })
    }

    fn begin(&self) {
        self.host.begin_call(self.host.limits().call);
    }

    pub(crate) async fn handle(&mut self, event: Event) -> Result<Outcome, Failure> {
        let event = Arc::new(event);
        self.host.begin_handling(self.host.limits().call, &event);
        self.plugin.handle(&event).await
    }

    /// A transition to MASTER.
    pub(crate) async fn master(&mut self) -> Result<Outcome, Failure> {
        self.handle(transition(State::Master)).await
    }

    /// What a script's `on_master` reports as an error.
    pub(crate) async fn error(text: &str) -> String {
        let mut trial = Self::new(text).await;
        match trial.master().await {
            Err(Failure::Reported(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn sync(&mut self, snapshot: &Snapshot) -> Result<(), Failure> {
        self.begin();
        self.plugin.sync(snapshot).await
    }

    pub(crate) async fn check(&mut self) -> Result<Verdict, Failure> {
        self.begin();
        let request = CheckRequest { name: "c".to_owned(), within: self.host.limits().call };
        self.plugin.check(&request).await
    }

    pub(crate) async fn save(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.begin();
        self.plugin.save().await
    }

    pub(crate) async fn stop(&mut self) -> Result<(), Failure> {
        self.begin();
        self.plugin.stop("reload").await
    }

    /// What was done since the last time.
    pub(crate) fn told(&self) -> Vec<String> {
        self.told.take()
    }
}

pub(crate) fn at(seconds: u64) -> Timestamp {
    let monotonic = Duration::from_secs(seconds);
    Timestamp { wall: SystemTime::UNIX_EPOCH + monotonic, monotonic }
}

pub(crate) fn event(kind: EventKind) -> Event {
    Event {
        id: "5f3a-7".into(),
        seq: 7,
        at: at(7),
        node: "h1".into(),
        instance: Some("VI_1".into()),
        severity: Severity::Info,
        term: 2,
        kind,
    }
}

pub(crate) fn transition(to: State) -> Event {
    let reason = Reason::NoAdvert { silent: Duration::from_nanos(3_609_375_000) };
    let (from, initial, priority, steps) = (State::Backup, false, 101, Vec::new());
    event(EventKind::Transition { from, to, reason, initial, priority, steps })
}

pub(crate) fn snapshot() -> Snapshot {
    let instance = InstanceStatus {
        name: "VI_1".into(),
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 100,
        priority: 100,
        addresses: vec!["10.1.1.30/24".into()],
        held: Vec::new(),
        state: State::Backup,
        since: Some(at(3)),
        reason: Some(Reason::Recovered),
        term: 1,
        leaving: false,
        peer: None,
        announced: None,
        troubles: Vec::new(),
        counters: None,
        master_advert_interval: None,
    };
    Snapshot::new("h1", at(0), vec![instance])
}

/// The project's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// A new, empty folder of this test's.
pub(crate) fn folder(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&path);
    std::fs::create_dir_all(&path).unwrap();
    path
}
