//! Properties that hold for every packet and every sequence of inputs.
//!
//! The wire: nothing that comes in makes decoding panic, what is accepted is what would have been sent, and
//! one flipped bit is noticed. The state machine: see `properties/one_router.rs` and `properties/reload.rs`.

#[path = "properties/one_router.rs"]
mod one_router;
#[path = "properties/reload.rs"]
mod reload;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keepwatch_vrrp::wire::{
    AddressList, Advert, ArpPacket, Auth, ChecksumForm, Ethernet, IpSend, NeighbourAdvert, emit_ip, parse_ip,
};
use keepwatch_vrrp::{AdvertInterval, Claim, Family, Version, Vrid};
use proptest::prelude::*;

const GROUP_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(224, 0, 0, 18));
const GROUP_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0x12));
const HOST_V4: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 10));
const HOST_V6: IpAddr = IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0x0a));

/// From where to where, in one family.
fn way(family: Family) -> (IpAddr, IpAddr) {
    match family {
        Family::V4 => (HOST_V4, GROUP_V4),
        Family::V6 => (HOST_V6, GROUP_V6),
    }
}

/// An advert that can be sent, with its address list beside it because it borrows that.
#[derive(Clone, Debug)]
struct Sendable {
    version: Version,
    family: Family,
    vrid: u8,
    claim: u8,
    interval: AdvertInterval,
    list: Vec<u8>,
    auth: Auth,
    form: ChecksumForm,
}

impl Sendable {
    fn advert(&self) -> Advert<'_> {
        Advert {
            version: self.version,
            vrid: Vrid::new(self.vrid).unwrap(),
            claim: Claim::from_octet(self.claim),
            interval: self.interval,
            addresses: AddressList::new(self.family, &self.list),
            auth: self.auth,
        }
    }

    fn emit(&self) -> Vec<u8> {
        let (source, destination) = way(self.family);
        let mut octets = Vec::new();
        self.advert().emit(&mut octets, source, destination, self.form);
        octets
    }
}

fn kind() -> impl Strategy<Value = (Version, Family, AdvertInterval, Auth)> {
    let v2_auth = prop_oneof![Just(Auth::None), any::<[u8; 8]>().prop_map(Auth::Simple)];
    let v2 = (1..=255_u8, v2_auth).prop_map(|(seconds, auth)| {
        (Version::V2, Family::V4, AdvertInterval::from_seconds(seconds).unwrap(), auth)
    });
    let v3 = (prop_oneof![Just(Family::V4), Just(Family::V6)], 1..=4_095_u16).prop_map(|(family, centis)| {
        (Version::V3, family, AdvertInterval::from_centis(centis).unwrap(), Auth::None)
    });
    prop_oneof![v2, v3]
}

fn sendable() -> impl Strategy<Value = Sendable> {
    let count = prop_oneof![4 => 0..4_usize, 1 => 0..=255_usize];
    let form = prop_oneof![Just(ChecksumForm::WithPseudoHeader), Just(ChecksumForm::MessageOnly)];
    (kind(), 1..=255_u8, any::<u8>(), count, any::<u8>(), form).prop_map(
        |((version, family, interval, auth), vrid, claim, count, fill, form)| {
            let length = count * family.address_len();
            let list = (0..length).map(|n| fill.wrapping_add(u8::try_from(n % 251).unwrap())).collect();
            Sendable { version, family, vrid, claim, interval, list, auth, form }
        },
    )
}

