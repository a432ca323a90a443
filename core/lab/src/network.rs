//! One of a LAN's networks: the names and addresses on it.

use std::net::{Ipv4Addr, Ipv6Addr};

/// A network by its number, from 0.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Network(pub(crate) u8);

impl Network {
    /// The switch's bridge: `br0`, `br1`, ...
    pub(crate) fn bridge(self) -> String {
        format!("br{}", self.0)
    }

    /// A host's interface: `eth0`, `eth1`, ...
    pub(crate) fn interface(self) -> String {
        format!("eth{}", self.0)
    }

    /// The port of the bridge that a host is plugged into: `h1` on the first network, `h1-1` on the next, ...
    pub(crate) fn port(self, host: &str) -> String {
        match self.0 {
            0 => host.to_owned(),
            number => format!("{host}-{number}"),
        }
    }

    /// 10.1.1.x on the first network, 10.1.2.x on the next, ...
    pub(crate) const fn address(self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(10, 1, self.third(), last)
    }

    /// fd00:1::x on the first network, fd00:2::x on the next, ... The last group reads like the IPv4 address:
    /// fd00:1::10, not fd00:1::a.
    pub(crate) fn address_v6(self, last: u8) -> Ipv6Addr {
        Ipv6Addr::new(0xfd00, decimal_as_hex(self.third()), 0, 0, 0, 0, 0, decimal_as_hex(last))
    }

    const fn third(self) -> u8 {
        self.0.saturating_add(1)
    }
}

fn decimal_as_hex(value: u8) -> u16 {
    let value = u16::from(value);
    ((value / 100) << 8) | ((value / 10 % 10) << 4) | (value % 10)
}
