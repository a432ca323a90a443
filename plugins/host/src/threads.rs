//! The threads of plugins, of built-in checks and of actions: none of the three takes another one's time.

use std::io;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::priority::step_back;
use crate::spec::Made;

/// Threads that plugins share.
const WORKERS: usize = 2;
/// After so many slices of computing, who waits for sockets and timers gets a turn. Components give way after 10 ms each: tokio's
/// own 61 made everybody wait for 0.6 s where both threads had one that computed.
const SLICES: u32 = 1;
/// How long what cannot be interrupted, such as a look-up of a name, is waited for at the end.
const LAST_BREATH: Duration = Duration::from_millis(100);

/// The threads of plugins, of built-in checks and of actions.
pub(crate) struct Threads {
    /// Where components compute.
    plugins: Runtime,
    /// Where built-in checks are asked. Instances depend on them, and what they ask answers at once or never: they wait for
    /// nobody who computes.
    natives: Runtime,
    /// Where actions are started, with the priority that what they start is to have.
    actions: Runtime,
}

/// The ways to [`Threads`].
#[derive(Clone)]
pub(crate) struct Handles {
    pub(crate) plugins: Handle,
    natives: Handle,
}

impl Threads {
    /// # Errors
    ///
    /// The kernel's, if there is no room for threads.
    pub(crate) fn start() -> io::Result<Self> {
        let plugins = Builder::new_multi_thread()
            .worker_threads(WORKERS)
            .thread_name("plugins")
            .on_thread_start(step_back)
            .event_interval(SLICES)
            .enable_all()
            .build()?;
        let natives = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("checks")
            .on_thread_start(step_back)
            .enable_all()
            .build()?;
        let actions =
            Builder::new_multi_thread().worker_threads(1).thread_name("actions").enable_all().build()?;
        Ok(Self { plugins, natives, actions })
    }

    pub(crate) fn handles(&self) -> Handles {
        Handles { plugins: self.plugins.handle().clone(), natives: self.natives.handle().clone() }
    }

    pub(crate) fn actions(&self) -> Handle {
        self.actions.handle().clone()
    }

    /// Waits for work on the plugins' threads.
    pub(crate) fn wait_for<T>(&self, work: impl Future<Output = T>) -> T {
        self.plugins.block_on(work)
    }

    /// Drops what is still under way.
    pub(crate) fn end(self) {
        for runtime in [self.plugins, self.natives, self.actions] {
            runtime.shutdown_timeout(LAST_BREATH);
        }
    }
}

impl Handles {
    /// Where what is made so runs.
    pub(crate) const fn of(&self, made: &Made) -> &Handle {
        match made {
            Made::File(_) => &self.plugins,
            Made::Native(_) => &self.natives,
        }
    }
}
