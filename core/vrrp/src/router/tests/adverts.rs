//! Adverts in every state: the election, and what is refused.

use alloc::vec;
use core::time::Duration;

use super::rig::*;
use crate::notice::StateName;
use crate::params::{Destination, HigherAdverts, LowerAdverts, Params, Preemption, SourceCheck, UnicastPeer};
use crate::scalar::{AdvertInterval, Priority, Version};
use crate::wire::{Auth, ChecksumForm};
use crate::{Input, LinkState};

#[test]
fn backup_advert_higher_resets_the_timer() {
    let mut rig = Rig::backup(params());
    assert_eq!(
        rig.hear(1_000, from_peer(101)),
        ["tell PeerSeen { source: 10.1.1.20, priority: Priority(101) }"]
    );
    assert_eq!(rig.deadline(), Some(4_609_375_000));
    assert!(rig.hear(2_000, from_peer(101)).is_empty());
    assert_eq!(rig.deadline(), Some(5_609_375_000));
}

#[test]
fn backup_advert_equal_resets_the_timer() {
    let mut rig = Rig::backup(params());
    rig.hear(1_000, from_peer(100));
    assert_eq!(rig.deadline(), Some(4_609_375_000));
}

#[test]
fn backup_advert_lower_is_discarded_and_the_timer_runs_on() {
    let mut rig = Rig::backup(params());
    assert_eq!(
        rig.hear(1_000, from_peer(99)),
        ["tell LowerDiscarded { source: 10.1.1.20, theirs: Priority(99) }"]
    );
    assert_eq!(rig.deadline(), Some(3_609_375_000));
}

#[test]
fn backup_advert_lower_with_nopreempt_is_followed() {
    let mut rig = Rig::backup(Params { preemption: Preemption::Never, ..params() });
    rig.hear(1_000, from_peer(99));
    assert_eq!(rig.deadline(), Some(4_609_375_000));
}

#[test]
fn backup_advert_lower_with_preempt_delay_is_followed_until_the_delay_has_passed() {
    let mut rig = Rig::backup(Params { preemption: Preemption::After(Duration::from_secs(10)), ..params() });
    for second in 1..=10 {
        rig.hear(second * 1_000, from_peer(99));
        assert_eq!(rig.deadline(), Some(second * 1_000_000_000 + 3_609_375_000), "second {second}");
    }
    // Ten seconds after the first lower advert: no longer followed. Take-over is delay + remaining time.
    assert_eq!(
        rig.hear(11_000, from_peer(99)),
        ["tell LowerDiscarded { source: 10.1.1.20, theirs: Priority(99) }"]
    );
    assert_eq!(rig.deadline(), Some(13_609_375_000));
}

#[test]
fn backup_advert_equal_resets_the_preempt_delay() {
    let mut rig = Rig::backup(Params { preemption: Preemption::After(Duration::from_secs(10)), ..params() });
    rig.hear(1_000, from_peer(99));
    rig.hear(9_000, from_peer(100));
    rig.hear(10_000, from_peer(99));
    rig.hear(19_000, from_peer(99));
    assert_eq!(rig.deadline(), Some(22_609_375_000));
    rig.hear(20_000, from_peer(99));
    assert_eq!(rig.deadline(), Some(22_609_375_000));
}

#[test]
fn backup_priority_zero_leaves_the_skew_time() {
    let mut rig = Rig::backup(params());
    rig.hear(1_000, from_peer(101));
    assert_eq!(rig.hear(2_000, from_peer(0)), ["tell PeerResigned { source: 10.1.1.20 }"]);
    assert_eq!(rig.deadline(), Some(2_609_375_000));
    rig.feed_at(crate::Instant::from_nanos(2_609_375_000), Input::Timeout);
    let actions = rig.feed(2_610, Input::AddressUsable(0));
    assert_eq!(
        actions,
        [
            "announce 0",
            "advert 100",
            "Backup -> Master at 100: MasterResigned { source: 10.1.1.20 }",
            "tell Announcing"
        ]
    );
}

