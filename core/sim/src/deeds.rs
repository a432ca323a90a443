//! Carrying out what routers decide, as the engine does: in order, with failures and success fed back.

use std::net::IpAddr;
use std::rc::Rc;

use keepwatch_vrrp::wire::{AddressList, Advert, INTERNETWORK_CONTROL, IpSend, VRRP_PROTOCOL, emit_ip};
use keepwatch_vrrp::{
    Action, Claim, Destination, LinkState, Notice, Params, RouterId, Turn, VirtualRouter, WaitingAnnouncement,
};

use crate::checker::{self, View};
use crate::host::{Deed, HostId};
use crate::leaves::Leave;
use crate::network::{Content, Frame};
use crate::record::{Sent, Transition};
use crate::sabotage::Sabotage;
use crate::simulation::{Coming, Simulation};
use crate::trace::What;

impl Simulation {
    /// Takes the actions just decided, checks them, and queues them.
    pub(crate) fn collect(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        let mut broken = None;
        let mut resignations = vec![0; host.params.len()];
        for (router, action) in host.actions.drain() {
            let before = host.views[router.0];
            let is = host.routers.get(router).expect("it acts");
            let after = View::of(is);
            let deed = Deed { router, action, before, after };
            if let Err((rule, found)) = checker::decided(&mut host.shadows[router.0], &deed) {
                broken = broken.or(Some((router, rule, found)));
            }
            if action == Action::SendAdvert(Claim::Resigns) {
                resignations[router.0] += 1;
            }
            host.deeds.push_back(deed);
        }
        for (index, count) in resignations.into_iter().enumerate() {
            if let Err((rule, found)) = checker::decided_resignations(count) {
                broken = broken.or(Some((RouterId(index), rule, found)));
            }
        }
        let views: Vec<View> = host.look().collect();
        for (index, after) in views.iter().enumerate() {
            let patience = after.departure.map(|why| host.patience(RouterId(index), why)).unwrap_or_default();
            let now = host.moment(self.now);
            let leave = &mut host.shadows[index].leave;
            *leave = Leave::follow(*leave, now, *after, patience);
        }
        host.views = views;
        if let Some((router, rule, found)) = broken {
            self.report(Some(id), router, rule, found);
        }
    }

    /// Carries out what the routers of a host have decided, in order, and what follows from the outcome.
    pub(crate) fn perform(&mut self, id: HostId) {
        while let Some(deed) = self.hosts[id.0].deeds.pop_front() {
            let Deed { router, action, before, after } = deed;
            self.trace.add(self.now, What::Deed { host: id, router, action });
            let views = [before, after];
            match action {
                Action::SendAdvert(claim) => self.send(id, router, claim, views),
                Action::AddAddress(address) => self.add_address(id, router, address),
                Action::RemoveAddress(address) => self.remove_address(id, router, address),
                Action::ExpireAddress { address, after } => {
                    self.expire_address(id, router, address, after);
                    self.sabotage_leaving(id, router, address, views);
                }
                Action::KeepAddress(address) => self.keep_address(id, router, address),
                Action::Announce(address) => self.announce(id, router, address, views),
                Action::Renumber => self.renumber(id, router),
                Action::Tell(Notice::Transition { from, to, .. }) => {
                    self.transitions.push(Transition { at: self.now, host: id, router, from, to });
                    self.sabotage_transition(id, router, [from, to], views);
                }
                Action::Tell(Notice::Leaving { .. }) => self.leavings += 1,
                Action::Tell(_) => {}
            }
        }
    }

    /// Sends an advert: as octets, to everybody it is addressed to.
    pub(crate) fn send(&mut self, id: HostId, router: RouterId, claim: Claim, decided_by: [View; 2]) {
        let everybody = (0..self.hosts.len()).map(HostId);
        let host = &mut self.hosts[id.0];
        if claim == Claim::Resigns && host.sabotage == Some(Sabotage::SwallowsResignations) {
            return;
        }
        if let Err((rule, found)) = checker::sent(host, self.now, router, claim, decided_by) {
            self.report(Some(id), router, rule, found);
            return;
        }
        let params = &host.params[router.0];
        let source = host.routers.get(router).and_then(VirtualRouter::source);
        let Some(source) = source.filter(|_| host.is_connected()) else {
            self.trace.add(self.now, What::Unsent { host: id });
            return;
        };
        self.sent.push(Sent { at: self.now, host: id, router, claim });
        let family = params.family;
        let frame = |octets| Frame { from: id, content: Content::Advert { family, claim, octets } };
        let frames: Vec<_> = match &params.destination {
            Destination::Multicast { group } => {
                let others = everybody.filter(|&to| to != id);
                let octets: Rc<[u8]> = datagram(params, claim, source, *group, 255).into();
                others.map(|to| (to, frame(Rc::clone(&octets)))).collect()
            }
            Destination::Unicast { peers, ttl, .. } => {
                let named = |to: HostId| {
                    let address = crate::params::source(to, family);
                    let octets = || datagram(params, claim, source, address, *ttl).into();
                    peers.iter().any(|peer| peer.address == address).then(octets)
                };
                everybody.filter_map(|to| named(to).map(|octets| (to, frame(octets)))).collect()
            }
        };
        for (to, frame) in frames {
            for delay in self.network.copies(&mut self.rng, id, to).into_iter().flatten() {
                self.send_later(delay, Coming::Frame { to, frame: frame.clone() });
            }
        }
    }

