//! A converted keepalived.conf means the same, over the whole corpus.

use std::path::{Path, PathBuf};

use keepwatch_config::model::{Check, CheckKind, Command, Deleted, Mail, Meant, Notify, Routing, User};
use keepwatch_config::{Config, Site, Style, convert, load, load_site, load_text, load_text_as};

fn corpus() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "conf"));
    files.sort();
    files
}

fn read_native(name: &str, text: &str) -> Site {
    let folder = std::env::temp_dir().join(format!("keepwatch-convert-{name}-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("keepwatch.toml");
    std::fs::write(&path, text).unwrap();
    let site = load_site(&path).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    site
}

/// What both formats say in different ways, said in one.
fn plain(config: &Config) -> Config {
    let mut config = config.clone();
    let user = config.globals.script_user.take();
    let tracked: Vec<String> = config
        .instances
        .iter()
        .flat_map(|instance| instance.track_checks.iter().map(|track| track.check.clone()))
        .collect();
    // keepalived runs only what is tracked.
    config.checks.retain(|check| tracked.contains(&check.name));
    config.checks.iter_mut().for_each(|check| set_user(check, user.as_ref()));
    for fifo in &mut config.globals.notify_fifos {
        fifo.user = fifo.user.take().or_else(|| user.clone());
        let script = fifo.script.iter_mut();
        script.for_each(|script| script.user = script.user.take().or_else(|| user.clone()));
    }
    // Nothing depends on their interfaces.
    config.statics.addresses.iter_mut().for_each(|address| address.tracked = true);
    plain_ways(&mut config.statics.routing);
    for instance in &mut config.instances {
        plain_ways(&mut instance.routing);
        instance.meant = Meant::Either;
        instance.mail_alert = false;
        set_users(&mut instance.notify, user.as_ref());
    }
    for group in &mut config.groups {
        group.mail_alert = false;
        set_users(&mut group.notify, user.as_ref());
    }
    config.instances.sort_by(|one, other| one.name.cmp(&other.name));
    config.groups.sort_by(|one, other| one.name.cmp(&other.name));
    config.checks.sort_by(|one, other| one.name.cmp(&other.name));
    // Mails are sent by destinations.
    config.globals.mail = Mail::default();
    config.extensions = keepwatch_config::model::Extensions::default();
    config
}

/// The words may be others.
fn plain_ways(Routing { routes, rules }: &mut Routing) {
    routes.iter_mut().for_each(|route| route.text.clear());
    rules.iter_mut().for_each(|rule| rule.text.clear());
}

fn set_user(check: &mut Check, user: Option<&User>) {
    if let CheckKind::Script(script) = &mut check.what {
        script.command.user = script.command.user.take().or_else(|| user.cloned());
    }
}

fn set_users(notify: &mut Notify, user: Option<&User>) {
    let Notify { master, backup, fault, stop, deleted, master_rx_lower_priority, any, priority_changes: _ } =
        notify;
    let mut none = None;
    let deleted = match deleted {
        Deleted::AsFault => &mut none,
        Deleted::AsDeleted(command) => command,
    };
    for Command { user: own, .. } in
        [master, backup, fault, stop, deleted, master_rx_lower_priority, any].into_iter().flatten()
    {
        *own = own.take().or_else(|| user.cloned());
    }
}

#[test]
fn the_corpus_means_the_same_in_both_formats() {
    let (mut same, mut lossy) = (0, Vec::new());
    for path in corpus() {
        let Ok(loaded) = load(&path) else { continue };
        let Some(config) = loaded.config else { continue };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let converted = convert(&config, &loaded.source.text);
        // Mails are sent by destinations, which nothing of this compares.
        if converted.lost.iter().any(|lost| !lost.starts_with("mail: ")) {
            lossy.push(format!("{name}: {}", converted.lost.join("; ")));
            continue;
        }
        if config.instances.is_empty() {
            continue;
        }
        let site = read_native(&name, &converted.text);
        let shown = format!("{name}\n{}\n{}", converted.text, site.render(Style::Plain));
        let native = site.config.unwrap_or_else(|| panic!("{shown}"));
        assert_eq!(plain(&native), plain(&config), "{shown}");
        same += 1;
    }
    println!("{}", lossy.join("\n"));
    assert!(same >= 20, "only {same} files of the corpus can be converted wholly");
}

#[test]
fn comments_stand_where_they_belong() {
    let text = "# The web pair.\n! Ask ops before you change this.\n\nglobal_defs {\n    router_id h1   # in mails\n}\n\n\
                # HAProxy lives.\nvrrp_script chk {\n    script \"/usr/bin/pgrep haproxy\"\n    interval 2   # often enough\n    \
                weight 4\n}\n\nvrrp_instance VI_1 {\n    state MASTER\n    interface eth0\n    # ours, in all offices\n    \
                virtual_router_id 51\n    priority 101\n    authentication {\n        auth_type PASS\n        auth_pass 42   \
                # not a secret\n    }\n    virtual_ipaddress {\n        10.1.1.30   # web\n    }\n    track_script {\n        \
                chk\n    }\n}\n\n# That is all.\n";
    let loaded = load_text("k.conf", text);
    let converted = convert(&loaded.config.unwrap(), text);
    assert_eq!(converted.lost, [""; 0]);
    assert_eq!(
        converted.text,
        r#"# The web pair.
# Ask ops before you change this.
# in mails
node = "h1"

[instance.VI_1]
interface = "eth0"
# ours, in all offices
virtual_router_id = 51
priority = 101
version = 2
# web
virtual_addresses = ["10.1.1.30"]
# not a secret
auth_pass = "42"
track = ["chk"]

# HAProxy lives.
[check.chk]
script = ["/usr/bin/pgrep", "haproxy"]
# often enough
interval = "2s"
weight = 4

# That is all.
"#
    );
}

#[test]
fn what_has_no_equivalent_is_said() {
    let text = "global_defs {\n notification_email {\n  ops\n }\n smtp_server 10.1.1.25\n smtp_alert\n script_user root\n}\n\
                vrrp_track_file f {\n file f\n weight 2\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {\n  10.1.1.30/24 home\n }\n \
                track_file {\n  f\n }\n}\n";
    let loaded = load_text("k.conf", text);
    let converted = convert(&loaded.config.unwrap(), text);
    let lost: Vec<&str> = converted.lost.iter().map(|lost| lost.split(':').next().unwrap()).collect();
    assert_eq!(lost, ["10.1.1.30/24", "`f` names its file by a path that is not absolute", "mail"]);
    assert!(!converted.text.contains("[notify."), "{}", converted.text);
    assert!(read_native("lossy", &converted.text).config.is_some(), "{}", converted.text);
}

/// Names that tables cannot have, and a time that is no duration here: each is said, and what is left is valid.
#[test]
fn names_and_times_that_have_no_equivalent_are_said() {
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n native_ipv6\n virtual_ipaddress {{\n  \
             fe80::{vrid}/64\n  fd00::{vrid}/64 preferred_lft 40000000\n }}\n{more}}}\n"
        )
    };
    let text = format!(
        "vrrp_script web/1 {{\n script /bin/true\n}}\n{}{}vrrp_sync_group g:1 {{\n group {{\n  a/1\n  b\n }}\n}}\n",
        instance("a/1", 51, " track_script {\n  web/1\n }\n"),
        instance("b", 52, "")
    );
    let converted = convert(&load_text("k.conf", text.as_str()).config.unwrap(), &text);
    let long = "preferred_lft is longer than a year: without end here";
    let no_name = |name: &str, what: &str| {
        format!("`{name}` cannot be the name of a {what} here: letters, digits, `-`, `_`, `.`")
    };
    let expected = [
        format!("fd00::51/64: {long}"),
        format!("fd00::52/64: {long}"),
        no_name("g:1", "group"),
        no_name("web/1", "check"),
    ];
    assert_eq!(converted.lost, expected);
    let site = read_native("names", &converted.text);
    assert_eq!(site.render(Style::Plain), "", "{}", converted.text);
    assert_eq!(site.config.unwrap().instances[0].name, "a/1");
}

