//! Who becomes MASTER when several could.

use keepwatch_sim::Fault;
use keepwatch_sim::params::{version_2, version_3, vip};
use keepwatch_vrrp::{Family, Params, Priority, Start};

use super::*;

#[test]
fn equal_priorities_with_simultaneous_timers_are_decided_by_the_address() {
    let sim = running([version_2(100), version_2(100)], 30);
    assert_eq!(
        told_after(&sim, 0),
        [
            "0.000000000 a Init -> Backup",
            "0.000000000 b Init -> Backup",
            "3.609375000 a Backup -> Master",
            "3.609375000 b Backup -> Master",
            "3.629575000 a Master -> Backup",
        ]
    );
    assert_eq!(sim.serving(ROUTER), [B], "10.1.1.11 is higher than 10.1.1.10");
    assert_eq!(sent_after(&sim, A, 0), [(100, 3_609_375_000)]);
}

#[test]
fn five_equals_agree_within_one_delivery_and_what_it_takes_to_leave() {
    let sim = running([100; 5].map(version_2), 30);
    let last = sim.transitions().last().unwrap();
    assert_eq!(last.at.as_nanos(), 3_629_575_000);
    assert_eq!(sim.serving(ROUTER), [HostId(4)]);
}

#[test]
fn an_owner_asserts_itself_at_once_and_again_when_it_is_back() {
    let owner = Params { priority: Priority::OWNER, start: Start::Asserting, ..version_2(254) };
    let mut sim = running([owner, version_2(100)], 10);
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 20);
    sim.apply(Fault::Restart(A));
    run_to(&mut sim, 30);
    assert_eq!(
        told_after(&sim, 0),
        [
            "0.000000000 a Init -> Master",
            "0.000000000 b Init -> Backup",
            "10.609575000 b Backup -> Master",
            "10.629775000 a Master -> Stopped",
            "20.000000000 a Init -> Master",
            "20.020200000 b Master -> Backup",
        ]
    );
}

/// Two pairs that do not know of each other, with one VRID and other addresses.
#[test]
fn another_virtual_router_with_the_same_vrid_does_not_matter() {
    let other = |priority| Params { addresses: vec![vip(Family::V4, 40)], ..version_2(priority) };
    let mut sim = running([version_2(101), version_2(100), other(200), other(50)], 10);
    assert_eq!(sim.serving(ROUTER), [A, C]);
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 20);
    sim.apply(Fault::Stop(C));
    run_to(&mut sim, 30);
    assert_eq!(
        told_after(&sim, 10),
        [
            "10.609575000 b Backup -> Master",
            "10.629775000 a Master -> Stopped",
            // 200 us, and 206/256 s
            "20.804887500 d Backup -> Master",
            "20.825087500 c Master -> Stopped",
        ]
    );
}

#[test]
fn the_interval_of_a_quick_master_is_learned_and_its_resignation_is_followed_quickly() {
    let mut sim = running([version_3(101, 1), version_3(100, 100)], 1);
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 10);
    assert_eq!(told_after(&sim, 1), ["1.006293750 b Backup -> Master", "1.026493750 a Master -> Stopped"]);
    // Its own adverts keep its own interval.
    assert_eq!(
        sent_after(&sim, B, 1)[..3],
        [(100, 1_006_293_750), (100, 2_006_293_750), (100, 3_006_293_750)]
    );
}

#[test]
fn a_quick_backup_does_not_take_over_from_a_slow_master() {
    let mut sim = running([version_3(101, 100), version_3(100, 1)], 10);
    assert_eq!(sim.serving(ROUTER), [A]);
    assert!(told_after(&sim, 4).is_empty(), "{:?}", told_after(&sim, 4));
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 20);
    // The skew is that of the MASTER's interval: 156/256 s.
    assert_eq!(told_after(&sim, 10), ["10.609575000 b Backup -> Master", "10.629775000 a Master -> Stopped"]);
}
