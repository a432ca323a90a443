//! What runs that were killed have left where this one does not look: the file may have been another one.
//!
//! On an interface with routers of ours everything that bears our mark is ours. Elsewhere it may be another keepwatch's that runs, which may
//! put addresses, routes and rules on any interface: it is taken away only if there is none, nor anybody else who speaks VRRP, as routes and
//! rules bear keepalived's number.

use std::collections::BTreeMap;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, Leftovers, Link};

use crate::engine::Engine;
use crate::interfaces::Interface;
use crate::virtual_link::{BaseSettings, is_ours};
use crate::virtual_links::SETTINGS_STAY;

/// What routes and rules bear unless the file says otherwise: `RTPROT_KEEPALIVED`.
const ROUTE_PROTOCOL: u8 = 18;

impl Engine {
    /// Removes interfaces, addresses, routes and rules of former runs, before anything is sent, or put in place.
    pub(crate) fn clean_up_elsewhere(&mut self) {
        let requests = &mut self.parts.requests;
        let (Ok(links), Ok(addresses)) = (requests.links(), requests.addresses()) else { return };
        let ways = requests.ways_of(ROUTE_PROTOCOL).unwrap_or_default();
        // Asked last: whoever has put there what was found was present before.
        let is_alone =
            self.parts.presence.as_ref().is_some_and(|presence| presence.is_alone().unwrap_or(false));
        if !is_alone {
            return;
        }
        self.remove_links_elsewhere(&links);
        self.remove_addresses_elsewhere(&links, &addresses);
        self.remove_ways_left(ways);
    }

    fn remove_links_elsewhere(&mut self, links: &[Link]) {
        let mut bases: BTreeMap<&str, BaseSettings> = BTreeMap::new();
        for left in links.iter().filter(|link| is_ours(link)) {
            let base = links.iter().find(|link| Some(link.index) == left.base);
            // What stands on an interface with routers is swept with it.
            let Some(base) = base.filter(|base| !self.has_routers_on(&base.name)) else { continue };
            if let Some(before) = BaseSettings::noted(left) {
                bases.entry(&base.name).or_insert(before);
            }
            if let Err(error) = self.parts.requests.remove_link(left.index) {
                let what = format!("{} aside, which a former run has left", left.name);
                self.tell_refused(what, &error, "its addresses stay".to_owned());
            }
        }
        for (base, before) in bases {
            self.set_all(base, before.afterwards(), SETTINGS_STAY);
        }
    }

    fn remove_addresses_elsewhere(&mut self, links: &[Link], addresses: &[Address]) {
        for address in addresses.iter().filter(|address| address.protocol == ADDRESS_PROTOCOL) {
            let link = links.iter().find(|link| link.index == address.interface);
            let Some(link) = link.filter(|link| !is_ours(link) && !self.has_routers_on(&link.name)) else {
                continue;
            };
            let known = self.interface_ids().zip(&self.parts.interfaces);
            let mut same = known.filter(|(_, interface)| interface.name == link.name);
            if same.any(|(id, _)| self.parts.fixtures.holds(id, address.address)) {
                continue;
            }
            let (text, interface) =
                (format!("{}/{}", address.address, address.prefix_len), link.name.clone());
            let draft = match self.parts.requests.remove_address(address.interface, address.key()) {
                Ok(()) => {
                    Draft::general(Severity::Warning, EventKind::AddressCleaned { address: text, interface })
                }
                Err(error) => {
                    let error = error.to_string();
                    Draft::general(
                        Severity::Error,
                        EventKind::AddressStuck { address: text, interface, error },
                    )
                }
            };
            self.publish(draft);
        }
    }

    /// Those that are always there are put in place anew in a moment.
    fn remove_ways_left(&mut self, ways: Leftovers) {
        if let Err(error) = self.parts.requests.remove_ways(ways) {
            let what = "routes and rules aside, which a former run has left".to_owned();
            self.tell_refused(what, &error, "some of them stay".to_owned());
        }
    }

    fn has_routers_on(&self, name: &str) -> bool {
        self.parts
            .interfaces
            .iter()
            .any(|interface| interface.name == name && Interface::has_routers(interface))
    }
}
