//! 256 random runs. A failing seed is printed with the last lines of its trace; it is run again, alone and
//! with its whole trace, by
//!
//! ```text
//!   KEEPWATCH_SIM_SEED=0x2a cargo test -p keepwatch-sim
//! ```
//!
//! and more of them are run by `KEEPWATCH_SIM_SEEDS=100000 cargo test --release -p keepwatch-sim`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use keepwatch_sim::{Plan, run_plan, run_seed};

/// How many seeds an ordinary run takes.
const SEEDS: u64 = 256;

#[test]
fn every_rule_holds_in_random_runs() {
    if let Some(seed) = from_environment("KEEPWATCH_SIM_SEED") {
        match run_plan(Plan { seed, keeps_trace: true, ..Plan::default() }) {
            Ok(run) => println!("{}every rule holds for seed {seed:#x}", run.trace),
            Err(failure) => panic!("{failure}"),
        }
        return;
    }
    let (mut adverts, mut transitions, mut leavings) = (0, 0, 0);
    let mut failures = Vec::new();
    for seed in 0..from_environment("KEEPWATCH_SIM_SEEDS").unwrap_or(SEEDS) {
        match catch_unwind(AssertUnwindSafe(|| run_seed(seed))) {
            Ok(Ok(run)) => {
                adverts += run.adverts;
                transitions += run.transitions;
                leavings += run.leavings;
            }
            Ok(Err(failure)) => {
                failures.push((failure.to_string(), format!("{seed:#x}: {}", failure.violation)))
            }
            Err(_) => failures.push((format!("panicked: KEEPWATCH_SIM_SEED={seed:#x}"), String::new())),
        }
    }
    let happened = format!("{adverts} adverts, {transitions} transitions, {leavings} times left");
    println!("{happened}");
    if let Some((first, _)) = failures.first() {
        let others: Vec<&str> = failures.iter().skip(1).map(|(_, line)| line.as_str()).collect();
        panic!("{first}\n{} more seeds failed\n{}", others.len(), others.join("\n"));
    }
    // A simulation in which nothing happens proves nothing.
    assert!(adverts > 10_000 && transitions > 2_000 && leavings > 500, "{happened}");
}

/// Announcements that leave some time apart (keepalived's `vrrp_garp_interval`): a third of the runs each.
#[test]
fn every_rule_holds_with_announcements_that_wait() {
    let mut leavings = 0;
    for seed in 0..SEEDS / 2 {
        let announcement_gap = [1, 10, 50].map(Duration::from_millis)[usize::try_from(seed % 3).unwrap()];
        match run_plan(Plan { seed, announcement_gap, ..Plan::default() }) {
            Ok(run) => leavings += run.leavings,
            Err(failure) => panic!("{announcement_gap:?}: {failure}"),
        }
    }
    assert!(leavings > 200, "{leavings}");
}

#[test]
fn the_same_seed_is_the_same_run() {
    for seed in [0, 7, 0xdead_beef] {
        let again = || run_plan(Plan { seed, keeps_trace: true, ..Plan::default() }).map(|run| run.trace);
        let (first, second) = (again().map_err(|f| f.to_string()), again().map_err(|f| f.to_string()));
        assert!(first == second, "seed {seed:#x}");
    }
}

/// A number from the environment, decimal or with 0x.
fn from_environment(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    let number = match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16),
        None => text.parse(),
    };
    Some(number.unwrap_or_else(|_| panic!("{name}={text} is no number")))
}
