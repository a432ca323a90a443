//! `garp_*`, globally and in an instance.

use std::time::Duration;

use keepwatch_config::model::{Intervals, Spacing};
use keepwatch_vrrp::{AnnouncePolicy, Refresh, Schedule};

use super::{GOOD, read};

fn policy(globals: &str, instance: &str) -> (AnnouncePolicy, Vec<String>) {
    let (config, said) =
        read(&format!("global_defs {{\n{globals}\n}}\nvrrp_instance a {{\n{instance}\n{GOOD}}}\n"));
    (config.unwrap().instances.into_iter().next().unwrap().announce, said)
}

fn bursts(moments: &[(u64, u8)]) -> Schedule {
    Schedule(moments.iter().map(|&(seconds, rounds)| (Duration::from_secs(seconds), rounds)).collect())
}

#[test]
fn without_settings_announcements_are_spread() {
    assert_eq!(policy("", ""), (AnnouncePolicy::default(), vec![]));
    assert_eq!(
        policy("vrrp_garp_interval 0\nvrrp_gna_interval 0.000", ""),
        (AnnouncePolicy::default(), vec![])
    );
}

#[test]
fn written_settings_win() {
    let both =
        |entry: &[(u64, u8)]| AnnouncePolicy { entry: bursts(entry), on_lower: bursts(entry), refresh: None };
    let spread = AnnouncePolicy::default();
    let refresh = |every, rounds| Some(Refresh { every: Duration::from_secs(every), rounds });
    let table = [
        ("vrrp_garp_master_repeat 3", "", both(&[(0, 3), (5, 3)])),
        ("vrrp_garp_master_delay 2", "", both(&[(0, 5), (2, 5)])),
        ("vrrp_garp_master_delay 0", "", both(&[(0, 5)])),
        // After a lower advert the global settings count, whatever the instance says of a take-over.
        (
            "",
            "garp_master_delay 1\ngarp_master_repeat 2",
            AnnouncePolicy { on_lower: bursts(&[(0, 5), (5, 5)]), ..both(&[(0, 2), (1, 2)]) },
        ),
        (
            "vrrp_garp_master_repeat 3",
            "garp_master_repeat 4",
            AnnouncePolicy { on_lower: bursts(&[(0, 3), (5, 3)]), ..both(&[(0, 4), (5, 4)]) },
        ),
        (
            "vrrp_garp_lower_prio_repeat 0",
            "garp_master_repeat 4",
            AnnouncePolicy { on_lower: bursts(&[]), ..both(&[(0, 4), (5, 4)]) },
        ),
        ("vrrp_min_garp", "", both(&[(0, 1)])),
        ("vrrp_min_garp off", "", spread.clone()),
        ("vrrp_garp_master_repeat 7\nvrrp_min_garp", "", both(&[(0, 7)])),
        (
            "",
            "garp_lower_prio_repeat 2",
            AnnouncePolicy { on_lower: bursts(&[(0, 2), (5, 2)]), ..spread.clone() },
        ),
        ("", "garp_lower_prio_repeat 0", AnnouncePolicy { on_lower: bursts(&[]), ..spread.clone() }),
        (
            "vrrp_garp_lower_prio_delay 0",
            "",
            AnnouncePolicy { on_lower: bursts(&[(0, 5)]), ..spread.clone() },
        ),
        ("vrrp_garp_master_refresh 60", "", AnnouncePolicy { refresh: refresh(60, 1), ..spread.clone() }),
        (
            "vrrp_garp_master_refresh 60",
            "garp_master_refresh 30\ngarp_master_refresh_repeat 2",
            AnnouncePolicy { refresh: refresh(30, 2), ..spread.clone() },
        ),
        ("vrrp_garp_master_refresh 60", "garp_master_refresh 0", spread),
    ];
    for (globals, instance, expected) in table {
        assert_eq!(policy(globals, instance), (expected, vec![]), "{globals} / {instance}");
    }
}

#[test]
fn what_cannot_be_is_said() {
    let table = [
        ("vrrp_garp_interval -1", "warning `vrrp_garp_interval` is out of range"),
        ("vrrp_gna_interval 4295", "warning `vrrp_gna_interval` is out of range"),
        ("vrrp_gna_interval soon", "warning `soon` is not a plain number"),
        ("vrrp_garp_master_repeat 0", "warning `vrrp_garp_master_repeat` must be greater than 0"),
        ("vrrp_garp_master_repeat 1000", "warning `vrrp_garp_master_repeat` is more than keepwatch does"),
        ("vrrp_garp_master_delay -1", "warning `vrrp_garp_master_delay` is out of range"),
        ("vrrp_garp_extra_if 10", "warning `vrrp_garp_extra_if` is not supported by this version"),
    ];
    for (globals, expected) in table {
        assert_eq!(policy(globals, "").1, [expected], "{globals}");
    }
}

