//! The clock, the queue of what is on its way, and the turns of the hosts' processes.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_vrrp::{Departure, Instant, LinkState, Params, RouterId, StateName};

use crate::checker::{self, Rule, Violation};
use crate::host::{Host, HostId, News, Process, WhileAsleep};
use crate::kernel::Chore;
use crate::network::{Content, Frame, Network};
use crate::observer::Observer;
use crate::record::{Sent, Transition};
use crate::rng::Rng;
use crate::sabotage::Sabotage;
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
    pub(crate) coming: BTreeMap<(Instant, u64), Coming>,
    pub(crate) numbers: u64,
    violation: Option<Violation>,
    pub(crate) trace: Trace,
    pub(crate) transitions: Vec<Transition>,
    pub(crate) sent: Vec<Sent>,
    pub(crate) leavings: usize,
    pub(crate) observer: Option<Observer>,
}

/// Something on its way.
#[derive(Debug)]
pub(crate) enum Coming {
    Frame {
        to: HostId,
        frame: Frame,
    },
    /// An announcement, on its way to the neighbour.
    Notice {
        from: HostId,
        address: IpAddr,
    },
    /// Something that a host's kernel will do by itself.
    Chore {
        host: HostId,
        chore: Chore,
    },
    /// The end of a sleep.
    Wake {
        host: HostId,
    },
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
            leavings: 0,
            observer: None,
        }
    }

    /// A host with these virtual routers. It runs once [`crate::Fault::Restart`] starts it.
    pub fn add_host(&mut self, params: Vec<Params>) -> HostId {
        let id = HostId(self.hosts.len());
        self.hosts.push(Host::new(id, params));
        id
    }

    /// Makes routers of a host leave together, from its next start on.
    pub fn group(&mut self, host: HostId, members: &[RouterId]) {
        self.hosts[host.0].groups.push(members.to_vec());
    }

    /// Builds a host wrong.
    pub fn sabotage(&mut self, host: HostId, sabotage: Sabotage) {
        self.hosts[host.0].sabotage = Some(sabotage);
    }

    /// How late the process of a host may come to its deadlines.
    pub fn set_lateness(&mut self, host: HostId, lateness: Duration) {
        self.hosts[host.0].lateness = lateness;
    }

    /// How far apart the announcements of a host leave: keepalived's `vrrp_garp_interval`.
    pub fn set_announcement_gap(&mut self, host: HostId, gap: Duration) {
        self.hosts[host.0].announcement_gap = gap;
    }

    /// The simulated time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// All hosts.
    #[must_use]
    pub fn hosts(&self) -> Vec<HostId> {
        self.hosts.iter().map(|host| host.id).collect()
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

    /// Why a router is leaving, if it is and its host lives.
    #[must_use]
    pub fn departure(&self, host: HostId, router: RouterId) -> Option<Departure> {
        let host = &self.hosts[host.0];
        (host.process != Process::Dead).then(|| host.views[router.0].departure)?
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

    /// Whether another packet for a host arrives at this very moment.
    fn is_more_arriving(&self, id: HostId) -> bool {
        let mut arriving = self.coming.range((self.now, 0)..=(self.now, u64::MAX));
        arriving.any(|(_, coming)| matches!(coming, Coming::Frame { to, .. } if *to == id))
    }

    /// Lets time pass until every packet that is on its way now has arrived.
    pub(crate) fn run_until_delivered(&mut self) {
        let is_packet = |coming: &&Coming| matches!(coming, Coming::Frame { .. });
        let last = self.coming.iter().filter(|(_, coming)| is_packet(coming)).map(|((at, _), _)| *at).max();
        self.run_for(last.map_or(Duration::ZERO, |at| at.since(self.now)));
    }

    /// Does the next thing due up to `until`; false when there is none left or a rule is broken.
    pub fn step(&mut self, until: Instant) -> bool {
        let arrival = self.coming.first_key_value().map(|((at, _), _)| *at);
        let timer =
            self.hosts.iter().filter_map(|host| host.wakes_at().map(|at| (at.max(self.now), host.id))).min();
        let next = [arrival, timer.map(|(at, _)| at)].into_iter().flatten().min();
        let Some(at) = next.filter(|&at| at <= until && self.violation.is_none()) else {
            self.now = until;
            self.check_leavers();
            return false;
        };
        self.now = at;
        self.check_leavers();
        // What arrives at the moment of a deadline is heard before the deadline counts.
        if arrival == Some(at) {
            if let Some((_, coming)) = self.coming.pop_first() {
                self.arrive(coming);
            }
        } else if let Some((_, host)) = timer {
            self.attend(host);
        }
        self.check_losses();
        true
    }

    fn arrive(&mut self, coming: Coming) {
        match coming {
            Coming::Frame { to, frame } => {
                let host = &mut self.hosts[to.0];
                let is_lost = matches!(host.process, Process::Asleep { packets: WhileAsleep::Lost, .. });
                if host.is_reached_by(&frame.content) && !is_lost {
                    host.packets.push_back(frame);
                    self.attend(to);
                }
            }
            Coming::Notice { from, address } => self.notice(from, address),
            Coming::Chore { host, chore } => self.do_chore(host, chore),
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
        while let Some(frame) = self.hosts[id.0].packets.pop_front() {
            self.hear(id, &frame);
            self.perform(id);
        }
        let now = self.now;
        let is_due = self.hosts[id.0].routers.poll_timeout().is_some_and(|at| at <= now);
        // What arrives together is read together.
        if is_due && !self.is_more_arriving(id) {
            let host = &mut self.hosts[id.0];
            host.routers.handle_timeout(now, &mut host.actions);
            if let Some(at) = host.routers.poll_timeout().filter(|&at| at <= now) {
                let found = format!("the next deadline is {}", Seconds(at));
                self.report(Some(id), RouterId(0), Rule::DeadlineAhead, found);
            }
            self.collect(id);
            self.perform(id);
        }
        // Not before it has found out that it slept.
        if !self.is_more_arriving(id) {
            self.announce_waiting(id);
        }
        if let Err((router, rule, found)) = checker::at_rest(&mut self.hosts[id.0], now) {
            self.report(Some(id), router, rule, found);
        }
        self.sabotage_turn(id);
        if self.hosts[id.0].is_to_restart && self.hosts[id.0].has_stopped() {
            self.boot(id);
        }
    }

    /// Notes a broken rule. Only the first counts: what follows may be its consequence.
    pub(crate) fn report(&mut self, host: Option<HostId>, router: RouterId, rule: Rule, found: String) {
        if self.violation.is_none() {
            self.violation = Some(Violation { at: self.now, host, router, rule, found });
        }
    }
}

impl Host {
    /// Whether a frame gets through to it.
    fn is_reached_by(&self, content: &Content) -> bool {
        match content {
            Content::Advert { .. } => self.is_connected(),
            Content::Announcement(_) => self.link == LinkState::Up && self.process != Process::Dead,
        }
    }

    pub(crate) fn is_serving(&self, router: RouterId) -> bool {
        self.process != Process::Dead && self.views.get(router.0).is_some_and(|view| view.is_serving)
    }
}
