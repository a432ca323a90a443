//! Leaving without losing a packet: stop, hand-over and yield, step by step.

use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::time::Duration;

use super::rig::*;
use crate::notice::{Departure, StateName};
use crate::params::{HigherAdverts, Params, StopMode, TrackWeight};
use crate::scalar::{AdvertInterval, MacAddress};
use crate::wire::Claimed;
use crate::{Input, LinkState, Standing};

const PEERS_MAC: MacAddress = MacAddress([2, 0, 0, 0, 0, 0x14]);

fn announced(address: usize) -> Input<'static> {
    claimed(address, Claimed::Announced)
}

fn claimed(address: usize, how: Claimed) -> Input<'static> {
    Input::AddressClaimed { address, mac: PEERS_MAC, how }
}

fn two() -> Params {
    Params { addresses: vec![ip("10.1.1.30"), ip("10.1.1.31")], advertised: 2, ..params() }
}

/// MASTER since 0 ms and told to stop at 100 ms.
fn stopping(params: Params) -> Rig {
    let mut rig = Rig::master(params);
    rig.feed(100, Input::Stop);
    assert_eq!(rig.router.departure(), Some(Departure::Stop));
    rig
}

/// MASTER since 0 ms and told to hand over at 100 ms.
fn handing_over(params: Params) -> Rig {
    let mut rig = Rig::master(params);
    rig.feed(100, Input::HandOver);
    assert_eq!(rig.router.departure(), Some(Departure::HandOver));
    rig
}

const MS: u64 = 1_000_000;

/// Where a virtual MAC is shared, nothing may be sent from it any more once the successor has sent something.
#[test]
fn a_successor_is_noticed_by_its_first_sign_of_either_kind() {
    for by_advert in [true, false] {
        let mut rig = stopping(params());
        assert!(!rig.router.has_successor());
        if by_advert {
            rig.hear(713, from_peer(100));
        } else {
            rig.feed(713, announced(0));
        }
        assert!(rig.router.has_successor(), "{by_advert}");
        rig.timeout(3_000);
        assert_eq!((rig.state(), rig.router.has_successor()), (StateName::Stopped, false));
    }
    // Outbid, it knows at once.
    let mut rig = Rig::master(params());
    rig.hear(100, from_peer(200));
    assert!(rig.router.has_successor());
    // The successor changed its mind.
    rig.hear(101, from_peer(0));
    assert!(rig.router.is_serving() && !rig.router.has_successor());
}

#[test]
fn a_stop_resigns_twice_and_keeps_the_address_until_its_successor_has_announced_it() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.feed(100, Input::Stop),
        [
            "expire 0 3.3s",
            "advert 0",
            "advert 0",
            "tell Leaving { departure: Stop, reason: Stopped, priority: Priority(100), patience: 1.3s }"
        ]
    );
    assert_eq!(rig.state(), StateName::Master);
    assert!(!rig.router.is_serving());
    assert_eq!(rig.deadline(), Some(1_400 * MS));
    // Nothing is said when an advert would have been due.
    assert!(rig.timeout(1_000).is_empty());
    assert!(rig.hear(713, from_peer(100)).is_empty());
    assert!(rig.feed(714, announced(0)).is_empty());
    assert_eq!(rig.deadline(), Some(734 * MS));
    assert!(rig.timeout(733).is_empty());
    assert_eq!(
        rig.timeout(734),
        [
            "remove 0",
            "tell Left { departure: Stop, ending: TakenOver { successor: Some(10.1.1.20), after: 613ms }, took: 634ms }",
            "Master -> Stopped at 100: Stopped"
        ]
    );
    assert_eq!(rig.deadline(), None);
    assert_eq!(rig.router.stats().priority_zero_sent, 2);
    assert_eq!(rig.router.stats().released_master, 1);
}

#[test]
fn each_address_leaves_by_itself() {
    let mut rig = stopping(two());
    rig.hear(700, from_peer(100));
    rig.feed(701, announced(1));
    assert_eq!(rig.timeout(721), ["remove 1"]);
    rig.feed(900, announced(0));
    // The repetition of an announcement is no new one.
    rig.feed(910, announced(0));
    assert_eq!(rig.deadline(), Some(920 * MS));
    assert_eq!(rig.timeout(920).len(), 3);
    assert_eq!(rig.state(), StateName::Stopped);
}