/// keepalived copies these defaults where an instance begins, but by then its first process has read the whole file for them.
#[test]
fn global_settings_may_stand_below_as_at_keepalived_s_start() {
    let text = format!(
        "vrrp_instance a {{\n{GOOD}}}\nglobal_defs {{\nvrrp_garp_master_repeat 3\nvrrp_garp_lower_prio_repeat 0\n\
         vrrp_version 3\nvrrp_down_timer_adverts 9\n}}\n"
    );
    let instance = read(&text).0.unwrap().instances.into_iter().next().unwrap();
    let above = read(&format!(
        "global_defs {{\nvrrp_garp_master_repeat 3\nvrrp_garp_lower_prio_repeat 0\nvrrp_version 3\n\
         vrrp_down_timer_adverts 9\n}}\nvrrp_instance a {{\n{GOOD}}}\n"
    ));
    assert_eq!(instance, above.0.unwrap().instances[0]);
    assert_eq!((instance.version.number(), instance.missed_adverts), (3, 9));
    assert_eq!(instance.announce.on_lower, bursts(&[]));
}

/// The times between announcements that these lines outside of all blocks lead to, and what is said of them.
fn spacing(text: &str) -> (Spacing, Vec<String>) {
    let (config, said) = read(&format!("{text}\nvrrp_instance a {{\n{GOOD}}}\n"));
    (config.unwrap().globals.spacing, said)
}

fn micros(garp: u64, gna: u64) -> Intervals {
    Intervals { garp: Duration::from_micros(garp), gna: Duration::from_micros(gna) }
}

/// Each group: its interfaces, and its times.
fn groups(spacing: &Spacing) -> Vec<(String, Intervals)> {
    let names = |names: &[keepwatch_config::model::InterfaceName]| {
        names.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    spacing.groups.iter().map(|group| (names(&group.interfaces), group.intervals)).collect()
}

#[test]
fn announcements_may_have_to_leave_some_time_apart() {
    let table = [
        ("", micros(0, 0)),
        ("vrrp_garp_interval 0.001", micros(1_000, 0)),
        ("vrrp_gna_interval 0.000001", micros(0, 1)),
        ("vrrp_garp_interval 0.1\nvrrp_gna_interval .25\nvrrp_garp_interval 0.2", micros(200_000, 250_000)),
    ];
    for (lines, expected) in table {
        let expected = Spacing { each: expected, groups: vec![] };
        assert_eq!(spacing(&format!("global_defs {{\n{lines}\n}}")), (expected, vec![]), "{lines}");
    }
    let (long, said) = spacing("global_defs {\nvrrp_gna_interval 1.5\n}");
    assert_eq!(
        (long.each, said),
        (micros(0, 1_500_000), vec!["remark announcements are 1.5 s apart".into()])
    );
}

#[test]
fn groups_of_interfaces_share_the_time_between_announcements() {
    let text = "garp_group {\n garp_interval 0.002\n interface eth0\n}\n\
                garp_group {\n gna_interval 0.003\n interfaces {\n eth1 eth2\n eth3\n }\n interface eth4\n}\n";
    let (both, said) = spacing(text);
    let expected =
        [("eth0".to_owned(), micros(2_000, 0)), ("eth1 eth2 eth3 eth4".to_owned(), micros(0, 3_000))];
    assert_eq!((groups(&both), said), (expected.into(), vec![]));
    assert_eq!(["eth0", "eth3", "eth5"].map(|name| both.group_of(name)), [Some(0), Some(1), None]);
    // Zero keeps an interface from what is said of all.
    assert_eq!(groups(&spacing("garp_group {\n garp_interval 0\n interface eth0\n}").0).len(), 1);
}

#[test]
fn what_a_garp_group_cannot_be_is_said() {
    let first = "garp_group {\n garp_interval 0.1\n interface eth0\n}\n";
    let table = [
        ("garp_interval 0.2\n interface eth0", "warning `eth0` is in a garp_group already", 1),
        ("garp_interval 0.2\n interfaces {\n eth0 eth1\n }", "warning `eth0` is in a garp_group already", 2),
        ("interface eth1", "warning this garp_group has neither `garp_interval` nor `gna_interval`", 1),
        ("garp_interval 0.2", "warning this garp_group has no interface", 1),
        ("gna_interval 0.2\n interface eth1\n interval 7", "warning unknown keyword `interval`", 2),
    ];
    for (body, expected, count) in table {
        let (spacing, said) = spacing(&format!("{first}garp_group {{\n {body}\n}}"));
        assert_eq!(
            (groups(&spacing).len(), said.first().map(String::as_str)),
            (count, Some(expected)),
            "{body}"
        );
    }
}

/// What leaves by a virtual interface leaves by the one below, whose times count.
#[test]
fn a_virtual_interface_is_in_no_garp_group() {
    let text = format!(
        "garp_group {{\n garp_interval 0.1\n interfaces {{\n vrrp.51 eth0\n }}\n}}\n\
         vrrp_instance a {{\n use_vmac\n{GOOD}}}\n"
    );
    let (config, said) = read(&text);
    assert_eq!(groups(&config.unwrap().globals.spacing), [("eth0".to_owned(), micros(100_000, 0))]);
    assert_eq!(said, ["warning `vrrp.51` is the virtual interface of an instance"]);
}
