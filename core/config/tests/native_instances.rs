//! Instances that a native file makes itself: what they mean, beside a keepalived.conf that means the same, and what an
//! administrator sees who errs, to the letter.

mod common;

use keepwatch_config::model::Deleted;
use keepwatch_config::{Config, Site, Style, load_text};
use keepwatch_vrrp::Start;

use common::read;

fn config(site: Site) -> Config {
    assert_eq!(site.render(Style::Plain), "");
    site.config.unwrap()
}

/// All keys of an instance, and keepalived's lines for each.
#[test]
fn it_means_what_a_keepalived_conf_means() {
    let rows = [
        (
            "plain",
            "version = 2\npriority = 101\nadvert_interval = \"2s\"\nvirtual_addresses = [\"10.1.1.30/24\"]",
            "version 2\npriority 101\nadvert_int 2\nvirtual_ipaddress {\n10.1.1.30/24\n}",
        ),
        (
            "password",
            "version = 2\nauth_pass = \"42\"\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 2\nauthentication {\nauth_type PASS\nauth_pass 42\n}\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "quick",
            "advert_interval = \"10ms\"\nnopreempt = true\nvirtual_addresses = [\"fd00::30/64\", \"fd00::31\"]",
            "version 3\nadvert_int 0.01\nnopreempt\nvirtual_ipaddress {\nfd00::30/64\nfd00::31\n}",
        ),
        (
            "unicast",
            "source = \"10.1.1.10\"\nunicast_peer = [\"10.1.1.20\", \"10.1.1.40\"]\nunicast_ttl = 9\n\
             check_unicast_src = true\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 3\nunicast_src_ip 10.1.1.10\nunicast_peer {\n10.1.1.20\n10.1.1.40\n}\nunicast_ttl 9\n\
             check_unicast_src\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "vmac",
            "use_vmac = true\npreempt_delay = \"30s\"\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 3\nuse_vmac\npreempt_delay 30\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "own vmac",
            "use_vmac = { name = \"web0\", mac = \"02:00:00:00:00:33\", adverts = \"interface\" }\n\
             virtual_addresses = [\"10.1.1.30\"]",
            "version 3\nuse_vmac web0 02:00:00:00:00:33\nvmac_xmit_base\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "ipvlan",
            "use_ipvlan = \"10.1.1.11/24\"\ntrack_src_ip = true\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 3\nuse_ipvlan 10.1.1.11/24\ntrack_src_ip\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "own ipvlan",
            "use_ipvlan = { name = \"ipv0\", address = \"10.1.1.11\", mode = \"private\" }\n\
             virtual_addresses = [\"10.1.1.30\"]",
            "version 3\nuse_ipvlan ipv0 10.1.1.11 private\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "ipvlan with its link-local address",
            "use_ipvlan = {}\nvirtual_addresses = [\"fe80::30/64\"]",
            "use_ipvlan\nvirtual_ipaddress {\nfe80::30/64\n}",
        ),
        (
            "announcing",
            "garp_master_repeat = 2\ngarp_master_delay = \"0s\"\ngarp_master_refresh = \"1m\"\n\
             garp_master_refresh_repeat = 3\ngarp_lower_prio_repeat = 0\ngarp_lower_prio_delay = \"2s\"\n\
             virtual_addresses = [\"10.1.1.30\"]",
            "version 3\ngarp_master_repeat 2\ngarp_master_delay 0\ngarp_master_refresh 60\n\
             garp_master_refresh_repeat 3\ngarp_lower_prio_repeat 0\ngarp_lower_prio_delay 2\n\
             virtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "notified",
            "notify_master = [\"/bin/m\", \"a b\"]\nnotify_backup = { exec = [\"/bin/b\"], user = \"nobody\", group = \
             \"nogroup\" }\nnotify_fault = [\"/bin/f\"]\nnotify_stop = [\"/bin/s\"]\nnotify_deleted = [\"/bin/d\"]\n\
             notify_master_rx_lower_pri = [\"/bin/l\"]\nnotify = [\"/bin/n\"]\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 3\nnotify_master \"/bin/m 'a b'\"\nnotify_backup /bin/b nobody nogroup\nnotify_fault /bin/f\n\
             notify_stop /bin/s\nnotify_deleted /bin/d\nnotify_master_rx_lower_pri /bin/l\nnotify /bin/n\n\
             virtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "near peers",
            "unicast_peer = [{ address = \"10.1.1.20\", min_ttl = 254 }, \"10.1.1.40\"]\n\
             v3_checksum_as_v2 = true\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 3\nunicast_peer {\n10.1.1.20 min_ttl 254\n10.1.1.40\n}\nv3_checksum_as_v2\n\
             virtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "one near peer",
            "unicast_peer = { address = \"fd00::2\", min_ttl = 60, max_ttl = 64 }\nvirtual_addresses = [\"fd00::30/64\"]",
            "version 3\nunicast_peer {\nfd00::2 min_ttl 60 max_ttl 64\n}\nvirtual_ipaddress {\nfd00::30/64\n}",
        ),
        (
            "addresses",
            "virtual_addresses = [{ address = \"10.1.1.30/24\", broadcast = \"10.1.1.255\", scope = 253 }, \
             { address = \"10.1.1.31\", peer = \"10.1.1.99\", scope = 17 }]",
            "version 3\nvirtual_ipaddress {\n10.1.1.30/24 brd + scope link\n10.1.1.31 peer 10.1.1.99 scope 17\n}",
        ),
        (
            "addresses of IPv6",
            "virtual_addresses = [{ address = \"fd00::30/64\", preferred_lft = \"1m\", home = true }, \
             { address = \"fd00::31\", preferred_lft = \"forever\", mngtmpaddr = true }, \
             { address = \"fd00::32\", peer = \"fd00::99\" }]",
            "version 3\nvirtual_ipaddress {\nfd00::30/64 preferred_lft 60 home\n\
             fd00::31 preferred_lft forever mngtmpaddr\nfd00::32 peer fd00::99\n}",
        ),
        (
            "unaccepting",
            "accept = false\nvirtual_addresses = [\"10.1.1.30\"]",
            "version 3\nno_accept\nvirtual_ipaddress {\n10.1.1.30\n}",
        ),
        (
            "others",
            "track_src_ip = true\nsource = \"10.1.1.10\"\npromote_secondaries = true\ndont_track_primary = true\nlower_prio_no_advert = true\nhigher_prio_send_advert = true\n\
             down_timer_adverts = 5\nmcast_dst_ip = \"224.0.0.99\"\npriority = 255\n\
             virtual_addresses = [{ address = \"10.1.1.30/24\", dev = \"eth1\", label = \"eth1:1\", scope = \"link\", \
             no_track = true, noprefixroute = true }]\nvirtual_addresses_excluded = [\"10.1.1.31\", \"fd00::31/64\"]",
            "version 3\ntrack_src_ip\nmcast_src_ip 10.1.1.10\npromote_secondaries\ndont_track_primary\nlower_prio_no_advert\nhigher_prio_send_advert\n\
             down_timer_adverts 5\nmcast_dst_ip 224.0.0.99\npriority 255\n\
             virtual_ipaddress {\n10.1.1.30/24 dev eth1 label eth1:1 scope link no_track noprefixroute\n}\n\
             virtual_ipaddress_excluded {\n10.1.1.31\nfd00::31/64\n}",
        ),
    ];
    for (name, native, keepalived) in rows {
        let native = format!("[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\n{native}\n");
        let keepalived =
            format!("vrrp_instance web {{\ninterface eth0\nvirtual_router_id 51\n{keepalived}\n}}\n");
        let expected = load_text("k.conf", keepalived).config.unwrap_or_else(|| panic!("{name}"));
        let read = config(read("same", "", &native));
        let config = Config { extensions: expected.extensions.clone(), ..read };
        assert_eq!(config, expected, "{name}");
    }
}

