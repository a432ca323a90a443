//! A converted keepalived.conf means the same, over the whole corpus.

mod comments;
mod odd;

use std::path::{Path, PathBuf};

use keepwatch_config::{Site, Style, convert, load, load_site, load_text};

fn corpus() -> Vec<PathBuf> {
    let folders = ["tests/corpus", "../fuzz/corpus/keepalived_conf", "../../examples/haproxy-pair"];
    let folders = folders.map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder));
    let entries = folders.iter().flat_map(|folder| std::fs::read_dir(folder).unwrap());
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
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

/// Nothing is lost, and what comes out is read as the same.
#[test]
fn the_corpus_means_the_same_in_both_formats() {
    let mut same = 0;
    for path in corpus() {
        let Ok(loaded) = load(&path) else { continue };
        let Some(config) = loaded.config else { continue };
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let converted = convert(&config, &loaded.source.text);
        assert_eq!((converted.lost, converted.wrong), (vec![], vec![]), "{name}\n{}", converted.text);
        let site = read_native(&name, &converted.text);
        assert!(site.config.is_some(), "{name}\n{}\n{}", converted.text, site.render(Style::Plain));
        same += 1;
    }
    assert!(same >= 60, "only {same} files of the corpus can be converted wholly");
}

#[test]
fn a_file_without_an_instance_says_so() {
    assert_eq!(
        converted_wholly("none", "# Later.\nvrrp_script a {\n script /bin/true\n}\n"),
        "[instance]\n\n# Of vrrp_script a, which is left out:\n# Later.\n"
    );
    assert_eq!(converted_wholly("node", "global_defs {\n router_id h1\n}\n"), "node = \"h1\"\n");
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
node = "h1"

[nftables]
# not for others
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
    assert_eq!(converted.wrong, [""; 0]);
}

/// What this keepalived.conf means, converted, means the same; gives the text.
fn converted_wholly(name: &str, text: &str) -> String {
    let config = load_text("k.conf", text).config.unwrap();
    let converted = convert(&config, text);
    assert_eq!((converted.lost, converted.wrong), (vec![], vec![]), "{name}\n{}", converted.text);
    let site = read_native(name, &converted.text);
    assert!(site.config.is_some(), "{name}\n{}\n{}", converted.text, site.render(Style::Plain));
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
addresses = [
    { address = "10.1.1.200/24", dev = "eth1" },  # of this host
    { address = "fd00::200/64", dev = "eth0" },
]
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
