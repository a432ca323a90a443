//! The rules can be broken: hosts and segments that are wrong on purpose are found out, by the right rule.

use keepwatch_sim::params::{version_2, version_3};
use keepwatch_sim::{Fault, HostId, Plan, Rule, Sabotage, Simulation, run_plan};

/// The first rules that 24 random runs break, each once.
fn broken(plan: Plan) -> Vec<Rule> {
    let mut rules = Vec::new();
    for seed in 0..24 {
        if let Err(failure) = run_plan(Plan { seed, ..plan })
            && !rules.contains(&failure.violation.rule)
        {
            rules.push(failure.violation.rule);
        }
    }
    rules
}

fn sabotaged(sabotage: Sabotage) -> Vec<Rule> {
    broken(Plan { sabotage: Some(sabotage), ..Plan::default() })
}

#[test]
fn without_sabotage_nothing_is_broken() {
    assert_eq!(broken(Plan::default()), []);
}

#[test]
fn a_host_that_keeps_addresses_is_found_out() {
    assert_eq!(sabotaged(Sabotage::KeepsAddresses), [Rule::NoAddressWithoutMastership]);
}

#[test]
fn a_host_that_swallows_resignations_is_found_out() {
    assert_eq!(sabotaged(Sabotage::SwallowsResignations), [Rule::HandsOver]);
}

#[test]
fn a_host_that_advertises_once_more_after_its_end_is_found_out() {
    assert_eq!(sabotaged(Sabotage::RepeatsAdverts), [Rule::SilentOnceStopped]);
}

#[test]
fn a_host_that_adds_nothing_is_found_out() {
    assert_eq!(sabotaged(Sabotage::AddsNothing), [Rule::NoMastershipWithoutAddress]);
}

#[test]
fn a_segment_that_never_heals_is_found_out() {
    assert_eq!(broken(Plan { never_heals: true, ..Plan::default() }), [Rule::OneMaster]);
}

#[test]
fn a_host_that_dawdles_is_found_out() {
    let mut sim = Simulation::new(1);
    let [a] = sim.start([vec![version_3(100, 100)]])[..] else { panic!("one host") };
    sim.run_for(std::time::Duration::from_secs(10));
    assert_eq!(sim.violation(), None);
    sim.sabotage(a, Sabotage::Dawdles);
    sim.run_for(std::time::Duration::from_secs(10));
    assert_eq!(sim.violation().map(|violation| violation.rule), Some(Rule::AdvertsOnTime));
}

#[test]
fn two_masters_that_cannot_hear_each_other_do_not_settle() {
    let mut sim = Simulation::new(1);
    sim.start([vec![version_2(101)], vec![version_2(100)]]);
    sim.apply(Fault::Cut { from: HostId(0), to: HostId(1) });
    sim.settle();
    let violation = sim.violation().expect("two MASTERs");
    assert_eq!((violation.rule, violation.found.as_str()), (Rule::OneMaster, "serving: a b"));
}

#[test]
fn a_failure_says_how_to_see_it_again() {
    let plan = Plan { seed: 0x2a, never_heals: true, ..Plan::default() };
    let text = run_plan(plan).expect_err("two MASTERs").to_string();
    assert!(text.ends_with("again: KEEPWATCH_SIM_SEED=0x2a cargo test -p keepwatch-sim"), "{text}");
    assert!(text.contains("OneMaster at "), "{text}");
}