/// Who is told of what is the same; the words are keepwatch's, which is said.
#[test]
fn mails_are_a_destination() {
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n{more} virtual_ipaddress {{\n  10.1.1.{vrid}\n }}\n}}\n"
        )
    };
    let mail = |globals: &str, told: &str| {
        format!(
            "global_defs {{\n notification_email {{\n  a@example.com\n  b@example.com\n }}\n{globals}}}\n{}{}\
             vrrp_sync_group g {{\n group {{\n  VI_1\n  VI_2\n }}\n{told}}}\n",
            instance("VI_1", 51, told),
            instance("VI_2", 52, "")
        )
    };
    let whole = " notification_email_from k@example.com\n smtp_server fd00::25 2525\n smtp_helo_name h1\n";
    let text = mail(whole, " smtp_alert\n");
    let converted = convert(&load_text("k.conf", text.as_str()).config.unwrap(), &text);
    let table = r#"[notify.smtp_alert]
smtp = "[fd00::25]:2525"
tls = "none"
from = "k@example.com"
to = ["a@example.com", "b@example.com"]
helo = "h1"
instances = ["VI_1", "g"]
"#;
    assert!(converted.text.ends_with(table), "{}", converted.text);
    assert!(
        converted.lost[0]
            .starts_with("mail: [notify.smtp_alert] tells of the same instances in keepwatch's words")
    );
    let destinations = read_native("mail", &converted.text).config.unwrap().extensions.destinations;
    assert_eq!(destinations.len(), 1);
    // Where keepalived sends none, there is nothing to be lost.
    for (globals, told) in [(whole, ""), (" notification_email_from k@example.com\n", " smtp_alert\n")] {
        let text = mail(globals, told);
        let converted = convert(&load_text("k.conf", text.as_str()).config.unwrap(), &text);
        assert_eq!((converted.text.contains("[notify."), converted.lost), (false, vec![]), "{text}");
    }
}

