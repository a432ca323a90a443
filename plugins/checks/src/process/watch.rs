//! The processes that one check is about, and when their number makes a difference.

use std::collections::BTreeSet;
use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::ProcessCheck;
use super::event::Event;
use super::matching::{PROC, Process};

/// The processes that one check is about.
pub(super) struct Watch {
    check: ProcessCheck,
    known: Mutex<Known>,
    changed: Notify,
}

/// What is known now.
#[derive(Debug, Default)]
struct Known {
    ids: BTreeSet<i32>,
    /// The verdict that counts; none before the first look.
    is_good: Option<bool>,
    /// When the other verdict is to count, if things stay as they are.
    turns: Option<Instant>,
}

/// What a look has found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) count: usize,
    pub(super) is_good: bool,
    /// How long until the count makes a difference, if it does not yet.
    pub(super) left: Option<Duration>,
}

impl Watch {
    pub(super) fn new(check: &ProcessCheck) -> Self {
        Self { check: check.clone(), known: Mutex::default(), changed: Notify::new() }
    }

    pub(super) const fn check(&self) -> &ProcessCheck {
        &self.check
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks through all processes.
    pub(super) fn look(&self) -> io::Result<()> {
        // Locked all the while: what happens meanwhile is counted afterwards.
        let mut known = self.known();
        let before = known.ids.len();
        known.ids = std::fs::read_dir(PROC)?
            .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
            .filter(|id| Process::read(*id).is_some_and(|process| self.is_meant(&process)))
            .collect();
        self.count(&mut known, before, Instant::now());
        Ok(())
    }

    fn is_meant(&self, process: &Process) -> bool {
        self.check.matching.matches(&self.check.command, process)
    }

    /// Takes up what the kernel tells; `process` is the one renamed, unless it is over.
    pub(super) fn hear(&self, event: Event, process: Option<&Process>) {
        let mut known = self.known();
        // The first look will find it.
        if known.is_good.is_none() {
            return;
        }
        let before = known.ids.len();
        match event {
            // A new process is its parent's copy until it runs another program.
            Event::Forked { parent, child } => {
                if known.ids.contains(&parent) {
                    known.ids.insert(child);
                }
            }
            Event::Renamed(id) => {
                if process.is_some_and(|process| self.is_meant(process)) {
                    known.ids.insert(id);
                } else {
                    known.ids.remove(&id);
                }
            }
            Event::Ended(id) => {
                known.ids.remove(&id);
            }
        }
        if known.ids.len() != before {
            self.count(&mut known, before, Instant::now());
        }
    }

    /// What is known may be outdated.
    pub(super) fn ask_again(&self) {
        self.changed.notify_one();
    }

    /// Draws the conclusions from the number of processes, which was another before.
    fn count(&self, known: &mut Known, before: usize, now: Instant) {
        let count = known.ids.len();
        let is_good = self.check.allows(count);
        let counts = *known.is_good.get_or_insert(is_good);
        let turns = match known.turns {
            _ if counts == is_good => None,
            Some(turns) => Some(turns),
            None if count > before => Some(now + self.check.fork_delay),
            None => Some(now + self.check.terminate_delay),
        };
        if turns != known.turns {
            known.turns = turns;
            self.changed.notify_one();
        }
    }

    /// What is known.
    pub(super) fn found(&self, now: Instant) -> Found {
        let mut known = self.known();
        if known.turns.is_some_and(|turns| turns <= now) {
            known.turns = None;
            known.is_good = Some(self.check.allows(known.ids.len()));
        }
        let left = known.turns.map(|turns| turns.saturating_duration_since(now));
        Found { count: known.ids.len(), is_good: known.is_good.unwrap_or(false), left }
    }

    /// Ends when there may be another verdict.
    pub(super) async fn changed(&self) {
        let turns = self.known().turns;
        match turns {
            None => self.changed.notified().await,
            Some(turns) => tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep_until(turns.into()) => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A check of a number of processes, told of times.
    struct Table {
        watch: Watch,
        start: Instant,
    }

    impl Table {
        fn new(check: ProcessCheck) -> Self {
            Self { watch: Watch::new(&check), start: Instant::now() }
        }

        /// So many processes there are at this time, in seconds.
        fn at(&self, second: u64, count: i32) -> (bool, Option<u64>) {
            let now = self.start + Duration::from_secs(second);
            let mut known = self.watch.known();
            let before = known.ids.len();
            known.ids = (0..count).collect();
            self.watch.count(&mut known, before, now);
            drop(known);
            let found = self.watch.found(now);
            (found.is_good, found.left.map(|left| left.as_secs()))
        }
    }

    fn check() -> ProcessCheck {
        ProcessCheck { quorum: 2, quorum_max: Some(3), ..ProcessCheck::new("x") }
    }

    #[test]
    fn without_delays_the_number_counts_at_once() {
        let table = Table::new(check());
        for (count, is_good) in
            [(0, false), (1, false), (2, true), (3, true), (4, false), (3, true), (0, false)]
        {
            assert_eq!(table.at(0, count), (is_good, None), "{count}");
        }
    }

    #[test]
    fn delays_begin_with_the_change_and_end_with_its_opposite() {
        let delays = (Duration::from_secs(5), Duration::from_secs(9));
        let table = Table::new(ProcessCheck { fork_delay: delays.0, terminate_delay: delays.1, ..check() });
        for (second, count, expected) in [
            // What is found at first counts at once.
            (0, 1, (false, None)),
            (1, 2, (false, Some(5))),
            (3, 3, (false, Some(3))),
            (4, 1, (false, None)),
            (5, 2, (false, Some(5))),
            (10, 2, (true, None)),
            (11, 1, (true, Some(9))),
            (19, 0, (true, Some(1))),
            (20, 0, (false, None)),
            (21, 2, (false, Some(5))),
            (30, 2, (true, None)),
            // Too many: they have come by a fork.
            (31, 4, (true, Some(5))),
            (32, 3, (true, None)),
        ] {
            assert_eq!(table.at(second, count), expected, "{second} s, {count}");
        }
    }
}
