//! Routes and policy rules: those of an instance while it is MASTER, and those that are always there, with their addresses.
//!
//! They are looked at each second, fifty at most, while they should be there: what somebody has taken away, or what went with its interface, is
//! put back. No route of others is ever heard of, so that a full routing table costs nothing.

use std::io;

use keepwatch_config::model::{
    Hop, MetricKind, Route, RouteKind, RouteMetric, RoutePlacement, Routing, Rule, RuleAction, Statics,
};
use keepwatch_system::netlink::{AddressLifetime, Beside, NewHop, NewRoute, NewRule, Requests};
use keepwatch_vrrp::{Family, Instant, InterfaceId, RouterId, StateName};

use crate::addresses::{Held, Placement, scope_number};
use crate::engine::Engine;
use crate::interfaces::Interface;
use crate::setup::index;

/// So many are looked at in a second: each costs the kernel some microseconds, and adverts are due meanwhile.
const AT_ONCE: usize = 50;
/// What follows when one cannot be set.
const CONSEQUENCE: &str = "it is tried again each second";

/// Routes and rules that go together.
#[derive(Debug, Default)]
pub(crate) struct Ways {
    routes: Vec<Way<Route>>,
    rules: Vec<Way<Rule>>,
    state: Placed,
    /// Which is the next to be looked at.
    next: usize,
}

/// A route or a rule.
#[derive(Debug)]
struct Way<T> {
    what: T,
    /// Whether the kernel refused it when it was last tried.
    is_refused: bool,
}

/// Whether ways are in place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Placed {
    /// A former run may have left them.
    #[default]
    Unknown,
    No,
    Yes,
}

/// Addresses, routes and rules that are always there.
#[derive(Debug, Default)]
pub(crate) struct Fixtures {
    pub(crate) addresses: Vec<Held>,
    pub(crate) ways: Ways,
}

impl Ways {
    pub(crate) fn new(routing: &Routing) -> Self {
        fn way<T: Clone>(what: &T) -> Way<T> {
            Way { what: what.clone(), is_refused: false }
        }
        let (routes, rules) = (&routing.routes, &routing.rules);
        Self {
            routes: routes.iter().map(way).collect(),
            rules: rules.iter().map(way).collect(),
            state: Placed::Unknown,
            next: 0,
        }
    }

    const fn is_empty(&self) -> bool {
        self.routes.is_empty() && self.rules.is_empty()
    }

    /// Knows of what others were refused, which has been told.
    pub(crate) fn come_after(&mut self, others: &Self) {
        for old in others.routes.iter().filter(|old| old.is_refused) {
            self.routes.iter_mut().filter(|way| way.what == old.what).for_each(|way| way.is_refused = true);
        }
        for old in others.rules.iter().filter(|old| old.is_refused) {
            self.rules.iter_mut().filter(|way| way.what == old.what).for_each(|way| way.is_refused = true);
        }
    }

    /// Puts everything in place; or, if it has been, some of what is missing. Gives what the kernel refuses now and did not refuse
    /// before, and why.
    fn place(&mut self, interfaces: &[Interface], requests: &mut Requests) -> Vec<(String, io::Error)> {
        let all = self.routes.len() + self.rules.len();
        let (first, count) = match std::mem::replace(&mut self.state, Placed::Yes) {
            Placed::Yes => (self.next, all.min(AT_ONCE)),
            Placed::No | Placed::Unknown => (0, all),
        };
        self.next = (first + count).checked_rem(all).unwrap_or(0);
        let numbers = (first..first + count).map(|number| number % all);
        numbers.filter_map(|number| self.place_one(number, interfaces, requests)).collect()
    }

    /// Puts one of them in place: they are numbered, routes first.
    fn place_one(
        &mut self,
        number: usize,
        interfaces: &[Interface],
        requests: &mut Requests,
    ) -> Option<(String, io::Error)> {
        if let Some(way) = self.routes.get_mut(number) {
            let done = as_kernel_wants(&way.what, interfaces).and_then(|route| requests.add_route(&route));
            return way.settle(done).map(|error| (format!("the route {}", way.what.text), error));
        }
        let way = self.rules.get_mut(number - self.routes.len())?;
        let done = requests.add_rule(&rule(&way.what));
        way.settle(done).map(|error| (format!("the rule {}", way.what.text), error))
    }