#[test]
fn an_ipv6_address_lingers_for_ten_milliseconds() {
    let vip = ip("fe80::30");
    let v6 = Params {
        family: crate::Family::V6,
        destination: crate::Destination::Multicast { group: ip("ff02::12") },
        addresses: vec![vip],
        ..v3(params())
    };
    let mut rig = stopping(v6);
    rig.feed(700, announced(0));
    assert_eq!(rig.deadline(), Some(710 * MS));
}

#[test]
fn without_a_successor_it_waits_for_the_largest_skew_and_a_bit_and_a_second_at_least() {
    let quick = |centis| Params { interval: AdvertInterval::from_centis(centis).unwrap(), ..v3(params()) };
    for (params, millis) in
        [(params(), 1_300), (quick(100), 1_300), (quick(50), 1_000), (quick(1), 1_000), (quick(400), 4_300)]
    {
        let mut rig = Rig::master(params);
        rig.feed(5, Input::Stop);
        assert_eq!(rig.deadline(), Some((5 + millis) * MS), "{millis}");
        let took = Duration::from_millis(millis);
        let left = alloc::format!("tell Left {{ departure: Stop, ending: NobodyCame, took: {took:?} }}");
        assert_eq!(rig.timeout(5 + millis), ["remove 0", left.as_str(), "Master -> Stopped at 100: Stopped"]);
    }
}

#[test]
fn a_successor_that_announces_nothing_is_believed_after_a_second() {
    let mut rig = stopping(params());
    rig.hear(700, from_peer(100));
    assert_eq!(rig.deadline(), Some(1_700 * MS));
    assert_eq!(rig.timeout(1_700).len(), 3);
    assert_eq!(rig.state(), StateName::Stopped);
}

#[test]
fn announcements_that_keep_coming_are_waited_for() {
    let three = Params {
        addresses: vec![ip("10.1.1.30"), ip("10.1.1.31"), ip("10.1.1.32")],
        advertised: 3,
        ..params()
    };
    let mut rig = stopping(three);
    rig.hear(700, from_peer(100));
    rig.feed(1_550, announced(0));
    rig.timeout(1_570);
    // 300 ms after the last announcement, not a second after the advert.
    assert_eq!(rig.deadline(), Some(1_850 * MS));
    rig.feed(1_840, announced(1));
    rig.timeout(1_860);
    assert_eq!(rig.deadline(), Some(2_140 * MS));
    // The third is on no list of the successor's.
    assert_eq!(rig.timeout(2_140).first().map(String::as_str), Some("remove 2"));
    assert_eq!(rig.state(), StateName::Stopped);
}

#[test]
fn a_successor_behind_a_router_is_not_heard_announcing() {
    let unicast = Params {
        destination: crate::Destination::Unicast {
            peers: vec![crate::UnicastPeer { address: ip(PEER), min_ttl: 0, max_ttl: 255 }],
            ttl: 255,
            source_check: crate::SourceCheck::Peers,
        },
        ..v3(params())
    };
    let mut rig = stopping(unicast);
    let heard = Heard { destination: OURS, ttl: 254, ..v3_from_peer(100) };
    rig.hear(700, heard);
    assert_eq!(rig.deadline(), Some(800 * MS));
}

#[test]
fn an_announcement_counts_without_an_advert() {
    let mut rig = stopping(two());
    rig.feed(300, announced(0));
    assert_eq!(rig.timeout(320), ["remove 0"]);
    // A second after the first sign.
    assert_eq!(rig.deadline(), Some(1_300 * MS));
    assert_eq!(
        rig.timeout(1_300).get(1).map(String::as_str),
        Some(
            "tell Left { departure: Stop, ending: TakenOver { successor: None, after: 200ms }, took: 1.2s }"
        )
    );
}

#[test]
fn whoever_looks_for_duplicates_does_not_find_us() {
    let mut rig = stopping(two());
    assert_eq!(rig.feed(700, claimed(0, Claimed::Probed)), ["remove 0"]);
    assert!(rig.feed(701, claimed(1, Claimed::Used)).is_empty(), "that is not an announcement");
}

