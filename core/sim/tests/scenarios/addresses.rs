//! Addresses that somebody else takes away, and links that go down.

use keepwatch_sim::Fault;
use keepwatch_sim::params::{ipv6, version_2};
use keepwatch_vrrp::StateName;

use super::*;

const REMOVED: Fault = Fault::RemoveAddress { host: A, router: ROUTER, address: 0 };

#[test]
fn an_address_that_is_deleted_once_is_back_at_once() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(REMOVED);
    assert_eq!(sim.holding(ROUTER, 0), [A]);
    run_to(&mut sim, 30);
    assert!(told_after(&sim, 10).is_empty());
}

#[test]
fn an_address_that_is_deleted_three_times_in_a_minute_goes_to_the_backup_for_a_minute() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    for at in [10, 12, 14] {
        run_to(&mut sim, at);
        sim.apply(REMOVED);
    }
    run_to(&mut sim, 100);
    assert_eq!(
        told_after(&sim, 10),
        [
            "14.000000000 a Master -> Fault",
            "14.609575000 b Backup -> Master",
            "74.000000000 a Fault -> Backup",
            "77.605468750 a Backup -> Master",
            "77.625668750 b Master -> Backup",
        ]
    );
    assert_eq!(sim.holding(ROUTER, 0), [A]);
}

#[test]
fn an_address_that_cannot_be_put_back_goes_to_the_backup_after_three_seconds() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::FailAdditions { host: A, times: 1_000 });
    sim.apply(REMOVED);
    run_to(&mut sim, 20);
    assert_eq!(told_after(&sim, 10), ["13.000000000 a Master -> Fault", "13.609575000 b Backup -> Master"]);
    assert_eq!(sim.holding(ROUTER, 0), [B]);
}

#[test]
fn a_link_that_goes_down_takes_the_resignation_with_it() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::LinkDown(A));
    run_to(&mut sim, 20);
    sim.apply(Fault::LinkUp(A));
    run_to(&mut sim, 30);
    assert_eq!(
        told_after(&sim, 10),
        [
            "10.000000000 a Master -> Fault",
            "13.215043750 b Backup -> Master",
            "20.000000000 a Fault -> Backup",
            "23.605468750 a Backup -> Master",
            "23.625668750 b Master -> Backup",
        ]
    );
}

/// Without an address to send from nothing can be sent, not even the resignation.
#[test]
fn a_master_that_loses_its_own_address_is_followed_after_the_master_down_time_at_the_latest() {
    let v4 = [version_2(101), version_2(100)];
    let v6 = [ipv6(101, 100), ipv6(100, 100)];
    for (pair, fault, state) in [
        (v4, Fault::SourceLost(A), StateName::Fault),
        (v6.clone(), Fault::SourceLost(A), StateName::Fault),
        (v6, Fault::SourceTentative(A), StateName::Init),
    ] {
        let mut sim = running(pair, 10);
        sim.apply(fault);
        assert_eq!(sim.state(A, ROUTER), Some(state), "{fault:?}");
        assert!(sim.holding(ROUTER, 0).is_empty());
        run_to(&mut sim, 14);
        assert_eq!(sim.serving(ROUTER), [B], "{fault:?}");
        sim.apply(Fault::SourceBack(A));
        run_to(&mut sim, 20);
        assert_eq!(sim.serving(ROUTER), [A], "{fault:?}");
    }
}

#[test]
fn a_master_without_a_socket_is_in_fault_until_it_has_one() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::TransportLost(A));
    assert_eq!(sim.state(A, ROUTER), Some(StateName::Fault));
    run_to(&mut sim, 14);
    assert_eq!(sim.serving(ROUTER), [B]);
    sim.apply(Fault::TransportBack(A));
    run_to(&mut sim, 20);
    assert_eq!(sim.serving(ROUTER), [A]);
}