#[test]
fn a_table_of_the_packet_filter_is_one_of_its_own() {
    let text = "# Ours.\nglobal_defs {\n router_id h1\n nftables vips # not for others\n nftables_counters\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n # a router alone\n no_accept\n \
                virtual_ipaddress {\n  10.1.1.30\n }\n}\n";
    let loaded = load_text("k.conf", text);
    let config = loaded.config.unwrap();
    let converted = convert(&config, text);
    assert_eq!(converted.lost, [""; 0]);
    assert_eq!(
        converted.text,
        r#"# Ours.
# not for others
node = "h1"

[nftables]
table = "vips"
counters = true

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
virtual_addresses = ["10.1.1.30"]
# a router alone
accept = false
"#
    );
    let native = read_native("nftables", &converted.text).config.unwrap();
    assert_eq!(plain(&native), plain(&config));
}

/// What this keepalived.conf means, converted, means the same; gives the text.
fn converted_wholly(name: &str, text: &str) -> String {
    let config = load_text("k.conf", text).config.unwrap();
    let converted = convert(&config, text);
    assert_eq!(converted.lost, [""; 0], "{name}");
    let site = read_native(name, &converted.text);
    let shown = format!("{name}\n{}\n{}", converted.text, site.render(Style::Plain));
    assert_eq!(site.config.as_ref().map(plain), Some(plain(&config)), "{shown}");
    converted.text
}

fn instance(blocks: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {{\n  10.1.1.30\n }}\n{blocks}}}\n"
    )
}

