//! Which processes HAProxy has: what a reload changes.

use crate::deadline::Deadline;
use crate::master;
use crate::procs::Procs;
use crate::trouble::Trouble;
use crate::worker::{Socket, procs};

/// Which processes HAProxy has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Generation {
    /// As its master tells.
    Master(Procs),
    /// The process that answers on the stats socket.
    Worker(u32),
}

/// What has become of a reload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Nothing is seen yet.
    Waiting,
    /// There is another worker. From 3.1 on it may have to load its configuration yet: it answers when it has.
    Done {
        /// The one before.
        old: Option<u32>,
        /// That which is now.
        new: u32,
    },
    /// The worker is the one it was, and stays.
    Failed {
        /// It.
        worker: Option<u32>,
    },
}

impl Generation {
    pub(crate) async fn read(socket: &Socket, deadline: Deadline) -> Result<Self, Trouble> {
        match socket {
            Socket::Master(address) => procs(address, deadline).await.map(Self::Master),
            Socket::Stats(_) => Ok(Self::Worker(socket.info(deadline).await?.pid)),
        }
    }

    /// What has become of a reload that was begun when things were so, now that they are as in `now`.
    pub(crate) fn progress(&self, now: &Self) -> Progress {
        match (self, now) {
            (Self::Worker(old), Self::Worker(new)) if old == new => Progress::Waiting,
            (Self::Worker(old), Self::Worker(new)) => Progress::Done { old: Some(*old), new: *new },
            (Self::Master(before), Self::Master(now)) => between(before, now),
            (Self::Worker(_), Self::Master(_)) | (Self::Master(_), Self::Worker(_)) => Progress::Waiting,
        }
    }

    /// The master process, if it can be seen from here: not in another container, nor on another host.
    pub(crate) fn master(&self) -> Option<u32> {
        match self {
            Self::Master(procs) => Some(procs.master).filter(|master| master::is_haproxy(*master)),
            Self::Worker(_) => None,
        }
    }
}

fn between(before: &Procs, now: &Procs) -> Progress {
    // Somebody else's reload, seen before ours is heard, has its own end.
    if now.reloads <= before.reloads {
        return Progress::Waiting;
    }
    if now.has_failed() {
        return Progress::Failed { worker: now.serving() };
    }
    let was_there = |pid: &u32| before.workers.contains(pid) || before.leaving.contains(pid);
    if let Some(new) = now.workers.iter().find(|pid| !was_there(pid)) {
        return Progress::Done { old: before.serving(), new: *new };
    }
    match now.failed {
        Some(_) => Progress::Waiting,
        // Before 2.5 nothing else is said, but the master answers only when all is over.
        None => Progress::Failed { worker: now.serving() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn procs(reloads: u32, failed: Option<u32>, workers: &[u32], leaving: &[u32]) -> Generation {
        let (workers, leaving) = (workers.to_vec(), leaving.to_vec());
        Generation::Master(Procs { master: 10, reloads, failed, workers, leaving })
    }

    #[test]
    fn what_becomes_of_a_reload_is_seen_by_the_processes() {
        let before = procs(3, Some(1), &[20], &[]);
        let good = procs(3, Some(0), &[20], &[]);
        let kept = procs(3, Some(1), &[], &[20]);
        let ancient = procs(3, None, &[20, 21], &[]);
        let empty = procs(0, Some(0), &[], &[]);
        let stats = Generation::Worker(20);
        let done = |old, new| Progress::Done { old, new };
        let failed = Progress::Failed { worker: Some(20) };
        for (case, before, now, expected) in [
            ("nothing yet", &before, &before, Progress::Waiting),
            (
                "2.6, done, the old one stays a while",
                &before,
                &procs(4, Some(0), &[30], &[20]),
                done(Some(20), 30),
            ),
            ("2.6, done, the old one is gone", &before, &procs(4, Some(0), &[30], &[]), done(Some(20), 30)),
            ("2.6, failed again", &before, &procs(4, Some(2), &[20], &[]), failed),
            ("2.6, failed", &good, &procs(4, Some(1), &[20], &[]), failed),
            ("2.4, done", &ancient, &procs(4, None, &[30, 31], &[20, 21]), done(Some(20), 30)),
            ("2.4, failed", &ancient, &procs(4, None, &[20, 21], &[]), failed),
            ("3.4, failed", &good, &procs(4, Some(1), &[], &[20]), failed),
            ("3.4, failed again", &kept, &procs(4, Some(1), &[], &[20]), failed),
            ("3.4, done after a failure", &kept, &procs(4, Some(0), &[30], &[20]), done(Some(20), 30)),
            ("3.4, no worker yet", &good, &procs(4, Some(0), &[], &[20]), Progress::Waiting),
            ("there was none", &empty, &procs(1, Some(0), &[30], &[]), done(None, 30)),
            ("the same answers", &stats, &Generation::Worker(20), Progress::Waiting),
            ("another answers", &stats, &Generation::Worker(30), done(Some(20), 30)),
        ] {
            assert_eq!(before.progress(now), expected, "{case}");
        }
    }
}