    /// Announces an address to everybody on the segment, now or when its turn comes.
    pub(crate) fn announce(&mut self, id: HostId, router: RouterId, address: usize, decided_by: [View; 2]) {
        if let Err((rule, found)) = checker::announced(decided_by) {
            self.report(Some(id), router, rule, found);
            return;
        }
        let (now, host) = (self.now, &mut self.hosts[id.0]);
        let params = &host.params[router.0];
        let (address, at_most) = (params.addresses[address], params.announce.most_rounds());
        if host.spacing.ask(now, ((), host.announcement_gap), (router, address), at_most) == Turn::Now {
            host.spacing.sent(now, ());
            self.send_announcement(id, address);
        }
    }

    /// Sends announcements whose turn has come.
    pub(crate) fn announce_waiting(&mut self, id: HostId) {
        let now = self.now;
        while let Some(((), waiting)) = self.hosts[id.0].spacing.take(now) {
            let WaitingAnnouncement { router, address, .. } = waiting;
            let host = &mut self.hosts[id.0];
            let holds = host.routers.still_announces(now, router, address);
            if !holds && host.sabotage != Some(Sabotage::SendsWhatWaited) {
                continue;
            }
            let view = host.routers.get(router).map(View::of).expect("it waits");
            let in_place = host.params[router.0].addresses.iter().position(|known| *known == address);
            let in_place = in_place.is_some_and(|number| host.present.contains_key(&(router, number)));
            host.spacing.sent_waiting(now, (), waiting);
            if let Err((rule, found)) = checker::announced_late(view, in_place) {
                self.report(Some(id), router, rule, found);
                return;
            }
            self.trace.add(now, What::Announced { host: id, address });
            self.send_announcement(id, address);
        }
    }

    fn send_announcement(&mut self, id: HostId, address: IpAddr) {
        if self.hosts[id.0].link != LinkState::Up {
            self.trace.add(self.now, What::Unsent { host: id });
            return;
        }
        for to in (0..self.hosts.len()).map(HostId).filter(|&to| to != id) {
            for delay in self.network.copies(&mut self.rng, id, to).into_iter().flatten() {
                let frame = Frame { from: id, content: Content::Announcement(address) };
                self.send_later(delay, Coming::Frame { to, frame });
            }
        }
        if self.observer.is_some() {
            let copies = self.network.copies(&mut self.rng, id, HostId::NEIGHBOUR);
            for delay in copies.into_iter().flatten() {
                self.send_later(delay, Coming::Notice { from: id, address });
            }
        }
    }
}

/// An advert as octets, from its IP header on.
fn datagram(params: &Params, claim: Claim, source: IpAddr, destination: IpAddr, ttl: u8) -> Vec<u8> {
    let mut list = Vec::new();
    for address in params.advertised_addresses() {
        match address {
            IpAddr::V4(address) => list.extend_from_slice(&address.octets()),
            IpAddr::V6(address) => list.extend_from_slice(&address.octets()),
        }
    }
    let advert = Advert {
        version: params.version,
        vrid: params.vrid,
        claim,
        interval: params.interval,
        addresses: AddressList::new(params.family, &list),
        auth: params.auth,
    };
    let mut message = Vec::new();
    advert.emit(&mut message, source, destination, params.checksum);
    let header = IpSend { source, destination, ttl, class: INTERNETWORK_CONTROL, protocol: VRRP_PROTOCOL };
    let mut octets = Vec::new();
    emit_ip(&mut octets, &header, message.len());
    octets.extend_from_slice(&message);
    octets
}