#[test]
fn a_yield_says_nothing_and_keeps_the_address_as_long() {
    let mut rig = Rig::master(params());
    assert_eq!(
        rig.hear(500, from_peer(101)),
        [
            "expire 0 3s",
            "tell Leaving { departure: Yield, reason: HigherPriority { source: 10.1.1.20, theirs: Priority(101) }, \
             priority: Priority(100), patience: 1s }"
        ]
    );
    assert_eq!(rig.state(), StateName::Master);
    rig.feed(501, announced(0));
    assert_eq!(
        rig.timeout(521),
        [
            "remove 0",
            "tell Left { departure: Yield, ending: TakenOver { successor: Some(10.1.1.20), after: 0ns }, took: 21ms }",
            "Master -> Backup at 100: HigherPriority { source: 10.1.1.20, theirs: Priority(101) }",
            "tell PeerSeen { source: 10.1.1.20, priority: Priority(101) }"
        ]
    );
    // The successor's advert was heard at 500 ms.
    assert_eq!(rig.deadline(), Some((500 + 3_609) * MS + 375_000));
    assert_eq!(rig.router.stats().priority_zero_sent, 0);
}

#[test]
fn a_yield_counts_what_was_announced_before_the_advert() {
    for before in [499, 1] {
        let mut rig = Rig::master(params());
        assert!(rig.feed(before, announced(0)).is_empty());
        rig.hear(500, from_peer(101));
        assert_eq!(rig.deadline(), Some(520 * MS), "announced at {before} ms");
    }
}

/// Neighbours have turned back to us: the successor's next announcement counts.
#[test]
fn a_yield_does_not_count_what_was_announced_before_our_own_announcement() {
    let mut twice = params();
    twice.announce.entry.0.push((Duration::from_millis(499), 1));
    let mut rig = Rig::master(twice);
    rig.feed(498, announced(0));
    assert_eq!(rig.timeout(499), ["announce 0"]);
    rig.hear(500, from_peer(101));
    assert_eq!(rig.deadline(), Some(1_500 * MS));
    rig.feed(550, announced(0));
    assert_eq!(rig.deadline(), Some(570 * MS));
    // Our answer is such an announcement, even if the other goes on in another way.
    let mut rig = Rig::master(params());
    rig.feed(100, announced(0));
    rig.timeout(1_100);
    rig.timeout(2_100);
    assert_eq!(rig.timeout(3_150).get(1).map(String::as_str), Some("announce 0"));
    rig.feed(4_090, claimed(0, Claimed::Used));
    rig.hear(4_095, from_peer(101));
    assert_eq!(rig.deadline(), Some(5_095 * MS));
}

/// Two standbys of one priority may both take over; the client may be with the one that gives way.
#[test]
fn a_yield_to_a_higher_address_is_one_as_well() {
    let mut rig = Rig::master(params());
    assert_eq!(rig.hear(500, from_peer(100)).first().map(String::as_str), Some("expire 0 3s"));
    let actions = rig.timeout(1_500);
    assert!(actions.iter().any(|action| action.contains("HigherAddress")), "{actions:?}");
}

#[test]
fn a_yield_keeps_to_the_successors_last_advert() {
    let mut rig = Rig::master(params());
    rig.hear(500, from_peer(101));
    rig.hear(800, from_peer(101));
    rig.timeout(1_500);
    assert_eq!(rig.state(), StateName::Backup);
    assert_eq!(rig.deadline(), Some((800 + 3_609) * MS + 375_000));
}

#[test]
fn the_best_of_several_successors_counts() {
    let mut rig = Rig::master(params());
    rig.hear(500, from_peer(101));
    rig.hear(501, Heard { source: "10.1.1.40", ..from_peer(150) });
    rig.hear(502, from_peer(101));
    let actions = rig.timeout(1_501);
    assert!(actions.last().unwrap().contains("10.1.1.40"), "{actions:?}");
}

#[test]
fn a_successor_that_resigns_before_it_announced_leaves_us_master() {
    let mut rig = Rig::master(params());
    rig.hear(500, from_peer(101));
    assert_eq!(rig.hear(510, from_peer(0)), ["keep 0", "announce 0", "advert 100", "tell Announcing"]);
    assert!(rig.router.is_serving());
    // While stopping the wait goes on.
    let mut rig = stopping(params());
    rig.hear(500, from_peer(90));
    assert!(rig.hear(510, from_peer(0)).is_empty());
    assert_eq!(rig.deadline(), Some(1_400 * MS));
}

