//! The plugins of the daemon, and what runs them.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_bus::{Bus, Draft};
use keepwatch_engine::{Finding, Tracks};
use keepwatch_event::{EventKind, Severity};
use keepwatch_host::{Messenger, Options, Plan, Plugins, Runtime, Store, Verdict, Verdicts};
use keepwatch_rhai::RhaiRuntime;
use keepwatch_wasm::{ChildCompiler, WasmRuntime};

use crate::exit;
use crate::paths::Paths;

/// The name of the command that compiles a component; nobody types it.
pub(crate) const COMPILE: &str = "compile-component";

/// How long the engine waits for plugins to listen, so that they hear its first transitions. A disk that hangs is not
/// waited for: then they learn from their snapshot how things are.
const LISTEN: Duration = Duration::from_secs(1);

/// Begins to load plugins, in the background.
pub(crate) fn begin(
    plan: Plan,
    paths: &Paths,
    bus: &Bus,
    tracks: Tracks,
    messenger: Arc<dyn Messenger>,
) -> io::Result<Plugins> {
    let heard = bus.clone();
    let complain = move |error| {
        degraded(&heard, "plugins' store", error, "what plugins keep is lost when keepwatch ends");
    };
    let store = Store::on_disk(paths.state.join("plugins.redb"), Box::new(complain));
    let (bus, runtimes, verdicts) = (bus.clone(), runtimes(paths, Some(bus)), Arc::new(Worth(tracks)));
    let plugins = Plugins::new(Options { bus, runtimes, store, verdicts, messenger })?;
    // Loaded in any case, if later.
    let _ = plugins.begin(plan).recv_timeout(LISTEN);
    Ok(plugins)
}

/// The engine's side decides what verdicts are worth.
struct Worth(Tracks);

impl Verdicts for Worth {
    fn report(&self, name: &str, verdict: Verdict, value: Option<i32>, holds: Duration) -> bool {
        self.0.report(name, Finding { health: verdict.health, text: verdict.text, value }, holds)
    }

    fn skipped(&self, name: &str, holds: Duration) {
        self.0.skipped(name, holds);
    }

    fn holds_on(&self, name: &str, holds: Duration) {
        self.0.holds_on(name, holds);
    }

    fn forget(&self, name: &str) {
        self.0.forget(name);
    }
}

/// What runs plugins. What is wrong with their cache is told on the bus, if there is one.
pub(crate) fn runtimes(paths: &Paths, bus: Option<&Bus>) -> Vec<Arc<dyn Runtime>> {
    // This very program, even if a package has put another one in its place since.
    let program = PathBuf::from("/proc/self/exe");
    let heard = bus.cloned();
    let options = keepwatch_wasm::Options {
        cache: Some(paths.cache.join("components")),
        // The compiler's memory would stay with the daemon, and it would take the engine's processor.
        compiler: Some(ChildCompiler { program, arguments: vec![COMPILE.into()] }),
        warn: heard.map(|bus| -> keepwatch_wasm::Warn {
            Arc::new(move |error| {
                degraded(&bus, "compiled plugins", error, "plugins are loaded all the same")
            })
        }),
    };
    vec![Arc::new(RhaiRuntime::new()), Arc::new(WasmRuntime::new(options))]
}

/// Compiles a component into a file, in a process of its own.
pub(crate) fn compile(input: &Path, output: &Path) -> ExitCode {
    match keepwatch_wasm::compile_file(input, output) {
        Ok(()) => exit::with(exit::OK),
        Err(error) => {
            eprintln!("{error}");
            exit::with(error.status())
        }
    }
}

fn degraded(bus: &Bus, part: &str, error: String, consequence: &str) {
    let (part, consequence) = (part.to_owned(), consequence.to_owned());
    bus.publish(Draft::general(Severity::Warning, EventKind::Degraded { part, error, consequence }));
}