#[test]
fn backup_learns_the_interval_in_version_3() {
    let quick = Heard { centis: 1, ..v3_from_peer(101) };
    let mut rig = Rig::backup(v3(params()));
    let actions = rig.hear(1_000, quick);
    assert!(actions.iter().any(|line| line.contains("IntervalLearned")), "{actions:?}");
    // 3 x 10 ms + 156 x 10 ms / 256
    assert_eq!(rig.deadline(), Some(1_036_093_750));
    // priority zero: the skew of the learned interval, and it teaches none of its own
    rig.hear(1_010, Heard { centis: 4095, ..v3_from_peer(0) });
    assert_eq!(rig.deadline(), Some(1_016_093_750));
}

#[test]
fn backup_keeps_its_own_interval_for_its_own_adverts() {
    let quick = Heard { centis: 1, ..v3_from_peer(101) };
    let mut rig = Rig::backup(v3(params()));
    rig.hear(1_000, quick);
    rig.feed_at(crate::Instant::from_nanos(1_036_093_750), Input::Timeout);
    rig.feed(1_037, Input::AddressUsable(0));
    assert_eq!(rig.deadline(), Some(2_037_000_000));
}

#[test]
fn backup_reports_each_master_once() {
    let mut rig = Rig::backup(params());
    let mut seen = 0;
    for round in 1..=20 {
        let source = if round % 2 == 0 { PEER } else { LOWER_PEER };
        let actions = rig.hear(round * 500, Heard { source, ..from_peer(120) });
        seen += actions.iter().filter(|line| line.contains("PeerSeen")).count();
    }
    assert_eq!(seen, 2);
}

#[test]
fn master_advert_higher_yields() {
    let mut rig = Rig::master(rfc(params()));
    assert_eq!(
        rig.hear(500, from_peer(101)),
        [
            "remove 0",
            "Master -> Backup at 100: HigherPriority { source: 10.1.1.20, theirs: Priority(101) }",
            "tell PeerSeen { source: 10.1.1.20, priority: Priority(101) }"
        ]
    );
    assert_eq!(rig.deadline(), Some(4_109_375_000));
    assert_eq!(rig.router.stats().released_master, 1);
}

#[test]
fn master_advert_higher_answers_once_if_told_to() {
    let mut rig = Rig::master(Params { higher_adverts: HigherAdverts::AnswerAndYield, ..rfc(params()) });
    assert_eq!(rig.hear(500, from_peer(101)).first().unwrap(), "advert 100");
    assert_eq!(rig.state(), StateName::Backup);
}

/// Its farewell would be the last interval that the backups learn, and they would take over too early, for ever.
#[test]
fn master_advert_higher_with_another_interval_is_not_answered() {
    let mut rig = Rig::master(Params { higher_adverts: HigherAdverts::AnswerAndYield, ..v3(params()) });
    let actions = rig.hear(500, Heard { centis: 10, ..v3_from_peer(101) });
    assert!(!actions.iter().any(|line| line.starts_with("advert")), "{actions:?}");
}

#[test]
fn master_advert_higher_with_another_interval_in_version_3() {
    let mut rig = Rig::master(v3(rfc(params())));
    rig.hear(500, Heard { centis: 10, ..v3_from_peer(101) });
    assert_eq!(rig.state(), StateName::Backup);
    // 3 x 100 ms + 156 x 100 ms / 256
    assert_eq!(rig.deadline(), Some(860_937_500));
}

#[test]
fn master_advert_equal_is_decided_by_the_address() {
    let mut rig = Rig::master(rfc(params()));
    rig.hear(500, from_peer(100));
    assert_eq!(rig.state(), StateName::Backup, "10.1.1.20 is higher than 10.1.1.10");
    let mut rig = Rig::master(rfc(params()));
    let actions = rig.hear(500, Heard { source: LOWER_PEER, ..from_peer(100) });
    assert_eq!(rig.state(), StateName::Master, "10.1.1.5 is lower");
    assert_eq!(actions.first().unwrap(), "advert 100");
}

#[test]
fn addresses_compare_as_numbers_not_octet_by_octet() {
    // 9.255.255.255 has larger octets than 10.1.1.10 and is a smaller number.
    let mut rig = Rig::master(params());
    rig.hear(500, Heard { source: "9.255.255.255", ..from_peer(100) });
    assert_eq!(rig.state(), StateName::Master);
}

#[test]
fn master_advert_lower_is_answered_at_once_with_announcements() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.hear(500, from_peer(99)),
        [
            "advert 100",
            "announce 0",
            "tell Reasserted { source: 10.1.1.20, theirs: Priority(99), ours: Priority(100) }"
        ]
    );
    assert_eq!(rig.deadline(), Some(1_500_000_000));
}

