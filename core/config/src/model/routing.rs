//! Routes and policy rules that keepwatch puts in place: while an instance is MASTER, or all the time.

use std::net::IpAddr;

use keepwatch_vrrp::Family;

use super::{InterfaceName, Scope, VirtualAddress};

/// `virtual_routes` and `virtual_rules` of an instance: in place while it is MASTER.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routing {
    /// In the order in which they are added.
    pub routes: Vec<Route>,
    /// The same.
    pub rules: Vec<Rule>,
}

/// `static_ipaddress`, `static_routes` and `static_rules`: in place from start to end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Statics {
    /// Each names its interface.
    pub addresses: Vec<VirtualAddress>,
    /// Routes and rules.
    pub routing: Routing,
}

impl Statics {
    /// What these have and others do not, however it is written.
    #[must_use]
    pub fn without(&self, others: &Self) -> Self {
        let address = |one: &VirtualAddress, other: &VirtualAddress| {
            one.address == other.address && *one == VirtualAddress { tracked: one.tracked, ..other.clone() }
        };
        Self {
            addresses: lacking(&self.addresses, &others.addresses, address),
            routing: Routing {
                routes: lacking(&self.routing.routes, &others.routing.routes, Route::is_as),
                rules: lacking(&self.routing.rules, &others.routing.rules, Rule::is_as),
            },
        }
    }
}

/// What is in none of the others.
fn lacking<T: Clone>(all: &[T], others: &[T], is_as: impl Fn(&T, &T) -> bool) -> Vec<T> {
    all.iter().filter(|one| !others.iter().any(|other| is_as(one, other))).cloned().collect()
}

/// A route, in the words of ip-route(8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// As it is written.
    pub text: String,
    /// What becomes of packets.
    pub kind: RouteKind,
    /// Which packets: a network. The whole of a family is length 0.
    pub destination: (IpAddr, u8),
    /// `src`: the address to send from.
    pub source: Option<IpAddr>,
    /// Where packets go: nowhere but through the device, to a router, or to one of several.
    pub hops: Vec<Hop>,
    /// Number of the routing table; 254 is `main`.
    pub table: u32,
    /// Who put it there: 18, keepalived, unless written otherwise.
    pub protocol: u8,
    /// `scope`.
    pub scope: Option<Scope>,
    /// `metric`: the least one of equal routes counts.
    pub metric: Option<u32>,
    /// `tos`.
    pub tos: u8,
    /// `mtu` and the like.
    pub metrics: Vec<RouteMetric>,
    /// What happens if there is a route like it.
    pub placement: RoutePlacement,
}

impl Route {
    /// The interfaces that it names.
    pub fn devices(&self) -> impl Iterator<Item = &InterfaceName> {
        self.hops.iter().filter_map(|hop| hop.device.as_ref())
    }

    /// Whether another one is the same, in whatever words.
    fn is_as(&self, other: &Self) -> bool {
        self.destination == other.destination && *self == Self { text: self.text.clone(), ..other.clone() }
    }
}

/// What becomes of packets that take a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RouteKind {
    /// They go on.
    #[default]
    Unicast,
    /// They are dropped without a word.
    Blackhole,
    /// They are refused: host unreachable.
    Unreachable,
    /// They are refused: forbidden.
    Prohibit,
    /// The next routing table is asked.
    Throw,
}

/// A way that a route goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hop {
    /// The router, of the route's family.
    pub via: Option<IpAddr>,
    /// The interface; the kernel finds it by the router if absent.
    pub device: Option<InterfaceName>,
    /// Its share among several, 1 to 256.
    pub weight: u16,
    /// `onlink`: the router is on the link, whatever the addresses say.
    pub onlink: bool,
}

/// A property of connections that take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteMetric {
    /// Which.
    pub kind: MetricKind,
    /// Its value, in the kernel's unit.
    pub value: u32,
    /// `lock`: the kernel does not change it by itself.
    pub locked: bool,
}

/// Which property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetricKind {
    /// `mtu`, in octets.
    Mtu,
    /// `advmss`, in octets.
    AdvMss,
    /// `window`, in octets.
    Window,
    /// `cwnd`, in packets.
    Cwnd,
    /// `ssthresh`, in packets.
    SsThresh,
    /// `reordering`, in packets.
    Reordering,
    /// `hoplimit`.
    HopLimit,
    /// `initcwnd`, in packets.
    InitCwnd,
    /// `initrwnd`, in packets.
    InitRwnd,
    /// `quickack`: 0 or 1.
    QuickAck,
}

/// What happens if there is a route like it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoutePlacement {
    /// It comes before it, as under keepalived.
    #[default]
    Before,
    /// It comes behind it (`append`).
    Behind,
    /// It is not added (`add`).
    Alone,
}

/// A rule that decides which routing table is asked, in the words of ip-rule(8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// As it is written.
    pub text: String,
    /// Of which family.
    pub family: Family,
    /// `from`: a network that packets come from.
    pub from: Option<(IpAddr, u8)>,
    /// `to`: a network that they go to.
    pub to: Option<(IpAddr, u8)>,
    /// `not`: packets that do not match.
    pub negated: bool,
    /// `iif`: the interface that they come in through.
    pub incoming: Option<InterfaceName>,
    /// `oif`: the interface that a local socket is bound to.
    pub outgoing: Option<InterfaceName>,
    /// `fwmark`: the mark, and which of its bits count.
    pub mark: Option<(u32, u32)>,
    /// `tos`.
    pub tos: u8,
    /// The least one is asked first.
    pub priority: u32,
    /// What is done.
    pub action: RuleAction,
    /// `suppress_prefixlength`: routes of this length or shorter do not count.
    pub suppress_prefix_len: Option<u32>,
    /// Who put it there: 18, keepalived, unless written otherwise.
    pub protocol: u8,
}

impl Rule {
    /// Whether another one is the same, in whatever words.
    fn is_as(&self, other: &Self) -> bool {
        self.priority == other.priority && *self == Self { text: self.text.clone(), ..other.clone() }
    }
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleAction {
    /// The table with this number is asked.
    Table(u32),
    /// Rules go on at this priority.
    Goto(u32),
    /// Nothing.
    Nop,
    /// Packets are dropped.
    Blackhole,
    /// Packets are refused: host unreachable.
    Unreachable,
    /// Packets are refused: forbidden.
    Prohibit,
}
