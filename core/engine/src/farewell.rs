//! What is done to addresses that are about to leave, so that they leave well: they get a lifetime, and their host no
//! longer speaks to its neighbours as these addresses.

use std::net::IpAddr;
use std::time::Duration;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, AddressLifetime, PrefixRoute};
use keepwatch_vrrp::{InterfaceId, RouterId};

use crate::addresses::{Held, Placement};
use crate::engine::Engine;
use crate::setup::index;
use crate::virtual_link::{BaseSettings, VirtualLink};

/// While IPv4 addresses are about to leave an interface, questions to neighbours bear the address that fits best, never one that
/// leaves: each of them would draw all neighbours back to this host.
const WHILE_LEAVING: (InterfaceSetting, u8) = (InterfaceSetting::ArpAnnounce, 2);
/// What follows when that cannot be set.
const CONSEQUENCE: &str = "during a hand-over neighbours may be drawn back for some seconds";

/// An interface before addresses began to leave it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BeforeLeaving {
    /// `arp_announce`; none if it could not be set.
    pub(crate) arp_announce: Option<u8>,
}

/// The kernel gives an address no lifetime.
pub(crate) struct LifetimeRefused {
    setting: String,
    error: std::io::Error,
}

impl LifetimeRefused {
    pub(crate) fn tell(self, engine: &Engine) {
        let consequence = "should this program be killed now, the address stays".to_owned();
        engine.tell_refused(self.setting, &self.error, consequence);
    }
}

impl Engine {
    pub(crate) fn held(&self, router: RouterId, number: usize) -> Option<&Held> {
        self.parts.instances.get(router.0)?.held.get(number)
    }

    pub(crate) fn held_mut(&mut self, router: RouterId, number: usize) -> Option<&mut Held> {
        self.parts.instances.get_mut(router.0)?.held.get_mut(number)
    }

    /// Lets the kernel remove an address after a time.
    pub(crate) fn expire_address(&mut self, router: RouterId, number: usize, after: Duration) {
        let Some(held) = self.held_mut(router, number).filter(|held| held.state.is_placed()) else { return };
        held.leaves = true;
        self.limit(router, number, AddressLifetime::For(after));
    }

    /// Lets an address stay.
    pub(crate) fn keep_address(&mut self, router: RouterId, number: usize) {
        let Some(held) = self.held_mut(router, number).filter(|held| held.state.is_placed()) else { return };
        held.leaves = false;
        self.limit(router, number, self.renewal.lifetime());
    }

    fn limit(&mut self, router: RouterId, number: usize, lifetime: AddressLifetime) {
        if let Err(refusal) = self.set_lifetime(router, number, lifetime) {
            refusal.tell(self);
        }
        if let Some(id) = self.held(router, number).map(|held| held.interface) {
            self.speak_as_fits(id);
        }
    }

    /// Gives an address in place another lifetime.
    pub(crate) fn set_lifetime(
        &mut self,
        router: RouterId,
        number: usize,
        lifetime: AddressLifetime,
    ) -> Result<(), LifetimeRefused> {
        let route = self.prefix_route(router, number);
        let held = self.parts.instances.get(router.0).and_then(|state| state.held.get(number));
        let Some(held) = held.filter(|held| held.state.is_placed()) else { return Ok(()) };
        let Some(interface) = self.parts.interfaces.get(index(held.interface)) else { return Ok(()) };
        let Some(link) = interface.index() else { return Ok(()) };
        self.parts.requests.set_lifetime(link, &held.new, lifetime, route).map_err(|error| LifetimeRefused {
            setting: format!("a lifetime for {} on {}", held.describe(), interface.name),
            error,
        })
    }

    /// The route for the prefix of an address with a lifetime: whether an address that stays needs it, too.
    pub(crate) fn prefix_route(&self, router: RouterId, number: usize) -> PrefixRoute {
        let held = self.held(router, number);
        // The kernel passes on the lifetimes of IPv6 addresses only.
        let Some(held) = held.filter(|held| held.address().is_ipv6()) else { return PrefixRoute::Own };
        // A whole address needs none: should the kernel remove it, the route would stay.
        if held.new.prefix_len == 128 {
            return PrefixRoute::Shared;
        }
        let Some(interface) = self.parts.interfaces.get(index(held.interface)) else {
            return PrefixRoute::Own;
        };
        // Beside one that leaves all others stay that do not, beside one that is renewed those that are not ours.
        let goes_too = |other: &Held| if held.leaves { other.leaves } else { other.state.is_placed() };
        let leaves = |known: &Address| {
            // Quick, with hundreds of addresses, where the kernel notes whose an address is.
            if !held.leaves && known.protocol == ADDRESS_PROTOCOL {
                return true;
            }
            let mut all = self.parts.instances.iter().flat_map(|instance| &instance.held);
            all.any(|other| {
                other.interface == held.interface && other.address() == known.address && goes_too(other)
            })
        };
        let mut others = interface.addresses.iter().filter(|known| known.address != held.address());
        if others.any(|known| known.shares_prefix(held.address(), held.new.prefix_len) && !leaves(known)) {
            PrefixRoute::Shared
        } else {
            PrefixRoute::Own
        }
    }

