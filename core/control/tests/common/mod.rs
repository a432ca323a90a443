//! A daemon that is nothing but a bus and a control socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_bus::{Bus, Delivery, Draft, Subscription};
use keepwatch_control::{
    Answering, Backend, ConfigStatus, DeadLetter, DestinationStatus, Done, ExplainRequest, Letters, Limits,
    PluginName, PluginReport, ReloadReport, ReloadRequest, Reloading, Server, SilenceName, SilenceStatus,
    Status,
};
use keepwatch_event::{
    EventKind, Explanation, InstanceStatus, LogLevel, PluginState, Reason, Severity, Snapshot, State,
    Timestamp,
};
use serde_json::Value;
use tokio::sync::oneshot;

/// Longer than anything here takes, also on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A folder of its own, removed with all that is in it.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("keepwatch-control-{}-{number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.0.join("control.sock")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A bus and a control socket.
pub(crate) struct Daemon {
    pub(crate) bus: Option<Bus>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    pub(crate) folder: Folder,
}

impl Daemon {
    pub(crate) fn start(limits: Limits) -> Self {
        let folder = Folder::new();
        let server = Server::bind(&folder.socket()).unwrap().with_limits(limits);
        let bus = Bus::start(Snapshot::new("h1", epoch(), vec![instance("VI_1"), instance("VI_2")]), || ())
            .unwrap();
        let (stop, stopped) = oneshot::channel();
        let backend = Arc::new(Facts { bus: bus.clone() });
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let stopped = async {
                let _ = stopped.await;
            };
            runtime.block_on(server.serve(backend, stopped)).unwrap();
        });
        Self { bus: Some(bus), stop: Some(stop), thread: Some(thread), folder }
    }

    pub(crate) fn bus(&self) -> &Bus {
        self.bus.as_ref().unwrap()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.socket()
    }

    pub(crate) fn talk(&self) -> Talk {
        Talk::with(&self.path())
    }

    /// Tells the server to stop, ends the bus, and waits for the server.
    pub(crate) fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
        self.bus = None;
        self.thread.take().unwrap().join().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if self.stop.is_some() {
            self.stop();
        }
    }
}

struct Facts {
    bus: Bus,
}

impl Backend for Facts {
    fn status(&self) -> Answering<Status> {
        let status = Status {
            version: "0.1.0".to_owned(),
            pid: 1,
            node: "h1".to_owned(),
            at: epoch(),
            started: epoch(),
            uptime: Duration::from_secs(60),
            config: ConfigStatus {
                path: "/etc/keepwatch".to_owned(),
                hash: String::new(),
                loaded: epoch(),
                waits: None,
                rejected: None,
            },
            snapshot: self.bus.snapshot(),
            plugins: self.plugins(),
            destinations: Vec::new(),
        };
        Box::pin(async move { status })
    }

    fn explain(&self, which: ExplainRequest) -> Answering<Result<Explanation, String>> {
        let explanation = Explanation { at: epoch(), instances: Vec::new() };
        Box::pin(async move {
            which
                .instance
                .map_or(Ok(explanation), |instance| Err(format!("there is no instance \"{instance}\"")))
        })
    }

    fn plugins(&self) -> Vec<PluginReport> {
        vec![PluginReport::new("chat".to_owned(), PluginState::Running, epoch())]
    }

    fn subscribe(&self, name: &str, delivery: Delivery, capacity: usize) -> Subscription {
        self.bus.subscribe(name, delivery, capacity)
    }

    fn dead_letters(&self, plugin: PluginName) -> Answering<Result<Vec<DeadLetter>, String>> {
        Box::pin(async move { Err(format!("there is no plugin \"{}\"", plugin.plugin)) })
    }

    fn spool(&self) -> Answering<Vec<DestinationStatus>> {
        Box::pin(async { Vec::new() })
    }

    fn spool_retry(&self, letters: Letters) -> Answering<Done> {
        Box::pin(async move { Done::with(letters.ids.len()) })
    }

    fn spool_purge(&self, letters: Letters) -> Answering<Done> {
        Box::pin(async move { Done::refused(format!("there is no destination \"{}\"", letters.destination)) })
    }

    fn silences(&self) -> Answering<Vec<SilenceStatus>> {
        Box::pin(async { Vec::new() })
    }

    fn silence(&self, _: SilenceStatus) -> Answering<Done> {
        Box::pin(async { Done::with(1) })
    }

    fn silence_end(&self, _: SilenceName) -> Answering<Done> {
        Box::pin(async { Done::with(1) })
    }

    fn reload(&self, _: ReloadRequest) -> Reloading {
        Box::pin(async {
            tokio::task::yield_now().await;
            ReloadReport { done: vec!["read anew".to_owned()], ..ReloadReport::default() }
        })
    }
}

/// A client that says and hears lines, whatever they are.
pub(crate) struct Talk(BufReader<UnixStream>);

impl Talk {
    pub(crate) fn with(path: &Path) -> Self {
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(BufReader::new(stream))
    }

    pub(crate) fn stream(&self) -> &UnixStream {
        self.0.get_ref()
    }

    /// Says a line. The server may have closed the connection already.
    pub(crate) fn say(&self, line: &str) {
        let _ = self.0.get_ref().write_all(format!("{line}\n").as_bytes());
    }

    /// The next line; `None` at the end.
    pub(crate) fn hear(&mut self) -> Option<Value> {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Ok(0) => None,
            Ok(_) => Some(serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))),
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Says a line and hears one.
    pub(crate) fn ask(&mut self, line: &str) -> Value {
        self.say(line);
        self.hear().expect("an answer")
    }
}

pub(crate) const STATUS: &str = r#"{"version":1,"request":"status"}"#;
pub(crate) const EVENTS: &str = r#"{"version":1,"request":"events"}"#;

fn epoch() -> Timestamp {
    Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO }
}

fn instance(name: &str) -> InstanceStatus {
    InstanceStatus {
        name: name.into(),
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 100,
        priority: 100,
        addresses: vec!["10.1.1.30/24".to_owned()],
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

/// An instance changes its state; `term` says to which.
pub(crate) fn transition(instance: &str, term: u64) -> Draft {
    let to = if term.is_multiple_of(2) { State::Master } else { State::Backup };
    let (from, reason) = (State::Init, Reason::Recovered);
    let kind = EventKind::Transition { from, to, reason, initial: false, priority: 100, steps: Vec::new() };
    Draft { instance: Some(instance.into()), severity: Severity::Info, term, kind }
}

/// A line that a plugin logs.
pub(crate) fn line(text: &str) -> Draft {
    let kind = EventKind::PluginLog { plugin: "chat".into(), level: LogLevel::Info, text: text.into() };
    Draft::general(Severity::Info, kind)
}

/// Waits for a condition.
pub(crate) fn wait(what: &str, mut condition: impl FnMut() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
