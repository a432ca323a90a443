//! Addresses that appear, vanish, fail and clash.

use alloc::vec;
use alloc::vec::Vec;

use super::rig::*;
use crate::Input;
use crate::notice::StateName;
use crate::params::{Params, Schedule};

fn two() -> Params {
    Params { addresses: vec![ip("10.1.1.30"), ip("10.1.1.31")], advertised: 2, ..params() }
}

#[test]
fn taking_speaks_when_the_last_address_is_usable() {
    let mut rig = Rig::backup(two());
    assert_eq!(rig.timeout(3_610), ["add 0", "add 1"]);
    assert!(rig.feed(3_611, Input::AddressUsable(1)).is_empty());
    assert!(rig.feed(3_611, Input::AddressUsable(1)).is_empty());
    let actions = rig.feed(3_612, Input::AddressUsable(0));
    assert_eq!(actions.get(..3).unwrap(), ["announce 0", "announce 1", "advert 100"]);
}

#[test]
fn taking_goes_on_without_an_address_that_cannot_be_added_and_tries_again() {
    let mut rig = Rig::backup(two());
    rig.timeout(3_610);
    assert_eq!(rig.feed(3_610, Input::AddressFailed(0)), ["tell Address { address: 0, trouble: AddFailed }"]);
    let actions = rig.feed(3_610, Input::AddressUsable(1));
    assert_eq!(actions.get(..2).unwrap(), ["announce 1", "advert 100"]);
    assert_eq!(rig.timeout(3_710), ["add 0"]);
    assert!(rig.feed(3_710, Input::AddressFailed(0)).is_empty(), "told once");
    assert_eq!(rig.timeout(3_810), ["add 0"]);
    assert_eq!(
        rig.feed(3_810, Input::AddressUsable(0)),
        ["announce 0", "tell Address { address: 0, trouble: PutBack }"]
    );
}

/// As under keepalived: the others are served, here as on each host with this configuration.
#[test]
fn an_address_that_cannot_be_added_keeps_nobody_from_serving_the_others() {
    let mut rig = Rig::backup(two());
    rig.timeout(3_610);
    rig.feed(3_610, Input::AddressUsable(1));
    rig.feed(3_610, Input::AddressFailed(0));
    let mut tried = Vec::new();
    for at in (3_700..200_000).step_by(10) {
        if rig.timeout(at).contains(&"add 0".into()) {
            assert!(rig.feed(at, Input::AddressFailed(0)).is_empty(), "told once");
            tried.push(at);
        }
    }
    assert!(rig.router.is_serving());
    // At the adverts, mostly.
    assert_eq!(
        tried,
        [3_710, 3_810, 4_010, 4_410, 5_210, 6_810, 10_010, 16_410, 29_210, 54_810, 106_010, 166_010]
    );
    assert_eq!(
        rig.feed(200_000, Input::AddressUsable(0)),
        ["announce 0", "tell Address { address: 0, trouble: PutBack }"]
    );
}

/// The other one, which was refused long ago, does not make it one's last.
#[test]
fn a_loss_beside_a_refused_address_has_its_time() {
    let mut rig = Rig::backup(two());
    rig.timeout(3_610);
    rig.feed(3_610, Input::AddressUsable(1));
    rig.feed(3_610, Input::AddressFailed(0));
    for at in (3_700..70_000).step_by(10) {
        if rig.timeout(at).contains(&"add 0".into()) {
            rig.feed(at, Input::AddressFailed(0));
        }
    }
    rig.feed(70_000, Input::AddressLost(1));
    rig.feed(70_001, Input::AddressUsable(1));
    rig.feed(70_010, Input::AddressLost(1));
    assert!(rig.timeout(70_110).contains(&"add 1".into()));
    rig.feed(70_111, Input::AddressUsable(1));
    assert!(rig.router.is_serving());
}

