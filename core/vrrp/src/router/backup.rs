//! BACKUP: RFC 9568 §6.4.2.

use super::VirtualRouter;
use super::state::{Backup, Heard, State};
use crate::action::{Action, Actions};
use crate::input::Received;
use crate::notice::{Notice, TransitionReason};
use crate::params::Preemption;
use crate::scalar::{Claim, Priority};
use crate::time::Instant;

/// This many senders are remembered as seen.
const SEEN: usize = 8;

impl VirtualRouter {
    pub(super) fn backup_advert(&mut self, now: Instant, received: &Received<'_>, out: &mut Actions) {
        match received.advert.claim {
            Claim::Resigns => self.backup_resignation(now, received, out),
            Claim::Holds(theirs) => {
                if self.accepts(now, theirs) {
                    self.follow(now, theirs, received, out);
                } else {
                    // RFC 9568 §6.4.2: "else // Preempt_Mode was true and priority was less ... Discard the
                    // ADVERTISEMENT": the timer runs on, and its end makes us MASTER.
                    self.tell_discarded(theirs, received, out);
                }
            }
        }
    }

    /// Tells of a lower MASTER once, and again when it is another one.
    fn tell_discarded(&mut self, theirs: Priority, received: &Received<'_>, out: &mut Actions) {
        let source = received.source;
        let State::Backup(backup) = &mut self.state else { return };
        if backup.discarded.replace(source) != Some(source) {
            out.push(self.id, Action::Tell(Notice::LowerDiscarded { source, theirs }));
        }
    }

    /// RFC 9568 §6.4.2: "If the Priority in the ADVERTISEMENT is zero, then: Set the Active_Down_Timer to
    /// Skew_Time". It teaches no interval.
    fn backup_resignation(&mut self, now: Instant, received: &Received<'_>, out: &mut Actions) {
        self.stats.priority_zero_received += 1;
        let (version, priority) = (self.params.version, self.priority);
        let State::Backup(backup) = &mut self.state else { return };
        backup.master_down_at = now + backup.master_interval.skew(version, priority);
        // The second copy is no news.
        if backup.resigned.replace(received.source) != Some(received.source) {
            out.push(self.id, Action::Tell(Notice::PeerResigned { source: received.source }));
        }
    }

    /// Whether to follow a MASTER of this priority: RFC 9568 §6.4.2, "If Preempt_Mode is False, or if the
    /// Priority in the ADVERTISEMENT is greater than or equal to the local Priority".
    fn accepts(&mut self, now: Instant, theirs: Priority) -> bool {
        let ours = self.priority;
        let State::Backup(backup) = &mut self.state else { return false };
        if theirs >= ours {
            backup.lower_since = None;
            return true;
        }
        if backup.has_handed_over {
            return true;
        }
        match self.params.preemption {
            Preemption::Immediate => false,
            Preemption::Never => true,
            // keepalived: the delay runs from the first lower advert.
            Preemption::After(delay) => {
                let since = *backup.lower_since.get_or_insert(now);
                now.since(since) < delay
            }
        }
    }

    /// RFC 9568 §6.4.2: "Set Active_Adver_Interval to Max Advertise Interval contained in the ADVERTISEMENT;
    /// Recompute the Skew_Time; Recompute the Active_Down_Interval; Reset the Active_Down_Timer to
    /// Active_Down_Interval".
    fn follow(&mut self, now: Instant, theirs: Priority, received: &Received<'_>, out: &mut Actions) {
        let interval = received.advert.interval;
        let down = self.master_down(interval);
        let source = received.source;
        let State::Backup(backup) = &mut self.state else { return };
        backup.master_interval = interval;
        backup.master_down_at = now + down;
        backup.resigned = None;
        backup.willing = None;
        backup.listened_again = false;
        backup.heard = Some(Heard { source, priority: theirs, at: now });
        if !backup.seen.contains(&source) && backup.seen.len() < SEEN {
            backup.seen.push(source);
            out.push(self.id, Action::Tell(Notice::PeerSeen { source, priority: theirs }));
        }
    }

    pub(super) fn backup_timeout(&mut self, now: Instant, out: &mut Actions) {
        let State::Backup(backup) = &self.state else { return };
        let whole = self.master_down(backup.master_interval);
        let State::Backup(backup) = &mut self.state else { return };
        if backup.master_down_at > now {
            return;
        }
        let late = now.since(backup.master_down_at);
        if late >= backup.master_interval.duration() && !backup.listened_again {
            // We slept; adverts of those hours may never have been delivered to us, and the MASTER may have slept
            // with us and be listening itself. Wait as after a start, but once: a host that is always late must
            // not wait for ever.
            backup.listened_again = true;
            backup.master_down_at = now + whole;
            out.push(self.id, Action::Tell(Notice::Stalled { late }));
            return;
        }
        if backup.willing.is_some() {
            // It has been told; the rest of the group has not come as far.
            backup.master_down_at = now + whole;
            return;
        }
        let mut predecessor = None;
        let reason = match backup {
            Backup { resigned: Some(source), .. } => TransitionReason::MasterResigned { source: *source },
            Backup { heard: Some(heard), .. } => {
                let (source, silent) = (heard.source, now.since(heard.at));
                predecessor = Some(source);
                out.push(self.id, Action::Tell(Notice::PeerLost { source, silent }));
                TransitionReason::MasterDown { silent }
            }
            Backup { heard: None, .. } => TransitionReason::MasterDown { silent: now.since(backup.since) },
        };
        if self.in_group {
            backup.willing = Some((reason, predecessor));
            backup.master_down_at = now + whole;
            return;
        }
        // RFC 9568 §6.4.2: "If the Active_Down_Timer fires, then: ... Transition to the {Active} state".
        self.enter_master(now, reason, predecessor, out);
    }
}
