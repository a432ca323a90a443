//! Files that signals ask for, as keepalived writes them: on a thread of its own, which may wait for the engine and the disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use keepwatch_bus::{Bus, Draft};
use keepwatch_config::Config;
use keepwatch_dump::{Cleared, Kind, Scene, data, json, place, stats, write};
use keepwatch_engine::Counting;
use keepwatch_event::{EventKind, Severity, Snapshot};

/// How long the engine may take to say what it has counted.
const ENGINE: Duration = Duration::from_secs(1);
/// How long the end waits for a file that is being written: scripts and mails wait behind it.
const LAST_FILE: Duration = Duration::from_secs(1);
/// Among the wishes: that nothing more is to be written.
const END: u8 = 1 << 7;

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// How everything is.
    Data,
    /// What was counted.
    Stats,
    /// The same; from then on counting begins at zero.
    StatsThenZero,
    /// Both, for programs.
    Json,
}

impl Wanted {
    const ALL: [Self; 4] = [Self::Data, Self::Stats, Self::StatsThenZero, Self::Json];

    /// Its place among the wishes.
    const fn bit(self) -> u8 {
        1 << self as u8
    }

    const fn kind(self) -> Kind {
        match self {
            Self::Data => Kind::Data,
            Self::Stats | Self::StatsThenZero => Kind::Stats,
            Self::Json => Kind::Json,
        }
    }
}

/// What the files are made from.
pub(crate) struct Sources {
    pub(crate) bus: Bus,
    pub(crate) counting: Counting,
    /// The configuration in force.
    pub(crate) in_force: Box<dyn Fn() -> Arc<Config> + Send>,
    /// Where files go whose path does not say it.
    pub(crate) temporary: PathBuf,
}

/// Who writes the files.
pub(crate) struct Dumper {
    /// Each kind once, however often it is asked for: what is written last is as new.
    wishes: Arc<AtomicU8>,
    bell: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Dumper {
    pub(crate) fn begin(sources: Sources) -> io::Result<Self> {
        let (bell, heard) = sync_channel(1);
        let wishes: Arc<AtomicU8> = Arc::default();
        let clerk = Clerk { sources, cleared: Cleared::new(), told: BTreeMap::new() };
        let wanted = Arc::clone(&wishes);
        let run = move || clerk.run(&heard, &wanted);
        let thread = std::thread::Builder::new().name("dump".to_owned()).spawn(run)?;
        Ok(Self { wishes, bell, thread })
    }

    /// Has a file written. Does not wait: events tell what comes of it.
    pub(crate) fn ask(&self, wanted: Wanted) {
        self.wishes.fetch_or(wanted.bit(), Ordering::Relaxed);
        // It may have been rung already; if the thread has gone, nothing can be done.
        let _ = self.bell.try_send(());
    }

    /// Ends it, after the file that is being written; if the disk hangs, without waiting for that.
    pub(crate) fn stop(self) {
        self.wishes.store(END, Ordering::Relaxed);
        drop(self.bell);
        let until = Instant::now() + LAST_FILE;
        while !self.thread.is_finished() && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

struct Clerk {
    sources: Sources,
    cleared: Cleared,
    /// What was told of each file last: an error, or that it is written.
    told: BTreeMap<PathBuf, Option<String>>,
}

impl Clerk {
    fn run(mut self, heard: &Receiver<()>, wishes: &AtomicU8) {
        while heard.recv().is_ok() {
            for wanted in Wanted::ALL {
                // One by one: the end must not wait for all of them.
                if wishes.load(Ordering::Relaxed) & END != 0 {
                    return;
                }
                if wishes.fetch_and(!wanted.bit(), Ordering::Relaxed) & wanted.bit() != 0 {
                    self.write(wanted);
                }
            }
        }
    }

    fn write(&mut self, wanted: Wanted) {
        let config = (self.sources.in_force)();
        let path = place(&config.globals.dumps, wanted.kind(), &self.sources.temporary);
        let error = self.file(wanted, &config, &path).err();
        self.tell(path, error);
    }

    fn file(&mut self, wanted: Wanted, config: &Config, path: &Path) -> Result<(), String> {
        let mut snapshot = self.sources.bus.snapshot();
        if !self.sources.counting.fill(&mut snapshot, ENGINE) {
            return Err("the engine does not say what it has counted".to_owned());
        }
        let scene = Scene { config, snapshot: &snapshot, cleared: &self.cleared };
        let text = match wanted {
            Wanted::Data => data(scene),
            Wanted::Stats | Wanted::StatsThenZero => stats(scene),
            Wanted::Json => json(scene).map_err(|error| error.to_string())?,
        };
        write(path, &text).map_err(|error| error.to_string())?;
        if wanted == Wanted::StatsThenZero {
            self.cleared = counted(&snapshot);
        }
        Ok(())
    }

    /// Tells what has become of a file, unless it is as before: programs ask every few seconds.
    fn tell(&mut self, path: PathBuf, error: Option<String>) {
        if self.told.get(&path) == Some(&error) {
            return;
        }
        let shown = path.display().to_string();
        let (severity, kind) = match &error {
            None => (Severity::Info, EventKind::DumpWritten { path: shown }),
            Some(error) => (Severity::Warning, EventKind::DumpFailed { path: shown, error: error.clone() }),
        };
        self.told.insert(path, error);
        self.sources.bus.publish(Draft::general(severity, kind));
    }
}

/// What all instances have counted so far.
fn counted(snapshot: &Snapshot) -> Cleared {
    let counted = snapshot.instances.iter();
    counted
        .filter_map(|instance| Some((instance.name.to_string(), instance.counters.as_ref()?.into())))
        .collect()
}
