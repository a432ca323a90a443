//! Addresses that a reload moves from one instance to another on the same interface. They stay where they are, if both hold them;
//! and whoever had one does not take it away from the one that has it now.

use std::collections::BTreeSet;
use std::net::IpAddr;

use keepwatch_event::{EventKind, Severity};
use keepwatch_vrrp::RouterId;

use crate::addresses::{Held, Placement};
use crate::engine::Engine;
use crate::reconfiguration::Arrival;
use crate::setup::index;

/// What an address finds where it is to be put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Predecessor {
    /// It is not there, or is to be put there anew.
    None,
    /// It is there as it is to be: another instance had it.
    Same,
}

impl Engine {
    /// Notes which addresses move, until [`Self::moves_no_more`], and has those go on first that only get some: they find them in place.
    pub(crate) fn note_moves(&mut self, updates: &mut [(String, Arrival)]) {
        let wanted: BTreeSet<IpAddr> =
            updates.iter().flat_map(|(_, arrival)| addresses_of(arrival)).collect();
        for (number, instance) in self.parts.instances.iter().enumerate() {
            let next = updates.iter().find(|(name, _)| **name == *instance.name);
            if next.is_none() && !instance.leaves() {
                continue;
            }
            let kept: BTreeSet<IpAddr> =
                next.into_iter().flat_map(|(_, arrival)| addresses_of(arrival)).collect();
            let placed = instance.held.iter().filter(|held| held.state.is_placed()).map(Held::address);
            let moves = placed.filter(|address| wanted.contains(address) && !kept.contains(address));
            self.moving.extend(moves.map(|address| (RouterId(number), address)));
        }
        let gives = |name: &str| {
            let router = self.parts.instance_named(name);
            self.moving.iter().any(|(giver, _)| Some(*giver) == router)
        };
        // A name may be another instance's as soon as that one has gone on.
        if !self.moving.is_empty() && updates.iter().all(|(name, arrival)| *name == arrival.instance.name) {
            updates.sort_by_key(|(name, _)| gives(name));
        }
    }

    pub(crate) fn moves_no_more(&mut self) {
        self.moving.clear();
    }

    /// An instance is to have this address now. If it moves to it, the one that had it lets go of it.
    pub(crate) fn take_over(&mut self, router: RouterId, number: usize) -> Predecessor {
        let wanted = self.held(router, number).filter(|held| held.state == Placement::Absent);
        let Some(wanted) = wanted.filter(|_| !self.moving.is_empty()) else { return Predecessor::None };
        let is_it = |held: &Held| {
            held.interface == wanted.interface && held.address() == wanted.address() && held.state.is_placed()
        };
        let found = self.moving.iter().find_map(|(giver, address)| {
            let instance = self.parts.instances.get(giver.0).filter(|_| *address == wanted.address())?;
            Some((*giver, instance.held.iter().position(is_it)?))
        });
        let Some((giver, place)) = found else { return Predecessor::None };
        let Some(old) = self.held(giver, place) else { return Predecessor::None };
        let stays = old.is_put_in_place_like(wanted) && !old.leaves;
        let (described, routeless) = (old.describe(), old.new.no_prefix_route);
        let name = self.parts.interfaces.get(index(old.interface)).map(|interface| interface.name.clone());
        if let Some(old) = self.held_mut(giver, place) {
            old.state = Placement::Absent;
        }
        self.settling.retain(|settling| (settling.router, settling.address) != (giver, place));
        let kind = EventKind::AddressRemoved { address: described, interface: name.unwrap_or_default() };
        self.publish_for(giver, Severity::Info, kind);
        if !stays {
            return Predecessor::None;
        }
        if let Some(held) = self.held_mut(router, number) {
            held.new.no_prefix_route = routeless;
        }
        Predecessor::Same
    }
}

fn addresses_of(arrival: &Arrival) -> impl Iterator<Item = IpAddr> {
    let Arrival { instance, .. } = arrival;
    instance.addresses.iter().chain(&instance.excluded).map(|address| address.address)
}
