//! Interfaces that instances have of their own: macvlans with a virtual MAC, and ipvlans.

use std::fmt;
use std::net::IpAddr;

use keepwatch_vrrp::MacAddress;

use super::{InterfaceName, Lifetime, VirtualAddress};

/// An interface of an instance's own, which stands on the instance's interface and is created and removed with the
/// instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnInterface {
    /// `use_vmac`.
    VirtualMac(VirtualMac),
    /// `use_ipvlan`.
    Ipvlan(Ipvlan),
}

impl OwnInterface {
    /// Its name; unique.
    #[must_use]
    pub const fn name(&self) -> &InterfaceName {
        match self {
            Self::VirtualMac(vmac) => &vmac.interface,
            Self::Ipvlan(ipvlan) => &ipvlan.interface,
        }
    }
}

/// A MAC that goes with the virtual router from host to host, on a macvlan. Addresses of the instance's family go there
/// unless they name yet another interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VirtualMac {
    /// The macvlan; unique.
    pub interface: InterfaceName,
    /// Its MAC: the virtual router's (RFC 9568 §7.3) or one of the user's choice.
    pub mac: MacAddress,
    /// Which MAC adverts come from.
    pub adverts: VmacAdverts,
}

/// Which MAC the adverts of an instance with a virtual one come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VmacAdverts {
    /// The virtual one.
    FromVmac,
    /// That of the instance's interface (`vmac_xmit_base`); so always with unicast.
    FromBase,
}

/// An ipvlan that the adverts of an instance come from. Virtual addresses stay on the instance's interface, as
/// keepalived's do, unless they name the ipvlan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ipvlan {
    /// The ipvlan; unique.
    pub interface: InterfaceName,
    /// Its address, with the prefix length: of the instance's family. Without one, which only IPv6 can do, it has its
    /// link-local address alone.
    pub address: Option<(IpAddr, u8)>,
    /// How it reaches other ipvlans on the same interface.
    pub mode: IpvlanMode,
}

impl Ipvlan {
    /// How its address is put in place: as keepalived does it, so that nobody asks from a whole IPv6 address.
    #[must_use]
    pub fn placed_address(&self) -> Option<VirtualAddress> {
        let (address, prefix_len) = self.address?;
        let preferred_lifetime = match address {
            IpAddr::V4(_) => Lifetime::Forever,
            IpAddr::V6(_) => Lifetime::of_prefix(prefix_len),
        };
        Some(VirtualAddress { preferred_lifetime, ..VirtualAddress::plain(address, prefix_len) })
    }
}

/// How ipvlans on one interface reach each other; the same for all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IpvlanMode {
    /// Within the host.
    #[default]
    Bridge,
    /// Not at all.
    Private,
    /// Through the switch, if that sends back.
    Vepa,
}

impl IpvlanMode {
    /// All of them, by keepalived's words.
    pub(crate) const WORDS: [(&'static str, Self); 3] =
        [("bridge", Self::Bridge), ("private", Self::Private), ("vepa", Self::Vepa)];
}

/// As keepalived writes it.
impl fmt::Display for IpvlanMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bridge => "bridge",
            Self::Private => "private",
            Self::Vepa => "vepa",
        })
    }
}
