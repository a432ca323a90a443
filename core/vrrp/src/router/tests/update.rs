//! Other parameters while it runs.

use alloc::vec;
use core::time::Duration;

use super::rig::*;
use crate::Input;
use crate::notice::StateName;
use crate::params::{AnnouncePolicy, Params, Schedule, TrackWeight};
use crate::scalar::{AdvertInterval, Priority};
use crate::track::Standing;

const TRACKED: TrackWeight = TrackWeight::Fault { reverse: false };
const WEIGHED: TrackWeight = TrackWeight::Adjust { weight: -60, reverse: false };

fn holding(addresses: &[&str]) -> Params {
    let addresses: vec::Vec<_> = addresses.iter().map(|text| ip(text)).collect();
    Params { advertised: addresses.len(), addresses, ..params() }
}

#[test]
fn the_same_parameters_say_nothing_and_move_no_deadline() {
    let mut backup = Rig::backup(params());
    let before = backup.deadline();
    assert_eq!(backup.update(500, params()), ["renumber"]);
    assert_eq!(backup.deadline(), before);
    let mut master = Rig::master(params());
    let before = master.deadline();
    let same = master.router.params().clone();
    assert_eq!(master.update(500, same), ["renumber"]);
    assert_eq!(master.deadline(), before);
}

#[test]
fn another_priority_is_in_the_next_advert() {
    let mut rig = Rig::master(params());
    let priority = Priority::new(150).unwrap();
    let expected = ["renumber", "tell PriorityChanged { from: Priority(100), to: Priority(150) }"];
    assert_eq!(rig.update(300, Params { priority, ..params() }), expected);
    assert_eq!(rig.timeout(1_000), ["advert 150"]);
}

/// The running timer moves by the difference of the skew times, as under keepalived: 156/256 s and 106/256 s.
#[test]
fn a_backup_with_another_priority_waits_as_long_as_it_says() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.deadline(), Some(3_609_375_000));
    rig.update(300, Params { priority: Priority::new(150).unwrap(), ..params() });
    assert_eq!(rig.deadline(), Some(3_414_062_500));
}

#[test]
fn a_shorter_interval_counts_from_the_last_advert_and_a_longer_one_from_the_next() {
    let every = |centis| Params { interval: AdvertInterval::from_centis(centis).unwrap(), ..v3(params()) };
    let mut rig = Rig::master(every(100));
    rig.update(300, every(10));
    assert_eq!(rig.deadline(), Some(300_000_000), "it is late already");
    assert_eq!(rig.timeout(300), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(400_000_000));
    rig.update(350, every(100));
    assert_eq!(rig.deadline(), Some(400_000_000), "backups still wait for it");
    // Three of them as soon as before: one may be lost.
    for at in [400, 500, 600] {
        assert_eq!(rig.deadline(), Some(at * 1_000_000));
        assert_eq!(rig.timeout(at), ["advert 100"]);
    }
    assert_eq!(rig.deadline(), Some(1_600_000_000));
}

#[test]
fn a_backup_with_another_interval_waits_anew_unless_a_master_teaches_it() {
    let every = |centis| Params { interval: AdvertInterval::from_centis(centis).unwrap(), ..v3(params()) };
    let mut rig = Rig::backup(every(100));
    rig.update(300, every(10));
    // Three intervals, and 156/256 of one.
    assert_eq!(rig.deadline(), Some(300_000_000 + 300_000_000 + 60_937_500));
    let mut rig = Rig::backup(every(100));
    rig.hear(200, v3_from_peer(200));
    let before = rig.deadline();
    rig.update(300, every(10));
    assert_eq!(rig.deadline(), before);
}

#[test]
fn adverts_that_may_be_missed_move_the_running_timer() {
    let mut rig = Rig::backup(params());
    rig.update(300, Params { missed_adverts: 5, ..params() });
    assert_eq!(rig.deadline(), Some(5_609_375_000));
}

#[test]
fn addresses_come_and_go_and_the_others_stay() {
    let mut rig = Rig::master(holding(&["10.1.1.30", "10.1.1.31"]));
    // The first is another one now, and there are two more.
    let actions = rig.update(300, holding(&["10.1.1.31", "10.1.1.32", "10.1.1.33"]));
    assert_eq!(actions, ["remove 0", "renumber", "add 1", "add 2"]);
    assert_eq!(rig.feed(301, Input::AddressUsable(2)), ["announce 2"]);
    assert_eq!(
        rig.feed(302, Input::AddressUsable(1)),
        ["announce 0", "announce 1", "announce 2", "tell Announcing"]
    );
    assert_eq!(rig.timeout(1_000), ["advert 100"]);
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn a_new_address_that_cannot_be_added_is_tried_again() {
    let mut rig = Rig::master(params());
    assert_eq!(rig.update(300, holding(&["10.1.1.30", "10.1.1.31"])), ["renumber", "add 1"]);
    assert_eq!(rig.feed(300, Input::AddressFailed(1)), ["announce 0", "tell Announcing"]);
    assert_eq!(rig.timeout(400), ["add 1"]);
    assert!(rig.router.is_serving());
}

/// The reload said that it stays MASTER.
#[test]
fn a_new_address_that_cannot_be_added_takes_nothing_away() {
    let mut rig = Rig::master(params());
    rig.update(300, holding(&["10.1.1.30", "10.1.1.31", "10.1.1.32"]));
    assert_eq!(rig.feed(301, Input::AddressUsable(1)), ["announce 1"]);
    assert_eq!(rig.feed(302, Input::AddressFailed(2)), ["announce 0", "announce 1", "tell Announcing"]);
    for at in (310..10_000).step_by(10) {
        if rig.timeout(at).contains(&"add 2".into()) {
            rig.feed(at, Input::AddressFailed(2));
        }
    }
    assert_eq!(rig.state(), StateName::Master);
    // Without anything else it serves nothing.
    rig.update(10_000, holding(&["10.1.1.32"]));
    for at in (10_010..14_000).step_by(10) {
        rig.timeout(at);
    }
    assert_eq!(rig.state(), StateName::Fault);
}

#[test]
fn a_backup_with_other_addresses_touches_none() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.update(300, holding(&["10.1.1.40"])), ["renumber"]);
    assert_eq!(rig.timeout(3_610), ["add 0"]);
}

