//! Leaving in time: how long a router that leaves may keep its addresses, alive, asleep, or dead.
//!
//! The times are written down here once more, and not asked of the routers: this is what checks them.

use std::time::Duration;

use keepwatch_vrrp::{Claim, Departure, Instant, Params, RouterId, StopMode, Version};

use crate::checker::{Moment, Rule, View};
use crate::host::{Host, HostId, Process};
use crate::simulation::Simulation;

/// The first announcement comes this long after the first sign of a successor, or none is waited for any more.
const FIRST_WITHIN: Duration = Duration::from_secs(1);
/// And each further one this long after the one before.
const NEXT_WITHIN: Duration = Duration::from_millis(300);
/// An address stays this long after its announcement.
const LINGER: Duration = Duration::from_millis(20);
/// The kernel has removed the addresses of a dead leaver this long after it would have stopped waiting.
const GONE_WITHIN: Duration = Duration::from_secs(3);

/// What the checker knows of a router that leaves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leave {
    since: Moment,
    /// How long it waits for a first sign of a successor.
    patience: Duration,
    /// When there was one: an advert, or an announcement.
    sign: Option<Moment>,
    /// Whether a resignation was heard since, which may have been the successor's.
    is_doubtful: bool,
}

impl Leave {
    /// What follows from one look at a router and the next.
    pub(crate) fn follow(known: Option<Self>, now: Moment, after: View, patience: Duration) -> Option<Self> {
        let departure = after.departure?;
        if known.is_some() {
            return known;
        }
        match departure {
            // Its successor is why it leaves.
            Departure::Yield => Some(Self { since: now, patience, sign: Some(now), is_doubtful: false }),
            Departure::Stop | Departure::HandOver | Departure::Group => {
                Some(Self { since: now, patience, sign: None, is_doubtful: false })
            }
        }
    }

    /// From when on, and for how long, it may take at most.
    fn bound(&self, addresses: usize) -> (Moment, Duration) {
        match self.sign {
            None => (self.since, self.patience),
            Some(sign) if !self.is_doubtful => (sign, after_sign(addresses)),
            // It may have begun to wait anew.
            Some(_) => (self.since, self.patience + after_sign(addresses)),
        }
    }
}

/// From the first sign of a successor to the last address given up, at most.
fn after_sign(addresses: usize) -> Duration {
    let further = u32::try_from(addresses.saturating_sub(1)).unwrap_or(u32::MAX);
    FIRST_WITHIN + NEXT_WITHIN * further + LINGER
}

/// How long a router waits for a first sign of a successor.
fn patience(params: &Params, departure: Departure, members: Members) -> Duration {
    if departure == Departure::Yield {
        return FIRST_WITHIN;
    }
    let skew = match params.version {
        Version::V2 => Duration::from_secs(1),
        Version::V3 => params.interval.duration(),
    };
    let alone = (skew + Duration::from_millis(300)).max(Duration::from_secs(1));
    match members {
        Members::One => alone,
        Members::Several => alone * 2,
    }
}

/// Whether a router leaves alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Members {
    One,
    Several,
}

impl Simulation {
    /// How long after a router of this host began to leave its addresses are gone, even if nobody takes them away.
    #[must_use]
    pub fn gone_within(&self, host: HostId, router: RouterId) -> Duration {
        let patience = self.hosts[host.0].patience(router, Departure::Stop);
        patience.max(FIRST_WITHIN) + GONE_WITHIN
    }

    /// Checks that whoever is leaving has time left for it.
    pub(crate) fn check_leavers(&mut self) {
        let now = self.now;
        let found = self.hosts.iter().find_map(|host| host.overdue(now).map(|overdue| (host.id, overdue)));
        if let Some((host, (router, rule, found))) = found {
            self.report(Some(host), router, rule, found);
        }
    }
}

impl Host {
    /// Whether one of its routers is leaving, or was when it died.
    pub(crate) fn is_leaving(&self) -> bool {
        self.shadows.iter().any(|shadow| shadow.leave.is_some())
    }

    /// How long a router of it takes to leave, at most; nothing if it removes its addresses at once.
    pub(crate) fn leaves_within(&self, router: RouterId) -> Duration {
        let params = &self.params[router.0];
        match params.stop_mode {
            StopMode::Lossless => {
                let addresses = params.addresses.len();
                let longest = self.patience(router, Departure::Stop) + after_sign(addresses);
                longest + self.late_in_leaving(addresses)
            }
            StopMode::Rfc | StopMode::Silent => Duration::ZERO,
        }
    }

    /// How long a router of it takes to yield, at most.
    pub(crate) fn yields_within(&self, router: RouterId) -> Duration {
        let params = &self.params[router.0];
        match (params.stop_mode, self.members(router)) {
            (StopMode::Lossless, Members::One) => after_sign(params.addresses.len()),
            // Others leave because one yields.
            (StopMode::Lossless, Members::Several) => self.leaves_within(router),
            (StopMode::Rfc | StopMode::Silent, _) => Duration::ZERO,
        }
    }

    pub(crate) fn patience(&self, router: RouterId, departure: Departure) -> Duration {
        patience(&self.params[router.0], departure, self.members(router))
    }

    fn members(&self, router: RouterId) -> Members {
        let is_grouped = self.groups.iter().any(|group| group.contains(&router));
        if is_grouped { Members::Several } else { Members::One }
    }

    /// Notes that a router has accepted an advert.
    pub(crate) fn note_claim(&mut self, router: RouterId, now: Instant, claim: Claim) {
        let moment = self.moment(now);
        let Some(leave) = &mut self.shadows[router.0].leave else { return };
        match claim {
            Claim::Holds(_) => {
                leave.sign.get_or_insert(moment);
            }
            Claim::Resigns => leave.is_doubtful = true,
        }
    }

    /// Notes that a router was told of an announcement.
    pub(crate) fn note_announcement(&mut self, router: RouterId, now: Instant) {
        let moment = self.moment(now);
        if let Some(leave) = &mut self.shadows[router.0].leave {
            leave.sign.get_or_insert(moment);
        }
    }

    /// How late its process may be altogether while it leaves: an announcement that comes just before it notices that
    /// its wait is over prolongs the wait.
    fn late_in_leaving(&self, addresses: usize) -> Duration {
        self.lateness * u32::try_from(addresses + 1).unwrap_or(u32::MAX)
    }

    /// A leaver that has not left in time.
    fn overdue(&self, now: Instant) -> Option<(RouterId, Rule, String)> {
        for (index, shadow) in self.shadows.iter().enumerate() {
            let (Some(leave), router) = (shadow.leave, RouterId(index)) else { continue };
            let gone_within = leave.patience.max(FIRST_WITHIN) + GONE_WITHIN;
            if now.since(leave.since.at) > gone_within && self.any_in_place(router).is_some() {
                let found =
                    format!("addresses in place {:?} after it began to leave", now.since(leave.since.at));
                return Some((router, Rule::OneHolderAfterwards, found));
            }
            let addresses = self.params[index].addresses.len();
            let (from, bound) = leave.bound(addresses);
            let bound = bound + self.late_in_leaving(addresses);
            if self.process == Process::Running && from.awake_since(now, self.slept) > bound {
                let found = format!("leaves for {:?} already", now.since(leave.since.at));
                return Some((router, Rule::LeavesInTime, found));
            }
        }
        None
    }
}
