//! Other hosts that claim a MASTER's addresses.

use alloc::string::String;
use alloc::vec::Vec;

use super::rig::*;
use crate::scalar::MacAddress;
use crate::wire::Claimed;
use crate::{AnnouncePolicy, Input, Params};

const MS: u64 = 1_000_000;

fn claim(how: Claimed) -> Input<'static> {
    Input::AddressClaimed { address: 0, mac: MacAddress([2, 0, 0, 0, 0, 0x14]), how }
}

#[test]
fn a_use_is_answered_once_a_moment_later_and_told() {
    let mut rig = Rig::master(params());
    assert!(rig.feed(100, claim(Claimed::Used)).is_empty());
    assert_eq!(rig.deadline(), Some(150 * MS));
    assert!(rig.feed(120, claim(Claimed::Used)).is_empty());
    assert_eq!(
        rig.timeout(150),
        ["announce 0", "tell Contested { address: 0, mac: MacAddress([2, 0, 0, 0, 0, 20]) }"]
    );
    assert_eq!(rig.deadline(), Some(1_000 * MS));
}

/// FRR with IPv6 announces an interval before its first advert, which a busy machine makes later still.
#[test]
fn an_announcement_is_answered_when_an_advert_would_have_come() {
    let mut rig = Rig::master(params());
    assert!(rig.feed(100, claim(Claimed::Announced)).is_empty());
    assert_eq!(rig.timeout(1_000), ["advert 100"]);
    assert_eq!(rig.timeout(2_000), ["advert 100"]);
    assert_eq!(rig.timeout(3_000), ["advert 100"]);
    assert_eq!(rig.deadline(), Some(3_150 * MS));
    // Its use meanwhile is answered sooner.
    assert!(rig.feed(3_010, claim(Claimed::Used)).is_empty());
    assert_eq!(rig.deadline(), Some(3_060 * MS));
    assert_eq!(rig.timeout(3_060).first().map(String::as_str), Some("announce 0"));
}

/// What is announced a second after another's announcement would turn the neighbours back, to a host that leaves.
#[test]
fn a_repetition_does_not_overrule_an_announcement_whose_advert_may_still_come() {
    let mut rig = Rig::master(Params { announce: AnnouncePolicy::default(), ..params() });
    for ms in [5, 20, 100, 500, 1_000] {
        rig.timeout(ms);
    }
    assert!(rig.feed(1_900, claim(Claimed::Announced)).is_empty());
    assert_eq!(rig.timeout(2_000), ["advert 100"]);
    // The address is on its way out as soon as the advert comes.
    rig.hear(2_900, from_peer(150));
    assert_eq!(rig.deadline(), Some(2_920 * MS));
}

/// Nor does one that had to wait for its turn until then; one of the first second does.
#[test]
fn what_has_waited_overrules_no_later_announcement_either() {
    for (claimed, sent, is_sent) in [(300, 900, true), (300, 1_100, false), (1_900, 2_000, false)] {
        let mut rig = Rig::master(Params { announce: AnnouncePolicy::default(), ..params() });
        rig.feed(claimed, claim(Claimed::Announced));
        assert_eq!(rig.router.still_announces(ms(sent), ip("10.1.1.30")), is_sent, "{claimed} {sent}");
    }
}

/// A predecessor announces once more just before it hears of us.
#[test]
fn the_first_announcements_overrule_whoever_announces() {
    let mut rig = Rig::master(Params { announce: AnnouncePolicy::default(), ..params() });
    rig.feed(3, claim(Claimed::Announced));
    assert_eq!(rig.timeout(5), ["announce 0"]);
}

#[test]
fn claims_are_answered_once_a_second_and_told_once_a_minute() {
    let mut rig = Rig::master(params());
    let (mut answers, mut told) = (0, 0);
    for tenth in 1..=1_200 {
        rig.feed(tenth * 100, claim(Claimed::Used));
        let actions: Vec<String> = rig.timeout(tenth * 100);
        answers += actions.iter().filter(|action| *action == "announce 0").count();
        told += actions.iter().filter(|action| action.starts_with("tell Contested")).count();
    }
    assert_eq!((answers, told), (120, 2));
}

#[test]
fn probes_are_the_kernels_business() {
    let mut rig = Rig::master(params());
    rig.feed(100, claim(Claimed::Probed));
    assert_eq!(rig.deadline(), Some(1_000 * MS));
}

#[test]
fn outside_mastership_claims_are_nothing() {
    for mut rig in [Rig::backup(params()), Rig::fault(params()), Rig::stopped(params())] {
        let deadline = rig.deadline();
        assert!(rig.feed(100, claim(Claimed::Announced)).is_empty());
        assert_eq!(rig.deadline(), deadline);
    }
}

/// A backup that lost the MASTER's adverts took over: the MASTER answers with announcements only, as it seems here.
#[test]
fn claims_that_go_on_without_an_advert_say_that_we_are_deaf() {
    let mut rig = Rig::backup(params());
    rig.hear(1_000, from_peer(150));
    rig.timeout(4_610);
    rig.feed(4_610, Input::AddressUsable(0));
    assert!(rig.router.is_serving());
    // Its use, for which nobody needs to be MASTER, says nothing.
    rig.feed(4_650, claim(Claimed::Used));
    assert!(rig.feed(4_700, claim(Claimed::Announced)).is_empty());
    assert!(rig.feed(4_750, claim(Claimed::Announced)).is_empty());
    rig.timeout(4_760);
    assert_eq!(
        rig.feed(5_700, claim(Claimed::Announced)),
        ["tell Deaf { mac: MacAddress([2, 0, 0, 0, 0, 20]), source: Some(10.1.1.20) }"]
    );
    assert!(rig.feed(6_700, claim(Claimed::Announced)).is_empty(), "told once");
    // Neighbours are not turned back and forth: it is answered no more.
    for second in 7..60 {
        let actions = rig.timeout(second * 1_000);
        assert!(!actions.iter().any(|action| action == "tell Contested"), "{actions:?}");
        rig.feed(second * 1_000 + 100, claim(Claimed::Announced));
        let deadline = rig.deadline().unwrap();
        assert!(deadline >= (second + 1) * 1_000 * MS - 500 * MS, "{second}: {deadline}");
    }
}

/// Two uses a quarter of an hour apart are no MASTER that goes on.
#[test]
fn claims_now_and_then_do_not_mean_that_we_are_deaf() {
    let mut rig = Rig::backup(params());
    rig.hear(1_000, from_peer(150));
    rig.timeout(4_610);
    rig.feed(4_610, Input::AddressUsable(0));
    for minute in 1..20 {
        let at = 4_700 + minute * 60_000;
        for second in 0..60 {
            rig.timeout(at - 60_000 + second * 1_000);
        }
        let actions = rig.feed(at, claim(Claimed::Announced));
        assert!(!actions.iter().any(|action| action.contains("Deaf")), "{actions:?}");
    }
}

#[test]
fn a_master_that_is_heard_is_named_with_its_hardware_address() {
    let mut rig = Rig::master(params());
    rig.feed(100, claim(Claimed::Announced));
    rig.hear(200, from_peer(99));
    rig.hear(1_200, from_peer(99));
    let actions = rig.hear(2_200, from_peer(99));
    assert!(
        actions.iter().any(|action| action.contains("mac: Some(MacAddress([2, 0, 0, 0, 0, 20]))")),
        "{actions:?}"
    );
}