#[test]
fn master_advert_lower_is_answered_by_announcements_alone_if_told_to() {
    let mut rig = Rig::master(Params { lower_adverts: LowerAdverts::Ignore, ..params() });
    let actions = rig.hear(500, from_peer(99));
    let told = "tell Reasserted { source: 10.1.1.20, theirs: Priority(99), ours: Priority(100) }";
    assert_eq!(actions, ["announce 0", told]);
    assert_eq!(rig.deadline(), Some(1_000_000_000));
}

#[test]
fn master_answers_many_adverts_of_one_wake_up_once() {
    let mut rig = Rig::master(params());
    let mut sent = 0;
    for _ in 0..5 {
        sent += rig.hear(500, from_peer(99)).iter().filter(|line| line.starts_with("advert")).count();
    }
    assert_eq!(sent, 1);
}

/// A flood of lower adverts is not turned into one of ours.
#[test]
fn a_flood_of_lower_adverts_is_answered_sparingly() {
    let mut rig = Rig::master(params());
    let (mut adverts, mut announced, mut told) = (0, 0, 0);
    for millisecond in 500..1_500 {
        for line in rig.hear(millisecond, from_peer(99)) {
            adverts += usize::from(line.starts_with("advert"));
            announced += usize::from(line.starts_with("announce"));
            told += usize::from(line.starts_with("tell Reasserted"));
        }
    }
    // One advert each 20 ms, and announcements once a second.
    assert_eq!((adverts, announced, told), (50, 1, 1));
}

#[test]
fn lower_adverts_and_resignations_are_told_once() {
    let mut rig = Rig::backup(params());
    let lines: usize = (0..100).map(|step| rig.hear(100 + step, from_peer(99)).len()).sum();
    assert_eq!(lines, 1);
    let lines: usize = (0..100).map(|step| rig.hear(300 + step, from_peer(0)).len()).sum();
    assert_eq!(lines, 1);
}

#[test]
fn a_lower_master_that_goes_on_is_reported_as_a_dual_master() {
    let mut rig = Rig::master(params());
    for second in 1..=2 {
        let actions = rig.hear(second * 1_000, from_peer(99));
        assert!(!actions.iter().any(|line| line.contains("DualMaster")));
    }
    let actions = rig.hear(3_000, from_peer(99));
    assert!(
        actions.last().unwrap().contains("DualMaster { theirs: Priority(99), adverts: 3, mac: None }"),
        "{actions:?}"
    );
    assert!(!rig.hear(4_000, from_peer(99)).iter().any(|line| line.contains("DualMaster")), "told once");
}

#[test]
fn master_priority_zero_is_answered_by_an_advert() {
    let mut rig = Rig::master(params());
    assert_eq!(rig.hear(500, from_peer(0)), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(1_500_000_000));
}

#[test]
fn taking_gives_way_to_a_higher_master_without_having_said_anything() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    assert_eq!(rig.state(), StateName::Master);
    assert_eq!(
        rig.hear(3_611, from_peer(101)),
        ["remove 0", "tell PeerSeen { source: 10.1.1.20, priority: Priority(101) }"]
    );
    assert_eq!(rig.state(), StateName::Backup);
    assert_eq!(rig.router.stats().became_master, 0);
}

#[test]
fn taking_is_not_disturbed_by_lower_adverts_or_priority_zero() {
    let mut rig = Rig::backup(params());
    rig.timeout(3_610);
    assert!(rig.hear(3_611, from_peer(99)).is_empty());
    assert!(rig.hear(3_612, from_peer(0)).is_empty());
    assert_eq!(rig.deadline(), Some(3_810_000_000));
}

#[test]
fn fault_and_awaiting_init_ignore_adverts() {
    let mut rig = Rig::fault(params());
    assert!(rig.hear(10, from_peer(50)).is_empty());
    assert!(rig.hear(10, from_peer(200)).is_empty());
    assert_eq!(rig.router.stats().adverts_received, 0);
}

