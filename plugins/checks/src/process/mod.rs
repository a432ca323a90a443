//! Whether processes run, as keepalived's `vrrp_track_process` has it.

mod connector;
mod event;
mod listener;
mod matching;
mod watch;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use keepwatch_event::{Health, Rounded};
use keepwatch_host::{Aside, Probe, Verdict, Work};
use tokio::time::timeout;

use crate::deadline::Deadline;
use crate::io_text::plain;
use crate::verdict::{Step, either, unknown};
use listener::{Listener, Shared};
pub use matching::Matching;
use watch::{Found, Watch};

/// Passes when the right number of processes run. With CAP_NET_ADMIN, which Linux 6.6 and later do not ask for, the kernel
/// tells of each process that begins or ends, so that a change is noticed at once; where it does not, all processes are
/// looked through for each question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessCheck {
    /// The name of the program; for all [`Matching`] but the one by name, the first word of the command line, as it is:
    /// `/usr/sbin/haproxy`.
    pub command: String,
    /// By what processes are known.
    pub matching: Matching,
    /// So many must run at least.
    pub quorum: u32,
    /// So many may run at most.
    pub quorum_max: Option<u32>,
    /// So long must it be before new processes make a difference.
    pub fork_delay: Duration,
    /// So long must it be before the end of processes makes a difference.
    pub terminate_delay: Duration,
}

impl ProcessCheck {
    /// A check that one process with this name runs at least.
    #[must_use]
    pub fn new(command: impl Into<String>) -> Self {
        Self {
            command: command.into(),
            matching: Matching::Name,
            quorum: 1,
            quorum_max: None,
            fork_delay: Duration::ZERO,
            terminate_delay: Duration::ZERO,
        }
    }

    fn allows(&self, count: usize) -> bool {
        self.expectation(count).is_none()
    }

    /// What was expected, if that is not what there is.
    fn expectation(&self, count: usize) -> Option<String> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        match self.quorum_max {
            Some(most) if count > most => Some(format!("at most {most} expected")),
            _ if count < self.quorum => Some(format!("at least {} expected", self.quorum)),
            _ => None,
        }
    }
}

pub(crate) struct ProcessProbe {
    watch: Arc<Watch>,
    shared: &'static Shared,
    /// Who has told of all changes since the last look.
    told_by: Mutex<Option<Arc<Listener>>>,
    looking: Aside<io::Result<()>>,
}

impl ProcessProbe {
    pub(crate) fn new(check: &ProcessCheck) -> Self {
        static SHARED: Shared = Shared::new();
        Self::with(check, &SHARED)
    }

    fn with(check: &ProcessCheck, shared: &'static Shared) -> Self {
        Self {
            watch: Arc::new(Watch::new(check)),
            shared,
            told_by: Mutex::default(),
            looking: Aside::default(),
        }
    }

    fn told_by(&self) -> MutexGuard<'_, Option<Arc<Listener>>> {
        self.told_by.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self, deadline: Deadline) -> Step<Verdict> {
        let looked = deadline
            .limit(self.look(deadline.left() / 2), || "the processes could not be looked through".to_owned());
        // That this host is slow says nothing of the processes.
        let why_not_told = looked.await.map_err(|late| unknown(late.text))??;
        let found = self.watch.found(Instant::now());
        Ok(self.verdict(&found, why_not_told.as_deref()))
    }

    /// Brings what is known up to date; the kernel is waited for no longer than this. Gives the reason why it does not do
    /// that by itself, if it does not.
    async fn look(&self, patience: Duration) -> Step<Option<String>> {
        let listener = timeout(patience, self.shared.listener()).await;
        let listener = listener.unwrap_or_else(|_| Err("it has not answered yet".to_owned()));
        if let Ok(listener) = &listener {
            if self.told_by().as_ref().is_some_and(|told_by| Arc::ptr_eq(told_by, listener)) {
                return Ok(None);
            }
            // What happens while it looks waits, and comes after.
            listener.tell(&self.watch);
        }
        let watch = Arc::clone(&self.watch);
        let looked = self.looking.run(move || watch.look()).await;
        let looked = looked.ok_or_else(|| unknown("the processes could not be looked through"))?;
        looked.map_err(|error| unknown(format!("/proc cannot be read: {}", plain(&error))))?;
        let (told_by, why_not) = match listener {
            Ok(listener) => (Some(listener), None),
            Err(why) => (None, Some(why)),
        };
        *self.told_by() = told_by;
        Ok(why_not)
    }

    fn verdict(&self, found: &Found, why_not_told: Option<&str>) -> Verdict {
        let check = self.watch.check();
        let number = match found.count {
            1 => "1 process runs".to_owned(),
            count => format!("{count} processes run"),
        };
        let mut text = format!("{}: {number}", check.command);
        if let Some(expected) = check.expectation(found.count) {
            text += &format!(", {expected}");
        }
        if let Some(left) = found.left {
            text += &format!("; counts in {}", Rounded(left));
        }
        if let Some(why) = why_not_told {
            text += &format!(" (looked through all, as the kernel does not tell: {why})");
        }
        Verdict { health: if found.is_good { Health::Pass } else { Health::Fail }, text }
    }
}

impl Probe for ProcessProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(self.ask(Deadline::new(within)).await) })
    }

    fn changed(&self) -> Work<'_, ()> {
        Box::pin(self.watch.changed())
    }
}
