//! Carrying out what routers decide, as the engine does: in order, with failures and success fed back.

use std::net::IpAddr;
use std::rc::Rc;
use std::time::Duration;

use keepwatch_vrrp::wire::{AddressList, Advert, INTERNETWORK_CONTROL, IpSend, VRRP_PROTOCOL, emit_ip};
use keepwatch_vrrp::{Action, Claim, Destination, Family, Input, Notice, Params, RouterId, VirtualRouter};

use crate::checker;
use crate::host::{Deed, HostId, News, Sabotage, View};
use crate::network::Datagram;
use crate::simulation::{Coming, Sent, Simulation, Transition};
use crate::trace::What;

/// An IPv6 address that was added answers after at most this time.
pub(crate) const SETTLES_WITHIN: Duration = Duration::from_millis(60);

impl Simulation {
    /// Takes the actions just decided, checks them, and queues them.
    pub(crate) fn collect(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        let mut broken = None;
        let mut resignations = vec![0; host.params.len()];
        for (router, action) in host.actions.drain() {
            let before = host.views[router.0];
            let is = host.routers.get(router).expect("it acts");
            let after = View { state: is.state(), is_serving: is.is_serving() };
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
            match action {
                Action::SendAdvert(claim) => self.send(id, router, claim, [before, after]),
                Action::AddAddress(address) => self.add_address(id, router, address),
                Action::RemoveAddress(address) => {
                    if self.hosts[id.0].sabotage != Some(Sabotage::KeepsAddresses) {
                        self.hosts[id.0].present.remove(&(router, address));
                    }
                }
                Action::Tell(Notice::Transition { from, to, .. }) => {
                    self.transitions.push(Transition { at: self.now, host: id, router, from, to });
                }
                // Neighbours are not simulated.
                Action::Announce(_) | Action::Tell(_) => {}
            }
        }
    }

    fn add_address(&mut self, id: HostId, router: RouterId, address: usize) {
        self.numbers += 1;
        let addition = self.numbers;
        let host = &mut self.hosts[id.0];
        if host.sabotage == Some(Sabotage::AddsNothing) {
            return self.give(id, router, Input::AddressUsable(address));
        }
        if host.failing_additions > 0 {
            host.failing_additions -= 1;
            return self.give(id, router, Input::AddressFailed(address));
        }
        host.present.insert((router, address), addition);
        match Family::of(host.params[router.0].addresses[address]) {
            // Usable when the kernel says that it is added.
            Family::V4 => self.give(id, router, Input::AddressUsable(address)),
            Family::V6 => {
                let delay = self.rng.up_to(SETTLES_WITHIN);
                let news = News::Usable { router, address, addition };
                self.send_later(delay, Coming::News { to: id, news });
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
        let datagrams: Vec<_> = match &params.destination {
            Destination::Multicast { group } => {
                let others = everybody.filter(|&to| to != id);
                let octets: Rc<[u8]> = datagram(params, claim, source, *group, 255).into();
                others.map(|to| (to, Rc::clone(&octets))).collect()
            }
            Destination::Unicast { peers, ttl, .. } => {
                let named = |to: HostId| {
                    let address = crate::params::source(to, params.family);
                    let octets = || datagram(params, claim, source, address, *ttl).into();
                    peers.iter().any(|peer| peer.address == address).then(octets)
                };
                everybody.filter_map(|to| named(to).map(|octets| (to, octets))).collect()
            }
        };
        let family = params.family;
        for (to, octets) in datagrams {
            for delay in self.network.copies(&mut self.rng, id, to).into_iter().flatten() {
                let datagram = Datagram { from: id, family, octets: Rc::clone(&octets) };
                self.send_later(delay, Coming::Packet { to, datagram });
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
