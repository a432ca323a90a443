//! Watching a file by its folder: editors and scripts put a new file in the old one's place.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::{FileCheck, FileMode};

/// Tells when a file may have another content. Where nothing is told, as on some network file systems, and where a folder
/// is replaced by changing a link further up, the next question in its time finds it.
pub(super) struct Watch {
    path: PathBuf,
    mode: FileMode,
    touched: Arc<Notify>,
    watched: Mutex<Option<Watched>>,
}

/// A watcher and the folders it watches. One that was removed and made anew is another folder.
struct Watched {
    _watcher: RecommendedWatcher,
    folders: BTreeSet<(PathBuf, Identity)>,
    /// One of the folders has been removed. A new one may well have the old one's number.
    gone: Arc<AtomicBool>,
}

impl Watched {
    fn still_watches(&self, folders: &BTreeSet<(PathBuf, Identity)>) -> bool {
        self.folders == *folders && !self.gone.load(Ordering::SeqCst)
    }
}

/// Device and inode.
type Identity = (u64, u64);

impl Watch {
    pub(super) fn new(check: &FileCheck) -> Self {
        let (path, mode) = (check.path.clone(), check.mode);
        Self { path, mode, touched: Arc::default(), watched: Mutex::default() }
    }

    /// Watches from now on, if it does not yet.
    pub(super) fn begin(&self) {
        // The file's own folder and, if it is a link, the one of what it leads to.
        let real = self.path.canonicalize().unwrap_or_else(|_| self.path.clone());
        let files = BTreeSet::from([self.path.clone(), real]);
        let folders: BTreeSet<_> = files.iter().filter_map(|file| folder(file)).collect();
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if watched.as_ref().is_some_and(|watched| watched.still_watches(&folders)) {
            return;
        }
        *watched = self.watch(&files, folders);
    }

    fn watch(&self, files: &BTreeSet<PathBuf>, folders: BTreeSet<(PathBuf, Identity)>) -> Option<Watched> {
        let names: BTreeSet<OsString> =
            files.iter().filter_map(|file| file.file_name().map(OsString::from)).collect();
        let (touched, mode) = (Arc::clone(&self.touched), self.mode);
        let (gone, own) = (Arc::<AtomicBool>::default(), folders.clone());
        let tell_gone = Arc::clone(&gone);
        let heard = move |event: notify::Result<Event>| {
            if event.as_ref().is_ok_and(|event| removes_one_of(event, &own)) {
                tell_gone.store(true, Ordering::SeqCst);
            }
            if event.map_or(true, |event| matters(&event, &names, mode)) {
                touched.notify_one();
            }
        };
        let mut watcher = notify::recommended_watcher(heard).ok()?;
        for (folder, _) in &folders {
            watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
        }
        Some(Watched { _watcher: watcher, folders, gone })
    }

    /// Ends when the file may have another content.
    pub(super) async fn touched(&self) {
        self.touched.notified().await;
    }
}

/// Whether something that happened in a folder changes what is asked.
fn matters(event: &Event, names: &BTreeSet<OsString>, mode: FileMode) -> bool {
    let is_ours = |path: &PathBuf| path.file_name().is_some_and(|name| names.contains(name));
    // What happens to the folder itself, and what was lost, may have been about the file.
    let about_it = event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(is_ours);
    match event.kind {
        // Not each write: whoever writes is waited for, and a file that has just been emptied is not taken for 0.
        EventKind::Access(AccessKind::Close(AccessMode::Write)) | EventKind::Modify(ModifyKind::Name(_)) => {
            about_it
        }
        // What has just been made may have no number yet.
        EventKind::Create(_) => about_it && mode != FileMode::Number,
        EventKind::Remove(_) => true,
        EventKind::Other => event.need_rescan(),
        EventKind::Any | EventKind::Access(_) | EventKind::Modify(_) => false,
    }
}

fn removes_one_of(event: &Event, folders: &BTreeSet<(PathBuf, Identity)>) -> bool {
    matches!(event.kind, EventKind::Remove(_))
        && folders.iter().any(|(folder, _)| event.paths.contains(folder))
}

/// The folder of a file, and which one it is.
fn folder(file: &Path) -> Option<(PathBuf, Identity)> {
    let folder = file.parent()?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let metadata = std::fs::metadata(folder).ok()?;
    Some((folder.to_owned(), (metadata.dev(), metadata.ino())))
}
