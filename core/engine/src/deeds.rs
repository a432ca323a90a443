//! Carrying actions out, and telling what happened.

use std::io;
use std::time::{Duration, SystemTime};

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity, Step};
use keepwatch_vrrp::{
    Action, AddressTrouble, Claim, Ending, Input, Instant, InterfaceId, LinkState, Notice, RouterId,
    VirtualRouter,
};

use keepwatch_system::netlink::{AddressLifetime, PrefixRoute};

use crate::addresses::Placement;
use crate::clock;
use crate::engine::Engine;
use crate::instance::InstanceState;
use crate::interfaces::Interface;
use crate::moving::Predecessor;
use crate::report::Context;
use crate::setup::index;

/// How soon an IPv6 address that is not delivered here yet is looked at again.
const LOOK_AGAIN: Duration = Duration::from_micros(500);
/// How long it is looked at.
const SETTLE_WITHIN: Duration = Duration::from_secs(3);

/// An IPv6 address that was added and is not delivered here yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settling {
    pub(crate) router: RouterId,
    pub(crate) address: usize,
    since: Instant,
}

impl Engine {
    /// Carries out all actions in order, and those that follow from their outcome.
    pub(crate) fn perform(&mut self, now: Instant) {
        while !self.actions.is_empty() {
            let mut batch = std::mem::take(&mut self.batch);
            batch.extend(self.actions.drain());
            for (router, action) in batch.drain(..) {
                self.act(now, router, action);
            }
            self.batch = batch;
            self.rescan = true;
        }
        self.hush();
        self.route_as_fits(now);
        if std::mem::take(&mut self.relisten) {
            self.listen_where_needed();
            self.forward_where_needed();
            // Not before the address is gone: until then it would answer.
            self.filter_as_fits(now);
        }
    }

    fn act(&mut self, now: Instant, router: RouterId, action: Action) {
        self.give_voice(router);
        match action {
            Action::SendAdvert(claim) => {
                let Some(virtual_router) = self.parts.routers.get(router) else { return };
                let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
                let id = instance.advertises_on();
                let Some(interface) = self.parts.interfaces.get(index(id)) else { return };
                let step = match claim {
                    Claim::Holds(_) => Step::Advertised,
                    Claim::Resigns => {
                        instance.stopwatch.start();
                        Step::Resigned
                    }
                };
                let sent = self.transmitter.advert(interface, virtual_router, claim);
                instance.stopwatch.mark(step);
                self.note_sending(router, id, sent, |instance| &mut instance.advert_failing);
            }
            Action::Announce(number) => self.announce(router, number),
            Action::AddAddress(number) => {
                self.relisten = true;
                if number == 0 && !self.parts.routers.get(router).is_some_and(VirtualRouter::is_serving) {
                    self.restart_stopwatch(router);
                }
                // First, or it would answer for a moment.
                self.filter_before(now, router, number);
                self.add_address(now, router, number);
            }
            Action::RemoveAddress(number) => {
                self.relisten = true;
                self.hush_before_removal(router);
                self.remove_ways(router);
                self.remove_address(now, router, number);
                self.has_left(router, number);
            }
            Action::ExpireAddress { address, after } => {
                if address == 0 {
                    self.restart_stopwatch(router);
                }
                self.expire_address(router, address, after);
            }
            Action::KeepAddress(number) => self.keep_address(router, number),
            Action::Renumber => self.renumber(router),
            Action::Tell(notice) => self.tell(router, notice),
        }
    }

    fn restart_stopwatch(&mut self, router: RouterId) {
        if let Some(instance) = self.parts.instances.get_mut(router.0) {
            instance.stopwatch.restart();
        }
    }

