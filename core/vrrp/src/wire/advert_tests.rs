//! Deconstruct, construct, parse, emit; every refusal; and octets that real peers sent.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::scalar::Priority;
use crate::wire::{ALL_VRRP_ROUTERS_V4, ALL_VRRP_ROUTERS_V6, parse_ip};

const H1: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 10));
const GROUP: IpAddr = IpAddr::V4(ALL_VRRP_ROUTERS_V4);
const VIP: [u8; 4] = [10, 1, 1, 30];

/// The seed's advertisement: VRRPv2, vrid 51, prio 101, authtype simple, intvl 1s, length 20.
const SEED: [u8; 20] = [0x21, 51, 101, 1, 1, 1, 0x0b, 0x49, 10, 1, 1, 30, b'1', b'1', b'1', b'1', 0, 0, 0, 0];

fn seed_advert() -> Advert<'static> {
    Advert {
        version: Version::V2,
        vrid: Vrid::new(51).unwrap(),
        claim: Claim::Holds(Priority::new(101).unwrap()),
        interval: AdvertInterval::DEFAULT,
        addresses: AddressList::new(Family::V4, &VIP),
        auth: Auth::Simple(*b"1111\0\0\0\0"),
    }
}

fn v3_advert() -> Advert<'static> {
    Advert { version: Version::V3, auth: Auth::None, ..seed_advert() }
}

fn emitted(advert: &Advert<'_>, form: ChecksumForm) -> Vec<u8> {
    let mut out = vec![0xa5, 0xa5];
    advert.emit(&mut out, H1, GROUP, form);
    out.split_off(2)
}

#[test]
fn the_seed_advert_is_emitted_octet_by_octet() {
    assert_eq!(emitted(&seed_advert(), ChecksumForm::MessageOnly), SEED);
}

#[test]
fn the_seed_advert_is_read_back() {
    assert_eq!(Advert::parse(&SEED, H1, GROUP), Ok((seed_advert(), ChecksumForm::MessageOnly)));
}

#[test]
fn version_2_without_authentication_still_carries_eight_zero_octets() {
    let advert = Advert { auth: Auth::None, ..seed_advert() };
    let octets = emitted(&advert, ChecksumForm::WithPseudoHeader);
    assert_eq!(octets.len(), 20);
    assert_eq!(octets.get(12..).unwrap(), [0; 8]);
    assert_eq!(Advert::parse(&octets, H1, GROUP), Ok((advert, ChecksumForm::MessageOnly)));
}

#[test]
fn version_3_over_ipv4_is_accepted_with_both_checksum_forms() {
    for form in [ChecksumForm::WithPseudoHeader, ChecksumForm::MessageOnly] {
        let octets = emitted(&v3_advert(), form);
        assert_eq!(octets.get(..6).unwrap(), [0x31, 51, 101, 1, 0, 100]);
        assert_eq!(octets.len(), 12);
        assert_eq!(Advert::parse(&octets, H1, GROUP), Ok((v3_advert(), form)));
    }
}

#[test]
fn ten_milliseconds_are_one_centisecond_on_the_wire() {
    let advert = Advert { interval: AdvertInterval::from_centis(1).unwrap(), ..v3_advert() };
    let octets = emitted(&advert, ChecksumForm::WithPseudoHeader);
    assert_eq!(octets.get(4..6).unwrap(), [0, 1]);
    let slow = Advert { interval: AdvertInterval::from_centis(4095).unwrap(), ..v3_advert() };
    assert_eq!(emitted(&slow, ChecksumForm::WithPseudoHeader).get(4..6).unwrap(), [0x0f, 0xff]);
}

#[test]
fn ipv6_always_sums_the_pseudo_header() {
    let source: IpAddr = "fe80::1".parse().unwrap();
    let group = IpAddr::V6(ALL_VRRP_ROUTERS_V6);
    let vips: Vec<u8> =
        ["fe80::30", "fd00:1::30"].iter().flat_map(|vip| vip.parse::<Ipv6Addr>().unwrap().octets()).collect();
    let advert = Advert { addresses: AddressList::new(Family::V6, &vips), ..v3_advert() };
    let mut octets = Vec::new();
    advert.emit(&mut octets, source, group, ChecksumForm::MessageOnly);
    assert_eq!(octets.len(), 8 + 32);
    let (read, form) = Advert::parse(&octets, source, group).unwrap();
    assert_eq!((read, form), (advert, ChecksumForm::WithPseudoHeader));
    let read: Vec<IpAddr> = read.addresses.iter().collect();
    assert_eq!(read, ["fe80::30".parse::<IpAddr>().unwrap(), "fd00:1::30".parse().unwrap()]);
}

#[test]
fn an_advert_without_addresses_is_legal() {
    let advert = Advert { addresses: AddressList::new(Family::V4, &[]), ..seed_advert() };
    let octets = emitted(&advert, ChecksumForm::MessageOnly);
    assert_eq!(octets.len(), 16);
    assert!(Advert::parse(&octets, H1, GROUP).unwrap().0.addresses.is_empty());
}

#[test]
fn zero_padding_behind_the_message_is_ignored_and_anything_else_is_not() {
    let mut padded = SEED.to_vec();
    padded.resize(46, 0);
    assert_eq!(Advert::parse(&padded, H1, GROUP).map(|(advert, _)| advert), Ok(seed_advert()));
    padded.push(1);
    assert!(matches!(Advert::parse(&padded, H1, GROUP), Err(Malformed::Length { .. })));
}

