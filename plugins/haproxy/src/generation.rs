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
    /// Another worker is in service.
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
    let old = before.workers.first().copied();
    let is_old = |pid: &&u32| before.workers.contains(pid);
    // From 3.1 on the new one stands beside the old ones while it loads its configuration.
    let all_new = !now.workers.iter().any(|pid| is_old(&pid));
    if let Some(new) = now.workers.first().filter(|_| all_new) {
        return Progress::Done { old, new: *new };
    }
    let has_failed = match (before.failed, now.failed) {
        (Some(before), Some(now)) => now > before,
        // Before 2.5 the master answers only when all is over.
        _ => now.reloads > before.reloads,
    };
    if has_failed {
        return Progress::Failed { worker: now.workers.first().copied() };
    }
    Progress::Waiting
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
        let ancient = procs(3, None, &[20, 21], &[]);
        let empty = procs(0, Some(0), &[], &[]);
        let stats = Generation::Worker(20);
        let done = |old, new| Progress::Done { old, new };
        for (case, before, now, expected) in [
            ("nothing yet", &before, &before, Progress::Waiting),
            ("told, being loaded", &before, &procs(4, Some(1), &[20], &[]), Progress::Waiting),
            ("3.1, being loaded", &before, &procs(4, Some(1), &[20, 30], &[]), Progress::Waiting),
            (
                "done, the old one stays a while",
                &before,
                &procs(4, Some(0), &[30], &[20]),
                done(Some(20), 30),
            ),
            ("done, the old one is gone", &before, &procs(4, Some(0), &[30], &[]), done(Some(20), 30)),
            ("failed", &before, &procs(4, Some(2), &[20], &[]), Progress::Failed { worker: Some(20) }),
            ("no worker yet", &before, &procs(4, Some(1), &[], &[20]), Progress::Waiting),
            ("2.4, done", &ancient, &procs(4, None, &[30, 31], &[20, 21]), done(Some(20), 30)),
            ("2.4, failed", &ancient, &procs(4, None, &[20, 21], &[]), Progress::Failed { worker: Some(20) }),
            ("there was none", &empty, &procs(1, Some(0), &[30], &[]), done(None, 30)),
            ("the same answers", &stats, &Generation::Worker(20), Progress::Waiting),
            ("another answers", &stats, &Generation::Worker(30), done(Some(20), 30)),
        ] {
            assert_eq!(before.progress(now), expected, "{case}");
        }
    }
}
