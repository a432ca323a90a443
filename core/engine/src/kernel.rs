//! The kernel's side: addresses as they are, and what their changes mean to the routers.

use std::io;
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, AddressFlag, Change};
use keepwatch_vrrp::{Input, Instant, InterfaceId, RouterId, Source};

use crate::addresses::{Held, Placement};
use crate::engine::{AT_ONCE, Engine};
use crate::instance::InstanceState;
use crate::setup::index;

/// When to try again what failed.
const MEND_AFTER: Duration = Duration::from_secs(1);

impl Engine {
    /// Reads all links and addresses, and feeds what is new. What cannot be read is read again later.
    pub(crate) fn read_kernel(&mut self, now: Instant) {
        if self.try_read_kernel(now).is_err() {
            self.unread = true;
            self.mend_later(now);
        }
    }

    fn try_read_kernel(&mut self, now: Instant) -> io::Result<()> {
        let links = self.parts.requests.links()?;
        self.parts.macs.clear();
        for link in &links {
            self.note_mac(link);
        }
        self.sweep_virtual_links(&links);
        for id in self.interface_ids() {
            let Some(interface) = self.parts.interfaces.get(index(id)) else { continue };
            let link = links.iter().find(|link| link.name == interface.name).cloned();
            self.link_changed(now, id, link);
        }
        self.read_addresses()?;
        self.unread = false;
        self.addresses_changed(now);
        self.look_for_lost(now);
        Ok(())
    }

    pub(crate) fn read_addresses(&mut self) -> io::Result<()> {
        let addresses = self.parts.requests.addresses()?;
        for interface in &mut self.parts.interfaces {
            let on_it = |address: &&Address| Some(address.interface) == interface.index();
            interface.addresses = addresses.iter().filter(on_it).cloned().collect();
        }
        Ok(())
    }

    /// Takes in what the kernel has told since the last time.
    pub(crate) fn hear_kernel(&mut self, now: Instant) -> io::Result<()> {
        let mut changes = std::mem::take(&mut self.changes);
        let (mut addresses_changed, mut ours_gone, mut lost) = (false, false, false);
        let mut bereft = Vec::new();
        for _ in 0..AT_ONCE {
            if !self.parts.monitor.receive(&mut changes)? {
                break;
            }
            for change in changes.drain(..) {
                match change {
                    Change::Link(link) => self.hear_link(now, link),
                    Change::LinkGone(link) => {
                        self.parts.macs.remove(&link.index);
                        if let Some(id) = self.interface_with_index(link.index) {
                            self.link_changed(now, id, None);
                        }
                    }
                    Change::Address(address) => {
                        self.hear_duplicate(now, &address);
                        if let Some(interface) = self.interface_mut_with_index(address.interface) {
                            addresses_changed |= interface.address_changed(address);
                        }
                    }
                    Change::AddressGone(address) => {
                        addresses_changed = true;
                        ours_gone |= self.is_placed(&address);
                        let id = self.interface_with_index(address.interface);
                        bereft.extend(id.filter(|id| self.is_own_address(*id, &address)));
                        if let Some(interface) = self.interface_mut_with_index(address.interface) {
                            interface.address_gone(&address);
                        }
                    }
                    Change::Lost => lost = true,
                }
            }
        }
        self.changes = changes;
        if lost {
            self.publish(Draft::general(Severity::Warning, EventKind::Resynchronised));
            self.read_kernel(now);
            return Ok(());
        }
        for id in bereft {
            self.settle_virtual_link(now, id);
        }
        if addresses_changed {
            self.addresses_changed(now);
        }
        if ours_gone {
            // Whether it still is gone only the present state tells: what we removed and added again ourselves
            // is told late.
            match self.read_addresses() {
                Ok(()) => self.look_for_lost(now),
                Err(_) => {
                    self.unread = true;
                    self.mend_later(now);
                }
            }
        }
        Ok(())
    }

    /// Tells every router its source address anew.
    pub(crate) fn addresses_changed(&mut self, now: Instant) {
        self.recognise_own();
        for number in 0..self.parts.instances.len() {
            let Some(source) = self.parts.instances.get(number).and_then(|instance| self.source_of(instance))
            else {
                continue;
            };
            self.parts.routers.handle(now, RouterId(number), Input::Source(source), &mut self.actions);
        }
        self.perform(now);
    }

    /// The address that an instance sends from. None while the host's own address is taken for a virtual one.
    pub(crate) fn source_of(&self, instance: &InstanceState) -> Option<Source> {
        let interface = self.parts.interfaces.get(index(instance.source_interface()))?;
        if instance.held.iter().any(|held| held.state == Placement::Kept) {
            return Some(Source::None);
        }
        if let Some(configured) = instance.source {
            let base = self.parts.interfaces.get(index(instance.interface))?;
            let is_missing = instance.tracks_source && !interface.has(configured) && !base.has(configured);
            return Some(if is_missing { Source::None } else { Source::Address(configured) });
        }
        let held = self.parts.instances.iter().flat_map(|instance| &instance.held);
        let own: Vec<IpAddr> = held.filter(|held| held.state == Placement::Own).map(Held::address).collect();
        let is_virtual =
            |address: IpAddr| self.parts.virtual_addresses.contains(&address) && !own.contains(&address);
        Some(interface.source(instance.sender, is_virtual))
    }

    fn hear_duplicate(&mut self, now: Instant, address: &Address) {
        if !address.has(AddressFlag::DadFailed) {
            return;
        }
        let Some(id) = self.interface_with_index(address.interface) else { return };
        let Some((router, number)) = self.placed(id, address.address) else { return };
        self.parts.routers.handle(now, router, Input::AddressDuplicate(number), &mut self.actions);
        self.perform(now);
    }

