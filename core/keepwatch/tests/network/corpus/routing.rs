//! Routes and rules in words that both can be brought into: the pairs of what is said, sorted.

use std::net::IpAddr;

use keepwatch_config::model::{Hop, MetricKind, Route, RouteKind, RoutePlacement, Rule, RuleAction, Scope};

/// Who adds routes and rules unless they say otherwise: not compared, keepalived leaves it out without `no_track`.
const KEEPALIVED: u8 = 18;

/// A line of keepalived's dump about a route: `prepend 10.9.0.0/24 via inet 10.1.1.1 dev eth0 proto 18`.
pub(super) fn their_route(line: &str) -> String {
    let line = line.split(" [installed").next().unwrap_or_default();
    let (line, hops) = line.split_once(" nexthop ").map_or((line, None), |(line, hops)| (line, Some(hops)));
    let mut words =
        line.split_whitespace().filter(|word| !matches!(*word, "add" | "prepend" | "inet" | "inet6"));
    let mut pairs = Vec::new();
    let mut destination = String::new();
    while let Some(word) = words.next() {
        match word {
            "no_track" => {}
            "append" | "onlink" | "unicast" => pairs.push(word.to_owned()),
            "blackhole" | "unreachable" | "prohibit" | "throw" => pairs.push(format!("type {word}")),
            word if word.contains(['.', ':', '/']) || word == "default" => destination = word.to_owned(),
            word => pairs.push(format!("{word} {}", words.next().unwrap_or_default())),
        }
    }
    if let Some(hops) = hops {
        // `via inet 10.1.1.1 dev eth0 weight 3 nexthop ...`; a weight of 1 is not said.
        let of = |hop: &str| {
            let words = hop.split_whitespace().filter(|word| !matches!(*word, "inet" | "inet6" | "no_track"));
            words.collect::<Vec<_>>().join(" ")
        };
        pairs.extend(hops.split(" nexthop ").map(|hop| format!("nexthop {}", of(hop))));
    }
    pairs.retain(|pair| *pair != format!("proto {KEEPALIVED}"));
    sorted(&destination, pairs)
}

/// The same of a route of ours.
pub(super) fn our_route(route: &Route) -> String {
    let mut pairs = Vec::new();
    match route.kind {
        RouteKind::Unicast => {}
        RouteKind::Blackhole => pairs.push("type blackhole".to_owned()),
        RouteKind::Unreachable => pairs.push("type unreachable".to_owned()),
        RouteKind::Prohibit => pairs.push("type prohibit".to_owned()),
        RouteKind::Throw => pairs.push("type throw".to_owned()),
    }
    pairs.extend(route.source.map(|source| format!("src {source}")));
    match route.hops.as_slice() {
        [hop] => pairs.extend(of_hop(hop)),
        hops => pairs.extend(hops.iter().map(|hop| {
            let weight = (hop.weight > 1).then(|| format!("weight {}", hop.weight));
            format!("nexthop {}", of_hop(hop).into_iter().chain(weight).collect::<Vec<_>>().join(" "))
        })),
    }
    if route.table != 254 {
        pairs.push(format!("table {}", route.table));
    }
    if route.protocol != KEEPALIVED {
        pairs.push(format!("proto {}", route.protocol));
    }
    pairs.extend(route.scope.map(|scope| format!("scope {}", number(scope))));
    pairs.extend(route.metric.map(|metric| format!("metric {metric}")));
    if route.tos != 0 {
        pairs.push(format!("tos {}", route.tos));
    }
    pairs.extend(route.metrics.iter().map(|metric| match metric.kind {
        MetricKind::Mtu => format!("mtu {}", metric.value),
        kind => format!("{kind:?} {}", metric.value),
    }));
    if route.placement == RoutePlacement::Behind {
        pairs.push("append".to_owned());
    }
    let (address, length) = route.destination;
    sorted(&format!("{address}/{length}"), pairs)
}

const fn number(scope: Scope) -> u8 {
    match scope {
        Scope::Global => 0,
        Scope::Site => 200,
        Scope::Link => 253,
        Scope::Host => 254,
        Scope::Nowhere => 255,
        Scope::Number(number) => number,
    }
}

fn of_hop(hop: &Hop) -> Vec<String> {
    let via = hop.via.map(|via| format!("via {via}"));
    let device = hop.device.as_ref().map(|device| format!("dev {device}"));
    via.into_iter().chain(device).chain(hop.onlink.then(|| "onlink".to_owned())).collect()
}

/// A line of keepalived's dump about a rule: `from 10.1.1.30 priority 500 tos 0x0 protocol 18 lookup 100`.
pub(super) fn their_rule(line: &str) -> String {
    let mut words = line.split_whitespace();
    let mut pairs = Vec::new();
    while let Some(word) = words.next() {
        match word {
            "no_track" | "inet6" => {}
            "not" | "nop" => pairs.push(word.to_owned()),
            word => pairs.push(format!("{word} {}", words.next().unwrap_or_default())),
        }
    }
    let unsaid = ["from all".to_owned(), "tos 0x0".to_owned(), format!("protocol {KEEPALIVED}")];
    pairs.retain(|pair| !unsaid.contains(pair));
    sorted("", pairs)
}

/// The same of a rule of ours.
pub(super) fn our_rule(rule: &Rule) -> String {
    let mut pairs = vec![format!("priority {}", rule.priority)];
    let mut pair = |word: &str, value: Option<String>| {
        pairs.extend(value.map(|value| format!("{word} {value}")));
    };
    pair("from", rule.from.map(network));
    pair("to", rule.to.map(network));
    pair("iif", rule.incoming.as_ref().map(ToString::to_string));
    pair("oif", rule.outgoing.as_ref().map(ToString::to_string));
    pair("tos", (rule.tos != 0).then(|| format!("{:#x}", rule.tos)));
    pair(
        "fwmark",
        rule.mark.map(
            |(mark, mask)| {
                if mask == u32::MAX { format!("{mark:#x}") } else { format!("{mark:#x}/{mask:#x}") }
            },
        ),
    );
    pair("suppress_prefixlen", rule.suppress_prefix_len.map(|length| length.to_string()));
    pair("protocol", (rule.protocol != KEEPALIVED).then(|| rule.protocol.to_string()));
    match rule.action {
        RuleAction::Table(table) => pair("lookup", Some(table.to_string())),
        RuleAction::Goto(priority) => pair("goto", Some(priority.to_string())),
        RuleAction::Blackhole => pair("type", Some("blackhole".to_owned())),
        RuleAction::Unreachable => pair("type", Some("unreachable".to_owned())),
        RuleAction::Prohibit => pair("type", Some("prohibit".to_owned())),
        RuleAction::Nop => pairs.push("nop".to_owned()),
    }
    if rule.negated {
        pairs.push("not".to_owned());
    }
    sorted("", pairs)
}

fn network((address, length): (IpAddr, u8)) -> String {
    let whole = if address.is_ipv4() { 32 } else { 128 };
    if length == whole { address.to_string() } else { format!("{address}/{length}") }
}

fn sorted(first: &str, mut pairs: Vec<String>) -> String {
    pairs.sort();
    format!("{first} {}", pairs.join(" ")).trim().to_owned()
}
