//! The kernel's side: links and addresses as they are, and what their changes mean to the routers.

use std::io;
use std::net::IpAddr;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, InterfaceState, Severity};
use keepwatch_system::netlink::{ADDRESS_PROTOCOL, Address, AddressFlag, Change, Link};
use keepwatch_vrrp::{Input, Instant, InterfaceId, LinkState, RouterId};

use crate::addresses::Placement;
use crate::engine::Engine;
use crate::setup::index;

impl Engine {
    /// Reads all links and addresses, and feeds what is new.
    pub(crate) fn read_kernel(&mut self, now: Instant) -> io::Result<()> {
        let links = self.parts.requests.links()?;
        for id in self.interface_ids() {
            let Some(interface) = self.parts.interfaces.get(index(id)) else { continue };
            let link = links.iter().find(|link| link.name == interface.name).cloned();
            self.link_changed(now, id, link);
        }
        let addresses = self.parts.requests.addresses()?;
        for interface in &mut self.parts.interfaces {
            let on_it = |address: &&Address| Some(address.interface) == interface.index();
            interface.addresses = addresses.iter().filter(on_it).cloned().collect();
        }
        self.addresses_changed(now);
        self.look_for_lost(now);
        Ok(())
    }

    pub(crate) fn hear_kernel(&mut self, now: Instant) -> io::Result<()> {
        let mut changes = std::mem::take(&mut self.changes);
        let (mut addresses_changed, mut one_is_gone, mut lost) = (false, false, false);
        while self.parts.monitor.receive(&mut changes)? {
            for change in changes.drain(..) {
                match change {
                    Change::Link(link) => self.hear_link(now, link),
                    Change::LinkGone(link) => {
                        if let Some(id) = self.interface_with_index(link.index) {
                            self.link_changed(now, id, None);
                        }
                    }
                    Change::Address(address) => {
                        addresses_changed = true;
                        self.hear_duplicate(now, &address);
                        if let Some(interface) = self.interface_mut_with_index(address.interface) {
                            interface.address_changed(address);
                        }
                    }
                    Change::AddressGone(address) => {
                        addresses_changed = true;
                        one_is_gone = true;
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
            return self.read_kernel(now);
        }
        if addresses_changed {
            self.addresses_changed(now);
        }
        if one_is_gone {
            self.verify_addresses(now)?;
        }
        Ok(())
    }

    fn hear_link(&mut self, now: Instant, link: Link) {
        // Renamed away: for us it is gone.
        if let Some(id) = self.interface_with_index(link.index)
            && self.parts.interfaces.get(index(id)).is_some_and(|interface| interface.name != link.name)
        {
            self.link_changed(now, id, None);
        }
        let named = self.parts.interfaces.iter().position(|interface| interface.name == link.name);
        if let Some(id) = named.and_then(|position| u32::try_from(position).ok()).map(InterfaceId) {
            self.link_changed(now, id, Some(link));
        }
    }

    fn link_changed(&mut self, now: Instant, id: InterfaceId, link: Option<Link>) {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let update = interface.update_link(link);
        let has_no_port = interface.port.frames.is_none() && interface.link.is_some();
        let came_up = update.changed && update.state == LinkState::Up;
        let mut failure = None;
        if has_no_port || came_up {
            failure = interface.reopen(id, &self.parts.poller).err();
        }
        let name = interface.name.clone();
        if let Some(error) = failure {
            let kind = EventKind::SendFailed { interface: name.clone(), error: error.to_string() };
            self.publish(Draft::general(Severity::Error, kind));
        }
        if update.changed {
            let state = match update.state {
                LinkState::Up => InterfaceState::Up,
                LinkState::Down => InterfaceState::Down,
                LinkState::Missing => InterfaceState::Gone,
            };
            let severity = if state == InterfaceState::Up { Severity::Info } else { Severity::Warning };
            self.publish(Draft::general(severity, EventKind::Interface { interface: name, state }));
        }
        if update.state == LinkState::Missing {
            self.forget_addresses_on(id);
        }
        self.parts.routers.handle_interface(now, id, Input::Link(update.state), &mut self.actions);
        if update.hardware_changed {
            self.announce_on(now, id);
        }
        self.feed_trackers(now, id, update.state == LinkState::Up);
        self.perform(now);
    }

    /// A deleted interface took our addresses along.
    fn forget_addresses_on(&mut self, id: InterfaceId) {
        for held in self.parts.instances.iter_mut().flat_map(|instance| &mut instance.held) {
            if held.interface == id && held.state != Placement::Own {
                held.state = Placement::Absent;
            }
        }
    }

    /// Neighbours on this interface must hear our addresses again.
    fn announce_on(&mut self, now: Instant, id: InterfaceId) {
        for (number, instance) in self.parts.instances.iter().enumerate() {
            if instance.interface == id || instance.held.iter().any(|held| held.interface == id) {
                self.parts.routers.handle(now, RouterId(number), Input::HardwareChanged, &mut self.actions);
            }
        }
    }

    fn feed_trackers(&mut self, now: Instant, id: InterfaceId, up: bool) {
        for (number, instance) in self.parts.instances.iter().enumerate() {
            for (tracker, _) in instance.trackers.iter().enumerate().filter(|(_, tracked)| **tracked == id) {
                let input = Input::Track { tracker, up };
                self.parts.routers.handle(now, RouterId(number), input, &mut self.actions);
            }
        }
    }

    /// Tells every router its source address anew.
    fn addresses_changed(&mut self, now: Instant) {
        self.recognise_own();
        for (number, instance) in self.parts.instances.iter().enumerate() {
            let Some(interface) = self.parts.interfaces.get(index(instance.interface)) else { continue };
            let is_virtual = |address: IpAddr| {
                self.parts.virtual_addresses.contains(&address)
                    && !instance
                        .held
                        .iter()
                        .any(|held| held.address() == address && held.state == Placement::Own)
            };
            let source = instance.source.or_else(|| interface.source(instance.family, is_virtual));
            let router = RouterId(number);
            if self.parts.routers.get(router).is_some_and(|router| router.source() != source) {
                self.parts.routers.handle(now, router, Input::Source(source), &mut self.actions);
            }
        }
        self.perform(now);
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

    /// Which router has put this address on this interface.
    fn placed(&self, id: InterfaceId, address: IpAddr) -> Option<(RouterId, usize)> {
        self.parts.instances.iter().enumerate().find_map(|(router, instance)| {
            let number = instance.held.iter().position(|held| {
                held.interface == id
                    && held.address() == address
                    && matches!(held.state, Placement::Present | Placement::Settling)
            })?;
            Some((RouterId(router), number))
        })
    }

    /// An address has gone. Whether it was one of ours, and still is gone, only the kernel's present state
    /// tells: what we removed and added again ourselves is reported late.
    fn verify_addresses(&mut self, now: Instant) -> io::Result<()> {
        let addresses = self.parts.requests.addresses()?;
        for interface in &mut self.parts.interfaces {
            let on_it = |address: &&Address| Some(address.interface) == interface.index();
            interface.addresses = addresses.iter().filter(on_it).cloned().collect();
        }
        self.look_for_lost(now);
        Ok(())
    }

    /// Feeds the loss of every address that should be in place and is not.
    fn look_for_lost(&mut self, now: Instant) {
        for router in 0..self.parts.instances.len() {
            let Some(instance) = self.parts.instances.get_mut(router) else { continue };
            let mut lost = Vec::new();
            for (number, held) in instance.held.iter_mut().enumerate() {
                let is_there = self.parts.interfaces.get(index(held.interface)).is_some_and(|interface| {
                    interface.addresses.iter().any(|address| address.address == held.address())
                });
                if matches!(held.state, Placement::Present | Placement::Settling) && !is_there {
                    held.state = Placement::Absent;
                    lost.push(number);
                }
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
                let ours = address.protocol == ADDRESS_PROTOCOL && interface.has_routers();
                if ours || self.is_stray(id, address.address) {
                    leftovers.push((id, address.clone()));
                }
            }
        }
        for (id, address) in leftovers {
            let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { continue };
            let name = interface.name.clone();
            let text = format!("{}/{}", address.address, address.prefix_len);
            let draft = if interface.is_only_address(&address) {
                let kind = EventKind::AddressKept { address: text, interface: name };
                Draft::general(Severity::Error, kind)
            } else {
                let (index, prefix_len) = (address.interface, address.prefix_len);
                match self.parts.requests.remove_address(index, address.address, prefix_len) {
                    Ok(()) => {
                        interface.address_gone(&address);
                        let kind = EventKind::AddressCleaned { address: text, interface: name };
                        Draft::general(Severity::Warning, kind)
                    }
                    Err(error) => {
                        let error = error.to_string();
                        let kind = EventKind::AddressStuck { address: text, interface: name, error };
                        Draft::general(Severity::Error, kind)
                    }
                }
            };
            self.publish(draft);
        }
        self.addresses_changed(now);
    }

    /// Whether an address is one that a router would hold there, and has not put there.
    fn is_stray(&self, id: InterfaceId, address: IpAddr) -> bool {
        let mut held = self.parts.instances.iter().flat_map(|instance| &instance.held);
        held.any(|held| held.interface == id && held.address() == address && held.state == Placement::Absent)
    }

    /// An owner's addresses are the host's own (RFC 9568 §1.7): those that are there, and not by us, stay.
    fn recognise_own(&mut self) {
        for instance in self.parts.instances.iter_mut().filter(|instance| instance.is_owner) {
            for held in instance.held.iter_mut().filter(|held| held.state == Placement::Absent) {
                let is_there = self.parts.interfaces.get(index(held.interface)).is_some_and(|interface| {
                    let mut addresses = interface.addresses.iter();
                    addresses
                        .any(|known| known.address == held.address() && known.protocol != ADDRESS_PROTOCOL)
                });
                if is_there {
                    held.state = Placement::Own;
                }
            }
        }
    }
}
