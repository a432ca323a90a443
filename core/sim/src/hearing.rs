//! What the process of a host reads: packets, and its kernel's news.

use std::net::IpAddr;

use keepwatch_vrrp::wire::{Claimed, parse_ip};
use keepwatch_vrrp::{Claim, Family, Input, Packet, RouterId, Segment, StateName};

use crate::host::{Host, HostId, INTERFACE, News};
use crate::network::{Content, Frame};
use crate::simulation::Simulation;
use crate::trace::What;

impl Simulation {
    pub(crate) fn hear(&mut self, id: HostId, frame: &Frame) {
        match &frame.content {
            Content::Advert { family, claim, octets } => {
                self.trace.add(self.now, What::Heard { host: id, from: frame.from });
                self.hear_advert(id, *family, *claim, octets);
            }
            Content::Announcement(address) => {
                self.trace.add(self.now, What::Noticed { host: id, from: frame.from, address: *address });
                self.hear_announcement(id, frame.from, *address);
            }
        }
    }

    fn hear_advert(&mut self, id: HostId, family: Family, claim: Claim, octets: &[u8]) {
        let Ok(ip) = parse_ip(octets) else { return };
        let packet =
            Packet { source: ip.source, destination: ip.destination, ttl: ip.ttl, payload: ip.payload };
        let segment = Segment { interface: INTERFACE, family };
        let host = &mut self.hosts[id.0];
        let accepted_before = host.adverts_accepted();
        host.routers.receive(self.now, segment, &packet, &mut host.actions);
        for (index, count) in host.adverts_accepted().into_iter().enumerate() {
            if accepted_before[index] != count {
                host.note_claim(RouterId(index), self.now, claim);
            }
        }
        self.collect(id);
    }

    /// An announcement is read by whoever is MASTER for its address: the others do not listen.
    fn hear_announcement(&mut self, id: HostId, from: HostId, address: IpAddr) {
        let mac = crate::params::mac(from);
        let routers = (0..self.hosts[id.0].params.len()).map(RouterId);
        for router in routers {
            let host = &mut self.hosts[id.0];
            let position = host.params[router.0].addresses.iter().position(|ours| *ours == address);
            let Some(position) = position.filter(|_| host.views[router.0].state == StateName::Master) else {
                continue;
            };
            host.note_announcement(router, self.now);
            let claimed = Input::AddressClaimed { address: position, mac, how: Claimed::Announced };
            self.give(id, router, claimed);
        }
    }

    pub(crate) fn hear_news(&mut self, id: HostId, news: News) {
        let host = &self.hosts[id.0];
        let (link, routers) = (host.link, (0..host.params.len()).map(RouterId));
        match news {
            News::Link => routers.for_each(|router| self.give(id, router, Input::Link(link))),
            News::HardwareChanged => routers.for_each(|router| self.give(id, router, Input::HardwareChanged)),
            News::Stop => routers.for_each(|router| self.give(id, router, Input::Stop)),
            News::StopNow => routers.for_each(|router| self.give(id, router, Input::StopNow)),
            News::HandOver { router } => self.give(id, router, Input::HandOver),
            News::Source => routers.for_each(|router| {
                let host = &self.hosts[id.0];
                let source = host.source(host.params[router.0].family);
                self.give(id, router, Input::Source(source));
            }),
            News::Transport => {
                let transport = host.transport;
                routers.for_each(|router| self.give(id, router, Input::Transport(transport)));
            }
            News::Track { router, tracker, up } => {
                self.give(id, router, Input::Track { tracker, standing: up.into() })
            }
            News::Usable { router, address, addition } => {
                // Not if it has been removed, or removed and added again, meanwhile.
                if host.has_in_place(router, address, addition) {
                    self.give(id, router, Input::AddressUsable(address));
                }
            }
            News::Reload { router } => self.take_over(id, router),
            News::AddressLost { router, address } => self.give(id, router, Input::AddressLost(address)),
            News::AddressDuplicate { router, address } => {
                self.give(id, router, Input::AddressDuplicate(address));
            }
        }
    }

    pub(crate) fn give(&mut self, id: HostId, router: RouterId, input: Input<'_>) {
        let host = &mut self.hosts[id.0];
        host.routers.handle(self.now, router, input, &mut host.actions);
        self.collect(id);
    }
}

impl Host {
    /// How many adverts each router has accepted; nothing for a host that is not leaving, where nobody asks.
    fn adverts_accepted(&self) -> Vec<u64> {
        if !self.is_leaving() {
            return Vec::new();
        }
        self.routers.iter().map(|(.., router)| router.stats().adverts_received).collect()
    }
}
