//! The runtime for WebAssembly components.

use std::fmt;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepwatch_host::{Program, Refusal, Runtime, Source, Work};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use crate::compiler;
use crate::head;
use crate::loader::Loader;
use crate::options::Options;
use crate::program::WasmProgram;
use crate::template::Template;
use crate::wording::Wording;

/// How long a component is waited for: a child's time, and a little for what comes before and after.
const PATIENCE: Duration = compiler::PATIENCE.saturating_add(Duration::from_secs(5));

/// Runs plugins that are WebAssembly components. It is for a Tokio runtime with timers.
pub struct WasmRuntime {
    loader: Arc<Loader>,
    wording: Arc<Wording>,
    /// One at a time: a compiler takes a processor and much memory.
    loading: Arc<Mutex<()>>,
    /// One took longer than is waited for; as long as it works on, nobody waits for it again.
    overrun: AtomicBool,
}

impl fmt::Debug for WasmRuntime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WasmRuntime").field("loader", &self.loader).finish_non_exhaustive()
    }
}

impl WasmRuntime {
    /// A runtime. A cache that cannot be used is warned of and done without. Whether components can run on this machine
    /// at all is found out by the first of them.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let loader = Arc::new(Loader::new(options));
        let (wording, loading) = (Arc::default(), Arc::default());
        Self { loader, wording, loading, overrun: AtomicBool::new(false) }
    }

    /// Loads or compiles a component on a thread of its own.
    async fn template(&self, content: &Arc<[u8]>) -> Result<Arc<Template>, Refusal> {
        let alone = self.turn().await?;
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
        match tokio::time::timeout(PATIENCE, answer).await {
            Ok(Ok(loaded)) => loaded,
            Ok(Err(_)) => Err(Refusal::plain("the compiler failed; this is a fault of keepwatch's")),
            Err(_) => {
                self.overrun.store(true, Ordering::Relaxed);
                Err(compiler::late())
            }
        }
    }

    /// Waits until no other component is loaded, in the order in which they came. As long as each takes no longer than it may,
    /// a line of any length is waited in.
    async fn turn(&self) -> Result<OwnedMutexGuard<()>, Refusal> {
        self.turn_looking_each(PATIENCE).await
    }

    /// Waits so, and looks again and again whether one took too long.
    async fn turn_looking_each(&self, time: Duration) -> Result<OwnedMutexGuard<()>, Refusal> {
        let mut turn = pin!(Arc::clone(&self.loading).lock_owned());
        let mut wait = if self.overrun.load(Ordering::Relaxed) { Duration::ZERO } else { time };
        loop {
            if let Ok(turn) = tokio::time::timeout(wait, &mut turn).await {
                self.overrun.store(false, Ordering::Relaxed);
                return Ok(turn);
            }
            if self.overrun.load(Ordering::Relaxed) {
                return Err(Refusal::plain("another component is still being compiled")
                    .help("reload when it is done; the log says which one took too long"));
            }
            wait = time;
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
            let template = self.template(&source.content).await?;
            let program = WasmProgram::new(source, template, Arc::clone(&self.wording)).await?;
            Ok(Arc::new(program) as Arc<dyn Program>)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_that_took_too_long_is_not_waited_for_again() {
        let runtime = WasmRuntime::new(Options::default());
        let working = runtime.turn().await.unwrap();
        runtime.overrun.store(true, Ordering::Relaxed);
        for _ in 0..2 {
            let refusal = runtime.turn().await.unwrap_err().to_string();
            assert!(refusal.starts_with("error: another component is still being compiled"), "{refusal}");
        }
        drop(working);
        runtime.turn().await.unwrap();
        assert!(!runtime.overrun.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn a_line_is_waited_in_as_long_as_nobody_takes_too_long() {
        let runtime = WasmRuntime::new(Options::default());
        let working = runtime.turn().await.unwrap();
        let mut waiting = pin!(runtime.turn_looking_each(Duration::from_millis(1)));
        let in_vain = tokio::time::timeout(Duration::from_millis(20), &mut waiting).await;
        assert!(in_vain.is_err(), "it waits longer than one component may take");
        drop(working);
        waiting.await.unwrap();
    }
}
