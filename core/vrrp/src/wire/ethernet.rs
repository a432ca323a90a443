//! The Ethernet header of announcements, and of adverts from a virtual MAC.

use alloc::vec::Vec;
use core::net::IpAddr;

use crate::scalar::MacAddress;

/// EtherType of ARP.
pub const ETHERTYPE_ARP: u16 = 0x0806;
/// EtherType of IPv4.
pub const ETHERTYPE_IPV4: u16 = 0x0800;
/// EtherType of IPv6.
pub const ETHERTYPE_IPV6: u16 = 0x86dd;

/// An Ethernet II header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ethernet {
    /// Receiver.
    pub destination: MacAddress,
    /// Sender.
    pub source: MacAddress,
    /// What follows.
    pub ethertype: u16,
}

impl Ethernet {
    /// Appends the header.
    pub fn emit(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.destination.0);
        out.extend_from_slice(&self.source.0);
        out.extend_from_slice(&self.ethertype.to_be_bytes());
    }

    /// Reads a header; gives it and the octets that follow, `None` if there are fewer than 14.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<(Self, &[u8])> {
        let (destination, rest) = octets.split_first_chunk::<6>()?;
        let (source, rest) = rest.split_first_chunk::<6>()?;
        let (ethertype, rest) = rest.split_first_chunk::<2>()?;
        let header = Self {
            destination: MacAddress(*destination),
            source: MacAddress(*source),
            ethertype: u16::from_be_bytes(*ethertype),
        };
        Some((header, rest))
    }
}

/// Where frames to a multicast group go (RFC 1112 §6.4, RFC 2464 §7).
#[must_use]
pub const fn multicast_mac(group: IpAddr) -> MacAddress {
    match group {
        IpAddr::V4(group) => {
            let [_, b, c, d] = group.octets();
            MacAddress([0x01, 0x00, 0x5e, b & 0x7f, c, d])
        }
        IpAddr::V6(group) => {
            let [.., a, b, c, d] = group.octets();
            MacAddress([0x33, 0x33, a, b, c, d])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6};

    #[test]
    fn groups_have_their_frames_address() {
        let mac = |group: IpAddr| alloc::format!("{}", multicast_mac(group));
        assert_eq!(mac(ALL_VRRP_ROUTERS_V4.into()), "01:00:5e:00:00:12");
        assert_eq!(mac(ALL_VRRP_ROUTERS_V6.into()), "33:33:00:00:00:12");
        assert_eq!(mac([239, 129, 2, 3].into()), "01:00:5e:01:02:03");
    }
}
