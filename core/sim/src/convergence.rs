//! One MASTER on a healed segment: within which time, and that it stays the only one.

use std::time::Duration;

use keepwatch_vrrp::{Family, Instant, Preemption, Priority, RouterId, StateName, StopMode};

use crate::checker::Rule;
use crate::faults::Fault;
use crate::host::{Host, HostId, Process};
use crate::kernel::SETTLES_WITHIN;
use crate::simulation::Simulation;

/// Delivery of the few packets it takes, and rounding: what no rule accounts for.
const MARGIN: Duration = Duration::from_millis(100);
/// An address that could not be kept in place keeps its router in FAULT for so long.
const UNSTABLE_FOR: Duration = Duration::from_secs(60);

/// How a MASTER is made to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It is stopped.
    Stop,
    /// It is told to hand over, and stands by afterwards.
    HandOver,
}

impl Simulation {
    /// How long after healing there may be none or several: the master-down time of the slowest, and what the
    /// settling rules add to it. Somebody may be leaving at the moment, and somebody has to yield in the end.
    #[must_use]
    pub fn settles_within(&self, router: RouterId) -> Duration {
        let params = || self.hosts.iter().map(|host| &host.params[router.0]);
        // A backup may have learned the longest interval of all.
        let Some(slowest) = params().map(|params| params.interval).max() else { return Duration::ZERO };
        let lowest = Priority::new(1).expect("not zero");
        let down = params().map(|p| slowest.master_down(p.version, lowest, p.missed_adverts)).max();
        let skew = params().map(|p| slowest.skew(p.version, lowest)).max();
        let (down, skew) = (down.unwrap_or_default(), skew.unwrap_or_default());
        let delay = params()
            .map(|params| match params.preemption {
                Preemption::After(delay) => delay + slowest.duration(),
                Preemption::Immediate | Preemption::Never => Duration::ZERO,
            })
            .max()
            .unwrap_or_default();
        // Or about to be.
        let is_faulty = |host: &Host| {
            host.views[router.0].state == StateName::Fault || host.shadows[router.0].is_lacking()
        };
        let fault = if self.hosts.iter().any(is_faulty) { UNSTABLE_FOR } else { Duration::ZERO };
        let late = self.hosts.iter().map(|host| host.lateness).max().unwrap_or_default();
        // A backup that slept listens for an interval and the skew; a MASTER that slept, for an interval.
        let grace = slowest.duration() * 2 + skew;
        let leaves = self.hosts.iter().filter(|host| host.views[router.0].departure.is_some());
        let leave = leaves.map(|host| host.leaves_within(router)).max().unwrap_or_default();
        let yields = self.hosts.iter().map(|host| host.yields_within(router)).max().unwrap_or_default();
        fault + leave + grace + delay + down + yields + SETTLES_WITHIN + late * 4 + MARGIN
    }

    /// Lets time pass until every router has settled and has stayed so for three master-down times.
    pub fn settle(&mut self) {
        if self.violation().is_some() {
            return;
        }
        let routers: Vec<RouterId> = (0..self.routers()).map(RouterId).collect();
        let bound = routers.iter().map(|&router| self.settles_within(router)).max().unwrap_or_default();
        let until = self.now + bound;
        let stay = routers.iter().map(|&router| self.stays_for(router)).max().unwrap_or_default();
        let mut since: Option<Instant> = None;
        loop {
            let unsettled = routers.iter().find_map(|&router| Some((router, self.unsettled(router)?)));
            match (unsettled, since) {
                (None, None) => since = Some(self.now),
                (None, Some(at)) if self.now.since(at) >= stay => return self.check_holders(),
                (None, Some(_)) => {}
                (Some((router, (rule, found))), _) => {
                    if self.now >= until {
                        return self.report(None, router, rule, found);
                    }
                    since = None;
                }
            }
            let limit = since.map_or(until, |at| at + stay);
            self.step(limit);
            if self.violation().is_some() {
                return;
            }
        }
    }

    /// Checks that of all living hosts the MASTER alone has the addresses.
    fn check_holders(&mut self) {
        for router in (0..self.routers()).map(RouterId) {
            let [master] = self.serving(router)[..] else { continue };
            for address in 0..self.hosts[master.0].params[router.0].addresses.len() {
                let mut holders = self.holding(router, address);
                holders.retain(|holder| self.hosts[holder.0].process != Process::Dead);
                if holders != [master] {
                    let names: Vec<String> = holders.iter().map(ToString::to_string).collect();
                    let found = format!("{master} serves, address {address} is at: {}", names.join(" "));
                    self.report(None, router, Rule::OneHolderAfterwards, found);
                }
            }
        }
    }

    /// Expects that every host has stopped, within the time that the last of them may take.
    pub(crate) fn wind_up(&mut self) {
        let routers = || (0..self.routers()).map(RouterId);
        let longest = |host: &Host| routers().map(|router| host.leaves_within(router)).max();
        let leave = self.hosts.iter().filter_map(longest).max().unwrap_or_default();
        self.run_for(leave);
        if let Some(host) = self.hosts.iter().find(|host| !host.has_stopped()).map(|host| host.id) {
            self.report(Some(host), RouterId(0), Rule::LeavesInTime, "it has not stopped".to_owned());
        }
    }

