//! MASTER: RFC 9568 §6.4.3, and keeping the addresses in place.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::net::IpAddr;
use core::time::Duration;

use super::VirtualRouter;
use super::announcements::{Announcements, Occasion};
use super::contests::Contests;
use super::state::{Absence, Conditions, Heard, Master, Missing, Phase, Rival, State};
use crate::action::{Action, Actions};
use crate::anomaly::Anomaly;
use crate::input::Received;
use crate::notice::{AddressTrouble, Notice, TransitionReason};
use crate::params::{HigherAdverts, LowerAdverts};
use crate::scalar::{Claim, Priority};
use crate::time::Instant;

/// How long to wait for addresses to become usable before going on without.
const USABLE_WITHIN: Duration = Duration::from_millis(200);
/// An address may be missing for this long: duplicate address detection, where it is asked for, takes up to two
/// seconds.
const MISSING_AT_MOST: Duration = Duration::from_secs(3);
/// From this many adverts on, a lower MASTER evidently does not hear us.
const RIVAL_ADVERTS: u32 = 3;
/// Lower adverts are answered with announcements, and told, at most this often: a flood of them must not become
/// one of ours.
const REASSERT_EVERY: Duration = Duration::from_secs(1);
/// An answer this soon after another one says nothing new; half an interval if that is shorter.
const ADVERT_AGAIN: Duration = Duration::from_millis(20);

impl VirtualRouter {
    /// Takes the addresses. Nothing is said until they are usable: an announcement that draws traffic to a
    /// host that cannot answer loses it.
    ///
    /// `predecessor` is the MASTER that fell silent, if that is why.
    pub(super) fn enter_master(
        &mut self,
        now: Instant,
        reason: TransitionReason,
        predecessor: Option<IpAddr>,
        out: &mut Actions,
    ) {
        self.leave(now, out);
        let waiting: Vec<usize> = (0..self.params.addresses.len()).collect();
        for &address in &waiting {
            out.push(self.id, Action::AddAddress(address));
        }
        let done = waiting.is_empty();
        self.state = State::Master(Master {
            phase: Phase::Taking { waiting, until: now + USABLE_WITHIN },
            missing: Vec::new(),
            rival: None,
            last_advert_at: None,
            answered_at: None,
            reasserted_at: None,
            contests: Contests::new(predecessor),
            sooner: None,
        });
        self.taking_because = Some(reason);
        if done {
            self.serve(now, out);
        }
    }

    /// The addresses are in place: announce them, advertise, and tell.
    ///
    /// RFC 9568 §6.4.2 has the ADVERTISEMENT first and then the gratuitous ARP. Announcing first, within the
    /// same millisecond, loses nothing: the old MASTER stops answering at our advert, and by then every
    /// neighbour knows us.
    pub(super) fn serve(&mut self, now: Instant, out: &mut Actions) {
        let announcements = Announcements::start(Occasion::Entry, &self.params.announce, now);
        let State::Master(master) = &mut self.state else { return };
        master.phase = Phase::Serving { advert_at: now, announcements };
        self.stats.became_master += 1;
        self.announce_due(now, out);
        self.advertise(now, out);
        let reason = self.taking_because.take().unwrap_or(TransitionReason::Owner);
        self.tell_transition(now, reason, out);
        out.push(self.id, Action::Tell(Notice::Announcing));
        // It was MASTER a moment ago, and we did not listen: say so, for it may fall silent now (keepalived does).
        if let Some(refused) =
            self.refused.filter(|refused| now.since(refused.at) < self.master_down(self.params.interval))
        {
            self.tell_anomaly(refused, true, out);
        }
    }

    /// Sends an advert and sets the next one an interval from now.
    fn advertise(&mut self, now: Instant, out: &mut Actions) {
        let interval = self.params.interval.duration();
        let State::Master(master) = &mut self.state else { return };
        let next = now + master.take_sooner().unwrap_or(interval);
        if let Phase::Serving { advert_at, .. } = &mut master.phase {
            *advert_at = next;
        }
        master.last_advert_at = Some(now);
        self.stats.adverts_sent += 1;
        out.push(self.id, Action::SendAdvert(Claim::Holds(self.priority)));
    }

