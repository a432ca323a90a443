//! Gratuitous ARP (RFC 826, RFC 5227 §3).

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use super::ethernet::{ETHERTYPE_ARP, Ethernet};
use crate::scalar::MacAddress;

/// Ethernet, IPv4, address lengths 6 and 4: the only ARP there is here.
const PREAMBLE: [u8; 6] = [0, 1, 0x08, 0x00, 6, 4];
const REQUEST: u16 = 1;

/// An ARP packet for IPv4 over Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ArpPacket {
    /// 1 request, 2 reply.
    pub operation: u16,
    /// Sender's hardware address.
    pub sender_mac: MacAddress,
    /// Sender's protocol address.
    pub sender: Ipv4Addr,
    /// Target's hardware address.
    pub target_mac: MacAddress,
    /// Target's protocol address.
    pub target: Ipv4Addr,
}

impl ArpPacket {
    /// Reads what follows the Ethernet header; `None` if it is not ARP for IPv4 over Ethernet.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let rest = octets.strip_prefix(&PREAMBLE)?;
        let (operation, rest) = rest.split_first_chunk::<2>()?;
        let (sender_mac, rest) = rest.split_first_chunk::<6>()?;
        let (sender, rest) = rest.split_first_chunk::<4>()?;
        let (target_mac, rest) = rest.split_first_chunk::<6>()?;
        let (target, _) = rest.split_first_chunk::<4>()?;
        Some(Self {
            operation: u16::from_be_bytes(*operation),
            sender_mac: MacAddress(*sender_mac),
            sender: Ipv4Addr::from(*sender),
            target_mac: MacAddress(*target_mac),
            target: Ipv4Addr::from(*target),
        })
    }

    /// Whether the packet announces its sender's own address to everybody.
    #[must_use]
    pub fn is_gratuitous(&self) -> bool {
        self.sender == self.target
    }
}

/// Appends the frame that tells every neighbour that `address` is at `mac` now: a broadcast ARP *request* whose
/// sender and target are `address`, with the broadcast address as target hardware, as keepalived sends it.
pub fn gratuitous_arp(out: &mut Vec<u8>, mac: MacAddress, address: Ipv4Addr) {
    Ethernet { destination: MacAddress::BROADCAST, source: mac, ethertype: ETHERTYPE_ARP }.emit(out);
    out.extend_from_slice(&PREAMBLE);
    out.extend_from_slice(&REQUEST.to_be_bytes());
    out.extend_from_slice(&mac.0);
    out.extend_from_slice(&address.octets());
    out.extend_from_slice(&MacAddress::BROADCAST.0);
    out.extend_from_slice(&address.octets());
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress([0x02, 0, 0, 0, 0, 0x0a]);
    const VIP: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 30);

    #[test]
    fn construct_over_a_dirty_buffer() {
        let mut out = alloc::vec![0xa5];
        gratuitous_arp(&mut out, MAC, VIP);
        #[rustfmt::skip]
        let expected = [
            0xa5,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x0a, 0x08, 0x06,
            0, 1, 0x08, 0x00, 6, 4, 0, 1,
            0x02, 0, 0, 0, 0, 0x0a, 10, 1, 1, 30,
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 1, 1, 30,
        ];
        assert_eq!(out, expected);
    }

    #[test]
    fn what_is_emitted_is_read_back() {
        let mut out = Vec::new();
        gratuitous_arp(&mut out, MAC, VIP);
        let (header, rest) = Ethernet::parse(&out).unwrap();
        assert_eq!(header.ethertype, ETHERTYPE_ARP);
        let packet = ArpPacket::parse(rest).unwrap();
        assert_eq!((packet.sender, packet.sender_mac, packet.operation), (VIP, MAC, 1));
        assert!(packet.is_gratuitous());
    }

    #[test]
    fn short_or_foreign_packets_are_no_arp() {
        assert_eq!(ArpPacket::parse(&[0, 1, 0x08, 0x00, 6, 4, 0, 1]), None);
        assert_eq!(ArpPacket::parse(&[0; 28]), None);
    }
}