#[test]
fn every_word_of_routes_and_rules_is_converted() {
    let routes = [
        "10.9.0.0/24 via 10.1.1.1",
        "src 10.1.1.30 to 10.9.0.0/24 via 10.1.1.1 oif eth1",
        "default via 10.1.1.1",
        "inet6 default dev eth0",
        "default6 dev eth0",
        "default via inet6 fe80::1 dev eth0",
        "10.9.0.1 dev eth0",
        "blackhole 10.9.0.0/24",
        "to prohibit default",
        "unreachable fd00:9::/64",
        "throw 10.9.0.0/24 table 100",
        "10.9.0.0/24 dev eth1 table 100 metric 5 scope link tos 0x10",
        "10.9.0.0/24 dev eth1 scope 17",
        "10.9.0.0/24 dev eth1 protocol 4 no_track append",
        "10.9.0.0/24 dev eth1 onlink add",
        "10.9.0.0/24 dev eth1 mtu lock 1400 initcwnd 20 hoplimit 64 quickack 1",
        "10.9.0.0/24 dev eth1 advmss 1 window 2 cwnd 3 ssthresh lock 4 reordering 5 initrwnd 6",
        "10.9.0.0/24 nexthop via 10.1.1.1 weight 3 nexthop via 10.1.1.2 dev eth1 onlink",
        "10.9.0.0/24 nexthop via 10.1.1.1",
        "10.9.0.0/24 via 10.1.1.1 or 10.1.1.2",
        "10.9.0.0/24 gw 10.1.1.1",
        "10.9.0.0/24 dev eth1 realms 5",
        "10.9.0.0/24 dev eth1 protocol 4",
    ];
    let rules = [
        "from 10.9.0.0/24 table 100 priority 5",
        "to 10.9.0.0/24 lookup main",
        "not from fd00:9::/64 iif eth0 oif eth1 table local priority 0x10",
        "inet6 from all table 100 suppress_prefixlength 0",
        "inet6 to all blackhole",
        "fwmark 5 goto 200 priority 100",
        "fwmark 5/0xff tos 16 type unreachable priority 100",
        "prohibit priority 7 protocol 5 no_track",
        "nop priority 8 track_group g",
    ];
    let text = instance(&format!(
        " virtual_routes {{\n  {}\n }}\n virtual_rules {{\n  {}\n }}\n",
        routes.join("\n  "),
        rules.join("\n  ")
    ));
    let config = load_text("k.conf", text.as_str()).config.unwrap();
    let routing = &config.instances[0].routing;
    assert_eq!((routing.routes.len(), routing.rules.len()), (routes.len(), rules.len()), "all are read");
    let text = converted_wholly("ways", &text);
    assert!(text.contains("\"from 10.9.0.0/24 priority 5 table 100\""), "{text}");
}

#[test]
fn what_is_always_there_and_where_files_go_is_converted() {
    let text = format!(
        "global_defs {{\n router_id h1\n state_dump_file state # of ours\n stats_dump_file /run/k/\n json_dump_file j\n json_version 2\n}}\n         # The management address.\nstatic_ipaddress {{\n 10.1.1.200/24 dev eth1 no_track # of this host\n fd00::200/64\n}}\n         static_routes {{\n # to the office\n 10.9.0.0/24 via 10.1.1.1\n}}\nstatic_rules {{\n from 10.9.0.0/24 table 100\n}}\n{}",
        instance("")
    );
    assert_eq!(
        converted_wholly("statics", &text),
        r#"node = "h1"
# of ours
state_dump_file = "state"
stats_dump_file = "/run/k/"
json_dump_file = "j"
json_version = 2

[static]
# The management address.
# of this host
addresses = [{ address = "10.1.1.200/24", dev = "eth1" }, { address = "fd00::200/64", dev = "eth0" }]
# to the office
routes = ["10.9.0.0/24 via 10.1.1.1"]
rules = ["from 10.9.0.0/24 priority 16384 table 100"]

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
virtual_addresses = ["10.1.1.30"]
"#
    );
}

