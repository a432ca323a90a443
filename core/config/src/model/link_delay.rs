//! Delays before the state of a link counts.

use std::time::Duration;

use keepwatch_vrrp::LinkTracking;

use super::{Instance, InterfaceName};

/// `interface_up_down_delays` of one interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkDelay {
    /// Which; there once only.
    pub interface: InterfaceName,
    /// How long it has to be down before it counts as down: not longer than other routers wait for the adverts that it
    /// carries.
    pub down: Duration,
    /// How long it has to be up before it counts as up.
    pub up: Duration,
}

impl LinkDelay {
    /// keepalived's longest.
    pub(crate) const MOST: Duration = Duration::from_secs(255);

    /// The instance that would go on as MASTER while another router serves already, and how long its link may be down at most;
    /// none if the link is not down for so long before it counts.
    pub(crate) fn outlasts<'i>(
        &self,
        instances: impl Iterator<Item = &'i Instance>,
    ) -> Option<(&'i Instance, Duration)> {
        let watches = |instance: &&Instance| {
            instance.interface == self.interface && instance.link_tracking == LinkTracking::Tracked
        };
        let hasty = instances.filter(watches).min_by_key(|instance| unheard(instance))?;
        let most = unheard(hasty);
        (self.down > most).then_some((hasty, most))
    }
}

/// How long others wait at least, from when a link is lost on: its last advert may be one interval old.
fn unheard(instance: &Instance) -> Duration {
    instance.interval.duration() * u32::from(instance.missed_adverts.saturating_sub(1))
}
