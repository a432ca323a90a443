//! Leaving on purpose without losing a packet: keepwatch's own phase of MASTER, invisible to peers.
//!
//! ```text
//!   t0      priority zero, twice (unless a peer has outbid us); addresses stay and answer, with a lifetime
//!   skew    the successor's advert
//!   + 1 ms  its announcement of an address; neighbours turn to it
//!   + 20 ms (IPv6 10 ms) that address leaves
//! ```
//!
//! RFC 9568 §6.4.3 removes addresses with the priority zero, and clients wait for the successor's skew time. On the
//! wire both look the same. The book's chapter "How a hand-over works" has the measurements behind each number.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::VirtualRouter;
use super::state::{Heard, Kept, Leaving, Master, Phase, State, Successor};
use crate::action::{Action, Actions};
use crate::input::Received;
use crate::notice::{Departure, Notice, TransitionReason};
use crate::params::StopMode;
use crate::scalar::{Claim, Family, Priority, Version};
use crate::time::Instant;
use crate::wire::Claimed;

/// The largest skew time of version 2 is 255/256 s.
const LARGEST_SKEW_V2: Duration = Duration::from_secs(1);
/// What a busy successor needs beyond its skew time.
const BEYOND_SKEW: Duration = Duration::from_millis(300);
/// However short the skew time: waiting costs nothing while the address is served, and a busy host may not run for most
/// of a second.
const LEAST_PATIENCE: Duration = Duration::from_secs(1);
/// A group waits for its slowest member.
const GROUP_FACTOR: u32 = 2;
/// How long an IPv4 address stays after its announcement by the successor: what neighbours have sent by then arrives.
const LINGER_V4: Duration = Duration::from_millis(20);
/// Shorter, because a successor that probes for duplicates would find us.
const LINGER_V6: Duration = Duration::from_millis(10);
/// Within this time of its first sign a successor announces its first address. Without an announcement neighbours are
/// still with us: leaving early would lose what they send.
const ANNOUNCED_WITHIN: Duration = Duration::from_secs(1);
/// A successor behind a router is not heard announcing at all.
const ANNOUNCED_BEHIND_ROUTER: Duration = Duration::from_millis(100);
/// Announcements that keep coming are waited for: each comes this soon after the one before.
pub(super) const ANNOUNCEMENT_GAP: Duration = Duration::from_millis(300);
/// How much longer than its last deadline the kernel keeps an address whose keeper has died.
const OUTLIVES_BY: Duration = Duration::from_secs(2);

impl VirtualRouter {
    /// What it is leaving for, if it is.
    #[must_use]
    pub const fn departure(&self) -> Option<Departure> {
        match &self.state {
            State::Master(Master { phase: Phase::Leaving(leaving), .. }) => Some(leaving.departure),
            State::Master(_)
            | State::Init { .. }
            | State::Backup(_)
            | State::Fault { .. }
            | State::Stopped => None,
        }
    }

    /// Whether it leaves and has noticed who takes over, by an advert or an announcement.
    #[must_use]
    pub const fn has_successor(&self) -> bool {
        match &self.state {
            State::Master(Master { phase: Phase::Leaving(leaving), .. }) => leaving.first_sign_at.is_some(),
            State::Master(_)
            | State::Init { .. }
            | State::Backup(_)
            | State::Fault { .. }
            | State::Stopped => false,
        }
    }

    /// Whether it may keep its addresses while a successor takes over.
    pub(super) fn leaves_losslessly(&self) -> bool {
        self.is_serving() && self.params.stop_mode == StopMode::Lossless && !self.params.addresses.is_empty()
    }

    /// How long to wait for a successor: its skew time, which we can only bound, and some more.
    pub(super) fn patience(&self) -> Duration {
        let skew = match self.params.version {
            Version::V2 => LARGEST_SKEW_V2,
            Version::V3 => self.params.interval.duration(),
        };
        let factor = if self.in_group { GROUP_FACTOR } else { 1 };
        (skew + BEYOND_SKEW).max(LEAST_PATIENCE) * factor
    }

    pub(super) fn stop(&mut self, now: Instant, out: &mut Actions) {
        if self.leaves_losslessly() {
            self.resign_and_leave(now, Departure::Stop, TransitionReason::Stopped, out);
            return;
        }
        if let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state {
            leaving.departure = Departure::Stop;
            return;
        }
        self.enter_stopped(now, out);
    }

    pub(super) fn hand_over(&mut self, now: Instant, out: &mut Actions) {
        if self.leaves_losslessly() {
            self.resign_and_leave(now, Departure::HandOver, TransitionReason::HandedOver, out);
            return;
        }
        if !self.is_serving() {
            return;
        }
        // Nothing is kept: whether anybody takes over is not waited for.
        let interval = self.params.interval;
        let mut backup = Self::silent_backup(now, now + self.master_down(interval), interval);
        backup.has_handed_over = true;
        self.enter_backup_resigning(now, TransitionReason::HandedOver, backup, out);
    }

