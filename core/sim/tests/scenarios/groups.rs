//! Routers that leave together: a sync group over two of them.

use keepwatch_sim::params::vip;
use keepwatch_sim::{Fault, Simulation};
use keepwatch_vrrp::{Departure, Family, Params, StateName, Vrid};

use super::*;

const FIRST: RouterId = RouterId(0);
const SECOND: RouterId = RouterId(1);

/// The second router of a host.
fn second(params: Params) -> Params {
    let vip = match params.family {
        Family::V4 => vip(Family::V4, 40),
        Family::V6 => vip(Family::V6, 0x40),
    };
    Params { vrid: Vrid::new(52).expect("not zero"), addresses: vec![vip], ..params }
}

/// Two grouped routers on each host, with these priorities, ten seconds after their start. A neighbour's packets must
/// not be lost from now on.
fn grouped<const HOSTS: usize>(kind: Kind, hosts: [[u8; 2]; HOSTS]) -> Simulation {
    let mut sim = Simulation::new(1);
    sim.observe();
    for [one, other] in hosts {
        let id = sim.add_host(vec![kind(one), second(kind(other))]);
        sim.group(id, &[FIRST, SECOND]);
        sim.apply(Fault::Restart(id));
    }
    run_to(&mut sim, 10);
    for router in [FIRST, SECOND] {
        assert_eq!(sim.serving(router), [A]);
        sim.watch(router, [0]);
    }
    sim
}

/// Lets everything come to rest. Then this host has all.
fn expect_all_at(sim: &mut Simulation, host: HostId, what: &str) {
    sim.settle();
    assert_eq!(sim.violation(), None, "{what}\n{}", sim.trace());
    for router in [FIRST, SECOND] {
        assert_eq!((sim.serving(router), sim.holding(router, 0)), (vec![host], vec![host]), "{what}");
    }
}

/// The transitions of one router told after ten seconds.
fn told_of(sim: &Simulation, router: RouterId) -> Vec<String> {
    let told = sim.transitions().iter().filter(|told| told.router == router);
    told.filter(|told| told.at >= Instant::from_millis(10_000)).map(ToString::to_string).collect()
}

#[test]
fn a_group_hands_over_and_back_without_a_loss() {
    for (what, kind) in KINDS {
        for hosts in [[[150, 150], [100, 100]], [[150, 150], [100, 50]]] {
            for router in [FIRST, SECOND] {
                let mut sim = grouped(kind, hosts);
                sim.apply(Fault::HandOver { host: A, router });
                assert_eq!(sim.departure(A, FIRST), Some(Departure::HandOver), "{what}");
                assert_eq!(sim.departure(A, SECOND), Some(Departure::HandOver), "{what}");
                expect_all_at(&mut sim, B, what);
                sim.apply(Fault::HandOver { host: B, router });
                expect_all_at(&mut sim, A, what);
            }
        }
    }
}

#[test]
fn a_group_stops_and_comes_back_without_a_loss() {
    for (what, kind) in KINDS {
        let mut sim = grouped(kind, [[150, 150], [100, 50]]);
        sim.apply(Fault::Stop(A));
        expect_all_at(&mut sim, B, what);
        sim.apply(Fault::Restart(A));
        expect_all_at(&mut sim, A, what);
    }
}

/// The standby's skew times are 156/256 s and 206/256 s: it takes over when both have passed. Each address goes when it has
/// been announced.
#[test]
fn each_member_leaves_when_it_has_its_successor() {
    let mut sim = grouped(version_2, [[150, 150], [100, 50]]);
    sim.apply(Fault::Stop(A));
    expect_all_at(&mut sim, B, "");
    assert_eq!(told_of(&sim, FIRST), ["10.804887500 b Backup -> Master", "10.825087500 a Master -> Stopped"]);
    assert_eq!(
        told_of(&sim, SECOND),
        ["10.804887500 b Backup -> Master", "10.825087500 a Master -> Stopped"]
    );
}

/// The first member is preempted a little sooner than the second one, which leaves with it all the same.
#[test]
fn a_member_that_yields_takes_the_others_along() {
    let mut sim = grouped(version_2, [[150, 150], [100, 100]]);
    sim.apply(Fault::Stop(A));
    expect_all_at(&mut sim, B, "");
    sim.apply(Fault::Restart(A));
    let late = sim.now() + seconds(5);
    while sim.departure(B, FIRST).is_none() && sim.step(late) {}
    assert_eq!(sim.departure(B, FIRST), Some(Departure::Yield));
    assert_eq!(sim.departure(B, SECOND), Some(Departure::Group));
    expect_all_at(&mut sim, A, "");
}

#[test]
fn a_group_waits_twice_as_long_for_a_successor() {
    let mut sim = grouped(version_2, [[150, 150]]);
    sim.apply(Fault::HandOver { host: A, router: FIRST });
    run_to_millis(&mut sim, 12_599);
    assert_eq!(sim.departure(A, SECOND), Some(Departure::HandOver));
    run_to_millis(&mut sim, 12_600);
    assert_eq!(sim.departure(A, SECOND), None);
    expect_all_at(&mut sim, A, "refused");
    sim.apply(Fault::Stop(A));
    sim.run_for(Duration::from_millis(2_599));
    assert_eq!(sim.violation(), None);
    assert_eq!(sim.state(A, SECOND), Some(StateName::Master));
    sim.unwatch();
    sim.run_for(Duration::from_millis(1));
    assert_eq!(sim.state(A, SECOND), Some(StateName::Stopped));
}
