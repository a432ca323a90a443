//! What TOML, or keepwatch, has otherwise than keepalived: names, programs, mails, and what cannot be said.

use keepwatch_config::{convert, load_text};

use crate::{converted_wholly, instance};

/// The one thing that a keepwatch.toml cannot have: half a character.
#[test]
fn what_has_no_equivalent_is_said() {
    let password = |text: &str| {
        instance(&format!(" authentication {{\n  auth_type PASS\n  auth_pass {text} # ours\n }}\n"))
    };
    let text = password("passworä");
    let converted = convert(&load_text("k.conf", text.as_str()).config.unwrap(), &text);
    let what = "the password of `VI_1`: its 8 octets end within a character, which `auth_pass` cannot; write it into a file, \
                and `auth_pass_file`";
    assert_eq!((converted.lost, converted.wrong), (vec![what.to_owned()], vec![]));
    let comment = format!("# ours\n# not converted: {what}\n[instance.VI_1]\n");
    assert!(
        converted.text.starts_with(&comment) && !converted.text.contains("auth_pass ="),
        "{}",
        converted.text
    );
    assert!(converted_wholly("password", &password("passwoä")).contains("auth_pass = \"passwoä\"\n"));
}

/// keepalived takes names as they come, and programs that are looked for.
#[test]
fn names_and_programs_are_as_keepalived_takes_them() {
    let script = |name: &str, command: &str| format!("vrrp_script {name} {{\n script \"{command}\"\n}}\n");
    let text = [
        script("\"my check\"", "killall -0 haproxy"),
        script("chk:80", "</dev/tcp/127.0.0.1/80"),
        script("web/1", "./check.sh 'a b'"),
        script("bell\u{7}", "pidof x"),
        "track_file web/1 {\n file run/web # lower than before\n}\n".to_owned(),
        instance(
            " track_script {\n  \"my check\"\n  chk:80 weight 2\n  web/1\n  bell\u{7}\n }\n track_file {\n  web/1\n }\n \
             notify_master \"logger -t x master\" root\n notify to/all.sh\n",
        ),
        "vrrp_sync_group g:1 {\n group {\n  VI_1\n }\n sync_group_tracking_weight\n notify_fault \"> /run/fault\"\n}\n".to_owned(),
        "global_defs {\n vrrp_notify_fifo run/k.fifo\n vrrp_notify_fifo_script hear\n}\n".to_owned(),
    ]
    .concat();
    assert_eq!(
        converted_wholly("names-and-programs", &text),
        r#"notify_fifo = { path = "/run/k.fifo", script = ["hear"] }

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
virtual_addresses = ["10.1.1.30"]
track = [
    "my check",
    { check = "chk:80", weight = 2 },
    "web/1",
    "bell\u0007",
    "web/1 (track file)",
]
notify_master = { exec = ["logger", "-t", "x", "master"], user = "root" }
notify = ["to/all.sh"]

[group."g:1"]
members = ["VI_1"]
sync_group_tracking_weight = true
notify_fault = [">", "/run/fault"]

[check."my check"]
script = ["killall", "-0", "haproxy"]
interval = "1s"

[check."chk:80"]
script = ["</dev/tcp/127.0.0.1/80"]
interval = "1s"

[check."web/1"]
script = ["./check.sh", "a b"]
interval = "1s"

[check."bell\u0007"]
script = ["pidof", "x"]
interval = "1s"

[check."web/1 (track file)"]
# lower than before
track_file = "/run/web"
"#
    );
}

