//! Whether HAProxy is well.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use keepwatch_event::Health;
use keepwatch_host::{Native, Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::info::Phase;
use crate::judge::judge;
use crate::master;
use crate::trouble::{Cause, Trouble};
use crate::worker::{Socket, Worker};

/// How often one that hears nobody, or takes its leave, is asked again.
const PAUSE: Duration = Duration::from_millis(50);
/// How many answers of workers that take their leave are believed. For a moment after a reload the old one and the new
/// one take connections from the same socket.
const FAREWELLS: u32 = 5;

/// Whether HAProxy is well: it answers, and does not stop; frontends are open, backends have servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Where it is asked.
    pub socket: Socket,
    /// Frontends that must be open.
    pub frontends: Vec<String>,
    /// Backends that must have servers.
    pub backends: Vec<Backend>,
}

/// A backend that must have servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its name.
    pub name: String,
    /// How many servers must be up at least, backup servers included.
    pub up: usize,
}

impl Backend {
    /// A backend that must have a server.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), up: 1 }
    }
}

impl Check {
    /// As a check that is built in.
    pub fn native(self) -> Native {
        Native {
            label: format!("haproxy {}", self.socket),
            settings: format!("{self:?}"),
            probe: Arc::new(Checker { check: self, master: AtomicU32::new(0) }),
        }
    }
}

/// A check under way.
struct Checker {
    check: Check,
    /// The master process as last seen; 0 if none was.
    master: AtomicU32,
}

impl Checker {
    async fn ask(&self, deadline: Deadline) -> Result<Verdict, Trouble> {
        let mut farewells = 0;
        loop {
            let trouble = match self.ask_once(deadline).await {
                Err(trouble)
                    if matches!(trouble.cause, Cause::Leaving | Cause::Broken) && farewells < FAREWELLS =>
                {
                    farewells += 1;
                    if deadline.pause(PAUSE).await {
                        continue;
                    }
                    return Err(trouble);
                }
                Err(trouble) if matches!(trouble.cause, Cause::Absent | Cause::Broken) => trouble,
                // Asked through the master, which may have begun to load meanwhile; or the worker hangs.
                answer => {
                    return answer.map_err(|trouble| self.excused(trouble, deadline, master::starts_anew));
                }
            };
            let master = self.master.load(Ordering::Relaxed);
            if master == 0 || !master::is_haproxy(master) {
                return Err(trouble);
            }
            // It is there, but while it loads its configuration the master hears nobody; the old worker serves on.
            if !deadline.pause(PAUSE).await {
                return Err(Trouble::loading(master, deadline));
            }
        }
    }

    async fn ask_once(&self, deadline: Deadline) -> Result<Verdict, Trouble> {
        let worker = self.check.socket.worker(deadline).await;
        // The socket stays open while the master loads its configuration: whoever connects waits.
        let worker = worker.map_err(|trouble| self.excused(trouble, deadline, master::is_haproxy))?;
        self.master.store(worker.master().unwrap_or(0), Ordering::Relaxed);
        let Some(former) = worker.former() else { return self.ask_worker(&worker, deadline).await };
        // From 3.1 on a new worker is there before it has loaded its configuration; until then that before it serves.
        match worker.info(deadline.half()).await {
            Err(trouble) if trouble.cause == Cause::Late => match former.info(deadline).await?.phase {
                Phase::Running => self.ask_worker(&former, deadline).await,
                Phase::Stopping => Err(trouble),
            },
            _ => self.ask_worker(&worker, deadline).await,
        }
    }

    /// What is to be said of one that was late, if the master is such that it hears nobody.
    fn excused(&self, trouble: Trouble, deadline: Deadline, hears_nobody: fn(u32) -> bool) -> Trouble {
        let master = self.master.load(Ordering::Relaxed);
        if trouble.cause != Cause::Late || master == 0 || !hears_nobody(master) {
            return trouble;
        }
        Trouble::loading(master, deadline)
    }

    async fn ask_worker(&self, worker: &Worker<'_>, deadline: Deadline) -> Result<Verdict, Trouble> {
        let info = worker.info(deadline).await?;
        if info.phase == Phase::Stopping {
            return Err(Trouble::leaving(&info));
        }
        if self.check.frontends.is_empty() && self.check.backends.is_empty() {
            return Ok(Verdict { health: Health::Pass, text: format!("haproxy {} answers", info.version) });
        }
        let stat = worker.stat(deadline).await?;
        let verdict = judge(&self.check, &info, &stat);
        if verdict.health == Health::Fail {
            // Between the two questions it may have been told to go: then its frontends are shut.
            let after = worker.info(deadline).await?;
            if after.pid != info.pid || after.phase == Phase::Stopping {
                return Err(Trouble::leaving(&info));
            }
        }
        Ok(verdict)
    }
}

impl Probe for Checker {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        let deadline = Deadline::before_end_of(within);
        Box::pin(async move {
            let answer = self.ask(deadline).await;
            answer.unwrap_or_else(|trouble| Verdict { health: trouble.health(), text: trouble.text })
        })
    }
}