#[test]
fn the_rfcs_way_removes_first_and_then_resigns() {
    let mut rig = Rig::master(rfc(params()));
    assert_eq!(
        rig.feed(100, Input::Stop),
        ["remove 0", "advert 0", "advert 0", "Master -> Stopped at 100: Stopped"]
    );
}

#[test]
fn the_silent_way_says_nothing() {
    let mut rig = Rig::master(Params { stop_mode: StopMode::Silent, ..params() });
    assert_eq!(rig.feed(100, Input::Stop), ["remove 0", "Master -> Stopped at 100: Stopped"]);
}

#[test]
fn a_router_without_addresses_has_nothing_to_keep() {
    let mut rig = Rig::master(Params { addresses: vec![], advertised: 0, ..params() });
    assert_eq!(rig.feed(100, Input::Stop), ["advert 0", "advert 0", "Master -> Stopped at 100: Stopped"]);
}

#[test]
fn a_handover_becomes_a_backup_that_does_not_preempt() {
    let mut rig = handing_over(params());
    rig.hear(700, from_peer(50));
    rig.feed(701, announced(0));
    assert_eq!(
        rig.timeout(721),
        [
            "remove 0",
            "tell Left { departure: HandOver, ending: TakenOver { successor: Some(10.1.1.20), after: 600ms }, took: 621ms }",
            "Master -> Backup at 100: HandedOver",
            "tell PeerSeen { source: 10.1.1.20, priority: Priority(50) }"
        ]
    );
    for second in 1..20 {
        rig.hear(700 + second * 1_000, from_peer(50));
        assert_eq!(rig.deadline(), Some((700 + second * 1_000 + 3_609) * MS + 375_000), "second {second}");
    }
    // Until that mastership ends.
    rig.hear(20_000, from_peer(0));
    assert_eq!(rig.timeout(20_610), ["add 0"]);
}

#[test]
fn a_handover_that_nobody_takes_changes_nothing() {
    let mut rig = handing_over(params());
    assert_eq!(
        rig.timeout(1_400),
        ["keep 0", "announce 0", "advert 100", "tell Announcing", "tell HandoverRefused { waited: 1.3s }"]
    );
    assert!(rig.router.is_serving());
    assert_eq!(rig.deadline(), Some(2_400 * MS));
}

#[test]
fn a_handover_is_for_a_serving_master() {
    for mut rig in [Rig::backup(params()), Rig::fault(params()), Rig::stopped(params())] {
        assert!(rig.feed(10, Input::HandOver).is_empty());
    }
    let mut rig = stopping(params());
    assert!(rig.feed(200, Input::HandOver).is_empty());
    assert_eq!(rig.router.departure(), Some(Departure::Stop));
}

#[test]
fn told_to_stop_while_leaving_it_stops_when_it_has_left() {
    let mut rig = Rig::master(params());
    rig.hear(500, from_peer(101));
    assert!(rig.feed(510, Input::Stop).is_empty());
    assert_eq!(rig.timeout(1_500).last().map(String::as_str), Some("Master -> Stopped at 100: Stopped"));
}

