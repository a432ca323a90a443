//! Who an advert is for.

use alloc::vec;
use alloc::vec::Vec;

use super::*;
use crate::notice::{Departure, StateName};
use crate::params::{SourceCheck, UnicastPeer};
use crate::wire::{AddressList, Advert, Auth, ChecksumForm, Claimed};
use crate::{Action, AdvertInterval, Claim, LinkState, MacAddress, Priority, Source, Start, Version};

const SEGMENT: Segment = Segment { interface: InterfaceId(0), family: Family::V4 };

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn params(destination: Destination) -> Params {
    Params { destination, ..Params::new(Vrid::new(51).unwrap(), Version::V3, Family::V4, Priority::DEFAULT) }
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
    assert_eq!(hear(&mut routers, "10.1.1.20", "224.0.0.22"), [0; 0], "nobody is in it");
}

#[test]
fn unicast_routers_are_told_apart_by_their_peers() {
    let mut routers = routers(vec![peer("10.1.1.20"), peer("10.1.1.40")]);
    assert_eq!(hear(&mut routers, "10.1.1.40", "10.1.1.10"), [1]);
    assert_eq!(hear(&mut routers, "10.1.1.20", "10.1.1.10"), [0]);
    assert_eq!(hear(&mut routers, "10.1.1.60", "10.1.1.10"), [0; 0], "a stranger counts nowhere");
}

/// Two routers of a group on two interfaces, both serving since 0 ms.
fn group_of_two() -> (Routers, Actions) {
    let (mut routers, mut actions) = (Routers::new(), Actions::new());
    let mut members = Vec::new();
    for interface in [InterfaceId(0), InterfaceId(1)] {
        let params = Params {
            start: Start::Asserting,
            addresses: vec![ip("10.1.1.30")],
            advertised: 1,
            ..params(group("224.0.0.18"))
        };
        let id = routers.add(interface, params).unwrap();
        for input in [
            Input::Link(LinkState::Up),
            Input::Source(Source::Address(ip("10.1.1.10"))),
            Input::Start,
            Input::AddressUsable(0),
        ] {
            routers.handle(Instant::ZERO, id, input, &mut actions);
        }
        members.push(id);
    }
    routers.group(&members);
    let _ = actions.drain().count();
    (routers, actions)
}

fn departures(routers: &Routers) -> Vec<Option<Departure>> {
    routers.iter().map(|(_, _, router)| router.departure()).collect()
}

/// The first one hears a priority of 200 at 5 ms.
fn yield_first(routers: &mut Routers, actions: &mut Actions) {
    hear_peer(routers, SEGMENT, 5, 200, actions);
}

fn hear_peer(routers: &mut Routers, segment: Segment, at: u64, priority: u8, actions: &mut Actions) {
    let list = [10, 1, 1, 30];
    let advert = Advert {
        version: Version::V3,
        vrid: Vrid::new(51).unwrap(),
        claim: Claim::Holds(Priority::new(priority).unwrap()),
        interval: AdvertInterval::DEFAULT,
        addresses: AddressList::new(Family::V4, &list),
        auth: Auth::None,
    };
    let (source, destination) = (ip("10.1.1.20"), ip("224.0.0.18"));
    let mut payload = Vec::new();
    advert.emit(&mut payload, source, destination, ChecksumForm::WithPseudoHeader);
    let packet = Packet { source, destination, ttl: 255, payload: &payload };
    routers.receive(Instant::from_millis(at), segment, &packet, actions);
}

#[test]
fn a_group_hands_over_together_and_takes_twice_as_long() {
    let (mut routers, mut actions) = group_of_two();
    routers.handle(Instant::from_millis(5), RouterId(1), Input::HandOver, &mut actions);
    assert_eq!(departures(&routers), [Some(Departure::HandOver); 2]);
    let resignations = actions.drain().filter(|(_, action)| *action == Action::SendAdvert(Claim::Resigns));
    let from: Vec<usize> = resignations.map(|(id, _)| id.0).collect();
    assert_eq!(from, [1, 1, 0, 0]);
    // 2 x 1.3 s; nobody comes: both stay.
    assert_eq!(routers.poll_timeout(), Some(Instant::from_millis(2_605)));
    routers.handle_timeout(Instant::from_millis(2_605), &mut actions);
    assert_eq!(departures(&routers), [None; 2]);
    assert!(routers.iter().all(|(_, _, router)| router.is_serving()));
}

#[test]
fn a_group_whose_one_member_yields_resigns_with_the_others() {
    let (mut routers, mut actions) = group_of_two();
    yield_first(&mut routers, &mut actions);
    assert_eq!(departures(&routers), [Some(Departure::Yield), Some(Departure::Group)]);
    let resigned: Vec<usize> = actions
        .drain()
        .filter(|(_, action)| *action == Action::SendAdvert(Claim::Resigns))
        .map(|(id, _)| id.0)
        .collect();
    assert_eq!(resigned, [1, 1], "the yielding one is outbid already");
}