#[test]
fn a_lost_address_that_does_not_come_back_for_three_seconds_makes_a_fault_for_a_minute() {
    let mut rig = Rig::backup(two());
    rig.timeout(3_610);
    rig.feed(3_610, Input::AddressUsable(1));
    rig.feed(3_610, Input::AddressUsable(0));
    rig.feed(3_610, Input::AddressLost(0));
    assert!(rig.router.is_serving());
    for at in (3_710..6_610).step_by(100) {
        assert!(rig.timeout(at).contains(&"add 0".into()), "{at}");
    }
    let actions = rig.timeout(6_610);
    assert_eq!(
        actions.get(actions.len() - 5..).unwrap(),
        [
            "advert 0",
            "advert 0",
            "remove 0",
            "remove 1",
            "Master -> Fault at 100: Hindered(AddressUnstable(0))"
        ]
    );
    assert_eq!(rig.deadline(), Some(66_610_000_000));
    assert!(rig.timeout(66_000).is_empty());
    assert_eq!(rig.timeout(66_610), ["Fault -> Backup at 100: Recovered"]);
}

/// Whoever serves now has the address: nothing is said that would displace it.
#[test]
fn a_router_that_can_add_no_address_never_advertises() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    assert_eq!(
        rig.feed(3_610, Input::AddressFailed(0)),
        [
            "tell Address { address: 0, trouble: AddFailed }",
            "remove 0",
            "Backup -> Fault at 100: Hindered(AddressUnstable(0))"
        ]
    );
    assert_eq!(rig.router.stats().adverts_sent, 0);
}

#[test]
fn listening_after_a_stall_with_an_address_missing_is_no_busy_loop() {
    let mut rig = Rig::master(params());
    rig.feed(500, Input::AddressLost(0));
    rig.timeout(6_000);
    assert!(!rig.router.is_serving());
    assert!(rig.deadline().unwrap() > 6_000_000_000, "{:?}", rig.deadline());
}

/// Addresses with a lifetime go while the program hangs, and another may have them since.
#[test]
fn an_address_lost_during_a_stall_comes_back_when_nobody_else_has_it() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(6_000, Input::AddressLost(0)),
        ["tell Stalled { late: 5s }", "tell Address { address: 0, trouble: Lapsed }"]
    );
    assert_eq!(rig.deadline(), Some(7_000_000_000));
    assert_eq!(rig.timeout(7_000), ["add 0", "advert 100", "tell Announcing"]);
    assert_eq!(
        rig.feed(7_000, Input::AddressUsable(0)),
        ["announce 0", "tell Address { address: 0, trouble: PutBack }"]
    );
}

#[test]
fn an_address_lost_during_a_stall_stays_with_the_better_one() {
    let mut rig = Rig::master(params());
    rig.feed(6_000, Input::AddressLost(0));
    let actions = rig.hear(6_100, from_peer(101));
    assert!(!actions.contains(&"add 0".into()), "{actions:?}");
    assert_eq!(rig.state(), StateName::Backup);
}

#[test]
fn master_puts_a_deleted_address_back_and_announces_it() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(100, Input::AddressLost(0)),
        ["tell Address { address: 0, trouble: RemovedExternally }", "add 0"]
    );
    assert_eq!(
        rig.feed(101, Input::AddressUsable(0)),
        ["announce 0", "tell Address { address: 0, trouble: PutBack }"]
    );
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn the_second_loss_is_put_back_later_and_the_third_within_a_minute_is_a_fault() {
    let mut rig = Rig::master(params());
    rig.feed(1_000, Input::AddressLost(0));
    rig.feed(1_000, Input::AddressUsable(0));
    assert_eq!(
        rig.feed(2_000, Input::AddressLost(0)),
        ["tell Address { address: 0, trouble: RemovedExternally }"]
    );
    assert!(rig.feed(2_000, Input::AddressLost(0)).is_empty(), "already known");
    assert!(rig.timeout(2_100).contains(&"add 0".into()));
    rig.feed(2_100, Input::AddressUsable(0));
    let actions = rig.feed(3_000, Input::AddressLost(0));
    assert_eq!(
        actions,
        [
            "tell Address { address: 0, trouble: RemovedExternally }",
            "advert 0",
            "advert 0",
            "remove 0",
            "Master -> Fault at 100: Hindered(AddressUnstable(0))"
        ]
    );
}

