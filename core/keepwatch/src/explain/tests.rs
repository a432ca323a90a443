//! Facts, and the text that comes of them.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepwatch_event::{
    BackupExplanation, GroupExplanation, GroupMember, Health, Hindrance, LastHeard, Preemption, Reason,
    Timestamp, Tracked, TrackerEffect, TrackerExplanation, TrackerStanding,
};

use super::*;

fn seconds(seconds: f64) -> Duration {
    Duration::from_secs_f64(seconds)
}

const PEER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 1, 1, 20));

fn heard(priority: u8) -> Option<LastHeard> {
    Some(LastHeard { source: PEER, priority, ago: seconds(0.48) })
}

/// A check with a weight that is not 0, or that forbids taking part if it fails.
fn check(name: &str, weight: i16, standing: TrackerStanding, verdicts: u32) -> TrackerExplanation {
    let does = |standing| match standing {
        TrackerStanding::Up => TrackerEffect { adds: i32::from(weight.max(0)), fault: false },
        _ => TrackerEffect { adds: i32::from(weight.min(0)), fault: weight == 0 },
    };
    let other = if standing == TrackerStanding::Up { TrackerStanding::Down } else { TrackerStanding::Up };
    TrackerExplanation {
        name: name.to_owned(),
        what: Tracked::Check,
        weight,
        reverse: false,
        standing,
        effect: does(standing),
        otherwise: Some(does(other)),
        health: Some(match standing {
            TrackerStanding::Up => Health::Pass,
            TrackerStanding::Pending => Health::Unknown,
            _ => Health::Fail,
        }),
        verdicts_to_change: Some(verdicts),
    }
}

fn eth1() -> TrackerExplanation {
    TrackerExplanation {
        what: Tracked::Interface,
        health: None,
        verdicts_to_change: None,
        ..check("eth1", 0, TrackerStanding::Up, 1)
    }
}

/// BACKUP with priority 100 of a MASTER with 101; nothing is tracked.
fn backup() -> InstanceExplanation {
    InstanceExplanation {
        name: "VI_1".to_owned(),
        interface: "eth0".to_owned(),
        virtual_router_id: 51,
        version: 2,
        state: State::Backup,
        state_for: Some(seconds(192.0)),
        reason: Some(Reason::Started),
        leaving: false,
        source: Some(IpAddr::from([10, 1, 1, 10])),
        base_priority: 100,
        priority: 100,
        trackers: Vec::new(),
        timers: Timers {
            advert_interval: seconds(1.0),
            master_advert_interval: seconds(1.0),
            down_timer_adverts: 3,
            skew: seconds(0.609_375),
            master_down: seconds(3.609_375),
        },
        preemption: Preemption::Immediate,
        asserts_itself: false,
        resigns: true,
        tracks_interface: true,
        tracks_source: true,
        hindrances: Vec::new(),
        group: None,
        last_heard: heard(101),
        backup: Some(BackupExplanation {
            takes_over_in: seconds(3.129_375),
            follows: Some(PEER),
            resigned: None,
            waits_for_group: false,
            has_handed_over: false,
        }),
        starts_in: None,
    }
}

fn master() -> InstanceExplanation {
    InstanceExplanation {
        state: State::Master,
        reason: Some(Reason::NoAdvert { silent: seconds(3.609) }),
        base_priority: 101,
        priority: 101,
        last_heard: Some(LastHeard { ago: seconds(3_700.0), ..heard(100).unwrap() }),
        backup: None,
        ..backup()
    }
}

fn group(state: State) -> Option<GroupExplanation> {
    let others = vec![GroupMember { instance: "VI_2".to_owned(), state }];
    Some(GroupExplanation { name: "G".to_owned(), others })
}

fn text(instance: InstanceExplanation) -> String {
    let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
    render(&Explanation { at, instances: vec![instance] }, Paint::Plain)
}

/// The paragraphs alone, behind the sum and the timers.
fn paragraphs(instance: InstanceExplanation) -> String {
    let text = text(instance);
    let (_, behind) = text.split_once("and the skew time\n").unwrap();
    behind.to_owned()
}

fn line(instance: InstanceExplanation, number: usize) -> String {
    text(instance).lines().nth(number).unwrap().to_owned()
}

