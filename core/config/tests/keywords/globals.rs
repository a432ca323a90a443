//! `global_defs`.

use std::time::Duration;

use keepwatch_config::model::{
    Command, Dumps, Firewall, Globals, JsonVersion, Mail, NotifyFifo, Place, Scheduling, User,
};
use keepwatch_vrrp::{Destination, HigherAdverts, LowerAdverts, SourceCheck, Version};

use super::{GOOD, read, with_globals};

fn globals(body: &str) -> Globals {
    let (config, said) = with_globals(body);
    let said: Vec<_> = said.into_iter().filter(|line| !line.starts_with("remark")).collect();
    assert!(said.is_empty(), "{body}: {said:?}");
    config.globals
}

#[test]
fn mail_and_names() {
    let mail = |mail: Mail| Globals { mail, ..Globals::default() };
    let name = Some("lb1".to_owned());
    let table = [
        ("", Globals::default()),
        ("router_id lb0\nrouter_id lb1", Globals { router_id: name.clone(), ..Globals::default() }),
        (
            "notification_email {\n a@x b@x\n \"C D <c@x>\"\n}",
            mail(Mail { to: ["a@x", "b@x", "C D <c@x>"].map(str::to_owned).into(), ..Mail::default() }),
        ),
        ("notification_email_from lb1", mail(Mail { from: name.clone(), ..Mail::default() })),
        ("smtp_server 10.0.0.1", mail(Mail { server: Some(("10.0.0.1".to_owned(), 25)), ..Mail::default() })),
        ("smtp_server mail 587", mail(Mail { server: Some(("mail".to_owned(), 587)), ..Mail::default() })),
        ("smtp_helo_name lb1", mail(Mail { helo_name: name, ..Mail::default() })),
        (
            "smtp_connect_timeout 7",
            mail(Mail { connect_timeout: Some(Duration::from_secs(7)), ..Mail::default() }),
        ),
        ("no_email_faults", mail(Mail { no_faults: true, ..Mail::default() })),
        ("smtp_alert", mail(Mail { alert: true, ..Mail::default() })),
        ("smtp_alert yes\nsmtp_alert_vrrp no", mail(Mail::default())),
        ("enable_script_security 0", Globals { script_security: true, ..Globals::default() }),
    ];
    for (body, expected) in table {
        assert_eq!(globals(body), expected, "{body}");
    }
}

#[test]
fn script_users_and_fifos() {
    let user = |group: Option<&str>, supplementary_groups| {
        Some(User {
            name: "u".to_owned(),
            group: group.map(str::to_owned),
            supplementary_groups,
            place: Place::default(),
        })
    };
    let table =
        [("u", None, false), ("u g", Some("g"), false), ("u :g", Some("g"), true), ("u :", None, true)];
    for (words, group, supplementary) in table {
        assert_eq!(
            globals(&format!("script_user {words}")).script_user,
            user(group, supplementary),
            "{words}"
        );
    }
    let found = globals(
        "vrrp_notify_fifo /run/b\nvrrp_notify_fifo_script \"/bin/r 'a b'\" u\nnotify_fifo /run/a u g",
    );
    let script = Some(Command {
        argv: vec!["/bin/r".to_owned(), "a b".to_owned()],
        user: user(None, false),
        place: Place::default(),
    });
    let fifo = |path: &str, user, script| NotifyFifo { path: path.to_owned(), user, script };
    let expected = [fifo("/run/a", user(Some("g"), false), None), fifo("/run/b", None, script)];
    assert_eq!(found.notify_fifos, expected);
    assert!(globals("notify_fifo_script /bin/r").notify_fifos.is_empty(), "nothing to read");
    let (found, said) = with_globals("notify_fifo ./a");
    assert_eq!(found.globals.notify_fifos, [fifo("/a", None, None)]);
    assert_eq!(said, ["warning `./a` is taken for /a"]);
}