    /// Sends an advert in answer to another one, unless one has just been answered: one is enough for a burst.
    fn answer(&mut self, now: Instant, out: &mut Actions) {
        let again = ADVERT_AGAIN.min(self.params.interval.duration() / 2);
        let State::Master(master) = &mut self.state else { return };
        if master.answered_at.is_none_or(|last| now.since(last) >= again) {
            master.answered_at = Some(now);
            self.advertise(now, out);
        }
    }

    /// Announces what the schedule has due. An address that somebody else has just announced is not announced once
    /// more: its neighbours would come back to us, and be lost when we yield to the advert that follows.
    fn announce_due(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(master) = &mut self.state else { return };
        let Phase::Serving { announcements, .. } = &mut master.phase else { return };
        let defers = announcements.repeats(now) && master.rival.is_none();
        for _ in 0..announcements.due(&self.params.announce, now) {
            for address in 0..self.params.addresses.len() {
                let is_deferred = defers && master.contests.awaits_advert(address);
                if !master.is_missing(address) && !is_deferred {
                    master.contests.overrule(address);
                    out.push(self.id, Action::Announce(address));
                }
            }
        }
    }

    fn restart_announcements(&mut self, now: Instant, occasion: Occasion, out: &mut Actions) {
        let State::Master(master) = &mut self.state else { return };
        let Phase::Serving { announcements, .. } = &mut master.phase else { return };
        announcements.restart(occasion, &self.params.announce, now);
        self.announce_due(now, out);
    }

    /// Another member of the group has answered a lower advert by announcements: its sender was MASTER for the whole group,
    /// and gives all of it up as soon as it hears that one; an advert for this member may never come. Not sooner than a
    /// second after announcements of its own for such an advert.
    pub(crate) fn announce_with_group(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(master) = &self.state else { return };
        if master.reasserted_at.is_none_or(|last| now.since(last) >= REASSERT_EVERY) {
            self.restart_announcements(now, Occasion::LowerAdvert, out);
        }
    }

    /// Something outside may have made neighbours or switches forget us.
    pub(super) fn announce_again(&mut self, now: Instant, out: &mut Actions) {
        if self.is_serving() {
            self.restart_announcements(now, Occasion::Entry, out);
            out.push(self.id, Action::Tell(Notice::Announcing));
        }
    }

    pub(super) fn master_timeout(&mut self, now: Instant, out: &mut Actions) {
        // First: who cannot serve must not say that it does.
        self.restore_missing(now, out);
        let slack = self.slack();
        let State::Master(master) = &mut self.state else { return };
        match &mut master.phase {
            Phase::Taking { until, waiting } => {
                if *until > now {
                    return;
                }
                for address in core::mem::take(waiting) {
                    let trouble = AddressTrouble::NotUsable;
                    out.push(self.id, Action::Tell(Notice::Address { address, trouble }));
                }
                self.serve(now, out);
            }
            Phase::Listening { until } => {
                if *until <= now {
                    self.resume(now, out);
                }
            }
            Phase::Serving { advert_at, .. } => {
                let due_at = *advert_at;
                if due_at <= now + slack {
                    self.advertise(now, out);
                    self.keep_cadence(due_at, now);
                }
                self.announce_due(now, out);
                self.answer_contests(now, out);
            }
            Phase::Leaving(_) => self.leaving_timeout(now, out),
        }
    }

    /// RFC 9568 §6.4.3: "Reset the Adver_Timer to Advertisement_Interval". Counted from when this advert was
    /// due, so that lateness does not add up; from now if it was early, so that routers that share a wake-up
    /// stay together.
    fn keep_cadence(&mut self, due_at: Instant, now: Instant) {
        let interval = self.params.interval.duration();
        let State::Master(Master { phase: Phase::Serving { advert_at, .. }, .. }) = &mut self.state else {
            return;
        };
        if due_at < now && now.since(due_at) < interval {
            // As long after the one that was due as the next one is after this one.
            *advert_at = due_at + advert_at.since(now);
        }
    }

