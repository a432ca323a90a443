//! One virtual router: its state, and the only way in.

mod admission;
mod announcements;
mod backup;
mod contests;
mod group;
mod leaving;
mod master;
mod outlook;
mod state;
#[cfg(test)]
mod tests;
mod update;

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use crate::action::{Action, Actions};
use crate::anomaly::{Anomaly, Told};
use crate::input::{Input, LinkState};
use crate::notice::{AddressTrouble, Departure, Hindrance, Notice, StateName, TransitionReason};
use crate::params::{Params, Start, StopMode};
use crate::routers::RouterId;
use crate::scalar::{AdvertInterval, Claim, Priority};
use crate::stats::Stats;
use crate::time::Instant;
pub use outlook::{Outlook, Waiting};
use state::{Backup, Conditions, Heard, Master, Phase, State};

/// A virtual router (RFC 9568 §1.7): the state machine of §6.4 with keepalived's additions.
///
/// Call [`Self::handle`] with whatever happened and the time; carry out the actions it appends, in order; come
/// back at [`Self::poll_timeout`].
#[derive(Debug)]
pub struct VirtualRouter {
    id: RouterId,
    params: Params,
    conditions: Conditions,
    state: State,
    /// Effective priority: the base and what trackers add.
    priority: Priority,
    /// The state the outside was last told, `None` before the first.
    told_state: Option<StateName>,
    /// When that was.
    since: Instant,
    /// Why mastership is being taken, until it is told.
    taking_because: Option<TransitionReason>,
    told: Told,
    /// The last advert of another MASTER that was dropped, until one is accepted.
    refused: Option<Refused>,
    /// The last advert of another MASTER that was accepted, in whatever state.
    last_heard: Option<Heard>,
    stats: Stats,
    /// Whether it leaves together with others.
    in_group: bool,
}

/// An advert that is worth a word.
#[derive(Clone, Copy, Debug)]
struct Refused {
    anomaly: Anomaly,
    source: IpAddr,
    at: Instant,
}

impl VirtualRouter {
    /// A router that has not started. The interface counts as missing until told otherwise.
    pub(crate) fn new(id: RouterId, params: Params) -> Self {
        let conditions = Conditions::new(&params);
        let priority = conditions.priority(&params);
        Self {
            id,
            params,
            conditions,
            state: State::Init { awaiting: None },
            priority,
            told_state: None,
            since: Instant::ZERO,
            taking_because: None,
            told: Told::default(),
            refused: None,
            last_heard: None,
            stats: Stats::default(),
            in_group: false,
        }
    }

    /// Leaves nothing of it but that it has stopped.
    pub(crate) fn retire(&mut self) {
        self.params.addresses.clear();
        self.params.advertised = 0;
        self.in_group = false;
    }

    /// The parameters it has.
    #[must_use]
    pub const fn params(&self) -> &Params {
        &self.params
    }

    /// The state it is in.
    #[must_use]
    pub const fn state(&self) -> StateName {
        self.state.name()
    }

    /// The effective priority.
    #[must_use]
    pub const fn priority(&self) -> Priority {
        self.priority
    }

    /// The address adverts are sent from: the present one, or, so that a resignation can still leave, the last.
    #[must_use]
    pub const fn source(&self) -> Option<IpAddr> {
        self.conditions.last_source
    }

    /// The counters.
    #[must_use]
    pub const fn stats(&self) -> &Stats {
        &self.stats
    }

    /// The time between adverts of the MASTER that it follows (RFC 9568 §6.1, `Active_Adver_Interval`); its own if it
    /// follows none.
    #[must_use]
    pub const fn master_interval(&self) -> AdvertInterval {
        match &self.state {
            State::Backup(backup) => backup.master_interval,
            State::Init { .. } | State::Master(_) | State::Fault { .. } | State::Stopped => {
                self.params.interval
            }
        }
    }

    /// When the state was entered that was last told.
    #[must_use]
    pub const fn since(&self) -> Instant {
        self.since
    }

    /// What keeps it from taking part, in FAULT, or what it waits for, in INIT.
    #[must_use]
    pub const fn hindrance(&self) -> Option<Hindrance> {
        match &self.state {
            State::Init { awaiting } => *awaiting,
            State::Fault { because } => Some(*because),
            State::Backup(_) | State::Master(_) | State::Stopped => None,
        }
    }

    /// The MASTER that a backup hears: its address, priority, and when last.
    #[must_use]
    pub fn heard(&self) -> Option<(IpAddr, Priority, Instant)> {
        match &self.state {
            State::Backup(backup) => backup.heard.map(|heard| (heard.source, heard.priority, heard.at)),
            State::Init { .. } | State::Master(_) | State::Fault { .. } | State::Stopped => None,
        }
    }

