//! A route, in the words of ip-route(8).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use keepwatch_vrrp::Family;

use super::super::super::parser::Statement;
use super::super::super::token::Word;
use super::super::addresses;
use super::super::reader::Reader;
use super::iproute::List;
use super::words::{Dropped, Words};
use crate::diagnostic::Diagnostic;
use crate::model::{Hop, MetricKind, Route, RouteKind, RouteMetric, RoutePlacement, Scope};

/// keepalived's number among those who add routes.
pub(super) const PROTOCOL: u8 = 18;
const MAIN: u32 = 254;

/// What is known of a route while its words are read.
#[derive(Default)]
struct Draft {
    family: Option<Family>,
    kind: RouteKind,
    destination: Option<Option<(IpAddr, u8)>>,
    source: Option<IpAddr>,
    hop: Hop,
    /// Several ways, of which each has its weight.
    hops: Vec<Hop>,
    table: Option<u32>,
    protocol: Option<u8>,
    is_untracked: bool,
    scope: Option<Scope>,
    metric: Option<u32>,
    tos: u8,
    metrics: Vec<RouteMetric>,
    placement: RoutePlacement,
}

/// Reads one entry; `None` if keepalived would drop it.
pub(super) fn read(entry: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Route> {
    let mut draft = Draft::default();
    let mut words = Words::new(entry, "route");
    while let Some(word) = words.next() {
        draft.option(word, &mut words, reader).ok()?;
    }
    draft.complete(entry, reader)
}

impl Draft {
    fn option(
        &mut self,
        word: &Word<'_>,
        words: &mut Words<'_, '_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        match word.text.as_ref() {
            "inet" => words.family(word, Family::V4, &mut self.family, reader)?,
            "inet6" => words.family(word, Family::V6, &mut self.family, reader)?,
            "src" => self.source = Some(words.address(&mut self.family, reader)?),
            "via" | "gw" => {
                if word.text == "gw" {
                    reader.report(Diagnostic::warning(&word.span, "`gw` is deprecated", "now `via`"));
                }
                self.hop.via = Some(self.gateway(words, reader)?);
            }
            "dev" | "oif" => self.hop.device = Some(words.device(reader)?),
            "onlink" => self.hop.onlink = true,
            "nexthop" => {
                let hop = self.nexthop(words, reader)?;
                self.hops.push(hop);
            }
            "or" => {
                reader.report(Diagnostic::warning(&word.span, "`or` is deprecated", "now `nexthop`"));
                let second = words.address(&mut self.family, reader)?;
                let first = std::mem::take(&mut self.hop.via);
                self.hops = [first, Some(second)].map(|via| Hop { via, weight: 1, ..Hop::default() }).into();
            }
            "table" => self.table = Some(words.table(reader)?),
            "protocol" => self.protocol = Some(words.named(List::Protocols, reader)?),
            "metric" | "priority" | "preference" => self.metric = Some(words.number(u32::MAX, reader)?),
            "scope" => {
                let value = words.value(reader)?;
                self.scope = Some(addresses::scope(value, reader).ok_or(Dropped)?);
            }
            "tos" | "dsfield" => self.tos = words.named(List::DsField, reader)?,
            "add" => self.placement = RoutePlacement::Alone,
            "append" => self.placement = RoutePlacement::Behind,
            "prepend" => self.placement = RoutePlacement::Before,
            "no_track" => self.is_untracked = true,
            "rtt" | "rttvar" | "rto_min" | "congctl" => {
                words.unsupported(word, reader);
                words.skip("lock");
                words.value(reader)?;
            }
            "realms" | "features" | "pref" | "expires" | "ttl-propagate" | "fastopen_no_cookie"
            | "track_group" => {
                words.unsupported(word, reader);
                words.value(reader)?;
            }
            "from" | "encap" | "as" | "vrf" => return Err(words.refuse(word, reader)),
            other => match metric_kind(other) {
                Some(kind) => self.metric(kind, words, reader)?,
                None => self.destination(word, words, reader)?,
            },
        }
        Ok(())
    }

    fn gateway(&mut self, words: &mut Words<'_, '_>, reader: &mut Reader<'_>) -> Result<IpAddr, Dropped> {
        for (name, family) in [("inet", Family::V4), ("inet6", Family::V6)] {
            if let Some(word) = words.skip(name) {
                words.family(word, family, &mut self.family, reader)?;
            }
        }
        words.address(&mut self.family, reader)
    }

    /// `via ADDRESS dev NAME weight NUMBER onlink`, in any order.
    fn nexthop(&mut self, words: &mut Words<'_, '_>, reader: &mut Reader<'_>) -> Result<Hop, Dropped> {
        let mut hop = Hop { weight: 1, ..Hop::default() };
        loop {
            if words.skip("via").is_some() {
                hop.via = Some(self.gateway(words, reader)?);
            } else if words.skip("dev").is_some() {
                hop.device = Some(words.device(reader)?);
            } else if words.skip("weight").is_some() {
                let weight = words.number(256, reader)?;
                hop.weight = u16::try_from(weight.max(1)).unwrap_or(256);
            } else if words.skip("onlink").is_some() {
                hop.onlink = true;
            } else {
                return Ok(hop);
            }
        }
    }

    fn metric(
        &mut self,
        kind: MetricKind,
        words: &mut Words<'_, '_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        let may_be_locked = matches!(
            kind,
            MetricKind::Mtu
                | MetricKind::AdvMss
                | MetricKind::Cwnd
                | MetricKind::SsThresh
                | MetricKind::Reordering
        );
        let locked = may_be_locked && words.skip("lock").is_some();
        let most = match kind {
            MetricKind::HopLimit => 255,
            MetricKind::QuickAck => 1,
            _ => u32::MAX,
        };
        let value = words.number(most, reader)?;
        self.metrics.push(RouteMetric { kind, value, locked });
        Ok(())
    }

    /// `[to] [TYPE] NETWORK`.
    fn destination(
        &mut self,
        word: &Word<'_>,
        words: &mut Words<'_, '_>,
        reader: &mut Reader<'_>,
    ) -> Result<(), Dropped> {
        // keepalived looks for the type at `to`, so that it does not find one behind it; its manual has it there.
        let mut word = if word.text == "to" { words.value(reader)? } else { word };
        let kind = match word.text.as_ref() {
            "unicast" => Some(RouteKind::Unicast),
            "blackhole" => Some(RouteKind::Blackhole),
            "unreachable" => Some(RouteKind::Unreachable),
            "prohibit" => Some(RouteKind::Prohibit),
            "throw" => Some(RouteKind::Throw),
            "local" | "broadcast" | "anycast" | "multicast" | "nat" => return Err(words.refuse(word, reader)),
            _ => None,
        };
        if let Some(kind) = kind {
            self.kind = kind;
            word = words.value(reader)?;
        }
        self.destination = Some(words.network(word, &mut self.family, reader)?);
        Ok(())
    }

    fn complete(mut self, entry: &Statement<'_>, reader: &mut Reader<'_>) -> Option<Route> {
        let span = &entry.line.span;
        let Some(destination) = self.destination else {
            reader.survived(span, "a route without destination", "", "leaves it out");
            return None;
        };
        let whole = match self.family {
            Some(Family::V6) => (IpAddr::V6(Ipv6Addr::UNSPECIFIED), 0),
            Some(Family::V4) | None => (IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0),
        };
        if self.protocol.is_some_and(|protocol| protocol != PROTOCOL) && !self.is_untracked {
            let message = "a route that is tracked is keepalived's: `protocol` goes with `no_track`";
            reader.survived(span, message, "", "uses protocol 18");
            self.protocol = None;
        }
        if self.hops.is_empty() && (self.hop.via.is_some() || self.hop.device.is_some()) {
            self.hops.push(self.hop);
        }
        Some(Route {
            text: entry.line.raw.split_ascii_whitespace().collect::<Vec<_>>().join(" "),
            kind: self.kind,
            destination: destination.unwrap_or(whole),
            source: self.source,
            hops: self.hops,
            table: self.table.unwrap_or(MAIN),
            protocol: self.protocol.unwrap_or(PROTOCOL),
            scope: self.scope,
            metric: self.metric,
            tos: self.tos,
            metrics: self.metrics,
            placement: self.placement,
        })
    }
}

fn metric_kind(word: &str) -> Option<MetricKind> {
    Some(match word {
        "mtu" => MetricKind::Mtu,
        "advmss" => MetricKind::AdvMss,
        "window" => MetricKind::Window,
        "cwnd" => MetricKind::Cwnd,
        "ssthresh" => MetricKind::SsThresh,
        "reordering" => MetricKind::Reordering,
        "hoplimit" => MetricKind::HopLimit,
        "initcwnd" => MetricKind::InitCwnd,
        "initrwnd" => MetricKind::InitRwnd,
        "quickack" => MetricKind::QuickAck,
        _ => return None,
    })
}
