//! The states, each with the deadlines and facts that belong to it. Nothing else arms a timer.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::announcements::Announcements;
use super::contests::Contests;
use super::leaving::ANNOUNCEMENT_GAP;
use crate::input::{Source, Transport};
use crate::notice::{Departure, Ending, Hindrance, StateName, TransitionReason};
use crate::params::Params;
use crate::scalar::{AdvertInterval, Priority};
use crate::time::Instant;
use crate::track::Standing;
use crate::update::Renumbering;

/// RFC 9568 §6.4, with keepalived's FAULT and an end.
#[derive(Debug)]
pub(super) enum State {
    /// Not started, or (`awaiting`) waiting for something that comes by itself.
    Init { awaiting: Option<Hindrance> },
    /// Standing by.
    Backup(Backup),
    /// Holding, or about to hold, the addresses.
    Master(Master),
    /// Unable to take part.
    Fault { because: Hindrance },
    /// Stopped for good.
    Stopped,
}

impl State {
    pub(super) const fn name(&self) -> StateName {
        match self {
            Self::Init { .. } => StateName::Init,
            Self::Backup(_) => StateName::Backup,
            Self::Master(_) => StateName::Master,
            Self::Fault { .. } => StateName::Fault,
            Self::Stopped => StateName::Stopped,
        }
    }
}

/// What a backup knows.
#[derive(Debug)]
pub(super) struct Backup {
    /// When to take over.
    pub(super) master_down_at: Instant,
    /// Since when it listens.
    pub(super) since: Instant,
    /// The interval that the MASTER's adverts teach (RFC 9568 §6.1, `Active_Adver_Interval`).
    pub(super) master_interval: AdvertInterval,
    /// The MASTER heard, and when last.
    pub(super) heard: Option<Heard>,
    /// Since when only lower adverts are heard, for [`crate::Preemption::After`].
    pub(super) lower_since: Option<Instant>,
    /// Who has been reported as seen in this stay.
    pub(super) seen: Vec<IpAddr>,
    /// Why the deadline is near: the MASTER resigned.
    pub(super) resigned: Option<IpAddr>,
    /// Whether the deadline was put off once because of a stall.
    pub(super) listened_again: bool,
    /// Whose lower adverts have been reported as discarded.
    pub(super) discarded: Option<IpAddr>,
    /// Why it would take over, had all members of its group come as far, and the MASTER that fell silent, if that is why.
    pub(super) willing: Option<(TransitionReason, Option<IpAddr>)>,
    /// Whether it handed mastership over: it does not take it back while the other serves, whatever its priority.
    pub(super) has_handed_over: bool,
}

/// A MASTER heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Heard {
    pub(super) source: IpAddr,
    pub(super) priority: Priority,
    pub(super) at: Instant,
}

/// What a MASTER knows.
#[derive(Debug)]
pub(super) struct Master {
    pub(super) phase: Phase,
    /// Addresses that should be in place and are not.
    pub(super) missing: Vec<Missing>,
    /// Who else claims to be MASTER.
    pub(super) rival: Option<Rival>,
    /// When the last advert was handed out.
    pub(super) last_advert_at: Option<Instant>,
    /// When another advert was last answered by one of ours.
    pub(super) answered_at: Option<Instant>,
    /// When a lower advert was last answered by announcements, and told.
    pub(super) reasserted_at: Option<Instant>,
    /// Who else claims addresses, by ARP or neighbour discovery.
    pub(super) contests: Contests,
    /// Adverts that come sooner than the interval says.
    pub(super) sooner: Option<Sooner>,
}

/// The first adverts with a longer interval than before: until one of them is heard, backups wait as for the ones before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sooner {
    /// How many more are to come so soon.
    pub(super) left: u8,
    /// The interval before.
    pub(super) every: Duration,
}

/// The phases of mastership.
#[derive(Debug)]
pub(super) enum Phase {
    /// The addresses are being put in place; nothing has been said yet.
    Taking {
        /// Addresses, by index, not yet usable.
        waiting: Vec<usize>,
        /// When to go on without them.
        until: Instant,
    },
    /// Advertising.
    Serving { advert_at: Instant, announcements: Announcements },
    /// The program slept longer than the backups wait: listen before advertising again.
    Listening { until: Instant },
    /// Leaving on purpose: the addresses stay while the successor takes over.
    Leaving(Leaving),
}

/// What a MASTER that leaves knows.
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) departure: Departure,
    /// What is told when it has left.
    pub(super) reason: TransitionReason,
    pub(super) since: Instant,
    /// When to give up waiting for a successor.
    pub(super) until: Instant,
    /// When the kernel removes what is still in place.
    pub(super) expires_at: Instant,
    pub(super) successor: Option<Successor>,
    /// When the successor was first noticed, by an advert or an announcement.
    pub(super) first_sign_at: Option<Instant>,
    /// How long after that its announcements are waited for.
    pub(super) announced_within: Duration,
    /// When it last announced an address that it had not announced before.
    pub(super) announced_at: Option<Instant>,
    /// Addresses still in place; never empty.
    pub(super) kept: Vec<Kept>,
}

