//! Having the interfaces of instances' own there: creating them, mending them, and taking them away.

use std::io;
use std::net::IpAddr;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_system::InterfaceSetting;
use keepwatch_system::netlink::{
    Address, AddressLifetime, Egress, Link, NewAddress, NewIpvlan, NewMacvlan, is_no_device,
};
use keepwatch_vrrp::{Instant, InterfaceId, LinkState};

use crate::engine::Engine;
use crate::instance::InstanceState;
use crate::interfaces::Interface;
use crate::setup::index;
use crate::virtual_link::{BaseSettings, Sort, VirtualLink, is_ours};

pub(crate) const SETTINGS_STAY: &str = "it stays as it was set for a virtual MAC";

impl Engine {
    /// Takes away what former runs have left on our interfaces, after noting what these were set to before.
    pub(crate) fn sweep_virtual_links(&mut self, links: &[Link]) {
        for left in links.iter().filter(|link| is_ours(link)) {
            if self.is_made(left.index) {
                continue;
            }
            let base = links.iter().find(|link| Some(link.index) == left.base);
            let ours = base.and_then(|base| {
                self.parts.interfaces.iter_mut().find(|i| i.has_routers() && i.name == base.name)
            });
            // On another interface it is another keepwatch's.
            let Some(interface) = ours else { continue };
            interface.before_virtual = interface.before_virtual.or_else(|| BaseSettings::noted(left));
            if let Err(error) = self.parts.requests.remove_link(left.index) {
                let what = format!("{} aside, which a former run has left", left.name);
                self.tell_refused(what, &error, "its addresses stay".to_owned());
            }
        }
        for id in self.interface_ids() {
            if !self.is_base(id) {
                self.restore_base(id);
            }
        }
    }

    fn is_made(&self, link: u32) -> bool {
        let mut links = self.parts.interfaces.iter().filter_map(|interface| interface.virtual_link.as_ref());
        links.any(|virtual_link| virtual_link.made == Some(link))
    }

    /// Whether the interface with an IPv4 router's virtual MAC is to stand on this one.
    fn is_base(&self, id: InterfaceId) -> bool {
        let mut links = self.parts.interfaces.iter().filter_map(|interface| interface.virtual_link.as_ref());
        links.any(|virtual_link| virtual_link.base == id && virtual_link.changes_base())
    }

    fn virtual_links_on(&self, base: InterfaceId) -> impl Iterator<Item = InterfaceId> + use<> {
        let stands_on_it =
            |interface: &Interface| interface.virtual_link.as_ref().is_some_and(|v| v.base == base);
        let ids = self.interface_ids().zip(&self.parts.interfaces);
        let found: Vec<InterfaceId> =
            ids.filter(|(_, interface)| stands_on_it(interface)).map(|(id, _)| id).collect();
        found.into_iter()
    }

    /// An interface has come, or come back: so do those that stand on it.
    pub(crate) fn settle_virtual_links_on(&mut self, now: Instant, base: InterfaceId) {
        for id in self.virtual_links_on(base) {
            self.settle_virtual_link(now, id);
        }
    }

    /// An interface is gone for us, perhaps by another name: so are those that stand on it.
    pub(crate) fn lose_virtual_links_on(&mut self, now: Instant, base: InterfaceId) {
        for id in self.virtual_links_on(base) {
            self.feed_trackers(now, id, false);
            self.perform(now);
            self.remove_virtual_link(id);
        }
        let Some(interface) = self.parts.interfaces.get_mut(index(base)) else { return };
        let (link, before) = (interface.index(), interface.before_virtual.take());
        // Its settings went with it, unless it was only renamed.
        let Some(before) = before else { return };
        let links = self.parts.requests.links().unwrap_or_default();
        if let Some(renamed) = links.iter().find(|known| Some(known.index) == link) {
            self.set_all(&renamed.name, before.afterwards(), SETTINGS_STAY);
        }
    }

    /// Tries again to have those that are not there.
    pub(crate) fn mend_virtual_links(&mut self, now: Instant) {
        for (id, interface) in self.interface_ids().zip(0..) {
            let interface: Option<&Interface> = self.parts.interfaces.get(interface);
            let lacks =
                |i: &Interface| i.link.is_none() || i.lacks_socket() || i.missing_own_address().is_some();
            if interface.is_some_and(|i| i.virtual_link.is_some() && lacks(i)) {
                self.settle_virtual_link(now, id);
            }
        }
    }

    /// Makes an interface what it should be, whatever has become of it, and tells its router whether it is.
    ///
    /// What was heard of it is not looked at: it may be old news of what this program did itself.
    pub(crate) fn settle_virtual_link(&mut self, now: Instant, id: InterfaceId) {
        let outcome = self.try_settle(now, id);
        let usable = match outcome {
            Ok(usable) => usable,
            Err(error) => {
                self.mend_later(now);
                self.tell_unusable(id, &error);
                false
            }
        };
        self.feed_trackers(now, id, usable);
        self.perform(now);
    }