#[test]
fn instances_without_addresses_are_converted() {
    let bare = |keys: &str| {
        format!(
            "vrrp_instance VI_1 {{\n interface eth0\n virtual_router_id 51\n no_virtual_ipaddress\n{keys}\n}}\n"
        )
    };
    for (name, keys) in [
        ("bare", ""),
        ("version-3", "version 3"),
        ("v6", "version 3\n native_ipv6"),
        ("peers", "version 3\n native_ipv6\n unicast_src_ip fd00::1\n unicast_peer {\n  fd00::2\n }"),
        ("excluded", "virtual_ipaddress_excluded {\n  10.1.1.30\n }"),
    ] {
        let text = converted_wholly(name, &bare(keys));
        assert!(text.contains("virtual_addresses = []\n"), "{text}");
    }
}

/// How the kernel runs the engine is a table, and reads back as the same.
#[test]
fn scheduling_is_a_table_of_its_own() {
    let text = "global_defs {\n vrrp_rt_priority 50\n vrrp_priority -5\n vrrp_cpu_affinity 2 0\n vrrp_no_swap\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n \
                virtual_ipaddress {\n  10.1.1.30\n }\n}\n";
    let config = load_text("k.conf", text).config.unwrap();
    let converted = convert(&config, text);
    assert_eq!(converted.lost, [""; 0]);
    let table = "[scheduling]\nreal_time_priority = 50\nnice = -5\ncpu_affinity = [0, 2]\nno_swap = true\n";
    assert!(converted.text.contains(table), "{}", converted.text);
    let read = read_native("scheduling", &converted.text).config.unwrap();
    assert_eq!(read.globals.scheduling, config.globals.scheduling);
}

/// The number in a file, what is written to it, and what it is multiplied by.
#[test]
fn numbers_in_files_are_converted() {
    let text = format!(
        "# Ops write it.\ntrack_file maintenance {{\n file /run/maintenance # one line\n weight -50\n init_file 0 overwrite\n}}\n\
         track_file lag {{\n file /run/lag\n init_file 7\n}}\ntrack_file off {{\n file /run/off\n weight 0 reverse\n}}\n\
         track_file unread {{\n file relative\n}}\n{}",
        instance(" track_file {\n  maintenance\n  lag weight -254\n  off\n }\n")
    );
    assert_eq!(
        converted_wholly("numbers", &text),
        r#"[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
version = 2
virtual_addresses = ["10.1.1.30"]
track = ["maintenance", { check = "lag", weight = -254 }, "off"]

# Ops write it.
[check.maintenance]
# one line
track_file = "/run/maintenance"
init_file = { value = 0, overwrite = true }
weight = -50

[check.lag]
track_file = "/run/lag"
init_file = 7

[check.off]
track_file = "/run/off"
weight = 0
reverse = true
"#
    );
}

