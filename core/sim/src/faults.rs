//! Everything that can be done to hosts and network, and putting everything right again.

use std::time::Duration;

use keepwatch_vrrp::{Departure, Input, LinkState, Params, RouterId, Transport};

use crate::host::{Host, HostId, Leftovers, News, OwnAddresses, Process, WhileAsleep};
use crate::network::Network;
use crate::simulation::{Coming, Simulation};
use crate::trace::What;

/// One thing done to the simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// So many packets in a thousand are lost.
    Loss(u64),
    /// Packets take this long, and up to `jitter` longer.
    Delay {
        /// At least.
        delay: Duration,
        /// More, at most.
        jitter: Duration,
    },
    /// So many of the next packets are lost, whoever sends them.
    LoseNext(u32),
    /// So many packets in a thousand arrive twice.
    Duplication(u64),
    /// `to` no longer hears `from`; the other direction stays.
    Cut {
        /// Who is not heard.
        from: HostId,
        /// Who does not hear.
        to: HostId,
    },
    /// The hosts whose bit is set hear only each other, and so do the rest.
    Split {
        /// A bit for each host.
        side: u32,
    },
    /// The network is quiet and whole again.
    NetworkRepaired,
    /// The process of a host does not run for a while.
    Sleep {
        /// Whose.
        host: HostId,
        /// How long.
        time: Duration,
        /// What becomes of packets.
        packets: WhileAsleep,
    },
    /// kill -9, or a power cut.
    Kill {
        /// Whose process.
        host: HostId,
        /// What becomes of its addresses.
        leftovers: Leftovers,
    },
    /// SIGTERM.
    Stop(HostId),
    /// SIGTERM once more.
    StopNow(HostId),
    /// Mastership is to be handed over.
    HandOver {
        /// By whose.
        host: HostId,
        /// Which router.
        router: RouterId,
    },
    /// Starts the process of a host where it was killed or has stopped; where it is about to stop, afterwards.
    Restart(HostId),
    /// The interface loses its carrier.
    LinkDown(HostId),
    /// It has it again.
    LinkUp(HostId),
    /// The host loses the addresses that adverts are sent from.
    SourceLost(HostId),
    /// Its link-local address becomes tentative.
    SourceTentative(HostId),
    /// It has them again.
    SourceBack(HostId),
    /// The socket for adverts is lost and cannot be opened again.
    TransportLost(HostId),
    /// It can.
    TransportBack(HostId),
    /// The hardware address changes.
    HardwareChanged(HostId),
    /// Somebody deletes a virtual address.
    RemoveAddress {
        /// Where.
        host: HostId,
        /// Whose.
        router: RouterId,
        /// Which.
        address: usize,
    },
    /// The kernel finds a virtual address in use elsewhere.
    DuplicateAddress {
        /// Where.
        host: HostId,
        /// Whose.
        router: RouterId,
        /// Which.
        address: usize,
    },
    /// The next additions of addresses fail.
    FailAdditions {
        /// Where.
        host: HostId,
        /// How many.
        times: u32,
    },
    /// A tracker gives its verdict.
    Track {
        /// Where.
        host: HostId,
        /// Of which router.
        router: RouterId,
        /// Which tracker.
        tracker: usize,
        /// What it says.
        up: bool,
    },
}

impl Simulation {
    /// Does one thing to the simulation, now.
    pub fn apply(&mut self, fault: Fault) {
        // The trace is to end with the broken rule.
        if self.violation().is_some() {
            return;
        }
        self.trace.add(self.now, What::Fault(fault));
        match fault {
            Fault::Loss(permille) => self.network.loss = permille,
            Fault::Delay { delay, jitter } => {
                self.network.delay = delay;
                self.network.jitter = jitter;
            }
            Fault::LoseNext(packets) => self.network.lose_next = packets,
            Fault::Duplication(permille) => self.network.duplication = permille,
            Fault::Cut { from, to } => self.network.cut(from, to),
            Fault::Split { side } => self.network.split(self.hosts.len(), side),
            Fault::NetworkRepaired => self.network = Network::quiet(),
            Fault::Sleep { host, time, packets } => self.put_to_sleep(host, time, packets),
            Fault::Kill { host, leftovers } => self.hosts[host.0].kill(leftovers),
            Fault::Stop(host) => self.stop(host, News::Stop),
            Fault::StopNow(host) => self.stop(host, News::StopNow),
            Fault::HandOver { host, router } => self.tell(host, News::HandOver { router }),
            Fault::Restart(host) => self.restart(host),
            Fault::LinkDown(host) => self.set_link(host, LinkState::Down),
            Fault::LinkUp(host) => self.set_link(host, LinkState::Up),
            Fault::SourceLost(host) => self.set_source(host, OwnAddresses::Gone),
            Fault::SourceTentative(host) => self.set_source(host, OwnAddresses::Tentative),
            Fault::SourceBack(host) => self.set_source(host, OwnAddresses::There),
            Fault::TransportLost(host) => self.set_transport(host, Transport::Unavailable),
            Fault::TransportBack(host) => self.set_transport(host, Transport::Ready),
            Fault::HardwareChanged(host) => self.tell(host, News::HardwareChanged),
            Fault::RemoveAddress { host, router, address } => {
                if self.hosts[host.0].present.remove(&(router, address)).is_some() {
                    self.tell(host, News::AddressLost { router, address });
                }
            }
            Fault::DuplicateAddress { host, router, address } => {
                if self.hosts[host.0].present.contains_key(&(router, address)) {
                    self.tell(host, News::AddressDuplicate { router, address });
                }
            }
            Fault::FailAdditions { host, times } => self.hosts[host.0].failing_additions = times,
            Fault::Track { host, router, tracker, up } => {
                self.hosts[host.0].tracks[router.0][tracker] = up;
                self.tell(host, News::Track { router, tracker, up });
            }
        }
    }