    /// Takes everything away, the last first.
    fn remove(&mut self, interfaces: &[Interface], requests: &mut Requests) {
        if std::mem::replace(&mut self.state, Placed::No) == Placed::No {
            return;
        }
        // What cannot be removed is not there, or has gone with its interface.
        for way in self.rules.iter_mut().rev() {
            way.is_refused = false;
            let _ = requests.remove_rule(&rule(&way.what));
        }
        for way in self.routes.iter_mut().rev() {
            way.is_refused = false;
            if let Ok(route) = as_kernel_wants(&way.what, interfaces) {
                let _ = requests.remove_route(&route);
            }
        }
    }
}

impl<T> Way<T> {
    fn settle(&mut self, done: io::Result<()>) -> Option<io::Error> {
        let was_refused = std::mem::replace(&mut self.is_refused, false);
        match done {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                self.is_refused = true;
                (!was_refused).then_some(error)
            }
            _ => None,
        }
    }
}

impl Fixtures {
    pub(crate) fn new(statics: &Statics, mut interface: impl FnMut(&str) -> Option<InterfaceId>) -> Self {
        let addresses = statics.addresses.iter().filter_map(|address| {
            let id = interface(address.device.as_ref()?.as_str())?;
            Some(Held::new(address, id))
        });
        Self { addresses: addresses.collect(), ways: Ways::new(&statics.routing) }
    }

    const fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.ways.is_empty()
    }

    /// Whether an address on an interface is one of these.
    pub(crate) fn holds(&self, id: InterfaceId, address: std::net::IpAddr) -> bool {
        self.addresses.iter().any(|held| held.interface == id && held.address() == address)
    }
}

impl Engine {
    /// Routes and rules of instances: there while they are MASTER with their addresses, not there otherwise. Called after every
    /// change.
    pub(crate) fn route_as_fits(&mut self, now: Instant) {
        for number in 0..self.parts.instances.len() {
            let state = self.parts.routers.get(RouterId(number)).map(keepwatch_vrrp::VirtualRouter::state);
            let Some(instance) = self.parts.instances.get(number) else { continue };
            if instance.ways.is_empty() {
                continue;
            }
            let serves = state == Some(StateName::Master);
            let leaves = instance.held.iter().any(|held| held.leaves && held.state.is_placed());
            match (serves, instance.ways.state) {
                (true, Placed::Unknown | Placed::No) => self.place_ways(now, RouterId(number)),
                (false, Placed::Unknown | Placed::Yes) if !leaves => self.remove_ways(RouterId(number)),
                (true, Placed::Yes) | (false, _) => {}
            }
        }
    }

    fn place_ways(&mut self, now: Instant, router: RouterId) {
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        let refused = instance.ways.place(&self.parts.interfaces, &mut self.parts.requests);
        let name = instance.name.clone();
        for (what, error) in refused {
            self.tell_refused(format!("{what} of {name}"), &error, CONSEQUENCE.to_owned());
        }
        self.mend_later(now);
    }

    /// Takes away an instance's routes and rules: before its addresses, which they may need.
    pub(crate) fn remove_ways(&mut self, router: RouterId) {
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        if !instance.ways.is_empty() {
            instance.ways.remove(&self.parts.interfaces, &mut self.parts.requests);
        }
    }

    /// Puts back what should be there and is not.
    pub(crate) fn mend_ways(&mut self, now: Instant) {
        for number in 0..self.parts.instances.len() {
            let is_placed = self
                .parts
                .instances
                .get(number)
                .is_some_and(|instance| !instance.ways.is_empty() && instance.ways.state == Placed::Yes);
            if is_placed {
                self.place_ways(now, RouterId(number));
            }
        }
        self.place_fixtures(now);
    }

    /// Puts static addresses, routes and rules in place that are missing.
    pub(crate) fn place_fixtures(&mut self, now: Instant) {
        if self.parts.fixtures.is_empty() {
            return;
        }
        let mut refused = Vec::new();
        for held in &mut self.parts.fixtures.addresses {
            let interface = self.parts.interfaces.get(index(held.interface));
            let Some(interface) = interface else { continue };
            let Some(link) = interface.index().filter(|_| !interface.has(held.address())) else { continue };
            match held.add(link, AddressLifetime::Forever, &mut self.parts.requests) {
                Ok(()) => {
                    held.is_refused = false;
                    held.state = Placement::Present;
                }
                Err(error) if !std::mem::replace(&mut held.is_refused, true) => {
                    refused.push((
                        format!("the static address {} on {}", held.describe(), interface.name),
                        error,
                    ));
                }
                Err(_) => {}
            }
        }
        let ways = &mut self.parts.fixtures.ways;
        refused.extend(ways.place(&self.parts.interfaces, &mut self.parts.requests));
        for (what, error) in refused {
            self.tell_refused(what, &error, CONSEQUENCE.to_owned());
        }
        self.mend_later(now);
    }

