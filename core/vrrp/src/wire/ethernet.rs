//! The Ethernet header of announcements.

use alloc::vec::Vec;

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