/// Whoever takes over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Successor {
    pub(super) heard: Heard,
    pub(super) interval: AdvertInterval,
    /// Whether it has given mastership up again.
    pub(super) has_resigned: bool,
}

/// An address that stays for the successor to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) address: usize,
    /// When it leaves, once the successor has announced it.
    pub(super) goes_at: Option<Instant>,
}

impl Leaving {
    /// When whatever is left in place goes.
    pub(super) fn over_at(&self) -> Instant {
        let Some(first_sign_at) = self.first_sign_at else { return self.until };
        let announced_by = first_sign_at + self.announced_within;
        self.announced_at.map_or(announced_by, |at| announced_by.max(at + ANNOUNCEMENT_GAP))
    }

    /// How it ends if it ends now.
    pub(super) fn ending(&self, now: Instant) -> Ending {
        let Some(first_sign_at) = self.first_sign_at else {
            return if now >= self.until { Ending::NobodyCame } else { Ending::CutShort };
        };
        let successor = self.successor.filter(|successor| !successor.has_resigned);
        let successor = successor.map(|successor| successor.heard.source);
        Ending::TakenOver { successor, after: first_sign_at.since(self.since) }
    }

    fn poll_timeout(&self) -> Instant {
        let next = self.kept.iter().filter_map(|kept| kept.goes_at).min();
        next.map_or_else(|| self.over_at(), |at| at.min(self.over_at()))
    }
}

/// An address that should be in place and is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) address: usize,
    pub(super) since: Instant,
    pub(super) retry_at: Instant,
    pub(super) why: Absence,
}

/// Why an address is not in place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// It was in place, and was lost.
    Lost,
    /// It could not be added, and was not there before: another host would hardly fare better.
    Refused,
    /// It has come with other parameters a moment ago.
    New,
}

/// How long until a missing address is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(100);
/// How long at most until one is that was refused.
const RETRY_AT_MOST: Duration = Duration::from_secs(60);

impl Missing {
    /// One that was lost.
    pub(super) fn lost(address: usize, now: Instant) -> Self {
        Self { address, since: now, retry_at: now + RETRY_AFTER, why: Absence::Lost }
    }

    /// One that could not be added.
    pub(super) fn refused(address: usize, now: Instant) -> Self {
        Self { why: Absence::Refused, ..Self::lost(address, now) }
    }

    /// One that other parameters have brought.
    pub(super) fn new(address: usize, now: Instant) -> Self {
        Self { why: Absence::New, ..Self::lost(address, now) }
    }

    /// It is missing from now on only: until now nobody has tried to put it back.
    pub(super) fn begin_anew(&mut self, now: Instant) {
        self.since = now;
        self.put_off(now);
    }

    /// It has been tried again. One that is refused is tried more and more seldom.
    pub(super) fn put_off(&mut self, now: Instant) {
        let pause = match self.why {
            Absence::Lost | Absence::New => RETRY_AFTER,
            Absence::Refused => now.since(self.since).clamp(RETRY_AFTER, RETRY_AT_MOST),
        };
        self.retry_at = now + pause;
    }
}

/// Another host that claims to be MASTER.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rival {
    pub(super) source: IpAddr,
    pub(super) adverts: u32,
}

impl Master {
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let own = match &self.phase {
            Phase::Taking { until, .. } | Phase::Listening { until } => Some(*until),
            Phase::Serving { advert_at, announcements } => {
                [Some(*advert_at), announcements.next_at(), self.contests.next_at()]
                    .into_iter()
                    .flatten()
                    .min()
            }
            Phase::Leaving(leaving) => Some(leaving.poll_timeout()),
        };
        let retry = match &self.phase {
            Phase::Taking { .. } | Phase::Listening { .. } | Phase::Leaving(_) => None,
            Phase::Serving { .. } => self.missing.iter().map(|m| m.retry_at).min(),
        };
        [own, retry].into_iter().flatten().min()
    }

    pub(super) fn is_missing(&self, address: usize) -> bool {
        self.missing.iter().any(|missing| missing.address == address)
    }
}

/// Outside circumstances, kept in every state.
#[derive(Debug)]
pub(super) struct Conditions {
    pub(super) link: crate::LinkState,
    pub(super) source: Source,
    /// The last address there was.
    pub(super) last_source: Option<IpAddr>,
    pub(super) transport: Transport,
    /// How the trackers stand.
    pub(super) tracks: Vec<Standing>,
    /// What another member of the group is hindered by.
    pub(super) mate: Option<Hindrance>,
    /// What the group was told last of this one.
    pub(super) told_mates: Option<Hindrance>,
    /// An address that cannot be kept in place, and until when that forbids taking part.
    pub(super) unstable: Option<(usize, Instant)>,
    /// Addresses lost lately.
    losses: Vec<(usize, Instant)>,
}

