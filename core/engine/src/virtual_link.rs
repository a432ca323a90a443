//! An interface of an instance's own. With a virtual MAC it is a macvlan, on which the virtual addresses are:
//!
//! ```text
//!   vrrp.51   00:00:5e:00:01:33   addresses; adverts, announcements and answers leave from here
//!      |
//!     eth0    the host's own MAC  adverts and claims of others are heard here
//! ```
//!
//! It is up all the time; while its router has no say, nothing may leave through it.
//!
//! An ipvlan is there for adverts alone, and may always speak, for nobody's traffic follows it:
//!
//! ```text
//!   vrrp.51   eth0's MAC          an address of its own, which adverts come from
//!      |
//!     eth0    the host's own MAC  virtual addresses; adverts and claims of others are heard here
//! ```

use keepwatch_config::model::{IpvlanMode, OwnInterface};
use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::{Egress, IpvlanReach, Link, LinkKind, NewAddress};
use keepwatch_vrrp::{Family, InterfaceId, MacAddress, RouterId, Vrid};

use crate::addresses::new_address;

/// What is noted in the kernel about each of these interfaces begins so.
const MARK: &str = "keepwatch: ";

/// What sort of interface it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    /// A macvlan with this MAC.
    Macvlan(MacAddress),
    /// An ipvlan.
    Ipvlan {
        /// Its own address.
        address: Option<NewAddress>,
        reach: IpvlanReach,
    },
}

impl From<&OwnInterface> for Sort {
    fn from(own: &OwnInterface) -> Self {
        match own {
            OwnInterface::VirtualMac(vmac) => Self::Macvlan(vmac.mac),
            OwnInterface::Ipvlan(ipvlan) => Self::Ipvlan {
                address: ipvlan.placed_address().as_ref().map(new_address),
                reach: match ipvlan.mode {
                    IpvlanMode::Bridge => IpvlanReach::Bridge,
                    IpvlanMode::Private => IpvlanReach::Private,
                    IpvlanMode::Vepa => IpvlanReach::Vepa,
                },
            },
        }
    }
}

/// What an interface of ours should be, and what has become of it.
#[derive(Debug)]
pub(crate) struct VirtualLink {
    /// The interface it stands on.
    pub(crate) base: InterfaceId,
    /// The router whose addresses it carries.
    pub(crate) router: RouterId,
    pub(crate) vrid: Vrid,
    pub(crate) family: Family,
    pub(crate) sort: Sort,
    /// Its index, once it was created.
    pub(crate) made: Option<u32>,
    pub(crate) egress: Egress,
    /// Whether packets that arrive for others are passed on, as on the interface below.
    pub(crate) forwards: bool,
    /// Whether it has been told that it cannot be had.
    pub(crate) failure_told: bool,
}

impl VirtualLink {
    pub(crate) const fn new(
        base: InterfaceId,
        router: RouterId,
        vrid: Vrid,
        family: Family,
        sort: Sort,
    ) -> Self {
        Self {
            base,
            router,
            vrid,
            family,
            sort,
            made: None,
            egress: Egress::Open,
            forwards: false,
            failure_told: false,
        }
    }

    /// Whether this is the interface that was created, as it was created.
    pub(crate) fn is_intact(&self, link: &Link, base: u32) -> bool {
        let is_it = match self.sort {
            Sort::Macvlan(mac) => link.mac == Some(mac.0),
            Sort::Ipvlan { .. } => link.kind == LinkKind::Ipvlan,
        };
        self.made == Some(link.index) && link.base == Some(base) && is_it
    }

    /// The virtual MAC that it has, if it has one.
    pub(crate) const fn mac(&self) -> Option<MacAddress> {
        match self.sort {
            Sort::Macvlan(mac) => Some(mac),
            Sort::Ipvlan { .. } => None,
        }
    }

    /// The address that it is to have beside virtual ones.
    pub(crate) const fn own_address(&self) -> Option<&NewAddress> {
        match &self.sort {
            Sort::Macvlan(_) => None,
            Sort::Ipvlan { address, .. } => address.as_ref(),
        }
    }