/// "IPv4 and IPv6 in one instance (two virtual routers underneath)".
#[test]
fn two_families_are_two_virtual_routers_that_go_together() {
    let text = "node = \"h1.example.com\"\n\
                [instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\npriority = 101\nuse_vmac = true\n\
                virtual_addresses = [\"10.1.1.30/24\", \"fe80::30/64\", \"10.1.1.31/24\", \"fd00::30/64\"]\n\
                virtual_addresses_excluded = [\"fd00::31/64\"]\n\
                track = [{ interface = \"eth1\", weight = -10 }]\n";
    let config = config(read("families", "", text));
    assert_eq!(config.globals.router_id.as_deref(), Some("h1.example.com"));
    let shown: Vec<String> = config
        .instances
        .iter()
        .map(|instance| {
            let addresses = instance.addresses.iter().chain(&instance.excluded);
            let addresses: Vec<String> = addresses.map(|address| address.address.to_string()).collect();
            let tracked = &instance.track_interfaces[0];
            let vmac = instance.vmac().map(|vmac| vmac.interface.to_string()).unwrap_or_default();
            let prefix = format!("{} {} {vmac}", instance.name, instance.priority);
            format!("{prefix} {} tracks {}", addresses.join(" "), tracked.interface)
        })
        .collect();
    assert_eq!(
        shown,
        [
            "web 101 vrrp.51 10.1.1.30 10.1.1.31 tracks eth1",
            "web-ipv6 101 vrrp6.51 fe80::30 fd00::30 fd00::31 tracks eth1"
        ]
    );
    let [group] = config.groups.as_slice() else { panic!("one group") };
    assert_eq!((group.name.as_str(), group.members.join(" ").as_str()), ("web", "web web-ipv6"));
}