    /// Tells the first failure of a router to send, until it can again. A link that is down is told by itself.
    pub(crate) fn note_sending(
        &mut self,
        router: RouterId,
        id: InterfaceId,
        sent: io::Result<()>,
        failing: impl FnOnce(&mut InstanceState) -> &mut bool,
    ) {
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        let was_failing = std::mem::replace(failing(instance), sent.is_err());
        let Err(error) = sent else { return };
        let Some(interface) = self.parts.interfaces.get(index(id)) else { return };
        if was_failing || interface.state() != LinkState::Up {
            return;
        }
        // The kernel's words for what a packet filter dropped.
        let filtered = error.kind() == io::ErrorKind::PermissionDenied;
        let hint = if filtered { ": a packet filter on this host drops IP protocol 112" } else { "" };
        let kind =
            EventKind::SendFailed { interface: interface.name.clone(), error: format!("{error}{hint}") };
        self.publish_for(router, Severity::Error, kind);
    }

    fn add_address(&mut self, now: Instant, router: RouterId, number: usize) {
        let lifetime = self.renewal.lifetime();
        let route = self.route_at_entry(router, number);
        let predecessor = self.take_over(router, number);
        let Some(held) = self.parts.instances.get_mut(router.0).and_then(|state| state.held.get_mut(number))
        else {
            return;
        };
        let interface = self.parts.interfaces.get(index(held.interface));
        let Some((name, link_index)) = interface.and_then(|i| Some((i.name.clone(), i.index()?))) else {
            return self.address_refused(now, router, number, "there is no such interface".to_owned());
        };
        match held.state {
            Placement::Own | Placement::Present => {
                self.parts.routers.handle(now, router, Input::AddressUsable(number), &mut self.actions);
                return;
            }
            // It is looked at until it is usable.
            Placement::Settling | Placement::Kept => return,
            Placement::Absent => {}
        }
        let address = held.describe();
        if predecessor == Predecessor::None {
            held.settle_route(route);
            if let Err(error) = held.add(link_index, lifetime, &mut self.parts.requests) {
                return self.address_refused(now, router, number, error.to_string());
            }
        }
        held.is_refused = false;
        // IPv4 addresses are usable when the kernel says they are added.
        let at_once = held.address().is_ipv4()
            || self.parts.requests.is_delivered_here(link_index, held.address()).unwrap_or(false);
        held.state = if at_once { Placement::Present } else { Placement::Settling };
        self.publish_for(router, Severity::Info, EventKind::AddressAdded { address, interface: name });
        if at_once {
            self.parts.routers.handle(now, router, Input::AddressUsable(number), &mut self.actions);
        } else {
            self.settling.push(Settling { router, address: number, since: now });
        }
    }

    /// Says that an address cannot be added: to people once, as it is tried again for as long as this host is MASTER.
    fn address_refused(&mut self, now: Instant, router: RouterId, number: usize, error: String) {
        let Some(held) = self.held_mut(router, number) else { return };
        if !std::mem::replace(&mut held.is_refused, true) {
            let (address, at) = (held.describe(), index(held.interface));
            let interface = self.parts.interfaces.get(at).map(|it| it.name.clone()).unwrap_or_default();
            self.publish_for(router, Severity::Error, EventKind::AddressFailed { address, interface, error });
        }
        self.parts.routers.handle(now, router, Input::AddressFailed(number), &mut self.actions);
    }

    fn remove_address(&mut self, now: Instant, router: RouterId, number: usize) {
        let Some(held) = self.parts.instances.get_mut(router.0).and_then(|state| state.held.get_mut(number))
        else {
            return;
        };
        held.is_refused = false;
        match held.state {
            Placement::Absent | Placement::Own | Placement::Kept => return,
            Placement::Present | Placement::Settling => held.state = Placement::Absent,
        }
        self.settling.retain(|settling| (settling.router, settling.address) != (router, number));
        let Some(interface) = self.parts.interfaces.get(index(held.interface)) else { return };
        let Some(link_index) = interface.index() else { return };
        let (address, name) = (held.describe(), interface.name.clone());
        if (held.leaves || self.renewal.is_on()) && held.address().is_ipv6() {
            // With an address that has a lifetime the kernel does not remove the route for its prefix.
            let (forever, own) = (AddressLifetime::Forever, PrefixRoute::Own);
            let _ = self.parts.requests.set_lifetime(link_index, &held.new, forever, own);
        }
        let removed = self.parts.requests.remove_address(link_index, held.new.key());
        let (severity, kind) = match removed {
            Ok(()) => (Severity::Info, EventKind::AddressRemoved { address, interface: name }),
            Err(error) => {
                self.unread = true;
                self.mend_later(now);
                let error = error.to_string();
                (Severity::Error, EventKind::AddressStuck { address, interface: name, error })
            }
        };
        self.publish_for(router, severity, kind);
    }

