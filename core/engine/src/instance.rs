//! What the engine keeps of an instance beside its virtual router.

use std::net::IpAddr;
use std::sync::Arc;

use keepwatch_bus::Draft;
use keepwatch_config::model::VmacAdverts;
use keepwatch_vrrp::{Family, InterfaceId};

use crate::addresses::{Held, Placement};
use crate::compose::Composed;
use crate::interfaces::Sender;
use crate::routing::Ways;
use crate::stopwatch::Stopwatch;

/// What the engine keeps of an instance beside its virtual router.
#[derive(Debug)]
pub(crate) struct InstanceState {
    pub(crate) name: Arc<str>,
    pub(crate) interface: InterfaceId,
    pub(crate) family: Family,
    /// The interface of its own, if it has one.
    pub(crate) own_link: Option<OwnLink>,
    /// The address to send from, if one was configured.
    pub(crate) source: Option<IpAddr>,
    /// Whether it cannot take part while its interface lacks that address.
    pub(crate) tracks_source: bool,
    pub(crate) held: Vec<Held>,
    /// Its routes and rules.
    pub(crate) ways: Ways,
    /// What it tracks, by tracker.
    pub(crate) trackers: Vec<Tracker>,
    /// Which address to send from otherwise.
    pub(crate) sender: Sender,
    pub(crate) is_owner: bool,
    /// Whether packets to its addresses are accepted.
    pub(crate) accepts: bool,
    /// Whether other addresses of a network stay on its interface when the first one goes.
    pub(crate) promotes_secondaries: bool,
    pub(crate) term: u64,
    /// Whether its last advert could not be sent.
    pub(crate) advert_failing: bool,
    /// Whether its last announcement could not be sent.
    pub(crate) announcement_failing: bool,
    /// Runs during its transitions.
    pub(crate) stopwatch: Stopwatch,
    pub(crate) tenure: Tenure,
    /// What it becomes when its router comes to it.
    pub(crate) next: Option<Box<Next>>,
}

/// How long an instance is to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tenure {
    /// As long as the configuration has it.
    Runs,
    /// Until its router has stopped: the configuration has it no more.
    Departs,
    /// Until its router has stopped: it begins anew then.
    Restarts,
    /// It is gone, and another one may take its number.
    Vacant,
}

/// What an instance becomes.
#[derive(Debug)]
pub(crate) struct Next {
    pub(crate) composed: Composed,
    /// For each of its addresses, which one it was before.
    pub(crate) addresses: Vec<Option<usize>>,
    /// What there is to tell of it.
    pub(crate) changed: Draft,
}

/// What an instance tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tracker {
    /// An interface, with its name.
    Interface(InterfaceId, String),
    /// A check, by its place among those that can be tracked, with its name.
    Check(usize, String),
}

/// The interface that an instance has of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnLink {
    pub(crate) interface: InterfaceId,
    pub(crate) kind: OwnLinkKind,
}

/// What an interface of an instance's own is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnLinkKind {
    /// A virtual MAC, which speaks only while the instance has a say.
    VirtualMac(VmacAdverts),
    /// An ipvlan: adverts come from it.
    Ipvlan,
}

impl InstanceState {
    pub(crate) fn new(composed: Composed) -> Self {
        let Composed {
            name,
            interface,
            family,
            own_link,
            source,
            tracks_source,
            held,
            ways,
            trackers,
            sender,
            is_owner,
            accepts,
            promotes_secondaries,
            ..
        } = composed;
        Self {
            name,
            interface,
            family,
            own_link: own_link.map(|(own, _)| own),
            source,
            tracks_source,
            held,
            ways,
            trackers,
            sender,
            is_owner,
            accepts,
            promotes_secondaries,
            term: 0,
            advert_failing: false,
            announcement_failing: false,
            stopwatch: Stopwatch::default(),
            tenure: Tenure::Runs,
            next: None,
        }
    }

    /// Becomes what was composed for it. What is in place stays as it is; routes and rules are the same, or it would have
    /// begun anew. Gives what there is to tell.
    pub(crate) fn become_next(&mut self, next: Next) -> Draft {
        let Next { composed, addresses, changed } = next;
        let mut held = composed.held;
        for (held, old) in held.iter_mut().zip(addresses) {
            if let Some(old) = old.and_then(|old| self.held.get(old)) {
                held.stand_as(old);
            }
        }
        self.name = composed.name;
        self.own_link = composed.own_link.map(|(own, _)| own);
        self.source = composed.source;
        self.held = held;
        self.trackers = composed.trackers;
        self.sender = composed.sender;
        self.is_owner = composed.is_owner;
        self.accepts = composed.accepts;
        self.promotes_secondaries = composed.promotes_secondaries;
        changed
    }

    /// The address to send from, if it cannot take part while its interface lacks that. One that is taken for a virtual address
    /// lacks its own for another reason.
    pub(crate) fn tracked_source(&self) -> Option<IpAddr> {
        let is_kept = self.held.iter().any(|held| held.state == Placement::Kept);
        self.source.filter(|_| self.tracks_source && !is_kept)
    }

    /// Leaves nothing of it but its name.
    pub(crate) fn vacate(&mut self) {
        self.held.clear();
        self.ways = Ways::default();
        self.trackers.clear();
        self.own_link = None;
        self.promotes_secondaries = false;
        self.next = None;
        self.tenure = Tenure::Vacant;
    }

    /// Whether it is gone as soon as its router has stopped.
    pub(crate) fn leaves(&self) -> bool {
        matches!(self.tenure, Tenure::Departs | Tenure::Restarts)
    }

    pub(crate) fn runs(&self) -> bool {
        self.tenure == Tenure::Runs
    }

    /// The interface that adverts leave through.
    pub(crate) fn advertises_on(&self) -> InterfaceId {
        match self.own_link {
            Some(OwnLink { kind: OwnLinkKind::VirtualMac(VmacAdverts::FromBase), .. }) | None => {
                self.interface
            }
            Some(own) => own.interface,
        }
    }

    /// The interface with its virtual MAC, if it has one.
    pub(crate) fn virtual_mac_link(&self) -> Option<InterfaceId> {
        let own = self.own_link?;
        matches!(own.kind, OwnLinkKind::VirtualMac(_)).then_some(own.interface)
    }

    /// The interface whose addresses adverts come from: its ipvlan, if it has one. (Adverts with a virtual MAC have an
    /// address of the interface below.)
    pub(crate) fn source_interface(&self) -> InterfaceId {
        match self.own_link {
            Some(OwnLink { interface, kind: OwnLinkKind::Ipvlan }) => interface,
            Some(OwnLink { kind: OwnLinkKind::VirtualMac(_), .. }) | None => self.interface,
        }
    }
}