/// Its name alone makes nothing the other half of an instance.
#[test]
fn an_instance_of_ones_own_keeps_its_tracks() {
    let text = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n\
                track = [{ interface = \"eth1\", weight = -10 }]\n\
                [instance.web-ipv6]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"fd00::30\"]\n\
                track = [{ interface = \"eth2\", weight = -10 }]\n";
    let config = config(read("alike", "", text));
    let tracked: Vec<&str> =
        config.instances.iter().map(|instance| instance.track_interfaces[0].interface.as_str()).collect();
    assert_eq!((tracked, config.groups.len()), (vec!["eth1", "eth2"], 0));
}

#[test]
fn an_owner_may_listen_first() {
    let of = |keys: &str| {
        let text = format!(
            "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n{keys}"
        );
        read("state", "", &text)
    };
    for (keys, start) in [
        ("priority = 255", Start::Asserting),
        ("priority = 255\nstate = \"MASTER\"", Start::Asserting),
        ("priority = 255\nstate = \"BACKUP\"", Start::Listening),
        ("", Start::Listening),
    ] {
        assert_eq!(config(of(keys)).instances[0].start, start, "{keys}");
    }
    let said = of("state = \"MASTER\"").render(Style::Plain);
    assert!(said.starts_with("error: `state` is for priority 255\n --> keepwatch.toml:5:1\n"), "{said}");
}

#[test]
fn a_name_is_one_line() {
    let text = "[instance.\"web\\nshop\"]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n";
    let site = read("line", "", text);
    let said = site.render(Style::Plain);
    assert!(site.config.is_none() && said.contains("^^^^^^^^^^^ a name is one line\n"), "{said}");
}

#[test]
fn a_group_has_both_families_of_its_members() {
    let instance = |name: &str, vrid: u8, addresses: &str| {
        format!(
            "[instance.{name}]\ninterface = \"eth0\"\nvirtual_router_id = {vrid}\nvirtual_addresses = [{addresses}]\n"
        )
    };
    let (web, db) = (instance("web", 51, "\"10.1.1.30\", \"fd00::30\""), instance("db", 52, "\"10.1.1.31\""));
    let conf =
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 53\nvirtual_ipaddress {\n10.1.1.33\n}\n}\n";
    let text =
        format!("keepalived = \"k.conf\"\n{web}{db}[group.all]\nmembers = [\"web\", \"db\", \"VI_1\"]\n");
    let config = config(read("group", conf, &text));
    let names: Vec<&str> = config.instances.iter().map(|instance| instance.name.as_str()).collect();
    assert_eq!(names, ["VI_1", "db", "web", "web-ipv6"]);
    let [group] = config.groups.as_slice() else { panic!("one group") };
    assert_eq!(group.members.join(" "), "web web-ipv6 db VI_1");
}

#[test]
fn a_group_says_how_its_members_are_told_of_as_deleted() {
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "[instance.{name}]\ninterface = \"eth0\"\nvirtual_router_id = {vrid}\nvirtual_addresses = [\"10.1.1.{vrid}\"]\n{more}\n"
        )
    };
    let text = instance("a", 1, "notify_deleted = [\"/a\"]")
        + &instance("b", 2, "")
        + &instance("c", 3, "")
        + "[group.g]\nmembers = [\"a\", \"b\"]\nnotify_deleted = [\"/g\"]\n";
    let config = config(read("deleted", "", &text));
    let program = |deleted: &Deleted| match deleted {
        Deleted::AsDeleted(Some(command)) => command.argv.join(" "),
        other => format!("{other:?}"),
    };
    let told: Vec<String> =
        config.instances.iter().map(|instance| program(&instance.notify.deleted)).collect();
    assert_eq!(told, ["/a", "/g", "AsFault"]);
    assert_eq!(config.groups[0].notify.deleted, Deleted::AsFault);
}

