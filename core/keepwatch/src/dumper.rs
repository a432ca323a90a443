//! Files that signals ask for, as keepalived writes them: on a thread of its own, which may wait for the engine and the disk.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use keepwatch_bus::{Bus, Draft};
use keepwatch_config::Config;
use keepwatch_dump::{Cleared, Kind, Scene, data, json, place, stats, write};
use keepwatch_engine::Counting;
use keepwatch_event::{EventKind, Severity, Snapshot};

/// Wishes that may wait; more of them are the same again.
const WISHES: usize = 4;
/// How long the engine may take to say what it has counted.
const ENGINE: Duration = Duration::from_secs(1);

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
    wishes: SyncSender<Wanted>,
    thread: JoinHandle<()>,
}

impl Dumper {
    pub(crate) fn begin(sources: Sources) -> io::Result<Self> {
        let (wishes, heard) = sync_channel(WISHES);
        let clerk = Clerk { sources, cleared: Cleared::new(), told: BTreeMap::new() };
        let thread = std::thread::Builder::new().name("dump".to_owned()).spawn(move || clerk.run(&heard))?;
        Ok(Self { wishes, thread })
    }

    /// Has a file written. Does not wait: events tell what comes of it.
    pub(crate) fn ask(&self, wanted: Wanted) {
        // If there is no room, it is written several times already; if the thread has gone, nothing can be done.
        let _ = self.wishes.try_send(wanted);
    }

    /// Ends it, after what has been asked for.
    pub(crate) fn stop(self) {
        drop(self.wishes);
        // A panic there has been told.
        let _ = self.thread.join();
    }
}

struct Clerk {
    sources: Sources,
    cleared: Cleared,
    /// What was told of each file last: an error, or that it is written.
    told: BTreeMap<PathBuf, Option<String>>,
}

impl Clerk {
    fn run(mut self, heard: &Receiver<Wanted>) {
        while let Ok(wanted) = heard.recv() {
            let config = (self.sources.in_force)();
            let path = place(&config.globals.dumps, wanted.kind(), &self.sources.temporary);
            let error = self.file(wanted, &config, &path).err();
            self.tell(path, error);
        }
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
