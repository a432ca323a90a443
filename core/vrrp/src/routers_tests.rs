//! Who an advert is for.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::params::{SourceCheck, UnicastPeer};
use crate::wire::{AddressList, Advert, Auth, ChecksumForm};
use crate::{
    AdvertInterval, AnnouncePolicy, Claim, HigherAdverts, LinkState, LinkTracking, LowerAdverts, Preemption,
    Priority, Source, Start, Version,
};

const SEGMENT: Segment = Segment { interface: InterfaceId(0), family: Family::V4 };

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn params(destination: Destination) -> Params {
    Params {
        vrid: Vrid::new(51).unwrap(),
        version: Version::V3,
        family: Family::V4,
        priority: Priority::DEFAULT,
        interval: AdvertInterval::DEFAULT,
        missed_adverts: 3,
        start: Start::Listening,
        preemption: Preemption::Immediate,
        auth: Auth::None,
        checksum: ChecksumForm::WithPseudoHeader,
        destination,
        lower_adverts: LowerAdverts::Answer,
        higher_adverts: HigherAdverts::Yield,
        link_tracking: LinkTracking::Tracked,
        addresses: vec![],
        advertised: 0,
        announce: AnnouncePolicy::default(),
        trackers: vec![],
    }
}

fn group(text: &str) -> Destination {
    Destination::Multicast { group: ip(text) }
}

fn peer(text: &str) -> Destination {
    let peer = UnicastPeer { address: ip(text), min_ttl: 0, max_ttl: 255 };
    Destination::Unicast { peers: vec![peer], ttl: 255, source_check: SourceCheck::Peers }
}

/// Routers with one VRID on one segment, in BACKUP.
fn routers(destinations: Vec<Destination>) -> Routers {
    let (mut routers, mut out) = (Routers::new(), Actions::new());
    for destination in destinations {
        routers.add(InterfaceId(0), params(destination)).unwrap();
    }
    let source = Source::Address(ip("10.1.1.10"));
    for input in [Input::Link(LinkState::Up), Input::Source(source), Input::Start] {
        routers.handle_interface(Instant::ZERO, InterfaceId(0), input, &mut out);
    }
    routers
}

/// Which routers count an advert from `source` to `destination`.
fn hear(routers: &mut Routers, source: &str, destination: &str) -> Vec<usize> {
    let (source, destination) = (ip(source), ip(destination));
    let mut payload = Vec::new();
    let advert = Advert {
        version: Version::V3,
        vrid: Vrid::new(51).unwrap(),
        claim: Claim::Holds(Priority::new(200).unwrap()),
        interval: AdvertInterval::DEFAULT,
        addresses: AddressList::new(Family::V4, &[]),
        auth: Auth::None,
    };
    advert.emit(&mut payload, source, destination, ChecksumForm::WithPseudoHeader);
    let packet = Packet { source, destination, ttl: 255, payload: &payload };
    let counts = |routers: &Routers| -> Vec<u64> {
        routers.iter().map(|(.., router)| router.stats().adverts_received).collect()
    };
    let before = counts(routers);
    routers.receive(Instant::from_millis(1), SEGMENT, &packet, &mut Actions::new());
    let after = counts(routers);
    before
        .iter()
        .zip(after)
        .enumerate()
        .filter(|(_, (before, after))| *before != after)
        .map(|(i, _)| i)
        .collect()
}

#[test]
fn multicast_and_unicast_routers_may_share_a_vrid() {
    let mut routers = routers(vec![peer("10.1.1.20"), group("224.0.0.18")]);
    assert_eq!(hear(&mut routers, "10.1.1.20", "10.1.1.10"), [0]);
    assert_eq!(hear(&mut routers, "10.1.1.20", "224.0.0.18"), [1]);
}

#[test]
fn so_may_routers_of_two_groups() {
    let mut routers = routers(vec![group("224.0.0.18"), group("224.0.0.20")]);
    assert_eq!(hear(&mut routers, "10.1.1.20", "224.0.0.18"), [0]);
    assert_eq!(hear(&mut routers, "10.1.1.20", "224.0.0.20"), [1]);
}

#[test]
fn unicast_routers_are_told_apart_by_their_peers() {
    let mut routers = routers(vec![peer("10.1.1.20"), peer("10.1.1.40")]);
    assert_eq!(hear(&mut routers, "10.1.1.40", "10.1.1.10"), [1]);
    assert_eq!(hear(&mut routers, "10.1.1.20", "10.1.1.10"), [0]);
    assert_eq!(hear(&mut routers, "10.1.1.60", "10.1.1.10"), [0; 0], "a stranger counts nowhere");
}