#[test]
fn what_a_group_tracks_its_members_track() {
    let text = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30\"]\n\
                [instance.db]\ninterface = \"eth0\"\nvirtual_router_id = 52\nvirtual_addresses = [\"10.1.1.31\"]\n\
                [group.all]\nmembers = [\"web\", \"db\"]\ntrack = [\"up\", { interface = \"eth1\", weight = -10 }]\n\
                [check.up]\ntcp = \"127.0.0.1:80\"\n";
    let read_config = config(read("tracking", "", text));
    for instance in &read_config.instances {
        let group = &read_config.groups[0];
        let (checks, interfaces) = (&instance.track_checks, &instance.track_interfaces);
        assert_eq!((checks, interfaces), (&group.track_checks, &group.track_interfaces), "{}", instance.name);
        assert_eq!((checks.len(), interfaces.len()), (1, 1));
    }
    let alone =
        text.replacen("[\"10.1.1.30\"]", "[\"10.1.1.30\"]\ntrack = [{ check = \"up\", weight = -5 }]", 1);
    let text = read("alone", "", &alone.replace("\"up\", {", "{")).render(Style::Plain);
    assert!(text.starts_with("error: `up` would move one member of the group alone\n"), "{text}");
}

#[test]
fn all_mistakes_at_once() {
    let conf =
        "vrrp_instance VI_1 {\ninterface eth0\nvirtual_router_id 53\nvirtual_ipaddress {\n10.1.1.33\n}\n}\n";
    let text = r#"keepalived = "k.conf"

[instance.VI_1]
interface = "eth0"
virtual_router_id = 53
virtual_addresses = ["10.1.1.33"]

[instance.web]
interface = "lo"
virtual_router_id = 256
virtual_addresses = ["10.1.1.300", "10.1.1.30/33", { address = "10.1.1.31", dad = true }]

[instance.db]
interface = "eth0"
version = 2
priorty = 100
advert_interval = "1500ms"
auth_pass = "longer than eight"
nopreempt = true
preempt_delay = "3s"
unicast_ttl = 3

[group.all]
members = ["db", "wbe"]
"#;
    let site = read("mistakes", conf, text);
    assert!(site.config.is_none());
    assert_eq!(
        site.render(Style::Plain),
        r#"error: `VI_1` is there already
 --> keepwatch.toml:3:11
  |
3 | [instance.VI_1]
  |           ^^^^
  |
  = help: what the keepalived.conf has is changed there; here it can have `track` only

error: virtual_router_id 53 is used twice on eth0, here and by `VI_1`
 --> keepwatch.toml:5:21
  |
5 | virtual_router_id = 53
  |                     ^^ give one of them another

error: a loopback interface cannot carry adverts
 --> keepwatch.toml:9:13
  |
9 | interface = "lo"
  |             ^^^^

error: this number cannot be
  --> keepwatch.toml:10:21
   |
10 | virtual_router_id = 256
   |                     ^^^ a whole number from 1 to 255

error: `10.1.1.300` is no IP address
  --> keepwatch.toml:11:22
   |
11 | virtual_addresses = ["10.1.1.300", "10.1.1.30/33", { address = "10.1.1.31", dad = true }]
   |                      ^^^^^^^^^^^^ such as 10.1.1.30/24 or fd00::30/64

error: `10.1.1.30/33` has a prefix length that cannot be
  --> keepwatch.toml:11:36
   |
11 | virtual_addresses = ["10.1.1.300", "10.1.1.30/33", { address = "10.1.1.31", dad = true }]
   |                                    ^^^^^^^^^^^^^^ 0 to 32

error: an IPv4 address has no `dad`
  --> keepwatch.toml:11:77
   |
11 | virtual_addresses = ["10.1.1.300", "10.1.1.30/33", { address = "10.1.1.31", dad = true }]
   |                                                                             ^^^ remove this

error: the instance `db` has no virtual_router_id
  --> keepwatch.toml:13:11
   |
13 | [instance.db]
   |           ^^
   |
   = help: add virtual_router_id = 51: 1 to 255, the same on all its routers

error: the instance `db` has no virtual_addresses
  --> keepwatch.toml:13:11
   |
13 | [instance.db]
   |           ^^
   |
   = help: add virtual_addresses = ["10.1.1.30/24"]: what it keeps alive

error: unknown key `priorty` in [instance]
  --> keepwatch.toml:16:1
   |
16 | priorty = 100
   | ^^^^^^^ did you mean `priority`?

error: adverts cannot be sent in this interval
  --> keepwatch.toml:17:19
   |
17 | advert_interval = "1500ms"
   |                   ^^^^^^^^ VRRP version 2 counts whole seconds, 1 to 255

error: a password has 1 to 8 octets
  --> keepwatch.toml:18:13
   |
18 | auth_pass = ******* **** ******
   |             ^^^^^^^^^^^^^^^^^^^

error: `preempt_delay` does not go with `nopreempt`
  --> keepwatch.toml:20:17
   |
20 | preempt_delay = "3s"
   |                 ^^^^ remove one of them

error: `unicast_ttl` without `unicast_peer`
  --> keepwatch.toml:21:15
   |
21 | unicast_ttl = 3
   |               ^

error: there is no instance `wbe`
  --> keepwatch.toml:24:18
   |
24 | members = ["db", "wbe"]
   |                  ^^^^^ did you mean `web`?
"#
    );
}

