//! Watching files by their folders.
//!
//! Folders are watched, not files: editors put a new file in the old one's place, and Kubernetes swaps a link above
//! them. Whatever happens in a folder only means that it is to be looked at again, when it has been quiet for a moment.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;
use tokio::time::{Instant, timeout, timeout_at};

/// So long must a folder have been quiet.
const QUIET: Duration = Duration::from_millis(200);
/// So long is waited for quiet at most.
const PATIENCE: Duration = Duration::from_secs(2);

/// Waits until something has happened and it has been quiet for a moment.
pub async fn quiet(touched: &Notify) {
    touched.notified().await;
    let end = Instant::now() + PATIENCE;
    while timeout_at(end, timeout(QUIET, touched.notified())).await.is_ok_and(|again| again.is_ok()) {}
}

/// The folders that are watched.
pub struct Folders {
    touched: Arc<Notify>,
    watcher: Option<RecommendedWatcher>,
    /// By path: one that was removed and made anew, or that a link leads to now, is another folder.
    watched: BTreeMap<PathBuf, Identity>,
}

impl std::fmt::Debug for Folders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Folders").field("watched", &self.watched).finish_non_exhaustive()
    }
}

impl Folders {
    /// None yet. `touched` is notified whenever something happens in one.
    #[must_use]
    pub fn new(touched: Arc<Notify>) -> Self {
        let tell = Arc::clone(&touched);
        // On the watcher's own thread: no more than a sign.
        let heard = move |event: notify::Result<notify::Event>| {
            if !event.is_ok_and(|event| matches!(event.kind, EventKind::Access(_))) {
                tell.notify_one();
            }
        };
        // Without a watcher there are no signs.
        Self { touched, watcher: notify::recommended_watcher(heard).ok(), watched: BTreeMap::new() }
    }

    /// Watches the folders of these files from now on, and no others.
    pub fn set(&mut self, files: &[PathBuf]) {
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
