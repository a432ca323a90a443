//! One packet through everything that reads octets from the network: included by the fuzz target and by
//! `core/vrrp/tests/fuzz_corpus.rs`.

use std::net::IpAddr;
use std::time::Duration;

use keepwatch_vrrp::wire::{
    Advert, ArpPacket, Auth, ETHERTYPE_ARP, ETHERTYPE_IPV6, Ethernet, NeighbourAdvert, VRRP_PROTOCOL,
    parse_ip,
};
use keepwatch_vrrp::{
    Actions, Destination, Family, HigherAdverts, Input, Instant, InterfaceId, LinkState, Packet, Params,
    Priority, Routers, Segment, Source, SourceCheck, UnicastPeer, Version, Vrid,
};

const MULTICAST: InterfaceId = InterfaceId(1);
const UNICAST: InterfaceId = InterfaceId(2);
/// Version 2 with a password, beside the version 3 router on `MULTICAST`.
const PASSWORD: InterfaceId = InterfaceId(3);

/// Reads octets as a frame, as an IP packet, and as a bare VRRP message.
pub(crate) fn read(octets: &[u8]) {
    if let Some((header, rest)) = Ethernet::parse(octets) {
        match header.ethertype {
            ETHERTYPE_ARP => drop(ArpPacket::parse(rest)),
            ETHERTYPE_IPV6 => drop(NeighbourAdvert::parse(rest)),
            _ => {}
        }
    }
    let _ = ArpPacket::parse(octets);
    let _ = NeighbourAdvert::parse(octets);

    if let Ok(packet) = parse_ip(octets)
        && packet.protocol == VRRP_PROTOCOL
    {
        let (source, destination, ttl) = (packet.source, packet.destination, packet.ttl);
        message(&Packet { source, destination, ttl, payload: packet.payload });
        let mended = with_right_checksum(packet.payload);
        message(&Packet { source, destination, ttl, payload: &mended });
    }
    for (source, destination) in
        [("10.1.1.1", "224.0.0.18"), ("fe80::1", "ff02::12"), ("10.1.1.1", "10.1.1.10")]
    {
        let (source, destination) = (address(source), address(destination));
        message(&Packet { source, destination, ttl: 255, payload: octets });
    }
}

/// Reads a message, and gives it to a host's routers in BACKUP, in MASTER, and after ten seconds of sleep.
fn message(packet: &Packet<'_>) {
    let family = Family::of(packet.source);
    if Advert::parse(packet.payload, packet.source, packet.destination).is_err() {
        // It moves no deadline.
        let mut host = Host::started();
        let segment = Segment { interface: MULTICAST, family };
        assert_eq!(host.routers.receive(host.now, segment, packet, &mut host.actions), None);
        return;
    }
    round_trip(packet);
    for interface in [MULTICAST, UNICAST, PASSWORD] {
        for (awake, asleep) in [(1, 0), (4_001, 0), (4_001, 10_000)] {
            let mut host = Host::started();
            host.pass(Duration::from_millis(awake));
            host.now = host.now + Duration::from_millis(asleep);
            let segment = Segment { interface, family };
            let deadline = host.routers.receive(host.now, segment, packet, &mut host.actions);
            assert!(
                asleep > 0 || deadline.is_none_or(|at| at >= host.now),
                "{deadline:?} has passed at {:?}",
                host.now
            );
            host.pass(Duration::from_secs(5));
        }
    }
}

