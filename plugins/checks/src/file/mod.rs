//! What stands in a file, as keepalived's `track_file` has it.

mod number;
mod value;
mod watch;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use keepwatch_host::{Aside, Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::io_text::plain;
use crate::verdict::{Step, either, fail, pass, unknown};
pub(crate) use number::NumberProbe;
pub use number::{InitialNumber, NumberCheck, Over};
pub use value::{ValueError, value};
use watch::Watch;

/// Passes by what stands in a file, or by its being there. A change of the file is noticed at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileCheck {
    /// The file.
    pub path: PathBuf,
    /// What is asked of it.
    pub mode: FileMode,
    /// What it means if there is no such file.
    pub missing: Missing,
}

impl FileCheck {
    /// As keepalived: the number in the file is to be 0, and a file that is missing counts as 0.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), mode: FileMode::Number, missing: Missing::Passes }
    }
}

/// What is asked of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileMode {
    /// The number at its beginning is to be 0.
    Number,
    /// It is to be there; [`FileCheck::missing`] does not matter then.
    Exists,
    /// It is not to be there; [`FileCheck::missing`] does not matter then.
    Absent,
}

/// What a missing file means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// All is well.
    Passes,
    /// Something is wrong.
    Fails,
}

pub(crate) struct FileProbe {
    check: FileCheck,
    watch: Arc<Watch<Verdict>>,
    reading: Aside<Verdict>,
}

impl FileProbe {
    pub(crate) fn new(check: &FileCheck) -> Self {
        let judged = check.clone();
        let watch = Watch::new(&check.path, check.mode, move || either(judge(&judged)));
        Self { check: check.clone(), watch: Arc::new(watch), reading: Aside::default() }
    }
}

impl Probe for FileProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move {
            let watch = Arc::clone(&self.watch);
            // A file system over the network may take its time.
            let read = self.reading.run(move || watch.see());
            let shown = self.check.path.display();
            let late = || format!("{shown} could not be read");
            let read = Deadline::new(within).limit(read, late).await;
            // That the disk is slow says nothing of the number.
            let read = read.map_err(|late| unknown(late.text));
            either(read.and_then(|read| read.ok_or_else(|| unknown(format!("{shown} could not be read")))))
        })
    }

    fn changed(&self) -> Work<'_, ()> {
        Box::pin(self.watch.changed())
    }
}

fn judge(check: &FileCheck) -> Step<Verdict> {
    match check.mode {
        FileMode::Exists => exists(&check.path),
        FileMode::Absent => absent(&check.path),
        FileMode::Number => number(&check.path, check.missing),
    }
}

fn exists(path: &Path) -> Step<Verdict> {
    let shown = path.display();
    match path.try_exists() {
        Ok(true) => Ok(pass(format!("{shown} exists"))),
        Ok(false) => Err(fail(format!("{shown} does not exist"))),
        Err(error) => Err(unknown(format!("{shown} cannot be looked for: {}", plain(&error)))),
    }
}

fn absent(path: &Path) -> Step<Verdict> {
    let shown = path.display();
    match path.try_exists() {
        Ok(false) => Ok(pass(format!("{shown} does not exist"))),
        Ok(true) => Err(fail(format!("{shown} exists"))),
        Err(error) => Err(unknown(format!("{shown} cannot be looked for: {}", plain(&error)))),
    }
}

fn number(path: &Path, missing: Missing) -> Step<Verdict> {
    let shown = path.display();
    match (value(path), missing) {
        (Ok(0), _) => Ok(pass(format!("{shown} says 0"))),
        (Ok(number), _) => Err(fail(format!("{shown} says {number}, expected 0"))),
        // As under keepalived.
        (Err(ValueError::NoNumber), _) => Ok(pass(format!("{shown} has no number, which counts as 0"))),
        (Err(ValueError::Missing), Missing::Passes) => Ok(pass(format!("{shown} does not exist"))),
        (Err(ValueError::Missing), Missing::Fails) => Err(fail(format!("{shown} does not exist"))),
        (Err(error), _) => Err(unknown(format!("{shown} {error}"))),
    }
}
