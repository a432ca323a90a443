//! Neighbour advertisements and solicitations (RFC 4861 §4.3, §4.4, §7.2.6).

use alloc::vec::Vec;
use core::net::{IpAddr, Ipv6Addr};

use super::checksum::Checksum;
use super::ethernet::{ETHERTYPE_IPV6, Ethernet};
use super::ip::{IpSend, emit_ip, parse_ip};
use crate::scalar::MacAddress;

const ICMPV6: u8 = 58;
const NEIGHBOUR_SOLICITATION: u8 = 135;
const NEIGHBOUR_ADVERTISEMENT: u8 = 136;
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
const MESSAGE_LEN: usize = 32;
const OVERRIDE: u8 = 0x20;
const ROUTER: u8 = 0x80;
const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
const ALL_NODES_MAC: MacAddress = MacAddress([0x33, 0x33, 0, 0, 0, 1]);

/// Whether the sender says that it is a router (the R flag): so on a host that forwards IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RouterFlag {
    /// The host forwards.
    Router,
    /// It does not.
    Host,
}

/// Appends the frame that tells every neighbour that `address` is at `mac` now: a neighbour advertisement to
/// ff02::1, not solicited, with the override flag, from `address` itself (RFC 9568 §6.4.2: unsolicited, with
/// router flag, override flag, and the target link-layer address).
pub fn unsolicited_neighbour_advert(out: &mut Vec<u8>, mac: MacAddress, address: Ipv6Addr, flag: RouterFlag) {
    Ethernet { destination: ALL_NODES_MAC, source: mac, ethertype: ETHERTYPE_IPV6 }.emit(out);
    let header = IpSend {
        source: address.into(),
        destination: ALL_NODES.into(),
        ttl: 255,
        class: 0,
        protocol: ICMPV6,
    };
    emit_ip(out, &header, MESSAGE_LEN);
    let start = out.len();
    let flags = match flag {
        RouterFlag::Router => OVERRIDE | ROUTER,
        RouterFlag::Host => OVERRIDE,
    };
    out.extend_from_slice(&[NEIGHBOUR_ADVERTISEMENT, 0, 0, 0, flags, 0, 0, 0]);
    out.extend_from_slice(&address.octets());
    out.extend_from_slice(&[TARGET_LINK_LAYER_ADDRESS, 1]);
    out.extend_from_slice(&mac.0);
    let Some(message) = out.get_mut(start..) else { return };
    let sum = Checksum::default().add(message).add_pseudo_header(
        header.source,
        header.destination,
        ICMPV6,
        message.len(),
    );
    if let Some(field) = message.get_mut(2..4) {
        field.copy_from_slice(&sum.finish().to_be_bytes());
    }
}

/// A neighbour advertisement heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourAdvert {
    /// The address it speaks for.
    pub target: Ipv6Addr,
    /// The hardware address it gives, if any.
    pub mac: Option<MacAddress>,
}

impl NeighbourAdvert {
    /// Reads an IPv6 packet; `None` if it is not a neighbour advertisement.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let message = Message::parse(octets, NEIGHBOUR_ADVERTISEMENT)?;
        let mac = match message.options.split_first_chunk::<8>() {
            Some((&[TARGET_LINK_LAYER_ADDRESS, 1, a, b, c, d, e, f], _)) => {
                Some(MacAddress([a, b, c, d, e, f]))
            }
            Some(_) | None => None,
        };
        Some(Self { target: message.target, mac })
    }
}

/// A neighbour solicitation heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeighbourSolicitation {
    /// The address asked for.
    pub target: Ipv6Addr,
    /// Who asks; unspecified while a host looks whether it may take `target` itself (RFC 4862 §5.4.2).
    pub source: Ipv6Addr,
}

impl NeighbourSolicitation {
    /// Reads an IPv6 packet; `None` if it is not a neighbour solicitation.
    #[must_use]
    pub fn parse(octets: &[u8]) -> Option<Self> {
        let message = Message::parse(octets, NEIGHBOUR_SOLICITATION)?;
        Some(Self { target: message.target, source: message.source })
    }
}

/// What advertisements and solicitations have in common.
struct Message<'a> {
    source: Ipv6Addr,
    target: Ipv6Addr,
    options: &'a [u8],
}

impl<'a> Message<'a> {
    fn parse(octets: &'a [u8], expected: u8) -> Option<Self> {
        let packet = parse_ip(octets).ok()?;
        let IpAddr::V6(source) = packet.source else { return None };
        // RFC 4861 §7.1: one that passed a router is no neighbour's.
        if packet.protocol != ICMPV6 || packet.ttl != 255 {
            return None;
        }
        let (&[kind, code, _, _, _, _, _, _], rest) = packet.payload.split_first_chunk::<8>()?;
        if kind != expected || code != 0 {
            return None;
        }
        let (target, options) = rest.split_first_chunk::<16>()?;
        Some(Self { source, target: Ipv6Addr::from(*target), options })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: MacAddress = MacAddress([0x02, 0, 0, 0, 0, 0x0a]);

    #[test]
    fn construct_with_override_and_link_layer_address() {
        let vip: Ipv6Addr = "fd00:1::30".parse().unwrap();
        let mut out = Vec::new();
        unsolicited_neighbour_advert(&mut out, MAC, vip, RouterFlag::Router);
        assert_eq!(out.len(), 14 + 40 + 32);
        assert_eq!(out.get(..14).unwrap(), [0x33, 0x33, 0, 0, 0, 1, 2, 0, 0, 0, 0, 0x0a, 0x86, 0xdd]);
        let message = out.get(54..).unwrap();
        assert_eq!(message.get(..2).unwrap(), [136, 0]);
        assert_eq!(message.get(4..8).unwrap(), [0xa0, 0, 0, 0]);
        assert_eq!(message.get(24..).unwrap(), [2, 1, 2, 0, 0, 0, 0, 0x0a]);
        let sum = Checksum::default().add(message).add_pseudo_header(
            vip.into(),
            ALL_NODES.into(),
            ICMPV6,
            message.len(),
        );
        assert_eq!(sum.finish(), 0);
        let read = NeighbourAdvert::parse(out.get(14..).unwrap()).unwrap();
        assert_eq!(read, NeighbourAdvert { target: vip, mac: Some(MAC) });
    }

    #[test]
    fn a_host_does_not_claim_to_be_a_router() {
        let mut out = Vec::new();
        unsolicited_neighbour_advert(&mut out, MAC, Ipv6Addr::LOCALHOST, RouterFlag::Host);
        assert_eq!(out.get(58), Some(&0x20));
    }
}
