//! Adverts that reach nobody, or only some. VRRP hears one direction only: these tests say what follows.

use keepwatch_sim::Fault;
use keepwatch_sim::params::version_2;

use super::*;

#[test]
fn a_backup_that_no_longer_hears_the_master_becomes_a_second_one_until_it_hears_again() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Cut { from: A, to: B });
    run_to(&mut sim, 20);
    // a hears b, is higher, and says so: b does not hear it. Both hold the address.
    assert_eq!(sim.serving(ROUTER), [A, B]);
    assert_eq!(sim.holding(ROUTER, 0), [A, B]);
    sim.apply(Fault::NetworkRepaired);
    run_to(&mut sim, 30);
    // a answers each of b's adverts, so the first one after the repair ends it: b's address goes 20 ms after a's
    // announcement.
    assert_eq!(told_after(&sim, 10), ["13.215043750 b Backup -> Master", "20.235443750 b Master -> Backup"]);
    assert_eq!(sim.holding(ROUTER, 0), [A]);
}

#[test]
fn a_master_that_does_not_hear_its_backup_goes_on() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Cut { from: B, to: A });
    run_to(&mut sim, 60);
    assert!(told_after(&sim, 10).is_empty());
    assert_eq!(sim.serving(ROUTER), [A]);
}

#[test]
fn a_lower_master_that_does_not_hear_a_higher_one_stays_a_second_one() {
    let mut sim = running([version_2(101), version_2(100)], 0);
    sim.apply(Fault::Cut { from: A, to: B });
    run_to(&mut sim, 60);
    assert_eq!(
        told_after(&sim, 0)[2..],
        ["3.605468750 a Backup -> Master", "3.609375000 b Backup -> Master"]
    );
    assert_eq!(sim.serving(ROUTER), [A, B]);
}

#[test]
fn a_partition_has_a_master_on_each_side_and_one_when_it_is_healed() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Split { side: 0b01 });
    run_to(&mut sim, 30);
    assert_eq!(sim.serving(ROUTER), [A, B]);
    sim.heal();
    run_to(&mut sim, 60);
    assert_eq!(told_after(&sim, 10), ["13.215043750 b Backup -> Master", "30.235443750 b Master -> Backup"]);
    assert_eq!(sim.holding(ROUTER, 0), [A]);
}

#[test]
fn five_hosts_in_two_halves_agree_within_an_interval() {
    let mut sim = running([200, 150, 120, 110, 100].map(version_2), 10);
    sim.apply(Fault::Split { side: 0b01001 });
    run_to(&mut sim, 30);
    assert_eq!(sim.serving(ROUTER), [A, B]);
    sim.heal();
    run_to(&mut sim, 31);
    assert_eq!(sim.serving(ROUTER), [A]);
    sim.settle();
    assert_eq!(sim.violation(), None);
    assert_eq!(sim.holding(ROUTER, 0), [A]);
}

#[test]
fn one_advert_in_three_is_enough() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    for second in 10..40 {
        // One passes, two are lost: a backup that misses three takes over.
        sim.apply(Fault::Loss(if second % 3 == 0 { 0 } else { 1_000 }));
        run_to(&mut sim, second + 1);
    }
    assert!(told_after(&sim, 10).is_empty());
}

#[test]
fn duplicates_and_late_packets_change_nothing_while_they_are_quicker_than_the_interval() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Duplication(1_000));
    let (delay, jitter) = (Duration::from_millis(5), Duration::from_millis(900));
    sim.apply(Fault::Delay { delay, jitter });
    run_to(&mut sim, 120);
    assert!(told_after(&sim, 10).is_empty());
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 130);
    assert_eq!(sim.serving(ROUTER), [B]);
}
