//! When addresses are announced.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::rig::*;
use crate::notice::StateName;
use crate::params::{AnnouncePolicy, Params, Refresh, Schedule};
use crate::{Input, Instant};

/// Runs a MASTER on its deadlines until `until` and gives the milliseconds at which it announced.
fn announced(rig: &mut Rig, until: u64) -> Vec<u64> {
    let mut times = Vec::new();
    while let Some(at) = rig.deadline().filter(|&at| at <= until * 1_000_000) {
        let actions = rig.feed_at(Instant::from_nanos(at), Input::Timeout);
        let count = actions.iter().filter(|line| line.starts_with("announce")).count();
        times.extend(core::iter::repeat_n(at / 1_000_000, count));
    }
    times
}

fn policy(entry: Schedule, refresh: Option<Refresh>) -> Params {
    Params { announce: AnnouncePolicy { on_lower: entry.clone(), entry, refresh }, ..params() }
}

#[test]
fn the_default_is_spread_over_five_seconds() {
    // The one at 0 is part of becoming MASTER.
    let mut rig = Rig::master(policy(Schedule::spread(), None));
    assert_eq!(announced(&mut rig, 60_000), [5, 20, 100, 500, 2_000, 5_000]);
}

#[test]
fn keepalived_bursts() {
    let mut rig = Rig::master(policy(Schedule::bursts(5, Duration::from_secs(5)), None));
    assert_eq!(announced(&mut rig, 60_000), [5_000; 5]);
    let mut rig = Rig::master(policy(Schedule::bursts(0, Duration::ZERO), None));
    assert!(announced(&mut rig, 60_000).is_empty());
}

#[test]
fn refresh_follows_the_schedule() {
    let refresh = Refresh { every: Duration::from_secs(10), rounds: 2 };
    let mut rig = Rig::master(policy(Schedule::bursts(1, Duration::from_secs(5)), Some(refresh)));
    assert_eq!(announced(&mut rig, 36_000), [5_000, 15_000, 15_000, 25_000, 25_000, 35_000, 35_000]);
}

#[test]
fn a_lower_advert_starts_its_own_schedule() {
    let mut params = policy(Schedule::bursts(1, Duration::ZERO), None);
    params.announce.on_lower = Schedule(vec![(Duration::ZERO, 3), (Duration::from_secs(2), 1)]);
    let mut rig = Rig::master(params);
    let actions = rig.hear(500, from_peer(99));
    assert_eq!(actions.iter().filter(|line| *line == "announce 0").count(), 3);
    assert_eq!(announced(&mut rig, 10_000), [2_500]);
}

#[test]
fn a_lower_advert_without_a_schedule_changes_nothing() {
    let refresh = Refresh { every: Duration::from_secs(4), rounds: 1 };
    let mut params = policy(Schedule::bursts(1, Duration::from_secs(5)), Some(refresh));
    params.announce.on_lower = Schedule(vec![]);
    let mut rig = Rig::master(params);
    assert!(!rig.hear(500, from_peer(99)).iter().any(|line| line.starts_with("announce")));
    assert_eq!(announced(&mut rig, 14_000), [5_000, 9_000, 13_000]);
}

/// A lower MASTER that does not end would put it off for ever.
#[test]
fn lower_adverts_do_not_put_off_the_refresh() {
    let refresh = Refresh { every: Duration::from_secs(4), rounds: 1 };
    let mut params = policy(Schedule::bursts(1, Duration::ZERO), Some(refresh));
    params.announce.on_lower = Schedule::bursts(1, Duration::from_secs(1));
    let mut rig = Rig::master(params);
    rig.hear(3_500, from_peer(99));
    assert_eq!(announced(&mut rig, 9_000), [4_000, 4_500, 8_000]);
}

#[test]
fn a_new_hardware_address_starts_again() {
    let mut rig = Rig::master(policy(Schedule::bursts(1, Duration::from_secs(5)), None));
    assert_eq!(announced(&mut rig, 8_000), [5_000]);
    assert_eq!(rig.feed(8_000, Input::HardwareChanged), ["announce 0", "tell Announcing"]);
    assert_eq!(announced(&mut rig, 20_000), [13_000]);
}

#[test]
fn nothing_is_announced_after_leaving() {
    let refresh = Refresh { every: Duration::from_secs(1), rounds: 1 };
    let mut rig = Rig::master(policy(Schedule::spread(), Some(refresh)));
    rig.hear(500, from_peer(200));
    // It keeps the address for a second, in silence.
    assert_eq!(rig.timeout(1_500).first().map(String::as_str), Some("remove 0"));
    for second in 2..30 {
        rig.hear(500 + second * 1_000, from_peer(200));
        assert!(rig.timeout(500 + second * 1_000).is_empty());
    }
}

#[test]
fn hardware_changes_mean_nothing_to_those_who_announce_nothing() {
    for mut rig in [Rig::backup(params()), Rig::fault(params())] {
        assert!(rig.feed(1, Input::HardwareChanged).is_empty());
    }
}

#[test]
fn moments_missed_by_a_late_call_are_done_once() {
    let mut rig = Rig::master(policy(Schedule::spread(), None));
    let actions = rig.timeout(600);
    assert_eq!(actions, ["announce 0"]);
}

#[test]
fn an_announcement_that_waited_is_sent_by_a_master_that_has_the_address_only() {
    let (ours, other) = (ip("10.1.1.30"), ip("10.1.1.31"));
    let mut rig = Rig::master(policy(Schedule::spread(), None));
    assert!(rig.router.still_announces(ms(10), ours));
    assert!(!rig.router.still_announces(ms(10), other));
    // Taken away, and put back.
    rig.feed(20, Input::AddressLost(0));
    assert!(!rig.router.still_announces(ms(20), ours));
    rig.feed(30, Input::AddressUsable(0));
    assert!(rig.router.still_announces(ms(30), ours));
    // It yields, and keeps the address for its successor.
    rig.hear(40, from_peer(200));
    assert_eq!(rig.state(), StateName::Master);
    assert!(!rig.router.still_announces(ms(40), ours));
    for (mut rig, what) in [
        (Rig::backup(params()), "BACKUP"),
        (Rig::fault(params()), "FAULT"),
        (Rig::stopped(params()), "STOPPED"),
    ] {
        assert!(!rig.router.still_announces(ms(10), ours), "{what}");
    }
}

#[test]
fn an_announcement_of_another_address_list_is_not_sent() {
    let mut rig = Rig::master(Params { addresses: vec![ip("10.1.1.30"), ip("10.1.1.31")], ..params() });
    rig.update(10, Params { addresses: vec![ip("10.1.1.31")], ..params() });
    assert!(!rig.router.still_announces(ms(20), ip("10.1.1.30")));
    assert!(rig.router.still_announces(ms(20), ip("10.1.1.31")), "under another number");
}
