//! When to announce the addresses next.

use core::net::IpAddr;
use core::time::Duration;

use super::VirtualRouter;
use super::state::{Master, Phase, State};
use crate::params::{AnnouncePolicy, Schedule};
use crate::time::Instant;

/// From here on announcements only repeat what neighbours have long heard. Those before correct a predecessor that
/// announced once more just before it heard of us.
const REPEATS_FROM: Duration = Duration::from_secs(1);

/// A running schedule of announcements.
#[derive(Debug)]
pub(super) struct Announcements {
    occasion: Occasion,
    since: Instant,
    /// Index of the next moment in the schedule.
    next: usize,
    /// When that moment is.
    next_at: Option<Instant>,
    refresh_at: Option<Instant>,
}

/// What the addresses are announced for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Occasion {
    /// Becoming MASTER, link or hardware address changed, back from a stall.
    Entry,
    /// An advert of lower priority.
    LowerAdvert,
}

impl Announcements {
    /// Begins at `now`; the first moment of a schedule is usually at once: call [`Self::due`].
    pub(super) fn start(occasion: Occasion, policy: &AnnouncePolicy, now: Instant) -> Self {
        let schedule = Self::schedule(occasion, policy);
        let last = schedule.0.last().map_or(Duration::ZERO, |(offset, _)| *offset);
        let refresh_at = policy.refresh.map(|refresh| now + last + refresh.every);
        let next_at = schedule.0.first().map(|(offset, _)| now + *offset);
        Self { occasion, since: now, next: 0, next_at, refresh_at }
    }

    /// Begins anew. For an advert of lower priority only if it has a schedule: what was begun goes on otherwise. The refresh is
    /// not put off by those.
    pub(super) fn restart(&mut self, occasion: Occasion, policy: &AnnouncePolicy, now: Instant) {
        match occasion {
            Occasion::Entry => *self = Self::start(occasion, policy, now),
            Occasion::LowerAdvert if Self::schedule(occasion, policy).0.is_empty() => {}
            Occasion::LowerAdvert => {
                let refresh_at = self.refresh_at;
                *self = Self { refresh_at, ..Self::start(occasion, policy, now) };
            }
        }
    }

    /// The next moment at which something is due.
    pub(super) fn next_at(&self) -> Option<Instant> {
        [self.next_at, self.refresh_at].into_iter().flatten().min()
    }

    /// Whether what is due now is but a repetition.
    pub(super) fn repeats(&self, now: Instant) -> bool {
        now.since(self.since) >= REPEATS_FROM
    }

    /// Goes on under another policy: what it has at moments that have passed is done.
    pub(super) fn follow(&mut self, policy: &AnnouncePolicy, now: Instant) {
        let schedule = Self::schedule(self.occasion, policy);
        let passed = |(offset, _): &&(Duration, u8)| self.since + *offset <= now;
        self.next = schedule.0.iter().take_while(passed).count();
        self.next_at = schedule.0.get(self.next).map(|(offset, _)| self.since + *offset);
        let Some(refresh) = policy.refresh else {
            self.refresh_at = None;
            return;
        };
        let last = schedule.0.last().map_or(self.since, |(offset, _)| self.since + *offset);
        let latest = last.max(now) + refresh.every;
        self.refresh_at = Some(self.refresh_at.map_or(latest, |at| at.min(latest)));
    }

    const fn schedule(occasion: Occasion, policy: &AnnouncePolicy) -> &Schedule {
        match occasion {
            Occasion::Entry => &policy.entry,
            Occasion::LowerAdvert => &policy.on_lower,
        }
    }

    /// How many rounds are due; advances. Moments missed by a late call are done once, not each.
    pub(super) fn due(&mut self, policy: &AnnouncePolicy, now: Instant) -> u8 {
        let mut rounds = 0;
        let schedule = Self::schedule(self.occasion, policy);
        while let Some(&(offset, count)) = schedule.0.get(self.next) {
            if self.since + offset > now {
                break;
            }
            rounds = rounds.max(count);
            self.next += 1;
        }
        if let (Some(at), Some(refresh)) = (self.refresh_at, policy.refresh)
            && at <= now
        {
            rounds = rounds.max(refresh.rounds);
            self.refresh_at = Some(now + refresh.every);
        }
        self.next_at = schedule.0.get(self.next).map(|(offset, _)| self.since + *offset);
        rounds
    }
}

impl VirtualRouter {
    /// Whether an announcement that had to wait for its turn is still to be sent: the address may have been given up since,
    /// or somebody else may have announced it, whose advert is awaited then.
    pub(crate) fn still_announces(&mut self, now: Instant, address: IpAddr) -> bool {
        let Some(number) = self.params.addresses.iter().position(|known| *known == address) else {
            return false;
        };
        let State::Master(master) = &mut self.state else { return false };
        let is_missing = master.is_missing(number);
        let Master { phase: Phase::Serving { announcements, .. }, contests, rival, .. } = master else {
            return false;
        };
        let is_deferred = announcements.repeats(now) && rival.is_none() && contests.awaits_advert(number);
        if is_missing || is_deferred {
            return false;
        }
        contests.overrule(number);
        true
    }
}
