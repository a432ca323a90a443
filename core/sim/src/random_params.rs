//! Random virtual routers for random hosts.

use std::time::Duration;

use keepwatch_vrrp::wire::{Auth, ChecksumForm};
use keepwatch_vrrp::{
    AdvertInterval, AnnouncePolicy, Destination, Family, HigherAdverts, LowerAdverts, Params, Preemption,
    Priority, Schedule, SourceCheck, Start, StopMode, TrackWeight, UnicastPeer, Vrid,
};

use crate::host::HostId;
use crate::leaves::Members;
use crate::params::{ipv6, source, version_2, version_3, vip};
use crate::rng::Rng;

/// What the routers of one VRID have in common on all hosts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// Version 2, 1 s.
    Version2 { auth: Auth },
    /// Version 3 over IPv4.
    Version3 { centis: u16 },
    /// Version 3 over IPv4, where hosts differ in their interval.
    Mixed,
    /// Version 3 over IPv6.
    Ipv6 { centis: u16 },
}

/// The parameters of each router of each host, and whether a host's routers leave together. Every host has the same
/// routers, in the same order.
pub(crate) fn random_hosts(rng: &mut Rng) -> (Vec<Vec<Params>>, Members) {
    let hosts = rng.pick(&[2, 2, 3, 3, 4, 5]);
    let mut all = vec![Vec::new(); hosts];
    let routers = rng.pick(&[1_u8, 1, 2]);
    let members = if routers == 2 && rng.happens(500) { Members::Several } else { Members::One };
    for index in 0..routers {
        let kind = rng.pick(&[
            Kind::Version2 { auth: Auth::None },
            Kind::Version2 { auth: Auth::Simple(*b"1111\0\0\0\0") },
            Kind::Version3 { centis: 100 },
            Kind::Version3 { centis: 1 },
            Kind::Mixed,
            Kind::Ipv6 { centis: 100 },
            Kind::Ipv6 { centis: 1 },
        ]);
        let is_unicast = rng.happens(150);
        let has_owner = rng.happens(100);
        let addresses = rng.pick(&[1, 1, 2, 3]);
        for (host, params) in all.iter_mut().enumerate() {
            let mut router = one(rng, kind, addresses);
            router.vrid = Vrid::new(51 + index).expect("not zero");
            // Each virtual router has its own addresses: 10.1.1.30 and on, 10.1.1.40 and on.
            router.addresses = (0..addresses).map(|n| vip(router.family, 30 + 10 * index + n)).collect();
            if is_unicast {
                router.destination = unicast(HostId(host), hosts, router.family);
            }
            if has_owner && host == 0 {
                router.priority = Priority::OWNER;
                router.start = Start::Asserting;
            }
            if members == Members::Several {
                join(&mut router, params.first());
            }
            params.push(router);
        }
    }
    (all, members)
}

/// Makes a router fit for its group. Which host is the best must be the same for all members, or they pull each other
/// to and fro for ever: an administrator's mistake, as under keepalived.
fn join(router: &mut Params, first: Option<&Params>) {
    router.trackers.clear();
    if let Some(first) = first {
        router.priority = first.priority;
        router.start = first.start;
        router.preemption = first.preemption;
    }
}

fn one(rng: &mut Rng, kind: Kind, addresses: u8) -> Params {
    let priority = rng.pick(&[50, 100, 100, 100, 101, 150, 200, 254]);
    let params = match kind {
        Kind::Version2 { auth } => Params { auth, ..version_2(priority) },
        Kind::Version3 { centis } => version_3(priority, centis),
        Kind::Mixed => Params {
            interval: AdvertInterval::from_centis(rng.pick(&[100, 10, 20])).expect("in range"),
            ..version_3(priority, 100)
        },
        Kind::Ipv6 { centis } => ipv6(priority, centis),
    };
    let trackers = [
        TrackWeight::Adjust { weight: -60, reverse: false },
        TrackWeight::Adjust { weight: 20, reverse: true },
        TrackWeight::Fault { reverse: false },
    ];
    Params {
        preemption: match rng.below(10) {
            0..=5 => Preemption::Immediate,
            6..=7 => Preemption::Never,
            _ => Preemption::After(Duration::from_secs(1 + rng.below(4))),
        },
        missed_adverts: rng.pick(&[3, 3, 3, 3, 5]),
        checksum: rng.pick(&[ChecksumForm::WithPseudoHeader, ChecksumForm::MessageOnly]),
        lower_adverts: rng.pick(&[LowerAdverts::Answer, LowerAdverts::Answer, LowerAdverts::Ignore]),
        higher_adverts: rng.pick(&[
            HigherAdverts::Yield,
            HigherAdverts::Yield,
            HigherAdverts::AnswerAndYield,
        ]),
        stop_mode: match rng.below(10) {
            0..=7 => StopMode::Lossless,
            8 => StopMode::Rfc,
            _ => StopMode::Silent,
        },
        advertised: usize::from(if rng.happens(200) { addresses - 1 } else { addresses }),
        announce: AnnouncePolicy {
            entry: rng.pick(&[Schedule::spread(), Schedule::bursts(5, Duration::from_secs(5))]),
            ..AnnouncePolicy::default()
        },
        trackers: if rng.happens(300) { trackers.to_vec() } else { Vec::new() },
        ..params
    }
}

fn unicast(host: HostId, hosts: usize, family: Family) -> Destination {
    let others = (0..hosts).map(HostId).filter(|&other| other != host);
    let peer = |other| UnicastPeer { address: source(other, family), min_ttl: 255, max_ttl: 255 };
    Destination::Unicast { peers: others.map(peer).collect(), ttl: 255, source_check: SourceCheck::Peers }
}