#[test]
fn mistakes_about_peers_and_addresses() {
    let rows = [
        ("unicast_peer = [{ min_ttl = 1 }]", "error: this peer has no address"),
        ("unicast_peer = [{ address = \"10.1.1.20\", ttl = 1 }]", "error: unknown key `ttl` in a peer"),
        ("unicast_peer = [{ address = \"10.1.1.20\", max_ttl = 256 }]", "error: this number cannot be"),
        (
            "unicast_peer = [\"10.1.1.20\", { address = \"10.1.1.20\", min_ttl = 2 }]",
            "error: this address is there already",
        ),
        (
            "unicast_peer = { address = \"10.1.1.20\", min_ttl = 2 }\ncheck_unicast_src = false",
            "error: peers whose TTL counts are the only ones that are heard",
        ),
        ("version = 2\nv3_checksum_as_v2 = true", "error: version 2 has no pseudo-header in its checksum"),
    ];
    let addresses = [
        ("\"10.1.1.30/24\", broadcast = \"+\"", "error: + is no IP address"),
        ("\"10.1.1.30/24\", broadcast = \"fd00::1\"", "error: this is no IPv4 address"),
        ("\"10.1.1.30/24\", home = true", "error: an IPv4 address has no home"),
        ("\"10.1.1.30/24\", preferred_lft = \"1s\"", "error: an IPv4 address has no preferred_lft"),
        ("\"fd00::30/64\", broadcast = \"10.1.1.1\"", "error: an IPv6 address has no broadcast"),
        ("\"fd00::30/64\", preferred_lft = \"1500ms\"", "error: the kernel counts lifetimes in seconds"),
        ("\"fd00::30/64\", preferred_lft = \"ever\"", "error: `ever` is no duration"),
        ("\"10.1.1.30/24\", peer = \"10.1.1.99\"", "error: an address with a peer has no prefix length"),
        ("\"10.1.1.30\", peer = \"fd00::99\"", "error: this is not of the family of its address"),
        (
            "\"10.1.1.30\", peer = \"10.1.1.99\", broadcast = \"10.1.1.255\"",
            "error: an address with a peer has no broadcast address",
        ),
        ("\"10.1.1.30/24\", scope = 256", "error: this number cannot be"),
    ];
    let instance = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\n";
    let of_peers = rows.map(|(keys, expected)| {
        (format!("{instance}{keys}\nvirtual_addresses = [\"10.1.1.30\"]\n"), expected)
    });
    let of_addresses = addresses.map(|(address, expected)| {
        (format!("{instance}virtual_addresses = [{{ address = {address} }}]\n"), expected)
    });
    let of_ipv6 = format!("{instance}v3_checksum_as_v2 = true\nvirtual_addresses = [\"fe80::30/64\"]\n");
    let of_ipv6 = [(of_ipv6, "error: the checksum over IPv6 always has its pseudo-header")];
    for (text, expected) in of_peers.into_iter().chain(of_addresses).chain(of_ipv6) {
        let said = read("peers", "", &text).render(Style::Plain);
        let first = said.lines().next().unwrap_or_default().replace('`', "");
        assert_eq!(first, expected.replace('`', ""), "{text}");
    }
}

