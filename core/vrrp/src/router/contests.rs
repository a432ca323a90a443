//! Other hosts that claim a MASTER's addresses, by ARP or neighbour discovery.
//!
//! A claim is answered by one announcement, but not at once: whoever takes over properly may announce before its first
//! advert (keepwatch by a fraction of a millisecond, FRR with IPv6 by a whole interval), and must not be answered.
//! Neighbours that an answer has turned back would stay with us when we yield a moment later.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::VirtualRouter;
use super::state::{Master, Phase, State};
use crate::action::{Action, Actions};
use crate::notice::Notice;
use crate::scalar::MacAddress;
use crate::time::Instant;
use crate::update::Renumbering;
use crate::wire::Claimed;

/// From a claim to the answer; beyond three advert intervals, as long as a backup waits, if the claim is an announcement:
/// the first advert may be late.
const ANSWER_AFTER: Duration = Duration::from_millis(50);
/// Claims to one address are answered at most this often.
const ANSWER_EVERY: Duration = Duration::from_secs(1);
/// A contest that goes on is told again after this time.
const TELL_EVERY: Duration = Duration::from_secs(60);
/// Announcements over this time, without an advert between them, come from a host that we do not hear.
const DEAF_AFTER: Duration = Duration::from_secs(1);
/// So many of them at least.
const DEAF_COUNT: u8 = 3;
/// A claim this long after the one before begins a contest anew.
const CONTEST_ENDS: Duration = Duration::from_secs(10);

/// All contests of one mastership.
#[derive(Debug)]
pub(super) struct Contests {
    contests: Vec<Contest>,
    /// The MASTER whose silence made this router one.
    predecessor: Option<IpAddr>,
    told_deaf: bool,
}

/// Another host's claims to one address.
#[derive(Clone, Copy, Debug)]
struct Contest {
    address: usize,
    mac: MacAddress,
    since: Instant,
    last_at: Instant,
    /// Announcements since then.
    announcements: u8,
    announced_at: Option<Instant>,
    answer_at: Option<Instant>,
    answered_at: Option<Instant>,
    told_at: Option<Instant>,
}

impl Contest {
    /// Announced within the last moments, and neither answered nor overruled since.
    const fn is_pending_announcement(&self) -> bool {
        self.answer_at.is_some() && self.announced_at.is_some()
    }
}

impl Contests {
    pub(super) const fn new(predecessor: Option<IpAddr>) -> Self {
        Self { contests: Vec::new(), predecessor, told_deaf: false }
    }

    /// When the next answer is due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        self.contests.iter().filter_map(|contest| contest.answer_at).min()
    }

    /// The hardware address that last contested.
    pub(super) fn mac(&self) -> Option<MacAddress> {
        self.contests.last().map(|contest| contest.mac)
    }

    /// No claim needs an answer any more: everything is announced anyway.
    pub(super) fn forget_answers(&mut self) {
        for contest in &mut self.contests {
            contest.answer_at = None;
        }
    }

    /// This router has announced an address itself: neighbours that another's announcement had turned are back.
    pub(super) fn overrule(&mut self, address: usize) {
        for contest in self.contests.iter_mut().filter(|contest| contest.address == address) {
            contest.announced_at = None;
        }
    }

    /// Follows other numbers of addresses.
    pub(super) fn renumber(&mut self, renumbering: &Renumbering) {
        renumbering.apply(&mut self.contests, |contest| &mut contest.address);
    }

    /// Whether somebody has announced an address, and its advert may still come.
    pub(super) fn awaits_advert(&self, address: usize) -> bool {
        self.contests.iter().any(|contest| contest.address == address && contest.is_pending_announcement())
    }

    /// Notes a claim, to be answered after some time.
    fn note(&mut self, address: usize, mac: MacAddress, how: Claimed, after: Duration, now: Instant) {
        let position = self.contests.iter().position(|contest| contest.address == address);
        let known = position.map(|position| self.contests.remove(position));
        let goes_on = |contest: &Contest| contest.mac == mac && now.since(contest.last_at) < CONTEST_ENDS;
        let mut contest = known.filter(goes_on).unwrap_or_else(|| Contest {
            address,
            mac,
            since: now,
            last_at: now,
            announcements: 0,
            announced_at: None,
            answer_at: None,
            answered_at: known.and_then(|contest| contest.answered_at),
            told_at: known.filter(|contest| contest.mac == mac).and_then(|contest| contest.told_at),
        });
        contest.last_at = now;
        if how == Claimed::Announced {
            contest.announced_at = Some(now);
            contest.announcements = contest.announcements.saturating_add(1);
        }
        // Whoever we do not hear wins: it is MASTER with more right, or hears us and yields. Answering for ever would
        // turn the neighbours back and forth.
        if self.told_deaf {
            self.contests.push(contest);
            return;
        }
        let earliest = contest.answered_at.map_or(now, |at| at + ANSWER_EVERY);
        let answer_at = earliest.max(now + after);
        contest.answer_at = Some(contest.answer_at.map_or(answer_at, |known| known.min(answer_at)));
        self.contests.push(contest);
    }

    /// Takes the silent MASTER's hardware address out if it goes on claiming, unheard; once.
    fn deaf_to(&mut self, now: Instant) -> Option<MacAddress> {
        self.predecessor?;
        if self.told_deaf {
            return None;
        }
        let goes_on = |contest: &&Contest| {
            contest.announcements >= DEAF_COUNT && now.since(contest.since) >= DEAF_AFTER
        };
        let mac = self.contests.iter().find(goes_on)?.mac;
        self.told_deaf = true;
        self.forget_answers();
        Some(mac)
    }
}