#[test]
fn a_backup_with_a_check_that_fails() {
    let trackers = vec![check("check_haproxy", -20, TrackerStanding::Down, 2), eth1()];
    let timers = Timers { skew: seconds(0.6875), master_down: seconds(3.6875), ..backup().timers };
    let instance = InstanceExplanation { priority: 80, trackers, timers, ..backup() };
    assert_eq!(
        text(instance),
        "\
VI_1 is BACKUP on eth0, VRID 51, for 3 min 12 s: it hears 10.1.1.20 as MASTER with priority 101.

  priority 100  configured
         -  20  check_haproxy fails (weight -20)
         +   0  eth1 is up (weight 0: FAULT when it is down)
         =  80
  timers: adverts every 1 s; skew time 688 ms, (256 - 80) / 256 of a second; master-down time 3.69 s, 3 x 1 s and the skew time

  It becomes MASTER when
    - 10.1.1.20 sends priority 0: 688 ms later (the skew time)
    - nothing is heard of 10.1.1.20 for 3.69 s (the master-down time; 3.13 s of it left)
    - its own priority, 80, rises above 101, or that of 10.1.1.20 falls below 80; and the master-down time has run out since
        check_haproxy passes 2 times in a row: 100, not enough

  It goes to FAULT, and cannot take over, when
    - eth1 goes down
    - eth0 goes down or loses the address that adverts come from
"
    );
}

