//! The notify scripts and FIFOs of a daemon.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keepwatch_bus::{Bus, Delivery};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::dispatcher::{Dispatcher, Order};
use super::runner::{PATIENCE, Runner};
use super::settings::NotifySettings;
use crate::launcher::Launcher;

/// Events that may wait. Hearing one takes no time, so that this is for a machine that does next to nothing else.
const QUEUE: usize = 1 << 14;
/// How long stopping may take from the moment on when scripts are stopped: beside their time to end, that of a FIFO's reader.
const LAST: Duration = Duration::from_secs(5);

/// The notify scripts and FIFOs of a daemon, from its start to its end. They run where the launcher's scripts do.
pub struct NotifyScripts {
    orders: mpsc::UnboundedSender<Order>,
    unwanted: watch::Sender<bool>,
    task: Mutex<Option<JoinHandle<()>>>,
    launcher: Launcher,
}

impl NotifyScripts {
    /// Listens to the bus from now on: call it before the engine starts.
    #[must_use]
    pub fn begin(settings: NotifySettings, bus: &Bus, launcher: &Launcher) -> Self {
        let events = bus.subscribe("notify scripts", Delivery::Durable, QUEUE);
        let (orders, ordered) = mpsc::unbounded_channel();
        let (unwanted, is_unwanted) = watch::channel(false);
        let (bus, snapshot) = (bus.clone(), Arc::new(events.snapshot().clone()));
        let runner =
            Runner { accounts: Arc::clone(&launcher.accounts), bus, snapshot, unwanted: is_unwanted };
        let task = launcher
            .handle
            .spawn(async move { Dispatcher::new(settings, runner).run(events, ordered).await });
        Self { orders, unwanted, task: Mutex::new(Some(task)), launcher: launcher.clone() }
    }

    /// Other scripts and FIFOs from now on. Those that run go on, and so do FIFOs that are as they were.
    pub fn replace(&self, settings: NotifySettings) {
        // After its end nobody needs them.
        let _ = self.orders.send(Order::Replace(settings));
    }

    /// Waits until all that the bus has handed on has been told: scripts have run to their ends, lines have been written.
    /// After `within`, or when `at_once` ends, what still runs gets SIGTERM and SIGKILL, and what waits is not run; that takes
    /// a few seconds at most. Call it from outside asynchronous code.
    pub fn stop(&self, within: Duration, at_once: impl Future<Output = ()>) {
        let Some(mut task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() else { return };
        let _ = self.orders.send(Order::Finish);
        self.launcher.handle.block_on(async {
            tokio::select! {
                _ = &mut task => return,
                () = sleep(within) => {}
                () = at_once => {}
            }
            // It may have ended just now.
            let _ = self.unwanted.send(true);
            if timeout(PATIENCE + LAST, &mut task).await.is_err() {
                task.abort();
            }
        });
    }
}
