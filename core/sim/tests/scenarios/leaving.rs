//! Hand-overs lose nothing: by stop, by command, and by yielding to a better one. The rule `LosesNothing` says that
//! whoever a neighbour sends to answers, and when all has come to rest one host has each address.

use keepwatch_sim::params::{version_2, with_addresses};
use keepwatch_sim::{Fault, HostId};
use keepwatch_vrrp::{Departure, Params, Preemption, StateName};

use super::*;

/// Every kind with one address and with twenty: what it is, how to make it, and how many addresses.
fn each_kind(mut test: impl FnMut(&str, &dyn Fn(u8) -> Params, usize)) {
    for (name, kind) in KINDS {
        for count in [1, 20] {
            test(
                &format!("{name}, {count}"),
                &|priority| with_addresses(count, kind(priority)),
                count.into(),
            );
        }
    }
}

/// Expects that the neighbour has turned so often with each address.
fn expect_flips(sim: &Simulation, addresses: usize, flips: usize, what: &str) {
    for address in 0..addresses {
        assert_eq!(sim.flips(ROUTER, address), flips, "{what}, address {address}\n{}", sim.trace());
    }
}

#[test]
fn a_stop_loses_nothing() {
    each_kind(|what, kind, addresses| {
        let mut sim = watched([kind(101), kind(100)]);
        sim.apply(Fault::Stop(A));
        assert_eq!(sim.departure(A, ROUTER), Some(Departure::Stop), "{what}");
        expect_master(&mut sim, B, addresses, what);
        assert_eq!(sim.state(A, ROUTER), Some(StateName::Stopped), "{what}");
        expect_flips(&sim, addresses, 1, what);
    });
}

#[test]
fn a_hand_over_loses_nothing_and_is_not_taken_back() {
    each_kind(|what, kind, addresses| {
        let mut sim = watched([kind(101), kind(100)]);
        sim.apply(HAND_OVER);
        expect_master(&mut sim, B, addresses, what);
        sim.run_for(seconds(30));
        expect_master(&mut sim, B, addresses, what);
        assert_eq!(sim.state(A, ROUTER), Some(StateName::Backup), "{what}");
        expect_flips(&sim, addresses, 1, what);
    });
}

#[test]
fn a_failback_loses_nothing() {
    each_kind(|what, kind, addresses| {
        let mut sim = watched([kind(101), kind(100)]);
        sim.apply(Fault::Stop(A));
        expect_master(&mut sim, B, addresses, what);
        sim.apply(Fault::Restart(A));
        expect_master(&mut sim, A, addresses, what);
        expect_flips(&sim, addresses, 2, what);
    });
}

#[test]
fn a_hundred_stops_and_a_hundred_failbacks_lose_nothing() {
    for (what, kind) in KINDS {
        let mut sim = watched([kind(101), kind(100)]);
        for round in 1..=100 {
            sim.apply(Fault::Stop(A));
            expect_master(&mut sim, B, 1, what);
            sim.apply(Fault::Restart(A));
            expect_master(&mut sim, A, 1, what);
            expect_flips(&sim, 1, 2 * round, what);
        }
    }
}

#[test]
fn a_hundred_hand_overs_to_and_fro_lose_nothing() {
    for (what, kind) in KINDS {
        let mut sim = watched([kind(101), kind(100)]);
        let pairs: [(HostId, HostId); 2] = [(A, B), (B, A)];
        for (round, (host, successor)) in pairs.into_iter().cycle().take(100).enumerate() {
            sim.apply(Fault::HandOver { host, router: ROUTER });
            expect_master(&mut sim, successor, 1, what);
            expect_flips(&sim, 1, round + 1, what);
        }
    }
}

#[test]
fn a_peer_that_does_not_preempt_takes_over_all_the_same() {
    for preemption in [Preemption::Never, Preemption::After(seconds(30))] {
        let mut sim = watched([version_2(101), Params { preemption, ..version_2(100) }]);
        sim.apply(Fault::Stop(A));
        expect_master(&mut sim, B, 1, "");
        assert_eq!(
            told_after(&sim, 10),
            ["10.609575000 b Backup -> Master", "10.629775000 a Master -> Stopped"],
            "{preemption:?}"
        );
    }
}

/// After a hand-over the peer preempts neither, though it is the better one.
#[test]
fn whoever_handed_over_takes_back_when_its_successor_leaves() {
    let mut sim = watched([version_2(101), version_2(100)]);
    sim.apply(HAND_OVER);
    run_to(&mut sim, 60);
    sim.apply(Fault::Stop(B));
    run_to(&mut sim, 70);
    assert_eq!(
        told_after(&sim, 10),
        [
            "10.609575000 b Backup -> Master",
            "10.629775000 a Master -> Backup",
            // 200 us, and 155/256 s
            "60.605668750 a Backup -> Master",
            "60.625868750 b Master -> Stopped",
        ]
    );
}

/// Adjacent priorities at 10 ms: the skew times differ by less than a delivery, and both become MASTER. Over IPv6 it
/// depends on whose address answers first.
#[test]
fn the_better_one_of_two_standbys_takes_over() {
    each_kind(|what, kind, addresses| {
        for fault in [Fault::Stop(A), HAND_OVER] {
            let mut sim = watched([kind(102), kind(101), kind(100)]);
            sim.apply(fault);
            expect_master(&mut sim, B, addresses, &format!("{what}, {fault:?}"));
        }
    });
}

#[test]
fn one_of_two_equal_standbys_takes_over() {
    each_kind(|what, kind, addresses| {
        for fault in [Fault::Stop(A), HAND_OVER] {
            let mut sim = watched([kind(101), kind(100), kind(100)]);
            sim.apply(fault);
            expect_master(&mut sim, C, addresses, &format!("{what}, {fault:?}"));
        }
    });
}

/// Each address waits for its own announcement: keepalived may send them some time apart.
#[test]
fn addresses_that_are_announced_one_after_the_other_leave_one_after_the_other() {
    // The last of twenty goes nineteen gaps after the first, which goes at 10.629775.
    for (gap, left) in [(1, "10.648775000"), (10, "10.819775000"), (100, "12.529775000")] {
        let mut sim = watched([with_addresses(20, version_2(101)), with_addresses(20, version_2(100))]);
        sim.set_announcement_gap(B, Duration::from_millis(gap));
        sim.apply(Fault::Stop(A));
        run_to_millis(&mut sim, 10_630);
        assert_eq!((sim.holding(ROUTER, 0), sim.holding(ROUTER, 19)), (vec![B], vec![A, B]), "{gap} ms");
        let what = format!("{gap} ms");
        expect_master(&mut sim, B, 20, &what);
        assert_eq!(told_after(&sim, 10)[1], format!("{left} a Master -> Stopped"), "{gap} ms");
        expect_flips(&sim, 20, 1, &what);
    }
}