    /// Puts everything right: the network is whole, every host runs, is connected, and can add addresses.
    pub fn heal(&mut self) {
        if self.violation().is_some() {
            return;
        }
        self.trace.add(self.now, What::Healed);
        self.network = Network::quiet();
        for id in (0..self.hosts.len()).map(HostId) {
            self.hosts[id.0].failing_additions = 0;
            self.end_sleep(id);
            self.set_link(id, LinkState::Up);
            self.set_source(id, OwnAddresses::There);
            self.set_transport(id, Transport::Ready);
            for router in (0..self.hosts[id.0].params.len()).map(RouterId) {
                for tracker in 0..self.hosts[id.0].tracks[router.0].len() {
                    self.apply(Fault::Track { host: id, router, tracker, up: true });
                }
            }
            self.restart(id);
        }
    }

    /// Adds hosts with these routers, and starts them all at once.
    pub fn start(&mut self, hosts: impl IntoIterator<Item = Vec<Params>>) -> Vec<HostId> {
        let ids: Vec<HostId> = hosts.into_iter().map(|params| self.add_host(params)).collect();
        for &id in &ids {
            self.apply(Fault::Restart(id));
        }
        ids
    }

    fn put_to_sleep(&mut self, id: HostId, time: Duration, packets: WhileAsleep) {
        let host = &mut self.hosts[id.0];
        if host.process == Process::Running {
            host.process = Process::Asleep { since: self.now, until: self.now + time, packets };
            self.send_later(time, Coming::Wake { host: id });
        }
    }

    fn end_sleep(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        if let Process::Asleep { since, packets, .. } = host.process {
            host.process = Process::Asleep { since, until: self.now, packets };
            self.wake(id);
        }
    }

    /// Ends the process of a host, which may take its time. It stays ended unless it is started afterwards.
    fn stop(&mut self, id: HostId, news: News) {
        self.hosts[id.0].is_to_restart = false;
        self.tell(id, news);
    }

    fn restart(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        match host.process {
            Process::Dead => self.boot(id),
            Process::Running if host.has_stopped() => self.boot(id),
            Process::Running => host.is_to_restart = host.is_stopping(),
            Process::Asleep { .. } => {}
        }
    }

    pub(crate) fn boot(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        host.boot();
        let tracks = host.tracks.clone();
        for (router, verdicts) in tracks.into_iter().enumerate() {
            let (router, host) = (RouterId(router), &self.hosts[id.0]);
            let (link, transport) = (host.link, host.transport);
            let source = host.source(host.params[router.0].family);
            self.give(id, router, Input::Link(link));
            self.give(id, router, Input::Transport(transport));
            self.give(id, router, Input::Source(source));
            for (tracker, up) in verdicts.into_iter().enumerate() {
                self.give(id, router, Input::Track { tracker, standing: up.into() });
            }
            self.give(id, router, Input::Start);
        }
        self.perform(id);
        self.attend(id);
    }

    fn set_link(&mut self, id: HostId, link: LinkState) {
        if self.hosts[id.0].link != link {
            self.hosts[id.0].link = link;
            self.tell(id, News::Link);
        }
    }

    fn set_source(&mut self, id: HostId, addresses: OwnAddresses) {
        if self.hosts[id.0].own_addresses != addresses {
            self.hosts[id.0].own_addresses = addresses;
            self.tell(id, News::Source);
        }
    }

    fn set_transport(&mut self, id: HostId, transport: Transport) {
        if self.hosts[id.0].transport != transport {
            self.hosts[id.0].transport = transport;
            self.tell(id, News::Transport);
        }
    }
}

impl Host {
    /// Whether it is about to stop.
    fn is_stopping(&self) -> bool {
        self.views.iter().any(|view| view.departure == Some(Departure::Stop))
    }

    fn kill(&mut self, leftovers: Leftovers) {
        self.process = Process::Dead;
        self.is_to_restart = false;
        self.news.clear();
        self.packets.clear();
        self.deeds.clear();
        match leftovers {
            Leftovers::Stay => {}
            Leftovers::Gone => self.present.clear(),
        }
    }
}
