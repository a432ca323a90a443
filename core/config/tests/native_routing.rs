//! `virtual_routes`, `virtual_rules`, `[static]`, the files that signals ask for, and instances without addresses, in the native
//! format.

mod common;

use std::net::IpAddr;

use keepwatch_config::model::{Dumps, Hop, InterfaceName, JsonVersion, Routing};
use keepwatch_config::{Site, Style, load_text};
use keepwatch_vrrp::Family;

const CONF: &str = "global_defs {\n state_dump_file /run/a\n json_version 2\n}\nstatic_ipaddress {\n 10.1.1.200/24 dev eth0\n}\n\
                    static_routes {\n 10.8.0.0/24 dev eth0\n}\nvrrp_instance VI_1 {\n interface eth0\n virtual_router_id 50\n \
                    virtual_ipaddress {\n  10.1.1.31\n }\n}\n";
const WEB: &str =
    "[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nvirtual_addresses = [\"10.1.1.30/24\"]\n";

/// A folder with a keepalived.conf and this native file, read.
fn read(name: &str, text: &str) -> Site {
    common::read(&format!("ways-{name}"), CONF, text)
}

/// What a keepalived.conf has of both.
fn of_keepalived(routes: &[&str], rules: &[&str]) -> Routing {
    let text = format!(
        "vrrp_instance a {{\n interface eth0\n virtual_router_id 51\n virtual_ipaddress {{\n 10.1.1.30\n }}\n \
         virtual_routes {{\n{}\n}}\nvirtual_rules {{\n{}\n}}\n}}\n",
        routes.join("\n"),
        rules.join("\n")
    );
    load_text("k.conf", text).config.unwrap().instances.remove(0).routing
}

#[test]
fn routes_and_rules_are_what_keepalived_reads() {
    let routes = ["10.9.0.0/24 via 10.1.1.1 dev eth1 metric 5", "blackhole 10.8.0.0/16 table 100"];
    let rules = ["from 10.9.0.0/24 table 100 priority 1000"];
    let site = read("same", &format!("{WEB}virtual_routes = {routes:?}\nvirtual_rules = {rules:?}\n"));
    assert_eq!(site.render(Style::Plain), "");
    assert_eq!(site.config.unwrap().instances[0].routing, of_keepalived(&routes, &rules));
}

#[test]
fn each_family_has_its_own() {
    let text = WEB.replace("\"]", "\", \"fd00::30/64\"]")
        + "virtual_routes = [\"10.9.0.0/24 via 10.1.1.1\", \"fd00:9::/64 via fd00::1\"]\n\
           virtual_rules = [\"inet6 table 100 priority 5\", \"from 10.0.0.0/8 table 100 priority 5\"]\n";
    let site = read("families", &text);
    assert_eq!(site.render(Style::Plain), "");
    let instances = site.config.unwrap().instances;
    assert_eq!(instances.len(), 2);
    for (instance, via) in instances.iter().zip(["10.1.1.1", "fd00::1"]) {
        let Routing { routes, rules } = &instance.routing;
        let via: IpAddr = via.parse().unwrap();
        assert_eq!(routes[0].hops, [Hop { via: Some(via), ..Hop::default() }], "{}", instance.name);
        assert_eq!((routes.len(), rules.len(), rules[0].family), (1, 1, instance.family));
    }
}

#[test]
fn what_is_wrong_points_at_the_word() {
    let text = "virtual_routes = [\"10.9.0.0/24 vai 10.1.1.1\", \"10.9.0.0/24\\tvai\", \"10.9.0.0/24 dev eth1 realms 5\"]\n\
                virtual_rules = [\"from 10.9.0.0/24 table 100\", 5]\n";
    let site = read("wrong", &format!("{WEB}{text}"));
    assert!(site.config.is_none());
    let expected = r#"error: `vai` is neither a word of a route nor a network
 --> keepwatch.toml:5:32
  |
5 | virtual_routes = ["10.9.0.0/24 vai 10.1.1.1", "10.9.0.0/24\tvai", "10.9.0.0/24 dev eth1 realms 5"]
  |                                ^^^

error: `vai` is neither a word of a route nor a network
 --> keepwatch.toml:5:47
  |
5 | virtual_routes = ["10.9.0.0/24 vai 10.1.1.1", "10.9.0.0/24\tvai", "10.9.0.0/24 dev eth1 realms 5"]
  |                                               ^^^^^^^^^^^^^^^^^^

error: `realms` is not supported by this version
 --> keepwatch.toml:5:89
  |
5 | virtual_routes = ["10.9.0.0/24 vai 10.1.1.1", "10.9.0.0/24\tvai", "10.9.0.0/24 dev eth1 realms 5"]
  |                                                                                         ^^^^^^

error: a rule without priority
 --> keepwatch.toml:6:18
  |
6 | virtual_rules = ["from 10.9.0.0/24 table 100", 5]
  |                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^ write `priority` and a number

error: this is an integer, not a text in quotes
 --> keepwatch.toml:6:48
  |
6 | virtual_rules = ["from 10.9.0.0/24 table 100", 5]
  |                                                ^
"#;
    assert_eq!(site.render(Style::Plain), expected);
}

