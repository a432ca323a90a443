//! A router as a member of a group: its members are MASTER together, or none is (keepalived's `vrrp_sync_group`).
//!
//! [`crate::Routers`] looks at a group after each input of a member, and tells the others what follows from it.

use super::VirtualRouter;
use super::state::{Backup, Master, Phase, State};
use crate::action::Actions;
use crate::notice::{Departure, Hindrance, StateName, TransitionReason};
use crate::time::Instant;

impl VirtualRouter {
    /// Makes it a member of a group. Leaving takes longer in one, and MASTER is what all become or none.
    pub(crate) const fn join_group(&mut self) {
        self.in_group = true;
    }

    /// Makes it a member of no group. What it waited for with the others it does by itself.
    pub(crate) fn leave_group(&mut self, now: Instant, out: &mut Actions) {
        self.in_group = false;
        if let State::Backup(backup) = &mut self.state
            && backup.willing.take().is_some()
        {
            backup.master_down_at = now;
        }
        self.mate_hindered(now, None, out);
    }

    /// Whether it is BACKUP of a MASTER that it hears.
    pub(crate) const fn follows(&self) -> bool {
        matches!(&self.state, State::Backup(Backup { willing: None, heard: Some(_), .. }))
    }

    /// When it last answered a lower advert by announcements, as MASTER.
    pub(crate) const fn reasserted_at(&self) -> Option<Instant> {
        match &self.state {
            State::Master(master) => master.reasserted_at,
            State::Init { .. } | State::Backup(_) | State::Fault { .. } | State::Stopped => None,
        }
    }

    /// Whether it is a member of a group.
    pub(crate) const fn is_in_group(&self) -> bool {
        self.in_group
    }

    /// What keeps this member, and so all of its group, from taking part. Nothing if it has not begun or has ended.
    pub(crate) fn own_hindrance(&self, now: Instant) -> Option<Hindrance> {
        match &self.state {
            State::Init { awaiting: None } | State::Stopped => None,
            State::Init { awaiting: Some(_) } | State::Backup(_) | State::Master(_) | State::Fault { .. } => {
                self.conditions.own_hindrance(&self.params, now)
            }
        }
    }

    /// Notes what the others are about to be told; whether that is news.
    pub(crate) fn has_news_for_mates(&mut self, now: Instant) -> bool {
        let hindrance = self.own_hindrance(now);
        core::mem::replace(&mut self.conditions.told_mates, hindrance) != hindrance
    }

    /// What another member is hindered by.
    pub(crate) fn mate_hindered(&mut self, now: Instant, mate: Option<Hindrance>, out: &mut Actions) {
        if self.conditions.mate != mate {
            self.conditions.mate = mate;
            self.reconsider(now, out);
        }
    }

    /// Whether it is MASTER, or would be if it were not in a group.
    pub(crate) const fn is_willing(&self) -> bool {
        match &self.state {
            State::Master(Master { phase: Phase::Leaving(_), .. }) => false,
            State::Master(_) => true,
            State::Backup(backup) => backup.willing.is_some(),
            State::Init { .. } | State::Fault { .. } | State::Stopped => false,
        }
    }

    /// All members are willing: takes over, if it has not.
    pub(crate) fn take_with_group(&mut self, now: Instant, out: &mut Actions) {
        let State::Backup(backup) = &mut self.state else { return };
        if let Some((reason, predecessor)) = backup.willing.take() {
            self.enter_master(now, reason, predecessor, out);
        }
    }

    /// Another member follows a MASTER at once: so does this one, without a word (keepalived).
    pub(crate) fn fall_back_with_group(&mut self, now: Instant, out: &mut Actions) {
        if self.state() != StateName::Master || self.departure().is_some() {
            return;
        }
        let backup = self.silent(now);
        self.enter_backup(now, TransitionReason::GroupLeft, backup, out);
    }

    /// Another member of its group leaves for this reason: so does this one, at once if it cannot keep its addresses.
    pub(crate) fn leave_with_group(&mut self, now: Instant, departure: Departure, out: &mut Actions) {
        if self.state() != StateName::Master || self.departure().is_some() {
            return;
        }
        let (departure, reason) = match departure {
            Departure::Stop => (Departure::Stop, TransitionReason::Stopped),
            Departure::HandOver => (Departure::HandOver, TransitionReason::HandedOver),
            Departure::Yield | Departure::Group => (Departure::Group, TransitionReason::GroupLeft),
        };
        if self.leaves_losslessly() {
            self.resign_and_leave(now, departure, reason, out);
            return;
        }
        if departure == Departure::Stop {
            self.stop(now, out);
            return;
        }
        let has_handed_over = departure == Departure::HandOver;
        let backup = Backup { has_handed_over, ..self.silent(now) };
        self.enter_backup_resigning(now, reason, backup, out);
    }

    /// A backup that has heard nobody yet.
    fn silent(&self, now: Instant) -> Backup {
        let interval = self.params.interval;
        Self::silent_backup(now, now + self.master_down(interval), interval)
    }

    /// Whether it handed mastership over and waits for somebody to take it.
    pub(crate) const fn has_handed_over(&self) -> bool {
        matches!(&self.state, State::Backup(Backup { has_handed_over: true, .. }))
    }

    /// Another member of its group found no successor and stays MASTER. So does this one; if it has gone already, it may
    /// take mastership back.
    pub(crate) fn stay_with_group(&mut self, now: Instant, out: &mut Actions) {
        if let State::Backup(backup) = &mut self.state {
            backup.has_handed_over = false;
        }
        if matches!(self.departure(), Some(Departure::HandOver | Departure::Group)) {
            self.stay(now, out);
        }
    }
}
