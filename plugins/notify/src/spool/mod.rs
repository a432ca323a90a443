//! What waits, on disk: a mirror of the queues, so that it outlives the daemon. Whoever queues does not wait for the
//! disk; a thread of its own writes what has changed, all that has come meanwhile in one transaction.

mod table;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, watch};

use crate::gone::Gone;
use crate::queue::{Change, Queue};
use crate::silence::Silence;
use table::Table;

/// How long whoever waits for the disk waits.
const PATIENCE: Duration = Duration::from_secs(2);
/// A disk that did not take something is tried again after this time.
const AGAIN: Duration = Duration::from_secs(5);
/// Changes that may wait for a disk that hangs. More are not written: some letters may come twice after a restart, or be
/// lost with the process.
const CAPACITY: usize = 50_000;

/// Told how the disk does, when that changes.
pub type Watch = Box<dyn Fn(Disk) + Send>;

/// How the disk does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Disk {
    /// It takes what is written again.
    Well,
    /// It does not: why.
    Failing(String),
}

/// Rows to write, by key: nothing stands for one to remove.
type Rows = BTreeMap<String, Option<Vec<u8>>>;

/// The disk. Clones share one.
#[derive(Clone)]
pub(crate) struct Spool {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
}

/// How far the disk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// It has taken all changes up to this one.
    Written(u64),
    /// It takes nothing for now: memory is all there is.
    Failing,
}

struct Shared {
    state: Mutex<State>,
    wake: Condvar,
}

struct State {
    /// What the disk does not know yet.
    changed: Rows,
    /// Counts the changes.
    version: u64,
    /// Where the disk was when somebody waited for it in vain: who comes while it is there still need not wait as well.
    stuck: Option<Progress>,
    ended: bool,
}

/// What was on disk.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// By destination.
    pub(crate) queues: BTreeMap<String, Queue>,
    pub(crate) silences: Vec<Silence>,
    /// Destinations that took nothing any more.
    pub(crate) gone: BTreeMap<String, Gone>,
}

impl Spool {
    /// Begins to read the file. What it finds there comes when it has: nothing, at once, if there is no file or it cannot be
    /// read; then what is in it comes later, when it can. Without a path nothing outlives the process.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no room for a thread.
    pub(crate) fn open(
        path: Option<PathBuf>,
        disk: Watch,
    ) -> io::Result<(Self, mpsc::UnboundedReceiver<Found>)> {
        let state = State { changed: BTreeMap::new(), version: 0, stuck: None, ended: false };
        let shared = Arc::new(Shared { state: Mutex::new(state), wake: Condvar::new() });
        let (tell, progress) = watch::channel(Progress::Written(0));
        let (found, finding) = mpsc::unbounded_channel();
        let writer = Writer { shared: Arc::clone(&shared), tell, disk, found, is_read: false, is_well: true };
        std::thread::Builder::new().name("spool".to_owned()).spawn(move || writer.run(path))?;
        Ok((Self { shared, progress }, finding))
    }

    /// Notes what has changed in a destination's queue. Does not wait.
    pub(crate) fn note(&self, destination: &str, changes: &[Change]) {
        if changes.is_empty() {
            return;
        }
        self.write(changes.iter().map(|change| table::row(destination, change)));
    }

    /// Notes a silence, or its end.
    pub(crate) fn note_silence(&self, name: &str, silence: Option<&Silence>) {
        self.write([table::silence(name, silence)]);
    }

    /// Notes that a destination takes nothing any more, or does again.
    pub(crate) fn note_gone(&self, destination: &str, gone: Option<&Gone>) {
        self.write([table::gone(destination, gone)]);
    }

    fn write(&self, rows: impl IntoIterator<Item = (String, Option<Vec<u8>>)>) {
        let mut state = self.shared.lock();
        for (key, value) in rows {
            if state.changed.len() < CAPACITY || state.changed.contains_key(&key) {
                state.changed.insert(key, value);
            }
        }
        state.version += 1;
        drop(state);
        self.shared.wake.notify_one();
    }

