//! Routes and policy rules.

use std::io;
use std::net::IpAddr;

use rtnetlink::packet_core::{NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteMetric, RouteNextHop,
    RouteNextHopFlags, RouteScope, RouteType,
};
use rtnetlink::packet_route::rule::{RuleAction, RuleAttribute, RuleFlags, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

use super::Requests;

/// A route to add or to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRoute {
    /// What becomes of packets: `RTN_*`.
    pub kind: u8,
    /// Which packets: a network.
    pub destination: (IpAddr, u8),
    /// The address to send from.
    pub source: Option<IpAddr>,
    /// Where packets go.
    pub hops: Vec<NewHop>,
    /// Number of the routing table.
    pub table: u32,
    /// `RTPROT_*`.
    pub protocol: u8,
    /// `RT_SCOPE_*`.
    pub scope: Option<u8>,
    /// The least one of equal routes counts.
    pub metric: Option<u32>,
    /// `tos`.
    pub tos: u8,
    /// Properties: `RTAX_*` with their values.
    pub metrics: Vec<(u16, u32)>,
    /// Bits of the properties that the kernel does not change by itself.
    pub locked: u32,
    /// What happens if there is a route like it.
    pub beside: Beside,
}

/// What happens if there is a route like the one to add.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beside {
    /// It comes before it.
    Before,
    /// It comes behind it.
    Behind,
    /// It is not added.
    Alone,
}

/// One way of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewHop {
    /// The router.
    pub via: Option<IpAddr>,
    /// Index of the interface.
    pub interface: Option<u32>,
    /// Its share among several, 1 to 256.
    pub weight: u16,
    /// Whether the router is on the link, whatever the addresses say.
    pub onlink: bool,
}

/// A rule to add or to remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewRule {
    /// Whether it is for IPv6.
    pub is_v6: bool,
    /// A network that packets come from.
    pub from: Option<(IpAddr, u8)>,
    /// A network that they go to.
    pub to: Option<(IpAddr, u8)>,
    /// Whether it is for packets that do not match.
    pub negated: bool,
    /// The interface that they come in through.
    pub incoming: Option<String>,
    /// The interface that a local socket is bound to.
    pub outgoing: Option<String>,
    /// The mark, and which of its bits count.
    pub mark: Option<(u32, u32)>,
    /// `tos`.
    pub tos: u8,
    /// The least one is asked first.
    pub priority: u32,
    /// What is done: `FR_ACT_*`.
    pub action: u8,
    /// The routing table that is asked, or 0.
    pub table: u32,
    /// The priority that rules go on at.
    pub target: Option<u32>,
    /// Routes of this length or shorter do not count.
    pub suppress_prefix_len: Option<u32>,
    /// `RTPROT_*`.
    pub protocol: u8,
}

impl Requests {
    /// Adds a route.
    ///
    /// # Errors
    ///
    /// The kernel's; `AlreadyExists` if it is there.
    pub fn add_route(&mut self, route: &NewRoute) -> io::Result<()> {
        let beside = match route.beside {
            Beside::Before => 0,
            Beside::Behind => NLM_F_APPEND,
            Beside::Alone => NLM_F_EXCL,
        };
        let message = RouteNetlinkMessage::NewRoute(route.to_message());
        self.ask(message, NLM_F_ACK | NLM_F_CREATE | beside).map(drop)
    }

    /// Removes a route. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn remove_route(&mut self, route: &NewRoute) -> io::Result<()> {
        let mut message = route.to_message();
        if route.scope.is_none() {
            // Of whatever scope the kernel has given it.
            message.header.scope = RouteScope::NoWhere;
        }
        gone(self.ask(RouteNetlinkMessage::DelRoute(message), NLM_F_ACK))
    }

    /// Adds a rule.
    ///
    /// # Errors
    ///
    /// The kernel's; `AlreadyExists` if it is there.
    pub fn add_rule(&mut self, rule: &NewRule) -> io::Result<()> {
        let message = RouteNetlinkMessage::NewRule(rule.to_message());
        self.ask(message, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL).map(drop)
    }

    /// Removes a rule. One that is not there is no error.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn remove_rule(&mut self, rule: &NewRule) -> io::Result<()> {
        gone(self.ask(RouteNetlinkMessage::DelRule(rule.to_message()), NLM_F_ACK))
    }
}

/// What is not there needs no removing; nor what went with its interface.
pub(super) fn gone<T>(answer: io::Result<T>) -> io::Result<()> {
    match answer {
        Ok(_) => Ok(()),
        Err(error) if matches!(error.raw_os_error(), Some(libc::ESRCH | libc::ENOENT | libc::ENODEV)) => {
            Ok(())
        }
        Err(error) => Err(error),
    }
}