    /// A MASTER that has not run for as long as its backups wait was asleep: another may be MASTER by now. It
    /// listens for an interval before it says anything; one that had not said anything yet is a backup again.
    pub(super) fn notice_stall(&mut self, now: Instant, out: &mut Actions) {
        let (interval, down) = (self.params.interval, self.master_down(self.params.interval));
        let patience = self.patience();
        let State::Master(master) = &mut self.state else { return };
        let (due_at, at_most) = match &master.phase {
            Phase::Taking { until, .. } | Phase::Listening { until } => (*until, down - interval.duration()),
            Phase::Serving { advert_at, .. } => (*advert_at, down - interval.duration()),
            Phase::Leaving(leaving) => (leaving.over_at(), patience),
        };
        let late = now.since(due_at);
        if late < at_most {
            return;
        }
        out.push(self.id, Action::Tell(Notice::Stalled { late }));
        match &mut master.phase {
            Phase::Taking { .. } => {
                let mut backup = Self::silent_backup(now, now + down, interval);
                backup.listened_again = true;
                self.enter_backup(now, TransitionReason::Started, backup, out);
            }
            phase @ (Phase::Listening { .. } | Phase::Serving { .. }) => {
                *phase = Phase::Listening { until: now + interval.duration() };
            }
            // Whoever took over has done so by now.
            Phase::Leaving(_) => self.left(now, out),
        }
    }

    /// MASTER as before: back from a stall, or nobody took over.
    pub(super) fn resume(&mut self, now: Instant, out: &mut Actions) {
        let announcements = Announcements::start(Occasion::Entry, &self.params.announce, now);
        let State::Master(master) = &mut self.state else { return };
        master.answered_at = Some(now);
        master.contests.forget_answers();
        for missing in &mut master.missing {
            missing.begin_anew(now);
            out.push(self.id, Action::AddAddress(missing.address));
        }
        master.phase = Phase::Serving { advert_at: now, announcements };
        self.announce_due(now, out);
        self.advertise(now, out);
        out.push(self.id, Action::Tell(Notice::Announcing));
    }

    pub(super) fn master_advert(&mut self, now: Instant, received: &Received<'_>, out: &mut Actions) {
        if self.departure().is_some() {
            self.leaving_advert(now, received, out);
            return;
        }
        let Claim::Holds(theirs) = received.advert.claim else {
            // RFC 9568 §6.4.3: "If the Priority in the ADVERTISEMENT is zero, then: Send an ADVERTISEMENT;
            // Reset the Adver_Timer to Advertisement_Interval".
            self.stats.priority_zero_received += 1;
            if self.is_serving() {
                self.answer(now, out);
            }
            return;
        };
        // RFC 9568 §6.4.3: "or the Priority in the ADVERTISEMENT is equal to the local Priority and the
        // primary IPvX address of the sender is greater than the local primary IPvX address (based on an
        // unsigned integer comparison of the IPvX addresses in network byte order)".
        let ours = self.conditions.source.address();
        let by_address = ours.map_or(Ordering::Greater, |ours| received.source.cmp(&ours));
        match theirs.cmp(&self.priority).then(by_address) {
            Ordering::Greater => self.yield_to(now, theirs, received, out),
            // An equal address is turned away on admission.
            Ordering::Less | Ordering::Equal => self.reassert(now, theirs, received, out),
        }
    }

