//! Where check and notify scripts are started.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use nix::sched::{CloneFlags, unshare};
use rustix::fs::Mode;
use rustix::process::umask;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::time::timeout;

use crate::accounts::Accounts;
use crate::turns::Turns;

/// Files that programs make can be written by their owner only.
const UMASK: Mode = Mode::WGRP.union(Mode::WOTH);

/// How long what cannot be interrupted, such as the start of a program, is waited for at the end.
const LAST_BREATH: Duration = Duration::from_millis(100);

/// Where check and notify scripts are started: on a thread of its own, with the priority of whoever made it. Plugins'
/// threads have stepped back, and what is started there would have stepped back as well. When the last copy of it is
/// gone, all that still runs is killed.
#[derive(Clone)]
pub struct Launcher {
    pub(crate) handle: Handle,
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) turns: Arc<Turns>,
    ending: Arc<Ending>,
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
        let handle = runtime.handle().clone();
        Ok(Self {
            handle,
            accounts,
            turns: Arc::default(),
            ending: Arc::new(Ending(Mutex::new(Some(runtime)))),
        })
    }

    /// Waits for the runs of checks, which nobody wants any more, to end, but no longer than this, and kills what still
    /// runs. What is to be started afterwards is not. Call it from outside asynchronous code.
    pub fn stop(&self, within: Duration) {
        let Some(runtime) = self.ending.take() else { return };
        // Some of them do not care.
        let _ = runtime.block_on(async { timeout(within, self.turns.all_free()).await });
        runtime.shutdown_timeout(LAST_BREATH);
    }
}

/// The mask is the process's; only on a thread that has left that can it be another one.
fn set_umask() {
    if unshare(CloneFlags::CLONE_FS).is_ok() {
        umask(UMASK);
    }
}

/// A runtime that can be dropped anywhere.
struct Ending(Mutex<Option<Runtime>>);

impl Ending {
    fn take(&self) -> Option<Runtime> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if let Some(runtime) = self.take() {
            runtime.shutdown_background();
        }
    }
}
