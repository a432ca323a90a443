//! What follows for a group from what one of its members did: its members are MASTER together, or none is.

use crate::action::Actions;
use crate::notice::{Departure, Hindrance, StateName};
use crate::router::VirtualRouter;
use crate::routers::{RouterId, Segment};
use crate::time::Instant;

/// What a group looks at in a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standpoint {
    state: StateName,
    departure: Option<Departure>,
    is_hindered_anew: bool,
    is_willing: bool,
    has_handed_over: bool,
    follows: bool,
    reasserted_at: Option<Instant>,
}

impl Standpoint {
    pub(crate) const fn of(router: &VirtualRouter) -> Self {
        Self {
            state: router.state(),
            departure: router.departure(),
            is_hindered_anew: false,
            is_willing: router.is_willing(),
            has_handed_over: router.has_handed_over(),
            follows: router.follows(),
            reasserted_at: router.reasserted_at(),
        }
    }

    /// The same once more, with what has come about meanwhile.
    pub(crate) fn after(router: &mut VirtualRouter, now: Instant) -> Self {
        Self { is_hindered_anew: router.has_news_for_mates(now), ..Self::of(router) }
    }
}

/// A group, for the moment in which one of its members has changed.
pub(crate) struct Group<'a> {
    pub(crate) routers: &'a mut [(Segment, VirtualRouter)],
    pub(crate) members: &'a [usize],
}

impl Group<'_> {
    /// Draws the others after the member that has changed.
    pub(crate) fn settle(
        &mut self,
        now: Instant,
        changed: usize,
        before: &Standpoint,
        after: &Standpoint,
        out: &mut Actions,
    ) {
        if before.departure != after.departure {
            match after.departure {
                Some(departure) => self.others(changed, |mate| mate.leave_with_group(now, departure, out)),
                None if after.state == StateName::Master => {
                    self.others(changed, |mate| mate.stay_with_group(now, out));
                }
                None => {}
            }
        }
        if (before.state, before.departure, after.state) == (StateName::Master, None, StateName::Backup) {
            self.others(changed, |mate| match after.has_handed_over {
                true => mate.leave_with_group(now, Departure::HandOver, out),
                false => mate.fall_back_with_group(now, out),
            });
        }
        // One that has come into the company of a MASTER, and hears of another one only now.
        if before.state == StateName::Backup && !before.follows && after.follows {
            self.others(changed, |mate| mate.leave_with_group(now, Departure::Group, out));
        }
        if before.reasserted_at != after.reasserted_at && after.reasserted_at.is_some() {
            self.others(changed, |mate| mate.announce_with_group(now, out));
        }
        if after.is_hindered_anew {
            self.share_hindrances(now, out);
        }
        if after.is_willing && self.are_all_willing() {
            self.each(|router| router.take_with_group(now, out));
        }
    }

    /// Brings members together that were not in this company before.
    pub(crate) fn assemble(&mut self, now: Instant, out: &mut Actions) {
        // What each has told its mates so far was for others.
        self.each(|router| {
            let _ = router.has_news_for_mates(now);
        });
        self.share_hindrances(now, out);
        let mut members = self.members.iter().filter_map(|member| self.routers.get(*member));
        if members.any(|(_, router)| router.follows()) {
            self.each(|router| router.leave_with_group(now, Departure::Group, out));
        } else if self.are_all_willing() {
            self.each(|router| router.take_with_group(now, out));
        }
    }

    /// One that cannot take part keeps the others from it.
    fn share_hindrances(&mut self, now: Instant, out: &mut Actions) {
        let first = |group: &Self, except: usize, wanted: fn(Hindrance) -> bool| {
            let mut others = group.members.iter().filter(|member| **member != except);
            let mate = others.find(|member| {
                let router = group.routers.get(**member);
                router.and_then(|(_, router)| router.own_hindrance(now)).is_some_and(wanted)
            });
            mate.map(|mate| RouterId(*mate))
        };
        for &member in self.members {
            let fault = first(self, member, |hindrance| !hindrance.is_awaited()).map(Hindrance::Mate);
            let waits = || first(self, member, Hindrance::is_awaited).map(Hindrance::MateWaits);
            let hindrance = fault.or_else(waits);
            if let Some((_, router)) = self.routers.get_mut(member) {
                router.mate_hindered(now, hindrance, out);
            }
        }
    }

    fn are_all_willing(&self) -> bool {
        let mut members = self.members.iter().filter_map(|member| self.routers.get(*member));
        members.all(|(_, router)| router.is_willing())
    }

    fn others(&mut self, except: usize, mut tell: impl FnMut(&mut VirtualRouter)) {
        for &member in self.members.iter().filter(|member| **member != except) {
            if let Some((_, router)) = self.routers.get_mut(member) {
                tell(router);
            }
        }
    }

    fn each(&mut self, mut tell: impl FnMut(&mut VirtualRouter)) {
        for &member in self.members {
            if let Some((_, router)) = self.routers.get_mut(member) {
                tell(router);
            }
        }
    }
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