    /// RFC 9568 §6.4.3: "Cancel the Adver_Timer; Set Active_Adver_Interval to Max Advertise Interval contained
    /// in the ADVERTISEMENT; Recompute the Skew_Time; Recompute the Active_Down_Interval; Set Active_Down_Timer
    /// to Active_Down_Interval; Transition to the {Backup} state".
    fn yield_to(&mut self, now: Instant, theirs: Priority, received: &Received<'_>, out: &mut Actions) {
        let source = received.source;
        // A farewell with an interval of our own would be the last one that the backups learn.
        let same_interval = received.advert.interval == self.params.interval;
        if self.params.higher_adverts == HigherAdverts::AnswerAndYield && same_interval && self.is_serving() {
            self.advertise(now, out);
        }
        let reason = if theirs > self.priority {
            TransitionReason::HigherPriority { source, theirs }
        } else {
            TransitionReason::HigherAddress { source }
        };
        if self.leaves_losslessly() {
            self.leave_to(now, reason, theirs, received, out);
            return;
        }
        let interval = received.advert.interval;
        let mut backup = Self::silent_backup(now, now + self.master_down(interval), interval);
        backup.heard = Some(Heard { source, priority: theirs, at: now });
        backup.seen.push(source);
        self.enter_backup(now, reason, backup, out);
        out.push(self.id, Action::Tell(Notice::PeerSeen { source, priority: theirs }));
    }

    /// RFC 9568 §6.4.3: "else // new Active logic: Discard ADVERTISEMENT; Send an ADVERTISEMENT immediately to
    /// assert the {Active} state to the sending VRRP Router and to update any learning bridges with the
    /// correct Active VRRP Router path".
    fn reassert(&mut self, now: Instant, theirs: Priority, received: &Received<'_>, out: &mut Actions) {
        self.stats.lower_while_master += 1;
        let source = received.source;
        let State::Master(master) = &mut self.state else { return };
        let adverts = match master.rival {
            Some(rival) if rival.source == source => rival.adverts.saturating_add(1),
            Some(_) | None => 1,
        };
        master.rival = Some(Rival { source, adverts });
        match &mut master.phase {
            // The first advert is about to be sent anyway; or none is wanted any more.
            Phase::Taking { .. } | Phase::Leaving(_) => return,
            // Whoever took over while we slept is lower: say so as soon as what else has come meanwhile is heard, a higher
            // one perhaps.
            Phase::Listening { until } => {
                *until = now;
                return;
            }
            Phase::Serving { .. } => {
                let is_due = master.reasserted_at.is_none_or(|last| now.since(last) >= REASSERT_EVERY);
                if is_due {
                    master.reasserted_at = Some(now);
                }
                if self.params.lower_adverts == LowerAdverts::Answer {
                    self.answer(now, out);
                }
                if is_due {
                    self.restart_announcements(now, Occasion::LowerAdvert, out);
                    let ours = self.priority;
                    out.push(self.id, Action::Tell(Notice::Reasserted { source, theirs, ours }));
                }
            }
        }
        if adverts >= RIVAL_ADVERTS {
            let State::Master(master) = &self.state else { return };
            let mac = master.contests.mac();
            self.anomaly(Anomaly::DualMaster { theirs, adverts, mac }, source, out);
        }
    }

    pub(super) fn address_usable(&mut self, now: Instant, address: usize, out: &mut Actions) {
        // Only a MASTER asked for it; anything else is an answer that crossed with the removal.
        let State::Master(master) = &mut self.state else { return };
        if let Phase::Taking { waiting, .. } = &mut master.phase {
            waiting.retain(|&waiting| waiting != address);
            if waiting.is_empty() {
                self.serve(now, out);
            }
            return;
        }
        if !master.is_missing(address) {
            return;
        }
        let is_new = |missing: &Missing| missing.why == Absence::New;
        let was_new = master.missing.iter().any(|missing| missing.address == address && is_new(missing));
        master.missing.retain(|missing| missing.address != address);
        if was_new && !master.missing.iter().any(is_new) {
            // The last of those that have come together: they are announced as after becoming MASTER.
            self.announce_again(now, out);
            return;
        }
        // While listening nothing is said; everything is announced afterwards.
        if let Phase::Serving { .. } = master.phase {
            master.contests.overrule(address);
            out.push(self.id, Action::Announce(address));
        }
        if !was_new {
            out.push(self.id, Action::Tell(Notice::Address { address, trouble: AddressTrouble::PutBack }));
        }
    }

