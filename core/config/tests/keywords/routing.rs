//! `virtual_routes`, `virtual_rules` and their like that are static.

use keepwatch_config::Config;
use keepwatch_config::model::{
    Hop, InterfaceName, MetricKind, Route, RouteKind, RouteMetric, RoutePlacement, Rule, RuleAction, Scope,
};
use keepwatch_vrrp::Family;

use super::{GOOD, read, with_instance};

fn route(entry: &str) -> (Option<Route>, Vec<String>) {
    let (instance, said) = with_instance(&format!("virtual_routes {{\n{entry}\n}}"));
    (instance.routing.routes.into_iter().next(), said)
}

fn rule(entry: &str) -> (Option<Rule>, Vec<String>) {
    let (instance, said) = with_instance(&format!("virtual_rules {{\n{entry}\n}}"));
    (instance.routing.rules.into_iter().next(), said)
}

fn plain(text: &str, destination: (&str, u8)) -> Route {
    Route {
        text: text.to_owned(),
        kind: RouteKind::Unicast,
        destination: (destination.0.parse().unwrap(), destination.1),
        source: None,
        hops: Vec::new(),
        table: 254,
        protocol: 18,
        scope: None,
        metric: None,
        tos: 0,
        metrics: Vec::new(),
        placement: RoutePlacement::Before,
    }
}

fn via(address: &str) -> Hop {
    Hop { via: Some(address.parse().unwrap()), ..Hop::default() }
}

fn dev(name: &str) -> Hop {
    Hop { device: InterfaceName::new(name), ..Hop::default() }
}

#[test]
fn every_word_of_a_route_has_its_place_in_the_model() {
    let net = ("10.9.0.0", 24);
    let one = |text: &str, hop: Hop| Route { hops: vec![hop], ..plain(text, net) };
    let metric = |kind, value, locked| RouteMetric { kind, value, locked };
    let several = vec![
        Hop { weight: 3, ..via("10.1.1.1") },
        Hop { weight: 1, onlink: true, device: InterfaceName::new("eth1"), ..via("10.1.1.2") },
    ];
    let table = [
        ("10.9.0.0/24 via 10.1.1.1", one("", via("10.1.1.1"))),
        ("to 10.9.0.0/24 dev eth1", one("", dev("eth1"))),
        (
            "src 10.1.1.30 to 10.9.0.0/24 via 10.1.1.1 oif eth1",
            Route {
                source: Some("10.1.1.30".parse().unwrap()),
                ..one("", Hop { device: InterfaceName::new("eth1"), ..via("10.1.1.1") })
            },
        ),
        ("default via 10.1.1.1", Route { hops: vec![via("10.1.1.1")], ..plain("", ("0.0.0.0", 0)) }),
        ("inet6 default dev eth0", Route { hops: vec![dev("eth0")], ..plain("", ("::", 0)) }),
        ("default6 dev eth0", Route { hops: vec![dev("eth0")], ..plain("", ("::", 0)) }),
        ("default via inet6 fe80::1 dev eth0", {
            let hop = Hop { device: InterfaceName::new("eth0"), ..via("fe80::1") };
            Route { hops: vec![hop], ..plain("", ("::", 0)) }
        }),
        ("blackhole 10.9.0.0/24", Route { kind: RouteKind::Blackhole, ..plain("", net) }),
        ("to prohibit 10.9.0.0/24", Route { kind: RouteKind::Prohibit, ..plain("", net) }),
        (
            "10.9.0.0/24 dev eth1 table 100 metric 5 scope link tos 0x10",
            Route { table: 100, metric: Some(5), scope: Some(Scope::Link), tos: 16, ..one("", dev("eth1")) },
        ),
        (
            "10.9.0.0/24 dev eth1 protocol 4 no_track append",
            Route { protocol: 4, placement: RoutePlacement::Behind, ..one("", dev("eth1")) },
        ),
        (
            "10.9.0.0/24 dev eth1 onlink add",
            Route { placement: RoutePlacement::Alone, ..one("", Hop { onlink: true, ..dev("eth1") }) },
        ),
        (
            "10.9.0.0/24 dev eth1 mtu lock 1400 initcwnd 20 hoplimit 64",
            Route {
                metrics: vec![
                    metric(MetricKind::Mtu, 1400, true),
                    metric(MetricKind::InitCwnd, 20, false),
                    metric(MetricKind::HopLimit, 64, false),
                ],
                ..one("", dev("eth1"))
            },
        ),
        (
            "10.9.0.0/24 nexthop via 10.1.1.1 weight 3 nexthop via 10.1.1.2 dev eth1 onlink",
            Route { hops: several, ..plain("", net) },
        ),
    ];
    for (entry, expected) in table {
        assert_eq!(route(entry), (Some(Route { text: entry.to_owned(), ..expected }), vec![]), "{entry}");
    }
}