    /// Waits until all that was noted so far is on disk, but not for a disk that hangs, is full or is not there: what waits
    /// is in memory all the same.
    pub(crate) async fn settled(&self) {
        let mut progress = self.progress.clone();
        let before = *progress.borrow();
        let version = {
            let state = self.shared.lock();
            if state.stuck == Some(before) {
                return;
            }
            state.version
        };
        let is_done = |progress: &Progress| match progress {
            Progress::Written(written) => *written >= version,
            Progress::Failing => true,
        };
        if tokio::time::timeout(PATIENCE, progress.wait_for(is_done)).await.is_err() {
            self.shared.lock().stuck = Some(before);
        }
    }

    /// No more comes. Waits until all is written and the file is closed, but not for a disk that hangs.
    pub(crate) async fn end(&self) {
        self.shared.lock().ended = true;
        self.shared.wake.notify_one();
        let mut progress = self.progress.clone();
        // It fails when nobody writes any more.
        let ended = async { while progress.changed().await.is_ok() {} };
        let _ = tokio::time::timeout(PATIENCE, ended).await;
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that writes.
struct Writer {
    shared: Arc<Shared>,
    tell: watch::Sender<Progress>,
    disk: Watch,
    found: mpsc::UnboundedSender<Found>,
    /// Whether what was in the file has been found.
    is_read: bool,
    is_well: bool,
}

impl Writer {
    fn run(mut self, path: Option<PathBuf>) {
        // Who has no destination needs no file.
        let there = path.as_ref().filter(|path| path.exists());
        let mut table = there.and_then(|path| self.open(path).map_err(|why| self.trouble(why)).ok());
        if !self.is_read {
            // Nobody waits if the daemon has ended meanwhile.
            let _ = self.found.send(Found::default());
        }
        while let Some((changed, version)) = self.take() {
            let done = match (&table, &path) {
                (Some(table), _) => table.write(&changed),
                (None, None) => Ok(()),
                (None, Some(path)) => self.open(path).and_then(|opened| {
                    let done = opened.write(&changed);
                    table = Some(opened);
                    done
                }),
            };
            match done {
                Ok(()) => self.relief(version),
                Err(why) => {
                    self.trouble(why);
                    // After an error of the disk's it would refuse everything.
                    table = None;
                    if self.give_back(changed) {
                        return;
                    }
                }
            }
        }
    }

    /// Opens the file, and finds what is in it if that has not been found yet.
    fn open(&mut self, path: &Path) -> Result<Table, String> {
        let table = Table::open(path)?;
        if !self.is_read {
            let _ = self.found.send(table.read(SystemTime::now())?);
            self.is_read = true;
        }
        Ok(table)
    }

    /// Waits for changes; none when no more come.
    fn take(&self) -> Option<(Rows, u64)> {
        let mut state = self.shared.lock();
        while state.changed.is_empty() {
            if state.ended {
                return None;
            }
            state = self.shared.wake.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        Some((std::mem::take(&mut state.changed), state.version))
    }

    /// Puts back what could not be written, unless it has changed again, and lets some time pass before it is tried again:
    /// a last time when no more comes. Whether this was that.
    fn give_back(&self, changed: Rows) -> bool {
        let mut state = self.shared.lock();
        for (key, value) in changed {
            state.changed.entry(key).or_insert(value);
        }
        if state.ended {
            return true;
        }
        drop(self.shared.wake.wait_timeout_while(state, AGAIN, |state| !state.ended));
        false
    }

    fn trouble(&mut self, why: String) {
        self.tell.send_replace(Progress::Failing);
        if std::mem::replace(&mut self.is_well, false) {
            (self.disk)(Disk::Failing(why));
        }
    }

    fn relief(&mut self, version: u64) {
        self.tell.send_replace(Progress::Written(version));
        if !std::mem::replace(&mut self.is_well, true) {
            (self.disk)(Disk::Well);
        }
    }
}

#[cfg(test)]
mod tests;
