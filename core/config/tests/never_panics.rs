//! Whatever the text, reading it ends, and ends without a panic; and what it means can be said in the native format.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::{Duration, Instant};

use keepwatch_config::{Converted, Loaded, Style, convert, load_text};
use proptest::prelude::*;

/// Reads and renders; what is accepted must be acceptable to the engine.
fn read(text: &str) {
    let Loaded { source, findings, config } = load_text("any.conf", text);
    assert_eq!(config.is_some(), !findings.has_errors());
    let _ = findings.render(&source, Style::Plain);
    for finding in findings.iter() {
        let spans = finding.secondary.iter().chain([&finding.primary]).map(|label| label.span.clone());
        spans.for_each(|span| assert!(source.text.get(span.clone()).is_some(), "{span:?} of {finding:?}"));
    }
    for instance in config.iter().flat_map(|config| &config.instances) {
        instance.params().check().unwrap();
    }
    if let Some(config) = config {
        let Converted { text: native, lost: _, wrong } = convert(&config, &source.text);
        assert!(wrong.is_empty(), "{wrong:?}\n{text}\nbecame\n{native}");
    }
}

const WORDS: &[&str] = &[
    "{",
    "}",
    "\n",
    "\n",
    "\n",
    "\"",
    "'",
    "\\",
    "#",
    "!",
    "$X=1",
    "${X}",
    "@a",
    "~SEQ(a,1,2)",
    "\u{feff}",
    "ä",
    "global_defs",
    "vrrp_instance",
    "vrrp_script",
    "vrrp_sync_group",
    "virtual_server",
    "static_routes",
    "static_rules",
    "static_ipaddress",
    "virtual_routes",
    "virtual_rules",
    "via",
    "nexthop",
    "table",
    "mtu",
    "lock",
    "to",
    "goto",
    "fwmark",
    "~LST({a,b},{1,2})",
    "include x",
    "$A=$B",
    "${B}",
    "$A",
    "a",
    "b",
    "group",
    "state",
    "MASTER",
    "BACKUP",
    "interface",
    "eth0",
    "lo",
    "virtual_router_id",
    "priority",
    "advert_int",
    "version",
    "native_ipv6",
    "authentication",
    "auth_type",
    "PASS",
    "AH",
    "auth_pass",
    "virtual_ipaddress",
    "virtual_ipaddress_excluded",
    "no_virtual_ipaddress",
    "nopreempt",
    "preempt_delay",
    "unicast_src_ip",
    "mcast_dst_ip",
    "unicast_peer",
    "unicast_ttl",
    "track_interface",
    "track_script",
    "track_file",
    "track_process",
    "vrrp_track_process",
    "init_file",
    "quorum_max",
    "interface_up_down_delays",
    "weight",
    "reverse",
    "min_ttl",
    "garp_master_repeat",
    "garp_lower_prio_delay",
    "smtp_alert",
    "notify",
    "notify_master",
    "script",
    "interval",
    "10.0.0.1",
    "10.0.0.2/24",
    "fe80::1",
    "fd00::1/64",
    "224.0.0.9",
    "dev",
    "scope",
    "label",
    "brd",
    "+",
    "peer",
    "preferred_lft",
    "0",
    "1",
    "3",
    "51",
    "255",
    "256",
    "-1",
    "0.001",
    "10s",
    "99999999999999999999",
    "on",
    "off",
    "vrrp_strict",
    "vrrp_version",
    "notification_email",
    "smtp_server",
    "vrrp_garp_interval",
    "garp_group",
    "gna_interval",
    "interfaces",
    "notify_fifo",
];