/// Losses count together for this long.
const LOSS_WINDOW: Duration = Duration::from_secs(60);
/// This many losses of one address within the window make it unstable.
const LOSSES_TO_FAULT: usize = 3;

impl Conditions {
    pub(super) fn new(params: &Params) -> Self {
        Self {
            link: crate::LinkState::Missing,
            source: Source::None,
            last_source: None,
            transport: Transport::Ready,
            tracks: params.trackers.iter().map(|_| Standing::Pending).collect(),
            mate: None,
            told_mates: None,
            unstable: None,
            losses: Vec::new(),
        }
    }

    /// The first thing that keeps the router from taking part at `now`, its own before its group's.
    pub(super) fn hindrance(&self, params: &Params, now: Instant) -> Option<Hindrance> {
        self.own_hindrance(params, now).or(self.mate)
    }

    /// The first thing about the router itself that keeps it from taking part at `now`: a fault, or else what it waits for.
    pub(super) fn own_hindrance(&self, params: &Params, now: Instant) -> Option<Hindrance> {
        let fault = self.faults(params, now).next();
        if fault.is_some_and(|fault| !fault.is_awaited()) {
            return fault;
        }
        fault.or_else(|| self.pending(params).next())
    }

    /// Everything that keeps the router from taking part at `now`, its own before its group's.
    pub(super) fn hindrances(&self, params: &Params, now: Instant) -> impl Iterator<Item = Hindrance> {
        self.faults(params, now).chain(self.pending(params)).chain(self.mate)
    }

    fn faults(&self, params: &Params, now: Instant) -> impl Iterator<Item = Hindrance> {
        use crate::params::LinkTracking;
        let link = match (self.link, params.link_tracking) {
            (crate::LinkState::Missing, _) => Some(Hindrance::InterfaceMissing),
            (crate::LinkState::Down, LinkTracking::Tracked) => Some(Hindrance::LinkDown),
            (crate::LinkState::Down, LinkTracking::Ignored) | (crate::LinkState::Up, _) => None,
        };
        let trackers = params.trackers.iter().zip(&self.tracks).enumerate();
        let down = trackers.filter(|(_, (weight, standing))| weight.faults(**standing));
        let down = down.map(|(tracker, _)| Hindrance::Tracker(tracker));
        let transport = (self.transport == Transport::Unavailable).then_some(Hindrance::NoTransport);
        let source = match self.source {
            Source::Address(_) => None,
            Source::Tentative => Some(Hindrance::SourceTentative),
            Source::None => Some(Hindrance::NoSource),
        };
        let unstable = self.unstable.filter(|(_, until)| *until > now);
        let unstable = unstable.map(|(address, _)| Hindrance::AddressUnstable(address));
        link.into_iter().chain(down).chain(transport).chain(source).chain(unstable)
    }

    fn pending(&self, params: &Params) -> impl Iterator<Item = Hindrance> {
        let trackers = params.trackers.iter().zip(&self.tracks).enumerate();
        let pending = trackers.filter(|(_, (weight, standing))| weight.awaits(**standing));
        pending.map(|(tracker, _)| Hindrance::TrackerPending(tracker))
    }

    /// The base priority plus what the trackers add.
    pub(super) fn priority(&self, params: &Params) -> Priority {
        let sum = params
            .trackers
            .iter()
            .zip(&self.tracks)
            .map(|(weight, standing)| weight.adjustment(*standing))
            .sum();
        params.priority.adjusted(sum)
    }

    /// Notes a loss; gives how many times this address was lost within the window.
    pub(super) fn lost(&mut self, address: usize, now: Instant) -> usize {
        self.losses.retain(|(_, at)| now.since(*at) < LOSS_WINDOW);
        self.losses.push((address, now));
        self.losses.iter().filter(|(lost, _)| *lost == address).count()
    }

    /// Follows other numbers of addresses.
    pub(super) fn renumber_losses(&mut self, renumbering: &Renumbering) {
        renumbering.apply(&mut self.losses, |(address, _)| address);
        self.unstable = self.unstable.and_then(|(address, until)| Some((renumbering.of(address)?, until)));
    }

    /// Marks an address as one that cannot be kept, for a minute.
    pub(super) fn set_unstable(&mut self, address: usize, now: Instant) {
        self.unstable = Some((address, now + LOSS_WINDOW));
        self.losses.clear();
    }

    /// How many losses make an address unstable.
    pub(super) const fn is_too_many(losses: usize) -> bool {
        losses >= LOSSES_TO_FAULT
    }
}