    fn try_settle(&mut self, now: Instant, id: InterfaceId) -> io::Result<bool> {
        let Some(interface) = self.parts.interfaces.get(index(id)) else { return Ok(false) };
        let (before, name) = (interface.state(), interface.name.clone());
        let Some(wanted) = &interface.virtual_link else { return Ok(false) };
        let base_id = wanted.base;
        let Some(base) = self.parts.interfaces.get(index(base_id)) else { return Ok(false) };
        let Some(base) = base.index() else { return Ok(false) };
        let present = self.parts.requests.link_named(&name)?;
        let link = match present {
            Some(link) if wanted.is_intact(&link, base) => {
                if !link.up {
                    self.parts.requests.set_up(link.index)?;
                }
                link
            }
            Some(link) if wanted.may_replace(&link, base) => {
                self.parts.requests.remove_link(link.index)?;
                self.create_virtual_link(id, base)?
            }
            Some(_) => {
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, "another interface has this name"));
            }
            None => self.create_virtual_link(id, base)?,
        };
        // Up since a moment ago, perhaps.
        let link = self.parts.requests.link_named(&link.name)?.unwrap_or(link);
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return Ok(false) };
        let is_new = interface.index() != Some(link.index);
        let index_of_link = link.index;
        let update = interface.update_link(Some(link));
        if let Some(own) = interface.missing_own_address() {
            match self.parts.requests.add_address(index_of_link, own, AddressLifetime::Forever) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(with_address(own, &error)),
                Ok(()) => {}
            }
        }
        if is_new || interface.lacks_socket() {
            interface.open_missing(id, &self.parts.poller)?;
        }
        if let Some(virtual_link) = &mut interface.virtual_link {
            virtual_link.failure_told = false;
        }
        let has_addresses = self.parts.instances.iter().flat_map(|instance| &instance.held);
        if is_new && has_addresses.into_iter().any(|held| held.interface == id && held.state.is_placed()) {
            // They went with the one before.
            self.read_addresses()?;
            self.look_for_lost(now);
        } else if !is_new && before != LinkState::Up && update.state == LinkState::Up {
            self.announce_on(now, id);
        }
        Ok(true)
    }

    /// Creates an interface. It may not speak until its router has a say, and is set up last.
    fn create_virtual_link(&mut self, id: InterfaceId, base: u32) -> io::Result<Link> {
        self.remove_virtual_link(id);
        let Some(interface) = self.parts.interfaces.get(index(id)) else { return Err(gone()) };
        let Some(wanted) = &interface.virtual_link else { return Err(gone()) };
        let name = interface.name.clone();
        match wanted.sort {
            Sort::Macvlan(mac) => {
                self.parts.requests.add_macvlan(&NewMacvlan { name: &name, base, mac: mac.0 })?;
            }
            Sort::Ipvlan { reach, .. } => {
                self.parts.requests.add_ipvlan(NewIpvlan { name: &name, base, reach })?;
            }
        }
        let link = self.parts.requests.link_named(&name)?.ok_or_else(gone)?;

        let (base_id, changes_base, has_mac) = (wanted.base, wanted.changes_base(), wanted.mac().is_some());
        let settings = wanted.settings();
        if let Some(base) = self.parts.interfaces.get_mut(index(base_id))
            && changes_base
        {
            base.note_before_virtual();
        }
        if let Some(base) = self.parts.interfaces.get(index(base_id)) {
            let before = base.before_virtual.filter(|_| changes_base);
            let alias = self.virtual_link(id).map(|wanted| wanted.alias(&base.name, before));
            // What follows from its absence is noted by its own words: nothing while this program lives.
            let _ = self.parts.requests.set_alias(link.index, &alias.unwrap_or_default());
        }
        if let Some(made) = self.virtual_link_mut(id) {
            made.made = Some(link.index);
            made.egress = Egress::Open;
            made.forwards = false;
        }
        let consequence = if has_mac {
            "neighbours may take another of this host's addresses to be at the virtual MAC"
        } else {
            "the kernel may speak for other addresses there, or drop what is sent to its own"
        };
        self.set_all(&name, settings.into_iter(), consequence);
        if has_mac {
            self.set_egress(id, Egress::Closed);
        }
        self.parts.requests.set_up(link.index)?;
        if changes_base
            && let Some(base) = self.parts.interfaces.get(index(base_id)).map(|base| base.name.clone())
        {
            let consequence = "neighbours may take the virtual addresses to be at this interface's own MAC";
            self.set_all(&base, BaseSettings::meanwhile().into_iter(), consequence);
        }
        Ok(link)
    }

    /// Removes an interface that was created, if it was.
    fn remove_virtual_link(&mut self, id: InterfaceId) {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let Some(virtual_link) = &mut interface.virtual_link else { return };
        let Some(made) = virtual_link.made.take() else { return };
        // The next one is closed until it is found that its router has a say.
        let router = virtual_link.router;
        self.speaking.retain(|speaking| *speaking != router);
        interface.update_link(None);
        let name = interface.name.clone();
        if let Err(error) = self.parts.requests.remove_link(made) {
            self.tell_refused(format!("{name} aside"), &error, "it stays, without addresses".to_owned());
        }
    }

    /// Takes all of them away, and sets what they stood on back to what it was.
    pub(crate) fn take_virtual_links_down(&mut self) {
        for id in self.interface_ids() {
            self.remove_virtual_link(id);
        }
        for id in self.interface_ids() {
            self.restore_base(id);
        }
    }

    /// Takes one away whose instance has gone, and sets what it stood on back if nothing else stands there.
    pub(crate) fn discard_virtual_link(&mut self, id: InterfaceId) {
        self.remove_virtual_link(id);
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let Some(virtual_link) = interface.virtual_link.take() else { return };
        if !self.is_base(virtual_link.base) {
            self.restore_base(virtual_link.base);
        }
    }

    fn restore_base(&mut self, id: InterfaceId) {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let Some(before) = interface.before_virtual.take() else { return };
        let (name, leaving) = (interface.name.clone(), interface.before_leaving);
        // What addresses that leave need is set back when they have left.
        let is_needed = |setting| leaving.is_some() && setting == InterfaceSetting::ArpAnnounce;
        let afterwards = before.afterwards().filter(|(setting, _)| !is_needed(*setting));
        self.set_all(&name, afterwards, SETTINGS_STAY);
    }

    /// Sets some settings of an interface, and tells the first that cannot be.
    pub(crate) fn set_all(
        &self,
        interface: &str,
        settings: impl Iterator<Item = (InterfaceSetting, u8)>,
        consequence: &str,
    ) {
        let mut refused = None;
        for (setting, value) in settings {
            match setting.replace(interface, value) {
                Ok(_) => {}
                // A kernel without IPv6, or older than the setting.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => drop(refused.get_or_insert((setting, error))),
            }
        }
        if let Some((setting, error)) = refused {
            self.tell_refused(setting.name(interface), &error, consequence.to_owned());
        }
    }

    fn tell_unusable(&mut self, id: InterfaceId, error: &io::Error) {
        let Some(interface) = self.parts.interfaces.get_mut(index(id)) else { return };
        let name = interface.name.clone();
        let Some(virtual_link) = &mut interface.virtual_link else { return };
        let router = virtual_link.router;
        // The interface below has gone, which is told by itself.
        if is_no_device(error) || std::mem::replace(&mut virtual_link.failure_told, true) {
            return;
        }
        let instance = self.parts.instances.get(router.0).map_or("its instance", |instance| &*instance.name);
        let consequence = format!("{instance} cannot take part until it can be");
        let kind = EventKind::SettingRefused {
            setting: format!("the interface {name} up"),
            error: error.to_string(),
            consequence,
        };
        self.publish(Draft::general(Severity::Error, kind));
    }

    /// Whether this is the address of an ipvlan of ours.
    pub(crate) fn is_own_address(&self, id: InterfaceId, address: &Address) -> bool {
        let own = self.virtual_link(id).and_then(VirtualLink::own_address);
        own.is_some_and(|own| own.address == address.address)
    }

    /// The address of an instance's ipvlan, if it has one.
    pub(crate) fn own_address_of(&self, instance: &InstanceState) -> Option<IpAddr> {
        let link = self.virtual_link(instance.own_link?.interface)?;
        link.own_address().map(|own| own.address)
    }

    pub(crate) fn virtual_link(&self, id: InterfaceId) -> Option<&VirtualLink> {
        self.parts.interfaces.get(index(id))?.virtual_link.as_ref()
    }

    pub(crate) fn virtual_link_mut(&mut self, id: InterfaceId) -> Option<&mut VirtualLink> {
        self.parts.interfaces.get_mut(index(id))?.virtual_link.as_mut()
    }

    /// The interface on whose wire this one is: itself, or the one it stands on.
    pub(crate) fn wire_of(&self, id: InterfaceId) -> InterfaceId {
        self.parts.interfaces.get(index(id)).and_then(Interface::wire).unwrap_or(id)
    }
}

/// What the kernel says of an address that it does not let an ipvlan have.
fn with_address(own: &NewAddress, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("its address {}/{} cannot be there: {error}", own.address, own.prefix_len),
    )
}

fn gone() -> io::Error {
    io::ErrorKind::NotFound.into()
}
