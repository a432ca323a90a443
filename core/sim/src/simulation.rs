//! The clock, the queue of what is on its way, and the turns of the hosts' processes.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use keepwatch_vrrp::wire::parse_ip;
use keepwatch_vrrp::{Claim, Input, Instant, Packet, Params, RouterId, Segment, StateName};

use crate::checker::{self, Rule, Violation};
use crate::host::{Host, HostId, INTERFACE, News, Process, Sabotage, WhileAsleep};
use crate::network::{Datagram, Network};
use crate::rng::Rng;
use crate::trace::{Seconds, Trace, What};

/// Hosts on a segment, and their time.
#[derive(Debug)]
pub struct Simulation {
    pub(crate) now: Instant,
    pub(crate) rng: Rng,
    pub(crate) hosts: Vec<Host>,
    /// The segment: change it as you like between two steps.
    pub network: Network,
    /// What is on its way, by arrival; the number keeps what arrives together in order.
    coming: BTreeMap<(Instant, u64), Coming>,
    pub(crate) numbers: u64,
    violation: Option<Violation>,
    pub(crate) trace: Trace,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) sent: Vec<Sent>,
}

/// Something on its way.
#[derive(Debug)]
pub(crate) enum Coming {
    Packet {
        to: HostId,
        datagram: Datagram,
    },
    News {
        to: HostId,
        news: News,
    },
    /// The end of a sleep.
    Wake {
        host: HostId,
    },
}

/// A transition that a router told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// When.
    pub at: Instant,
    /// Whose host.
    pub host: HostId,
    /// Whose.
    pub router: RouterId,
    /// The state left.
    pub from: StateName,
    /// The state entered.
    pub to: StateName,
}

/// `3.605468750 a Backup -> Master`
impl fmt::Display for Transition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {:?} -> {:?}", Seconds(self.at), self.host, self.from, self.to)
    }
}

/// An advert that left a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// When.
    pub at: Instant,
    /// Whose host.
    pub host: HostId,
    /// Whose.
    pub router: RouterId,
    /// What it says.
    pub claim: Claim,
}