#[test]
fn a_router_that_takes_its_addresses_takes_the_new_ones() {
    let mut rig = Rig::backup(holding(&["10.1.1.30", "10.1.1.31"]));
    rig.timeout(3_610);
    rig.feed(3_611, Input::AddressUsable(1));
    let actions = rig.update(3_612, holding(&["10.1.1.31", "10.1.1.32"]));
    assert_eq!(actions, ["remove 0", "renumber", "add 1"]);
    let actions = rig.feed(3_613, Input::AddressUsable(1));
    assert_eq!(actions.get(..3).unwrap(), ["announce 0", "announce 1", "advert 100"]);
}

#[test]
fn a_router_that_only_waited_for_what_goes_serves_at_once() {
    let mut rig = Rig::backup(holding(&["10.1.1.30", "10.1.1.31"]));
    rig.timeout(3_610);
    rig.feed(3_611, Input::AddressUsable(1));
    let actions = rig.update(3_612, holding(&["10.1.1.31"]));
    assert_eq!(actions.get(..4).unwrap(), ["remove 0", "renumber", "announce 0", "advert 100"]);
}

#[test]
fn one_that_leaves_gives_up_what_goes_and_takes_nothing() {
    let mut rig = Rig::master(holding(&["10.1.1.30", "10.1.1.31"]));
    rig.feed(300, Input::Stop);
    let actions = rig.update(400, holding(&["10.1.1.31", "10.1.1.32"]));
    assert_eq!(actions, ["remove 0", "renumber"]);
    let actions = rig.update(500, holding(&["10.1.1.32"]));
    assert_eq!(actions.get(..2).unwrap(), ["remove 0", "renumber"]);
    assert_eq!(rig.state(), StateName::Stopped, "it has nothing left");
}

#[test]
fn a_new_tracker_counts_as_well_until_it_is_known() {
    for mut rig in [Rig::master(params()), Rig::backup(params())] {
        let state = rig.state();
        assert_eq!(rig.update(300, Params { trackers: vec![TRACKED], ..params() }), ["renumber"]);
        assert_eq!(rig.state(), state);
        rig.feed(400, Input::Track { tracker: 0, standing: Standing::Down });
        assert_eq!(rig.state(), StateName::Fault);
    }
}

#[test]
fn a_tracker_that_goes_takes_its_fault_along_and_one_that_moves_keeps_its_standing() {
    let both = Params { trackers: vec![TRACKED, WEIGHED], ..params() };
    let mut rig = Rig::backup(both);
    rig.feed(100, Input::Track { tracker: 1, standing: Standing::Down });
    rig.feed(100, Input::Track { tracker: 0, standing: Standing::Down });
    assert_eq!((rig.state(), rig.router.priority().get()), (StateName::Fault, 40));
    let actions = rig.update(300, Params { trackers: vec![WEIGHED], ..params() });
    assert_eq!(actions, ["renumber", "Fault -> Backup at 40: Recovered"]);
    let weight = TrackWeight::Adjust { weight: 20, reverse: false };
    rig.update(400, Params { trackers: vec![weight], ..params() });
    assert_eq!(rig.router.priority().get(), 100, "nothing is known of the new one");
}

#[test]
fn another_schedule_of_announcements_goes_on_where_the_first_one_was() {
    let at = |offsets: &[u64]| Params {
        announce: AnnouncePolicy {
            entry: Schedule(offsets.iter().map(|ms| (Duration::from_millis(*ms), 1)).collect()),
            ..params().announce
        },
        ..params()
    };
    let mut rig = Rig::master(at(&[0, 100, 500]));
    assert_eq!(rig.timeout(100), ["announce 0"]);
    assert_eq!(rig.update(200, at(&[0, 50, 150, 300])), ["renumber"]);
    assert_eq!(rig.timeout(300), ["announce 0"]);
    assert_eq!(rig.deadline(), Some(1_000_000_000), "the next advert");
}
