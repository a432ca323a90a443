//! Routes and rules in the words of ip-route(8) and ip-rule(8): all of them as the model has them, so that nothing is left that
//! depends on where a line stands, or is said in a word that has gone out of use.

use keepwatch_vrrp::Family;

use super::document::Table;
use super::list::Item;
use super::value;
use crate::model::{
    Hop, MetricKind, Route, RouteKind, RouteMetric, RoutePlacement, Routing, Rule, RuleAction,
};

/// keepalived's table and number among those who add routes, which go without saying.
const MAIN: u32 = 254;
const KEEPALIVED: u8 = 18;

/// `virtual_routes` and `virtual_rules` of an instance.
pub(super) fn write(routing: &Routing, table: &mut Table) {
    let (routes, rules) = lists(routing);
    if !routes.is_empty() {
        table.set_list("virtual_routes", "virtual_routes", routes);
    }
    if !rules.is_empty() {
        table.set_list("virtual_rules", "virtual_rules", rules);
    }
}

/// The lists of both. What a line said tells them apart, as they are written in words of their own.
pub(super) fn lists(Routing { routes, rules }: &Routing) -> (Vec<Item>, Vec<Item>) {
    let routes = routes.iter().map(|own| Item::named(&own.text, value::text(&route(own))));
    let rules = rules.iter().map(|own| Item::named(&own.text, value::text(&rule(own))));
    (routes.collect(), rules.collect())
}

fn route(route: &Route) -> String {
    let Route {
        text: _,
        kind,
        destination: (address, length),
        source,
        hops,
        table,
        protocol,
        scope,
        metric,
        tos,
        metrics,
        placement,
    } = route;
    let kind = match kind {
        RouteKind::Unicast => None,
        RouteKind::Blackhole => Some("blackhole"),
        RouteKind::Unreachable => Some("unreachable"),
        RouteKind::Prohibit => Some("prohibit"),
        RouteKind::Throw => Some("throw"),
    };
    let mut words = Vec::from_iter(kind.map(str::to_owned));
    words.push(match (address.is_unspecified() && *length == 0, Family::of(*address)) {
        (true, Family::V4) => "default".to_owned(),
        (true, Family::V6) => "default6".to_owned(),
        (false, _) => format!("{address}/{length}"),
    });
    words.extend(source.map(|source| format!("src {source}")));
    match hops.as_slice() {
        // One that is written as one of several has a weight.
        [only] if only.weight == 0 => words.extend(hop(only)),
        several => {
            for one in several {
                words.push("nexthop".to_owned());
                words.extend(hop(one));
                words.push(format!("weight {}", one.weight));
            }
        }
    }
    if *table != MAIN {
        words.push(format!("table {table}"));
    }
    if *protocol != KEEPALIVED {
        words.push(format!("protocol {protocol} no_track"));
    }
    words.extend(scope.map(|scope| format!("scope {scope}")));
    words.extend(metric.map(|metric| format!("metric {metric}")));
    if *tos != 0 {
        words.push(format!("tos {tos}"));
    }
    words.extend(metrics.iter().map(property));
    match placement {
        RoutePlacement::Before => {}
        RoutePlacement::Behind => words.push("append".to_owned()),
        RoutePlacement::Alone => words.push("add".to_owned()),
    }
    words.join(" ")
}

fn hop(Hop { via, device, weight: _, onlink }: &Hop) -> impl Iterator<Item = String> {
    let via = via.map(|via| format!("via {via}"));
    let device = device.as_ref().map(|device| format!("dev {device}"));
    via.into_iter().chain(device).chain(onlink.then(|| "onlink".to_owned()))
}

fn property(RouteMetric { kind, value, locked }: &RouteMetric) -> String {
    let word = match kind {
        MetricKind::Mtu => "mtu",
        MetricKind::AdvMss => "advmss",
        MetricKind::Window => "window",
        MetricKind::Cwnd => "cwnd",
        MetricKind::SsThresh => "ssthresh",
        MetricKind::Reordering => "reordering",
        MetricKind::HopLimit => "hoplimit",
        MetricKind::InitCwnd => "initcwnd",
        MetricKind::InitRwnd => "initrwnd",
        MetricKind::QuickAck => "quickack",
    };
    let lock = if *locked { "lock " } else { "" };
    format!("{word} {lock}{value}")
}

fn rule(rule: &Rule) -> String {
    let Rule {
        text: _,
        family,
        from,
        to,
        negated,
        incoming,
        outgoing,
        mark,
        tos,
        priority,
        action,
        suppress_prefix_len,
        protocol,
    } = rule;
    let mut words = Vec::new();
    if *family == Family::V6 {
        words.push("inet6".to_owned());
    }
    if *negated {
        words.push("not".to_owned());
    }
    words.extend(from.map(|(address, length)| format!("from {address}/{length}")));
    words.extend(to.map(|(address, length)| format!("to {address}/{length}")));
    words.extend(incoming.as_ref().map(|device| format!("iif {device}")));
    words.extend(outgoing.as_ref().map(|device| format!("oif {device}")));
    words.extend(mark.map(|(mark, mask)| match mask {
        u32::MAX => format!("fwmark {mark:#x}"),
        mask => format!("fwmark {mark:#x}/{mask:#x}"),
    }));
    if *tos != 0 {
        words.push(format!("tos {tos}"));
    }
    words.push(format!("priority {priority}"));
    words.push(match action {
        RuleAction::Table(MAIN) => "table main".to_owned(),
        RuleAction::Table(table) => format!("table {table}"),
        RuleAction::Goto(target) => format!("goto {target}"),
        RuleAction::Nop => "nop".to_owned(),
        RuleAction::Blackhole => "blackhole".to_owned(),
        RuleAction::Unreachable => "unreachable".to_owned(),
        RuleAction::Prohibit => "prohibit".to_owned(),
    });
    words.extend(suppress_prefix_len.map(|length| format!("suppress_prefixlength {length}")));
    if *protocol != KEEPALIVED {
        words.push(format!("protocol {protocol} no_track"));
    }
    words.join(" ")
}