/// Adverts that must not count: the timer does not move, and the reason is told once and counted.
#[test]
fn refused_adverts() {
    let v2_pass = || Params { auth: Auth::Simple(*b"1111\0\0\0\0"), ..params() };
    let unicast = |source_check| Params {
        destination: Destination::Unicast {
            peers: vec![UnicastPeer { address: ip("10.1.1.40"), min_ttl: 254, max_ttl: 255 }],
            ttl: 255,
            source_check,
        },
        ..params()
    };
    let to_us = |source| Heard { source, destination: OURS, ..from_peer(200) };
    let pass = |data: &[u8; 8]| Heard { auth: Auth::Simple(*data), ..from_peer(200) };
    let rows = [
        ("ttl", params(), Heard { ttl: 254, ..from_peer(200) }, "Ttl { ttl: 254 }"),
        ("version", params(), v3_from_peer(200), "Version { theirs: V3 }"),
        ("version", v3(params()), from_peer(200), "Version { theirs: V2 }"),
        ("auth missing", v2_pass(), from_peer(200), "AuthType { theirs: 0 }"),
        ("auth unexpected", params(), pass(b"1111\0\0\0\0"), "AuthType { theirs: 1 }"),
        ("auth AH", v2_pass(), Heard { auth: Auth::Other(2), ..from_peer(200) }, "AuthType { theirs: 2 }"),
        ("auth wrong", v2_pass(), pass(b"1112\0\0\0\0"), "AuthFailed"),
        (
            "interval",
            params(),
            Heard { centis: 200, ..from_peer(200) },
            "IntervalRefused { theirs: AdvertInterval { centis: 200 } }",
        ),
        ("to another group", params(), Heard { destination: "224.0.0.19", ..from_peer(200) }, "Destination"),
        ("unicast to multicast", params(), Heard { destination: OURS, ..from_peer(200) }, "Destination"),
        ("multicast to unicast", unicast(SourceCheck::Peers), from_peer(200), "Destination"),
        ("own address", params(), Heard { source: OURS, ..from_peer(200) }, "OwnAddress"),
        ("stranger", unicast(SourceCheck::Peers), to_us(PEER), "UnknownPeer { dropped: true }"),
        (
            "peer through a router",
            unicast(SourceCheck::Peers),
            Heard { ttl: 253, ..to_us("10.1.1.40") },
            "Ttl { ttl: 253 }",
        ),
        (
            "another virtual router",
            params(),
            Heard { addresses: &[10, 9, 9, 9], ..from_peer(200) },
            "DuplicateVrid { theirs: Some(10.9.9.9) }",
        ),
    ];
    for (name, params, heard, anomaly) in rows {
        let mut rig = Rig::backup(params);
        let before = rig.deadline();
        let expected = alloc::format!(
            "tell AdvertAnomaly {{ anomaly: {anomaly}, source: {}, both_master: false }}",
            heard.source
        );
        assert_eq!(rig.hear(1_000, heard), [expected], "{name}");
        assert_eq!(rig.deadline(), before, "{name}");
        assert!(rig.hear(1_500, heard).is_empty(), "{name}: told once");
        assert_eq!(rig.router.stats().adverts_received, 0, "{name}");
    }
}

/// Adverts that count although something is odd about them.
#[test]
fn odd_adverts_that_count() {
    let unicast = Params {
        destination: Destination::Unicast {
            peers: vec![UnicastPeer { address: ip("10.1.1.40"), min_ttl: 0, max_ttl: 255 }],
            ttl: 255,
            source_check: SourceCheck::Anybody,
        },
        ..params()
    };
    let two = Params { addresses: vec![ip("10.1.1.30"), ip("10.1.1.31")], advertised: 2, ..params() };
    let rows = [
        (
            "stranger",
            unicast,
            Heard { destination: OURS, ttl: 3, ..from_peer(200) },
            "UnknownPeer { dropped: false }",
        ),
        ("shorter list", two.clone(), from_peer(200), "AddressList"),
        (
            "longer list",
            params(),
            Heard { addresses: &[10, 1, 1, 30, 10, 1, 1, 31], ..from_peer(200) },
            "AddressList",
        ),
        (
            "other form",
            v3(params()),
            Heard { checksum: ChecksumForm::MessageOnly, ..v3_from_peer(200) },
            "ChecksumForm",
        ),
        (
            "interval",
            v3(params()),
            Heard { centis: 50, ..v3_from_peer(200) },
            "IntervalLearned { theirs: AdvertInterval { centis: 50 } }",
        ),
    ];
    for (name, params, heard, anomaly) in rows {
        let mut rig = Rig::backup(params);
        let before = rig.deadline();
        let actions = rig.hear(1_000, heard);
        let expected = alloc::format!(
            "tell AdvertAnomaly {{ anomaly: {anomaly}, source: {}, both_master: false }}",
            heard.source
        );
        assert_eq!(actions.first(), Some(&expected), "{name}");
        assert_ne!(rig.deadline(), before, "{name}");
    }
    // Another order is the same list, and an empty list says nothing.
    for addresses in [&[10, 1, 1, 31, 10, 1, 1, 30][..], &[]] {
        let actions = Rig::backup(two.clone()).hear(1_000, Heard { addresses, ..from_peer(200) });
        assert!(!actions.iter().any(|line| line.contains("Anomaly")), "{actions:?}");
    }
}

