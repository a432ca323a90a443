//! Watching a file by its folder: editors and scripts put a new file in the old one's place.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use notify::event::{AccessKind, AccessMode, ModifyKind};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

use super::FileMode;

/// Looks at a file, and tells when there is something else to be seen. Where the system tells nothing, as on some network file
/// systems, and where a folder is replaced by changing a link further up, the next question in its time finds it.
pub(super) struct Watch<T> {
    path: PathBuf,
    mode: FileMode,
    sight: Arc<Sight<T>>,
    watched: Mutex<Option<Watched>>,
}

/// What is to be seen of a file.
struct Sight<T> {
    look: Box<dyn Fn() -> T + Send + Sync>,
    /// What was seen last. The system may tell of one change several times: it counts once.
    seen: Mutex<Option<T>>,
    changed: Notify,
}

impl<T: PartialEq + Clone> Sight<T> {
    fn now(&self) -> T {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        // What was told until now is seen with this.
        pin!(self.changed.notified()).enable();
        seen.insert((self.look)()).clone()
    }

    /// Something has happened.
    fn touched(&self) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Some((self.look)());
        if *seen != now {
            *seen = now;
            self.changed.notify_one();
        }
    }
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

impl<T: PartialEq + Clone + Send + 'static> Watch<T> {
    /// `look` sees what this mode asks of the file. It may wait for a disk.
    pub(super) fn new(path: &Path, mode: FileMode, look: impl Fn() -> T + Send + Sync + 'static) -> Self {
        let sight = Sight { look: Box::new(look), seen: Mutex::default(), changed: Notify::new() };
        Self { path: path.to_owned(), mode, sight: Arc::new(sight), watched: Mutex::default() }
    }

    /// What is to be seen, and from now on whether that changes. May wait for a disk.
    pub(super) fn see(&self) -> T {
        // Before it is looked at: a change in between is noticed.
        self.begin();
        self.sight.now()
    }

    /// Watches from now on, if it does not yet.
    fn begin(&self) {
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
        let (sight, mode) = (Arc::clone(&self.sight), self.mode);
        let (gone, own) = (Arc::<AtomicBool>::default(), folders.clone());
        let tell_gone = Arc::clone(&gone);
        let heard = move |event: notify::Result<Event>| {
            let is_own = |path: &PathBuf| own.iter().any(|(folder, _)| folder == path);
            let is_ours =
                |path: &PathBuf| is_own(path) || path.file_name().is_some_and(|name| names.contains(name));
            if event.as_ref().is_ok_and(|event| event.kind.is_remove() && event.paths.iter().any(is_own)) {
                tell_gone.store(true, Ordering::SeqCst);
            }
            if event.map_or(true, |event| matters(&event, is_ours, mode)) {
                sight.touched();
            }
        };
        let mut watcher = notify::recommended_watcher(heard).ok()?;
        for (folder, _) in &folders {
            watcher.watch(folder, RecursiveMode::NonRecursive).ok()?;
        }
        Some(Watched { _watcher: watcher, folders, gone })
    }

    /// Ends when something else is to be seen than what was seen last.
    pub(super) async fn changed(&self) {
        self.sight.changed.notified().await;
    }
}

/// Whether something that happened may change what is asked.
fn matters(event: &Event, is_ours: impl Fn(&PathBuf) -> bool, mode: FileMode) -> bool {
    // What was lost may have been about the file.
    let about_it = event.need_rescan() || event.paths.is_empty() || event.paths.iter().any(is_ours);
    match event.kind {
        // Not each write: whoever writes is waited for, and a file that has just been emptied is not taken for 0.
        EventKind::Access(AccessKind::Close(AccessMode::Write))
        | EventKind::Modify(ModifyKind::Name(_))
        | EventKind::Remove(_) => about_it,
        // What has just been made may have no number yet.
        EventKind::Create(_) => about_it && mode != FileMode::Number,
        EventKind::Other => event.need_rescan(),
        EventKind::Any | EventKind::Access(_) | EventKind::Modify(_) => false,
    }
}

/// The folder of a file, and which one it is.
fn folder(file: &Path) -> Option<(PathBuf, Identity)> {
    let folder = file.parent()?;
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let metadata = std::fs::metadata(folder).ok()?;
    Some((folder.to_owned(), (metadata.dev(), metadata.ino())))
}