    /// Whether the interface below has to be set otherwise while it is there.
    pub(crate) fn changes_base(&self) -> bool {
        self.family == Family::V4 && self.mac().is_some()
    }

    /// Whether an interface of this name may be replaced: another program's with this MAC, or an ipvlan on the same
    /// interface, serves the same purpose, or did before it was killed.
    pub(crate) fn may_replace(&self, link: &Link, base: u32) -> bool {
        let serves = match self.sort {
            Sort::Macvlan(mac) => link.kind == LinkKind::Macvlan && link.mac == Some(mac.0),
            Sort::Ipvlan { .. } => link.kind == LinkKind::Ipvlan && link.base == Some(base),
        };
        is_ours(link) || serves
    }

    /// What to note about it: whose it is, and what to set the interface below back to should nobody live to do it.
    pub(crate) fn alias(&self, base: &str, before: Option<BaseSettings>) -> String {
        let had = before.map_or_else(String::new, |before| format!(" which had {}", before.describe()));
        format!("{MARK}VRID {} on {base}{had}", self.vrid)
    }

    /// How the kernel must treat the interface so that it speaks for its own addresses only.
    pub(crate) fn settings(&self) -> Vec<(InterfaceSetting, u8)> {
        use InterfaceSetting as Set;
        // Answers leave through the interface below. A strict `all` overrides 0, but not 2.
        let is_strict = Set::ReversePathFilter.read("all").is_ok_and(|all| all == 1);
        let loose = if is_strict { 2 } else { 0 };
        let v4 = [(Set::ArpIgnore, 1), (Set::ArpFilter, 0), (Set::ReversePathFilter, loose)];
        // Another host's announcement is no question: with `accept_local` the kernel would answer it.
        let v4 = v4.into_iter().chain([(Set::AcceptLocal, 0), (Set::PromoteSecondaries, 1)]);
        let more: &[_] = match (&self.sort, self.family) {
            (Sort::Macvlan(_), Family::V4) => &[(Set::ForwardIpv4, 0), (Set::DisableIpv6, 1)],
            (Sort::Macvlan(_), Family::V6) => &[
                (Set::ForwardIpv4, 0),
                (Set::ForwardIpv6, 0),
                (Set::DisableIpv6, 0),
                (Set::AddressGeneration, 1),
                (Set::AcceptRouterAdverts, 0),
                (Set::Autoconfigure, 0),
            ],
            // It never asks in the name of an address that leaves the interface below.
            (Sort::Ipvlan { .. }, Family::V4) => &[(Set::ArpAnnounce, 2), (Set::DisableIpv6, 1)],
            // Adverts come from its link-local address, unless it was given one.
            (Sort::Ipvlan { .. }, Family::V6) => &[
                (Set::ArpAnnounce, 2),
                (Set::DisableIpv6, 0),
                (Set::AddressGeneration, 0),
                (Set::AcceptRouterAdverts, 0),
                (Set::Autoconfigure, 0),
            ],
        };
        v4.chain(more.iter().copied()).collect()
    }
}

/// Whether an interface was created by this program, in whatever run.
pub(crate) fn is_ours(link: &Link) -> bool {
    let is_own_kind = matches!(link.kind, LinkKind::Macvlan | LinkKind::Ipvlan);
    is_own_kind && link.alias.as_deref().is_some_and(|alias| alias.starts_with(MARK))
}

/// Settings of an interface on which virtual ones stand, as they were before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct BaseSettings([u8; 3]);

impl BaseSettings {
    /// What they are meanwhile: it answers for its own addresses only, and never asks in the name of a virtual one,
    /// for neighbours would take its MAC for that address's.
    const MEANWHILE: [(InterfaceSetting, u8); 3] = [
        (InterfaceSetting::ArpIgnore, 1),
        (InterfaceSetting::ArpFilter, 1),
        (InterfaceSetting::ArpAnnounce, 2),
    ];

    pub(crate) fn read(base: &str) -> Option<Self> {
        let [first, second, third] = Self::MEANWHILE.map(|(setting, _)| setting.read(base).ok());
        Some(Self([first?, second?, third?]))
    }

