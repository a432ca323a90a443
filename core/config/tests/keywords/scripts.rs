//! `vrrp_script`, `track_script` and `notify*`.

use std::time::Duration;

use keepwatch_config::model::{
    Check, CheckKind, Command, Deleted, Notify, Place, Reading, ScriptCheck, User,
};
use keepwatch_vrrp::{TrackPolicy, TrackStart, TrackWeight};

use super::{GOOD, read, with_instance};

const FAULT: TrackWeight = TrackWeight::Fault { reverse: false };

fn script(body: &str) -> (Option<Check>, Vec<String>) {
    let text = format!("vrrp_script s {{\n{body}\n}}\nvrrp_instance a {{\ntrack_script {{ s }}\n{GOOD}}}\n");
    let (config, said) = read(&text);
    (config.and_then(|config| config.checks.into_iter().next()), said)
}

fn command(argv: &[&str]) -> Command {
    Command { argv: argv.iter().map(|&word| word.to_owned()).collect(), user: None, place: Place::default() }
}

fn run(command: Command) -> CheckKind {
    CheckKind::Script(ScriptCheck { command, reading: Reading::Status })
}

fn plain() -> Check {
    Check {
        name: "s".to_owned(),
        what: run(command(&["/bin/x"])),
        interval: Duration::from_secs(1),
        timeout: Duration::from_secs(1),
        policy: TrackPolicy::default(),
        weight: FAULT,
        place: Place::default(),
    }
}

#[test]
fn every_keyword_of_a_script() {
    let user = User {
        name: "u".to_owned(),
        group: Some("g".to_owned()),
        supplementary_groups: false,
        place: Place::default(),
    };
    let adjust = |weight, reverse| TrackWeight::Adjust { weight, reverse };
    let (second, policy) = (Duration::from_secs(1), TrackPolicy::default());
    let table = [
        ("", plain()),
        ("interval 2", Check { interval: 2 * second, timeout: 2 * second, ..plain() }),
        ("interval 0.25", Check { interval: second / 4, timeout: second / 4, ..plain() }),
        ("timeout 0.5", Check { timeout: second / 2, ..plain() }),
        ("weight -20", Check { weight: adjust(-20, false), ..plain() }),
        ("weight 20 reverse", Check { weight: adjust(20, true), ..plain() }),
        ("rise 2\nfall 3", Check { policy: TrackPolicy { rise: 2, fall: 3, ..policy }, ..plain() }),
        ("init_fail", Check { policy: TrackPolicy { start: TrackStart::Down, ..policy }, ..plain() }),
        ("user u g", Check { what: run(Command { user: Some(user), ..command(&["/bin/x"]) }), ..plain() }),
    ];
    for (body, expected) in table {
        assert_eq!(script(&format!("script /bin/x\n{body}")), (Some(expected), vec![]), "{body}");
    }
    for (line, argv) in [
        ("script \"/sbin/service haproxy status\"", ["/sbin/service", "haproxy", "status"].as_slice()),
        ("script \"/bin/sh -c 'a b'\"", &["/bin/sh", "-c", "a b"]),
        ("script '/bin/x \"#1\"'", &["/bin/x", "#1"]),
        ("script \"</dev/tcp/127.0.0.1/80\"", &["</dev/tcp/127.0.0.1/80"]),
    ] {
        assert_eq!(script(line).0.unwrap().what, run(command(argv)), "{line}");
    }
}

#[test]
fn a_script_that_cannot_be() {
    let missing = "warning there is no script `s`";
    let table: [(&str, bool, &[&str]); 8] = [
        ("", false, &["warning the script `s` has no command", missing]),
        (
            "script",
            false,
            &["warning the script `s` has no command", "warning the command is empty", missing],
        ),
        (
            "script \"\"",
            false,
            &["warning the script `s` has no command", "warning the command is empty", missing],
        ),
        ("script /bin/x\ninterval 0", true, &["warning `interval` must be greater than 0"]),
        ("script /bin/x\ninterval -1", true, &["warning `interval` is out of range"]),
        ("script /bin/x\nrise 0", true, &["warning `rise` is out of range"]),
        ("script /bin/x\nweight 300", true, &["warning a weight is out of range"]),
        ("script /bin/x -a", true, &["warning only the first word behind `script` is run"]),
    ];
    for (body, there, expected) in table {
        let (found, said) = script(body);
        assert_eq!(found.is_some(), there, "{body}");
        assert_eq!(said, expected, "{body}");
    }
}