/// A whole instance with a soup of its own keywords in the middle: most of these are accepted.
fn instance_soup() -> impl Strategy<Value = String> {
    let lines = [
        "state MASTER",
        "state BACKUP",
        "priority 255",
        "priority 0",
        "priority 7",
        "version 2",
        "version 3",
        "native_ipv6",
        "advert_int 0.2",
        "advert_int 99",
        "nopreempt",
        "preempt_delay 3",
        "strict_mode",
        "authentication { auth_type PASS auth_pass 1 }",
        "authentication {\nauth_type PASS\nauth_pass 1\n}",
        "virtual_ipaddress { 10.0.0.9 }",
        "virtual_ipaddress { fe80::9 }",
        "virtual_ipaddress_excluded { fd00::9 }",
        "unicast_peer { 10.0.0.2 }",
        "unicast_peer { fd00::2 }",
        "unicast_src_ip 10.0.0.1",
        "mcast_dst_ip ff02::7",
        "mcast_dst_ip 224.0.0.7",
        "no_virtual_ipaddress",
        "v3_checksum_as_v2",
        "track_interface { eth1 weight 3 }",
        "garp_lower_prio_repeat 0",
        "down_timer_adverts 1",
        "unicast_ttl 0",
        "dont_track_primary",
        "unicast_ttl 9",
        "unicast_peer { 10.0.0.3 min_ttl 3 }",
        "check_unicast_src",
        "track_src_ip",
        "accept",
        "no_accept",
        "lower_prio_no_advert",
        "higher_prio_send_advert",
        "promote_secondaries",
        "use_vmac",
        "use_vmac vrrp.a",
        "use_vmac vrrp.a\nvmac_xmit_base",
        "use_ipvlan 10.0.0.7",
        "garp_master_delay 0",
        "garp_master_repeat 3",
        "garp_master_refresh 7",
        "garp_lower_prio_delay 3",
        "garp_lower_prio_repeat 2",
        "notify x.sh",
        "notify_master \"logger 'a b'\" root :adm",
        "notify_deleted",
        "notify_deleted /bin/x",
        "notify_priority_changes",
        "smtp_alert",
        "smtp_alert off",
        "track_script { s }",
        "track_script { s weight -7 reverse }",
        "track_file { f }",
        "track_file { f weight 3 }",
        "track_process { p }",
        "track_interface { eth0 }",
        "virtual_ipaddress { 10.0.0.9/24 dev eth1 label x brd + }",
        "virtual_ipaddress { fd00::9/64 home }",
        "virtual_routes { 10.1.0.0/16 via 10.0.0.1 }",
        "virtual_rules { from 10.1.0.0/16 table 7 }",
    ];
    let around = [
        "vrrp_strict",
        "vrrp_version 3",
        "vrrp_garp_master_repeat 1",
        "vrrp_min_garp",
        "vrrp_mcast_group4 239.0.0.1",
        "vrrp_mcast_group6 ff05::1",
        "vrrp_down_timer_adverts 2",
        "vrrp_check_unicast_src",
        "vrrp_notify_priority_changes",
        "v3_checksum_as_v2",
        "script_user root",
        "script_user nobody :adm",
        "enable_script_security",
        "notify_fifo x.fifo",
        "notify_fifo /x.fifo root",
        "vrrp_notify_fifo /x.fifo",
        "notify_fifo_script hear",
        "nftables",
        "router_id \"a b\"",
        "smtp_alert",
        "no_email_faults",
        "smtp_server m",
        "smtp_server fd00::1 2525",
        "notification_email { a@b }",
        "notification_email { \"a b\" }",
        "smtp_helo_name \"a b\"",
        "vrrp_startup_delay 3",
        "vrrp_rt_priority 3",
        "json_version 2",
        "}\nvrrp_sync_group a {\ngroup {\na\nb\n}\ntrack_script { s }\nsmtp_alert",
        "}\nvrrp_sync_group g {\ngroup {\na\n}\nsync_group_tracking_weight\nnotify x",
        "}\ninterface_up_down_delays {\neth0 1 0.5\neth2 7",
        "}\nstatic_ipaddress {\n10.0.0.8/24\n10.0.0.8/24",
        "}\nstatic_routes {\n10.2.0.0/16 via 10.0.0.1",
    ];
    let some =
        |lines: &[&'static str], most| prop::collection::vec(prop::sample::select(lines.to_vec()), 0..most);
    (some(&lines, 8), some(&around, 6)).prop_map(|(lines, around)| {
        format!(
            "global_defs {{\n{}\n}}\nvrrp_script s {{\nscript \"pidof x\"\nweight 5\n}}\ntrack_file f {{\nfile f\n}}\n\
             vrrp_track_process p {{\nprocess x\nweight -3\n}}\nvrrp_instance a {{\ninterface eth0\nvirtual_router_id 9\n{}\n}}\n\
             vrrp_instance b {{\ninterface eth1\nvirtual_router_id 9\nvirtual_ipaddress {{ 10.0.0.19 }}\n}}\n",
            around.join("\n"),
            lines.join("\n")
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_string(text in any::<String>()) {
        read(&text);
    }

    #[test]
    fn any_octets(octets in prop::collection::vec(any::<u8>(), 0..400)) {
        read(&String::from_utf8_lossy(&octets));
    }

    #[test]
    fn any_soup_of_words(words in prop::collection::vec(prop::sample::select(WORDS), 0..120), glue in "[ \t]?") {
        read(&words.join(&glue));
        read(&words.join(" "));
    }

    #[test]
    fn any_soup_within_an_instance(text in instance_soup()) {
        read(&text);
    }
}

/// Fifty thousand lines of each kind: linear, or this would take hours.
#[test]
fn long_files_take_no_longer_for_their_length() {
    let begin = Instant::now();
    let instance = "vrrp_instance a {\ninterface eth0\nvirtual_router_id 9\n";
    let many = |unit: &str| unit.repeat(50_000);
    let numbered = |count: u32, line: &dyn Fn(u32) -> String| (0..count).map(line).collect::<String>();
    let texts = [
        many("x\n"),
        many("}\n"),
        many("{\n"),
        many("${"),
        many("$$$$"),
        many("\\\"\\"),
        many("a {"),
        many("a {}\n"),
        "x ".repeat(50_000) + "\n",
        format!("{instance}{}}}\n", many("priority x\n")),
        format!("{instance}{}}}\n", many("track_interface { eth1 }\n")),
        format!(
            "{instance}virtual_ipaddress {{\n{}}}\n}}\n",
            numbered(50_000, &|n| format!("10.{}.{}.{}\n", n >> 16, (n >> 8) & 255, n & 255))
        ),
        numbered(20_000, &|n| format!("vrrp_instance i{n} {{\ninterface e{n}\nvirtual_router_id 9\n}}\n")),
        numbered(20_000, &|n| {
            format!("vrrp_script i{n} {{\nscript x\n}}\nvrrp_instance i{n} {{\ntrack_script {{ i{n} }}\n}}\n")
        }),
    ];
    for text in texts {
        let _ = load_text("long.conf", text);
    }
    assert!(begin.elapsed() < Duration::from_secs(60), "{:?}", begin.elapsed());
}