    fn is_placed(&self, address: &Address) -> bool {
        self.interface_with_index(address.interface)
            .is_some_and(|id| self.placed(id, address.address).is_some())
    }

    /// Which router has put this address on this interface.
    fn placed(&self, id: InterfaceId, address: IpAddr) -> Option<(RouterId, usize)> {
        self.parts.instances.iter().enumerate().find_map(|(router, instance)| {
            let number = instance.held.iter().position(|held| {
                held.interface == id && held.address() == address && held.state.is_placed()
            })?;
            Some((RouterId(router), number))
        })
    }

    /// Feeds the loss of every address that should be in place and is not.
    pub(crate) fn look_for_lost(&mut self, now: Instant) {
        for router in 0..self.parts.instances.len() {
            let Some(instance) = self.parts.instances.get_mut(router) else { continue };
            let mut lost = Vec::new();
            for (number, held) in instance.held.iter_mut().enumerate() {
                let interface = self.parts.interfaces.get(index(held.interface));
                if interface.is_some_and(|interface| interface.has(held.address())) {
                    continue;
                }
                if held.state.is_placed() {
                    lost.push(number);
                }
                held.state = Placement::Absent;
            }
            for number in lost {
                let input = Input::AddressLost(number);
                self.parts.routers.handle(now, RouterId(router), input, &mut self.actions);
            }
        }
        self.perform(now);
    }

    /// Removes virtual addresses that a former run, or anybody else, left on our interfaces, as keepalived does.
    pub(crate) fn clean_up(&mut self, now: Instant) {
        let mut leftovers = Vec::new();
        for (id, interface) in self.interface_ids().zip(&self.parts.interfaces) {
            for address in &interface.addresses {
                // What we hold now is no leftover.
                let tagged = address.protocol == ADDRESS_PROTOCOL && interface.has_routers();
                let is_kept = self.placed(id, address.address).is_some()
                    || self.is_own_address(id, address)
                    || self.parts.fixtures.holds(id, address.address);
                let ours = tagged && !is_kept;
                if ours || self.is_stray(id, address.address) {
                    leftovers.push((id, address.clone()));
                }
            }
        }
        for (id, address) in leftovers {
            self.clean(now, id, &address);
        }
        self.addresses_changed(now);
    }

    fn clean(&mut self, now: Instant, id: InterfaceId, address: &Address) {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let name = interface.name.clone();
        let text = format!("{}/{}", address.address, address.prefix_len);
        if interface.is_only_address(address) {
            self.keep(id, address.address);
            let kind = EventKind::AddressKept { address: text, interface: name };
            self.publish(Draft::general(Severity::Error, kind));
            return;
        }
        let draft = match self.parts.requests.remove_address(address.interface, address.key()) {
            Ok(()) => {
                interface.address_gone(address);
                let kind = EventKind::AddressCleaned { address: text, interface: name };
                Draft::general(Severity::Warning, kind)
            }
            Err(error) => {
                self.unread = true;
                self.mend_later(now);
                let error = error.to_string();
                let kind = EventKind::AddressStuck { address: text, interface: name, error };
                Draft::general(Severity::Error, kind)
            }
        };
        self.publish(draft);
    }

    /// Whether an address is one that a router would hold there, and has not put there.
    fn is_stray(&self, id: InterfaceId, address: IpAddr) -> bool {
        let mut held = self.parts.instances.iter().flat_map(|instance| &instance.held);
        held.any(|held| held.interface == id && held.address() == address && held.state == Placement::Absent)
    }

    /// The instances that would hold an address here cannot take part while it is the host's only one.
    fn keep(&mut self, id: InterfaceId, address: IpAddr) {
        for held in self.parts.instances.iter_mut().flat_map(|instance| &mut instance.held) {
            if held.interface == id && held.address() == address {
                held.state = Placement::Kept;
            }
        }
    }

    /// An owner's addresses are the host's own (RFC 9568 §1.7): those that are there, and not by us, stay.
    fn recognise_own(&mut self) {
        for instance in self.parts.instances.iter_mut().filter(|instance| instance.is_owner) {
            for held in instance.held.iter_mut().filter(|held| held.state == Placement::Absent) {
                let interface = self.parts.interfaces.get(index(held.interface));
                if interface.is_some_and(|interface| interface.has_foreign(held.address())) {
                    held.state = Placement::Own;
                }
            }
        }
    }

    // --- Mending -----------------------------------------------------------------------------------------

    /// Something failed that is worth trying again.
    pub(crate) fn mend_later(&mut self, now: Instant) {
        // What fails meanwhile waits with it, and does not put it off.
        let at = *self.mend_at.get_or_insert(now + MEND_AFTER);
        self.arm_earlier(Some(at));
    }

    /// Tries again what failed: reading the kernel's state, opening sockets, removing addresses.
    pub(crate) fn mend(&mut self, now: Instant) {
        if self.mend_at.is_none_or(|at| at > now) {
            return;
        }
        self.mend_at = None;
        if self.unread {
            self.read_kernel(now);
            self.clean_up(now);
        }
        for id in self.interface_ids() {
            if self.parts.interfaces.get(index(id)).is_some_and(|interface| interface.lacks_socket()) {
                self.open_sockets(now, id);
            }
        }
        self.mend_virtual_links(now);
        self.mend_ways(now);
        self.mend_filter(now);
        self.perform(now);
    }
}
