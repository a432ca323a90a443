//! A whole random run out of one seed: faults, healing, one MASTER, a hand-over, the end.

use std::fmt;
use std::time::Duration;

use keepwatch_vrrp::RouterId;

use crate::checker::Violation;
use crate::convergence::Exit;
use crate::faults::Fault;
use crate::grammar::{random_fault, random_pause};
use crate::host::HostId;
use crate::leaves::Members;
use crate::random_params::random_hosts;
use crate::rng::Rng;
use crate::sabotage::Sabotage;
use crate::simulation::Simulation;

/// What kind of run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Plan {
    /// Where everything random comes from.
    pub seed: u64,
    /// What is wrong with all hosts, on purpose.
    pub sabotage: Option<Sabotage>,
    /// Whether, on purpose, the network stays broken when everything else is healed.
    pub never_heals: bool,
    /// How far apart the announcements of each host leave.
    pub announcement_gap: Duration,
    /// Whether the whole trace is kept.
    pub keeps_trace: bool,
}

/// A run in which every rule held.
#[derive(Clone, Debug)]
pub struct Run {
    /// How long it lasted, in simulated time.
    pub simulated: Duration,
    /// How many faults were injected.
    pub faults: usize,
    /// How many adverts were sent.
    pub adverts: usize,
    /// How many transitions there were.
    pub transitions: usize,
    /// How often a MASTER left without giving its addresses up at once.
    pub leavings: usize,
    /// The trace, or its end.
    pub trace: String,
}

/// A run in which a rule was broken.
#[derive(Clone, Debug)]
pub struct Failure {
    /// How to see it again.
    pub seed: u64,
    /// What was broken.
    pub violation: Violation,
    /// The trace, or its end.
    pub trace: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}{}", self.trace, self.violation)?;
        write!(f, "again: KEEPWATCH_SIM_SEED={:#x} cargo test -p keepwatch-sim", self.seed)
    }
}

/// The random run of this seed.
///
/// # Errors
///
/// The first rule broken.
pub fn run_seed(seed: u64) -> Result<Run, Box<Failure>> {
    run_plan(Plan { seed, ..Plan::default() })
}

/// A random run.
///
/// # Errors
///
/// The first rule broken.
pub fn run_plan(plan: Plan) -> Result<Run, Box<Failure>> {
    let mut rng = Rng::new(plan.seed);
    let (params, members) = random_hosts(&mut rng);
    let mut sim = Simulation::new(rng.number());
    if plan.keeps_trace {
        sim.keep_whole_trace();
    }
    let interval = params.iter().flatten().map(|params| params.interval.duration()).min().unwrap_or_default();
    let lateness = rng.pick(&[Duration::ZERO, interval / 100, interval / 20]);
    for host in &params {
        let id = sim.add_host(host.clone());
        sim.set_lateness(id, lateness);
        sim.set_announcement_gap(id, plan.announcement_gap);
        if members == Members::Several {
            sim.group(id, &[RouterId(0), RouterId(1)]);
        }
        if let Some(sabotage) = plan.sabotage {
            sim.sabotage(id, sabotage);
        }
    }
    for id in (0..params.len()).map(HostId) {
        sim.run_for(random_pause(&mut rng, &params));
        sim.apply(Fault::Restart(id));
    }
    let faults = usize::try_from(10 + rng.below(30)).unwrap_or(10);
    for _ in 0..faults {
        sim.run_for(random_pause(&mut rng, &params));
        sim.apply(random_fault(&mut rng, &params));
    }
    sim.heal();
    if plan.never_heals {
        sim.apply(Fault::Split { side: 1 });
    }
    finish(&mut sim, rng.pick(&[Exit::Stop, Exit::HandOver]));
    conclude(&sim, plan.seed, faults)
}

/// Expects one MASTER, and its successor when it leaves, and quiet when all have stopped.
fn finish(sim: &mut Simulation, exit: Exit) {
    // What was on its way when the network was healed arrives now and may still stir things up.
    sim.run_until_delivered();
    sim.settle();
    if sim.violation().is_none()
        && let [master] = sim.serving(RouterId(0))[..]
    {
        sim.hand_over(master, exit);
        sim.settle();
    }
    for id in (0..sim.hosts.len()).map(HostId) {
        sim.apply(Fault::Stop(id));
    }
    sim.wind_up();
}

fn conclude(sim: &Simulation, seed: u64, faults: usize) -> Result<Run, Box<Failure>> {
    if let Some(violation) = sim.violation() {
        return Err(Box::new(Failure { seed, violation: violation.clone(), trace: sim.trace() }));
    }
    Ok(Run {
        simulated: sim.now().since(keepwatch_vrrp::Instant::ZERO),
        faults,
        adverts: sim.sent().len(),
        transitions: sim.transitions().len(),
        leavings: sim.leavings,
        trace: sim.trace(),
    })
}
