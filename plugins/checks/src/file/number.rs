//! keepalived's `track_file`: the number in a file, whatever it is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use keepwatch_host::{Aside, Probe, Verdict, Work};

use super::FileMode;
use super::value::{ValueError, value};
use super::watch::Watch;
use crate::deadline::Deadline;
use crate::io_text::plain;
use crate::verdict::{Step, either, pass, unknown};

/// The number in a file, which whoever tracks it multiplies by a weight. A change of the file is noticed at once; a file that
/// is missing has the number 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NumberCheck {
    /// The file.
    pub path: PathBuf,
    /// What is written to it before it is first read.
    pub init: Option<InitialNumber>,
}

impl NumberCheck {
    /// The same once the daemon has started: what is there is not written over any more.
    pub(crate) fn after_start(&self) -> Self {
        let init = self.init.map(|init| InitialNumber { over: Over::Nothing, ..init });
        Self { init, ..self.clone() }
    }
}

/// What is written to a file before it is first read (keepalived's `init_file`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InitialNumber {
    /// The number.
    pub value: i32,
    /// Whether that is written over what is there.
    pub over: Over,
}

/// What may be written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    /// Nothing: a file that is there stays as it is.
    Nothing,
    /// The file as it is.
    Anything,
}

pub(crate) struct NumberProbe {
    check: NumberCheck,
    watch: Arc<Watch<Step<Found>>>,
    reading: Aside<Step<Found>>,
    has_begun: AtomicBool,
    /// The last number; none is `i64::MAX`.
    last: AtomicI64,
}

const NONE: i64 = i64::MAX;

/// What a file comes to, and why.
#[derive(Clone, PartialEq)]
struct Found {
    number: i32,
    text: String,
}

impl NumberProbe {
    pub(crate) fn new(check: &NumberCheck) -> Self {
        let path = check.path.clone();
        let watch = Arc::new(Watch::new(&check.path, FileMode::Number, move || read(&path)));
        let (has_begun, last) = (AtomicBool::new(false), AtomicI64::new(NONE));
        Self { check: check.clone(), watch, reading: Aside::default(), has_begun, last }
    }

    async fn ask(&self, within: Duration) -> Verdict {
        let init = self.check.init.filter(|_| !self.has_begun.swap(true, Ordering::Relaxed));
        let (watch, path) = (Arc::clone(&self.watch), self.check.path.clone());
        let read = self.reading.run(move || {
            if let Some(init) = init {
                write(&path, init)?;
            }
            watch.see()
        });
        let shown = self.check.path.display();
        let late = || format!("{shown} could not be read");
        let read = Deadline::new(within).limit(read, late).await;
        let found = match read {
            Ok(Some(found)) => found,
            Ok(None) => Err(unknown(format!("{shown} could not be read"))),
            Err(late) => Err(unknown(late.text)),
        };
        either(found.map(|Found { number, text }| {
            self.last.store(number.into(), Ordering::Relaxed);
            pass(text)
        }))
    }
}

impl Probe for NumberProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(self.ask(within))
    }

    fn value(&self) -> Option<i32> {
        // As under keepalived, a number that cannot be read is the one before.
        i32::try_from(self.last.load(Ordering::Relaxed)).ok()
    }

    fn changed(&self) -> Work<'_, ()> {
        Box::pin(self.watch.changed())
    }
}

fn read(path: &Path) -> Step<Found> {
    let shown = path.display();
    match value(path) {
        Ok(number) => Ok(Found { number, text: format!("{shown} says {number}") }),
        // Both as under keepalived.
        Err(error @ (ValueError::Missing | ValueError::NoNumber)) => {
            Ok(Found { number: 0, text: format!("{shown} {error}, which counts as 0") })
        }
        Err(error) => Err(unknown(format!("{shown} {error}"))),
    }
}

fn write(path: &Path, init: InitialNumber) -> Step<()> {
    let written = match (init.over, path.try_exists()) {
        (Over::Nothing, Ok(true)) => Ok(()),
        (Over::Nothing, Err(error)) => Err(error),
        (Over::Nothing, Ok(false)) | (Over::Anything, _) => std::fs::write(path, format!("{}\n", init.value)),
    };
    let told = |error| format!("{} cannot be written at the start: {}", path.display(), plain(&error));
    written.map_err(|error| unknown(told(error)))
}

#[cfg(test)]
mod tests {
    use keepwatch_event::Health;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(30);

    #[tokio::test]
    async fn the_number_is_the_value_and_a_missing_file_is_0() {
        let folder = std::env::temp_dir().join(format!("keepwatch-number-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("weight");
        let probe = NumberProbe::new(&NumberCheck { path: path.clone(), init: None });
        assert_eq!(probe.value(), None, "nobody has looked");
        let as_0 = |text| (Health::Pass, format!("{} {text}, which counts as 0", path.display()), Some(0));
        let verdict = probe.ask(WITHIN).await;
        assert_eq!((verdict.health, verdict.text, probe.value()), as_0("does not exist"));
        std::fs::write(&path, "none\n").unwrap();
        let verdict = probe.ask(WITHIN).await;
        assert_eq!((verdict.health, verdict.text, probe.value()), as_0("has no number"));
        std::fs::write(&path, "-30\n").unwrap();
        probe.changed().await;
        let verdict = probe.ask(WITHIN).await;
        assert_eq!((verdict.text, probe.value()), (format!("{} says -30", path.display()), Some(-30)));
        std::fs::write(&path, "99999999999").unwrap();
        assert_eq!((probe.ask(WITHIN).await.health, probe.value()), (Health::Unknown, Some(-30)));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[tokio::test]
    async fn it_is_written_once_before_it_is_read() {
        let folder = std::env::temp_dir().join(format!("keepwatch-init-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("weight");
        for (before, over, expected) in
            [(None, Over::Nothing, 7), (Some("3"), Over::Nothing, 3), (Some("3"), Over::Anything, 7)]
        {
            let _ = std::fs::remove_file(&path);
            if let Some(text) = before {
                std::fs::write(&path, text).unwrap();
            }
            let init = Some(InitialNumber { value: 7, over });
            let probe = NumberProbe::new(&NumberCheck { path: path.clone(), init });
            probe.ask(WITHIN).await;
            assert_eq!(probe.value(), Some(expected), "{before:?} {over:?}");
            std::fs::write(&path, "5").unwrap();
            probe.ask(WITHIN).await;
            assert_eq!(probe.value(), Some(5), "only at the start");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
