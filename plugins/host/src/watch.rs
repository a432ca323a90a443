//! Watching the files that plugins are made of.
//!
//! Contents decide. Where nothing is told, as on some network file systems, a look once a minute finds what has changed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use crate::files;
use crate::folders::{Folders, quiet};
use crate::loader;
use crate::plugins::Shared;

/// How often files are looked at without a sign.
const POLL: Duration = Duration::from_secs(60);
/// They are looked at for one that is tried again after this time at least, should it not get that far.
const SOONEST: Duration = Duration::from_millis(50);

/// Watches the files that plugins are made of.
#[derive(Default)]
pub(crate) struct Watch {
    /// Something happened in a folder.
    touched: Arc<Notify>,
    /// Other files are to be watched now.
    changed: Notify,
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Watch {
    /// Begins to watch, once.
    pub(crate) fn start(&self, shared: &Arc<Shared>) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            *task = Some(shared.handles.plugins.spawn(run(Arc::clone(shared))));
        }
    }

    /// Other files are to be watched now.
    pub(crate) fn changed(&self) {
        self.changed.notify_one();
    }

    pub(crate) fn stop(&self) {
        if let Some(task) = self.task.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

async fn run(shared: Arc<Shared>) {
    let touched = Arc::clone(&shared.watch.touched);
    let mut folders = Folders::new(Arc::clone(&touched));
    // One and the same until it is over: begun anew, it would forget the sign it has seen.
    let mut settled = Box::pin(quiet(&touched));
    loop {
        let files = shared.watched().await;
        let set = files::aside(move || {
            // Without a sign the look once a minute remains.
            let _ = folders.set(&files);
            folders
        });
        let Some(set) = set.await else { return };
        folders = set;
        let now = Instant::now();
        let due = shared.next_try().map_or(now + POLL, |at| at.clamp(now + SOONEST, now + POLL));
        tokio::select! {
            () = shared.watch.changed.notified() => continue,
            () = &mut settled => settled.set(quiet(&touched)),
            () = tokio::time::sleep_until(due.into()) => {}
        }
        // What became of it is told as events.
        let _ = loader::again(&shared).await;
    }
}