    /// Whether the interface below a virtual one has a route for an address's prefix: then the address gets none of its
    /// own, so that what it sends leaves there, with the host's own MAC. (Not so link-local ones: without a route on
    /// their own interface they reach nobody.)
    pub(crate) fn route_through_base(&self, router: RouterId, number: usize) -> PrefixRoute {
        let Some(held) = self.held(router, number) else { return PrefixRoute::Own };
        let has_mac = |link: &&VirtualLink| link.mac().is_some();
        let Some(virtual_link) = self.virtual_link(held.interface).filter(has_mac) else {
            return PrefixRoute::Own;
        };
        let Some(base) = self.parts.interfaces.get(index(virtual_link.base)) else { return PrefixRoute::Own };
        let is_link_local = matches!(held.address(), IpAddr::V6(address) if address.is_unicast_link_local());
        let shares = |known: &Address| known.shares_prefix(held.address(), held.new.prefix_len);
        if !is_link_local && base.addresses.iter().any(shares) {
            PrefixRoute::Shared
        } else {
            PrefixRoute::Own
        }
    }

    /// The route for the prefix of an address that is about to be put in place.
    pub(crate) fn route_at_entry(&self, router: RouterId, number: usize) -> PrefixRoute {
        match (self.renewal.lifetime(), self.route_through_base(router, number)) {
            (AddressLifetime::For(_), PrefixRoute::Own) => self.prefix_route(router, number),
            (_, route) => route,
        }
    }

    /// Sets what an interface's leaving IPv4 addresses need while there are any, and back afterwards.
    pub(crate) fn speak_as_fits(&mut self, id: InterfaceId) {
        // The first address of a network leaves alone: the others wait for their own announcements.
        self.promote_as_fits(id);
        let mut all = self.parts.instances.iter().flat_map(|instance| &instance.held);
        let leaving = all.any(|held| held.leaves && held.interface == id && held.address().is_ipv4());
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        if interface.virtual_link.is_some() {
            // Questions leave through the interface below, which is set so all the time.
            return;
        }
        let name = interface.name.clone();
        let (setting, value) = WHILE_LEAVING;
        let mut refusal = None;
        match (leaving, std::mem::take(&mut interface.before_leaving)) {
            (true, Some(before)) => interface.before_leaving = Some(before),
            (false, None) => {}
            (true, None) => {
                let was = setting.replace(&name, value);
                // Below a virtual MAC it is so already.
                let noted = interface.before_virtual.map(BaseSettings::arp_announce);
                // Also if it could not be set: once is enough.
                interface.before_leaving =
                    Some(BeforeLeaving { arp_announce: was.as_ref().ok().map(|was| noted.unwrap_or(*was)) });
                refusal = was.err().map(|error| (error, CONSEQUENCE));
            }
            // A virtual MAC still needs it, and sets it back later.
            (false, Some(_)) if interface.before_virtual.is_some() => {}
            (false, Some(BeforeLeaving { arp_announce })) => {
                let set_back = arp_announce.map_or(Ok(0), |was| setting.replace(&name, was));
                // An interface that has gone took its settings along.
                let error = set_back.err().filter(|_| interface.link.is_some());
                refusal = error.map(|error| (error, "it stays as it is until somebody sets it"));
            }
        }
        if let Some((error, consequence)) = refusal {
            self.tell_refused(setting.name(&name), &error, consequence.to_owned());
        }
    }

    /// An address is in place no more.
    pub(crate) fn has_left(&mut self, router: RouterId, number: usize) {
        let Some(held) = self.held_mut(router, number) else { return };
        if std::mem::take(&mut held.leaves) {
            debug_assert!(held.state == Placement::Absent, "it was removed");
            let id = held.interface;
            self.speak_as_fits(id);
        }
    }

    pub(crate) fn tell_refused(&self, setting: String, error: &std::io::Error, consequence: String) {
        let kind = EventKind::SettingRefused { setting, error: error.to_string(), consequence };
        self.publish(Draft::general(Severity::Warning, kind));
    }
}