proptest! {
    #[test]
    fn decoding_never_panics(octets in prop::collection::vec(any::<u8>(), 0..300)) {
        for (source, destination) in [way(Family::V4), way(Family::V6), (HOST_V4, HOST_V6)] {
            let _ = Advert::parse(&octets, source, destination);
        }
        let _ = parse_ip(&octets);
        let _ = ArpPacket::parse(&octets);
        let _ = NeighbourAdvert::parse(&octets);
        let _ = Ethernet::parse(&octets);
    }

    #[test]
    fn what_is_sent_is_read_back(sendable in sendable()) {
        let (source, destination) = way(sendable.family);
        let octets = sendable.emit();
        let (advert, form) = Advert::parse(&octets, source, destination).unwrap();
        prop_assert_eq!(advert, sendable.advert());
        // Only version 3 over IPv4 has a choice.
        let expected = match (sendable.version, sendable.family) {
            (Version::V2, _) => ChecksumForm::MessageOnly,
            (Version::V3, Family::V6) => ChecksumForm::WithPseudoHeader,
            (Version::V3, Family::V4) => sendable.form,
        };
        prop_assert_eq!(form, expected);
    }

    /// Octets that could be an advert and mostly are: with the checksum put right, whatever else they say.
    #[test]
    fn what_is_accepted_is_what_would_have_been_sent(
        sendable in sendable(),
        changes in prop::collection::vec((0..64_usize, any::<u8>()), 0..4),
        padding in 0..20_usize,
    ) {
        let (source, destination) = way(sendable.family);
        let mut octets = sendable.emit();
        for (at, value) in changes {
            if let Some(octet) = octets.get_mut(at) {
                *octet = value;
            }
        }
        mend(&mut octets, sendable.family);
        octets.extend(vec![0; padding]);
        if let Ok((advert, form)) = Advert::parse(&octets, source, destination) {
            let mut emitted = Vec::new();
            advert.emit(&mut emitted, source, destination, form);
            let mut meaningful = octets[..emitted.len()].to_vec();
            without_meaningless(&mut meaningful);
            without_meaningless(&mut emitted);
            prop_assert_eq!(emitted, meaningful);
        }
    }

    #[test]
    fn one_flipped_bit_is_refused(sendable in sendable(), bit in any::<prop::sample::Index>()) {
        let (source, destination) = way(sendable.family);
        let mut octets = sendable.emit();
        let bit = bit.index(octets.len() * 8);
        octets[bit / 8] ^= 1 << (bit % 8);
        let read = Advert::parse(&octets, source, destination);
        prop_assert!(read.is_err(), "bit {bit} of {octets:02x?}: {read:?}");
    }

    #[test]
    fn a_cut_message_is_refused(sendable in sendable(), length in any::<prop::sample::Index>()) {
        let (source, destination) = way(sendable.family);
        let octets = sendable.emit();
        let length = length.index(octets.len());
        prop_assert!(Advert::parse(&octets[..length], source, destination).is_err());
    }

    #[test]
    fn an_ip_header_is_read_back(
        is_v6 in any::<bool>(),
        host in any::<u16>(),
        ttl in any::<u8>(),
        protocol in any::<u8>(),
        payload in prop::collection::vec(any::<u8>(), 0..100),
        padding in 0..20_usize,
    ) {
        let (high, low) = (host.to_be_bytes()[0], host.to_be_bytes()[1]);
        let (source, destination) = if is_v6 {
            (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, host).into(), GROUP_V6)
        } else {
            (Ipv4Addr::new(10, 1, high, low).into(), GROUP_V4)
        };
        let mut octets = Vec::new();
        emit_ip(&mut octets, &IpSend { source, destination, ttl, class: 0xc0, protocol }, payload.len());
        octets.extend_from_slice(&payload);
        octets.extend(vec![0; padding]);
        let packet = parse_ip(&octets).unwrap();
        prop_assert_eq!((packet.source, packet.destination), (source, destination));
        prop_assert_eq!((packet.ttl, packet.protocol, packet.payload), (ttl, protocol, payload.as_slice()));
    }
}

/// Puts the checksum right, over the message and, for IPv6, the pseudo-header.
fn mend(octets: &mut [u8], family: Family) {
    octets[6..8].fill(0);
    let pseudo_header: Vec<u8> = match way(family) {
        (IpAddr::V6(source), IpAddr::V6(destination)) => {
            let length = u32::try_from(octets.len()).unwrap();
            [&source.octets()[..], &destination.octets(), &length.to_be_bytes(), &[0, 0, 0, 112]].concat()
        }
        _ => Vec::new(),
    };
    let sum = [&pseudo_header, &*octets].concat().chunks(2).fold(0_u32, |sum, word| {
        (sum + u32::from(word[0]) * 256 + u32::from(*word.get(1).unwrap_or(&0))) % 0xffff
    });
    octets[6..8].copy_from_slice(&(!u16::try_from(sum).unwrap()).to_be_bytes());
}

/// Blanks what carries no meaning: version 3's reserved bits, version 2's authentication data of a type that
/// has none, and the checksum, which follows from the rest.
fn without_meaningless(octets: &mut [u8]) {
    octets[6..8].fill(0);
    match (octets[0] >> 4, octets[4]) {
        (3, _) => octets[4] &= 0x0f,
        (_, 1) => {}
        (_, _) => {
            let data = octets.len() - 8;
            octets[data..].fill(0);
        }
    }
}