#[test]
fn an_advert_dropped_while_master_means_two_masters() {
    let mut rig = Rig::master(Params { auth: Auth::Simple(*b"1111\0\0\0\0"), ..params() });
    let actions = rig.hear(500, Heard { auth: Auth::Simple(*b"2222\0\0\0\0"), ..from_peer(200) });
    assert_eq!(actions, ["tell AdvertAnomaly { anomaly: AuthFailed, source: 10.1.1.20, both_master: true }"]);
}

/// keepalived falls silent while it hears adverts that it refuses in turn: it is named when we become MASTER.
#[test]
fn a_master_that_was_not_listened_to_is_named_on_the_take_over() {
    let mut rig = Rig::backup(Params { auth: Auth::Simple(*b"1111\0\0\0\0"), ..params() });
    rig.hear(3_000, Heard { auth: Auth::Simple(*b"2222\0\0\0\0"), ..from_peer(200) });
    rig.timeout(3_610);
    let actions = rig.feed(3_610, Input::AddressUsable(0));
    assert_eq!(
        actions.last().unwrap(),
        "tell AdvertAnomaly { anomaly: AuthFailed, source: 10.1.1.20, both_master: true }"
    );
}

#[test]
fn a_flood_of_anomalies_is_told_sixteen_times_and_always_counted() {
    let mut rig = Rig::backup(params());
    let mut told = 0;
    for host in 1..=200 {
        let source = alloc::format!("10.1.1.{host}");
        told += rig.hear(1_000, Heard { source: &source, ttl: 1, ..from_peer(200) }).len();
    }
    assert_eq!(told, 16);
    assert_eq!(rig.router.stats().ttl_errors, 200);
}

#[test]
fn anomalies_are_told_again_after_a_change_of_state() {
    let mut rig = Rig::backup(params());
    assert_eq!(rig.hear(1_000, Heard { ttl: 1, ..from_peer(200) }).len(), 1);
    rig.feed(2_000, Input::Link(LinkState::Down));
    rig.feed(3_000, Input::Link(LinkState::Up));
    assert_eq!(rig.hear(4_000, Heard { ttl: 1, ..from_peer(200) }).len(), 1);
}

#[test]
fn the_password_of_the_seed_is_accepted() {
    let auth = Auth::Simple(*b"1111\0\0\0\0");
    let mut rig = Rig::backup(Params { auth, ..params() });
    rig.hear(1_000, Heard { auth, ..from_peer(101) });
    assert_eq!(rig.deadline(), Some(4_609_375_000));
}

#[test]
fn ipv6_decides_by_the_link_local_address() {
    let v6 = || Params {
        version: Version::V3,
        family: crate::Family::V6,
        destination: Destination::Multicast { group: ip("ff02::12") },
        addresses: vec![ip("fe80::30")],
        priority: Priority::DEFAULT,
        interval: AdvertInterval::DEFAULT,
        ..params()
    };
    let vip = "fe80::30".parse::<core::net::Ipv6Addr>().unwrap().octets();
    let heard = |source| Heard { source, destination: "ff02::12", addresses: &vip, ..v3_from_peer(100) };
    let mut rig = Rig::master(rfc(v6()));
    rig.hear(500, heard("fe80::9"));
    assert_eq!(rig.state(), StateName::Master);
    rig.hear(600, heard("fe80::b"));
    assert_eq!(rig.state(), StateName::Backup);
}
