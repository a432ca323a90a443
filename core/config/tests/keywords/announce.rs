//! `garp_*`, globally and in an instance.

use std::time::Duration;

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
        ("vrrp_garp_interval 0.001", "warning `vrrp_garp_interval` is not supported by this version"),
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
