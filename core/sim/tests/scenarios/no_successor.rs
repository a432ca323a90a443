//! Hand-overs that find no successor, or that lose the first packets they say or hear.

use keepwatch_sim::params::{version_2, with_addresses};
use keepwatch_sim::{Fault, HostId};
use keepwatch_vrrp::StateName;

use super::*;

/// What a does about a hand-over that nobody takes: nothing but to advertise again when it has waited.
fn expect_refusal(sim: &mut Simulation, what: &str) {
    run_to(sim, 30);
    assert!(told_after(sim, 4).iter().all(|told| !told.contains(" a ")), "{what}: {:?}", told_after(sim, 4));
    assert_eq!(
        sent_after(sim, A, 10)[..4],
        [(0, 10_000_000_000), (0, 10_000_000_000), (101, 11_300_000_000), (101, 12_300_000_000)],
        "{what}"
    );
    expect_master(sim, A, 1, what);
    assert_eq!(sim.flips(ROUTER, 0), 0, "{what}");
}

#[test]
fn a_hand_over_without_a_peer_changes_nothing() {
    let mut sim = watched([version_2(101)]);
    sim.apply(HAND_OVER);
    expect_refusal(&mut sim, "alone");
}

#[test]
fn a_hand_over_to_a_peer_in_fault_changes_nothing() {
    for fault in [Fault::LinkDown(B), Fault::SourceLost(B), Fault::TransportLost(B)] {
        let mut sim = watched([version_2(101), version_2(100)]);
        sim.apply(fault);
        assert_eq!(sim.state(B, ROUTER), Some(StateName::Fault), "{fault:?}");
        sim.apply(HAND_OVER);
        run_to(&mut sim, 20);
        sim.heal();
        expect_refusal(&mut sim, &format!("{fault:?}"));
    }
}

#[test]
fn a_stop_without_a_peer_ends_when_a_successor_would_have_come() {
    // The largest skew time and 300 ms, and a second at least.
    for ((what, kind), millis) in KINDS.into_iter().zip([1_300, 1_300, 1_000, 1_300, 1_000]) {
        let mut sim = watched([kind(101)]);
        sim.apply(Fault::Stop(A));
        run_to_millis(&mut sim, 10_000 + millis - 1);
        assert_eq!(sim.holding(ROUTER, 0), [A], "{what}");
        sim.unwatch();
        run_to_millis(&mut sim, 10_000 + millis);
        assert_eq!(sim.state(A, ROUTER), Some(StateName::Stopped), "{what}");
        assert!(sim.holding(ROUTER, 0).is_empty(), "{what}");
    }
}

#[test]
fn one_copy_of_the_resignation_is_enough() {
    for fault in [Fault::Stop(A), HAND_OVER] {
        let mut sim = watched([version_2(101), version_2(100)]);
        sim.apply(Fault::LoseNext(1));
        sim.apply(fault);
        run_to(&mut sim, 20);
        assert_eq!(told_after(&sim, 10)[0], "10.609575000 b Backup -> Master", "{fault:?}");
        assert_eq!(sim.holding(ROUTER, 0), [B], "{fault:?}");
    }
}

#[test]
fn a_hand_over_whose_resignation_is_lost_altogether_changes_nothing() {
    let mut sim = watched([version_2(101), version_2(100)]);
    sim.apply(Fault::LoseNext(2));
    sim.apply(HAND_OVER);
    expect_refusal(&mut sim, "lost");
}

/// As in a crash, but for 1.3 s: nothing else can be done about it.
#[test]
fn a_stop_whose_resignation_is_lost_altogether_is_followed_after_the_master_down_time() {
    let mut sim = watched([version_2(101), version_2(100)]);
    sim.apply(Fault::LoseNext(2));
    sim.apply(Fault::Stop(A));
    run_to_millis(&mut sim, 11_299);
    sim.unwatch();
    run_to(&mut sim, 20);
    assert_eq!(told_after(&sim, 10), ["11.300000000 a Master -> Stopped", "13.215043750 b Backup -> Master"]);
}

/// b takes over at 10.609575. Its first announcement and advert are lost; it repeats the announcement 5 ms later.
#[test]
fn a_repeated_announcement_makes_up_for_a_lost_one() {
    let deaf: [&[HostId]; 3] = [&[A], &[HostId::NEIGHBOUR], &[A, HostId::NEIGHBOUR]];
    let left = ["10.634775000", "10.629775000", "10.634775000"];
    for (deaf, left) in deaf.into_iter().zip(left) {
        let mut sim = watched([version_2(101), version_2(100)]);
        sim.apply(Fault::Stop(A));
        run_to_millis(&mut sim, 10_609);
        for &to in deaf {
            sim.apply(Fault::Cut { from: B, to });
        }
        run_to_millis(&mut sim, 10_611);
        sim.apply(Fault::NetworkRepaired);
        expect_master(&mut sim, B, 1, &format!("{deaf:?}"));
        assert_eq!(told_after(&sim, 10)[1], format!("{left} a Master -> Stopped"), "{deaf:?}");
        assert_eq!(sim.flips(ROUTER, 0), 1, "{deaf:?}");
    }
}

/// The third address has no successor: it stays for a second after the first sign of one, for nothing.
#[test]
fn a_peer_with_a_shorter_list_takes_what_it_has() {
    for (fault, state) in [(Fault::Stop(A), "Stopped"), (HAND_OVER, "Backup")] {
        let mut sim = watched([with_addresses(3, version_2(101)), with_addresses(2, version_2(100))]);
        sim.apply(fault);
        run_to_millis(&mut sim, 11_609);
        assert_eq!((sim.holding(ROUTER, 0), sim.holding(ROUTER, 1)), (vec![B], vec![B]), "{fault:?}");
        assert_eq!(sim.holding(ROUTER, 2), [A], "{fault:?}");
        sim.unwatch();
        sim.watch(ROUTER, [0, 1]);
        expect_master(&mut sim, B, 2, state);
        assert!(sim.holding(ROUTER, 2).is_empty(), "{fault:?}");
        assert_eq!(
            told_after(&sim, 10),
            ["10.609575000 b Backup -> Master".to_owned(), format!("11.609775000 a Master -> {state}")]
        );
    }
}