#[test]
fn each_damage_has_its_reason() {
    let with = |index: usize, value: u8| {
        let mut octets = SEED;
        *octets.get_mut(index).unwrap() = value;
        Advert::parse(&octets, H1, GROUP).map(|_| ()).unwrap_err()
    };
    assert_eq!(with(0, 0x41), Malformed::Version(4));
    assert_eq!(with(0, 0x22), Malformed::Type(2));
    assert_eq!(with(1, 0), Malformed::Vrid);
    assert_eq!(with(2, 102), Malformed::Checksum);
    assert_eq!(with(3, 2), Malformed::Length { count: 2, expected: 24, length: 20 });
    // No address: what was one is read as the password, and the rest is zero like padding.
    assert_eq!(with(3, 0), Malformed::Checksum);
    assert_eq!(with(8, 11), Malformed::Checksum);
    assert_eq!(Advert::parse(&SEED[..7], H1, GROUP).unwrap_err(), Malformed::TooShort { length: 7 });
    assert_eq!(Advert::parse(&[], H1, GROUP).unwrap_err(), Malformed::TooShort { length: 0 });
    let v6 = "fe80::1".parse().unwrap();
    let group = IpAddr::V6(ALL_VRRP_ROUTERS_V6);
    assert_eq!(Advert::parse(&SEED, v6, group).unwrap_err(), Malformed::VersionFamily);
}

#[test]
fn an_interval_of_zero_is_refused() {
    // version 2, interval 0: the checksum grows by the one that the interval lost
    let mut octets = SEED;
    *octets.get_mut(5).unwrap() = 0;
    *octets.get_mut(7).unwrap() = 0x4a;
    assert_eq!(Advert::parse(&octets, H1, GROUP).unwrap_err(), Malformed::Interval);
}

#[test]
fn an_unknown_authentication_type_is_kept_for_the_log() {
    let advert = Advert { auth: Auth::Other(2), ..seed_advert() };
    let octets = emitted(&advert, ChecksumForm::MessageOnly);
    assert_eq!(Advert::parse(&octets, H1, GROUP).unwrap().0.auth, Auth::Other(2));
}

#[test]
fn the_password_does_not_show() {
    assert_eq!(alloc::format!("{:?}", seed_advert().auth), "Simple(***)");
}

#[test]
fn reserved_bits_of_version_3_are_ignored_on_receipt() {
    let mut octets = emitted(&v3_advert(), ChecksumForm::MessageOnly);
    // RFC 9568 §5.2.6: reserved, "MUST be set to zero on transmission and ignored on reception".
    *octets.get_mut(4).unwrap() |= 0xf0;
    let field = octets.get_mut(6..8).unwrap();
    field.fill(0);
    let sum = Checksum::default().add(&octets).finish();
    octets.get_mut(6..8).unwrap().copy_from_slice(&sum.to_be_bytes());
    let read = Advert::parse(&octets, H1, GROUP);
    assert_eq!(read.map(|(advert, _)| advert.interval), Ok(AdvertInterval::DEFAULT));
}

/// Packets captured from real peers: `testdata/README.md` says from which and how.
const GOLDEN: &str = include_str!("../../testdata/adverts.hex");

fn golden() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    GOLDEN.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).map(|line| {
        let (name, hex) = line.split_once(' ').unwrap();
        let digits: Vec<u8> =
            hex.bytes().map(|d| char::from(d).to_digit(16).unwrap().try_into().unwrap()).collect();
        (name, digits.chunks(2).map(|pair| pair.iter().fold(0, |octet, digit| octet << 4 | digit)).collect())
    })
}

#[test]
fn golden_packets_are_read_and_emitted_again_octet_by_octet() {
    let mut seen = 0;
    for (name, packet) in golden() {
        let ip = parse_ip(&packet).unwrap();
        assert_eq!((ip.ttl, ip.protocol), (255, VRRP_PROTOCOL), "{name}");
        let (advert, form) = Advert::parse(ip.payload, ip.source, ip.destination).expect(name);
        assert_eq!(advert.vrid.get(), 51, "{name}");
        let mut again = Vec::new();
        advert.emit(&mut again, ip.source, ip.destination, form);
        assert_eq!(again, ip.payload, "{name}");
        seen += 1;
    }
    assert!(seen >= 7, "only {seen} golden packets");
}

#[test]
fn golden_packets_say_what_their_senders_were_told_to_send() {
    let table = [
        // name, version, priority (0: leaving), centiseconds, addresses, form
        ("keepalived-v2-pass", Version::V2, 101, 100, 1, ChecksumForm::MessageOnly),
        ("keepalived-v2-pass-leaving", Version::V2, 0, 100, 1, ChecksumForm::MessageOnly),
        ("keepalived-v2-no-auth", Version::V2, 101, 100, 2, ChecksumForm::MessageOnly),
        ("keepalived-v3", Version::V3, 101, 50, 1, ChecksumForm::WithPseudoHeader),
        ("keepalived-v6", Version::V3, 101, 100, 2, ChecksumForm::WithPseudoHeader),
        ("keepalived-unicast", Version::V3, 101, 100, 1, ChecksumForm::WithPseudoHeader),
        ("frr-v3", Version::V3, 101, 100, 1, ChecksumForm::WithPseudoHeader),
        ("frr-v6", Version::V3, 101, 100, 1, ChecksumForm::WithPseudoHeader),
    ];
    for (name, version, priority, centis, addresses, expected_form) in table {
        let (_, packet) = golden().find(|(golden, _)| *golden == name).expect(name);
        let ip = parse_ip(&packet).unwrap();
        let (advert, form) = Advert::parse(ip.payload, ip.source, ip.destination).expect(name);
        assert_eq!(advert.version, version, "{name}");
        assert_eq!(advert.claim.octet(), priority, "{name}");
        assert_eq!(advert.interval.to_centis(), centis, "{name}");
        assert_eq!(advert.addresses.len(), addresses, "{name}");
        assert_eq!(form, expected_form, "{name}");
    }
}
