//! Mistakes of a tired administrator, and what is said about them: the cause, where it is, and once.

#![allow(clippy::panic)]

use keepwatch_config::{Loaded, Style, load_text};

fn rendered(text: &str) -> String {
    let loaded = load_text("keepalived.conf", text);
    loaded.findings.render(&loaded.source, Style::Plain)
}

/// The findings as `line severity message | label | helps`, less those about what this version does not do.
fn said(text: &str) -> Vec<String> {
    let Loaded { findings, source, .. } = load_text("t.conf", text);
    let mut out = Vec::new();
    for finding in findings.iter().filter(|finding| !finding.message.contains(" in this version: ")) {
        let (_, line, _) = source.position(finding.primary.span.start);
        let severity = format!("{:?}", finding.severity).to_lowercase();
        let mut said = format!("{line} {severity} {} | {}", finding.message, finding.primary.text);
        for help in &finding.helps {
            said = said + " | " + help;
        }
        out.push(said);
    }
    out
}

const GOOD: &str = "interface eth0\nvirtual_router_id 51\nvirtual_ipaddress { 10.1.1.30 }\n";

/// An instance that begins with `body`, on line 2.
fn instance(body: &str) -> String {
    format!("vrrp_instance VI_1 {{\n{body}\n{GOOD}}}\n")
}

fn script(body: &str) -> String {
    format!("vrrp_script chk {{\n{body}\n}}\n")
}

#[test]
fn a_forgotten_brace_is_missed_where_it_should_stand() {
    let text = "\
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    authentication {
        auth_type PASS
        auth_pass 1111
    virtual_ipaddress {
        10.1.1.30
    }
    track_script {
        chk
    }
}
vrrp_instance VI_2 {
    interface eth1
}
";
    let expected = "\
error: a block is not closed
 --> keepalived.conf:7:5
  |
