//! `track_file`, `vrrp_track_process` and `interface_up_down_delays`.

use std::time::Duration;

use keepwatch_config::model::{
    Check, CheckKind, InitFile, LinkDelay, Overwrite, ProcessCheck, ProcessMatch, TrackFile,
};
use keepwatch_vrrp::TrackWeight;

use super::{GOOD, read};

const FAULT: TrackWeight = TrackWeight::Fault { reverse: false };

const fn adjust(weight: i16) -> TrackWeight {
    TrackWeight::Adjust { weight, reverse: false }
}

/// What a block of this kind, tracked by an instance, becomes, and the weight with which it is tracked.
fn tracked(block: &str, tracker: &str, body: &str) -> (Option<(Check, TrackWeight)>, Vec<String>) {
    let text = format!("{block} t {{\n{body}\n}}\nvrrp_instance a {{\n{tracker} {{ t }}\n{GOOD}}}\n");
    let (config, said) = read(&text);
    let config = config.unwrap();
    let weight = config.instances[0].track_checks.first().map(|tracked| tracked.weight);
    (config.checks.into_iter().next().zip(weight), said)
}

fn file(body: &str) -> (Option<(TrackFile, TrackWeight)>, Vec<String>) {
    let (found, said) = tracked("track_file", "track_file", body);
    let found = found.map(|(check, weight)| match check.what {
        CheckKind::TrackFile(file) => (file, weight),
        other => panic!("{other:?}"),
    });
    (found, said)
}

fn process(body: &str) -> (Option<(ProcessCheck, TrackWeight)>, Vec<String>) {
    let (found, said) = tracked("vrrp_track_process", "track_process", body);
    let found = found.map(|(check, weight)| match check.what {
        CheckKind::Process(process) => (process, weight),
        other => panic!("{other:?}"),
    });
    (found, said)
}

#[test]
fn every_keyword_of_a_track_file() {
    let init = |value, overwrite| Some(InitFile { value, overwrite });
    let table = [
        ("", None, adjust(1)),
        ("weight 0", None, FAULT),
        ("weight -254", None, adjust(-254)),
        ("weight 2 reverse", None, TrackWeight::Adjust { weight: 2, reverse: true }),
        ("init_file", init(0, Overwrite::Never), adjust(1)),
        ("init_file 5", init(5, Overwrite::Never), adjust(1)),
        ("init_file overwrite -7", init(-7, Overwrite::AtStart), adjust(1)),
    ];
    for (body, init, weight) in table {
        let expected = TrackFile { path: "/run/x".into(), init };
        assert_eq!(file(&format!("file /run/x\n{body}")), (Some((expected, weight)), vec![]), "{body}");
    }
    let survived: [(&str, bool, &[&str]); 8] = [
        ("", false, &["warning the track file `t` has no `file`", "warning there is no track file `t`"]),
        ("fil /run/x", false, &["warning unknown keyword `fil`"]),
        ("file /run/x\nfile /run/y", true, &["warning `file` is there already"]),
        ("file /run/x\nweight 255", true, &["warning a weight is out of range"]),
        ("file /run/x\nweight 2\nweight 3", true, &["warning `weight` is there already"]),
        ("file /run/x\ninit_file 300", true, &["warning the number 300 is more than any priority"]),
        ("file /run/x\ninit_file 3x", true, &["warning `3x` is no whole number"]),
        ("file /run/x\ninit_file overwrit", true, &["warning `overwrit` is no option of `init_file`"]),
    ];
    for (body, there, expected) in survived {
        let (found, said) = file(body);
        assert_eq!((found.is_some(), said.as_slice()), (there, strings(expected).as_slice()), "{body}");
    }
    // As a daemon finds it, wherever it was started.
    let (found, said) = file("file run/x");
    let path = found.map(|(file, _)| file.path);
    assert_eq!((path, said), (Some("/run/x".into()), strings(&["warning `run/x` is taken for /run/x"])));
    let (found, said) = tracked("vrrp_track_file", "track_file", "file /run/x");
    assert_eq!((found.is_some(), said), (true, strings(&["warning `vrrp_track_file` is deprecated"])));
}