/// Only instances have a priority: a group says it for its members, unless they say something else.
#[test]
fn changes_of_priorities_of_a_group() {
    let text = |group: &str| {
        let instance = |name: &str, vrid: u8, more: &str| {
            format!(
                "[instance.{name}]\ninterface = \"eth0\"\nvirtual_router_id = {vrid}\n{more}\nvirtual_addresses = [\"10.1.1.{vrid}\"]\n"
            )
        };
        let (a, b) = (instance("a", 1, ""), instance("b", 2, "notify_priority_changes = false"));
        let (c, d) = (instance("c", 3, "notify_priority_changes = true"), instance("d", 4, ""));
        format!("{a}{b}{c}{d}[group.g]\nmembers = [\"a\", \"b\", \"c\"]\n{group}\n")
    };
    for (group, expected) in [
        ("", [false, false, true, false]),
        ("notify_priority_changes = false", [false, false, true, false]),
        ("notify_priority_changes = true", [true, false, true, false]),
    ] {
        let config = config(read("priority-changes", "", &text(group)));
        let said: Vec<bool> =
            config.instances.iter().map(|instance| instance.notify.priority_changes).collect();
        assert_eq!(said, expected, "{group}");
        assert!(!config.groups[0].notify.priority_changes, "a group has none");
    }
}

/// What an ipvlan cannot do without, and what it cannot stand beside.
#[test]
fn mistakes_about_ipvlans() {
    let instance = |name: &str, vrid: u8, more: &str| {
        format!(
            "[instance.{name}]\ninterface = \"eth0\"\nvirtual_router_id = {vrid}\n{more}\n\
             virtual_addresses = [\"10.1.{vrid}.1\"]\n"
        )
    };
    let rows = [
        ("use_ipvlan = {}", "error: `use_ipvlan` needs an address with IPv4"),
        ("use_ipvlan = true", "error: this is a boolean, not its address, or {"),
        ("use_ipvlan = \"fd00::11/64\"", "error: fd00::11 is not of the instance's family"),
        ("use_ipvlan = \"ipv0\"", "error: `ipv0` is no IP address"),
        (
            "use_ipvlan = { address = [\"10.1.1.11\", \"10.1.1.12\"] }",
            "error: an ipvlan has one address of each family here",
        ),
        ("use_ipvlan = { address = \"10.1.1.11\", mode = \"l3\" }", "error: `l3` cannot be here"),
        ("use_ipvlan = \"10.1.1.11\"\nuse_vmac = true", "error: `use_ipvlan` does not go with `use_vmac`"),
    ];
    for (more, expected) in rows {
        let said = read("ipvlan", "", &instance("web", 51, more)).render(Style::Plain);
        assert!(said.starts_with(expected), "{more}: {said}");
    }
    let beside = |own: &str, other: &str| {
        let text = format!("{}{}", instance("a", 1, other), instance("b", 2, own));
        read("ipvlans", "", &text).render(Style::Plain)
    };
    let ipvlan = "use_ipvlan = \"10.1.1.11\"";
    let said = beside(ipvlan, "use_vmac = true");
    assert!(said.starts_with("error: `use_vmac` and `use_ipvlan` on one interface, eth0"), "{said}");
    let said = beside("use_ipvlan = { address = \"10.1.1.12\", mode = \"vepa\" }", ipvlan);
    assert!(said.starts_with("warning: the ipvlans on eth0 have one mode"), "{said}");
    assert_eq!(beside("use_ipvlan = \"10.1.1.12\"", ipvlan), "");
}

/// One of each family: two virtual routers, each with an ipvlan.
#[test]
fn ipvlans_of_both_families() {
    let text = "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\n\
                use_ipvlan = { address = [\"10.1.1.11/24\", \"fd00::11/64\"] }\n\
                virtual_addresses = [\"10.1.1.30/24\", \"fe80::30/64\"]\n";
    let config = config(read("ipvlans-of-both", "", text));
    let shown: Vec<String> = config
        .instances
        .iter()
        .filter_map(|instance| instance.ipvlan())
        .map(|ipvlan| format!("{} {:?}", ipvlan.interface, ipvlan.address.unwrap()))
        .collect();
    assert_eq!(shown, ["vrrp.51 (10.1.1.11, 24)", "vrrp6.51 (fd00::11, 64)"]);
}