4 |     authentication {
  |     ---------------- this `authentication` is not closed
...
7 |     virtual_ipaddress {
  |     ^^^^^^^^^^^^^^^^^ `virtual_ipaddress` cannot stand in `authentication`: a `}` is missing before it
  |
  = help: add the missing `}`
";
    assert_eq!(rendered(text), expected);
}

#[test]
fn wherever_a_brace_is_missing() {
    let missing = |line: usize, keyword: &str, block: &str| {
        let label = format!("`{keyword}` cannot stand in `{block}`: a `}}` is missing before it");
        vec![format!("{line} error a block is not closed | {label} | add the missing `}}`")]
    };
    let never = |line: usize| {
        vec![format!(
            "{line} error the file ends within a block | this block is never closed | \
             add the missing `}}`, or the missing end of the file"
        )]
    };
    let table = [
        (
            "vrrp_instance a {\nstate BACKUP\nvrrp_instance b {\n}",
            missing(3, "vrrp_instance", "vrrp_instance"),
        ),
        (
            "vrrp_instance a {\nauthentication {\nvrrp_instance b {\n}\n}",
            missing(3, "vrrp_instance", "authentication"),
        ),
        (
            "vrrp_instance a {\nvirtual_ipaddress {\n10.0.0.1\npriority 9\n}",
            missing(4, "priority", "virtual_ipaddress"),
        ),
        (
            "global_defs {\nnotification_email {\na@b\nrouter_id x\n}\n",
            missing(4, "router_id", "notification_email"),
        ),
        ("vrrp_sync_group g {\ngroup { a b\nsmtp_alert\n}", missing(3, "smtp_alert", "group")),
        ("vrrp_script s {\nscript x\nglobal_defs {\n}", missing(3, "global_defs", "vrrp_script")),
        (
            "virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\nvrrp_script s {\n}",
            missing(3, "vrrp_script", "real_server"),
        ),
        ("vrrp_instance a {\nauthentication {\nauth_pass 1\n}\n", never(1)),
        ("vrrp_instance a {\nunheard_of {\nlines here\n}\n", never(1)),
        // The keyword is known in both: nothing is out of place.
        ("vrrp_instance a {\ntrack_file {\nx\n}\n", never(1)),
    ];
    for (text, expected) in table {
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn what_a_misspelling_brings_about_is_not_said_again() {
    let unknown = |line: usize, word: &str, meant: &str| {
        format!("{line} warning unknown keyword `{word}` | did you mean `{meant}`?")
    };
    let start = "interface eth0\nvirtual_router_id 51\n";
    let tracking = instance("track_script { chk }");
    let table = [
        (
            format!("vrrp_instance a {{\n{start}virtual_ipaddres {{\n10.0.0.1\n}}\n}}"),
            unknown(4, "virtual_ipaddres", "virtual_ipaddress"),
        ),
        (instance("authentication {\nauth_type PASS\nauth_pas 1\n}"), unknown(4, "auth_pas", "auth_pass")),
        (instance("authentication {\nauth_typ PASS\nauth_pass 1\n}"), unknown(3, "auth_typ", "auth_type")),
        (script("scirpt /bin/x") + &tracking, unknown(2, "scirpt", "script")),
        (
            script("script /bin/x").replace("vrrp", "vvrp") + &tracking,
            unknown(1, "vvrp_script", "vrrp_script"),
        ),
        (
            script("script /bin/x") + &instance("track_scirpt {\nchk\n}"),
            unknown(5, "track_scirpt", "track_script"),
        ),
        (instance("") + "vrrp_sync_group g {\ngrup { VI_1 }\n}", unknown(8, "grup", "group")),
        (
            instance("")
                + &instance("").replace("instance VI_1", "instanse b")
                + "vrrp_sync_group g {\ngroup { VI_1 b }\n}",
            unknown(7, "vrrp_instanse", "vrrp_instance"),
        ),
    ];
    for (text, expected) in table {
        assert_eq!(said(&text), [expected], "{text}");
    }
}

/// An error stays, behind its cause: the file must not pass.
#[test]
fn an_error_that_a_misspelling_brings_about_stands_where_the_misspelling_is() {
    let refused = |body: &str| {
        assert!(load_text("t.conf", body).config.is_none(), "{body}");
        said(body)
    };
    let text = instance("").replace("virtual_router_id", "virtual_routr_id");
    let expected = [
        "4 warning unknown keyword `virtual_routr_id` | did you mean `virtual_router_id`?",
        "4 error `VI_1` has no virtual_router_id |  | \
         add `virtual_router_id`, 1 to 255, the same on all routers of the group",
    ];
    assert_eq!(refused(&text), expected);
    let text = instance("").replace("interface", "interfase");
    let expected = [
        "3 warning unknown keyword `interfase` | did you mean `interface`?",
        "3 error `VI_1` has no interface |  | add `interface`, the one that carries the adverts",
    ];
    assert_eq!(refused(&text), expected);
    let text = instance("version 3").replace("virtual_ipaddress", "virtual_ipaddres");
    let expected = [
        "5 warning unknown keyword `virtual_ipaddres` | did you mean `virtual_ipaddress`?",
        "5 error `VI_1` has no virtual_ipaddress |  | add one, or `no_virtual_ipaddress`",
    ];
    assert_eq!(refused(&text), expected);
    let text = script("script x") + &instance("").replace("vrrp_instance", "vrrp_instanc");
    let expected = [
        "4 warning unknown keyword `vrrp_instanc` | did you mean `vrrp_instance`?",
        "4 error there is no vrrp_instance |  | a virtual router is written `vrrp_instance NAME { ... }`",
    ];
    assert_eq!(refused(&text), expected);
}

/// A misspelling hides no more than what it brings about.
#[test]
fn a_misspelling_does_not_hide_what_else_is_wrong() {
    let text = "vrrp_instance a {\ninterface eth0\nvirtual_router_id 51\nprioritty 9\n}\n";
    let expected = [
        "1 warning `a` has no virtual_ipaddress | write `no_virtual_ipaddress` if that is meant",
        "4 warning unknown keyword `prioritty` | did you mean `priority`?",
    ];
    assert_eq!(said(text), expected);
    let password = "authentication {\nauth_type PASS\nauth_pass 1\nauth_pas 2\n}";
    let loaded = load_text("t.conf", instance(password));
    assert!(loaded.config.is_some_and(|config| config.instances[0].password.is_some()));
}

#[test]
fn a_script_whose_tracker_was_dropped_is_not_called_untracked() {
    let text = script("script /bin/x\nweight 5")
        + &instance("track_script { chk }")
        + "vrrp_sync_group g {\ngroup { VI_1 }\n}\n";
    let expected = [
        "6 warning a weight does not go in a sync group |  | let the group track it, for all members; or write \
         `sync_group_tracking_weight` into the group",
        "11 warning the sync group `g` has one member only | ",
    ];
    assert_eq!(said(&text), expected);
}

#[test]
fn words_that_must_be_one_of_a_few() {
    let table = [
        ("state MASTR", "2 warning `MASTR` is no state | did you mean `MASTER`?"),
        ("state backup", "2 warning `backup` is no state | did you mean `BACKUP`?"),
        ("state sorry", "2 warning `sorry` is no state | must be MASTER or BACKUP"),
        (
            "authentication {\nauth_type PAS\nauth_pass 1\n}",
            "3 warning `PAS` is no kind of authentication | did you mean `PASS`?",
        ),
        (
            "authentication {\nauth_type none\nauth_pass 1\n}",
            "3 warning `none` is no kind of authentication | must be PASS",
        ),
        (
            "authentication {\nauth_type PASS\nauth_pass = 1\n}",
            "4 remark the password is the `=`, and not what stands behind it | a keepalived.conf has none: remove it",
        ),
        // Perhaps the password.
        (
            "authentication {\nauth_type hushhush\nauth_pass 1\n}",
            "3 warning this is no kind of authentication | must be PASS",
        ),
        ("smtp_alert ture", "2 warning `smtp_alert` can be on or off only | did you mean `true`?"),
        ("smtp_alert Off", "2 warning `smtp_alert` can be on or off only | did you mean `off`?"),
        (
            "smtp_alert 1",
            "2 warning `smtp_alert` can be on or off only | must be on, true, yes, off, false or no",
        ),
        (
            "track_interface { eth1 wieght 5 }",
            "2 warning an entry has an option that cannot be | did you mean `weight`?",
        ),
        (
            "track_interface { eth1 weight }",
            "2 warning an entry has an option that cannot be | a number should follow",
        ),
        (
            "track_interface { eth1 weight 5 revers }",
            "2 warning `revers` is no option of a weight | did you mean `reverse`?",
        ),
    ];
    for (body, expected) in table {
        assert_eq!(said(&instance(body)), [expected], "{body}");
    }
}

#[test]
fn a_name_that_nobody_defines() {
    let text = format!("$IF=eth0\n{}", instance("track_interface { ${IF} }\nunicast_src_ip ${IP}"));
    let found = said(&text);
    let undefined = "`${IP}` is not defined in this file |  | if the file is a template, fill it in first";
    assert!(found.len() == 1 && found[0].ends_with(undefined), "{found:?}");
}

#[test]
fn a_setting_that_is_given_twice() {
    let text = "\
vrrp_instance VI_1 {
    interface eth0
    virtual_router_id 51
    priority 101
    no_virtual_ipaddress
    priority 100
}
";
    let expected = "\
remark: `priority` is given twice
 --> keepalived.conf:6:5
  |
4 |     priority 101
  |     ------------ the first one
5 |     no_virtual_ipaddress
6 |     priority 100
  |     ^^^^^^^^^^^^ the last one counts, as under keepalived
";
    assert_eq!(rendered(text), expected);
}

#[test]
fn what_may_stand_twice_and_what_is_said_already() {
    let twice = |line: usize, keyword: &str| {
        vec![format!("{line} remark `{keyword}` is given twice | the last one counts, as under keepalived")]
    };
    let table = [
        ("advert_int 1\nadvert_int 2", twice(3, "advert_int")),
        ("state BACKUP\nstate MASTER", twice(3, "state")),
        ("smtp_alert\nsmtp_alert off", twice(3, "smtp_alert")),
        ("authentication {\nauth_type PASS\nauth_pass 1\nauth_pass 2\n}", twice(5, "auth_pass")),
        ("interface eth1", twice(3, "interface")),
        ("nopreempt\nnopreempt", vec![]),
        ("track_interface { eth1 }\ntrack_interface { eth2 }", vec![]),
        // The last one does not count here, and that is said.
        ("state MASTER\nstate BACKUP", vec!["3 warning `state` is MASTER already | ".to_owned()]),
        (
            "advert_int 1\nadvert_int 300",
            vec!["3 warning `advert_int` is out of range | must be 0.01 to 255 seconds".to_owned()],
        ),
        ("notify /a\nnotify /b", vec!["3 warning `notify` is there already | ".to_owned()]),
    ];
    for (body, expected) in table {
        assert_eq!(said(&instance(body)), expected, "{body}");
    }
    let text = script("script /a\ninterval 1\ninterval 2") + &instance("track_script { chk }");
    assert_eq!(said(&text), twice(4, "interval"));
    let other = instance("").replace("VI_1", "VI_2").replace("51", "52").replace("10.1.1.30", "10.1.1.31");
    assert_eq!(said(&(instance("") + &other)), Vec::<String>::new());
}