#[test]
fn defaults_of_instances() {
    let first = |body: &str| {
        let (config, said) = with_globals(body);
        assert!(said.is_empty(), "{body}: {said:?}");
        config.instances.into_iter().next().unwrap()
    };
    assert_eq!(first("vrrp_version 3").version, Version::V3);
    assert_eq!(first("vrrp_down_timer_adverts 4").missed_adverts, 4);
    assert_eq!(first("vrrp_lower_prio_no_advert").lower_adverts, LowerAdverts::Ignore);
    assert_eq!(first("vrrp_higher_prio_send_advert on").higher_adverts, HigherAdverts::AnswerAndYield);
    assert!(first("vrrp_version 3\nv3_checksum_as_v2").checksum_as_v2);
    let group = Destination::Multicast { group: "224.0.0.99".parse().unwrap() };
    assert_eq!(first("vrrp_mcast_group4 224.0.0.99").destination, group);
    assert!(first("smtp_alert\nsmtp_server m\nnotification_email { a@x }").mail_alert);
    assert!(!first("smtp_alert\nsmtp_alert_vrrp off").mail_alert);
    for harmless in ["dynamic_interfaces allow_if_changes", "vrrp_skip_check_adv_addr"] {
        first(harmless);
    }
    let peers = "global_defs {\nvrrp_check_unicast_src\n}\nvrrp_instance a {\nunicast_peer { 10.0.0.2 }\n";
    let config = read(&format!("{peers}{GOOD}}}")).0.unwrap();
    let found = &config.instances[0].destination;
    assert!(matches!(found, Destination::Unicast { source_check: SourceCheck::Peers, .. }), "{found:?}");
    let v6 =
        "global_defs {\nvrrp_mcast_group6 ff02::99\n}\nvrrp_instance a {\ninterface e\nvirtual_router_id 1\n";
    let config = read(&format!("{v6}virtual_ipaddress {{ fe80::1 }}\n}}")).0.unwrap();
    let group = Destination::Multicast { group: "ff02::99".parse().unwrap() };
    assert_eq!(config.instances[0].destination, group);
}

/// How the kernel is to run the engine.
#[test]
fn scheduling() {
    let of = |body: &str| {
        let (config, said) = with_globals(body);
        let Scheduling { real_time, nice, processors, locks_memory } = config.globals.scheduling;
        let processors: Vec<u16> = processors.into_iter().collect();
        (format!("{real_time:?} {nice:?} {processors:?} {locks_memory}"), said.join("; "))
    };
    let table = [
        ("", "None None [] false", ""),
        ("vrrp_rt_priority 50", "Some(50) None [] false", ""),
        ("vrrp_rt_priority 0", "Some(1) None [] false", "warning `vrrp_rt_priority` is out of range"),
        ("vrrp_rt_priority 100", "Some(99) None [] false", "warning `vrrp_rt_priority` is out of range"),
        ("vrrp_rt_priority high", "None None [] false", "warning `vrrp_rt_priority` is not a number"),
        ("vrrp_priority -20", "None Some(-20) [] false", ""),
        ("vrrp_priority 0", "None None [] false", ""),
        ("vrrp_priority 20", "None None [] false", "warning `vrrp_priority` is out of range"),
        ("vrrp_cpu_affinity 1 0 1", "None None [0, 1] false", ""),
        ("vrrp_cpu_affinity 1 one", "None None [] false", "warning `one` is no processor"),
        ("vrrp_cpu_affinity 1024", "None None [] false", "warning `1024` is no processor"),
        ("vrrp_no_swap", "None None [] true", ""),
    ];
    for (body, expected, said) in table {
        assert_eq!(of(body), (expected.to_owned(), said.to_owned()), "{body}");
    }
    let table = [
        ("vrrp_rlimit_rttime 10000", "warning `vrrp_rlimit_rttime` is not supported by this version"),
        ("vrrp_process_name v", "warning `vrrp_process_name` is not supported by this version"),
    ];
    for (body, expected) in table {
        assert_eq!(of(body).1, expected, "{body}");
    }
}

