//! Named scenarios with exact expectations: what happens, to the nanosecond.
//!
//! Host a is 10.1.1.10, b is 10.1.1.11, and so on; a packet takes 200 microseconds.

mod addresses;
mod broken_network;
mod election;
mod stalls;
mod takeover;

use std::time::Duration;

use keepwatch_sim::{HostId, Simulation};
use keepwatch_vrrp::{Claim, Instant, Params, RouterId};

/// The only router of each host.
const ROUTER: RouterId = RouterId(0);
const A: HostId = HostId(0);
const B: HostId = HostId(1);
const C: HostId = HostId(2);
const D: HostId = HostId(3);

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
