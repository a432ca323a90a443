//! From an instance of the configuration to what the engine keeps of it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use keepwatch_config::model::{Instance, OwnInterface, Route};
use keepwatch_vrrp::{Destination, Family, InterfaceId, InvalidParams, Params, RouterId, TrackWeight};

use crate::addresses::Held;
use crate::instance::{InstanceState, OwnLink, OwnLinkKind, Tenure, Tracker};
use crate::interfaces::{Needs, Sender};
use crate::routing::Ways;
use crate::setup::{Parts, index};
use crate::virtual_link::VirtualLink;

/// An instance that is ready to be one of the engine's.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) name: Arc<str>,
    pub(crate) params: Params,
    pub(crate) interface: InterfaceId,
    pub(crate) family: Family,
    /// The interface of its own, if it has one, and what that should be.
    pub(crate) own_link: Option<(OwnLink, OwnInterface)>,
    pub(crate) source: Option<IpAddr>,
    pub(crate) tracks_source: bool,
    pub(crate) held: Vec<Held>,
    pub(crate) ways: Ways,
    /// Whether other addresses of a network stay on its interface when the first one goes.
    pub(crate) promotes_secondaries: bool,
    pub(crate) trackers: Vec<Tracker>,
    pub(crate) sender: Sender,
    pub(crate) is_owner: bool,
    pub(crate) accepts: bool,
}

impl Parts {
    /// Composes an instance. Interfaces that it names are made known; nothing else is changed. `places` are those of the
    /// checks that it tracks, in order.
    pub(crate) fn compose(&mut self, instance: &Instance, places: &[usize]) -> Composed {
        let interface = self.interface(&instance.interface);
        let mut params = instance.params();
        let mut trackers: Vec<Tracker> =
            instance.track_interfaces.iter().map(|track| self.tracked(&track.interface)).collect();
        for (tracked, place) in instance.track_checks.iter().zip(places) {
            trackers.push(Tracker::Check(*place, tracked.check.clone()));
        }
        let own_link = instance.own_interface.as_ref().map(|own| {
            let interface = self.interface(own.name());
            let kind = match own {
                OwnInterface::VirtualMac(vmac) => OwnLinkKind::VirtualMac(vmac.adverts),
                OwnInterface::Ipvlan(_) => OwnLinkKind::Ipvlan,
            };
            (OwnLink { interface, kind }, own.clone())
        });
        if let Some(own) = &instance.own_interface {
            trackers.push(self.tracked(own.name()));
            params.trackers.push(TrackWeight::Fault { reverse: false });
        }
        for device in instance.routing.routes.iter().flat_map(Route::devices) {
            self.interface(device);
        }
        let mut held = Vec::new();
        for address in instance.addresses.iter().chain(&instance.excluded) {
            let own = instance.vmac().filter(|_| Family::of(address.address) == instance.family);
            let own = own.map_or(interface, |vmac| self.interface(&vmac.interface));
            let elsewhere = address.device.as_ref().filter(|device| **device != instance.interface);
            let device = elsewhere.map_or(own, |device| self.interface(device));
            held.push(Held::new(address, device));
            // keepalived: an address on another interface makes that one tracked.
            if let Some(elsewhere) = elsewhere.filter(|_| address.tracked)
                && let tracker = self.tracked(elsewhere)
                && !trackers.contains(&tracker)
            {
                trackers.push(tracker);
                params.trackers.push(TrackWeight::Fault { reverse: false });
            }
        }
        let sender = match (instance.family, &instance.destination) {
            (Family::V4, _) => Sender::V4,
            (Family::V6, Destination::Multicast { .. }) => Sender::LinkLocalV6,
            (Family::V6, Destination::Unicast { .. }) => Sender::UnicastV6,
        };
        Composed {
            name: instance.name.as_str().into(),
            is_owner: params.priority.is_owner(),
            accepts: instance.accepts,
            params,
            interface,
            family: instance.family,
            own_link,
            source: instance.configured_source(),
            tracks_source: instance.tracks_source,
            held,
            ways: Ways::new(&instance.routing),
            // An interface with a virtual MAC does so anyway, and none of its addresses is on the one below: keepalived ignores
            // the word there, too.
            promotes_secondaries: instance.promotes_secondaries && instance.vmac().is_none(),
            trackers,
            sender,
        }
    }