#[test]
fn what_cannot_be_is_said() {
    let table = [
        ("router_id", "warning `router_id` needs a value"),
        ("smtp_server", "error `smtp_server` needs a value"),
        ("smtp_server mail 0", "warning `smtp_server` has a port that cannot be"),
        ("smtp_server mail:587", "warning `smtp_server` is no host"),
        ("notification_email_from Keep <k@x>", "warning only the first word counts as the sender"),
        ("notification_email_from k@", "warning `k@` is no mail address"),
        ("smtp_connect_timeout 0", "warning `smtp_connect_timeout` must be greater than 0"),
        ("smtp_alert perhaps", "warning `smtp_alert` can be on or off only"),
        ("notification_email {\n}", "warning `notification_email` is empty"),
        (
            "smtp_alert\nsmtp_server m\nnotification_email {\n a@x, b@x\n}",
            "warning `a@x,` is no mail address",
        ),
        (
            "smtp_alert\nsmtp_server m\nnotification_email {\n a a@[10.0.0.1] a@b@x \"A <a@x>\"\n}",
            "warning `a@b@x` is no mail address",
        ),
        ("smtp_alert", "remark mail is asked for, but there is no `notification_email`"),
        (
            "smtp_alert\nnotification_email {\n a@x\n}",
            "remark mail is asked for, but there is no `smtp_server`",
        ),
        ("vrrp_version 4", "warning `vrrp_version` is out of range"),
        (
            "vrrp_mcast_group4 10.0.0.1",
            "warning `10.0.0.1` is not a multicast address for `vrrp_mcast_group4`",
        ),
        ("vrrp_mcast_group4 ff02::1", "warning `ff02::1` is not a multicast address for `vrrp_mcast_group4`"),
        ("vrrp_strict", "remark the virtual addresses of `vi_1` will answer nobody"),
        ("vrrp_iptables KW_IN KW_OUT", "remark `vrrp_iptables` is done by nftables"),
        ("vrrp_ipsets a", "remark `vrrp_ipsets` is done by nftables"),
        ("nftables_priority", "error `nftables_priority` needs a value"),
        ("nftables_priority early", "warning `nftables_priority` is not a number"),
        ("nftables_priority -3000000000", "warning `nftables_priority` is out of range"),
        (
            "vrrp_owner_ignore_adverts off\nvrrp_owner_ignore_adverts",
            "warning `vrrp_owner_ignore_adverts` is not supported by this version",
        ),
        ("vrrp_startup_delay 9", "remark no instance takes part in the first 9 s of keepwatch"),
        ("enable_snmp_keepalived", "warning `enable_snmp_keepalived` is deprecated"),
        ("lvs_flush\nlvs_timeouts tcp 9", "warning load balancing (ipvs) is not part of keepwatch"),
        ("script_user", "warning `script_user` needs a user"),
        ("notify_fifo", "warning `notify_fifo` needs a value"),
        ("notify_fifo /a\nnotify_fifo /b", "warning `notify_fifo` is there already"),
        ("notify_fifo_script \"/a 'b\"", "warning a quotation mark within `/a 'b` is not closed"),
    ];
    for (body, expected) in table {
        let text = format!("global_defs {{\n{body}\n}}\nvrrp_instance VI_1 {{\n{GOOD}}}\n");
        assert_eq!(read(&text).1, [expected], "{body}");
    }
}

#[test]
fn the_table_of_the_packet_filter() {
    let firewall = |table: &str, priority, counters| Firewall { table: table.to_owned(), priority, counters };
    let table = [
        ("", firewall("keepwatch", -1, false)),
        ("nftables", firewall("keepwatch", -1, false)),
        ("nftables vips", firewall("vips", -1, false)),
        ("nftables_priority -150\nnftables_counters", firewall("keepwatch", -150, true)),
    ];
    for (body, expected) in table {
        let text = format!("global_defs {{\n{body}\n}}\nvrrp_instance VI_1 {{\n{GOOD}}}\n");
        let (config, said) = read(&text);
        assert_eq!(config.map(|config| config.globals.firewall), Some(expected), "{body}");
        assert_eq!(said, Vec::<String>::new(), "{body}");
    }
    let text = format!("global_defs {{\nnftables {}\n}}\nvrrp_instance VI_1 {{\n{GOOD}}}\n", "x".repeat(65));
    assert_eq!(read(&text).1, ["error this cannot be the name of a table"]);
}

#[test]
fn files_for_other_programs() {
    let path = |path: &str| Some(path.to_owned());
    let table = [
        ("", Dumps::default()),
        ("state_dump_file /run/k.data", Dumps { state: path("/run/k.data"), ..Dumps::default() }),
        (
            "stats_dump_file /run/\njson_dump_file k.json",
            Dumps { stats: path("/run/"), json: path("k.json"), ..Dumps::default() },
        ),
        (
            "state_file_location /run/k.data\nstats_file_location /run/\njson_file_location k.json",
            Dumps {
                state: path("/run/k.data"),
                stats: path("/run/"),
                json: path("k.json"),
                ..Dumps::default()
            },
        ),
        ("json_version 1", Dumps::default()),
        ("json_version 2", Dumps { json_version: JsonVersion::Object, ..Dumps::default() }),
    ];
    for (body, expected) in table {
        assert_eq!(globals(body).dumps, expected, "{body}");
    }
    for body in ["state_dump_file", "stats_dump_file \"\"", "json_dump_file /a /b", "json_version 3"] {
        let (config, said) = with_globals(body);
        assert_eq!((config.globals.dumps, said.len()), (Dumps::default(), 1), "{body}: {said:?}");
    }
}