#[test]
fn what_is_static_adds_to_what_the_keepalived_conf_has() {
    let text = "keepalived = \"k.conf\"\nstats_dump_file = \"stats\"\njson_version = 1\n[static]\n\
                addresses = [{ address = \"fd00::200/64\", dev = \"eth1\" }]\nroutes = [\"10.9.0.0/24 dev eth1\"]\n\
                rules = [\"from 10.9.0.0/24 table 100 priority 1000\"]\n";
    let site = read("static", text);
    assert_eq!(site.render(Style::Plain), "");
    let config = site.config.unwrap();
    let addresses: Vec<String> = config
        .statics
        .addresses
        .iter()
        .map(|address| format!("{} {}", address.address, address.device.as_ref().unwrap()))
        .collect();
    assert_eq!(addresses, ["10.1.1.200 eth0", "fd00::200 eth1"]);
    let own = of_keepalived(
        &["10.8.0.0/24 dev eth0", "10.9.0.0/24 dev eth1"],
        &["from 10.9.0.0/24 table 100 priority 1000"],
    );
    assert_eq!(config.statics.routing, own);
    let dumps = Dumps {
        state: Some("/run/a".to_owned()),
        stats: Some("stats".to_owned()),
        json: None,
        json_version: JsonVersion::Instances,
    };
    assert_eq!(config.globals.dumps, dumps);
}

#[test]
fn mistakes_in_what_is_static() {
    let text = "keepalived = \"k.conf\"\njson_dump_file = \"\"\n[static]\naddresses = [\"10.1.1.201/24\", { address = \
                \"10.1.1.200/24\", dev = \"eth0\", no_track = true }]\nroute = []\n";
    let found = read("mistakes", text).render(Style::Plain);
    let titles: Vec<&str> = found.lines().filter_map(|line| line.strip_prefix("error: ")).collect();
    assert_eq!(
        titles,
        [
            "this cannot be a path",
            "it is not said which interface has this address",
            "the keepalived.conf has this address, too",
            "unknown key `no_track` in an address",
            "unknown key `route` in [static]",
        ]
    );
    assert!(found.contains("did you mean `routes`?"), "{found}");
    let text =
        "keepalived = \"k.conf\"\n[static]\naddresses = [{ address = \"10.1.1.200/24\", dev = \"eth0\" }]\n";
    let found = read("again", text).render(Style::Plain);
    assert!(
        found
            .starts_with("error: the keepalived.conf has this address, too\n --> keepwatch.toml:3:14\n  |\n"),
        "{found}"
    );
}

#[test]
fn an_instance_may_have_no_address() {
    let bare =
        |keys: &str| format!("{}{keys}", WEB.replace("[\"10.1.1.30/24\"]", "[]").replace("[in", "\n[in"));
    let site = read("bare", &bare(""));
    let expected = r#"remark: the instance `web` keeps no address
 --> keepwatch.toml:5:21
  |
5 | virtual_addresses = []
  |                     ^^ it elects a MASTER, and that is all
"#;
    assert_eq!(site.render(Style::Plain), expected);
    let [instance] = &site.config.unwrap().instances[..] else { panic!("one instance") };
    assert_eq!((instance.family, instance.addresses.len()), (Family::V4, 0));
    for (name, keys, families) in [
        ("excluded", "virtual_addresses_excluded = [\"fd00::30/64\"]", vec![Family::V4]),
        ("route", "virtual_routes = [\"10.9.0.0/24 dev eth0\"]", vec![Family::V4]),
        (
            "group",
            "mcast_dst_ip = \"ff02::12\"\nvirtual_routes = [\"fd00:9::/64 dev eth0\"]",
            vec![Family::V6],
        ),
        (
            "peers",
            "unicast_peer = \"fd00::2\"\nvirtual_routes = [\"fd00:9::/64 dev eth0\"]",
            vec![Family::V6],
        ),
        (
            "both",
            "unicast_peer = [\"fd00::2\", \"10.1.1.20\"]\nvirtual_routes = [\"10.9.0.0/24 dev eth0\"]",
            vec![Family::V4, Family::V6],
        ),
    ] {
        let site = read(name, &bare(keys));
        assert_eq!(site.render(Style::Plain), "", "{name}");
        let config = site.config.unwrap();
        let own: Vec<Family> = config.instances.iter().map(|instance| instance.family).collect();
        assert_eq!(own, families, "{name}");
    }
    let eth0 = InterfaceName::new("eth0");
    let site = read("route-2", &bare("virtual_routes = [\"10.9.0.0/24 dev eth0\"]"));
    assert_eq!(site.config.unwrap().instances[0].routing.routes[0].hops[0].device, eth0);
}
