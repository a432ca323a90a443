//! Random hand-overs of healthy hosts on a quiet network lose nothing: stops, failbacks, and hand-overs by command,
//! calmly one after the other, or hastily one into the other. More of them are run by
//!
//! ```text
//!   KEEPWATCH_SIM_SEEDS=10000 cargo test --release -p keepwatch-sim --test hand_overs
//! ```

use std::time::Duration;

use keepwatch_sim::params::{ipv6, version_2, version_3, with_addresses};
use keepwatch_sim::{Fault, HostId, Rng, Simulation};
use keepwatch_vrrp::{Params, Preemption, RouterId, StateName};

const ROUTER: RouterId = RouterId(0);
/// How many seeds an ordinary run takes.
const SEEDS: u64 = 64;
/// What is done in one run.
const DEEDS: u64 = 30;

/// When the next thing is done.
#[derive(Clone, Copy, Debug)]
enum Pace {
    /// When everything has come to rest.
    Calm,
    /// At any time.
    Hasty,
}

struct Run {
    sim: Simulation,
    rng: Rng,
    hosts: Vec<HostId>,
    /// How many hand-overs began.
    begun: usize,
}

impl Run {
    /// Two to four hosts, at rest.
    fn start(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let kinds: [fn(u8) -> Params; 5] = [
            version_2,
            |priority| version_3(priority, 100),
            |priority| version_3(priority, 1),
            |priority| ipv6(priority, 100),
            |priority| ipv6(priority, 1),
        ];
        let (kind, addresses) = (rng.pick(&kinds), rng.pick(&[1, 2, 5]));
        let mut sim = Simulation::new(rng.number());
        sim.observe();
        for _ in 0..rng.pick(&[2, 3, 4]) {
            let priority = rng.pick(&[50, 100, 100, 101, 150, 254]);
            let delay = Duration::from_secs(1 + rng.below(4));
            let preemption = rng.pick(&[
                Preemption::Immediate,
                Preemption::Immediate,
                Preemption::Never,
                Preemption::After(delay),
            ]);
            let params = Params { preemption, ..with_addresses(addresses, kind(priority)) };
            let interval = params.interval.duration();
            let id = sim.add_host(vec![params]);
            // Later than this it is not healthy: neighbours are turned to it by what it says 5 ms after its start, and
            // the other one has gone 10 ms after that over IPv6.
            let late = rng.pick(&[Duration::ZERO, Duration::from_millis(1), Duration::from_millis(4)]);
            sim.set_lateness(id, late.min(interval / 20));
            sim.apply(Fault::Restart(id));
        }
        sim.settle();
        sim.watch(ROUTER, 0..usize::from(addresses));
        let hosts = sim.hosts();
        Self { sim, rng, hosts, begun: 0 }
    }

    fn everything(mut self, pace: Pace) -> Result<usize, String> {
        for _ in 0..DEEDS {
            self.do_something();
            match pace {
                Pace::Calm => self.sim.settle(),
                Pace::Hasty => {
                    let longest = self.rng.pick(&[1, 30, 700, 5_000]);
                    self.sim.run_for(self.rng.up_to(Duration::from_millis(longest)));
                }
            }
        }
        self.sim.settle();
        match self.sim.violation() {
            None => Ok(self.begun),
            Some(violation) => Err(format!("{}{violation}", self.sim.trace())),
        }
    }

    fn do_something(&mut self) {
        let host = self.rng.pick(&self.hosts);
        match self.rng.below(3) {
            0 if self.may_go(host) => self.begin(Fault::Stop(host)),
            0 | 1 => self.sim.apply(Fault::Restart(host)),
            _ if self.may_go(host) => self.begin(Fault::HandOver { host, router: ROUTER }),
            _ => {}
        }
    }

    fn begin(&mut self, fault: Fault) {
        self.begun += 1;
        self.sim.apply(fault);
    }

    /// Whether somebody else listens: a backup, and nobody is leaving yet. A second resignation would find the one who
    /// resigned first on its way out, to serve again after its skew time only.
    fn may_go(&self, host: HostId) -> bool {
        let is_leaving = |host: &HostId| self.sim.departure(*host, ROUTER).is_some();
        let is_standby =
            |other: &HostId| *other != host && self.sim.state(*other, ROUTER) == Some(StateName::Backup);
        self.hosts.iter().any(is_standby) && !self.hosts.iter().any(is_leaving)
    }
}

/// Runs all seeds; gives how many hand-overs began.
fn run_all(pace: Pace) -> usize {
    let seeds = std::env::var("KEEPWATCH_SIM_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(SEEDS);
    let mut begun = 0;
    for seed in 0..seeds {
        match Run::start(seed).everything(pace) {
            Ok(count) => begun += count,
            Err(failure) => panic!("{failure}\nseed {seed}, {pace:?}"),
        }
    }
    println!("{begun} hand-overs");
    begun
}

#[test]
fn calm_hand_overs_lose_nothing() {
    assert!(run_all(Pace::Calm) > 500);
}

#[test]
fn hasty_hand_overs_lose_nothing() {
    assert!(run_all(Pace::Hasty) > 500);
}
