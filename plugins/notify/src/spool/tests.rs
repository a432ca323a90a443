//! Tests of who waits for which disk.

use std::fs::OpenOptions;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};

use tokio::time::Instant;

use super::*;

/// A folder of a test's own.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-spool-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self) -> PathBuf {
        self.0.join("spool.redb")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn open(path: &Path) -> (Spool, mpsc::UnboundedReceiver<Found>, Receiver<Disk>) {
    let (tell, told) = channel();
    let (spool, found) =
        Spool::open(Some(path.to_owned()), Box::new(move |disk| tell.send(disk).unwrap())).unwrap();
    (spool, found, told)
}

fn silence(name: &str) -> Silence {
    Silence {
        name: name.to_owned(),
        instances: Vec::new(),
        destinations: Vec::new(),
        until: SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000),
        comment: String::new(),
    }
}

/// How long somebody waits, by the clock of the test.
async fn wait(spool: &Spool) -> Duration {
    spool.note_silence("any", None);
    let begin = Instant::now();
    spool.settled().await;
    begin.elapsed()
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_disk_that_is_not_there() {
    let (spool, mut found, told) = open(Path::new("/proc/no/such/spool.redb"));
    assert!(found.recv().await.unwrap().silences.is_empty(), "it is known at once that nothing is found");
    spool.note_silence("any", None);
    assert!(matches!(told.recv().unwrap(), Disk::Failing(_)));
    for _ in 0..3 {
        assert_eq!(wait(&spool).await, Duration::ZERO);
    }
}

/// As a FIFO does that nobody writes into.
#[tokio::test(start_paused = true)]
async fn a_disk_that_hangs_is_waited_for_once() {
    let folder = Folder::new("hangs");
    let (spool, mut found, _told) = open(&folder.file());
    assert!(found.recv().await.unwrap().silences.is_empty());
    assert!(Command::new("mkfifo").arg(folder.file()).status().unwrap().success());
    assert_eq!(wait(&spool).await, PATIENCE);
    for _ in 0..3 {
        assert_eq!(wait(&spool).await, Duration::ZERO);
    }
    let mut progress = spool.progress.clone();
    let before = *progress.borrow_and_update();
    // Once it is open at both ends, a file can be at its place, and it ends.
    let fifo = OpenOptions::new().write(true).open(folder.file()).unwrap();
    std::fs::remove_file(folder.file()).unwrap();
    drop(fifo);
    progress.changed().await.unwrap();
    assert_eq!(before, Progress::Written(0));
    assert!(spool.shared.lock().stuck != Some(*progress.borrow()), "it is waited for again");
}

#[tokio::test]
async fn what_can_be_read_later_is_found_then() {
    let folder = Folder::new("later");
    let before = folder.0.join("before");
    {
        let (spool, ..) = open(&before);
        spool.note_silence("upgrade", Some(&silence("upgrade")));
        spool.end().await;
    }
    let (spool, mut found, _told) = open(&folder.file());
    assert!(found.recv().await.unwrap().silences.is_empty());
    std::fs::rename(&before, folder.file()).unwrap();
    spool.note_silence("other", Some(&silence("other")));
    assert_eq!(found.recv().await.unwrap().silences, [silence("upgrade")]);
    spool.end().await;
    let (_spool, mut found, _told) = open(&folder.file());
    assert_eq!(found.recv().await.unwrap().silences, [silence("other"), silence("upgrade")]);
}