    /// Looks whether IPv6 addresses that were added have become usable.
    pub(crate) fn look_at_settling(&mut self, now: Instant) {
        if self.settling.is_empty() {
            return;
        }
        let mut settling = std::mem::take(&mut self.settling);
        settling.retain(|entry| !self.has_settled(now, *entry));
        self.settling.extend(settling);
        self.perform(now);
        if !self.settling.is_empty() {
            self.arm_earlier(Some(now + LOOK_AGAIN));
        }
    }

    fn has_settled(&mut self, now: Instant, entry: Settling) -> bool {
        let Some(held) =
            self.parts.instances.get_mut(entry.router.0).and_then(|state| state.held.get_mut(entry.address))
        else {
            return true;
        };
        if held.state != Placement::Settling {
            return true;
        }
        let link = self.parts.interfaces.get(index(held.interface)).and_then(Interface::index);
        let delivered = link
            .is_some_and(|link| self.parts.requests.is_delivered_here(link, held.address()).unwrap_or(false));
        if !delivered {
            return now.since(entry.since) > SETTLE_WITHIN;
        }
        held.state = Placement::Present;
        let input = Input::AddressUsable(entry.address);
        self.parts.routers.handle(now, entry.router, input, &mut self.actions);
        true
    }

    fn tell(&mut self, router: RouterId, notice: Notice) {
        let Some(instance) = self.parts.instances.get_mut(router.0) else { return };
        let mut steps = Vec::new();
        match notice {
            Notice::Transition { .. } => {
                self.regroup = true;
                instance.term += 1;
                steps = instance.stopwatch.finish();
            }
            Notice::Left { ending, took, .. } => {
                let mut noticed = Duration::ZERO;
                if let Ending::TakenOver { after, .. } = ending {
                    noticed = after;
                    instance.stopwatch.note(Step::SuccessorNoticed, noticed);
                }
                instance.stopwatch.note(Step::AddressesGivenUp, took.saturating_sub(noticed));
            }
            Notice::HandoverRefused { .. } => drop(instance.stopwatch.finish()),
            Notice::PeerLost { .. } => {
                let interface = instance.interface;
                self.suspect_silence(clock::now(), interface);
            }
            _ => {}
        }
        // The kernel's own words have been told where they were heard.
        if let Notice::Address { trouble: AddressTrouble::AddFailed, .. } = notice {
            return;
        }
        let Some(context) = self.context(router) else { return };
        let draft = context.draft(notice, steps);
        self.publish(draft);
    }

    /// What an instance's numbers stand for.
    pub(crate) fn context(&self, router: RouterId) -> Option<Context<'_>> {
        let instance = self.parts.instances.get(router.0)?;
        Some(Context {
            name: &instance.name,
            term: instance.term,
            params: self.parts.routers.get(router)?.params(),
            interfaces: &self.parts.interfaces,
            interface: &self.parts.interfaces.get(index(instance.interface))?.name,
            tracked_source: instance.tracked_source(),
            held: &instance.held,
            trackers: &instance.trackers,
            tracks: &self.parts.tracks,
            instances: &self.parts.instances,
            tenure: instance.tenure,
        })
    }

    pub(crate) fn publish_for(&self, router: RouterId, severity: Severity, kind: EventKind) {
        let Some(instance) = self.parts.instances.get(router.0) else { return };
        let draft = Draft { instance: Some(instance.name.clone()), severity, term: instance.term, kind };
        self.publish(draft);
    }

    pub(crate) fn publish(&self, draft: Draft) {
        self.parts.bus.publish(draft);
    }

    pub(crate) fn look_at_the_wall_clock(&mut self, now: Instant) {
        if let Some(jump) = self.wall.look(now, SystemTime::now) {
            let kind = EventKind::ClockJumped { by: jump.by, backwards: jump.backwards };
            self.publish(Draft::general(Severity::Warning, kind));
        }
    }
}