    /// Whether it advertises: MASTER and past taking its addresses.
    #[must_use]
    pub const fn is_serving(&self) -> bool {
        match &self.state {
            State::Master(Master { phase: Phase::Serving { .. }, .. }) => true,
            State::Master(Master {
                phase: Phase::Taking { .. } | Phase::Listening { .. } | Phase::Leaving(_),
                ..
            })
            | State::Init { .. }
            | State::Backup(_)
            | State::Fault { .. }
            | State::Stopped => false,
        }
    }

    /// The moment to call [`Self::handle`] with [`Input::Timeout`]; `None` while nothing is due.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        match &self.state {
            State::Backup(backup) => Some(backup.master_down_at),
            State::Master(master) => master.poll_timeout(),
            State::Fault { .. } => self.conditions.unstable.map(|(_, until)| until),
            State::Init { .. } | State::Stopped => None,
        }
    }

    /// How long before its deadline a [`Input::Timeout`] is of use: an advert may go out this much early, so
    /// that many routers share one wake-up.
    #[must_use]
    pub fn slack(&self) -> Duration {
        match &self.state {
            State::Master(Master { phase: Phase::Serving { .. }, .. }) => {
                (self.params.interval.duration() / 8).min(Duration::from_millis(10))
            }
            State::Master(Master {
                phase: Phase::Taking { .. } | Phase::Listening { .. } | Phase::Leaving(_),
                ..
            })
            | State::Init { .. }
            | State::Backup(_)
            | State::Fault { .. }
            | State::Stopped => Duration::ZERO,
        }
    }

    /// Takes in what happened at `now`, and appends what has to be done.
    ///
    /// `now` must not run backwards.
    pub fn handle(&mut self, now: Instant, input: Input<'_>, out: &mut Actions) {
        self.notice_stall(now, out);
        match input {
            Input::Start => match self.state {
                State::Init { awaiting: None } => self.settle(now, TransitionReason::Started, out),
                // Already started.
                State::Init { awaiting: Some(_) }
                | State::Backup(_)
                | State::Master(_)
                | State::Fault { .. } => {}
                // Stopped is for good.
                State::Stopped => {}
            },
            Input::Stop => match self.state {
                State::Init { .. } | State::Backup(_) | State::Master(_) | State::Fault { .. } => {
                    self.stop(now, out);
                }
                State::Stopped => {}
            },
            Input::StopNow => match self.state {
                State::Init { .. } | State::Backup(_) | State::Master(_) | State::Fault { .. } => {
                    self.enter_stopped(now, out);
                }
                State::Stopped => {}
            },
            Input::HandOver => self.hand_over(now, out),
            Input::Timeout => self.timeout(now, out),
            Input::Advert(received) => {
                // RFC 9568 §6.4.1 has no adverts in Initialize; keepalived drops them in FAULT too.
                match self.state {
                    State::Init { .. } | State::Fault { .. } | State::Stopped => return,
                    State::Backup(_) | State::Master(_) => {}
                }
                if self.admit(now, received, out) {
                    self.advert(now, received, out);
                }
            }
            Input::Link(link) => {
                let returned = self.conditions.link != LinkState::Up && link == LinkState::Up;
                self.conditions.link = link;
                self.reconsider(now, out);
                if returned {
                    self.announce_again(now, out);
                }
            }
            Input::Source(source) => {
                self.conditions.source = source;
                self.conditions.last_source = source.address().or(self.conditions.last_source);
                self.reconsider(now, out);
            }
            Input::Transport(transport) => {
                self.conditions.transport = transport;
                self.reconsider(now, out);
            }
            Input::HardwareChanged => self.announce_again(now, out),
            Input::Track { tracker, standing } => {
                if let Some(known) = self.conditions.tracks.get_mut(tracker) {
                    *known = standing;
                }
                self.reconsider(now, out);
            }
            Input::AddressUsable(address) => self.address_usable(now, address, out),
            Input::AddressLost(address) => {
                self.address_gone(now, address, AddressTrouble::RemovedExternally, out);
            }
            Input::AddressDuplicate(address) => {
                self.address_gone(now, address, AddressTrouble::Duplicate, out);
            }
            Input::AddressFailed(address) => self.address_failed(now, address, out),
            Input::AddressClaimed { address, mac, how } => {
                self.address_claimed(now, address, mac, how, out);
            }
        }
        self.check_invariants();
    }

    fn timeout(&mut self, now: Instant, out: &mut Actions) {
        match &self.state {
            State::Backup(_) => self.backup_timeout(now, out),
            State::Master(_) => self.master_timeout(now, out),
            State::Fault { .. } => {
                if self.conditions.unstable.is_some_and(|(_, until)| until <= now) {
                    self.conditions.unstable = None;
                    self.reconsider(now, out);
                }
            }
            // Nothing is timed here.
            State::Init { .. } | State::Stopped => {}
        }
    }

    fn advert(&mut self, now: Instant, received: &crate::Received<'_>, out: &mut Actions) {
        self.stats.adverts_received += 1;
        if let Claim::Holds(priority) = received.advert.claim {
            self.last_heard = Some(Heard { source: received.source, priority, at: now });
        }
        match &self.state {
            State::Backup(_) => self.backup_advert(now, received, out),
            State::Master(_) => self.master_advert(now, received, out),
            // Turned away before admission.
            State::Init { .. } | State::Fault { .. } | State::Stopped => {}
        }
    }

    /// Looks at the circumstances again: a hindrance may have come or gone, the priority may have changed.
    fn reconsider(&mut self, now: Instant, out: &mut Actions) {
        self.update_priority(out);
        let hindrance = self.conditions.hindrance(&self.params, now);
        match (&self.state, hindrance) {
            // Not started, or over.
            (State::Init { awaiting: None } | State::Stopped, _) => {}
            // As before.
            (State::Backup(_) | State::Master(_), None) => {}
            (State::Init { awaiting: Some(_) } | State::Fault { .. }, None) => {
                self.settle(now, TransitionReason::Recovered, out);
            }
            (State::Init { awaiting: Some(_) }, Some(hindrance)) if hindrance.is_awaited() => {
                self.state = State::Init { awaiting: Some(hindrance) };
            }
            // It was stopping: nothing to wait for any more.
            (State::Master(_), Some(_)) if self.departure() == Some(Departure::Stop) => {
                self.enter_stopped(now, out);
            }
            (State::Fault { .. }, Some(hindrance)) if !hindrance.is_awaited() => {
                self.state = State::Fault { because: hindrance };
            }
            (
                State::Init { awaiting: Some(_) } | State::Fault { .. } | State::Backup(_) | State::Master(_),
                Some(hindrance),
            ) => self.enter_hindered(now, hindrance, out),
        }
    }

    fn update_priority(&mut self, out: &mut Actions) {
        let (from, to) = (self.priority, self.conditions.priority(&self.params));
        if from == to {
            return;
        }
        self.priority = to;
        if let State::Stopped = self.state {
            return;
        }
        out.push(self.id, Action::Tell(Notice::PriorityChanged { from, to }));
        if let State::Backup(backup) = &mut self.state {
            // keepalived: the running timer moves by the difference of the skew times.
            let before = backup.master_interval.skew(self.params.version, from);
            let after = backup.master_interval.skew(self.params.version, to);
            backup.master_down_at = backup.master_down_at + after - before;
        }
    }

    /// Enters the state that the circumstances allow.
    fn settle(&mut self, now: Instant, reason: TransitionReason, out: &mut Actions) {
        self.update_priority(out);
        if let Some(hindrance) = self.conditions.hindrance(&self.params, now) {
            self.enter_hindered(now, hindrance, out);
            return;
        }
        match self.params.start {
            Start::Asserting if self.in_group => {
                let down = self.master_down(self.params.interval);
                let mut backup = Self::silent_backup(now, now + down, self.params.interval);
                // Its group is to be asserted as a whole.
                backup.willing = Some((TransitionReason::Owner, None));
                self.enter_backup(now, reason, backup, out);
            }
            Start::Asserting => self.enter_master(now, TransitionReason::Owner, None, out),
            // RFC 9568 §6.4.1: "else ... Set the Active_Down_Timer to Active_Down_Interval, Transition to the
            // {Backup} state".
            Start::Listening => {
                let down = self.master_down(self.params.interval);
                self.enter_backup(
                    now,
                    reason,
                    Self::silent_backup(now, now + down, self.params.interval),
                    out,
                );
            }
        }
    }

    const fn silent_backup(
        since: Instant,
        master_down_at: Instant,
        master_interval: AdvertInterval,
    ) -> Backup {
        Backup {
            master_down_at,
            since,
            master_interval,
            heard: None,
            lower_since: None,
            seen: Vec::new(),
            resigned: None,
            listened_again: false,
            discarded: None,
            willing: None,
            has_handed_over: false,
        }
    }

    // The doors into a state: nothing else assigns one that differs in kind. Each leaves the old one first.

    fn enter_hindered(&mut self, now: Instant, hindrance: Hindrance, out: &mut Actions) {
        self.let_go(now, out);
        self.state = if hindrance.is_awaited() {
            State::Init { awaiting: Some(hindrance) }
        } else {
            State::Fault { because: hindrance }
        };
        self.tell_transition(now, TransitionReason::Hindered(hindrance), out);
    }

    fn enter_backup(&mut self, now: Instant, reason: TransitionReason, backup: Backup, out: &mut Actions) {
        self.leave(now, out);
        self.state = State::Backup(backup);
        self.tell_transition(now, reason, out);
    }

    /// Resigns, and is a backup at once.
    fn enter_backup_resigning(
        &mut self,
        now: Instant,
        reason: TransitionReason,
        backup: Backup,
        out: &mut Actions,
    ) {
        self.let_go(now, out);
        self.state = State::Backup(backup);
        self.tell_transition(now, reason, out);
    }

    fn enter_stopped(&mut self, now: Instant, out: &mut Actions) {
        self.let_go(now, out);
        self.state = State::Stopped;
        self.tell_transition(now, TransitionReason::Stopped, out);
    }

    /// Gives mastership up at once, resigning as the stop mode says.
    fn let_go(&mut self, now: Instant, out: &mut Actions) {
        match self.params.stop_mode {
            StopMode::Lossless => {
                self.resign(out);
                self.leave(now, out);
            }
            // Whoever hears the resignation finds no second holder.
            StopMode::Rfc => {
                self.leave(now, out);
                self.resign(out);
            }
            StopMode::Silent => self.leave(now, out),
        }
    }

    /// Sends priority zero, twice, if this router advertises. One that slept does not: another is MASTER by now, and
    /// its backups would take the resignation for that one's.
    ///
    /// RFC 9568 §6.4.3: "Send an ADVERTISEMENT with Priority = 0". Two copies, because one may be lost; never
    /// again, because each restarts the successor's skew time.
    fn resign(&mut self, out: &mut Actions) {
        match &self.state {
            State::Master(Master { phase: Phase::Serving { .. }, .. }) => {
                self.send_resignation(out);
                self.send_resignation(out);
            }
            State::Master(Master {
                phase: Phase::Taking { .. } | Phase::Listening { .. } | Phase::Leaving(_),
                ..
            })
            | State::Init { .. }
            | State::Backup(_)
            | State::Fault { .. }
            | State::Stopped => {}
        }
    }

    fn send_resignation(&mut self, out: &mut Actions) {
        self.stats.priority_zero_sent += 1;
        out.push(self.id, Action::SendAdvert(Claim::Resigns));
    }

    /// Undoes what the present state did outside.
    fn leave(&mut self, now: Instant, out: &mut Actions) {
        let State::Master(master) = &self.state else { return };
        if master.last_advert_at.is_some() {
            self.stats.released_master += 1;
        }
        let Phase::Leaving(leaving) = &master.phase else {
            for address in 0..self.params.addresses.len() {
                out.push(self.id, Action::RemoveAddress(address));
            }
            return;
        };
        for kept in &leaving.kept {
            out.push(self.id, Action::RemoveAddress(kept.address));
        }
        let notice = Notice::Left {
            departure: leaving.departure,
            ending: leaving.ending(now),
            took: now.since(leaving.since),
        };
        out.push(self.id, Action::Tell(notice));
    }

    fn tell_transition(&mut self, now: Instant, reason: TransitionReason, out: &mut Actions) {
        self.told.forget();
        let to = self.state.name();
        let from = self.told_state.unwrap_or(StateName::Init);
        let initial = self.told_state.is_none();
        // A mastership given up before it was told of is no transition.
        if self.told_state == Some(to) {
            return;
        }
        self.told_state = Some(to);
        self.since = now;
        let priority = self.priority;
        out.push(self.id, Action::Tell(Notice::Transition { from, to, reason, initial, priority }));
    }

    /// Tells an anomaly once and counts it always.
    pub(crate) fn anomaly(&mut self, anomaly: Anomaly, source: IpAddr, out: &mut Actions) {
        self.stats.count(&anomaly);
        self.tell_anomaly(Refused { anomaly, source, at: self.since }, false, out);
    }

    fn tell_anomaly(&mut self, refused: Refused, both_master: bool, out: &mut Actions) {
        let Refused { anomaly, source, .. } = refused;
        if self.told.is_new(anomaly, source) {
            out.push(self.id, Action::Tell(Notice::AdvertAnomaly { anomaly, source, both_master }));
        }
    }

    fn master_down(&self, master_interval: AdvertInterval) -> Duration {
        master_interval.master_down(self.params.version, self.priority, self.params.missed_adverts)
    }

    fn check_invariants(&self) {
        if let State::Master(master) = &self.state {
            debug_assert!(
                master.missing.iter().all(|missing| missing.address < self.params.addresses.len()),
                "a missing address is one of ours"
            );
            debug_assert!(
                !matches!(master.phase, Phase::Serving { .. }) || master.last_advert_at.is_some(),
                "serving begins with an advert"
            );
            debug_assert!(
                !matches!(&master.phase, Phase::Leaving(leaving) if leaving.kept.is_empty()),
                "it has left with its last address"
            );
        }
        debug_assert!(
            self.told_state.is_some() || !matches!(self.state, State::Backup(_) | State::Stopped),
            "a started router has told its state"
        );
    }
}
