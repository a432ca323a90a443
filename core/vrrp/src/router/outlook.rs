//! What a router's next transition depends on, for whoever asks. Nothing here changes anything.

use alloc::vec::Vec;
use core::net::IpAddr;
use core::time::Duration;

use super::VirtualRouter;
use super::state::{Heard, State};
use crate::notice::Hindrance;
use crate::params::Preemption;
use crate::scalar::{AdvertInterval, Priority};
use crate::time::Instant;
use crate::track::Standing;

/// What a router's next transition depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outlook {
    /// When the state was entered that was told last; none before the first.
    pub state_since: Option<Instant>,
    /// The interval that its times are reckoned with: the MASTER's, as a backup has learned it, or its own.
    pub interval: AdvertInterval,
    /// How long it waits when a MASTER resigns.
    pub skew: Duration,
    /// How long it waits without an advert.
    pub master_down: Duration,
    /// The last advert of another MASTER since the router began: its sender, its priority, and when. That of one that a backup
    /// follows for its priority comes before those of others.
    pub last_heard: Option<(IpAddr, Priority, Instant)>,
    /// What a backup waits for; none in other states.
    pub waiting: Option<Waiting>,
}

/// What a backup waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// When it takes over unless an advert comes.
    pub master_down_at: Instant,
    /// The MASTER that it follows.
    pub follows: Option<IpAddr>,
    /// The MASTER that resigned.
    pub resigned: Option<IpAddr>,
    /// When it ceases to follow a MASTER of lower priority, if the delay of [`Preemption::After`] runs.
    pub preempts_at: Option<Instant>,
    /// Whether it would have taken over, had the rest of its group come as far.
    pub waits_for_group: bool,
    /// Whether it handed mastership over: it follows whatever priority.
    pub has_handed_over: bool,
}

impl VirtualRouter {
    /// What its next transition depends on.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        let interval = match &self.state {
            State::Backup(backup) => backup.master_interval,
            State::Init { .. } | State::Master(_) | State::Fault { .. } | State::Stopped => {
                self.params.interval
            }
        };
        Outlook {
            state_since: self.told_state.map(|_| self.since),
            interval,
            skew: interval.skew(self.params.version, self.priority),
            master_down: self.master_down(interval),
            last_heard: self.heard_first().map(|Heard { source, priority, at }| (source, priority, at)),
            waiting: self.waiting(),
        }
    }

    fn heard_first(&self) -> Option<Heard> {
        let followed = match &self.state {
            State::Backup(backup) => backup.heard.filter(|heard| heard.priority >= self.priority),
            State::Init { .. } | State::Master(_) | State::Fault { .. } | State::Stopped => None,
        };
        followed.or(self.last_heard)
    }

    fn waiting(&self) -> Option<Waiting> {
        let State::Backup(backup) = &self.state else { return None };
        let preempts_at = match self.params.preemption {
            Preemption::After(delay) => backup.lower_since.map(|since| since + delay),
            Preemption::Immediate | Preemption::Never => None,
        };
        Some(Waiting {
            master_down_at: backup.master_down_at,
            follows: backup.heard.map(|heard| heard.source),
            resigned: backup.resigned,
            preempts_at,
            waits_for_group: backup.willing.is_some(),
            has_handed_over: backup.has_handed_over,
        })
    }

    /// Everything that keeps it from taking part at `now`: its own faults, what it waits for, then what its group does.
    #[must_use]
    pub fn hindrances(&self, now: Instant) -> Vec<Hindrance> {
        self.conditions.hindrances(&self.params, now).collect()
    }

    /// How its trackers stand, by index.
    #[must_use]
    pub fn standings(&self) -> &[Standing] {
        &self.conditions.tracks
    }
}
