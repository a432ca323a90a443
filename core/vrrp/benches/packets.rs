//! What the engine's thread pays in `vrrp`: reading an advert, writing one, and a step of the state machine.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr};

use criterion::{Criterion, criterion_group, criterion_main};
use keepwatch_vrrp::wire::{
    ALL_VRRP_ROUTERS_V4, AddressList, Advert, Auth, ChecksumForm, INTERNETWORK_CONTROL, IpSend,
    VRRP_PROTOCOL, emit_ip, gratuitous_arp,
};
use keepwatch_vrrp::{
    Actions, AdvertInterval, Claim, Family, Input, Instant, InterfaceId, LinkState, MacAddress, Packet,
    Params, Priority, RouterId, Routers, Segment, Source, Version, Vrid,
};

const PEER: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 20));
const OURS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 10));
const GROUP: IpAddr = IpAddr::V4(ALL_VRRP_ROUTERS_V4);
const SEGMENT: Segment = Segment { interface: InterfaceId(0), family: Family::V4 };

fn advert(addresses: &[u8]) -> Advert<'_> {
    Advert {
        version: Version::V3,
        vrid: Vrid::new(51).unwrap(),
        claim: Claim::Holds(Priority::new(200).unwrap()),
        interval: AdvertInterval::from_centis(1).unwrap(),
        addresses: AddressList::new(Family::V4, addresses),
        auth: Auth::None,
    }
}

fn params(vrid: u8) -> Params {
    Params {
        interval: AdvertInterval::from_centis(1).unwrap(),
        addresses: vec![IpAddr::V4(Ipv4Addr::new(10, 1, 1, 30))],
        advertised: 1,
        ..Params::new(Vrid::new(vrid).unwrap(), Version::V3, Family::V4, Priority::DEFAULT)
    }
}

/// `count` routers in BACKUP.
fn backups(count: u8) -> Routers {
    let (mut routers, mut actions) = (Routers::new(), Actions::new());
    for vrid in 1..=count {
        routers.add(InterfaceId(0), params(vrid)).unwrap();
    }
    let now = Instant::from_millis(1);
    routers.handle_interface(now, InterfaceId(0), Input::Link(LinkState::Up), &mut actions);
    routers.handle_interface(now, InterfaceId(0), Input::Source(Source::Address(OURS)), &mut actions);
    routers.handle_interface(now, InterfaceId(0), Input::Start, &mut actions);
    routers
}

fn wire(criterion: &mut Criterion) {
    let vip = [10, 1, 1, 30];
    let mut octets = Vec::new();
    advert(&vip).emit(&mut octets, PEER, GROUP, ChecksumForm::WithPseudoHeader);
    criterion.bench_function("parse an advert", |bencher| {
        bencher.iter(|| Advert::parse(black_box(&octets), PEER, GROUP).unwrap());
    });
    let mut out = Vec::with_capacity(64);
    criterion.bench_function("emit an advert with its IP header", |bencher| {
        bencher.iter(|| {
            out.clear();
            let header = IpSend {
                source: OURS,
                destination: GROUP,
                ttl: 255,
                class: INTERNETWORK_CONTROL,
                protocol: VRRP_PROTOCOL,
            };
            emit_ip(&mut out, &header, 12);
            advert(black_box(&vip)).emit(&mut out, OURS, GROUP, ChecksumForm::WithPseudoHeader);
        });
    });
    criterion.bench_function("emit a gratuitous ARP", |bencher| {
        bencher.iter(|| {
            out.clear();
            gratuitous_arp(&mut out, MacAddress([2, 0, 0, 0, 0, 1]), black_box(Ipv4Addr::new(10, 1, 1, 30)));
        });
    });
}

fn steps(criterion: &mut Criterion) {
    let vip = [10, 1, 1, 30];
    let mut octets = Vec::new();
    advert(&vip).emit(&mut octets, PEER, GROUP, ChecksumForm::WithPseudoHeader);
    let packet = Packet { source: PEER, destination: GROUP, ttl: 255, payload: &octets };
    let (mut routers, mut actions) = (backups(250), Actions::new());
    let mut millis = 1;
    criterion.bench_function("receive an advert, one of 250 backups", |bencher| {
        bencher.iter(|| {
            millis += 1;
            let deadline =
                routers.receive(Instant::from_millis(millis), SEGMENT, black_box(&packet), &mut actions);
            actions.drain().for_each(drop);
            deadline
        });
    });
    criterion.bench_function("earliest deadline of 250 routers", |bencher| {
        bencher.iter(|| black_box(&routers).poll_timeout());
    });

    let (mut routers, mut actions) = (backups(250), Actions::new());
    let mut now = Instant::from_millis(40);
    routers.handle_timeout(now, &mut actions);
    for router in (0..250).map(RouterId) {
        routers.handle(now, router, Input::AddressUsable(0), &mut actions);
    }
    criterion.bench_function("250 masters advertise", |bencher| {
        bencher.iter(|| {
            now = now + std::time::Duration::from_millis(10);
            routers.handle_timeout(now, &mut actions);
            actions.drain().count()
        });
    });
}

criterion_group!(benches, wire, steps);
criterion_main!(benches);
