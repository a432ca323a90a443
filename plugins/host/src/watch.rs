//! Watching the files that plugins are made of.
//!
//! Folders are watched, not files: editors put a new file in the old one's place, and Kubernetes swaps a link above
//! them. Whatever happens in a folder only means that it is to be looked at again, when it has been quiet for a moment;
//! contents decide. Where nothing is told, as on some network file systems, a look once a minute finds it.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

use crate::files;
use crate::loader;
use crate::plugins::Shared;

/// So long must a folder have been quiet.
const QUIET: Duration = Duration::from_millis(200);
/// So long is waited for quiet at most.
const PATIENCE: Duration = Duration::from_secs(2);
/// How often files are looked at without a sign.
const POLL: Duration = Duration::from_secs(60);

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
    pub(crate) fn start(&self, shared: &Arc<Shared>, runtime: &Handle) {
        let mut task = self.task.lock().unwrap_or_else(PoisonError::into_inner);
        if task.is_none() {
            *task = Some(runtime.spawn(run(Arc::clone(shared))));
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
            folders.set(&files);
            folders
        });
        let Some(set) = set.await else { return };
        folders = set;
        tokio::select! {
            () = shared.watch.changed.notified() => continue,
            () = &mut settled => settled.set(quiet(&touched)),
            () = tokio::time::sleep(POLL) => {}
        }
        // What became of it is told as events.
        let _ = loader::again(&shared).await;
    }
}

/// Waits until something has happened and it has been quiet for a moment.
async fn quiet(touched: &Notify) {
    touched.notified().await;
    let end = Instant::now() + PATIENCE;
    while timeout_at(end, timeout(QUIET, touched.notified())).await.is_ok_and(|again| again.is_ok()) {}
}

/// The folders that are watched.
struct Folders {
    touched: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    /// By path: one that was removed and made anew, or that a link leads to now, is another folder.
    watched: BTreeMap<PathBuf, Identity>,
}

impl Folders {
    fn new(touched: Arc<Notify>) -> Self {
        let tell = Arc::clone(&touched);
        // On the watcher's own thread: no more than a sign.
        let heard = move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                tell.notify_one();
            }
        };
        // Without a watcher the look once a minute remains.
        Self { touched, watcher: notify::recommended_watcher(heard).ok(), watched: BTreeMap::new() }
    }

    /// Watches the folders of these files from now on.
    fn set(&mut self, files: &[PathBuf]) {
        let Some(watcher) = &mut self.watcher else { return };
        let folders: BTreeSet<PathBuf> = files.iter().flat_map(|file| folders_of(file)).collect();
        let wanted: BTreeMap<PathBuf, Identity> =
            folders.into_iter().filter_map(|folder| identity(&folder).map(|is| (folder, is))).collect();
        self.watched.retain(|folder, was| {
            let keep = wanted.get(folder) == Some(was);
            if !keep {
                // It may be gone, and the watch with it.
                let _ = watcher.unwatch(folder);
            }
            keep
        });
        for (folder, is) in wanted {
            if !self.watched.contains_key(&folder)
                && watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok()
            {
                self.watched.insert(folder, is);
                // What happened before is looked for.
                self.touched.notify_one();
            }
        }
    }
}

/// Device and inode.
type Identity = (u64, u64);

fn identity(folder: &Path) -> Option<Identity> {
    let metadata = std::fs::metadata(folder).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

/// The folders in which something can happen that changes a file's content: its own, where links lead, and the one
/// above, which is told when the folder itself is replaced.
fn folders_of(file: &Path) -> BTreeSet<PathBuf> {
    let mut folders = BTreeSet::new();
    let mut next = Some(file.to_owned());
    for _ in 0..8 {
        let Some(path) = next.take() else { break };
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            folders.insert(folder.to_owned());
            if let Some(link) = std::fs::read_link(folder).ok().zip(folder.parent()) {
                folders.insert(link.1.to_owned());
            }
            next = std::fs::read_link(&path).ok().map(|target| folder.join(target));
        }
    }
    if let Some(real) = file.canonicalize().ok().and_then(|real| real.parent().map(Path::to_owned)) {
        folders.insert(real);
    }
    if let Some(above) = file.parent().and_then(Path::parent).filter(|above| above.as_os_str() != "/") {
        folders.insert(above.to_owned());
    }
    folders.retain(|folder| folder.is_dir());
    folders
}