#[test]
fn several_checks_may_be_enough_together() {
    let fails = |name, weight| check(name, weight, TrackerStanding::Down, 1);
    let trackers = vec![fails("a", -20), fails("b", 2), fails("c", 30), fails("d", -10)];
    let instance =
        InstanceExplanation { base_priority: 99, priority: 69, trackers, last_heard: heard(128), ..backup() };
    let expected = "
        a passes: 89, not enough
        b passes: 71, not enough
        c passes: 99, not enough
        d passes: 79, not enough
        all of that: 131, enough
";
    let text = text(instance);
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_is_not_known_yet_may_raise_it_too() {
    let number = TrackerExplanation {
        effect: TrackerEffect { adds: 0, fault: false },
        otherwise: None,
        ..check("load", 10, TrackerStanding::Value(0), 1)
    };
    let pending = TrackerExplanation {
        effect: TrackerEffect { adds: 0, fault: false },
        otherwise: Some(TrackerEffect { adds: 20, fault: false }),
        ..check("web", 20, TrackerStanding::Pending, 1)
    };
    let instance = InstanceExplanation { trackers: vec![number, pending], tracks_source: false, ..backup() };
    let text = text(instance);
    let expected = "
        web passes: 120, enough
        load becomes another number (weight 10 for each 1)

  It goes to FAULT, and cannot take over, when
    - eth0 goes down
";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn what_a_backup_waits_for() {
    let backup_now = |waits: BackupExplanation| InstanceExplanation { backup: Some(waits), ..backup() };
    let waits = backup().backup.unwrap();
    let silence = BackupExplanation { follows: None, ..waits };
    let after = |left: Option<f64>| Preemption::After { delay: seconds(30.0), left: left.map(seconds) };
    let rows = [
        (
            "nopreempt",
            InstanceExplanation { preemption: Preemption::Never, last_heard: heard(90), ..backup() },
            "
  It becomes MASTER when
    - 10.1.1.20 sends priority 0: 609 ms later (the skew time)
    - nothing is heard of 10.1.1.20 for 3.61 s (the master-down time; 3.13 s of it left)

  While 10.1.1.20 is heard, its own priority changes nothing: nopreempt.
",
        ),
        (
            "preempt_delay runs",
            InstanceExplanation { preemption: after(Some(12.3)), last_heard: heard(90), ..backup() },
            "
    - the priority of 10.1.1.20, 90, stays below its own, 100; it has been so for 30 s (preempt_delay; 12 s of it left), and the master-down time has run out
",
        ),
        (
            "preempt_delay does not run",
            InstanceExplanation { preemption: after(None), ..backup() },
            "
    - its own priority, 100, rises above 101, or that of 10.1.1.20 falls below 100; and has been so for 30 s (preempt_delay), and the master-down time has run out
        nothing that it tracks can raise it now; 100 is the most
",
        ),
        (
            "preempt_delay is over",
            InstanceExplanation { preemption: after(Some(0.0)), last_heard: heard(90), ..backup() },
            "
  It becomes MASTER in 3.13 s, unless an advert with priority 100 or more comes.
",
        ),
        (
            "a lower MASTER",
            InstanceExplanation { last_heard: heard(99), ..backup() },
            ": it no longer follows 10.1.1.20, whose priority 99 is lower.
",
        ),
        (
            "a resignation",
            backup_now(BackupExplanation { resigned: Some(PEER), takes_over_in: seconds(0.2), ..waits }),
            "
  It becomes MASTER in 200 ms, unless an advert with priority 100 or more comes.
",
        ),
        (
            "nobody, with nopreempt",
            InstanceExplanation {
                preemption: Preemption::Never,
                last_heard: None,
                ..backup_now(silence)
            },
            "
  It becomes MASTER in 3.13 s, unless an advert comes (nopreempt: of whatever priority).
",
        ),
        (
            "a hand-over",
            InstanceExplanation {
                last_heard: heard(90),
                ..backup_now(BackupExplanation { has_handed_over: true, ..waits })
            },
            "
  While 10.1.1.20 is heard, its own priority changes nothing: it has handed mastership over.
",
        ),
        (
            "a group that has not come as far",
            InstanceExplanation {
                group: group(State::Backup),
                last_heard: None,
                ..backup_now(BackupExplanation { waits_for_group: true, ..silence })
            },
            "
  It becomes MASTER as soon as the rest of its group has come as far.

  Its group G is MASTER as a whole or not at all: with VI_2 (BACKUP).

  It goes to FAULT, and cannot take over, when
    - eth0 goes down or loses the address that adverts come from
    - VI_2 of its group G cannot take part
",
        ),
    ];
    for (what, instance, expected) in rows {
        let text = text(instance);
        assert!(text.contains(expected), "{what}:\n{text}");
    }
}

#[test]
fn a_master_and_what_would_lower_it() {
    let trackers = vec![
        check("check_haproxy", 2, TrackerStanding::Up, 3),
        check("check_web", -20, TrackerStanding::Up, 1),
        check("check_disk", 0, TrackerStanding::Up, 2),
    ];
    let instance = InstanceExplanation { priority: 103, trackers, ..master() };
    assert_eq!(
        text(instance),
        "\
VI_1 is MASTER on eth0, VRID 51, for 3 min 12 s: no advert heard for 3.61 s.

  priority 101  configured
         +   2  check_haproxy passes (weight 2)
         +   0  check_web passes (weight -20)
         +   0  check_disk passes (weight 0: FAULT when it fails)
         = 103
  timers: adverts every 1 s; skew time 609 ms, (256 - 103) / 256 of a second; master-down time 3.61 s, 3 x 1 s and the skew time

  It stops being MASTER when
    - another host advertises a priority above 103, or 103 from an address above 10.1.1.10 (10.1.1.20 was last heard with priority 100, 1 h 1 min ago)
    - check_web fails: its priority becomes 83, below 100: 10.1.1.20 takes over unless it has nopreempt
    - keepwatch is stopped (`systemctl stop keepwatch`): it sends priority 0, and a backup takes over after its own skew time

  It goes to FAULT, and is MASTER no more, when
    - check_disk fails 2 times in a row
    - eth0 goes down or loses the address that adverts come from

  It stays MASTER when only
    - check_haproxy fails 3 times in a row: its priority becomes 101, not below the 100 of 10.1.1.20
"
    );
}

#[test]
fn numbers_may_forbid_to_be_master() {
    let number = |value| TrackerExplanation {
        effect: TrackerEffect { adds: 0, fault: false },
        otherwise: None,
        ..check("maintenance", 0, TrackerStanding::Value(value), 1)
    };
    let rows = [
        (number(0), "\n    - maintenance becomes another number than 0\n"),
        (TrackerExplanation { reverse: true, ..number(1) }, "\n    - maintenance becomes 0\n"),
    ];
    for (tracker, expected) in rows {
        let text = paragraphs(InstanceExplanation { trackers: vec![tracker], ..master() });
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn checks_that_lower_a_master_together() {
    let up = |name| check(name, -1, TrackerStanding::Up, 1);
    let instance = InstanceExplanation { trackers: vec![up("a"), up("b")], ..master() };
    let text = paragraphs(instance);
    let together = "    - a fails and b fails: its priority becomes 99, below 100: 10.1.1.20 takes over unless it has nopreempt\n";
    assert!(text.contains(together), "{text}");
    let alone = "    - a fails: its priority becomes 100, not below the 100 of 10.1.1.20\n";
    assert!(text.contains(alone), "{text}");
}

#[test]
fn a_master_that_has_heard_nobody_and_falls_silent() {
    let trackers = vec![check("web", -20, TrackerStanding::Up, 1)];
    let instance = InstanceExplanation {
        trackers,
        last_heard: None,
        source: None,
        resigns: false,
        tracks_interface: false,
        group: group(State::Master),
        ..master()
    };
    assert_eq!(
        paragraphs(instance),
        "
  It stops being MASTER when
    - another host advertises a priority above 101, or 101 from a higher address (no other MASTER has been heard since keepwatch began)
    - web fails: its priority becomes 81, and a backup with a higher one takes over unless it has nopreempt
    - keepwatch is stopped (`systemctl stop keepwatch`): it says nothing, and a backup takes over after its own master-down time

  It goes to FAULT, and is MASTER no more, when
    - eth0 is deleted or loses the address that adverts come from
    - VI_2 of its group G cannot take part

  Its group G is MASTER as a whole or not at all: with VI_2 (MASTER).
"
    );
}

#[test]
fn an_owner_is_moved_by_nothing() {
    let trackers = vec![check("web", -20, TrackerStanding::Down, 1)];
    let instance = InstanceExplanation {
        base_priority: 255,
        priority: 255,
        trackers,
        reason: Some(Reason::Owner),
        ..master()
    };
    let text = text(instance);
    for expected in [
        "VI_1 is MASTER on eth0, VRID 51, for 3 min 12 s: it owns the addresses (priority 255).\n",
        "\n  priority 255  configured: it owns the addresses\n         -  20  web fails (weight -20)\n",
        "\n         = 255 (an owner's does not change)\n",
        "\n    - another host advertises priority 255, too, from an address above 10.1.1.10 (",
    ] {
        assert!(text.contains(expected), "{text}");
    }
    assert!(!text.contains("its priority becomes"), "{text}");
}

#[test]
fn a_fault_and_what_comes_after_it() {
    let trackers = vec![
        check("web", 0, TrackerStanding::Down, 2),
        TrackerExplanation {
            standing: TrackerStanding::Value(7),
            effect: TrackerEffect { adds: -14, fault: false },
            otherwise: None,
            ..check("load", -2, TrackerStanding::Up, 1)
        },
    ];
    let failed = Hindrance::CheckFailed { check: "web".into(), text: "exit code 1".into() };
    let hindrances = vec![
        Hindrance::InterfaceDown { interface: "eth0".into() },
        failed.clone(),
        Hindrance::GroupMember { instance: "VI_2".into() },
    ];
    let instance = InstanceExplanation {
        state: State::Fault,
        reason: Some(Reason::Hindered(failed)),
        priority: 86,
        trackers,
        hindrances,
        backup: None,
        group: group(State::Fault),
        ..backup()
    };
    assert_eq!(
        text(instance),
        "\
VI_1 is in FAULT on eth0, VRID 51, for 3 min 12 s: check web fails: exit code 1.

  priority 100  configured
         +   0  web fails (weight 0: FAULT when it fails)
         -  14  load is 7 (weight -2 for each 1)
         =  86
  timers: adverts every 1 s; skew time 609 ms, (256 - 86) / 256 of a second; master-down time 3.61 s, 3 x 1 s and the skew time

  It cannot take part until all of this has ended:
    - interface eth0 down
    - check web fails: exit code 1 (until web passes 2 times in a row)
    - VI_2 of its group cannot take part

  Then it is BACKUP with priority 86, and becomes MASTER if it hears no MASTER for 3.61 s (10.1.1.20 was last heard with priority 101, 0.4 s ago).

  Its group G is MASTER as a whole or not at all: with VI_2 (FAULT).
"
    );
}

#[test]
fn what_has_ended_keeps_it_from_nothing() {
    let pending = |check: &str| Hindrance::CheckPending { check: check.to_owned() };
    let waiting = InstanceExplanation {
        state: State::Fault,
        reason: Some(Reason::Hindered(pending("hdr"))),
        hindrances: vec![pending("lag"), pending("web")],
        backup: None,
        ..backup()
    };
    let began = "VI_1 is in FAULT on eth0, VRID 51, for 3 min 12 s: waiting for the first answer of check";
    assert_eq!(line(waiting.clone(), 0), format!("{began} lag."));
    let both = InstanceExplanation { hindrances: vec![pending("lag"), pending("hdr")], ..waiting };
    assert_eq!(line(both, 0), format!("{began} hdr."));
}

#[test]
fn those_that_have_not_begun_or_have_ended() {
    let init = InstanceExplanation {
        state: State::Init,
        state_for: None,
        reason: None,
        base_priority: 255,
        priority: 255,
        asserts_itself: true,
        starts_in: Some(seconds(12.5)),
        backup: None,
        ..backup()
    };
    assert_eq!(line(init.clone(), 0), "VI_1 is in INIT on eth0, VRID 51.");
    assert_eq!(
        paragraphs(init),
        "
  It begins to take part in 12 s (vrrp_startup_delay, vrrp_delay_after_boot).

  Then it becomes MASTER with priority 255 at once: it owns the addresses.
"
    );
    let stopped = InstanceExplanation {
        state: State::Stopped,
        reason: Some(Reason::Stopped),
        backup: None,
        ..backup()
    };
    let expected = "\n  It has stopped for good, and begins anew when keepwatch does.\n";
    assert_eq!(paragraphs(stopped), expected);
    let leaving = InstanceExplanation { leaving: true, ..master() };
    assert_eq!(
        line(leaving, 0),
        "VI_1 is MASTER, leaving on eth0, VRID 51, for 3 min 12 s: no advert heard for 3.61 s."
    );
}

#[test]
fn rows_and_timers_say_how_they_count() {
    let reverse = |tracker| TrackerExplanation { reverse: true, ..tracker };
    let pending = check("web", 0, TrackerStanding::Pending, 1);
    let number = check("n", 0, TrackerStanding::Value(3), 1);
    let untold = |tracker| TrackerExplanation { health: Some(Health::Unknown), ..tracker };
    let rows = [
        (
            untold(check("web", 0, TrackerStanding::Up, 1)),
            "         +   0  web cannot tell, and counts as passing (weight 0: FAULT when it fails)",
        ),
        (
            untold(check("web", -5, TrackerStanding::Down, 1)),
            "         -   5  web cannot tell, and counts as failing (weight -5)",
        ),
        (
            untold(TrackerExplanation {
                effect: TrackerEffect { adds: 6, fault: false },
                ..check("n", 2, TrackerStanding::Value(3), 1)
            }),
            "         +   6  n cannot tell, and counts as 3 (weight 2 for each 1)",
        ),
        (pending.clone(), "         +   0  web has not answered yet (weight 0: FAULT when it fails)"),
        (
            reverse(pending),
            "         +   0  web has not answered yet (weight 0 reverse: FAULT when it passes)",
        ),
        (number.clone(), "         +   0  n is 3 (weight 0: FAULT when it is not 0)"),
        (reverse(number), "         +   0  n is 3 (weight 0 reverse: FAULT when it is 0)"),
        (reverse(eth1()), "         +   0  eth1 is up (weight 0 reverse: FAULT when it is up)"),
        (reverse(check("w", 5, TrackerStanding::Up, 1)), "         +   5  w passes (weight 5 reverse)"),
    ];
    for (tracker, expected) in rows {
        let instance = InstanceExplanation { trackers: vec![tracker], ..backup() };
        assert_eq!(line(instance, 3), expected);
    }
    let nothing = "  priority 100  configured; it tracks nothing that could change it";
    assert_eq!(line(backup(), 2), nothing);
    let much = InstanceExplanation {
        base_priority: 200,
        priority: 254,
        trackers: vec![check("w", 100, TrackerStanding::Up, 1)],
        ..backup()
    };
    assert_eq!(line(much, 4), "         = 254 (kept within 1 and 254)");
    let version_3 = InstanceExplanation {
        version: 3,
        timers: Timers {
            advert_interval: seconds(1.0),
            master_advert_interval: seconds(0.1),
            down_timer_adverts: 5,
            skew: seconds(0.060_937_5),
            master_down: seconds(0.560_937_5),
        },
        ..backup()
    };
    let expected = "  timers: adverts every 1 s, those of the MASTER every 100 ms; skew time 60.9 ms, (256 - 100) / 256 of the \
                    interval; master-down time 561 ms, 5 x 100 ms and the skew time";
    assert_eq!(line(version_3, 3), expected);
}
