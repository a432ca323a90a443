//! What a router says of its prospects.

use alloc::vec;
use core::time::Duration;

use super::rig::{Heard, LOWER_PEER, PEER, Rig, from_peer, ip, ms, params, v3, v3_from_peer};
use crate::notice::Hindrance;
use crate::params::{Params, Preemption, TrackWeight};
use crate::scalar::Priority;
use crate::{Input, LinkState, Standing};

fn priority(number: u8) -> Priority {
    Priority::new(number).unwrap()
}

#[test]
fn a_backup_says_whom_it_follows_and_until_when() {
    let mut rig = Rig::backup(params());
    let outlook = rig.router.outlook();
    assert_eq!((outlook.last_heard, outlook.state_since), (None, Some(ms(0))));
    assert_eq!(outlook.skew, Duration::from_nanos(609_375_000));
    assert_eq!(outlook.master_down, Duration::from_nanos(3_609_375_000));
    assert_eq!(outlook.waiting.unwrap().follows, None);

    rig.hear(1_000, from_peer(101));
    // Its priority has changed, which is no event.
    rig.hear(2_000, from_peer(110));
    let outlook = rig.router.outlook();
    let waiting = outlook.waiting.unwrap();
    assert_eq!(outlook.last_heard, Some((ip(PEER), priority(110), ms(2_000))));
    assert_eq!((waiting.follows, waiting.resigned), (Some(ip(PEER)), None));
    assert_eq!(waiting.master_down_at.as_nanos(), 5_609_375_000);

    rig.hear(3_000, from_peer(0));
    let outlook = rig.router.outlook();
    assert_eq!(outlook.waiting.unwrap().resigned, Some(ip(PEER)));
    assert_eq!(outlook.last_heard, Some((ip(PEER), priority(110), ms(2_000))), "zero is no priority");
}

/// Two MASTERs that do not hear each other: the one that is followed is the one that counts.
#[test]
fn a_lower_master_does_not_hide_the_one_that_is_followed() {
    let mut rig = Rig::backup(params());
    rig.hear(1_000, from_peer(110));
    rig.hear(1_500, Heard { source: LOWER_PEER, ..from_peer(50) });
    let outlook = rig.router.outlook();
    assert_eq!(outlook.last_heard, Some((ip(PEER), priority(110), ms(1_000))));
    assert_eq!(outlook.waiting.unwrap().follows, Some(ip(PEER)));
}

#[test]
fn a_preempt_delay_says_when_it_ends() {
    let mut rig = Rig::backup(Params { preemption: Preemption::After(Duration::from_secs(10)), ..params() });
    rig.hear(1_000, from_peer(101));
    assert_eq!(rig.router.outlook().waiting.unwrap().preempts_at, None);
    rig.hear(2_000, from_peer(99));
    rig.hear(3_000, from_peer(99));
    assert_eq!(rig.router.outlook().waiting.unwrap().preempts_at, Some(ms(12_000)));
    rig.hear(4_000, from_peer(100));
    assert_eq!(rig.router.outlook().waiting.unwrap().preempts_at, None);
}

/// RFC 9568 §6.1: the MASTER's interval counts, and the skew time is a part of it.
#[test]
fn version_3_reckons_with_the_masters_interval() {
    let mut rig = Rig::backup(v3(params()));
    let mut advert = v3_from_peer(101);
    advert.centis = 10;
    rig.hear(1_000, advert);
    let outlook = rig.router.outlook();
    assert_eq!(outlook.interval.duration(), Duration::from_millis(100));
    assert_eq!(outlook.skew, Duration::from_nanos(60_937_500));
    assert_eq!(outlook.master_down, Duration::from_nanos(360_937_500));
}

#[test]
fn a_master_remembers_whom_it_heard_last() {
    let mut rig = Rig::master(params());
    rig.hear(100, from_peer(90));
    let outlook = rig.router.outlook();
    assert_eq!((outlook.waiting, outlook.last_heard), (None, Some((ip(PEER), priority(90), ms(100)))));
}

#[test]
fn all_that_hinders_is_said() {
    let fault = TrackWeight::Fault { reverse: false };
    let adjust = TrackWeight::Adjust { weight: -20, reverse: false };
    let mut rig = Rig::backup(Params { trackers: vec![adjust, fault, fault], ..params() });
    assert_eq!(rig.router.hindrances(ms(0)), []);
    rig.feed(1, Input::Link(LinkState::Down));
    for tracker in [0, 2] {
        rig.feed(2, Input::Track { tracker, standing: Standing::Down });
    }
    rig.feed(3, Input::Track { tracker: 1, standing: Standing::Down });
    let expected = [Hindrance::LinkDown, Hindrance::Tracker(1), Hindrance::Tracker(2)];
    assert_eq!(rig.router.hindrances(ms(3)), expected);
    assert_eq!(rig.router.standings(), [Standing::Down; 3]);
}