/// What is accepted is what would have been sent, but for octets that mean nothing: reserved bits, padding,
/// authentication data of a type that has none, and zero's two forms in a checksum.
fn round_trip(packet: &Packet<'_>) {
    let (source, destination) = (packet.source, packet.destination);
    let Ok((advert, form)) = Advert::parse(packet.payload, source, destination) else { return };
    let mut emitted = Vec::new();
    advert.emit(&mut emitted, source, destination, form);
    match advert.auth {
        Auth::Other(_) => {}
        Auth::None | Auth::Simple(_) => {
            let again = Advert::parse(&emitted, source, destination);
            assert_eq!(again.map(|(advert, _)| advert), Ok(advert), "read back from {emitted:02x?}");
        }
    }
    let received =
        packet.payload.get(..emitted.len()).expect("what is emitted is no longer than the original");
    assert_eq!(received.get(..4), emitted.get(..4), "version, type, VRID, priority, count");
    let addresses = 8..8 + advert.addresses.len() * Family::of(source).address_len();
    assert_eq!(received.get(addresses.clone()), emitted.get(addresses), "the addresses");
}

/// A host with a virtual router of each kind, all of VRID 51 and with 10.1.1.30 or fe80::30.
struct Host {
    routers: Routers,
    actions: Actions,
    now: Instant,
}

impl Host {
    fn started() -> Self {
        let mut routers = Routers::new();
        let unicast = Destination::Unicast {
            peers: vec![UnicastPeer { address: address("10.1.1.1"), min_ttl: 254, max_ttl: 255 }],
            ttl: 255,
            source_check: SourceCheck::Peers,
        };
        let pass = Auth::Simple(*b"1111\0\0\0\0");
        for (interface, params) in [
            (MULTICAST, params(Family::V4, Version::V3)),
            (MULTICAST, params(Family::V6, Version::V3)),
            (UNICAST, Params { destination: unicast, ..params(Family::V4, Version::V3) }),
            (PASSWORD, Params { auth: pass, ..params(Family::V4, Version::V2) }),
        ] {
            routers.add(interface, params).expect("these parameters are valid");
        }
        let mut host = Self { routers, actions: Actions::new(), now: Instant::ZERO };
        let ids: Vec<_> = host.routers.iter().map(|(id, segment, _)| (id, segment.family)).collect();
        for (id, family) in ids {
            let source = if family == Family::V4 { address("10.1.1.10") } else { address("fe80::a") };
            for input in [Input::Link(LinkState::Up), Input::Source(Source::Address(source)), Input::Start] {
                host.routers.handle(host.now, id, input, &mut host.actions);
            }
        }
        host.actions.drain().for_each(drop);
        host
    }

    /// Lets time pass, with every address usable at once.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.routers.poll_timeout().filter(|&due| due <= until) {
            self.now = self.now.max(due);
            self.routers.handle_timeout(self.now, &mut self.actions);
            let added: Vec<_> = self.actions.drain().collect();
            for (id, action) in added {
                if let keepwatch_vrrp::Action::AddAddress(index) = action {
                    self.routers.handle(self.now, id, Input::AddressUsable(index), &mut self.actions);
                }
            }
            self.actions.drain().for_each(drop);
            let next = self.routers.poll_timeout();
            assert!(next.is_none_or(|at| at > self.now), "{next:?} has passed at {:?}", self.now);
        }
        self.now = until;
    }
}

fn params(family: Family, version: Version) -> Params {
    let vip = match family {
        Family::V4 => "10.1.1.30",
        Family::V6 => "fe80::30",
    };
    Params {
        higher_adverts: HigherAdverts::AnswerAndYield,
        addresses: vec![address(vip)],
        advertised: 1,
        ..Params::new(Vrid::new(51).expect("not zero"), version, family, Priority::DEFAULT)
    }
}

/// The message with the checksum over itself alone put right, which no fuzzer guesses.
fn with_right_checksum(payload: &[u8]) -> Vec<u8> {
    let mut message = payload.to_vec();
    let Some(field) = message.get_mut(6..8) else { return message };
    field.fill(0);
    let sum: u32 = message
        .chunks(2)
        .map(|word| u32::from(word[0]) << 8 | u32::from(word.get(1).copied().unwrap_or(0)))
        .fold(0, |sum, word| (sum + word) % 0xffff);
    let checksum = !u16::try_from(sum).expect("a remainder of 65535");
    message[6..8].copy_from_slice(&checksum.to_be_bytes());
    message
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}