#[test]
fn what_is_wrong_with_a_route_is_said_and_ends_as_with_keepalived() {
    let table = [
        ("via 10.1.1.1", "warning a route without destination", false),
        ("10.9.0.0/24 via fd00::1", "warning `fd00::1` is of another family than what stands before", false),
        ("10.9.0.0/33 dev eth1", "warning `10.9.0.0/33` has a prefix length that cannot be", false),
        ("10.9.0.0/24 vai 10.1.1.1", "warning `vai` is neither a word of a route nor a network", false),
        ("10.9.0.0/24 dev eth1 table nowhere", "warning there is no routing table `nowhere`", false),
        ("10.9.0.0/24 dev eth1 metric x", "warning `x` is no number", false),
        ("10.9.0.0/24 encap mpls 5 dev eth1", "warning `encap` is not supported by this version", false),
        ("fd00:9::/64 from fd00::/64 dev eth1", "warning `from` is not supported by this version", false),
        ("10.9.0.0/24 dev eth1 realms 1/2", "warning `realms` is not supported by this version", true),
        ("10.9.0.0/24 dev eth1 rtt lock 5", "warning `rtt` is not supported by this version", true),
        ("10.9.0.0/24 gw 10.1.1.1", "warning `gw` is deprecated", true),
        ("10.9.0.0/24 via 10.1.1.1 or 10.1.1.2", "warning `or` is deprecated", true),
        (
            "10.9.0.0/24 dev eth1 protocol 4",
            "warning a route that is tracked is keepalived's: `protocol` goes with `no_track`",
            true,
        ),
    ];
    for (entry, message, is_kept) in table {
        let (route, said) = route(entry);
        assert_eq!((said, route.is_some()), (vec![message.to_owned()], is_kept), "{entry}");
    }
    let (config, said) =
        read(&format!("vrrp_instance a {{\n{GOOD}virtual_routes {{\n10.9.0.0/24 via\n}}\n}}"));
    assert_eq!((config, said), (None, vec!["error `via` needs a value".to_owned()]));
}

