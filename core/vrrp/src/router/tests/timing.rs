//! Timeouts in every state, lateness, and stalls.

use super::rig::*;
use crate::notice::StateName;
use crate::params::Params;
use crate::scalar::AdvertInterval;
use crate::{Input, Instant, LinkState};

#[test]
fn backup_timeout_early_does_nothing() {
    let mut rig = Rig::backup(params());
    assert!(rig.timeout(3_609).is_empty());
    assert_eq!(rig.state(), StateName::Backup);
}

#[test]
fn backup_timeout_takes_the_addresses_announces_and_then_advertises() {
    let mut rig = Rig::backup(params());
    rig.hear(1_000, from_peer(101));
    let at = Instant::from_nanos(4_609_375_000);
    assert_eq!(
        rig.feed_at(at, Input::Timeout),
        ["tell PeerLost { source: 10.1.1.20, silent: 3.609375s }", "add 0"]
    );
    assert!(!rig.router.is_serving());
    assert_eq!(
        rig.feed_at(at, Input::AddressUsable(0)),
        [
            "announce 0",
            "advert 100",
            "Backup -> Master at 100: MasterDown { silent: 3.609375s }",
            "tell Announcing"
        ]
    );
    assert_eq!(rig.deadline(), Some(5_609_375_000));
    assert_eq!(rig.router.since(), at);
}

#[test]
fn taking_waits_200_ms_for_addresses_and_goes_on_without() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    assert_eq!(rig.deadline(), Some(3_810_000_000));
    assert!(rig.timeout(3_809).is_empty());
    let actions = rig.timeout(3_810);
    assert_eq!(actions.first().unwrap(), "tell Address { address: 0, trouble: NotUsable }");
    assert!(actions.contains(&"advert 100".into()), "{actions:?}");
}

#[test]
fn master_advertises_every_interval_and_lateness_does_not_add_up() {
    let mut rig = Rig::master(params());
    assert!(rig.timeout(900).is_empty());
    assert_eq!(rig.timeout(1_003), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(2_000_000_000));
    assert_eq!(rig.timeout(2_400), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(3_000_000_000));
}

#[test]
fn an_advert_may_go_out_a_little_early_to_share_a_wake_up() {
    let mut rig = Rig::master(params());
    // 1 s / 8 would be 125 ms: never more than 10 ms
    assert!(rig.timeout(989).is_empty());
    assert_eq!(rig.timeout(990), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(1_990_000_000));
    let quick = Params { interval: AdvertInterval::from_centis(1).unwrap(), ..v3(params()) };
    let mut rig = Rig::master(quick);
    assert!(rig.timeout(8).is_empty());
    assert_eq!(rig.feed_at(Instant::from_nanos(8_750_000), Input::Timeout), ["advert 100"]);
}

#[test]
fn master_that_missed_more_than_one_interval_starts_a_new_cadence() {
    let mut rig = Rig::master(params());
    assert_eq!(rig.timeout(2_500), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(3_500_000_000));
}

#[test]
fn master_that_slept_longer_than_the_backups_wait_listens_first() {
    let mut rig = Rig::master(params());
    // due at 1 s; backups have taken over at 3.609 s
    assert_eq!(rig.timeout(6_000), ["tell Stalled { late: 5s }"]);
    assert_eq!(rig.state(), StateName::Master);
    assert!(!rig.router.is_serving());
    assert_eq!(rig.deadline(), Some(7_000_000_000));
    assert_eq!(rig.timeout(7_000), ["announce 0", "advert 100", "tell Announcing"]);
    assert_eq!(rig.deadline(), Some(8_000_000_000));
}

#[test]
fn a_slept_master_yields_to_a_higher_one_without_a_word() {
    let mut rig = Rig::master(params());
    let actions = rig.hear(6_000, from_peer(101));
    assert!(!actions.iter().any(|line| line.starts_with("advert")), "{actions:?}");
    assert_eq!(rig.state(), StateName::Backup);
}