    pub(super) fn resign_and_leave(
        &mut self,
        now: Instant,
        departure: Departure,
        reason: TransitionReason,
        out: &mut Actions,
    ) {
        let patience = self.patience();
        self.begin_leaving(now, departure, reason, patience, out);
        // Two copies, because one may be lost; never again, because each restarts the successor's skew time.
        self.send_resignation(out);
        self.send_resignation(out);
        let priority = self.priority;
        out.push(self.id, Action::Tell(Notice::Leaving { departure, reason, priority, patience }));
        // Nothing was in place.
        self.give_up_kept(now, out, |_| false);
    }

    /// Keeps what is in place, to expire by itself should this program not live to remove it.
    fn begin_leaving(
        &mut self,
        now: Instant,
        departure: Departure,
        reason: TransitionReason,
        patience: Duration,
        out: &mut Actions,
    ) {
        let State::Master(master) = &mut self.state else { return };
        let mut kept = Vec::new();
        let after = patience.max(ANNOUNCED_WITHIN) + OUTLIVES_BY;
        for address in 0..self.params.addresses.len() {
            if master.is_missing(address) {
                out.push(self.id, Action::RemoveAddress(address));
                continue;
            }
            out.push(self.id, Action::ExpireAddress { address, after });
            kept.push(Kept { address, goes_at: None });
        }
        master.missing.clear();
        master.phase = Phase::Leaving(Leaving {
            departure,
            reason,
            since: now,
            until: now + patience,
            expires_at: now + after,
            successor: None,
            first_sign_at: None,
            announced_within: ANNOUNCED_WITHIN,
            announced_at: None,
            kept,
        });
    }

    /// Yields to a higher priority: it advertises already, so nothing is said. An address that it has announced a
    /// moment ago, as keepwatch does before its first advert, is on its way out already.
    pub(super) fn leave_to(
        &mut self,
        now: Instant,
        reason: TransitionReason,
        theirs: Priority,
        received: &Received<'_>,
        out: &mut Actions,
    ) {
        let announced = self.announced_lately();
        self.begin_leaving(now, Departure::Yield, reason, ANNOUNCED_WITHIN, out);
        self.hear_successor(now, theirs, received);
        let (departure, patience) = (Departure::Yield, ANNOUNCED_WITHIN);
        let priority = self.priority;
        out.push(self.id, Action::Tell(Notice::Leaving { departure, reason, priority, patience }));
        for address in announced {
            self.mark_announced(now, address);
        }
        self.give_up_kept(now, out, |_| false);
    }

    pub(super) fn leaving_advert(&mut self, now: Instant, received: &Received<'_>, out: &mut Actions) {
        match received.advert.claim {
            Claim::Holds(theirs) => self.hear_successor(now, theirs, received),
            Claim::Resigns => self.successor_resigned(now, received.source, out),
        }
    }

    /// Takes in an advert of whoever takes over: the best one, if several try.
    fn hear_successor(&mut self, now: Instant, theirs: Priority, received: &Received<'_>) {
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state else { return };
        let heard = Heard { source: received.source, priority: theirs, at: now };
        if let Some(known) = &leaving.successor
            && known.heard.source != heard.source
            && !known.has_resigned
            && (known.heard.priority, known.heard.source) > (heard.priority, heard.source)
        {
            return;
        }
        let interval = received.advert.interval;
        leaving.successor = Some(Successor { heard, interval, has_resigned: false });
        if leaving.first_sign_at.is_none() {
            leaving.first_sign_at = Some(now);
            let is_routed = received.ttl < 255;
            leaving.announced_within = if is_routed { ANNOUNCED_BEHIND_ROUTER } else { ANNOUNCED_WITHIN };
        }
    }

    /// The one that was taking over gives up. If nothing has been given away yet, a MASTER that only yielded is
    /// MASTER again.
    fn successor_resigned(&mut self, now: Instant, source: IpAddr, out: &mut Actions) {
        self.stats.priority_zero_received += 1;
        let all = self.params.addresses.len();
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state else { return };
        let Some(successor) = leaving.successor.as_mut().filter(|known| known.heard.source == source) else {
            return;
        };
        successor.has_resigned = true;
        leaving.first_sign_at = leaving.announced_at;
        if leaving.departure == Departure::Yield && leaving.kept.len() == all {
            self.stay(now, out);
        }
    }

    pub(super) fn leaving_claimed(&mut self, now: Instant, address: usize, how: Claimed, out: &mut Actions) {
        match how {
            Claimed::Announced => {
                self.mark_announced(now, address);
                self.renew_lifetimes(now, out);
            }
            // Whoever probes must not find us.
            Claimed::Probed => {
                self.note_first_sign(now);
                self.give_up_kept(now, out, |kept| kept.address == address);
            }
            // The successor announces as well.
            Claimed::Used => {}
        }
    }