/// What TOML has otherwise, or keepwatch nowhere else.
#[test]
fn odd_values_are_converted() {
    let table = [
        // Control characters, of which TOML has none in comments.
        (
            "# a\u{1}b\u{7f}\n".to_owned() + &instance(" # \u{1b}[31mred\n"),
            "# a\\u{1}b\\u{7f}\n# \\u{1b}[31mred\n[",
        ),
        (instance("").replace("VI_1", "VI\u{1b}1"), "[instance.\"VI\\u001B1\"]"),
        (instance(" notify_master \"/bin/m '\u{1}'\"\n"), "[\"/bin/m\", \"\\u0001\"]"),
        // An owner that does not begin at once.
        (instance(" state BACKUP\n priority 255\n"), "priority = 255\nstate = \"BACKUP\"\n"),
        // More than a year, and what does nothing for IPv4.
        (
            instance("").replace("10.1.1.30", "fd00::1/64 preferred_lft 40000000"),
            "preferred_lft = \"1year 3months 6days 9h 25m 52s\" }]",
        ),
        (instance("").replace("10.1.1.30", "10.1.1.30/24 home -nodad mngtmpaddr"), "= [\"10.1.1.30/24\"]\n"),
        (
            "global_defs {\n vrrp_mcast_group6 ff05::12\n}\n".to_owned()
                + &instance("").replace("10.1.1.30", "fd00::1/64"),
            "mcast_dst_ip = \"ff05::12\"",
        ),
        (instance(" unicast_ttl 0\n unicast_peer {\n  10.1.1.2\n }\n"), "unicast_ttl = 0\n"),
    ];
    for (text, part) in table {
        let converted = converted_wholly("odd", &text);
        assert!(converted.contains(part), "{part}\n{converted}");
    }
}

/// They are the same mails, also to whom keepalived does not write.
#[test]
fn mails_are_converted() {
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n{more} virtual_ipaddress {{\n  10.1.1.{vrid}\n }}\n}}\n"
        )
    };
    let mail = |globals: &str, told: &str| {
        format!(
            "global_defs {{\n notification_email {{\n  a@example.com\n  not*an,address\n  ops\n }}\n{globals}}}\n{}{}\
             vrrp_sync_group g {{\n group {{\n  VI_1\n  VI_2\n }}\n{told}}}\n",
            instance("VI_1", 51, told),
            instance("VI_2", 52, "")
        )
    };
    let whole = " notification_email_from \"K <k@example.com>\"\n smtp_server fd00::25 2525\n smtp_helo_name h1\n \
                 smtp_connect_timeout 20\n no_email_faults\n";
    let table = r#"[smtp_alert]
smtp_server = "fd00::25"
smtp_port = 2525
notification_email = ["a@example.com", "not*an,address", "ops"]
notification_email_from = "K <k@example.com>"
smtp_helo_name = "h1"
smtp_connect_timeout = "20s"
no_email_faults = true
instances = ["VI_1"]
groups = ["g"]
"#;
    let text = converted_wholly("mail", &mail(whole, " smtp_alert\n"));
    assert!(text.ends_with(table), "{text}");
    // Where keepalived sends none, there is nothing to be lost.
    for (globals, told) in [(whole, ""), (" notification_email_from k@example.com\n", " smtp_alert\n")] {
        let text = converted_wholly("no-mail", &mail(globals, told));
        assert!(!text.contains("smtp"), "{text}");
    }
    // A group may be called as one of its members.
    let named = mail(" smtp_server m\n", "").replace("vrrp_sync_group g", "vrrp_sync_group VI_2");
    let named = named.replace("virtual_router_id 52\n", "virtual_router_id 52\n smtp_alert\n");
    assert!(converted_wholly("same-name", &named).ends_with("instances = [\"VI_2\"]\n"));
}

/// FIFOs with whom they belong to and who reads them; users with their groups.
#[test]
fn fifos_and_whom_programs_run_as_are_converted() {
    let text = format!(
        "global_defs {{\n script_user nobody :nogroup\n # Ours.\n notify_fifo /run/a.fifo # of all\n \
         notify_fifo_script \"/bin/hear 'a b'\" root\n vrrp_notify_fifo /run/b.fifo root :adm\n}}\n{}",
        instance(" notify_master /bin/m root :\n")
    );
    assert_eq!(
        converted_wholly("fifos", &text),
        r#"# Ours.
# of all
notify_fifo = [
    { path = "/run/a.fifo", user = "nobody", group = "nogroup", supplementary_groups = true, script = { exec = ["/bin/hear", "a b"], user = "root" } },
    { path = "/run/b.fifo", user = "root", group = "adm", supplementary_groups = true },
]

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
virtual_addresses = ["10.1.1.30"]
notify_master = { exec = ["/bin/m"], user = "root", supplementary_groups = true }
"#
    );
    let plain = format!("global_defs {{\n vrrp_notify_fifo /run/b.fifo\n}}\n{}", instance(""));
    assert!(converted_wholly("fifo", &plain).starts_with("notify_fifo = \"/run/b.fifo\"\n"));
}
