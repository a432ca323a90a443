//! Interfaces that come, go and change, and what that means to the routers.

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, InterfaceState, Severity};
use keepwatch_system::netlink::{Link, is_no_device};
use keepwatch_vrrp::{Input, Instant, InterfaceId, LinkState, MacAddress, RouterId};

use crate::addresses::Placement;
use crate::engine::Engine;
use crate::instance::Tracker;
use crate::interfaces::LinkUpdate;
use crate::setup::index;

impl Engine {
    /// Takes in what the kernel says of a link.
    pub(crate) fn hear_link(&mut self, now: Instant, link: Link) {
        self.note_mac(&link);
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

    /// Notes which hardware addresses are this host's.
    pub(crate) fn note_mac(&mut self, link: &Link) {
        match link.mac {
            Some(mac) => self.parts.macs.insert(link.index, MacAddress(mac)),
            None => self.parts.macs.remove(&link.index),
        };
    }

    /// Takes in the present state of an interface; `None` when it is gone.
    pub(crate) fn link_changed(&mut self, now: Instant, id: InterfaceId, link: Option<Link>) {
        if self.virtual_link(id).is_some() {
            self.settle_virtual_link(now, id);
            return;
        }
        let known = self.parts.interfaces.get(index(id)).and_then(|interface| interface.index());
        if known.is_some() && known != link.as_ref().map(|link| link.index) {
            self.leave_link(now, id);
        }
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let is_new = interface.index() != link.as_ref().map(|link| link.index);
        let update = interface.update_link(link);
        let came_up = update.changed && update.state == LinkState::Up;
        if came_up {
            interface.close_advert_sockets();
        }
        if came_up || interface.lacks_socket() {
            self.open_sockets(now, id);
            self.listen_where_needed();
        }
        if is_new {
            self.promote_as_fits(id);
            self.settle_virtual_links_on(now, id);
        }
        if let Some(update) = self.delayed(now, id, update) {
            self.link_counts(now, id, update);
        }
    }

    /// What counts of a link from now on.
    pub(crate) fn link_counts(&mut self, now: Instant, id: InterfaceId, update: LinkUpdate) {
        let came_up = update.changed && update.state == LinkState::Up;
        if update.changed {
            self.tell_link(id, update.state);
        }
        self.parts.routers.handle_interface(now, id, Input::Link(update.state), &mut self.actions);
        if update.hardware_changed || came_up {
            self.announce_on(now, id);
        }
        self.feed_trackers(now, id, update.state == LinkState::Up);
        self.perform(now);
    }

    /// The device under this name is gone, or is another one now. The routers let go while it is still known: one
    /// that was only renamed would keep our addresses for good.
    fn leave_link(&mut self, now: Instant, id: InterfaceId) {
        self.parts.routers.handle_interface(now, id, Input::Link(LinkState::Missing), &mut self.actions);
        self.feed_trackers(now, id, false);
        self.perform(now);
        self.lose_virtual_links_on(now, id);
        self.lose_secondaries(id);
        // Whatever could not be removed went with the device.
        for held in self.parts.instances.iter_mut().flat_map(|instance| &mut instance.held) {
            if held.interface == id {
                held.state = Placement::Absent;
                held.leaves = false;
            }
        }
    }

    /// Opens an interface's missing sockets. A router without one is deaf and mute, and must not take part.
    pub(crate) fn open_sockets(&mut self, now: Instant, id: InterfaceId) {
        self.relisten = true;
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let failure = interface.open_missing(id, &self.parts.poller).err();
        if let Some(error) = failure {
            // One that is on its way out is told by the kernel in a moment.
            if !is_no_device(&error) {
                let kind =
                    EventKind::SendFailed { interface: interface.name.clone(), error: error.to_string() };
                self.publish(Draft::general(Severity::Error, kind));
            }
            self.mend_later(now);
        }
        for (number, instance) in self.parts.instances.iter().enumerate() {
            if instance.interface != id {
                continue;
            }
            let Some(interface) = self.parts.interfaces.get(index(id)) else { continue };
            let input = Input::Transport(interface.transport(instance.family));
            self.parts.routers.handle(now, RouterId(number), input, &mut self.actions);
        }
    }

    fn tell_link(&self, id: InterfaceId, state: LinkState) {
        let Some(interface) = self.parts.interfaces.get(index(id)) else { return };
        let state = match state {
            LinkState::Up => InterfaceState::Up,
            LinkState::Down => InterfaceState::Down,
            LinkState::Missing => InterfaceState::Gone,
        };
        let severity = if state == InterfaceState::Up { Severity::Info } else { Severity::Warning };
        let kind = EventKind::Interface { interface: interface.name.clone(), state };
        self.publish(Draft::general(severity, kind));
    }

    /// Neighbours on this interface must hear our addresses again.
    pub(crate) fn announce_on(&mut self, now: Instant, id: InterfaceId) {
        for (number, instance) in self.parts.instances.iter().enumerate() {
            if instance.interface == id || instance.held.iter().any(|held| held.interface == id) {
                self.parts.routers.handle(now, RouterId(number), Input::HardwareChanged, &mut self.actions);
            }
        }
    }

    pub(crate) fn feed_trackers(&mut self, now: Instant, id: InterfaceId, up: bool) {
        for (number, instance) in self.parts.instances.iter().enumerate() {
            let is_it =
                |tracker: &Tracker| matches!(tracker, Tracker::Interface(tracked, _) if *tracked == id);
            for (tracker, _) in instance.trackers.iter().enumerate().filter(|(_, tracker)| is_it(tracker)) {
                let input = Input::Track { tracker, standing: up.into() };
                self.parts.routers.handle(now, RouterId(number), input, &mut self.actions);
            }
        }
    }
}