#[test]
fn losses_more_than_a_minute_apart_do_not_add_up() {
    let mut rig = Rig::master(params());
    for loss in 0..5_u64 {
        let at = loss * 61_000;
        // On its deadlines, so that it does not look like a stall.
        while let Some(due) = rig.deadline().filter(|&due| due < at * 1_000_000) {
            rig.feed_at(crate::Instant::from_nanos(due), Input::Timeout);
        }
        assert_eq!(rig.feed(at, Input::AddressLost(0)).last().unwrap(), "add 0", "loss {loss}");
        rig.feed(at, Input::AddressUsable(0));
    }
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn losing_many_addresses_at_once_is_one_loss_each() {
    let addresses: Vec<_> = (30..40).map(|host| ip(&alloc::format!("10.1.1.{host}"))).collect();
    let mut rig = Rig::master(Params { advertised: addresses.len(), addresses, ..params() });
    for address in 0..10 {
        rig.feed(100, Input::AddressLost(address));
    }
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn a_missing_address_is_not_announced() {
    let every_second = Schedule((0..5).map(|second| (core::time::Duration::from_secs(second), 1)).collect());
    let mut params = two();
    params.announce.entry = every_second;
    let mut rig = Rig::master(params);
    rig.feed(500, Input::AddressLost(1));
    let actions = rig.timeout(1_000);
    assert!(actions.contains(&"announce 0".into()), "{actions:?}");
    assert!(!actions.contains(&"announce 1".into()), "{actions:?}");
}

#[test]
fn a_duplicate_address_is_replaced() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(100, Input::AddressDuplicate(0)),
        ["tell Address { address: 0, trouble: Duplicate }", "remove 0", "add 0"]
    );
    rig.feed(101, Input::AddressUsable(0));
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn an_address_lost_while_taking_is_added_again() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    assert_eq!(rig.feed(3_611, Input::AddressLost(0)).last().unwrap(), "add 0");
    assert!(rig.feed(3_612, Input::AddressUsable(0)).contains(&"advert 100".into()));
}

#[test]
fn addresses_mean_nothing_in_backup_and_fault() {
    for mut rig in [Rig::backup(params()), Rig::fault(params())] {
        let state = rig.state();
        for input in [
            Input::AddressUsable(0),
            Input::AddressLost(0),
            Input::AddressFailed(0),
            Input::AddressDuplicate(0),
        ] {
            assert!(rig.feed(10, input).is_empty(), "{input:?}");
        }
        assert_eq!(rig.state(), state);
    }
}

#[test]
fn an_index_out_of_range_is_ignored() {
    let mut rig = Rig::master(params());
    for input in
        [Input::AddressUsable(9), Input::AddressLost(9), Input::AddressFailed(9), Input::AddressDuplicate(9)]
    {
        assert!(rig.feed(10, input).is_empty(), "{input:?}");
    }
}

/// The minute is over: back to BACKUP without another FAULT.
#[test]
fn an_unstable_address_is_forgotten_after_its_minute_in_any_state() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    rig.feed(3_610, Input::AddressFailed(0));
    assert_eq!(rig.state(), StateName::Fault);
    rig.feed(4_000, Input::Source(crate::Source::Tentative));
    assert_eq!(rig.state(), StateName::Init);
    let actions = rig.feed(100_000, Input::Source(crate::Source::Address(ip(OURS))));
    assert_eq!(actions, ["Init -> Backup at 100: Recovered"]);
}

#[test]
fn an_address_lost_while_taking_is_waited_for() {
    let mut rig = Rig::backup(two());
    rig.timeout(3_610);
    rig.feed(3_611, Input::AddressUsable(0));
    rig.feed(3_612, Input::AddressLost(0));
    assert!(rig.feed(3_613, Input::AddressUsable(1)).is_empty());
    assert!(rig.feed(3_614, Input::AddressUsable(0)).contains(&"advert 100".into()));
}
