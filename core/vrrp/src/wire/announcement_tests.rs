//! Announcements against those that real peers sent: `testdata/README.md`.

use alloc::vec::Vec;
use core::net::Ipv6Addr;

use super::*;

const GOLDEN: &str = include_str!("../../testdata/announcements.hex");

fn golden(name: &str) -> Vec<u8> {
    let line = GOLDEN.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')).expect(name);
    let digit = |d: u8| u8::try_from(char::from(d).to_digit(16).unwrap()).unwrap();
    line.as_bytes().chunks(2).map(|pair| pair.iter().fold(0, |octet, &d| octet << 4 | digit(d))).collect()
}

#[test]
fn gratuitous_arp_is_what_keepalived_and_frr_send() {
    for name in ["keepalived-garp", "frr-garp"] {
        let golden = golden(name);
        let (ethernet, rest) = Ethernet::parse(&golden).unwrap();
        let arp = ArpPacket::parse(rest).unwrap();
        assert!(arp.is_gratuitous(), "{name}");
        let mut ours = Vec::new();
        gratuitous_arp(&mut ours, ethernet.source, arp.sender);
        assert_eq!(ours, golden, "{name}");
    }
}

#[test]
fn neighbour_advertisement_is_what_keepalived_and_frr_send() {
    for (name, flag) in [("keepalived-na", RouterFlag::Host), ("frr-na", RouterFlag::Router)] {
        let golden = golden(name);
        let (ethernet, rest) = Ethernet::parse(&golden).unwrap();
        let heard = NeighbourAdvert::parse(rest).unwrap();
        assert_eq!(heard.target, "fe80::30".parse::<Ipv6Addr>().unwrap(), "{name}");
        assert_eq!(heard.mac, Some(ethernet.source), "{name}");
        let mut ours = Vec::new();
        unsolicited_neighbour_advert(&mut ours, ethernet.source, heard.target, flag);
        assert_eq!(ours, golden, "{name}");
    }
}
