//! When addresses are announced, by keepalived's words for it.

use std::time::Duration;

use keepwatch_vrrp::{AnnouncePolicy, Refresh, Schedule};

/// keepalived's defaults, used as soon as one of the settings of a burst is written.
const REPEAT: u8 = 5;
const DELAY: Duration = Duration::from_secs(5);

/// What is written of `garp_*`, for all instances or for one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Announce {
    /// `garp_master_repeat`
    pub(crate) repeat: Option<u8>,
    /// `garp_master_delay`
    pub(crate) delay: Option<Duration>,
    /// `garp_master_refresh`; zero for never.
    pub(crate) refresh: Option<Duration>,
    /// `garp_master_refresh_repeat`
    pub(crate) refresh_repeat: Option<u8>,
    /// `garp_lower_prio_repeat`
    pub(crate) lower_repeat: Option<u8>,
    /// `garp_lower_prio_delay`
    pub(crate) lower_delay: Option<Duration>,
}

impl Announce {
    /// `vrrp_min_garp`: one announcement and no second burst, unless something else is written before it.
    pub(crate) fn least(&mut self) {
        self.repeat = self.repeat.filter(|&repeat| repeat != REPEAT).or(Some(1));
        self.delay = self.delay.filter(|&delay| delay != DELAY).or(Some(Duration::ZERO));
    }

    /// These settings, with the global ones where nothing is written. Where those after lower adverts are not
    /// written, the global ones of the own burst count: those of the instance do not.
    pub(crate) fn over(self, global: Self) -> Self {
        let merged = Self {
            repeat: self.repeat.or(global.repeat),
            delay: self.delay.or(global.delay),
            refresh: self.refresh.or(global.refresh),
            refresh_repeat: self.refresh_repeat.or(global.refresh_repeat),
            lower_repeat: self.lower_repeat.or(global.lower_repeat),
            lower_delay: self.lower_delay.or(global.lower_delay),
        };
        if !merged.has_bursts() && !global.has_bursts() {
            return merged;
        }
        Self {
            lower_repeat: merged.lower_repeat.or(global.repeat).or(Some(REPEAT)),
            lower_delay: merged.lower_delay.or(global.delay).or(Some(DELAY)),
            ..merged
        }
    }

    /// Whether a setting of a burst is written.
    const fn has_bursts(&self) -> bool {
        self.repeat.is_some()
            || self.delay.is_some()
            || self.lower_repeat.is_some()
            || self.lower_delay.is_some()
    }

    /// What follows: keepalived's bursts where one of their settings is written, else announcements spread
    /// over time.
    pub(crate) fn policy(self) -> AnnouncePolicy {
        let defaults = AnnouncePolicy::default();
        let (repeat, delay) = (self.repeat.unwrap_or(REPEAT), self.delay.unwrap_or(DELAY));
        let is_burst = self.repeat.is_some() || self.delay.is_some();
        let entry = if is_burst { Schedule::bursts(repeat, delay) } else { defaults.entry };
        let on_lower = match (self.lower_repeat, self.lower_delay) {
            (None, None) => entry.clone(),
            (Some(0), _) => Schedule(Vec::new()),
            (count, pause) => Schedule::bursts(count.unwrap_or(repeat), pause.unwrap_or(delay)),
        };
        let refresh = self.refresh.filter(|every| !every.is_zero());
        let refresh = refresh.map(|every| Refresh { every, rounds: self.refresh_repeat.unwrap_or(1) });
        AnnouncePolicy { entry, on_lower, refresh }
    }
}
