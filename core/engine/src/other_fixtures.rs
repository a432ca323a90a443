//! Static addresses, routes and rules of another configuration. Those that stay are not touched.

use keepwatch_config::model::Statics;
use keepwatch_vrrp::{Instant, InterfaceId};

use crate::addresses::Held;
use crate::engine::Engine;
use crate::interfaces::Interface;
use crate::routing::{Fixtures, remove_routing};
use crate::setup::index;

/// What becomes of them.
#[derive(Debug)]
pub(crate) struct OtherStatics {
    /// Those that go.
    gone: Statics,
    /// All that there are from now on.
    after: Statics,
}

impl OtherStatics {
    /// From one configuration to another; none if they are as they were.
    pub(crate) fn between(before: &Statics, after: &Statics) -> Option<Self> {
        (before != after).then(|| Self { gone: before.without(after), after: after.clone() })
    }
}

impl Fixtures {
    /// Knows how those stand that were there before.
    fn come_after(&mut self, others: &Self) {
        self.ways.come_after(&others.ways);
        for held in &mut self.addresses {
            let mut others = others.addresses.iter();
            if let Some(old) = others.find(|old| old.interface == held.interface && old.new == held.new) {
                held.stand_as(old);
            }
        }
    }

    /// Whether an address has been put there by us: its number says so, where the kernel knows of such numbers.
    fn are_placed(&self, gone: &Held, interface: &Interface) -> bool {
        let mut known = self.addresses.iter();
        let known = known.find(|held| held.interface == gone.interface && held.new == gone.new);
        let is_placed = known.is_some_and(|held| held.state.is_placed());
        interface.has(gone.address()) && (is_placed || !interface.has_foreign(gone.address()))
    }
}

impl Engine {
    /// Takes away what another configuration does not have, before anybody else may want it. What is new is put in place by
    /// [`Self::place_fixtures`].
    pub(crate) fn take_over_statics(&mut self, now: Instant, it: &OtherStatics) {
        let parts = &mut self.parts;
        // Before addresses, which they may need.
        remove_routing(&it.gone.routing, &parts.interfaces, &mut parts.requests);
        self.remove_static_addresses(now, &it.gone);
        let known = self.parts.interfaces.len();
        let before = std::mem::take(&mut self.parts.fixtures);
        self.parts.add_fixtures(&it.after);
        self.parts.fixtures.come_after(&before);
        self.look_at_new_interfaces(now, known);
    }

    fn remove_static_addresses(&mut self, now: Instant, gone: &Statics) {
        let all = |name: &str| {
            let mut ids = self.interface_ids().zip(&self.parts.interfaces);
            ids.find(|(_, interface)| interface.name == name)
        };
        let held: Vec<Held> = gone
            .addresses
            .iter()
            .filter_map(|address| {
                let (id, interface) = all(address.device.as_ref()?.as_str())?;
                let held = Held::new(address, id);
                self.parts.fixtures.are_placed(&held, interface).then_some(held)
            })
            .collect();
        // The kernel would take the others of a network along with its first one.
        let first = held.iter().filter(|held| held.address().is_ipv4());
        self.shedding = first.map(|held| held.interface).collect();
        let shed: Vec<InterfaceId> = self.shedding.iter().copied().collect();
        for id in shed {
            self.promote_as_fits(id);
        }
        for held in held {
            let Some(interface) = self.parts.interfaces.get_mut(index(held.interface)) else { continue };
            let Some(link) = interface.index() else { continue };
            match self.parts.requests.remove_address(link, held.new.key()) {
                Ok(()) => interface.addresses.retain(|known| known.address != held.address()),
                Err(_) => {
                    self.unread = true;
                    self.mend_later(now);
                }
            }
        }
        self.has_shed();
    }
}
