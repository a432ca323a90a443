//! Parameters of virtual routers as scenarios use them, and the addresses of the hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keepwatch_vrrp::wire::ALL_VRRP_ROUTERS_V6;
use keepwatch_vrrp::{AdvertInterval, Destination, Family, MacAddress, Params, Priority, Version, Vrid};

use crate::host::HostId;

/// Version 2, VRID 51, 1 s, 10.1.1.30: the pair everybody has.
///
/// # Panics
///
/// At priority zero.
#[must_use]
pub fn version_2(priority: u8) -> Params {
    let vrid = Vrid::new(51).expect("not zero");
    let priority = Priority::new(priority).expect("a priority is 1 to 255");
    Params {
        addresses: vec![vip(Family::V4, 30)],
        advertised: 1,
        ..Params::new(vrid, Version::V2, Family::V4, priority)
    }
}

/// The same in version 3, with an interval in centiseconds.
///
/// # Panics
///
/// At priority or interval zero.
#[must_use]
pub fn version_3(priority: u8, centis: u16) -> Params {
    let interval = AdvertInterval::from_centis(centis).expect("an interval is 1 to 4095");
    Params { version: Version::V3, interval, ..version_2(priority) }
}

/// The same over IPv6, with fe80::30.
///
/// # Panics
///
/// At priority or interval zero.
#[must_use]
pub fn ipv6(priority: u8, centis: u16) -> Params {
    Params {
        family: Family::V6,
        destination: Destination::Multicast { group: ALL_VRRP_ROUTERS_V6.into() },
        addresses: vec![vip(Family::V6, 0x30)],
        ..version_3(priority, centis)
    }
}

/// A virtual address: 10.1.1.`number`, fe80::`number`.
#[must_use]
pub fn vip(family: Family, number: u8) -> IpAddr {
    match family {
        Family::V4 => Ipv4Addr::new(10, 1, 1, number).into(),
        Family::V6 => Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, number.into()).into(),
    }
}

/// A host's own address: 10.1.1.10 and fe80::a for the first, counting up.
///
/// # Panics
///
/// For more hosts than fit below the virtual addresses.
#[must_use]
pub fn source(host: HostId, family: Family) -> IpAddr {
    let number = u8::try_from(host.0).ok().filter(|&number| number < 20).expect("at most 20 hosts");
    vip(family, 10 + number)
}

/// The hardware address of a host: 02:00:00:00:00:0a for the first, counting up.
///
/// # Panics
///
/// For more hosts than there are addresses.
#[must_use]
pub fn mac(host: HostId) -> MacAddress {
    let number = u8::try_from(host.0).ok().filter(|&number| number < 20).expect("at most 20 hosts");
    MacAddress([2, 0, 0, 0, 0, 10 + number])
}

/// The same with so many addresses, counting up from the one that everybody has.
#[must_use]
pub fn with_addresses(count: u8, params: Params) -> Params {
    let first = match params.family {
        Family::V4 => 30,
        Family::V6 => 0x30,
    };
    let addresses = (0..count).map(|number| vip(params.family, first + number)).collect();
    Params { addresses, advertised: count.into(), ..params }
}
