//! `vrrp_sync_group`, and what its members track.

use keepwatch_config::Config;
use keepwatch_config::model::Deleted;
use keepwatch_vrrp::TrackWeight;

use super::{GOOD, read};

const FAULT: TrackWeight = TrackWeight::Fault { reverse: false };

const fn adjust(weight: i16) -> TrackWeight {
    TrackWeight::Adjust { weight, reverse: false }
}

#[test]
fn sync_groups() {
    let second = GOOD.replace("51", "52").replace("10.1.1.30", "10.1.1.31");
    let instances = format!("vrrp_instance a {{\n{GOOD}}}\nvrrp_instance b {{\n{second}}}\n");
    let group = |body: &str| {
        let (config, said) = read(&format!("{instances}vrrp_sync_group g {{\n{body}\n}}\n"));
        (config.unwrap().groups.into_iter().next(), said)
    };
    let (found, said) =
        group("group {\n a\n b\n}\nsmtp_alert\nnotify_master /m\ntrack_interface { eth5 weight -9 }");
    assert_eq!(said, ["remark mail is asked for, but there is no `notification_email`"]);
    let found = found.unwrap();
    assert_eq!((found.name.as_str(), found.members), ("g", vec!["a".to_owned(), "b".to_owned()]));
    assert!(found.mail_alert && found.notify.master.is_some());
    assert_eq!(found.track_interfaces[0].weight, TrackWeight::Adjust { weight: -9, reverse: false });
    let table: [(&str, Option<&[&str]>, &[&str]); 6] = [
        ("group { a b }", Some(&["a", "b"]), &[]),
        ("group { a }", Some(&["a"]), &["warning the sync group `g` has one member only"]),
        ("group { a b c }", Some(&["a", "b"]), &["warning there is no vrrp_instance `c`"]),
        ("group { a a b }", Some(&["a", "b"]), &["warning `a` is in a sync group already"]),
        ("", None, &["warning the sync group `g` has no members"]),
        ("group { a b }\ngroup { a }", Some(&["a", "b"]), &["warning `group` is there already"]),
    ];
    for (body, members, expected) in table {
        let (found, said) = group(body);
        let found = found.map(|group| group.members);
        assert_eq!(found, members.map(|list| list.iter().map(|&name| name.to_owned()).collect()), "{body}");
        assert_eq!(said, expected, "{body}");
    }
}

/// keepalived's manual: when an instance of the group is deleted.
#[test]
fn a_group_says_how_its_members_are_told_of_as_deleted() {
    let deleted = |of_a: &str, of_group: &str| {
        let (config, said) = pair(of_a, of_group);
        assert_eq!(said, Vec::<String>::new(), "{of_a} {of_group}");
        assert_eq!(config.groups[0].notify.deleted, Deleted::AsFault, "a group itself is not told of");
        let program = |deleted: &Deleted| match deleted {
            Deleted::AsFault => "fault".to_owned(),
            Deleted::AsDeleted(None) => "deleted".to_owned(),
            Deleted::AsDeleted(Some(command)) => command.argv.join(" "),
        };
        config.instances.iter().map(|instance| program(&instance.notify.deleted)).collect::<Vec<_>>()
    };
    assert_eq!(deleted("", ""), ["fault", "fault"]);
    assert_eq!(deleted("", "notify_deleted"), ["deleted", "deleted"]);
    assert_eq!(deleted("", "notify_deleted \"/g x\""), ["/g x", "/g x"]);
    assert_eq!(deleted("notify_deleted /a", "notify_deleted /g"), ["/a", "/g"]);
    assert_eq!(deleted("notify_deleted", "notify_deleted /g"), ["deleted", "/g"]);
}

#[test]
fn in_a_sync_group_a_members_weights_count_only_if_allowed() {
    let text = |setting: &str| {
        format!(
            "vrrp_script s {{\nscript /bin/x\nweight 5\n}}\nvrrp_sync_group g {{\ngroup {{ a b }}\n{setting}\n}}\n\
             vrrp_instance a {{\ntrack_script {{ s }}\ntrack_interface {{ eth1 weight 5 }}\n{GOOD}}}\n\
             vrrp_instance b {{\n{}}}\n",
            GOOD.replace("51", "52")
        )
    };
    let weights = |setting: &str| {
        let (config, said) = read(&text(setting));
        let instance = config.unwrap().instances.into_iter().next().unwrap();
        (instance.track_interfaces[0].weight, instance.track_checks.len(), said.len())
    };
    assert_eq!(weights(""), (FAULT, 0, 2));
    let adjust = TrackWeight::Adjust { weight: 5, reverse: false };
    assert_eq!(weights("sync_group_tracking_weight"), (adjust, 1, 0));
    assert_eq!(weights("global_tracking"), (adjust, 1, 1));
}

const CHECKS: &str = "vrrp_script s {\nscript /bin/x\nweight 5\n}\ntrack_file f {\nfile /run/x\n}\n\
                      vrrp_track_process p {\nprocess x\nweight 5\n}\n";

/// Two instances, `a` with this in its block, in a group with that in its own.
fn pair(of_a: &str, of_group: &str) -> (Config, Vec<String>) {
    let text = format!(
        "{CHECKS}vrrp_sync_group g {{\ngroup {{ a b }}\n{of_group}\n}}\nvrrp_instance a {{\n{of_a}\n{GOOD}}}\n\
         vrrp_instance b {{\n{}}}\n",
        GOOD.replace("51", "52").replace("eth0", "eth1")
    );
    let (config, said) = read(&text);
    let unused = |message: &String| !message.starts_with("warning nothing tracks");
    (config.unwrap(), said.into_iter().filter(unused).collect())
}

