//! The least time between announcements.

use std::time::Duration;

use super::InterfaceName;

/// The least time between announcements that leave through one interface, or through several together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spacing {
    /// `vrrp_garp_interval` and `vrrp_gna_interval`: that of each interface in no group.
    pub each: Intervals,
    /// `garp_group`; an interface is in one of them at most.
    pub groups: Vec<SpacingGroup>,
}

/// Between announcements of IPv4 addresses, and between those of IPv6 addresses. Zero: they need not wait.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Intervals {
    /// Between gratuitous ARPs.
    pub garp: Duration,
    /// Between unsolicited neighbour advertisements.
    pub gna: Duration,
}

/// Interfaces whose announcements leave a time apart from each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpacingGroup {
    /// Which; at least one.
    pub interfaces: Vec<InterfaceName>,
    /// That time.
    pub intervals: Intervals,
}

impl Spacing {
    /// keepalived counts microseconds in 32 bits.
    pub(crate) const MOST: Duration = Duration::from_micros(u32::MAX as u64);
    /// From here on neighbours may wait for an announcement for longer than anybody would want.
    pub(crate) const LONG: Duration = Duration::from_secs(1);

    /// The place of the group that an interface is in.
    #[must_use]
    pub fn group_of(&self, interface: &str) -> Option<usize> {
        let has = |group: &SpacingGroup| group.interfaces.iter().any(|known| known.as_str() == interface);
        self.groups.iter().position(has)
    }
}
