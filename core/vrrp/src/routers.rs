//! All virtual routers of a host: who an advert is for, and when the next thing is due.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::net::IpAddr;

use crate::action::Actions;
use crate::anomaly::Anomaly;
use crate::group::{Group, Standpoint};
use crate::input::{Input, Received};
use crate::notice::StateName;
use crate::params::{Destination, InvalidParams, Params};
use crate::router::VirtualRouter;
use crate::scalar::{Family, Vrid};
use crate::time::Instant;
use crate::update::Update;
use crate::wire::Advert;

/// A network interface, numbered by the caller. The number outlives deletion and re-creation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceId(pub u32);

/// A virtual router of this host, numbered in the order of [`Routers::add`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub usize);

/// One family on one interface: where a VRID names one virtual router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment {
    /// The interface.
    pub interface: InterfaceId,
    /// The family.
    pub family: Family,
}

/// The virtual routers of a host.
#[derive(Debug, Default)]
pub struct Routers {
    routers: Vec<(Segment, VirtualRouter)>,
    /// Indexes into `routers` by what an advert names.
    by_vrid: BTreeMap<(Segment, Vrid), Vec<usize>>,
    /// Routers that are MASTER together, by index.
    groups: Vec<Vec<usize>>,
    /// Places in `routers` whose router was removed.
    vacant: Vec<usize>,
}

