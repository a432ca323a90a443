//! A macvlan of ours: the interface with a virtual router's MAC, on which its addresses are.
//!
//! ```text
//!   vrrp.51   00:00:5e:00:01:33   addresses; adverts, announcements and answers leave from here
//!      |
//!     eth0    the host's own MAC  adverts and claims of others are heard here
//! ```
//!
//! It is up all the time; while its router has no say, nothing may leave through it.

use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::{Egress, Link, LinkKind};
use keepwatch_vrrp::{Family, InterfaceId, MacAddress, RouterId, Vrid};

/// What is noted in the kernel about each of these interfaces begins so.
const MARK: &str = "keepwatch: ";

/// What an interface of ours should be, and what has become of it.
#[derive(Debug)]
pub(crate) struct VirtualLink {
    /// The interface it stands on.
    pub(crate) base: InterfaceId,
    /// The router whose addresses it carries.
    pub(crate) router: RouterId,
    pub(crate) vrid: Vrid,
    pub(crate) family: Family,
    pub(crate) mac: MacAddress,
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
        mac: MacAddress,
    ) -> Self {
        Self {
            base,
            router,
            vrid,
            family,
            mac,
            made: None,
            egress: Egress::Open,
            forwards: false,
            failure_told: false,
        }
    }

    /// Whether this is the interface that was created, as it was created.
    pub(crate) fn is_intact(&self, link: &Link, base: u32) -> bool {
        self.made == Some(link.index) && link.base == Some(base) && link.mac == Some(self.mac.0)
    }

    /// Whether an interface of this name may be replaced: another program's with this MAC serves the same purpose, or
    /// did before it was killed.
    pub(crate) fn may_replace(&self, link: &Link) -> bool {
        is_ours(link) || (link.kind == LinkKind::Macvlan && link.mac == Some(self.mac.0))
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
        let v4 = v4.into_iter().chain([
            (Set::AcceptLocal, 0),
            (Set::PromoteSecondaries, 1),
            (Set::ForwardIpv4, 0),
        ]);
        let v6: &[_] = match self.family {
            Family::V4 => &[(Set::DisableIpv6, 1)],
            Family::V6 => &[
                (Set::ForwardIpv6, 0),
                (Set::DisableIpv6, 0),
                (Set::AddressGeneration, 1),
                (Set::AcceptRouterAdverts, 0),
                (Set::Autoconfigure, 0),
            ],
        };
        v4.chain(v6.iter().copied()).collect()
    }
}

/// Whether an interface was created by this program, in whatever run.
pub(crate) fn is_ours(link: &Link) -> bool {
    link.kind == LinkKind::Macvlan && link.alias.as_deref().is_some_and(|alias| alias.starts_with(MARK))
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
        VirtualLink::new(InterfaceId(0), RouterId(0), vrid, Family::V4, mac)
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
        assert!(ours().may_replace(&link(None)));
        assert!(!ours().may_replace(&of_another_mac(link(None))));
        assert!(ours().may_replace(&of_another_mac(link(Some("keepwatch: VRID 7 on eth0")))));
        assert!(!ours().may_replace(&Link { kind: LinkKind::Other, ..link(Some("keepwatch: ")) }));
        assert_eq!(BaseSettings::noted(&link(Some("keepwatch: VRID 7 on eth0"))), None);
        assert_eq!(BaseSettings::noted(&link(None)), None);
    }
}
