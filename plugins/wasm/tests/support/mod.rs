//! What the tests have in common: components, hosts that record, events.

mod recorder;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keepwatch_event::{Event, EventKind, Reason, Severity, Snapshot, State};
use keepwatch_host::{Grants, Host, Limits, PluginSpec, Program, Refusal, Runtime, Source};
use keepwatch_wasm::{Options, WasmRuntime};
use serde_json::Value;
use tokio::sync::OnceCell;

pub(crate) use recorder::{Recorder, at};

/// Guests that do what plugins should not, and examples.
pub(crate) const HANDLER: &str = "plugins/wasm/tests/guests/hostile-handler.wasm";
pub(crate) const CHECKER: &str = "plugins/wasm/tests/guests/hostile-checker.wasm";
/// One that makes handles without end when it is asked.
pub(crate) const LEAKING: &str = "plugins/wasm/tests/guests/leaking-checker.wasm";

/// One that tells destinations of each transition.
pub(crate) const MESSENGER: &str = "plugins/wasm/tests/guests/messenger.wasm";

/// One that logs `here` at each transition.
pub(crate) const FIRST_LINE: &str = "plugins/wasm/tests/guests/first-line.wasm";

pub(crate) const FLAPPING: &str = "examples/plugins/rust-handler/rust-handler.wasm";
pub(crate) const LAG: &str = "examples/plugins/replication-lag/replication-lag.wasm";

/// Grants for all that the hostile guests import.
pub(crate) const ALL: &[&str] =
    &["http://127.0.0.1:9187", "tcp:db1:5432", "unix:/run/db.sock", "run:reload", "track:db"];

/// A file of the project; a component that was built anew is taken from `KEEPWATCH_COMPONENTS` instead.
pub(crate) fn file(path: &str) -> PathBuf {
    let name = Path::new(path).file_name().unwrap_or_default();
    if let Some(fresh) = std::env::var_os("KEEPWATCH_COMPONENTS").map(|folder| Path::new(&folder).join(name))
        && fresh.exists()
    {
        return fresh;
    }
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// A component as a plugin's source.
pub(crate) fn source(content: Vec<u8>) -> Source {
    Source {
        plugin: "guest".into(),
        path: "/etc/keepwatch/plugins/guest.wasm".into(),
        content: content.into(),
        limits: Limits::default(),
    }
}

/// A component written by hand as a plugin's source.
pub(crate) fn written(text: &str) -> Source {
    source(wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
}

/// A file of the project as a plugin's source.
pub(crate) fn read(path: &str) -> Source {
    let path = file(path);
    source(std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
}

/// A runtime without a cache.
pub(crate) fn runtime() -> WasmRuntime {
    WasmRuntime::new(Options::default())
}

/// Compiles without a cache.
pub(crate) async fn compile(source: &Source) -> Result<Arc<dyn Program>, Refusal> {
    runtime().compile(source).await
}

/// A component of the project, compiled once for all tests.
pub(crate) async fn program(path: &'static str) -> Arc<dyn Program> {
    type Once = Arc<OnceCell<Arc<dyn Program>>>;
    static PROGRAMS: Mutex<BTreeMap<&str, Once>> = Mutex::new(BTreeMap::new());
    let once = Arc::clone(PROGRAMS.lock().unwrap().entry(path).or_default());
    let compiled = once.get_or_init(async || compile(&read(path)).await.unwrap());
    Arc::clone(compiled.await)
}

/// What to start with: all grants, a recorder for effects.
pub(crate) struct Setup {
    pub(crate) config: Value,
    pub(crate) grants: Vec<&'static str>,
    pub(crate) limits: Limits,
    pub(crate) recorder: Arc<Recorder>,
}

impl Setup {
    pub(crate) fn new(config: Value) -> Self {
        Self { config, grants: ALL.to_vec(), limits: Limits::default(), recorder: Arc::default() }
    }

    pub(crate) fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    pub(crate) fn grants(mut self, grants: &[&'static str]) -> Self {
        self.grants = grants.to_vec();
        self
    }

    pub(crate) fn host(&self) -> Host {
        let grants = Grants::new(self.grants.iter().map(|grant| grant.parse().unwrap()).collect());
        let (config, limits) = (self.config.as_object().unwrap().clone(), self.limits.clone());
        let spec = PluginSpec { config, grants, limits, ..PluginSpec::plain("guest", "guest.wasm".into()) };
        Host::new(&spec, Arc::<Recorder>::clone(&self.recorder))
    }
}

/// Limits of calls.
pub(crate) fn limits(call: Duration, cpu: Duration) -> Limits {
    Limits { call, cpu, ..Limits::default() }
}

/// An event of instance `VI_1`.
pub(crate) fn event(seq: u64, kind: EventKind) -> Arc<Event> {
    Arc::new(Event {
        id: format!("run-{seq}"),
        seq,
        at: at(seq),
        node: "h1".into(),
        instance: Some("VI_1".into()),
        severity: Severity::Info,
        term: seq,
        kind,
    })
}

/// A backup that becomes MASTER.
pub(crate) fn failover(seq: u64) -> Arc<Event> {
    let reason = Reason::NoAdvert { silent: Duration::from_millis(3_609) };
    let kind = EventKind::Transition {
        from: State::Backup,
        to: State::Master,
        reason,
        initial: false,
        priority: 101,
        steps: Vec::new(),
    };
    event(seq, kind)
}

/// How things are before the first event.
pub(crate) fn snapshot() -> Snapshot {
    Snapshot::new("h1", at(1), Vec::new())
}