    /// An address was taken away, or has to be replaced.
    pub(super) fn address_gone(
        &mut self,
        now: Instant,
        address: usize,
        trouble: AddressTrouble,
        out: &mut Actions,
    ) {
        if self.departure().is_some() {
            self.kept_address_gone(now, address, out);
            return;
        }
        let State::Master(master) = &mut self.state else { return };
        if address >= self.params.addresses.len() || master.is_missing(address) {
            return;
        }
        // Another may have it by now. It went with the time that was slept, not by somebody's doing.
        if let Phase::Listening { .. } = master.phase {
            master.missing.push(Missing::lost(address, now));
            out.push(self.id, Action::Tell(Notice::Address { address, trouble: AddressTrouble::Lapsed }));
            return;
        }
        out.push(self.id, Action::Tell(Notice::Address { address, trouble }));
        let losses = self.conditions.lost(address, now);
        if Conditions::is_too_many(losses) {
            self.conditions.set_unstable(address, now);
            self.reconsider(now, out);
            return;
        }
        if trouble == AddressTrouble::Duplicate {
            out.push(self.id, Action::RemoveAddress(address));
        }
        match &mut master.phase {
            // Nothing has been said yet: it is simply waited for again.
            Phase::Taking { waiting, .. } => {
                if !waiting.contains(&address) {
                    waiting.push(address);
                }
                out.push(self.id, Action::AddAddress(address));
            }
            // Turned away above.
            Phase::Leaving(_) | Phase::Listening { .. } => {}
            Phase::Serving { .. } => {
                // At once the first time, later the second: whoever flushes twice in a row has done by then.
                if losses == 1 {
                    out.push(self.id, Action::AddAddress(address));
                }
                master.missing.push(Missing::lost(address, now));
            }
        }
    }

    /// Puts an address back that is in place no more.
    pub(super) fn put_back(&mut self, now: Instant, address: usize, out: &mut Actions) {
        let State::Master(master) = &mut self.state else { return };
        if !master.is_missing(address) {
            master.missing.push(Missing::lost(address, now));
            out.push(self.id, Action::AddAddress(address));
        }
    }

    pub(super) fn address_failed(&mut self, now: Instant, address: usize, out: &mut Actions) {
        let State::Master(master) = &mut self.state else { return };
        if address >= self.params.addresses.len() || matches!(master.phase, Phase::Leaving(_)) {
            return;
        }
        match master.missing.iter_mut().find(|missing| missing.address == address) {
            None => {
                let trouble = AddressTrouble::AddFailed;
                out.push(self.id, Action::Tell(Notice::Address { address, trouble }));
                master.missing.push(Missing::refused(address, now));
            }
            Some(missing) if missing.why == Absence::New => {
                *missing = Missing::refused(address, now);
                // The others that have come with it are in place, if they are, and waited for it.
                if !master.missing.iter().any(|missing| missing.why == Absence::New) {
                    self.announce_again(now, out);
                    return;
                }
            }
            Some(_) => {}
        }
        let Phase::Taking { waiting, .. } = &mut master.phase else { return };
        waiting.retain(|&waiting| waiting != address);
        if !waiting.is_empty() {
            return;
        }
        if master.missing.len() < self.params.addresses.len() {
            self.serve(now, out);
            return;
        }
        // Not one address: whoever serves now does it better.
        self.conditions.set_unstable(address, now);
        self.reconsider(now, out);
    }

    /// Tries missing addresses again; a router that cannot serve for long what it has served, or anything, stands down.
    fn restore_missing(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(master) = &mut self.state else { return };
        if let Phase::Listening { .. } = master.phase {
            return;
        }
        let is_long = |missing: &Missing| now.since(missing.since) >= MISSING_AT_MOST;
        let is_all =
            master.missing.len() >= self.params.addresses.len() && master.missing.iter().all(is_long);
        let is_over = |missing: &&Missing| is_long(missing) && (is_all || missing.why != Absence::Refused);
        if let Some(missing) = master.missing.iter().find(is_over) {
            self.conditions.set_unstable(missing.address, now);
            self.reconsider(now, out);
            return;
        }
        for missing in master.missing.iter_mut().filter(|missing| missing.retry_at <= now) {
            missing.put_off(now);
            out.push(self.id, Action::AddAddress(missing.address));
        }
    }
}
