//! Other parameters while it runs: no state is left for them, and nothing is said that is not new.

use alloc::vec::Vec;
use core::time::Duration;

use super::VirtualRouter;
use super::state::{Conditions, Master, Missing, Phase, Sooner, State};
use crate::action::{Action, Actions};
use crate::params::Params;
use crate::scalar::Version;
use crate::time::Instant;
use crate::track::Standing;
use crate::update::{Renumbering, Update};

impl VirtualRouter {
    /// Goes on with other parameters, which have been checked.
    ///
    /// Up to [`Action::Renumber`] actions name addresses and trackers by their old numbers, from then on by their new ones.
    pub(crate) fn update(&mut self, now: Instant, update: Update, out: &mut Actions) {
        // Whoever slept finds out first.
        self.notice_stall(now, out);
        let Update { params, addresses, trackers } = update;
        let renumbering = Renumbering::new(&addresses, self.params.addresses.len());
        self.give_up(&renumbering, out);
        out.push(self.id, Action::Renumber);
        let takes_part = matches!(self.state, State::Backup(_) | State::Master(_));
        self.conditions.renumber(&renumbering, &trackers, &params, takes_part);
        let before = core::mem::replace(&mut self.params, params);
        let new = addresses.iter().enumerate().filter(|(_, old)| old.is_none()).map(|(number, _)| number);
        match &self.state {
            State::Backup(_) => self.update_backup(now, &before),
            State::Master(_) => self.update_master(now, &before, &renumbering, new.collect(), out),
            State::Init { .. } | State::Fault { .. } | State::Stopped => {}
        }
        // What was wrong with adverts may be right by now, or wrong in another way.
        self.told.forget();
        self.reconsider(now, out);
        self.check_invariants();
    }

    /// Removes the addresses that do not stay, where they are.
    fn give_up(&self, renumbering: &Renumbering, out: &mut Actions) {
        let State::Master(master) = &self.state else { return };
        let is_kept = |address: usize| match &master.phase {
            Phase::Leaving(leaving) => leaving.kept.iter().any(|kept| kept.address == address),
            Phase::Taking { .. } | Phase::Serving { .. } | Phase::Listening { .. } => true,
        };
        for address in renumbering.gone().filter(|address| is_kept(*address)) {
            out.push(self.id, Action::RemoveAddress(address));
        }
    }

    /// Another interval is waited for as after a start; of a MASTER that is heard in version 3 it is learnt.
    fn update_backup(&mut self, now: Instant, before: &Params) {
        let (interval, version) = (self.params.interval, self.params.version);
        let State::Backup(backup) = &mut self.state else { return };
        let learns = version == Version::V3 && backup.heard.is_some();
        if !learns && backup.master_interval != interval {
            backup.master_interval = interval;
            let down = self.master_down(interval);
            let State::Backup(backup) = &mut self.state else { return };
            backup.master_down_at = now + down;
            return;
        }
        if backup.resigned.is_some() || before.missed_adverts == self.params.missed_adverts {
            return;
        }
        let of = |missed| backup.master_interval.master_down(version, self.priority, missed);
        let (was, is) = (of(before.missed_adverts), of(self.params.missed_adverts));
        backup.master_down_at = (backup.master_down_at + is - was).max(now);
    }

    fn update_master(
        &mut self,
        now: Instant,
        before: &Params,
        renumbering: &Renumbering,
        new: Vec<usize>,
        out: &mut Actions,
    ) {
        let interval = self.params.interval.duration();
        let State::Master(master) = &mut self.state else { return };
        renumbering.apply(&mut master.missing, |missing| &mut missing.address);
        master.contests.renumber(renumbering);
        match &mut master.phase {
            Phase::Taking { waiting, .. } => {
                renumbering.apply(waiting, |address| address);
                for address in new {
                    waiting.push(address);
                    out.push(self.id, Action::AddAddress(address));
                }
                if waiting.is_empty() {
                    self.serve(now, out);
                }
            }
            Phase::Serving { advert_at, announcements } => {
                // A longer one begins with the adverts that tell it: those that backups wait for still come in time.
                let last_interval = before.interval.duration();
                if interval > last_interval {
                    let left = self.params.missed_adverts.saturating_sub(1);
                    // Backups may not even have heard the one before.
                    let every = master.sooner.map_or(last_interval, |sooner| sooner.every.min(last_interval));
                    master.sooner = Some(Sooner { left, every });
                } else if interval < last_interval {
                    master.sooner = None;
                }
                if let Some(last) = master.last_advert_at {
                    *advert_at = (*advert_at).min((last + interval).max(now));
                }
                if before.announce != self.params.announce {
                    announcements.follow(&self.params.announce, now);
                }
                Self::take_more(self.id, now, master, new, out);
            }
            Phase::Listening { .. } => Self::take_more(self.id, now, master, new, out),
            // Whoever takes over has the new ones.
            Phase::Leaving(leaving) => {
                renumbering.apply(&mut leaving.kept, |kept| &mut kept.address);
                if leaving.kept.is_empty() {
                    self.left(now, out);
                }
            }
        }
    }

    /// Puts new addresses in place. Each is announced once it is usable.
    fn take_more(id: crate::RouterId, now: Instant, master: &mut Master, new: Vec<usize>, out: &mut Actions) {
        for address in new {
            out.push(id, Action::AddAddress(address));
            master.missing.push(Missing::new(address, now));
        }
    }
}

impl Master {
    /// How soon the next advert is to come, if sooner than the interval says.
    pub(super) fn take_sooner(&mut self) -> Option<Duration> {
        let Sooner { left, every } = self.sooner.take()?;
        let left = left.checked_sub(1)?;
        self.sooner = Some(Sooner { left, every });
        Some(every)
    }
}

impl Conditions {
    /// Follows other parameters. A tracker that is not known yet counts as well for a router that takes part: it goes on
    /// until the first verdict.
    fn renumber(
        &mut self,
        addresses: &Renumbering,
        trackers: &[Option<usize>],
        params: &Params,
        takes_part: bool,
    ) {
        let standing = |old: &Option<usize>| old.and_then(|old| self.tracks.get(old).copied());
        let standings = trackers.iter().map(|old| standing(old).unwrap_or(Standing::Pending));
        self.tracks = standings
            .zip(&params.trackers)
            .map(|(standing, weight)| {
                let is_assumed = takes_part && standing == Standing::Pending;
                if is_assumed { weight.assumed() } else { standing }
            })
            .collect();
        self.renumber_losses(addresses);
    }
}