#[test]
fn every_option_of_addresses_and_peers_is_converted() {
    let text = "global_defs {\n enable_script_security\n v3_checksum_as_v2\n vrrp_garp_interval 0.001\n}\n\
                # One switch.\ngarp_group {\n gna_interval 0.000500\n interfaces {\n eth1 eth2\n }\n}\n\
                garp_group {\n garp_interval 0\n interface eth3\n}\n\
                # The switch bounces.\ninterface_up_down_delays {\n eth0 1.5 # both\n eth1 0.25 10\n eth2 0 3\n}\n\
                vrrp_instance VI_1 {\n interface eth0\n virtual_router_id 51\n version 3\n unicast_peer {\n  10.1.1.20 min_ttl 254\n  \
                10.1.1.40\n  10.1.1.50 max_ttl 64 min_ttl 60\n }\n virtual_ipaddress {\n  10.1.1.30/24 brd +\n  \
                10.1.1.31/24 broadcast 10.1.1.0\n  10.1.1.32 peer 10.1.1.99\n  10.1.1.33/24 scope 17\n  10.1.1.34/24 scope link\n }\n}\n\
                vrrp_instance VI_6 {\n interface eth1\n virtual_router_id 52\n version 3\n virtual_ipaddress {\n  \
                fe80::30/64\n  fd00::31/64 preferred_lft 90\n  fd00::32/64 preferred_lft 0 home\n  fd00::33 preferred_lft forever\n  \
                fd00::34 peer fd00::99\n  fd00::35/64 mngtmpaddr -nodad\n }\n}\n\
                static_ipaddress {\n 10.1.1.200/24 brd + dev eth0\n}\n";
    assert_eq!(
        converted_wholly("options", text),
        r#"enable_script_security = true
vrrp_garp_interval = "1ms"
# One switch.
garp_group = [{ interfaces = ["eth1", "eth2"], gna_interval = "500us" }, { interfaces = ["eth3"] }]
# The switch bounces.
# both
interface_up_down_delays = { eth0 = "1s 500ms", eth1 = { down = "250ms", up = "10s" }, eth2 = { down = "0s", up = "3s" } }

[static]
addresses = [{ address = "10.1.1.200/24", dev = "eth0", broadcast = "10.1.1.255" }]

[instance.VI_1]
interface = "eth0"
virtual_router_id = 51
virtual_addresses = [
    { address = "10.1.1.30/24", broadcast = "10.1.1.255" },
    { address = "10.1.1.31/24", broadcast = "10.1.1.0" },
    { address = "10.1.1.32", peer = "10.1.1.99" },
    { address = "10.1.1.33/24", scope = 17 },
    { address = "10.1.1.34/24", scope = "link" },
]
unicast_peer = [
    { address = "10.1.1.20", min_ttl = 254 },
    "10.1.1.40",
    { address = "10.1.1.50", min_ttl = 60, max_ttl = 64 },
]
check_unicast_src = true
v3_checksum_as_v2 = true

[instance.VI_6]
interface = "eth1"
virtual_router_id = 52
virtual_addresses = [
    "fe80::30/64",
    { address = "fd00::31/64", preferred_lft = "1m 30s" },
    { address = "fd00::32/64", preferred_lft = "0s", home = true },
    { address = "fd00::33", preferred_lft = "forever" },
    { address = "fd00::34", peer = "fd00::99" },
    { address = "fd00::35/64", dad = true, mngtmpaddr = true },
]
"#
    );
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

/// Also behind lines that are put together from variables, and behind those of definitions.
#[test]
fn comments_behind_variables_are_kept() {
    let text =
        "$VIP=10.1.1.30 # the address\n$BLOCK=track_interface { \\ # several\n# lines\neth1 \\ ! in all\n}\n"
            .to_owned()
            + "vrrp_instance ${_INSTANCE} { # beside\ninterface eth0\nvirtual_router_id 51\n"
            + "virtual_ipaddress {\n${VIP}/24 dev eth0 # main one\n}\n$BLOCK\n@^nobody priority 99 # mine\n}\n";
    let loaded = load_text_as("t.conf", &text, "web");
    let converted = convert(&loaded.config.unwrap(), &loaded.source.text);
    for (comment, key) in [
        ("# the address", "[instance.web]"),
        ("# several", "[instance.web]"),
        ("# lines", "[instance.web]"),
        ("# in all", "[instance.web]"),
        ("# beside", "[instance.web]"),
        ("# main one", "virtual_addresses = "),
        ("# mine", "priority = 99"),
    ] {
        let at = |what: &str| converted.text.lines().position(|line| line.starts_with(what));
        let before = at(comment).zip(at(key)).is_some_and(|(comment, key)| comment < key);
        assert!(before, "{comment}\n{}", converted.text);
    }
}
