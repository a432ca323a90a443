//! Hosts whose configuration is loaded again, at any time: no rule is broken, and in the end each is as one that was
//! started with it.

use std::time::Duration;

use keepwatch_sim::params::{ipv6, version_2, version_3, vip};
use keepwatch_sim::{HostId, Rng, Simulation};
use keepwatch_vrrp::{
    AdvertInterval, Params, Preemption, Priority, RouterId, Schedule, StateName, TrackWeight,
};

const ROUTER: RouterId = RouterId(0);
const SEEDS: u64 = 200;

/// A kind of router that all hosts have in common.
type Kind = fn(u8) -> Params;

const KINDS: [Kind; 4] = [
    version_2,
    |priority| version_3(priority, 100),
    |priority| version_3(priority, 10),
    |priority| ipv6(priority, 100),
];

/// What all hosts agree upon, and what each has of its own.
fn common(rng: &mut Rng, kind: Kind) -> Params {
    let mut params = kind(100);
    let count = 1 + u8::try_from(rng.below(4)).unwrap();
    let first = 30 + u8::try_from(rng.below(3)).unwrap();
    params.addresses = (0..count).map(|number| vip(params.family, first + number)).collect();
    // The first one is always there: hosts with none in common are two virtual routers.
    params.addresses.retain(|address| *address != vip(params.family, 30));
    params.addresses.insert(0, vip(params.family, 30));
    params.advertised = params.addresses.len();
    if params.version == keepwatch_vrrp::Version::V3 {
        params.interval = AdvertInterval::from_centis(rng.pick(&[100, 10, 50])).unwrap();
    }
    params
}

fn own(rng: &mut Rng, common: &Params, priority: u8) -> Params {
    let weight = TrackWeight::Adjust { weight: -10, reverse: false };
    Params {
        priority: Priority::new(priority).unwrap(),
        missed_adverts: rng.pick(&[3, 3, 5]),
        preemption: rng.pick(&[Preemption::Immediate, Preemption::After(Duration::from_secs(1))]),
        trackers: if rng.happens(500) { vec![weight] } else { Vec::new() },
        announce: keepwatch_vrrp::AnnouncePolicy {
            entry: rng.pick(&[Schedule::spread(), Schedule::bursts(5, Duration::from_secs(5))]),
            ..common.announce.clone()
        },
        ..common.clone()
    }
}

fn priorities(rng: &mut Rng) -> [u8; 2] {
    rng.pick(&[[100, 150], [150, 100], [254, 50], [101, 100]])
}

fn configuration(rng: &mut Rng, kind: Kind) -> [Params; 2] {
    let common = common(rng, kind);
    let [first, second] = priorities(rng);
    [own(rng, &common, first), own(rng, &common, second)]
}

/// States, and which addresses each holds.
fn end(sim: &Simulation, addresses: usize) -> Vec<(Option<StateName>, Vec<bool>)> {
    let holds =
        |host: HostId| (0..addresses).map(move |address| sim.holding(ROUTER, address).contains(&host));
    sim.hosts().into_iter().map(|host| (sim.state(host, ROUTER), holds(host).collect())).collect()
}

fn started(configuration: &[Params; 2]) -> Simulation {
    let mut sim = Simulation::new(7);
    sim.start(configuration.iter().map(|params| vec![params.clone()]));
    sim
}

#[test]
fn reloads_at_any_time_end_as_a_fresh_start() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let kind = rng.pick(&KINDS);
        let mut last = configuration(&mut rng, kind);
        let mut sim = started(&last);
        sim.keep_whole_trace();
        for _ in 0..3 {
            sim.run_for(Duration::from_millis(rng.below(9_000)));
            last = configuration(&mut rng, kind);
            for (host, params) in sim.hosts().into_iter().zip(&last) {
                sim.reload(host, vec![params.clone()]);
                sim.run_for(Duration::from_millis(rng.below(50)));
            }
        }
        sim.run_for(Duration::from_secs(60));
        let mut fresh = started(&last);
        fresh.run_for(Duration::from_secs(60));
        assert!(sim.violation().is_none(), "seed {seed}: {}\n{}", sim.violation().unwrap(), sim.trace());
        let addresses = last[0].addresses.len();
        assert_eq!(end(&sim, addresses), end(&fresh, addresses), "seed {seed}\n{}", sim.trace());
    }
}

/// The same once more sends the same packets at the same times as nothing at all.
#[test]
fn the_same_again_sends_nothing() {
    for seed in 0..SEEDS {
        let mut rng = Rng::new(seed);
        let kind = rng.pick(&KINDS);
        let configuration = configuration(&mut rng, kind);
        let (mut with, mut without) = (started(&configuration), started(&configuration));
        for _ in 0..10 {
            let time = Duration::from_millis(rng.below(3_000));
            with.run_for(time);
            without.run_for(time);
            for (host, params) in with.hosts().into_iter().zip(&configuration) {
                with.reload(host, vec![params.clone()]);
            }
        }
        assert!(with.violation().is_none(), "seed {seed}: {}\n{}", with.violation().unwrap(), with.trace());
        assert_eq!(with.sent(), without.sent(), "seed {seed}");
        assert_eq!(with.transitions(), without.transitions(), "seed {seed}");
    }
}
