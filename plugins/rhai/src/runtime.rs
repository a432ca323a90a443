//! The runtime: from `.rhai` files to programs.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use keepwatch_host::{Program, Refusal, Runtime, Source, Work};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::compile::compile;
use crate::crews::Crews;
use crate::engine::stack;
use crate::plugin::panicked;
use crate::program::RhaiProgram;

/// How long compiling may take: files are read for it, and a disk can hang.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs Rhai scripts as plugins.
#[derive(Default)]
pub struct RhaiRuntime {
    crews: Arc<Crews>,
}

impl RhaiRuntime {
    /// The runtime.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Runtime for RhaiRuntime {
    fn name(&self) -> &'static str {
        "Rhai"
    }

    fn understands(&self, path: &Path) -> bool {
        path.extension().is_some_and(|ending| ending == "rhai")
    }

    fn compile<'a>(&'a self, source: &'a Source) -> Work<'a, Result<Arc<dyn Program>, Refusal>> {
        let source = source.clone();
        let stack = stack(source.limits.memory);
        Box::pin(async move {
            // On a thread of its own: imports are read from disk, and parsing is recursive.
            let (sender, receiver) = oneshot::channel();
            let work = move || {
                let compiled = catch_unwind(AssertUnwindSafe(|| compile(&source)));
                let compiled = compiled.unwrap_or_else(|panic| {
                    Err(Refusal::plain(format!("the compiler crashed: {}", panicked(panic.as_ref()))))
                });
                // Whoever asked may have given up.
                let _ = sender.send(compiled);
            };
            let thread = thread::Builder::new().name("rhai-compile".to_owned());
            let spawned = thread.stack_size(stack).spawn(work);
            spawned.map_err(|error| Refusal::plain(format!("there is no thread to compile on: {error}")))?;
            let script = match timeout(PATIENCE, receiver).await {
                Ok(Ok(compiled)) => compiled?,
                Ok(Err(_)) => return Err(Refusal::plain("the compiler's thread has ended")),
                Err(_) => return Err(late()),
            };
            Ok(Arc::new(RhaiProgram { script: Arc::new(script), crews: self.crews.clone() })
                as Arc<dyn Program>)
        })
    }
}

fn late() -> Refusal {
    let refusal = Refusal::plain(format!("compiling took longer than {} s", PATIENCE.as_secs()));
    refusal.help("the disk with the script or what it imports may not answer")
}
