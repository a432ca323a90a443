//! Announcements that leave some time apart (keepalived's `vrrp_garp_interval`, `vrrp_gna_interval` and `garp_group`).
//!
//! What may not leave yet waits without anything else waiting for it: no advert comes later because of it.

use std::net::IpAddr;
use std::time::Duration;

use keepwatch_config::model;
use keepwatch_event::Step;
use keepwatch_vrrp::{
    AnnouncePolicy, Family, Instant, InterfaceId, RouterId, Spacing, Turn, WaitingAnnouncement,
};

use crate::clock;
use crate::engine::Engine;
use crate::interfaces::Interface;
use crate::setup::index;

/// So many that waited are sent at most before adverts are looked at again.
const AT_ONCE: usize = 64;

/// Interfaces whose announcements leave a time apart; those of virtual ones leave by the one below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Interface(InterfaceId),
    /// A `garp_group`, by its place.
    Group(usize),
}

/// What is sent how far apart, and what waits.
#[derive(Debug, Default)]
pub(crate) struct Announcing {
    settings: model::Spacing,
    waiting: Spacing<(Way, Family)>,
}

impl Announcing {
    pub(crate) fn new(settings: &model::Spacing) -> Self {
        Self { settings: settings.clone(), waiting: Spacing::default() }
    }

    /// When the next one that waits is to be sent.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.waiting.poll_timeout()
    }
}

impl Engine {
    /// Announces an address, now or when its turn comes.
    pub(crate) fn announce(&mut self, router: RouterId, number: usize) {
        let held = self.parts.instances.get(router.0).and_then(|instance| instance.held.get(number));
        let Some((id, address)) = held.map(|held| (held.interface, held.address())) else { return };
        let Some((lane, every)) = self.lane_of(id, address) else {
            return self.send_announcement(router, id, address);
        };
        let policy = self.parts.routers.get(router).map(|router| &router.params().announce);
        let at_most = policy.map_or(1, AnnouncePolicy::most_rounds);
        let turn = self.announcing.waiting.ask(clock::now(), (lane, every), (router, address), at_most);
        if turn == Turn::Now {
            self.send_announcement(router, id, address);
            // It may have taken a moment to send.
            self.announcing.waiting.sent(clock::now(), lane);
        }
    }

    fn send_announcement(&mut self, router: RouterId, id: InterfaceId, address: IpAddr) {
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        let Some(interface) = self.parts.interfaces.get(index(id)) else { return };
        let Some(wire) = self.parts.interfaces.get(index(interface.wire().unwrap_or(id))) else { return };
        instance.stopwatch.mark(Step::AddressesInPlace);
        let sent = self.transmitter.announce(interface, address, wire.router_flag);
        instance.stopwatch.mark(Step::Announced);
        self.note_sending(router, id, sent, |instance| &mut instance.announcement_failing);
    }

    /// Sends those that waited and whose turn has come.
    pub(crate) fn announce_waiting(&mut self) {
        for _ in 0..AT_ONCE {
            let now = clock::now();
            let Some((lane, waiting)) = self.announcing.waiting.take(now) else { return };
            let WaitingAnnouncement { router, address, .. } = waiting;
            let Some(id) = self.interface_of(router, address) else { continue };
            if self.parts.routers.still_announces(now, router, address) {
                self.send_announcement(router, id, address);
                self.announcing.waiting.sent_waiting(clock::now(), lane, waiting);
            }
        }
    }

    /// Other times from now on, for what waits as well.
    pub(crate) fn space_announcements(&mut self, settings: &model::Spacing) {
        if self.announcing.settings == *settings {
            return;
        }
        self.announcing.settings = settings.clone();
        for waiting in self.announcing.waiting.take_all() {
            let WaitingAnnouncement { router, address, .. } = waiting;
            let Some(id) = self.interface_of(router, address) else { continue };
            let now = (self.lane(id, address), Duration::ZERO);
            let lane = self.lane_of(id, address).unwrap_or(now);
            self.announcing.waiting.put(lane, waiting);
        }
        self.arm_earlier(self.announcing.poll_timeout());
    }

    fn interface_of(&self, router: RouterId, address: IpAddr) -> Option<InterfaceId> {
        let held = &self.parts.instances.get(router.0)?.held;
        held.iter().find(|held| held.address() == address).map(|held| held.interface)
    }

    fn lane(&self, id: InterfaceId, address: IpAddr) -> (Way, Family) {
        let interface = self.parts.interfaces.get(index(id));
        let id = interface.and_then(Interface::wire).unwrap_or(id);
        let name = self.parts.interfaces.get(index(id)).map_or("", |interface| interface.name.as_str());
        let group = self.announcing.settings.group_of(name);
        (group.map_or(Way::Interface(id), Way::Group), Family::of(address))
    }

    /// How an announcement leaves, and how long after the one before; nothing if that does not matter.
    fn lane_of(&self, id: InterfaceId, address: IpAddr) -> Option<((Way, Family), Duration)> {
        let settings = &self.announcing.settings;
        if *settings == model::Spacing::default() {
            return None;
        }
        let lane = self.lane(id, address);
        let intervals = match lane.0 {
            Way::Interface(_) => Some(settings.each),
            Way::Group(place) => settings.groups.get(place).map(|group| group.intervals),
        }?;
        let every = match lane.1 {
            Family::V4 => intervals.garp,
            Family::V6 => intervals.gna,
        };
        (!every.is_zero()).then_some((lane, every))
    }
}
