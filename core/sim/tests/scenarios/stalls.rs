//! Hosts that do not run for a while. A MASTER that slept must listen before it speaks.

use keepwatch_sim::params::{version_2, version_3};
use keepwatch_sim::{Fault, Leftovers, Simulation, WhileAsleep};

use super::*;

/// a is MASTER; `host` sleeps from 10 s to 15 s.
fn asleep(host: HostId, packets: WhileAsleep) -> Simulation {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Sleep { host, time: seconds(5), packets });
    sim
}

#[test]
fn a_paused_master_says_nothing_before_it_has_heard_who_is_master() {
    let mut sim = asleep(A, WhileAsleep::Lost);
    run_to(&mut sim, 30);
    // b's next advert after the pause is at 15.215043750: it is the lower one, and is told so at once. Its address goes
    // 20 ms later.
    assert_eq!(told_after(&sim, 10), ["13.215043750 b Backup -> Master", "15.235443750 b Master -> Backup"]);
    assert_eq!(sent_after(&sim, A, 10)[0], (101, 15_215_243_750));
}

#[test]
fn a_stopped_master_process_hears_what_waited_for_it_and_says_one_thing() {
    let mut sim = asleep(A, WhileAsleep::Queued);
    run_to(&mut sim, 30);
    assert_eq!(told_after(&sim, 10), ["13.215043750 b Backup -> Master", "15.020200000 b Master -> Backup"]);
    assert_eq!(sent_after(&sim, A, 10)[..2], [(101, 15_000_000_000), (101, 16_000_000_000)]);
}

#[test]
fn a_paused_master_with_a_better_successor_yields_without_a_word() {
    // b's next advert after the pause, or one of those that waited at the socket.
    for (packets, yields) in [
        (WhileAsleep::Lost, "15.219150000 a Master -> Backup"),
        (WhileAsleep::Queued, "15.000000000 a Master -> Backup"),
    ] {
        // Equal priorities, and b has the higher address; but a was there first.
        let mut sim = running([version_2(100)], 5);
        sim.start([vec![version_2(100)]]);
        run_to(&mut sim, 10);
        assert_eq!(sim.serving(ROUTER), [A]);
        sim.apply(Fault::Sleep { host: A, time: seconds(5), packets });
        run_to(&mut sim, 30);
        // Last heard at 9.609575; 3.609375 later b takes over.
        assert_eq!(told_after(&sim, 10), ["13.218950000 b Backup -> Master", yields]);
        assert!(sent_after(&sim, A, 10).is_empty());
    }
}

#[test]
fn a_paused_master_that_nobody_followed_listens_for_an_interval_and_goes_on() {
    let mut sim = running([version_2(101)], 10);
    sim.apply(Fault::Sleep { host: A, time: seconds(5), packets: WhileAsleep::Lost });
    run_to(&mut sim, 30);
    assert!(told_after(&sim, 10).is_empty());
    assert_eq!(sent_after(&sim, A, 10)[0], (101, 16_000_000_000));
}

#[test]
fn a_short_stall_of_the_master_is_late_and_nothing_else() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    sim.apply(Fault::Sleep { host: A, time: seconds(2), packets: WhileAsleep::Lost });
    run_to(&mut sim, 30);
    assert!(told_after(&sim, 10).is_empty());
    assert_eq!(sent_after(&sim, A, 10)[0], (101, 12_000_000_000));
}

#[test]
fn a_backup_that_slept_does_not_take_over_from_a_living_master() {
    for packets in [WhileAsleep::Lost, WhileAsleep::Queued] {
        let mut sim = asleep(B, packets);
        run_to(&mut sim, 60);
        assert!(told_after(&sim, 10).is_empty(), "{packets:?}");
        assert!(sent_after(&sim, B, 0).is_empty());
    }
}

#[test]
fn a_backup_that_slept_while_the_master_died_waits_a_whole_time_again() {
    let mut sim = asleep(B, WhileAsleep::Lost);
    sim.apply(Fault::Kill { host: A, leftovers: Leftovers::Gone });
    run_to(&mut sim, 30);
    assert_eq!(told_after(&sim, 10), ["18.609375000 b Backup -> Master"]);
}

#[test]
fn two_suspended_hosts_wake_up_as_they_were() {
    let mut sim = running([version_2(101), version_2(100)], 10);
    for host in [A, B] {
        sim.apply(Fault::Sleep { host, time: seconds(3_600), packets: WhileAsleep::Lost });
    }
    run_to(&mut sim, 3_700);
    assert!(told_after(&sim, 10).is_empty());
    assert_eq!(sent_after(&sim, A, 10)[0], (101, 3_611_000_000_000));
    assert!(sent_after(&sim, B, 10).is_empty());
}

#[test]
fn a_pause_of_100_ms_at_10_ms_adverts() {
    let mut sim = running([version_3(101, 1), version_3(100, 1)], 1);
    let time = Duration::from_millis(100);
    sim.apply(Fault::Sleep { host: A, time, packets: WhileAsleep::Lost });
    run_to(&mut sim, 2);
    assert_eq!(told_after(&sim, 1), ["1.032587500 b Backup -> Master", "1.122987500 b Master -> Backup"]);
    assert_eq!(sent_after(&sim, A, 1)[0], (101, 1_102_787_500));
}
