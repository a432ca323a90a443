//! Named scenarios with exact expectations: what happens, to the nanosecond.
//!
//! Host a is 10.1.1.10, b is 10.1.1.11, and so on; a packet takes 200 microseconds.

mod addresses;
mod broken_network;
mod election;
mod groups;
mod injection;
mod leaving;
mod no_successor;
mod stalls;
mod takeover;

use std::time::Duration;

use keepwatch_sim::params::{ipv6, version_2, version_3};
use keepwatch_sim::{Fault, HostId, Simulation};
use keepwatch_vrrp::{Claim, Instant, Params, RouterId};

/// The only router of each host.
const ROUTER: RouterId = RouterId(0);
const A: HostId = HostId(0);
const B: HostId = HostId(1);
const C: HostId = HostId(2);
const D: HostId = HostId(3);

const HAND_OVER: Fault = Fault::HandOver { host: A, router: ROUTER };

/// A kind of virtual router, to be made with a priority.
type Kind = fn(u8) -> Params;

/// Every kind.
const KINDS: [(&str, Kind); 5] = [
    ("version 2, 1 s", version_2),
    ("version 3, 1 s", |priority| version_3(priority, 100)),
    ("version 3, 10 ms", |priority| version_3(priority, 1)),
    ("IPv6, 1 s", |priority| ipv6(priority, 100)),
    ("IPv6, 10 ms", |priority| ipv6(priority, 1)),
];

/// One router on each host, all started at zero, ten seconds later. A neighbour sends to each address all the time,
/// and none of its packets may be lost from now on.
fn watched(routers: impl IntoIterator<Item = Params>) -> Simulation {
    let mut sim = Simulation::new(1);
    sim.observe();
    let hosts: Vec<Vec<Params>> = routers.into_iter().map(|params| vec![params]).collect();
    let addresses = hosts[0][0].addresses.len();
    sim.start(hosts);
    run_to(&mut sim, 10);
    sim.watch(ROUTER, 0..addresses);
    sim
}

/// Lets everything come to rest. Then one host serves and has all these addresses alone: this one.
fn settled_master(sim: &mut Simulation, addresses: usize, what: &str) -> HostId {
    sim.settle();
    assert_eq!(sim.violation(), None, "{what}\n{}", sim.trace());
    let serving = sim.serving(ROUTER);
    let &[master] = serving.as_slice() else { panic!("{what}: {serving:?}\n{}", sim.trace()) };
    for address in 0..addresses {
        assert_eq!(sim.holding(ROUTER, address), [master], "{what}, address {address}\n{}", sim.trace());
    }
    master
}

/// The same, where it is known which host.
fn expect_master(sim: &mut Simulation, master: HostId, addresses: usize, what: &str) {
    assert_eq!(settled_master(sim, addresses, what), master, "{what}\n{}", sim.trace());
}

/// One router on each host, all started at zero, `seconds` later.
fn running(routers: impl IntoIterator<Item = Params>, seconds: u64) -> Simulation {
    let mut sim = Simulation::new(1);
    sim.start(routers.into_iter().map(|params| vec![params]));
    run_to(&mut sim, seconds);
    sim
}

fn run_to(sim: &mut Simulation, seconds: u64) {
    run_to_millis(sim, seconds * 1_000);
}

fn run_to_millis(sim: &mut Simulation, millis: u64) {
    sim.run_for(Instant::from_millis(millis).since(sim.now()));
    assert_eq!(sim.violation(), None, "{}", sim.trace());
}

/// The transitions told after `seconds`, a line each.
fn told_after(sim: &Simulation, seconds: u64) -> Vec<String> {
    let since = Instant::from_millis(seconds * 1_000);
    sim.transitions().iter().filter(|told| told.at >= since).map(ToString::to_string).collect()
}

/// When a host sent adverts after `seconds`: priority and nanoseconds.
fn sent_after(sim: &Simulation, host: HostId, seconds: u64) -> Vec<(u8, u64)> {
    let since = Instant::from_millis(seconds * 1_000);
    let sent = sim.sent().iter().filter(|sent| sent.host == host && sent.at >= since);
    sent.map(|sent| (Claim::octet(sent.claim), sent.at.as_nanos())).collect()
}

const fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}
