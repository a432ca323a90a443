//! A MASTER that leaves, dies, and comes back.

use keepwatch_sim::params::{ipv6, version_2, version_3};
use keepwatch_sim::{Fault, Leftovers, Simulation};
use keepwatch_vrrp::{Params, Preemption};

use super::*;

#[test]
fn a_stopped_master_is_followed_after_the_skew_time() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 20);
    assert_eq!(
        told_after(&sim, 0),
        [
            "0.000000000 a Init -> Backup",
            "0.000000000 b Init -> Backup",
            "3.605468750 a Backup -> Master",
            "10.609575000 b Backup -> Master",
            // 200 us, and 20 ms
            "10.629775000 a Master -> Stopped",
        ]
    );
    assert_eq!(sent_after(&sim, A, 10), [(0, 10_000_000_000), (0, 10_000_000_000)]);
    assert_eq!(sim.holding(ROUTER, 0), [B]);
}

#[test]
fn a_stopped_master_at_10_ms_is_followed_after_its_skew_time() {
    let mut sim = running([version_3(101, 1), version_3(100, 1)], 1);
    sim.apply(Fault::Stop(A));
    run_to(&mut sim, 2);
    // 200 us, and 156/256 of 10 ms
    assert_eq!(told_after(&sim, 1), ["1.006293750 b Backup -> Master", "1.026493750 a Master -> Stopped"]);
}

#[test]
fn a_killed_master_is_followed_after_the_master_down_time_and_its_address_stays_until_it_is_started() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Kill { host: A, leftovers: Leftovers::Stay });
    run_to(&mut sim, 20);
    assert_eq!(sim.serving(ROUTER), [B]);
    assert_eq!(sim.holding(ROUTER, 0), [A, B]);
    sim.apply(Fault::Restart(A));
    assert_eq!(sim.holding(ROUTER, 0), [B]);
    run_to(&mut sim, 30);
    // The last advert was heard at 9.605668750.
    assert_eq!(
        told_after(&sim, 10),
        [
            "13.215043750 b Backup -> Master",
            "20.000000000 a Init -> Backup",
            "23.605468750 a Backup -> Master",
            "23.625668750 b Master -> Backup",
        ]
    );
    assert_eq!(sim.holding(ROUTER, 0), [A]);
}

#[test]
fn a_power_cut_at_10_ms() {
    let mut sim = running([version_3(101, 1), version_3(100, 1)], 1);
    sim.apply(Fault::Kill { host: A, leftovers: Leftovers::Gone });
    run_to(&mut sim, 2);
    // Last heard at 996.254687 ms; 36.09375 ms later:
    assert_eq!(told_after(&sim, 1), ["1.032587500 b Backup -> Master"]);
    assert_eq!(sim.holding(ROUTER, 0), [B]);
}

#[test]
fn without_preemption_a_master_that_comes_back_stands_by() {
    let mut sim = running([Params { preemption: Preemption::Never, ..version_2(101) }, version_2(100)], 10);
    sim.apply(Fault::Kill { host: A, leftovers: Leftovers::Gone });
    run_to(&mut sim, 20);
    sim.apply(Fault::Restart(A));
    run_to(&mut sim, 60);
    assert_eq!(told_after(&sim, 14), ["20.000000000 a Init -> Backup"]);
    assert_eq!(sim.serving(ROUTER), [B]);
}

#[test]
fn with_a_preempt_delay_it_waits_that_long_after_the_first_lower_advert() {
    let delayed = Params { preemption: Preemption::After(seconds(10)), ..version_2(101) };
    let mut sim = running([delayed, version_2(100)], 10);
    sim.apply(Fault::Kill { host: A, leftovers: Leftovers::Gone });
    run_to(&mut sim, 20);
    sim.apply(Fault::Restart(A));
    run_to(&mut sim, 60);
    // The first lower advert comes at 20.215243750. The one ten seconds later is the first that is discarded;
    // the one before it was the last that was followed, for 3.605468750.
    assert_eq!(
        told_after(&sim, 14),
        [
            "20.000000000 a Init -> Backup",
            "32.820712500 a Backup -> Master",
            "32.840912500 b Master -> Backup",
        ]
    );
}

#[test]
fn over_ipv6_nothing_is_said_before_the_address_answers() {
    for seed in 0..20 {
        let mut sim = Simulation::new(seed);
        sim.start([vec![ipv6(101, 100)], vec![ipv6(100, 100)]]);
        run_to(&mut sim, 10);
        sim.apply(Fault::Stop(A));
        run_to(&mut sim, 20);
        let (priority, at) = sent_after(&sim, B, 10)[0];
        assert_eq!(priority, 100);
        // 10.0002 and the skew, and up to 60 ms
        assert!((10_609_575_000..=10_669_575_000).contains(&at), "seed {seed}: {at}");
    }
}

#[test]
fn the_last_of_five_is_reached_when_four_die_one_after_the_other() {
    let mut sim = running([254, 200, 150, 100, 50].map(version_2), 10);
    for (host, at) in [(A, 20), (B, 30), (C, 40), (D, 50)] {
        assert_eq!(sim.serving(ROUTER), [host]);
        sim.apply(Fault::Kill { host, leftovers: Leftovers::Gone });
        run_to(&mut sim, at);
    }
    assert_eq!(sim.serving(ROUTER), [HostId(4)]);
    assert_eq!(sim.holding(ROUTER, 0), [HostId(4)]);
}
