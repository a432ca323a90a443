//! Routes and policy rules that are there already, known by who put them there.

use std::io;

use rtnetlink::packet_core::NLM_F_ACK;
use rtnetlink::packet_route::route::{RouteMessage, RouteProtocol};
use rtnetlink::packet_route::rule::{RuleAttribute, RuleMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

use super::Requests;
use super::route::gone;

/// Routes and rules as the kernel has told them.
#[derive(Clone, Debug, Default)]
pub struct Leftovers(Vec<RouteNetlinkMessage>);

impl Requests {
    /// All routes and rules of a protocol: `RTPROT_*`. The kernel chooses among the routes, so that a full table costs little: one that
    /// cannot (before 4.20) gives none.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn ways_of(&mut self, protocol: u8) -> io::Result<Leftovers> {
        let protocol = RouteProtocol::from(protocol);
        let mut found = Vec::new();
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let mut message = RuleMessage::default();
            message.header.family = family;
            for answer in supported(self.dump(&RouteNetlinkMessage::GetRule(message)))? {
                if let RouteNetlinkMessage::NewRule(rule) = answer
                    && rule.attributes.contains(&RuleAttribute::Protocol(protocol))
                {
                    found.push(RouteNetlinkMessage::DelRule(rule));
                }
            }
        }
        if self.socket.set_netlink_get_strict_chk(true).is_err() {
            return Ok(Leftovers(found));
        }
        let routes = self.routes_of(protocol, &mut found);
        self.socket.set_netlink_get_strict_chk(false)?;
        routes.map(|()| Leftovers(found))
    }

    fn routes_of(&mut self, protocol: RouteProtocol, found: &mut Vec<RouteNetlinkMessage>) -> io::Result<()> {
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            let mut message = RouteMessage::default();
            message.header.address_family = family;
            message.header.protocol = protocol;
            for answer in supported(self.dump(&RouteNetlinkMessage::GetRoute(message)))? {
                if let RouteNetlinkMessage::NewRoute(route) = answer
                    && route.header.protocol == protocol
                {
                    found.push(RouteNetlinkMessage::DelRoute(route));
                }
            }
        }
        Ok(())
    }

    /// Removes them. What is not there any more is no error; after any other one the rest is removed.
    ///
    /// # Errors
    ///
    /// The kernel's last one.
    pub fn remove_ways(&mut self, leftovers: Leftovers) -> io::Result<()> {
        let mut outcome = Ok(());
        for message in leftovers.0 {
            if let Err(error) = gone(self.ask(message, NLM_F_ACK)) {
                outcome = Err(error);
            }
        }
        outcome
    }
}

/// A kernel without a family, or without rules, has none of them.
fn supported(answers: io::Result<Vec<RouteNetlinkMessage>>) -> io::Result<Vec<RouteNetlinkMessage>> {
    match answers {
        Err(error) if matches!(error.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EOPNOTSUPP)) => {
            Ok(Vec::new())
        }
        answers => answers,
    }
}