    /// Makes an instance one of the engine's; it does nothing yet.
    pub(crate) fn seat(&mut self, composed: Composed) -> Result<RouterId, InvalidParams> {
        let router = self.routers.add(composed.interface, composed.params.clone())?;
        if let Some((own, wanted)) = &composed.own_link
            && let Some(interface) = self.interfaces.get_mut(index(own.interface))
        {
            let (base, vrid) = (composed.interface, composed.params.vrid);
            interface.virtual_link =
                Some(VirtualLink::new(base, router, vrid, composed.family, wanted.into()));
        }
        let state = InstanceState::new(composed);
        match self.instances.get_mut(router.0) {
            Some(vacant) => *vacant = state,
            None => self.instances.push(state),
        }
        Ok(router)
    }

    /// Reckons what instances need of their interfaces, and gives those that need something else than before. Their sockets
    /// have been closed where they are others now.
    pub(crate) fn reckon(&mut self) -> Vec<InterfaceId> {
        self.virtual_addresses = BTreeSet::new();
        let mut needs: Vec<Needs> = self.interfaces.iter().map(|_| Needs::default()).collect();
        for (number, instance) in self.instances.iter().enumerate() {
            if instance.tenure == Tenure::Vacant {
                continue;
            }
            if let Some(needs) = needs.get_mut(index(instance.interface))
                && let Some(router) = self.routers.get(RouterId(number))
            {
                needs.serve(instance.family, &router.params().destination);
            }
            if let Some(OwnLink { interface, kind: OwnLinkKind::Ipvlan }) = instance.own_link
                && let Some(needs) = needs.get_mut(index(interface))
            {
                needs.speak(instance.family);
            }
            for held in &instance.held {
                self.virtual_addresses.insert(held.address());
                let wire = self.interfaces.get(index(held.interface)).and_then(|interface| interface.wire());
                if let Some(needs) = needs.get_mut(index(wire.unwrap_or(held.interface))) {
                    needs.claimable.push(held.address());
                }
            }
        }
        let ids = (0..).map(InterfaceId);
        let all = ids.zip(self.interfaces.iter_mut().zip(needs));
        all.filter_map(|(id, (interface, needs))| interface.need(needs).then_some(id)).collect()
    }
}

/// Which address each of the new ones was before, by place: those that are put in place in the same way.
pub(crate) fn same_addresses(before: &[Held], after: &[Held]) -> Vec<Option<usize>> {
    let mut known: BTreeMap<IpAddr, Vec<usize>> = BTreeMap::new();
    for (place, held) in before.iter().enumerate() {
        known.entry(held.address()).or_default().push(place);
    }
    let mut find = |held: &Held| {
        let places = known.get_mut(&held.address())?;
        let is_it = |place: &usize| before.get(*place).is_some_and(|old| old.is_put_in_place_like(held));
        let found = places.iter().position(is_it)?;
        Some(places.remove(found))
    };
    after.iter().map(&mut find).collect()
}

/// Which tracker each of the new ones was before, by place.
pub(crate) fn same_trackers(before: &[Tracker], after: &[Tracker]) -> Vec<Option<usize>> {
    let mut taken = BTreeSet::new();
    let mut find = |tracker: &Tracker| {
        let mut places = before.iter().enumerate().filter(|(_, old)| *old == tracker).map(|(place, _)| place);
        places.find(|place| taken.insert(*place))
    };
    after.iter().map(&mut find).collect()
}