/// What an instance tracks.
fn tracked(config: &Config, instance: usize) -> Vec<(String, TrackWeight)> {
    let instance = &config.instances[instance];
    let interfaces = instance.track_interfaces.iter().map(|at| (at.interface.to_string(), at.weight));
    interfaces.chain(instance.track_checks.iter().map(|at| (at.check.clone(), at.weight))).collect()
}

fn named(list: &[(&str, TrackWeight)]) -> Vec<(String, TrackWeight)> {
    list.iter().map(|&(name, weight)| (name.to_owned(), weight)).collect()
}

#[test]
fn what_a_group_tracks_its_members_track() {
    let body = "track_interface { eth0 weight 7\n eth5 }\ntrack_script { s }\ntrack_file { f weight -2 }\n\
                track_process { p }";
    let (config, said) = pair("", body);
    assert_eq!(said, Vec::<String>::new());
    let checks = [("s", adjust(5)), ("f", adjust(-2)), ("p", adjust(5))];
    let [s, f, p] = checks;
    // Its own interface is tracked without weight, as always.
    assert_eq!(tracked(&config, 0), named(&[("eth5", FAULT), s, f, p]));
    assert_eq!(tracked(&config, 1), named(&[("eth0", adjust(7)), ("eth5", FAULT), s, f, p]));
    let (config, _) = pair("dont_track_primary", "track_interface { eth0 weight 7 }");
    assert_eq!(tracked(&config, 0), named(&[("eth0", adjust(7))]));
}

#[test]
fn what_both_track_is_tracked_once() {
    let both = |name: &str| vec![format!("warning `{name}` is tracked by `a` and by its sync group `g`")];
    let table = [
        // Without leave a member's weight is gone before.
        ("track_script { s weight 9 }", "track_script { s weight 3 }", "s", adjust(3), {
            vec!["warning a weight does not go in a sync group".to_owned()]
        }),
        (
            "track_script { s weight 9 }",
            "sync_group_tracking_weight\ntrack_script { s weight 3 }",
            "s",
            adjust(3),
            both("s"),
        ),
        ("track_script { s weight 0 }", "track_script { s weight 3 }", "s", FAULT, both("s")),
        ("track_interface { eth5 }", "track_interface { eth5 weight 3 }", "eth5", FAULT, both("eth5")),
    ];
    for (of_a, of_group, name, weight, expected) in table {
        let (config, said) = pair(of_a, of_group);
        assert_eq!((tracked(&config, 0), said), (named(&[(name, weight)]), expected), "{of_a} {of_group}");
        let of_group = if of_group.contains("weight 3") { adjust(3) } else { FAULT };
        assert_eq!(tracked(&config, 1), named(&[(name, of_group)]));
    }
}

#[test]
fn a_members_own_weights() {
    let table: [(&str, &[(&str, TrackWeight)], &str); 5] = [
        ("track_file { f }", &[("f", FAULT)], "ignores the weight: any number but 0 means FAULT"),
        ("track_file { f weight 2 }", &[], "does not track the track file"),
        ("track_script { s }", &[], "does not track the script"),
        ("track_interface { eth5 weight 2 }", &[("eth5", FAULT)], "ignores the weight: down means FAULT"),
        ("track_process { p }", &[("p", adjust(5))], ""),
    ];
    for (of_a, expected, outcome) in table {
        let (config, said) = pair(of_a, "");
        assert_eq!(tracked(&config, 0), named(expected), "{of_a}");
        assert_eq!(said.is_empty(), outcome.is_empty(), "{of_a}: {said:?}");
        let (config, said) = pair(of_a, "sync_group_tracking_weight");
        assert!(said.is_empty() && tracked(&config, 0)[0].1 != FAULT, "{of_a}: {said:?}");
        let text = format!(
            "{CHECKS}vrrp_sync_group g {{\ngroup {{ a b }}\n}}\nvrrp_instance a {{\n{of_a}\n{GOOD}}}\n\
             vrrp_instance b {{\n{}}}\n",
            GOOD.replace("51", "52")
        );
        let loaded = keepwatch_config::load_text("t.conf", text);
        let note = format!("keepalived logs this and {outcome}; keepwatch does the same");
        let has_note = loaded.findings.iter().any(|finding| finding.notes.contains(&note));
        assert_eq!(has_note, !outcome.is_empty(), "{of_a}");
        let has_help = loaded.findings.iter().any(|finding| {
            finding
                .helps
                .iter()
                .any(|help| help.contains("write `sync_group_tracking_weight` into the group"))
        });
        assert_eq!(has_help, !outcome.is_empty(), "{of_a}");
    }
}

#[test]
fn a_group_with_an_owner_has_no_weights() {
    let (config, said) = pair("priority 255", "track_script { s }\ntrack_interface { eth5 weight -5 }");
    let message = "warning a weight does not go with a member of priority 255";
    assert_eq!(said, [message, message]);
    for member in [0, 1] {
        assert_eq!(tracked(&config, member), named(&[("eth5", FAULT), ("s", FAULT)]));
    }
    assert_eq!(config.groups[0].track_checks[0].weight, FAULT);
}