#[test]
fn what_makes_serving_impossible_ends_it_without_another_resignation() {
    let cancelling: [(Input<'_>, Vec<&str>); 3] = [
        (Input::Link(LinkState::Down), vec!["Master -> Stopped at 100: Stopped"]),
        (Input::Track { tracker: 0, standing: Standing::Down }, vec!["Master -> Stopped at 100: Stopped"]),
        (Input::StopNow, vec!["Master -> Stopped at 100: Stopped"]),
    ];
    for (input, last) in cancelling {
        let tracking = Params { trackers: vec![TrackWeight::Fault { reverse: false }], ..params() };
        let mut rig = stopping(tracking);
        let actions = rig.feed(200, input);
        assert_eq!(actions.first().map(String::as_str), Some("remove 0"), "{input:?}");
        assert_eq!(actions.get(2..).unwrap(), last.as_slice(), "{input:?}");
        assert_eq!(rig.router.stats().priority_zero_sent, 2);
    }
    let mut rig = handing_over(params());
    let actions = rig.feed(200, Input::Link(LinkState::Down));
    assert_eq!(actions.last().map(String::as_str), Some("Master -> Fault at 100: Hindered(LinkDown)"));
}

#[test]
fn an_address_that_somebody_removes_is_not_put_back() {
    let mut rig = stopping(two());
    assert_eq!(rig.feed(200, Input::AddressLost(0)), ["remove 0"]);
    let actions = rig.feed(210, Input::AddressLost(1));
    assert_eq!(actions.last().map(String::as_str), Some("Master -> Stopped at 100: Stopped"));
}

#[test]
fn a_missing_address_is_not_kept() {
    let mut rig = Rig::master(two());
    rig.feed(100, Input::AddressLost(1));
    let actions = rig.feed(101, Input::Stop);
    assert_eq!(actions.get(..2).unwrap(), ["expire 0 3.3s", "remove 1"]);
}

#[test]
fn back_from_a_stall_longer_than_its_patience_it_leaves_whatever_comes() {
    let mut rig = handing_over(params());
    let actions = rig.hear(3_000, from_peer(100));
    assert_eq!(actions.first().map(String::as_str), Some("tell Stalled { late: 1.6s }"));
    assert_eq!(rig.state(), StateName::Backup);
}

#[test]
fn a_link_that_returns_or_moves_is_not_announced() {
    let mut rig = stopping(params());
    assert!(rig.feed(200, Input::HardwareChanged).is_empty());
    assert!(rig.feed(200, Input::AddressUsable(0)).is_empty());
    assert!(rig.feed(200, Input::AddressFailed(0)).is_empty());
    assert!(rig.feed(200, announced(7)).is_empty(), "there is no such address");
}

#[test]
fn a_last_advert_is_sent_where_it_was_asked_for() {
    let mut rig = Rig::master(Params { higher_adverts: HigherAdverts::AnswerAndYield, ..params() });
    assert_eq!(rig.hear(500, from_peer(101)).first().map(String::as_str), Some("advert 100"));
    assert_eq!(rig.router.departure(), Some(Departure::Yield));
}

#[test]
fn a_successor_that_resigns_while_we_leave_is_waited_for_no_longer_than_its_skew_time() {
    let mut rig = handing_over(params());
    rig.hear(700, from_peer(101));
    rig.feed(701, announced(0));
    assert!(rig.hear(705, from_peer(0)).is_empty());
    let actions = rig.timeout(721);
    assert_eq!(actions.get(2).map(String::as_str), Some("Master -> Backup at 100: HandedOver"));
    // 156/256 s.
    assert_eq!(rig.deadline(), Some(721 * MS + 609_375_000));
    assert_eq!(rig.timeout(1_331), ["add 0"]);
}

#[test]
fn lifetimes_are_renewed_while_announcements_keep_coming() {
    let many: Vec<core::net::IpAddr> =
        (1..=20).map(|last| core::net::IpAddr::from([10, 1, 1, last])).collect();
    let mut rig = stopping(Params { advertised: many.len(), addresses: many, ..params() });
    rig.hear(700, from_peer(100));
    // The first lifetime ends at 3.4 s.
    let mut renewed = Vec::new();
    for address in 0..20 {
        let at = 900 + 200 * u64::try_from(address).unwrap();
        let actions = rig.feed(at, announced(address));
        if !actions.is_empty() {
            renewed.push((at, actions.len()));
        }
        rig.timeout(at + 20);
    }
    assert_eq!(rig.state(), StateName::Stopped, "the last one left after its announcement");
    assert_eq!(renewed, [(2_900, 10)], "ten were left");
}

#[test]
fn a_handover_that_keeps_nothing_is_done_at_once() {
    for (mode, expected) in [
        (StopMode::Rfc, vec!["remove 0", "advert 0", "advert 0", "Master -> Backup at 100: HandedOver"]),
        (StopMode::Silent, vec!["remove 0", "Master -> Backup at 100: HandedOver"]),
    ] {
        let mut rig = Rig::master(Params { stop_mode: mode, ..params() });
        assert_eq!(rig.feed(100, Input::HandOver), expected);
        rig.hear(1_000, from_peer(50));
        assert_eq!(rig.deadline(), Some(4_609 * MS + 375_000), "{mode:?} follows a lower one");
    }
}