impl Simulation {
    /// No host yet, at time zero, on a quiet network.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            now: Instant::ZERO,
            rng: Rng::new(seed),
            hosts: Vec::new(),
            network: Network::quiet(),
            coming: BTreeMap::new(),
            numbers: 0,
            violation: None,
            trace: Trace::default(),
            transitions: Vec::new(),
            sent: Vec::new(),
        }
    }

    /// A host with these virtual routers. It runs once [`crate::Fault::Restart`] starts it.
    pub fn add_host(&mut self, params: Vec<Params>) -> HostId {
        let id = HostId(self.hosts.len());
        self.hosts.push(Host::new(id, params));
        id
    }

    /// Builds a host wrong.
    pub fn sabotage(&mut self, host: HostId, sabotage: Sabotage) {
        self.hosts[host.0].sabotage = Some(sabotage);
    }

    /// How late the process of a host may come to its deadlines.
    pub fn set_lateness(&mut self, host: HostId, lateness: Duration) {
        self.hosts[host.0].lateness = lateness;
    }

    /// The simulated time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// The hosts whose router of this number serves as MASTER.
    #[must_use]
    pub fn serving(&self, router: RouterId) -> Vec<HostId> {
        self.hosts.iter().filter(|host| host.is_serving(router)).map(|host| host.id).collect()
    }

    /// The state of a router; `None` while its host is dead.
    #[must_use]
    pub fn state(&self, host: HostId, router: RouterId) -> Option<StateName> {
        let host = &self.hosts[host.0];
        (host.process != Process::Dead).then(|| host.views[router.0].state)
    }

    /// The hosts that have an address of this router in place, dead or alive.
    #[must_use]
    pub fn holding(&self, router: RouterId, address: usize) -> Vec<HostId> {
        let holds = |host: &&Host| host.present.contains_key(&(router, address));
        self.hosts.iter().filter(holds).map(|host| host.id).collect()
    }

    /// Every transition told so far.
    #[must_use]
    pub fn transitions(&self) -> &[Transition] {
        &self.transitions
    }

    /// Every advert that left a host so far.
    #[must_use]
    pub fn sent(&self) -> &[Sent] {
        &self.sent
    }

    /// The first rule broken.
    #[must_use]
    pub const fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }

    /// Keeps the whole trace, not only its end.
    pub const fn keep_whole_trace(&mut self) {
        self.trace.is_whole = true;
    }

    /// The last things that happened, a line each.
    #[must_use]
    pub fn trace(&self) -> String {
        self.trace.to_string()
    }

    /// Lets time pass, or stops at the first broken rule.
    pub fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
    }

    /// Does the next thing due up to `until`; false when there is none left or a rule is broken.
    pub(crate) fn step(&mut self, until: Instant) -> bool {
        let arrival = self.coming.first_key_value().map(|((at, _), _)| *at);
        let timer =
            self.hosts.iter().filter_map(|host| host.wakes_at().map(|at| (at.max(self.now), host.id))).min();
        let next = [arrival, timer.map(|(at, _)| at)].into_iter().flatten().min();
        let Some(at) = next.filter(|&at| at <= until && self.violation.is_none()) else {
            self.now = until;
            return false;
        };
        self.now = at;
        // What arrives at the moment of a deadline is heard before the deadline counts.
        if arrival == Some(at) {
            if let Some((_, coming)) = self.coming.pop_first() {
                self.arrive(coming);
            }
        } else if let Some((_, host)) = timer {
            self.attend(host);
        }
        true
    }

    fn arrive(&mut self, coming: Coming) {
        match coming {
            Coming::Packet { to, datagram } => {
                let host = &mut self.hosts[to.0];
                let is_lost = matches!(host.process, Process::Asleep { packets: WhileAsleep::Lost, .. });
                if host.is_connected() && !is_lost {
                    host.packets.push_back(datagram);
                    self.attend(to);
                }
            }
            Coming::News { to, news } => self.tell(to, news),
            Coming::Wake { host } => self.wake(host),
        }
    }

    pub(crate) fn send_later(&mut self, delay: Duration, coming: Coming) {
        self.numbers += 1;
        self.coming.insert((self.now + delay, self.numbers), coming);
    }

    /// Tells the process of a host, now or when it wakes up.
    pub(crate) fn tell(&mut self, id: HostId, news: News) {
        let host = &mut self.hosts[id.0];
        if host.process != Process::Dead {
            host.news.push_back(news);
            self.attend(id);
        }
    }

    /// Ends a sleep that ends now.
    pub(crate) fn wake(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        if let Process::Asleep { since, until, .. } = host.process
            && until <= self.now
        {
            host.slept += self.now.since(since);
            host.process = Process::Running;
            self.trace.add(self.now, What::Woke { host: id });
            self.attend(id);
        }
    }

    /// One turn of the process of a host: the kernel's news, the packets, and then what is due.
    pub(crate) fn attend(&mut self, id: HostId) {
        if self.hosts[id.0].process != Process::Running {
            return;
        }
        while let Some(news) = self.hosts[id.0].news.pop_front() {
            self.hear_news(id, news);
            self.perform(id);
        }
        while let Some(datagram) = self.hosts[id.0].packets.pop_front() {
            self.hear(id, &datagram);
            self.perform(id);
        }
        let now = self.now;
        if self.hosts[id.0].routers.poll_timeout().is_some_and(|at| at <= now) {
            let host = &mut self.hosts[id.0];
            host.routers.handle_timeout(now, &mut host.actions);
            if let Some(at) = host.routers.poll_timeout().filter(|&at| at <= now) {
                let found = format!("the next deadline is {}", Seconds(at));
                self.report(Some(id), RouterId(0), Rule::DeadlineAhead, found);
            }
            self.collect(id);
            self.perform(id);
        }
        if let Err((router, rule, found)) = checker::at_rest(&mut self.hosts[id.0], now) {
            self.report(Some(id), router, rule, found);
        }
    }

    fn hear(&mut self, id: HostId, datagram: &Datagram) {
        self.trace.add(self.now, What::Heard { host: id, from: datagram.from });
        let Ok(ip) = parse_ip(&datagram.octets) else { return };
        let packet =
            Packet { source: ip.source, destination: ip.destination, ttl: ip.ttl, payload: ip.payload };
        let segment = Segment { interface: INTERFACE, family: datagram.family };
        let host = &mut self.hosts[id.0];
        host.routers.receive(self.now, segment, &packet, &mut host.actions);
        self.collect(id);
    }

    fn hear_news(&mut self, id: HostId, news: News) {
        let host = &self.hosts[id.0];
        let (link, routers) = (host.link, (0..host.params.len()).map(RouterId));
        match news {
            News::Link => routers.for_each(|router| self.give(id, router, Input::Link(link))),
            News::HardwareChanged => routers.for_each(|router| self.give(id, router, Input::HardwareChanged)),
            News::Stop => routers.for_each(|router| self.give(id, router, Input::Stop)),
            News::Source => routers.for_each(|router| {
                let host = &self.hosts[id.0];
                let source = host.source(host.params[router.0].family);
                self.give(id, router, Input::Source(source));
            }),
            News::Transport => {
                let transport = host.transport;
                routers.for_each(|router| self.give(id, router, Input::Transport(transport)));
            }
            News::Track { router, tracker, up } => self.give(id, router, Input::Track { tracker, up }),
            News::Usable { router, address, addition } => {
                // Not if it has been removed, or removed and added again, meanwhile.
                if host.present.get(&(router, address)) == Some(&addition) {
                    self.give(id, router, Input::AddressUsable(address));
                }
            }
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

    /// Notes a broken rule. Only the first counts: what follows may be its consequence.
    pub(crate) fn report(&mut self, host: Option<HostId>, router: RouterId, rule: Rule, found: String) {
        if self.violation.is_none() {
            self.violation = Some(Violation { at: self.now, host, router, rule, found });
        }
    }
}

impl Host {
    pub(crate) fn is_serving(&self, router: RouterId) -> bool {
        self.process != Process::Dead && self.views.get(router.0).is_some_and(|view| view.is_serving)
    }
}