impl VirtualRouter {
    pub(super) fn address_claimed(
        &mut self,
        now: Instant,
        address: usize,
        mac: MacAddress,
        how: Claimed,
        out: &mut Actions,
    ) {
        let State::Master(master) = &mut self.state else { return };
        if address >= self.params.addresses.len() {
            return;
        }
        match &master.phase {
            // Nothing has been said yet, or nothing is to be said.
            Phase::Taking { .. } | Phase::Listening { .. } => {}
            Phase::Leaving(_) => self.leaving_claimed(now, address, how, out),
            // The kernel itself answers whoever probes.
            Phase::Serving { .. } if how == Claimed::Probed => {}
            Phase::Serving { .. } => {
                let is_heard = master.rival.is_some();
                let after = match how {
                    Claimed::Announced => self.params.interval.duration() * 3 + ANSWER_AFTER,
                    Claimed::Used | Claimed::Probed => ANSWER_AFTER,
                };
                master.contests.note(address, mac, how, after, now);
                if is_heard {
                    return;
                }
                if let Some(mac) = master.contests.deaf_to(now) {
                    let source = master.contests.predecessor;
                    out.push(self.id, Action::Tell(Notice::Deaf { mac, source }));
                }
            }
        }
    }

    /// Answers claims whose time has come.
    pub(super) fn answer_contests(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(Master { phase: Phase::Serving { .. }, contests, missing, rival, .. }) =
            &mut self.state
        else {
            return;
        };
        for contest in &mut contests.contests {
            if contest.answer_at.is_none_or(|at| at > now) {
                continue;
            }
            contest.answer_at = None;
            let (address, mac) = (contest.address, contest.mac);
            if missing.iter().any(|missing| missing.address == address) {
                continue;
            }
            contest.answered_at = Some(now);
            contest.announced_at = None;
            out.push(self.id, Action::Announce(address));
            // A MASTER whose adverts are heard is told by itself.
            let is_news = rival.is_none() && contest.told_at.is_none_or(|at| now.since(at) >= TELL_EVERY);
            if is_news {
                contest.told_at = Some(now);
                out.push(self.id, Action::Tell(Notice::Contested { address, mac }));
            }
        }
    }

    /// The addresses that somebody announced within the last moments, and this router not since.
    pub(super) fn announced_lately(&self) -> Vec<usize> {
        let State::Master(master) = &self.state else { return Vec::new() };
        let lately = master.contests.contests.iter().filter(|contest| contest.is_pending_announcement());
        lately.map(|contest| contest.address).collect()
    }
}
