//! The rules can be broken: hosts and segments that are wrong on purpose are found out, by the right rule.

use std::time::Duration;

use keepwatch_sim::params::{version_2, version_3};
use keepwatch_sim::{Fault, HostId, Leftovers, Plan, Rule, Sabotage, Simulation, run_plan};
use keepwatch_vrrp::{Params, RouterId, StopMode};

const A: HostId = HostId(0);
const B: HostId = HostId(1);
const ROUTER: RouterId = RouterId(0);

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
    let rules = [Rule::NoMastershipWithoutAddress, Rule::OneHolderAfterwards];
    assert_eq!(sabotaged(Sabotage::AddsNothing), rules);
}

#[test]
fn a_host_that_repeats_its_resignation_is_found_out() {
    assert_eq!(sabotaged(Sabotage::RepeatsResignations), [Rule::ResignsOnce]);
}

#[test]
fn a_host_that_announces_what_it_is_about_to_give_up_is_found_out() {
    assert_eq!(sabotaged(Sabotage::AnnouncesWhileLeaving), [Rule::AnnouncesOnlyWhileServing]);
}

#[test]
fn a_host_that_announces_what_it_has_given_up_meanwhile_is_found_out() {
    let spaced = Plan { announcement_gap: Duration::from_millis(30), ..Plan::default() };
    assert_eq!(broken(spaced), []);
    let sabotage = Some(Sabotage::SendsWhatWaited);
    assert_eq!(broken(Plan { sabotage, ..spaced }), [Rule::AnnouncesOnlyWhileServing]);
}

/// A pair, ten seconds after its start. A neighbour's packets must not be lost from now on.
fn watched(pair: [Params; 2]) -> Simulation {
    let mut sim = Simulation::new(1);
    sim.observe();
    sim.start(pair.map(|params| vec![params]));
    sim.run_for(Duration::from_secs(10));
    sim.watch(ROUTER, [0]);
    sim
}

fn broken_by(sim: &Simulation) -> Option<Rule> {
    sim.violation().map(|violation| violation.rule)
}

#[test]
fn whoever_goes_before_its_successor_has_come_is_found_out() {
    for fault in [Fault::Stop(A), Fault::HandOver { host: A, router: ROUTER }] {
        let mut sim = watched([version_2(101), version_2(100)]);
        sim.sabotage(A, Sabotage::HurriesAway);
        sim.apply(fault);
        sim.run_for(Duration::from_secs(5));
        assert_eq!(broken_by(&sim), Some(Rule::LosesNothing), "{fault:?}");
    }
    // As the RFC has it.
    let mut sim = watched([Params { stop_mode: StopMode::Rfc, ..version_2(101) }, version_2(100)]);
    sim.apply(Fault::Stop(A));
    sim.run_for(Duration::from_secs(5));
    assert_eq!(broken_by(&sim), Some(Rule::LosesNothing));
}

#[test]
fn a_successor_that_announces_what_it_has_not_is_found_out() {
    let mut sim = watched([version_2(101), version_2(100)]);
    sim.sabotage(B, Sabotage::AddsNothing);
    sim.apply(Fault::Stop(A));
    sim.run_for(Duration::from_secs(5));
    let violation = sim.violation().expect("packets are lost");
    assert_eq!((violation.rule, violation.host), (Rule::LosesNothing, Some(B)));
}

#[test]
fn a_watch_without_anybody_to_send_to_is_found_out() {
    let mut sim = Simulation::new(1);
    sim.start([vec![version_2(100)]]);
    sim.watch(ROUTER, [0]);
    assert_eq!(broken_by(&sim), Some(Rule::LosesNothing));
}

#[test]
fn whoever_takes_too_long_to_leave_is_found_out() {
    let mut sim = watched([version_2(101), version_2(100)]);
    sim.sabotage(A, Sabotage::Dawdles);
    sim.apply(Fault::LinkDown(B));
    sim.apply(Fault::Stop(A));
    sim.run_for(Duration::from_secs(5));
    assert_eq!(broken_by(&sim), Some(Rule::LeavesInTime));
}

#[test]
fn a_kernel_that_lets_no_address_of_a_dead_leaver_expire_is_found_out() {
    for (sabotage, expected) in
        [(None, None), (Some(Sabotage::NeverExpires), Some(Rule::OneHolderAfterwards))]
    {
        let mut sim = watched([version_2(101), version_2(100)]);
        if let Some(sabotage) = sabotage {
            sim.sabotage(A, sabotage);
        }
        sim.apply(Fault::Stop(A));
        sim.apply(Fault::Kill { host: A, leftovers: Leftovers::Stay });
        sim.run_for(Duration::from_secs(5));
        assert_eq!(broken_by(&sim), expected);
    }
}

#[test]
fn a_segment_that_never_heals_is_found_out() {
    assert_eq!(broken(Plan { never_heals: true, ..Plan::default() }), [Rule::OneMaster]);
}

#[test]
fn a_host_that_dawdles_is_found_out() {
    let mut sim = Simulation::new(1);
    let [a] = sim.start([vec![version_3(100, 100)]])[..] else { panic!("one host") };
    sim.run_for(Duration::from_secs(10));
    assert_eq!(sim.violation(), None);
    sim.sabotage(a, Sabotage::Dawdles);
    sim.run_for(Duration::from_secs(10));
    assert_eq!(broken_by(&sim), Some(Rule::AdvertsOnTime));
}

#[test]
fn two_masters_that_cannot_hear_each_other_do_not_settle() {
    let mut sim = Simulation::new(1);
    sim.start([vec![version_2(101)], vec![version_2(100)]]);
    sim.apply(Fault::Cut { from: A, to: B });
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