    /// Makes the host of a MASTER leave, and expects a successor of each of its masterships within the skew time.
    pub(crate) fn hand_over(&mut self, host: HostId, exit: Exit) {
        let routers = (0..self.routers()).map(RouterId);
        let is_left = |router: &RouterId| {
            self.serving(*router) == [host]
                && self.standbys(*router) > 0
                && self.leaves_by(host, *router, exit)
        };
        let left: Vec<RouterId> = routers.filter(is_left).collect();
        let bounds: Vec<Instant> =
            left.iter().map(|&router| self.now + self.hands_over_within(host, router)).collect();
        match exit {
            Exit::Stop => self.apply(Fault::Stop(host)),
            Exit::HandOver => left.iter().for_each(|&router| self.apply(Fault::HandOver { host, router })),
        }
        for (router, until) in left.into_iter().zip(bounds) {
            while self.serving(router).is_empty() && self.step(until) {}
            if self.serving(router).is_empty() {
                let found = format!("no successor of {host}");
                self.report(None, router, Rule::HandsOver, found);
            }
        }
    }

    /// Whether a router leaves in this way: only one that may keep its addresses meanwhile hands over by command.
    fn leaves_by(&self, host: HostId, router: RouterId, exit: Exit) -> bool {
        match exit {
            Exit::Stop => true,
            Exit::HandOver => self.hosts[host.0].params[router.0].stop_mode == StopMode::Lossless,
        }
    }

    /// Within which time somebody has taken over: the members of a group wait for each other, and then for their addresses.
    fn hands_over_within(&self, leaving: HostId, router: RouterId) -> Duration {
        let groups = &self.hosts[leaving.0].groups;
        let mates = groups.iter().find(|group| group.contains(&router)).map_or(&[][..], Vec::as_slice);
        let all = || mates.iter().copied().chain([router]);
        let waits = all().map(|router| self.waits_within(leaving, router)).max().unwrap_or_default();
        let settle = match self.hosts[leaving.0].params[router.0].family {
            Family::V4 => Duration::ZERO,
            Family::V6 => SETTLES_WITHIN,
        };
        // Two deliveries: the quicker of two backups may take over and yield to the slower one's advert.
        waits + settle + self.network.delay * 2
    }

    /// Within which time the slowest standby of a router has noticed that its MASTER leaves.
    fn waits_within(&self, leaving: HostId, router: RouterId) -> Duration {
        let leaver = &self.hosts[leaving.0].params[router.0];
        let successors = self.hosts.iter().filter(|host| host.id != leaving && host.is_standby(router));
        let waits = successors.map(|host| {
            let params = &host.params[router.0];
            let priority = host.routers.get(router).map_or(params.priority, |router| router.priority());
            let waits = match leaver.stop_mode {
                StopMode::Lossless | StopMode::Rfc => leaver.interval.skew(params.version, priority),
                StopMode::Silent => {
                    leaver.interval.master_down(params.version, priority, params.missed_adverts)
                }
            };
            waits + host.lateness
        });
        waits.max().unwrap_or_default()
    }

    pub(crate) fn routers(&self) -> usize {
        self.hosts.first().map_or(0, |host| host.params.len())
    }

    fn standbys(&self, router: RouterId) -> usize {
        self.hosts.iter().filter(|host| host.is_standby(router)).count()
    }

    fn stays_for(&self, router: RouterId) -> Duration {
        let params = || self.hosts.iter().map(|host| &host.params[router.0]);
        let slowest = params().map(|params| params.interval.duration()).max().unwrap_or_default();
        // Longer than three master-down times of three missed adverts and a skew.
        slowest * 12 + MARGIN
    }

    /// What is still missing from: everybody takes part, one serves, and nobody who may preempt is above it.
    fn unsettled(&self, router: RouterId) -> Option<(Rule, String)> {
        let taking_part = || self.hosts.iter().filter(|host| host.is_running(router));
        taking_part().next()?;
        let serving = self.serving(router);
        let [master] = serving[..] else {
            let names: Vec<String> = serving.iter().map(ToString::to_string).collect();
            return Some((Rule::OneMaster, format!("serving: {}", names.join(" "))));
        };
        if let Some(host) = taking_part().find(|host| host.id != master && !host.is_standby(router)) {
            let state = host.views[router.0].state;
            return Some((Rule::OneMaster, format!("{} is in {state:?}", host.id)));
        }
        let priority = |host: &Host| host.routers.get(router).map(keepwatch_vrrp::VirtualRouter::priority);
        let above = taking_part().find(|host| {
            host.params[router.0].preemption != Preemption::Never
                && !host.shadows[router.0].has_handed_over
                && priority(host) > priority(&self.hosts[master.0])
        })?;
        Some((Rule::HighestPriority, format!("{master} serves, though {} is above it", above.id)))
    }
}

impl Host {
    fn is_running(&self, router: RouterId) -> bool {
        self.process != Process::Dead && self.views[router.0].state != StateName::Stopped
    }

    fn is_standby(&self, router: RouterId) -> bool {
        self.process != Process::Dead && self.views[router.0].state == StateName::Backup
    }
}
