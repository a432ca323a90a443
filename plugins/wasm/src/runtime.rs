//! The runtime for WebAssembly components.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_host::{Program, Refusal, Runtime, Source, Work};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use wasmtime::component::Component;

use crate::compiler;
use crate::head;
use crate::loader::Loader;
use crate::machine::Machine;
use crate::options::Options;
use crate::program::WasmProgram;
use crate::wording::Wording;

/// How much longer than a child this thread may take, for what comes before and after.
const GRACE: Duration = Duration::from_secs(5);

/// Runs plugins that are WebAssembly components. It is for a Tokio runtime with timers.
pub struct WasmRuntime {
    machine: Arc<Machine>,
    loader: Arc<Loader>,
    wording: Arc<Wording>,
    /// One at a time: a compiler takes a processor and much memory.
    loading: Arc<Mutex<()>>,
}

impl fmt::Debug for WasmRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmRuntime").field("loader", &self.loader).finish_non_exhaustive()
    }
}

impl WasmRuntime {
    /// A runtime. A cache that cannot be used is warned of and done without.
    ///
    /// # Errors
    ///
    /// If WebAssembly cannot be compiled on this machine.
    pub fn new(options: Options) -> Result<Self, Refusal> {
        let machine = Arc::new(Machine::start()?);
        let loader = Arc::new(Loader::new(Arc::clone(&machine), options));
        let (wording, loading) = (Arc::default(), Arc::default());
        Ok(Self { machine, loader, wording, loading })
    }

    /// Loads or compiles a component on a thread of its own.
    async fn component(&self, content: &Arc<[u8]>) -> Result<Component, Refusal> {
        let alone = Arc::clone(&self.loading).lock_owned().await;
        let (loader, content) = (Arc::clone(&self.loader), Arc::clone(content));
        let (told, answer) = oneshot::channel();
        let thread = std::thread::Builder::new().name("wasm-compiler".to_owned());
        let work = move || {
            let loaded = loader.load(&content);
            // Free before it is told: who hears of this one may load the next at once.
            drop::<OwnedMutexGuard<()>>(alone);
            // Nobody listens if it took too long.
            let _ = told.send(loaded);
        };
        thread.spawn(work).map_err(|error| Refusal::plain(format!("no thread to compile on: {error}")))?;
        // A child is ended when its time is up; this thread cannot be, and is left to its work.
        match tokio::time::timeout(compiler::PATIENCE + GRACE, answer).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(_)) => Err(Refusal::plain("the compiler failed; this is a fault of keepwatch's")),
            Err(_) => Err(compiler::late()),
        }
    }
}

impl Runtime for WasmRuntime {
    fn name(&self) -> &'static str {
        "WASM"
    }

    fn understands(&self, path: &Path) -> bool {
        path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("wasm"))
    }

    fn compile<'a>(&'a self, source: &'a Source) -> Work<'a, Result<Arc<dyn Program>, Refusal>> {
        Box::pin(async move {
            head::check(&source.content)?;
            let component = self.component(&source.content).await?;
            let (machine, wording) = (Arc::clone(&self.machine), Arc::clone(&self.wording));
            let program = WasmProgram::new(&source.plugin, &component, machine, wording).await?;
            Ok(Arc::new(program) as Arc<dyn Program>)
        })
    }
}