    pub(crate) const fn arp_announce(self) -> u8 {
        let Self([.., arp_announce]) = self;
        arp_announce
    }

    /// With what another reason to set it has found.
    pub(crate) const fn with_arp_announce(self, arp_announce: u8) -> Self {
        let Self([first, second, _]) = self;
        Self([first, second, arp_announce])
    }

    /// What a former run has noted.
    pub(crate) fn noted(link: &Link) -> Option<Self> {
        let alias = link.alias.as_deref()?;
        let value = |name: &str| {
            let words = &mut alias.split_whitespace();
            words.find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
        };
        let [first, second, third] = Self::MEANWHILE.map(|(setting, _)| value(setting.key()));
        Some(Self([first?, second?, third?]))
    }

    fn describe(self) -> String {
        let pairs = Self::MEANWHILE.iter().zip(self.0);
        pairs
            .map(|((setting, _), before)| format!("{}={before}", setting.key()))
            .collect::<Vec<_>>()
            .join(" ")
    }

    /// What to set while virtual interfaces are there.
    pub(crate) const fn meanwhile() -> [(InterfaceSetting, u8); 3] {
        Self::MEANWHILE
    }

    /// What to set afterwards.
    pub(crate) fn afterwards(self) -> impl Iterator<Item = (InterfaceSetting, u8)> {
        Self::MEANWHILE.into_iter().zip(self.0).map(|((setting, _), before)| (setting, before))
    }
}

#[cfg(test)]
mod tests {
    use keepwatch_system::netlink::LinkEvent;

    use super::*;

    fn link(alias: Option<&str>) -> Link {
        Link {
            index: 7,
            name: "vrrp.51".to_owned(),
            up: true,
            running: true,
            mac: Some([0, 0, 0x5e, 0, 1, 51]),
            kind: LinkKind::Macvlan,
            base: Some(2),
            alias: alias.map(str::to_owned),
            event: LinkEvent::None,
        }
    }

    fn ours() -> VirtualLink {
        let vrid = Vrid::new(51).unwrap();
        let mac = MacAddress::of_virtual_router(Family::V4, vrid);
        VirtualLink::new(InterfaceId(0), RouterId(0), vrid, Family::V4, Sort::Macvlan(mac))
    }

    fn ipvlan() -> VirtualLink {
        let sort = Sort::Ipvlan { address: None, reach: IpvlanReach::Bridge };
        VirtualLink { sort, ..ours() }
    }

    #[test]
    fn what_is_noted_is_read_back() {
        let before = BaseSettings([0, 3, 2]);
        let alias = ours().alias("eth0", Some(before));
        assert_eq!(alias, "keepwatch: VRID 51 on eth0 which had arp_ignore=0 arp_filter=3 arp_announce=2");
        let link = link(Some(&alias));
        assert!(is_ours(&link));
        assert_eq!(BaseSettings::noted(&link), Some(before));
    }

    #[test]
    fn only_what_serves_this_purpose_is_replaced() {
        let of_another_mac = |link| Link { mac: Some([2, 0, 0, 0, 0, 1]), ..link };
        assert!(ours().may_replace(&link(None), 2));
        assert!(!ours().may_replace(&of_another_mac(link(None)), 2));
        assert!(ours().may_replace(&of_another_mac(link(Some("keepwatch: VRID 7 on eth0"))), 2));
        assert!(!ours().may_replace(&Link { kind: LinkKind::Other, ..link(Some("keepwatch: ")) }, 2));
        let left = Link { kind: LinkKind::Ipvlan, ..link(None) };
        assert!(ipvlan().may_replace(&left, 2));
        assert!(!ipvlan().may_replace(&left, 3));
        assert!(!ipvlan().may_replace(&link(None), 2));
        assert!(!ours().may_replace(&left, 2));
        assert_eq!(BaseSettings::noted(&link(Some("keepwatch: VRID 7 on eth0"))), None);
        assert_eq!(BaseSettings::noted(&link(None)), None);
    }
}