#[test]
fn one_member_that_nobody_succeeds_keeps_the_others() {
    let (mut routers, mut actions) = group_of_two();
    routers.handle(Instant::from_millis(5), RouterId(0), Input::HandOver, &mut actions);
    let mac = MacAddress([2, 0, 0, 0, 0, 0x14]);
    let claimed = Input::AddressClaimed { address: 0, mac, how: Claimed::Announced };
    // The second has a successor that announces in the last moment; the first has none.
    routers.handle(Instant::from_millis(2_600), RouterId(1), claimed, &mut actions);
    routers.handle_timeout(Instant::from_millis(2_605), &mut actions);
    assert_eq!(departures(&routers), [None; 2]);
    let kept = actions.drain().filter(|(_, action)| matches!(action, Action::KeepAddress(0))).count();
    assert_eq!(kept, 2);
}

/// A member that was left alone by its group's successor goes on: serving beats keeping to a plan.
#[test]
fn a_member_that_followed_its_group_and_has_no_successor_stays() {
    let (mut routers, mut actions) = group_of_two();
    yield_first(&mut routers, &mut actions);
    let _ = actions.drain().count();
    routers.handle_timeout(Instant::from_millis(2_605), &mut actions);
    let states: Vec<StateName> = routers.iter().map(|(_, _, router)| router.state()).collect();
    assert_eq!(states, [StateName::Backup, StateName::Master]);
    assert!(routers.get(RouterId(1)).unwrap().is_serving());
}

/// With crossed priorities a member would take back alone what its group gave away, and the other's group would
/// follow, for ever.
#[test]
fn a_member_that_followed_its_group_does_not_preempt() {
    let (mut routers, mut actions) = group_of_two();
    yield_first(&mut routers, &mut actions);
    let mac = MacAddress([2, 0, 0, 0, 0, 0x14]);
    let claimed = Input::AddressClaimed { address: 0, mac, how: Claimed::Announced };
    routers.handle(Instant::from_millis(700), RouterId(1), claimed, &mut actions);
    routers.handle_timeout(Instant::from_millis(720), &mut actions);
    // Its successor has priority 50, the first one's 200; this one has 100.
    for second in 1..20 {
        hear_peer(&mut routers, SEGMENT, second * 1_000, 200, &mut actions);
        hear_peer(
            &mut routers,
            Segment { interface: InterfaceId(1), ..SEGMENT },
            second * 1_000,
            50,
            &mut actions,
        );
        routers.handle_timeout(Instant::from_millis(second * 1_000 + 900), &mut actions);
    }
    assert_eq!(routers.get(RouterId(1)).unwrap().state(), StateName::Backup);
}

#[test]
fn a_router_goes_when_it_has_stopped_and_its_number_is_given_again() {
    let mut routers = routers(vec![peer("10.1.1.20"), peer("10.1.1.40")]);
    assert!(!routers.remove(RouterId(0)), "it takes part");
    let mut out = Actions::new();
    routers.handle(Instant::ZERO, RouterId(0), Input::Stop, &mut out);
    assert!(routers.remove(RouterId(0)));
    assert!(!routers.remove(RouterId(0)), "it has gone");
    assert_eq!(hear(&mut routers, "10.1.1.20", "10.1.1.10"), [0; 0], "nobody's peer any more");
    assert_eq!(hear(&mut routers, "10.1.1.40", "10.1.1.10"), [1]);

    let id = routers.add(InterfaceId(0), params(group("224.0.0.18"))).unwrap();
    assert_eq!(id, RouterId(0));
    let source = Source::Address(ip("10.1.1.10"));
    for input in [Input::Link(LinkState::Up), Input::Source(source), Input::Start] {
        routers.handle(Instant::ZERO, id, input, &mut out);
    }
    assert_eq!(hear(&mut routers, "10.1.1.20", "224.0.0.18"), [0]);
    assert_eq!(routers.iter().count(), 2);
}

#[test]
fn a_router_cannot_become_another_one_or_get_what_it_never_had() {
    let mut routers = routers(vec![group("224.0.0.18")]);
    let mut out = Actions::new();
    let mut update = |update: Update| routers.update(Instant::ZERO, RouterId(0), update, &mut out);
    let plain = || params(group("224.0.0.18"));
    let of = |params: Params| Update { params, addresses: Vec::new(), trackers: Vec::new() };
    let other = of(Params { vrid: Vrid::new(52).unwrap(), ..plain() });
    assert_eq!(update(other), Err(InvalidParams::Identity));
    assert_eq!(update(of(Params { version: Version::V2, ..plain() })), Err(InvalidParams::Identity));
    let addresses = Params { addresses: vec![ip("10.1.1.30")], ..plain() };
    let named = Update { addresses: vec![Some(0)], ..of(addresses.clone()) };
    assert_eq!(update(named), Err(InvalidParams::Numbers));
    assert_eq!(update(of(addresses)), Err(InvalidParams::Numbers));
    assert_eq!(update(of(Params { missed_adverts: 0, ..plain() })), Err(InvalidParams::MissedAdverts));
    assert_eq!(update(of(plain())), Ok(()));
    assert_eq!(out.drain().collect::<Vec<_>>(), [(RouterId(0), Action::Renumber)]);
}
