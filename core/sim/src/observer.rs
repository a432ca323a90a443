//! Losing nothing: a neighbour on the segment that sends to whoever announced an address last, and expects that
//! host to have the address when its packets arrive.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use keepwatch_vrrp::{Instant, LinkState, RouterId};

use crate::checker::Rule;
use crate::host::HostId;
use crate::simulation::Simulation;

impl HostId {
    /// Who is asked by [`Simulation::observe`] to send packets all the time: no host with routers, but announcements
    /// reach it over the network as they reach the others, and can be cut off from it.
    pub const NEIGHBOUR: Self = Self(usize::MAX);
}

/// What the neighbour knows.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    /// Where its packets for each address go, and went a moment ago.
    targets: BTreeMap<IpAddr, Vec<Target>>,
    /// How often it turned from one host to another.
    flips: BTreeMap<IpAddr, usize>,
    /// What must not be lost.
    watched: BTreeSet<(RouterId, usize)>,
}

/// A host that packets are under way to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Target {
    host: HostId,
    since: Instant,
    /// When the last one arrives; `None` while more are sent.
    until: Option<Instant>,
}

impl Simulation {
    /// From now on a neighbour listens to announcements. It sends packets to each address all the time.
    pub fn observe(&mut self) {
        self.observer.get_or_insert_default();
    }

    /// From now on none of the neighbour's packets for these addresses of a router may be lost: the rule
    /// [`Rule::LosesNothing`]. Not a rule of all runs, because crashes do lose packets.
    pub fn watch(&mut self, router: RouterId, addresses: impl IntoIterator<Item = usize>) {
        let observer = self.observer.get_or_insert_default();
        observer.watched.extend(addresses.into_iter().map(|address| (router, address)));
        observer.flips.clear();
        self.check_losses();
    }

    /// From now on packets may be lost.
    pub fn unwatch(&mut self) {
        self.observer.get_or_insert_default().watched.clear();
    }

    /// How often the neighbour has turned from one host to another with an address of a router since the watch began.
    #[must_use]
    pub fn flips(&self, router: RouterId, address: usize) -> usize {
        let address = self.hosts.first().map(|host| host.params[router.0].addresses[address]);
        let flips = |observer: &Observer| address.and_then(|address| observer.flips.get(&address).copied());
        self.observer.as_ref().and_then(flips).unwrap_or_default()
    }

    /// An announcement reaches the neighbour.
    pub(crate) fn notice(&mut self, from: HostId, address: IpAddr) {
        let (now, round_trip) = (self.now, self.network.delay * 2);
        let Some(observer) = &mut self.observer else { return };
        let targets = observer.targets.entry(address).or_default();
        if targets.last().is_some_and(|target| target.host == from) {
            return;
        }
        if let Some(last) = targets.last_mut() {
            last.until = Some(now + round_trip);
            *observer.flips.entry(address).or_default() += 1;
        }
        // Nothing was sent to whoever was the target for no time, and all has arrived where the last one has.
        targets.retain(|target| target.since < now && target.until.is_none_or(|until| until > now));
        targets.push(Target { host: from, since: now, until: None });
    }

    /// Checks that whoever packets are under way to answers.
    pub(crate) fn check_losses(&mut self) {
        let Some(observer) = &self.observer else { return };
        let lost = observer.watched.iter().find_map(|&(router, address)| {
            let ip = self.hosts.first()?.params[router.0].addresses[address];
            let targets = observer.targets.get(&ip).map(Vec::as_slice).unwrap_or_default();
            if targets.is_empty() {
                return Some((None, router, format!("nobody has announced {ip}")));
            }
            let mut expected =
                targets.iter().filter(|target| target.until.is_none_or(|until| until > self.now));
            let absent = expected.find(|target| !self.receives(target.host, router, address))?;
            Some((Some(absent.host), router, format!("a packet for {ip} is lost")))
        });
        if let Some((host, router, found)) = lost {
            self.report(host, router, Rule::LosesNothing, found);
        }
    }

    /// Whether a packet for an address gets an answer from this host.
    fn receives(&self, id: HostId, router: RouterId, address: usize) -> bool {
        let host = &self.hosts[id.0];
        host.link == LinkState::Up && host.answers(router, address)
    }
}