    fn note_first_sign(&mut self, now: Instant) {
        if let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state {
            leaving.first_sign_at.get_or_insert(now);
        }
    }

    fn mark_announced(&mut self, now: Instant, address: usize) {
        let Some(linger) = self.params.addresses.get(address).map(|address| match Family::of(*address) {
            Family::V4 => LINGER_V4,
            Family::V6 => LINGER_V6,
        }) else {
            return;
        };
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state else { return };
        let Some(kept) = leaving.kept.iter_mut().find(|kept| kept.address == address) else { return };
        // Repetitions are no progress.
        if kept.goes_at.is_none() {
            kept.goes_at = Some(now + linger);
            leaving.announced_at = Some(now);
            leaving.first_sign_at.get_or_insert(now);
        }
    }

    /// A successor with many addresses may announce them for longer than they were meant to live here.
    fn renew_lifetimes(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state else { return };
        if leaving.expires_at > leaving.over_at() + ANNOUNCEMENT_GAP {
            return;
        }
        let after = ANNOUNCED_WITHIN + OUTLIVES_BY;
        leaving.expires_at = now + after;
        for kept in &leaving.kept {
            out.push(self.id, Action::ExpireAddress { address: kept.address, after });
        }
    }

    /// An address went by somebody else's doing.
    pub(super) fn kept_address_gone(&mut self, now: Instant, address: usize, out: &mut Actions) {
        self.give_up_kept(now, out, |kept| kept.address == address);
    }

    pub(super) fn leaving_timeout(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &self.state else { return };
        if leaving.over_at() > now {
            self.give_up_kept(now, out, |kept| kept.goes_at.is_some_and(|at| at <= now));
            return;
        }
        let waited = now.since(leaving.since);
        match leaving.departure {
            // Nobody wants it: serving beats keeping to a plan.
            Departure::HandOver | Departure::Group if leaving.first_sign_at.is_none() => {
                self.stay(now, out);
                out.push(self.id, Action::Tell(Notice::HandoverRefused { waited }));
            }
            Departure::Stop | Departure::HandOver | Departure::Yield | Departure::Group => {
                self.left(now, out)
            }
        }
    }

    /// Gives some addresses up, and leaves with the last one.
    fn give_up_kept(&mut self, now: Instant, out: &mut Actions, which: impl Fn(&Kept) -> bool) {
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &mut self.state else { return };
        for kept in leaving.kept.iter().filter(|kept| which(kept)) {
            out.push(self.id, Action::RemoveAddress(kept.address));
        }
        leaving.kept.retain(|kept| !which(kept));
        if leaving.kept.is_empty() {
            self.left(now, out);
        }
    }

    /// Ends it: STOPPED, or BACKUP of the successor. What is still in place is removed.
    pub(super) fn left(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &self.state else { return };
        let (departure, reason, successor) = (leaving.departure, leaving.reason, leaving.successor);
        if departure == Departure::Stop {
            self.enter_stopped(now, out);
            return;
        }
        let interval = successor.map_or(self.params.interval, |successor| successor.interval);
        let heard = successor.map(|successor| successor.heard);
        let heard_at = heard.map_or(now, |heard| heard.at);
        // A successor that has fallen silent meanwhile gets one interval to be heard.
        let master_down_at = (heard_at + self.master_down(interval)).max(now + interval.duration());
        let mut backup = Self::silent_backup(now, master_down_at, interval);
        if let Some(Successor { heard, has_resigned: true, .. }) = successor {
            // It has gone again: whoever is left waits for the skew time, as after any resignation.
            backup.master_down_at = now + interval.skew(self.params.version, self.priority);
            backup.resigned = Some(heard.source);
        }
        backup.heard = heard;
        backup.seen.extend(heard.map(|heard| heard.source));
        backup.has_handed_over = departure == Departure::HandOver;
        self.enter_backup(now, reason, backup, out);
        if let Some(Heard { source, priority, .. }) = heard {
            out.push(self.id, Action::Tell(Notice::PeerSeen { source, priority }));
        }
    }

    /// Goes on as MASTER.
    pub(super) fn stay(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(Master { phase: Phase::Leaving(leaving), .. }) = &self.state else { return };
        let gone: Vec<usize> = (0..self.params.addresses.len())
            .filter(|address| !leaving.kept.iter().any(|kept| kept.address == *address))
            .collect();
        for kept in &leaving.kept {
            out.push(self.id, Action::KeepAddress(kept.address));
        }
        // As if somebody else had taken them: announced once they are back.
        for address in gone {
            self.put_back(now, address, out);
        }
        self.resume(now, out);
    }
}