impl NewRoute {
    fn to_message(&self) -> RouteMessage {
        let (destination, length) = self.destination;
        let mut message = RouteMessage::default();
        message.header = RouteHeader {
            address_family: family(destination),
            destination_prefix_length: length,
            source_prefix_length: 0,
            tos: self.tos,
            // What does not fit stands in an attribute only.
            table: u8::try_from(self.table).unwrap_or(0),
            protocol: self.protocol.into(),
            scope: self.scope.map_or(RouteScope::Universe, RouteScope::from),
            kind: RouteType::from(self.kind),
            flags: RouteFlags::empty(),
        };
        let attributes = &mut message.attributes;
        attributes.push(RouteAttribute::Table(self.table));
        if length > 0 {
            attributes.push(RouteAttribute::Destination(address(destination)));
        }
        attributes.extend(self.source.map(|source| RouteAttribute::PrefSource(address(source))));
        attributes.extend(self.metric.map(RouteAttribute::Priority));
        if !self.metrics.is_empty() {
            let lock = (self.locked != 0).then_some(RouteMetric::Lock(self.locked));
            let metrics = self.metrics.iter().filter_map(|(kind, value)| metric(*kind, *value));
            attributes.push(RouteAttribute::Metrics(lock.into_iter().chain(metrics).collect()));
        }
        match self.hops.as_slice() {
            [] => {}
            [hop] => {
                if hop.onlink {
                    message.header.flags |= RouteFlags::Onlink;
                }
                attributes.extend(hop.via.map(|via| RouteAttribute::Gateway(address(via))));
                attributes.extend(hop.interface.map(RouteAttribute::Oif));
            }
            several => attributes
                .push(RouteAttribute::MultiPath(several.iter().copied().map(NewHop::to_message).collect())),
        }
        message
    }
}

impl NewHop {
    fn to_message(self) -> RouteNextHop {
        let mut hop = RouteNextHop::default();
        hop.hops = u8::try_from(self.weight.saturating_sub(1)).unwrap_or(u8::MAX);
        hop.interface_index = self.interface.unwrap_or(0);
        if self.onlink {
            hop.flags |= RouteNextHopFlags::Onlink;
        }
        hop.attributes.extend(self.via.map(|via| RouteAttribute::Gateway(address(via))));
        hop
    }
}

impl NewRule {
    fn to_message(&self) -> RuleMessage {
        let mut message = RuleMessage::default();
        let header = &mut message.header;
        header.family = if self.is_v6 { AddressFamily::Inet6 } else { AddressFamily::Inet };
        header.src_len = self.from.map_or(0, |(_, length)| length);
        header.dst_len = self.to.map_or(0, |(_, length)| length);
        header.tos = self.tos;
        header.table = u8::try_from(self.table).unwrap_or(0);
        header.action = RuleAction::from(self.action);
        if self.negated {
            header.flags |= RuleFlags::Invert;
        }
        let attributes = &mut message.attributes;
        attributes.push(RuleAttribute::Priority(self.priority));
        attributes.push(RuleAttribute::Protocol(self.protocol.into()));
        let network = |network: Option<(IpAddr, u8)>| {
            network.filter(|(_, length)| *length > 0).map(|(address, _)| address)
        };
        attributes.extend(network(self.from).map(RuleAttribute::Source));
        attributes.extend(network(self.to).map(RuleAttribute::Destination));
        attributes.extend(self.incoming.clone().map(RuleAttribute::Iifname));
        attributes.extend(self.outgoing.clone().map(RuleAttribute::Oifname));
        if let Some((mark, mask)) = self.mark {
            attributes.push(RuleAttribute::FwMark(mark));
            attributes.push(RuleAttribute::FwMask(mask));
        }
        if self.table > 255 {
            attributes.push(RuleAttribute::Table(self.table));
        }
        attributes.extend(self.target.map(RuleAttribute::Goto));
        attributes.extend(self.suppress_prefix_len.map(RuleAttribute::SuppressPrefixLen));
        message
    }
}

const fn family(address: IpAddr) -> AddressFamily {
    if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 }
}

const fn address(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

/// `RTAX_*` of linux/rtnetlink.h.
fn metric(kind: u16, value: u32) -> Option<RouteMetric> {
    Some(match kind {
        2 => RouteMetric::Mtu(value),
        3 => RouteMetric::Window(value),
        6 => RouteMetric::SsThresh(value),
        7 => RouteMetric::Cwnd(value),
        8 => RouteMetric::Advmss(value),
        9 => RouteMetric::Reordering(value),
        10 => RouteMetric::Hoplimit(value),
        11 => RouteMetric::InitCwnd(value),
        14 => RouteMetric::InitRwnd(value),
        15 => RouteMetric::QuickAck(value),
        _ => return None,
    })
}
