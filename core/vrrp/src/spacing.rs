//! The least time between announcements that leave one way (keepalived's `vrrp_garp_interval`): those that would come
//! sooner wait for their turn.
//!
//! ```text
//!   Action::Announce  -->  Spacing::ask  -->  Turn::Now       send it, then Spacing::sent
//!                                        -->  Turn::Later     it waits, behind all that wait already
//!   poll_timeout      -->  Spacing::take  -->  Routers::still_announces  -->  send it, then Spacing::sent; or let it go
//! ```
//!
//! Whether an announcement is still right is asked when its turn comes: what a router has given up since is not announced.
//! One that waits several times over goes back to the end after each: every address has its first announcement before
//! any has its second.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::routers::RouterId;
use crate::time::Instant;

/// Announcements that wait for their turn. `L` names a lane: what is in one lane is sent a time apart.
#[derive(Debug)]
pub struct Spacing<L> {
    lanes: BTreeMap<L, Lane>,
}

/// What leaves one way.
#[derive(Debug, Default)]
struct Lane {
    every: Duration,
    last_at: Option<Instant>,
    waiting: VecDeque<Waiting>,
}

/// An announcement that waits, perhaps to be sent several times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// Whose.
    pub router: RouterId,
    /// Of what. The address itself, for its number may become another one's.
    pub address: IpAddr,
    times: u8,
}

/// When an announcement may leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Now.
    Now,
    /// When [`Spacing::take`] gives it.
    Later,
}

impl Lane {
    /// When the next one may leave; at once if none has.
    fn free_at(&self) -> Instant {
        self.last_at.map_or(Instant::ZERO, |last| last + self.every)
    }

    fn next_at(&self) -> Option<Instant> {
        (!self.waiting.is_empty()).then(|| self.free_at())
    }
}

/// Nothing waits.
impl<L> Default for Spacing<L> {
    fn default() -> Self {
        Self { lanes: BTreeMap::new() }
    }
}

impl<L: Copy + Ord> Spacing<L> {
    /// Whether an announcement may leave by this lane, `every` after the one before. Otherwise it waits; one that waits
    /// already does so `at_most` times at once, for what is due again meanwhile says nothing new.
    pub fn ask(
        &mut self,
        now: Instant,
        (lane, every): (L, Duration),
        (router, address): (RouterId, IpAddr),
        at_most: u8,
    ) -> Turn {
        let lane = self.lanes.entry(lane).or_default();
        lane.every = every;
        if lane.waiting.is_empty() && lane.free_at() <= now {
            return Turn::Now;
        }
        let is_it = |waiting: &&mut Waiting| (waiting.router, waiting.address) == (router, address);
        match lane.waiting.iter_mut().find(is_it) {
            Some(known) => known.times = known.times.saturating_add(1).min(at_most.max(known.times)),
            None => lane.waiting.push_back(Waiting { router, address, times: 1 }),
        }
        Turn::Later
    }

    /// The next one whose turn has come, and its lane: it waits no more.
    pub fn take(&mut self, now: Instant) -> Option<(L, Waiting)> {
        let is_due = |lane: &Lane| lane.next_at().is_some_and(|at| at <= now);
        let (name, lane) = self.lanes.iter_mut().find(|(_, lane)| is_due(lane))?;
        Some((*name, lane.waiting.pop_front()?))
    }

    /// An announcement has left by this lane.
    pub fn sent(&mut self, now: Instant, lane: L) {
        self.lanes.entry(lane).or_default().last_at = Some(now);
    }

    /// One that was taken has left by this lane; it waits again if it is to be sent again.
    pub fn sent_waiting(&mut self, now: Instant, lane: L, waiting: Waiting) {
        self.sent(now, lane);
        if let Some(times) = waiting.times.checked_sub(1).filter(|times| *times > 0)
            && let Some(lane) = self.lanes.get_mut(&lane)
        {
            lane.waiting.push_back(Waiting { times, ..waiting });
        }
    }

    /// Takes out all that wait, in their order, to be put into other lanes or to wait for other times. When the last one left
    /// by a lane is not forgotten.
    pub fn take_all(&mut self) -> Vec<Waiting> {
        self.lanes.values_mut().flat_map(|lane| lane.waiting.drain(..)).collect()
    }

    /// Puts one back that was taken out.
    pub fn put(&mut self, (lane, every): (L, Duration), waiting: Waiting) {
        let lane = self.lanes.entry(lane).or_default();
        lane.every = every;
        lane.waiting.push_back(waiting);
    }

    /// When the next turn comes.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.lanes.values().filter_map(Lane::next_at).min()
    }
}

#[cfg(test)]
#[path = "spacing_tests.rs"]
mod tests;
