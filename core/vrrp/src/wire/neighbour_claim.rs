//! Frames by which another host speaks for an address: ARP and neighbour discovery.

use core::net::IpAddr;

use super::arp::ArpPacket;
use super::ethernet::{ETHERTYPE_ARP, ETHERTYPE_IPV6, Ethernet};
use super::ndp::{NeighbourAdvert, NeighbourSolicitation};
use crate::scalar::MacAddress;

/// A neighbour's claim to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourClaim {
    /// The address claimed.
    pub address: IpAddr,
    /// Whose hardware address goes with it.
    pub mac: MacAddress,
    /// In which way.
    pub how: Claimed,
}

/// How an address is claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// Announced to everybody: a gratuitous ARP (request or reply, RFC 5227 §3), or a neighbour advertisement.
    Announced,
    /// Used: an ARP packet about another address has it as sender. Whoever hears it learns it, too.
    Used,
    /// Looked for before being taken: a solicitation of duplicate address detection (RFC 4862 §5.4.2). Whoever
    /// has the address and answers keeps the other from it.
    Probed,
}

impl NeighbourClaim {
    /// Reads a frame; `None` if it claims no address.
    #[must_use]
    pub fn parse(frame: &[u8]) -> Option<Self> {
        let (ethernet, payload) = Ethernet::parse(frame)?;
        match ethernet.ethertype {
            ETHERTYPE_ARP => {
                let arp = ArpPacket::parse(payload)?;
                let how = if arp.is_gratuitous() { Claimed::Announced } else { Claimed::Used };
                Some(Self { address: arp.sender.into(), mac: arp.sender_mac, how })
            }
            ETHERTYPE_IPV6 => {
                if let Some(advert) = NeighbourAdvert::parse(payload) {
                    let mac = advert.mac.unwrap_or(ethernet.source);
                    return Some(Self { address: advert.target.into(), mac, how: Claimed::Announced });
                }
                let probe = NeighbourSolicitation::parse(payload).filter(|s| s.source.is_unspecified())?;
                Some(Self { address: probe.target.into(), mac: ethernet.source, how: Claimed::Probed })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::{RouterFlag, gratuitous_arp, unsolicited_neighbour_advert};

    const MAC: MacAddress = MacAddress([0x02, 0, 0, 0, 0, 0x14]);

    #[test]
    fn a_gratuitous_arp_announces_whether_request_or_reply() {
        let mut frame = Vec::new();
        gratuitous_arp(&mut frame, MAC, [10, 1, 1, 30].into());
        let expected =
            NeighbourClaim { address: IpAddr::from([10, 1, 1, 30]), mac: MAC, how: Claimed::Announced };
        assert_eq!(NeighbourClaim::parse(&frame), Some(expected));
        // The second octet of the operation: 2, a reply.
        *frame.get_mut(21).unwrap() = 2;
        assert_eq!(NeighbourClaim::parse(&frame), Some(expected));
    }

    #[test]
    fn an_arp_request_about_another_address_uses_its_senders() {
        let mut frame = Vec::new();
        gratuitous_arp(&mut frame, MAC, [10, 1, 1, 30].into());
        // The last octet of the target's address.
        *frame.get_mut(41).unwrap() = 1;
        let how = NeighbourClaim::parse(&frame).map(|claim| (claim.address, claim.how));
        assert_eq!(how, Some((IpAddr::from([10, 1, 1, 30]), Claimed::Used)));
    }

    #[test]
    fn a_neighbour_advertisement_announces() {
        let mut frame = Vec::new();
        let vip = "fd00:1::30".parse().unwrap();
        unsolicited_neighbour_advert(&mut frame, MAC, vip, RouterFlag::Host);
        let expected = NeighbourClaim { address: vip.into(), mac: MAC, how: Claimed::Announced };
        assert_eq!(NeighbourClaim::parse(&frame), Some(expected));
        // One that passed a router does not: hop limit 254.
        *frame.get_mut(14 + 7).unwrap() = 254;
        assert_eq!(NeighbourClaim::parse(&frame), None);
    }

    #[test]
    fn a_solicitation_probes_only_from_nobody() {
        let mut frame = Vec::new();
        let vip: core::net::Ipv6Addr = "fd00:1::30".parse().unwrap();
        unsolicited_neighbour_advert(&mut frame, MAC, vip, RouterFlag::Host);
        *frame.get_mut(54).unwrap() = 135;
        // From the address itself: an ordinary question.
        assert_eq!(NeighbourClaim::parse(&frame), None);
        frame.get_mut(22..38).unwrap().fill(0);
        let expected = NeighbourClaim { address: vip.into(), mac: MAC, how: Claimed::Probed };
        assert_eq!(NeighbourClaim::parse(&frame), Some(expected));
    }

    #[test]
    fn other_frames_claim_nothing() {
        assert_eq!(NeighbourClaim::parse(&[]), None);
        assert_eq!(NeighbourClaim::parse(&[0; 60]), None);
    }
}