#[test]
fn every_keyword_of_a_track_process() {
    let plain = || ProcessCheck {
        program: "haproxy".to_owned(),
        matching: ProcessMatch::Name,
        quorum: 1,
        quorum_max: None,
        fork_delay: Duration::ZERO,
        terminate_delay: Duration::ZERO,
    };
    let second = Duration::from_secs(1);
    let table = [
        ("process haproxy", plain()),
        ("process haproxy\nfull_command", ProcessCheck { matching: ProcessMatch::Program, ..plain() }),
        ("process haproxy -W x", ProcessCheck { matching: ProcessMatch::Exactly(words()), ..plain() }),
        ("process haproxy\nparam_match", ProcessCheck { matching: ProcessMatch::Exactly(vec![]), ..plain() }),
        (
            "param_match initial\nprocess haproxy -W x",
            ProcessCheck { matching: ProcessMatch::Beginning(words()), ..plain() },
        ),
        (
            "process haproxy -W x\nparam_match partial",
            ProcessCheck { matching: ProcessMatch::First(words()), ..plain() },
        ),
        (
            "process haproxy\nquorum 2\nquorum_max 3",
            ProcessCheck { quorum: 2, quorum_max: Some(3), ..plain() },
        ),
        ("process haproxy\nquorum_max 0", ProcessCheck { quorum: 0, quorum_max: Some(0), ..plain() }),
        (
            "process haproxy\ndelay 1\nfork_delay 0.5",
            ProcessCheck { fork_delay: second / 2, terminate_delay: second, ..plain() },
        ),
        ("process haproxy\nterminate_delay 2", ProcessCheck { terminate_delay: 2 * second, ..plain() }),
    ];
    for (body, expected) in table {
        assert_eq!(process(body), (Some((expected, FAULT)), vec![]), "{body}");
    }
    let survived: [(&str, bool, &[&str]); 7] = [
        (
            "",
            false,
            &["warning the track process `t` has no `process`", "warning there is no track process `t`"],
        ),
        ("proces x", false, &["warning unknown keyword `proces`"]),
        ("process x\nprocess y", true, &["warning `process` is there already"]),
        ("process x\nquorum 0", true, &["warning `quorum` is out of range"]),
        ("process x\nquorum 3\nquorum_max 2", true, &["warning `quorum_max` is less than `quorum`"]),
        ("process x\nquorum_max 2\nquorum 3", true, &["warning `quorum` is more than `quorum_max`"]),
        ("process x\nparam_match whole", true, &["warning `param_match` cannot be `whole`"]),
    ];
    for (body, there, expected) in survived {
        let (found, said) = process(body);
        assert_eq!((found.is_some(), said.as_slice()), (there, strings(expected).as_slice()), "{body}");
    }
    assert_eq!(process("process x\nweight -20").0.unwrap().1, adjust(-20));
}

/// keepalived has a set of names for each kind; here there is but one.
#[test]
fn two_kinds_may_have_one_name() {
    let text = format!(
        "vrrp_script t {{\nscript /bin/x\n}}\ntrack_file t {{\nfile /run/x\n}}\n\
         vrrp_instance a {{\ntrack_file {{ t weight 3 }}\ntrack_script {{ t }}\n{GOOD}}}\n"
    );
    let (config, said) = read(&text);
    let config = config.unwrap();
    let checks: Vec<&str> = config.checks.iter().map(|check| check.name.as_str()).collect();
    assert_eq!(checks, ["t", "t (track file)"]);
    let tracked: Vec<(&str, TrackWeight)> = config.instances[0]
        .track_checks
        .iter()
        .map(|tracked| (tracked.check.as_str(), tracked.weight))
        .collect();
    assert_eq!(tracked, [("t (track file)", adjust(3)), ("t", FAULT)]);
    assert_eq!(said, ["remark `t` is the name of another check, too"]);
}

