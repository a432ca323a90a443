//! Checks that are built in: plugins whose code is keepwatch's own.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, Health, Rounded, Snapshot};
use tokio::time::timeout;

use crate::failure::Failure;
use crate::host::Host;
use crate::manifest::{Manifest, Roles};
use crate::plugin::{CheckRequest, Leaving, Outcome, Plugin, Program, Verdict, Work};

/// How much longer than its patience a check is waited for: in time, it says itself what it has waited for in vain.
const LONGER: Duration = Duration::from_millis(100);

/// A check that is built in. It is asked once at a time. A question is dropped if the check is replaced or ends meanwhile.
pub trait Probe: Send + Sync {
    /// How things are. It says within this time what it knows, if only that it has waited in vain. An answer that takes
    /// noticeably longer is dropped, and counts as a failure.
    fn probe(&self, within: Duration) -> Work<'_, Verdict>;

    /// The number that the last answer was, where it is one (keepalived's `track_file`).
    fn value(&self) -> Option<i32> {
        None
    }

    /// Where it still does what it was asked before: ends when that is done. Until then it is not asked, and its last answer
    /// holds.
    fn busy(&self) -> Option<Work<'_, ()>> {
        None
    }

    /// Ends when there may be another answer than the last one, so that it is worth asking before its time.
    fn changed(&self) -> Work<'_, ()> {
        Box::pin(pending())
    }
}

/// A probe with what makes it the one it is.
#[derive(Clone)]
pub struct Native {
    /// What it is, for people: `tcp 127.0.0.1:80`.
    pub label: String,
    /// All its settings: two with the same label and settings are the same.
    pub settings: String,
    /// What is asked.
    pub probe: Arc<dyn Probe>,
}

impl PartialEq for Native {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.settings == other.settings
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Native").field(&self.label).finish()
    }
}

/// A probe as a program.
pub(crate) struct NativeProgram {
    manifest: Manifest,
    probe: Arc<dyn Probe>,
}

impl NativeProgram {
    pub(crate) fn new(native: &Native) -> Self {
        let roles = Roles { handler: false, checker: true };
        let manifest = Manifest { name: native.label.clone(), roles, ..Manifest::default() };
        Self { manifest, probe: Arc::clone(&native.probe) }
    }
}

impl Program for NativeProgram {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn leaving(&self) -> Leaving {
        Leaving::AtOnce
    }

    fn start(&self, _: Host) -> Work<'_, Result<Box<dyn Plugin>, Failure>> {
        let probe = Arc::clone(&self.probe);
        Box::pin(async move { Ok(Box::new(Asked(probe)) as Box<dyn Plugin>) })
    }
}

struct Asked(Arc<dyn Probe>);

impl Plugin for Asked {
    fn init<'a>(&'a mut self, _: Option<&'a [u8]>) -> Work<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn sync<'a>(&'a mut self, _: &'a Snapshot) -> Work<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }

    fn handle<'a>(&'a mut self, _: &'a Arc<Event>) -> Work<'a, Result<Outcome, Failure>> {
        Box::pin(async { Ok(Outcome::Done) })
    }

    fn check<'a>(&'a mut self, request: &'a CheckRequest) -> Work<'a, Result<Verdict, Failure>> {
        Box::pin(async {
            // The host waits still longer, and would take that for a fault of the check.
            let patience = request.within;
            Ok(timeout(patience + LONGER, self.0.probe(patience)).await.unwrap_or_else(|_| {
                let text = format!("no answer within {}", Rounded(request.within));
                Verdict { health: Health::Fail, text }
            }))
        })
    }

    fn value(&self) -> Option<i32> {
        self.0.value()
    }

    fn busy(&self) -> Option<Work<'_, ()>> {
        self.0.busy()
    }

    fn changed(&mut self) -> Work<'_, ()> {
        self.0.changed()
    }

    fn save(&mut self) -> Work<'_, Result<Option<Vec<u8>>, Failure>> {
        Box::pin(async { Ok(None) })
    }

    fn stop<'a>(&'a mut self, _: &'a str) -> Work<'a, Result<(), Failure>> {
        Box::pin(async { Ok(()) })
    }
}