#[test]
fn a_slept_master_asserts_itself_over_a_lower_one_with_one_advert() {
    let mut rig = Rig::master(params());
    let mut actions = rig.hear(6_000, from_peer(99));
    actions.extend(rig.hear(6_000, from_peer(99)));
    actions.extend(rig.timeout(6_000));
    assert_eq!(actions.iter().filter(|line| line.starts_with("advert")).count(), 1, "{actions:?}");
    assert!(actions.contains(&"announce 0".into()));
    assert!(rig.router.is_serving());
}

/// What came while it slept is heard in one go: the last of it counts.
#[test]
fn a_slept_master_hears_everything_before_it_asserts_itself() {
    let mut rig = Rig::master(params());
    assert_eq!(rig.hear(6_000, from_peer(99)), ["tell Stalled { late: 5s }"]);
    assert_eq!(rig.deadline(), Some(6_000_000_000));
    let actions = rig.hear(6_000, from_peer(101));
    assert!(
        !actions.iter().any(|line| line.starts_with("advert") || line.starts_with("announce")),
        "{actions:?}"
    );
    assert_eq!(rig.state(), StateName::Backup);
}

#[test]
fn a_slept_backup_waits_a_whole_master_down_time_again() {
    let mut rig = Rig::backup(params());
    rig.hear(0, from_peer(101));
    // due at 3.609 s, called at 60 s
    let actions = rig.timeout(60_000);
    assert_eq!(actions.len(), 1);
    assert!(actions.first().unwrap().starts_with("tell Stalled"), "{actions:?}");
    assert_eq!(rig.state(), StateName::Backup);
    assert_eq!(rig.deadline(), Some(63_609_375_000));
    rig.hear(60_500, from_peer(101));
    assert_eq!(rig.deadline(), Some(64_109_375_000));
}

/// A host that is late each time must not wait for ever.
#[test]
fn a_backup_waits_again_once_in_a_silence() {
    let mut rig = Rig::backup(params());
    rig.timeout(60_000);
    assert_eq!(rig.state(), StateName::Backup);
    rig.timeout(70_000);
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn a_backup_late_by_less_than_an_interval_takes_over() {
    let mut rig = Rig::backup(params());
    rig.timeout(4_600);
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn timeouts_mean_nothing_in_fault_and_init() {
    let mut rig = Rig::fault(params());
    assert!(rig.timeout(60_000).is_empty());
    assert_eq!(rig.state(), StateName::Fault);
    let mut rig = Rig::new(params());
    rig.feed(0, Input::Link(LinkState::Up));
    assert!(rig.timeout(60_000).is_empty());
}

#[test]
fn down_timer_adverts_lengthens_the_master_down_time() {
    let rig = Rig::backup(Params { missed_adverts: 10, ..params() });
    assert_eq!(rig.deadline(), Some(10_609_375_000));
}

/// A live migration ends with the hardware's change: even that is not announced before listening.
#[test]
fn a_slept_master_says_nothing_whatever_happens_first() {
    let mut rig = Rig::master(params());
    assert_eq!(rig.feed(60_000, Input::HardwareChanged), ["tell Stalled { late: 59s }"]);
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(60_000, Input::Link(LinkState::Down)),
        ["tell Stalled { late: 59s }", "remove 0", "Master -> Fault at 100: Hindered(LinkDown)"]
    );
    let mut rig = Rig::master(params());
    rig.feed(500, Input::AddressLost(0));
    rig.timeout(2_000);
    rig.timeout(60_000);
    assert!(!rig.feed(60_001, Input::AddressUsable(0)).contains(&"announce 0".into()));
}

#[test]
fn a_router_that_slept_while_taking_is_a_backup_again() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    let actions = rig.timeout(60_000);
    assert_eq!(actions.last().unwrap(), "remove 0");
    assert_eq!(rig.state(), StateName::Backup);
    assert_eq!(rig.deadline(), Some(63_609_375_000));
}

#[test]
fn a_router_that_slept_again_while_listening_listens_again() {
    let mut rig = Rig::master(params());
    rig.timeout(10_000);
    assert_eq!(rig.timeout(600_000), ["tell Stalled { late: 589s }"]);
    assert_eq!(rig.deadline(), Some(601_000_000_000));
}