impl Routers {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { routers: Vec::new(), by_vrid: BTreeMap::new(), groups: Vec::new(), vacant: Vec::new() }
    }

    /// Adds a router; it does nothing until [`Input::Start`]. Its number may be that of one that was removed.
    ///
    /// # Errors
    ///
    /// Contradictory parameters.
    pub fn add(&mut self, interface: InterfaceId, params: Params) -> Result<RouterId, InvalidParams> {
        params.check()?;
        let id = RouterId(self.vacant.pop().unwrap_or(self.routers.len()));
        let segment = Segment { interface, family: params.family };
        self.by_vrid.entry((segment, params.vrid)).or_default().push(id.0);
        let router = (segment, VirtualRouter::new(id, params));
        match self.routers.get_mut(id.0) {
            Some(vacant) => *vacant = router,
            None => self.routers.push(router),
        }
        Ok(id)
    }

    /// Removes a router that has stopped; whether it had. Until its number is given to another one, a router that has
    /// stopped and has no address stands there.
    pub fn remove(&mut self, id: RouterId) -> bool {
        let Some((segment, router)) = self.routers.get_mut(id.0) else { return false };
        if router.state() != StateName::Stopped || self.vacant.contains(&id.0) {
            return false;
        }
        let place = (*segment, router.params().vrid);
        router.retire();
        if let Some(sharing) = self.by_vrid.get_mut(&place) {
            sharing.retain(|index| *index != id.0);
        }
        for group in &mut self.groups {
            group.retain(|member| *member != id.0);
        }
        self.vacant.push(id.0);
        true
    }

    /// Gives a router other parameters while it runs: it stays MASTER, or BACKUP, and what was in place and is to be stays
    /// in place without a word. The caller renumbers what it keeps by number when it comes to [`crate::Action::Renumber`].
    ///
    /// # Errors
    ///
    /// Contradictory parameters, or those of another virtual router: nothing is changed.
    pub fn update(
        &mut self,
        now: Instant,
        id: RouterId,
        update: Update,
        out: &mut Actions,
    ) -> Result<(), InvalidParams> {
        let Some((_, router)) = self.routers.get(id.0) else { return Ok(()) };
        update.check(router.params())?;
        self.change(now, id.0, out, |router, out| router.update(now, update, out));
        Ok(())
    }

    /// Replaces all groups. Those whose members have changed come together anew: what hinders one hinders all, and if one
    /// of them follows another MASTER, the others leave to it.
    pub fn regroup(&mut self, now: Instant, groups: &[Vec<RouterId>], out: &mut Actions) {
        let groups: Vec<Vec<usize>> =
            groups.iter().map(|members| members.iter().map(|member| member.0).collect()).collect();
        if groups == self.groups {
            return;
        }
        let before = core::mem::replace(&mut self.groups, groups);
        for index in 0..self.routers.len() {
            let is_member = self.groups.iter().any(|group| group.contains(&index));
            let Some((_, router)) = self.routers.get_mut(index) else { return };
            match (router.is_in_group(), is_member) {
                (false, true) => router.join_group(),
                (true, false) => router.leave_group(now, out),
                (true, true) | (false, false) => {}
            }
        }
        for members in self.groups.iter().filter(|members| !before.contains(members)) {
            Group { routers: &mut self.routers, members }.assemble(now, out);
        }
    }

    /// Makes routers a group: all of them are MASTER, or none is (keepalived's `vrrp_sync_group`). One becomes MASTER when all
    /// would; one that cannot take part keeps the others from it; when one hands over, yields or falls back, all do. When
    /// one of them finds no successor for a hand-over, the others stay as well, and those that have gone by then may take
    /// mastership back. A router is in one group at most, the first.
    pub fn group(&mut self, members: &[RouterId]) {
        for member in members {
            if let Some((_, router)) = self.routers.get_mut(member.0) {
                router.join_group();
            }
        }
        self.groups.push(members.iter().map(|member| member.0).collect());
    }

    /// The router with this number.
    #[must_use]
    pub fn get(&self, id: RouterId) -> Option<&VirtualRouter> {
        self.routers.get(id.0).map(|(_, router)| router)
    }

    /// Where the router with this number is.
    #[must_use]
    pub fn segment(&self, id: RouterId) -> Option<Segment> {
        self.routers.get(id.0).map(|(segment, _)| *segment)
    }

    /// All of them, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = (RouterId, Segment, &VirtualRouter)> {
        self.routers.iter().enumerate().map(|(index, (segment, router))| (RouterId(index), *segment, router))
    }

    /// Whether an announcement of a router that had to wait is still to be sent, which is asked when its turn has come.
    pub fn still_announces(&mut self, now: Instant, id: RouterId, address: IpAddr) -> bool {
        self.routers.get_mut(id.0).is_some_and(|(_, router)| router.still_announces(now, address))
    }

    /// Gives one router an input.
    pub fn handle(&mut self, now: Instant, id: RouterId, input: Input<'_>, out: &mut Actions) {
        self.give(now, id.0, input, out);
    }

    /// Stops all routers, as the input says: those last that something of their own keeps from taking part. A member that
    /// is in FAULT for such a one's sake is not released by its end.
    pub fn stop_all(&mut self, now: Instant, input: Input<'_>, out: &mut Actions) {
        let mut order: Vec<usize> = (0..self.routers.len()).collect();
        order.sort_by_key(|index| {
            self.routers.get(*index).is_some_and(|(_, router)| router.own_hindrance(now).is_some())
        });
        for index in order {
            self.give(now, index, input, out);
        }
    }

    /// Gives a router an input, and the rest of its group what follows from it.
    fn give(&mut self, now: Instant, index: usize, input: Input<'_>, out: &mut Actions) {
        self.change(now, index, out, |router, out| router.handle(now, input, out));
    }

    /// Does something to a router, and to the rest of its group what follows from it.
    fn change(
        &mut self,
        now: Instant,
        index: usize,
        out: &mut Actions,
        change: impl FnOnce(&mut VirtualRouter, &mut Actions),
    ) {
        let Some((_, router)) = self.routers.get_mut(index) else { return };
        if !router.is_in_group() {
            change(router, out);
            return;
        }
        let before = Standpoint::of(router);
        change(router, out);
        let after = Standpoint::after(router, now);
        if before != after
            && let Some(members) = self.groups.iter().find(|group| group.contains(&index))
        {
            Group { routers: &mut self.routers, members }.settle(now, index, &before, &after, out);
        }
    }

    /// Gives an input to every router on an interface.
    pub fn handle_interface(
        &mut self,
        now: Instant,
        interface: InterfaceId,
        input: Input<'_>,
        out: &mut Actions,
    ) {
        for index in 0..self.routers.len() {
            if self.routers.get(index).is_some_and(|(segment, _)| segment.interface == interface) {
                self.give(now, index, input, out);
            }
        }
    }

    /// Takes in what a VRRP packet carried: octets behind the IP header. Gives the deadline of the router it was
    /// for, which may be earlier than before.
    pub fn receive(
        &mut self,
        now: Instant,
        segment: Segment,
        packet: &Packet<'_>,
        out: &mut Actions,
    ) -> Option<Instant> {
        match Advert::parse(packet.payload, packet.source, packet.destination) {
            Ok((advert, checksum)) => {
                let Some(index) = self.addressee(segment, advert.vrid, packet) else {
                    self.receive_other(segment, packet.source, &advert, out);
                    return None;
                };
                let received = Received {
                    advert,
                    checksum,
                    source: packet.source,
                    destination: packet.destination,
                    ttl: packet.ttl,
                };
                self.give(now, index, Input::Advert(&received), out);
                self.routers.get(index)?.1.poll_timeout()
            }
            Err(malformed) => {
                // Told to the router that the VRID names, if it can be read; to nobody otherwise.
                let vrid = packet.payload.get(1).copied().and_then(Vrid::new)?;
                let index = self.addressee(segment, vrid, packet)?;
                let (_, router) = self.routers.get_mut(index)?;
                router.anomaly(Anomaly::Malformed(malformed), packet.source, out);
                None
            }
        }
    }

    /// An advert for no router of ours: worth a word if it lists an address of ours.
    fn receive_other(&mut self, segment: Segment, source: IpAddr, advert: &Advert<'_>, out: &mut Actions) {
        for (_, router) in self.routers.iter_mut().filter(|(at, _)| *at == segment) {
            let ours = router.params().advertised_addresses();
            let common = advert.addresses.iter().find(|address| ours.contains(address));
            if let Some(address) = common {
                router.anomaly(Anomaly::OtherVrid { theirs: advert.vrid, address }, source, out);
            }
        }
    }

    /// The router that an advert is for. Several may share a VRID on a segment if they differ in their group or
    /// their peers, as under keepalived: where the advert went, or who sent it, decides.
    fn addressee(&self, segment: Segment, vrid: Vrid, packet: &Packet<'_>) -> Option<usize> {
        let candidates = self.by_vrid.get(&(segment, vrid))?;
        let is_exact = |index: &&usize| {
            self.routers.get(**index).is_some_and(|(_, router)| match &router.params().destination {
                Destination::Multicast { group } => *group == packet.destination,
                Destination::Unicast { peers, .. } => {
                    !packet.destination.is_multicast()
                        && peers.iter().any(|peer| peer.address == packet.source)
                }
            })
        };
        // None of them exactly: the first one tells what is wrong with it.
        candidates.iter().find(is_exact).or_else(|| candidates.first()).copied()
    }

    /// Does everything due at `now`. Once anything is due, adverts nearly due go out with it.
    pub fn handle_timeout(&mut self, now: Instant, out: &mut Actions) {
        if self.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        for index in 0..self.routers.len() {
            let is_due = self.routers.get(index).is_some_and(|(_, router)| {
                router.poll_timeout().is_some_and(|at| at <= now + router.slack())
            });
            if is_due {
                self.give(now, index, Input::Timeout, out);
            }
        }
    }

    /// The earliest deadline of all.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.routers.iter().filter_map(|(_, router)| router.poll_timeout()).min()
    }
}

/// A VRRP packet as it arrived, its IP header read.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Who sent it.
    pub source: IpAddr,
    /// Where to.
    pub destination: IpAddr,
    /// TTL or hop limit on arrival.
    pub ttl: u8,
    /// The octets behind the IP header.
    pub payload: &'a [u8],
}

#[cfg(test)]
#[path = "routers_tests.rs"]
mod tests;
