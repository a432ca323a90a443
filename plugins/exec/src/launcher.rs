//! Where check scripts are started.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::runtime::{Builder, Handle, Runtime};

use crate::accounts::Accounts;

/// Files that programs make can be written by their owner only.
const UMASK: Mode = Mode::WGRP.union(Mode::WOTH);

/// Where check scripts are started: on a thread of its own, with the priority of whoever made it. Plugins' threads have
/// stepped back, and what is started there would have stepped back as well. Stops all that it has started when the last
/// copy of it is gone.
#[derive(Clone)]
pub struct Launcher {
    runtime: Arc<Ending>,
    pub(crate) accounts: Arc<Accounts>,
}

impl Launcher {
    /// Makes the thread. Call it on one that has not stepped back.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no room for a thread.
    pub fn new(accounts: Arc<Accounts>) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("scripts")
            .on_thread_start(set_umask)
            .enable_all()
            .build()?;
        Ok(Self { runtime: Arc::new(Ending(Some(runtime))), accounts })
    }

    pub(crate) fn handle(&self) -> Option<&Handle> {
        self.runtime.0.as_ref().map(Runtime::handle)
    }

    /// Kills what it has started, and waits for so long at most. Call it from outside asynchronous code.
    pub fn stop(self, within: Duration) {
        // Scripts may hold copies; then the last of them stops it.
        if let Ok(mut ending) = Arc::try_unwrap(self.runtime)
            && let Some(runtime) = ending.0.take()
        {
            runtime.shutdown_timeout(within);
        }
    }
}

/// The mask is the process's; only on a thread that has left that can it be another one.
fn set_umask() {
    if unshare(CloneFlags::CLONE_FS).is_ok() {
        umask(UMASK);
    }
}

/// A runtime that can be dropped anywhere.
struct Ending(Option<Runtime>);

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}