#[test]
fn weights_of_trackers() {
    let instance = |entry: &str| {
        let text = format!(
            "track_file f {{\nfile /run/x\n}}\nvrrp_track_process p {{\nprocess x\nweight 4\n}}\n\
             vrrp_instance a {{\n{entry}\n{GOOD}}}\n"
        );
        let (config, said) = read(&text);
        let tracked = config.unwrap().instances.remove(0).track_checks;
        let unused = |message: &String| !message.starts_with("warning nothing tracks");
        (tracked.first().map(|tracked| tracked.weight), said.into_iter().filter(unused).collect::<Vec<_>>())
    };
    let table: [(&str, Option<TrackWeight>, &[&str]); 6] = [
        ("track_file { f weight 254 }", Some(adjust(254)), &[]),
        ("track_file { f weight 255 }", Some(adjust(1)), &["warning a weight is out of range"]),
        ("track_file { f weight 2 revers }", None, &["warning `revers` is no option of a weight"]),
        (
            "track_process { p weight 2 revers }",
            Some(adjust(2)),
            &["warning `revers` is no option of a weight"],
        ),
        ("track_process { p }", Some(adjust(4)), &[]),
        ("track_process { q }", None, &["warning there is no track process `q`"]),
    ];
    for (entry, weight, expected) in table {
        assert_eq!(instance(entry), (weight, strings(expected)), "{entry}");
    }
}

#[test]
fn delays_of_interfaces() {
    let delays = |body: &str| {
        let text = format!("interface_up_down_delays {{\n{body}\n}}\nvrrp_instance a {{\n{GOOD}}}\n");
        let (config, said) = read(&text);
        let delays = config.unwrap().link_delays.into_iter();
        let delays = delays.map(|LinkDelay { interface, down, up }| (interface.to_string(), down, up));
        (delays.collect::<Vec<_>>(), said)
    };
    let millis = Duration::from_millis;
    let eth = |down, up| ("eth1".to_owned(), millis(down), millis(up));
    assert_eq!(delays("eth1 2 0.5"), (vec![eth(2_000, 500)], vec![]));
    assert_eq!(delays("eth1 2\neth1 3"), (vec![eth(3_000, 3_000)], vec![]), "one number is for both");
    assert_eq!(delays("eth1 2 0"), (vec![eth(2_000, 0)], vec![]));
    // GOOD's interface, 1 s, 3 adverts.
    let own = |down| ("eth0".to_owned(), millis(down), millis(500));
    assert_eq!(delays("eth0 2 0.5"), (vec![own(2_000)], vec![]));
    let said = strings(&["warning a down delay of 10 s is too long for `a`"]);
    assert_eq!(delays("eth0 10 0.5"), (vec![own(2_000)], said));
    assert_eq!(delays("eth1 10 0.5"), (vec![eth(10_000, 500)], vec![]), "adverts go another way");
    let of = |settings: &str| {
        let second = GOOD.replace("id 51", "id 52").replace("10.1.1.30", "10.1.1.31");
        let text = format!(
            "interface_up_down_delays {{\neth0 10\n}}\nvrrp_instance a {{\n{GOOD}\n{settings}\n}}\nvrrp_instance b {{\n\
             {second}\nadvert_int 3\n}}\n"
        );
        read(&text).0.unwrap().link_delays[0].down
    };
    assert_eq!(of(""), millis(2_000), "the one that is missed first");
    assert_eq!(of("advert_int 2\ndown_timer_adverts 4"), millis(6_000));
    assert_eq!(of("dont_track_primary"), millis(6_000), "its link does not count");
    for (body, expected) in [
        ("eth1", "warning no delays are given for `eth1`"),
        ("eth1 300", "warning `300` is no delay"),
        ("eth1 1 soon", "warning `soon` is not a plain number"),
        ("eth1 1 2 3", "warning more than two delays for `eth1`"),
    ] {
        assert_eq!(delays(body).1, [expected], "{body}");
    }
}

fn words() -> Vec<String> {
    strings(&["-W", "x"])
}

fn strings(list: &[&str]) -> Vec<String> {
    list.iter().map(|&text| text.to_owned()).collect()
}