#[test]
fn every_word_of_a_rule_has_its_place_in_the_model() {
    let plain = Rule {
        text: String::new(),
        family: Family::V4,
        from: None,
        to: None,
        negated: false,
        incoming: None,
        outgoing: None,
        mark: None,
        tos: 0,
        priority: 7,
        action: RuleAction::Table(100),
        suppress_prefix_len: None,
        protocol: 18,
    };
    let network = |text: &str, length| Some((text.parse().unwrap(), length));
    let table = [
        ("from 10.1.1.30 table 100 priority 7", Rule { from: network("10.1.1.30", 32), ..plain.clone() }),
        ("to 10.0.0.0/8 lookup 0x64 order 7", Rule { to: network("10.0.0.0", 8), ..plain.clone() }),
        ("from all table main preference 7", Rule { action: RuleAction::Table(254), ..plain.clone() }),
        (
            "inet6 not from fd00::/8 table 100 priority 7",
            Rule { family: Family::V6, negated: true, from: network("fd00::", 8), ..plain.clone() },
        ),
        (
            "iif eth0 oif eth1 fwmark 0x10/0xf0 tos 8 table 100 priority 7",
            Rule {
                incoming: InterfaceName::new("eth0"),
                outgoing: InterfaceName::new("eth1"),
                mark: Some((16, 240)),
                tos: 8,
                ..plain.clone()
            },
        ),
        ("fwmark 3 table 100 priority 7", Rule { mark: Some((3, u32::MAX)), ..plain.clone() }),
        (
            "table 100 suppress_prefixlength 0 priority 7",
            Rule { suppress_prefix_len: Some(0), ..plain.clone() },
        ),
        ("goto 9 priority 7", Rule { action: RuleAction::Goto(9), ..plain.clone() }),
        ("type blackhole priority 7", Rule { action: RuleAction::Blackhole, ..plain.clone() }),
        ("nop priority 7 protocol 4 no_track", Rule { action: RuleAction::Nop, protocol: 4, ..plain }),
    ];
    for (entry, expected) in table {
        assert_eq!(rule(entry), (Some(Rule { text: entry.to_owned(), ..expected }), vec![]), "{entry}");
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_said_and_ends_as_with_keepalived() {
    let table = [
        ("from 10.1.1.30 priority 7", "warning a rule that does nothing", false),
        ("from 10.1.1.30 table 0 priority 7", "warning a rule cannot ask table 0", false),
        ("table 5 nop priority 7", "warning a rule does one thing only", false),
        ("goto 9 priority 9", "warning `goto` needs a lower `priority` than it goes to", false),
        (
            "from 10.1.1.30 to fd00::1 table 5 priority 7",
            "warning `fd00::1` is of another family than what stands before",
            false,
        ),
        ("fwmark -1 table 5 priority 7", "warning `-1` is no mark", false),
        ("dport 53 table 5 priority 7", "warning `dport` is not supported by this version", false),
        ("tabel 5 priority 7", "warning `tabel` is no word of a rule", false),
        (
            "blackhole suppress_prefixlength 0 priority 7",
            "warning `suppress_prefixlength` goes with `table` only",
            false,
        ),
        ("table 5", "warning a rule without priority", true),
    ];
    for (entry, message, is_kept) in table {
        let (rule, said) = rule(entry);
        assert_eq!((said, rule.is_some()), (vec![message.to_owned()], is_kept), "{entry}");
    }
}

#[test]
fn rules_without_priority_are_numbered_downwards_for_each_family() {
    let text = format!(
        "static_rules {{\ntable 5\n}}\nvrrp_instance a {{\n{GOOD}virtual_rules {{\ntable 6\ninet6 table 7\n}}\n}}"
    );
    let config: Config = read(&text).0.unwrap();
    let priorities = |rules: &[Rule]| rules.iter().map(|rule| rule.priority).collect::<Vec<_>>();
    assert_eq!(priorities(&config.statics.routing.rules), [16384]);
    assert_eq!(priorities(&config.instances[0].routing.rules), [16383, 16384]);
}

#[test]
fn static_addresses_go_to_the_default_interface_unless_they_say_otherwise() {
    let instance = format!("vrrp_instance a {{\n{GOOD}}}");
    let block = "static_ipaddress {\n10.7.7.1/24\n10.7.7.2 dev eth1\n10.7.7.1/16\n}";
    for (globals, expected) in [("", "eth0"), ("global_defs {\ndefault_interface eth2\n}", "eth2")] {
        let (config, said) = read(&format!("{globals}\n{block}\n{instance}"));
        let found: Vec<String> = config
            .unwrap()
            .statics
            .addresses
            .iter()
            .map(|it| format!("{}/{} {}", it.address, it.prefix_len, it.device.as_ref().unwrap()))
            .collect();
        assert_eq!(found, [format!("10.7.7.1/24 {expected}"), "10.7.7.2/32 eth1".to_owned()]);
        assert_eq!(said, ["warning this address is there already"]);
    }
}

/// Where iproute2's lists are, and what is in them: a file of the administrator's goes before the distribution's.
#[test]
fn names_of_numbers_come_from_the_lists_of_iproute2() {
    let folder = std::env::temp_dir().join(format!("keepwatch-names-{}", std::process::id()));
    for (name, text) in [
        ("etc/rt_tables", "100 uplink\n"),
        ("usr/rt_tables", "200 uplink\n"),
        ("usr/rt_protos", "77 mine\n"),
        ("usr/rt_scopes", "7 street\n"),
        ("usr/rt_dsfield", "0x10 AF\n"),
    ] {
        let path = folder.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = folder.display();
    let globals = format!("global_defs {{\niproute_etc_dir {path}/etc\niproute_usr_dir {path}/usr\n}}\n");
    let text = format!(
        "{globals}static_ipaddress {{\n10.9.0.9 scope street\n}}\nstatic_routes {{\n\
         10.9.0.0/24 dev eth1 table uplink protocol mine scope street tos AF no_track\n}}\n\
         static_rules {{\nfrom 10.9.0.0/24 table uplink tos AF priority 5\n}}\nvrrp_instance a {{\n{GOOD}}}\n"
    );
    let (config, said) = read(&text);
    assert_eq!(said, Vec::<String>::new());
    let Config { statics, .. } = config.unwrap();
    assert_eq!(statics.addresses[0].scope, Scope::Number(7));
    let route = &statics.routing.routes[0];
    assert_eq!((route.table, route.protocol, route.scope), (100, 77, Some(Scope::Number(7))));
    assert_eq!((route.tos, statics.routing.rules[0].tos), (16, 16));
    assert_eq!(statics.routing.rules[0].action, RuleAction::Table(100));
    std::fs::remove_dir_all(&folder).unwrap();
    let (found, said) = protocol_of("10.9.0.0/24 dev eth1 protocol static no_track");
    assert_eq!((found, said), (Some(4), vec![]), "without a list");
    let (found, said) = protocol_of("10.9.0.0/24 dev eth1 protocol nobody no_track");
    assert_eq!((found, said), (None, vec!["warning `nobody` is neither a number nor a name".to_owned()]));
}

/// The protocol of a route.
fn protocol_of(entry: &str) -> (Option<u8>, Vec<String>) {
    let (found, said) = route(entry);
    (found.map(|found| found.protocol), said)
}