#[test]
fn scripts_are_found_if_they_stand_above_and_dropped_if_nobody_tracks_them() {
    let definition = "vrrp_script s {\nscript /bin/x\nweight 5\n}\n";
    let instance = |entries: &str| format!("vrrp_instance a {{\ntrack_script {{\n{entries}\n}}\n{GOOD}}}\n");
    let (config, said) = read(&(definition.to_owned() + &instance("s weight -7\ns\nother")));
    let config = config.unwrap();
    assert_eq!(
        config.instances[0].track_checks[0].weight,
        TrackWeight::Adjust { weight: -7, reverse: false }
    );
    assert_eq!(said, ["warning this script is tracked already", "warning there is no script `other`"]);
    let (config, said) = read(&(instance("s") + definition));
    assert!(config.unwrap().checks.is_empty());
    assert_eq!(said, ["warning there is no script `s`"]);
    let (config, said) = read(&(definition.to_owned() + &format!("vrrp_instance a {{\n{GOOD}}}\n")));
    assert!(config.unwrap().checks.is_empty());
    assert_eq!(said, ["warning nothing tracks the script `s`"]);
    let twice = format!("{definition}vrrp_script s {{\nscript /bin/y\n}}\n{}", instance("s"));
    let (config, said) = read(&twice);
    assert_eq!(config.unwrap().checks.len(), 1);
    assert_eq!(said, ["warning there is a vrrp_script `s` already"]);
}

#[test]
fn notify_scripts() {
    let body = "notify_master \"/n a\" u\nnotify_backup /b\nnotify_fault /f\nnotify_stop /s\nnotify_deleted\n\
                notify_master_rx_lower_pri /l\nnotify /any";
    let (instance, said) = with_instance(body);
    assert!(said.is_empty(), "{said:?}");
    let user = Some(User {
        name: "u".to_owned(),
        group: None,
        supplementary_groups: false,
        place: Place::default(),
    });
    let expected = Notify {
        master: Some(Command { user, ..command(&["/n", "a"]) }),
        backup: Some(command(&["/b"])),
        fault: Some(command(&["/f"])),
        stop: Some(command(&["/s"])),
        deleted: Deleted::AsDeleted(None),
        master_rx_lower_priority: Some(command(&["/l"])),
        any: Some(command(&["/any"])),
        priority_changes: false,
    };
    assert_eq!(instance.notify, expected);
    let (instance, said) = with_instance("notify_deleted /d");
    assert_eq!(instance.notify.deleted, Deleted::AsDeleted(Some(command(&["/d"]))));
    assert!(said.is_empty(), "{said:?}");
    let (instance, said) = with_instance("notify_deleted\nnotify_deleted /d");
    assert_eq!(instance.notify.deleted, Deleted::AsDeleted(None));
    assert_eq!(said, ["warning `notify_deleted` is there already"]);
    let (instance, said) = with_instance("notify /a\nnotify /b\nnotify_stop \"/x");
    assert_eq!(instance.notify, Notify { any: Some(command(&["/a"])), ..Notify::default() });
    let expected = [
        "warning `notify` is there already",
        "warning a quotation mark is not closed",
        "warning a double quote is not closed on its line",
    ];
    assert_eq!(said, expected);
    let (config, said) = read(&format!(
        "vrrp_instance a {{
notify_stop
{GOOD}}}"
    ));
    assert_eq!((config, said), (None, vec!["error `notify_stop` needs a value".to_owned()]));
}

/// An instance's own word counts before its group's, and that before the global one, wherever it stands.
#[test]
fn who_tells_changes_of_priority() {
    let changes = |own: &str, group: &str, global: &str| {
        let (config, said) = read(&format!(
            "vrrp_sync_group g {{\ngroup {{\na\nb\n}}\n{group}\n}}\nvrrp_instance a {{\n{own}\n{GOOD}}}\n\
             vrrp_instance b {{\n{}}}\nglobal_defs {{\n{global}\n}}\n",
            GOOD.replace("51", "52").replace("10.1.1.30", "10.1.1.31")
        ));
        assert!(said.is_empty(), "{said:?}");
        let config = config.unwrap();
        assert!(!config.groups[0].notify.priority_changes);
        config.instances[0].notify.priority_changes
    };
    let (own, global) = ("notify_priority_changes", "vrrp_notify_priority_changes");
    assert!(!changes("", "", ""));
    assert!(changes(own, "", ""));
    assert!(changes("", own, ""));
    assert!(changes("", "", global));
    assert!(!changes(&format!("{own} off"), own, global));
    assert!(!changes("", &format!("{own} no"), global));
    assert!(changes(&format!("{own} on"), &format!("{own} off"), ""));
}