    /// Takes them away at the end.
    pub(crate) fn remove_fixtures(&mut self) {
        self.promote_no_more();
        let fixtures = &mut self.parts.fixtures;
        fixtures.ways.remove(&self.parts.interfaces, &mut self.parts.requests);
        for held in &fixtures.addresses {
            let link = self.parts.interfaces.get(index(held.interface)).and_then(Interface::index);
            if let Some(link) = link {
                let _ = self.parts.requests.remove_address(link, held.new.key());
            }
        }
    }
}

/// Takes away what is in place no longer, the last first. What cannot be removed is not there, or has gone with its interface.
pub(crate) fn remove_routing(routing: &Routing, interfaces: &[Interface], requests: &mut Requests) {
    for gone in routing.rules.iter().rev() {
        let _ = requests.remove_rule(&rule(gone));
    }
    for gone in routing.routes.iter().rev() {
        if let Ok(route) = as_kernel_wants(gone, interfaces) {
            let _ = requests.remove_route(&route);
        }
    }
}

/// A route with numbers for names. An interface that is not there is an error.
fn as_kernel_wants(route: &Route, interfaces: &[Interface]) -> io::Result<NewRoute> {
    let hops = route.hops.iter().map(|hop| new_hop(hop, interfaces)).collect::<io::Result<_>>()?;
    Ok(NewRoute {
        kind: match route.kind {
            RouteKind::Unicast => 1,
            RouteKind::Blackhole => 6,
            RouteKind::Unreachable => 7,
            RouteKind::Prohibit => 8,
            RouteKind::Throw => 9,
        },
        destination: route.destination,
        source: route.source,
        hops,
        table: route.table,
        protocol: route.protocol,
        scope: route.scope.map(scope_number),
        metric: route.metric,
        tos: route.tos,
        metrics: route.metrics.iter().map(|metric| (number(metric.kind), metric.value)).collect(),
        locked: route
            .metrics
            .iter()
            .filter(|metric| metric.locked)
            .fold(0, |bits, RouteMetric { kind, .. }| bits | 1 << number(*kind)),
        beside: match route.placement {
            RoutePlacement::Before => Beside::Before,
            RoutePlacement::Behind => Beside::Behind,
            RoutePlacement::Alone => Beside::Alone,
        },
    })
}

fn new_hop(hop: &Hop, interfaces: &[Interface]) -> io::Result<NewHop> {
    let interface = match &hop.device {
        None => None,
        Some(name) => {
            let known = interfaces.iter().find(|interface| interface.name == name.as_str());
            let missing = || io::Error::new(io::ErrorKind::NotFound, format!("there is no interface {name}"));
            Some(known.and_then(Interface::index).ok_or_else(missing)?)
        }
    };
    Ok(NewHop { via: hop.via, interface, weight: hop.weight, onlink: hop.onlink })
}

fn rule(rule: &Rule) -> NewRule {
    let (action, table, target) = match rule.action {
        RuleAction::Table(table) => (1, table, None),
        RuleAction::Goto(target) => (2, 0, Some(target)),
        RuleAction::Nop => (3, 0, None),
        RuleAction::Blackhole => (6, 0, None),
        RuleAction::Unreachable => (7, 0, None),
        RuleAction::Prohibit => (8, 0, None),
    };
    NewRule {
        is_v6: rule.family == Family::V6,
        from: rule.from,
        to: rule.to,
        negated: rule.negated,
        incoming: rule.incoming.as_ref().map(ToString::to_string),
        outgoing: rule.outgoing.as_ref().map(ToString::to_string),
        mark: rule.mark,
        tos: rule.tos,
        priority: rule.priority,
        action,
        table,
        target,
        suppress_prefix_len: rule.suppress_prefix_len,
        protocol: rule.protocol,
    }
}

/// `RTAX_*` of linux/rtnetlink.h.
const fn number(kind: MetricKind) -> u16 {
    match kind {
        MetricKind::Mtu => 2,
        MetricKind::Window => 3,
        MetricKind::SsThresh => 6,
        MetricKind::Cwnd => 7,
        MetricKind::AdvMss => 8,
        MetricKind::Reordering => 9,
        MetricKind::HopLimit => 10,
        MetricKind::InitCwnd => 11,
        MetricKind::InitRwnd => 14,
        MetricKind::QuickAck => 15,
    }
}
