//! From a configuration to an engine that is ready to run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use keepwatch_bus::Bus;
use keepwatch_config::model::{Config, Instance, InterfaceName, Trackable, VirtualMac, VmacAdverts};
use keepwatch_event::State;
use keepwatch_system::netlink::{Monitor, Requests};
use keepwatch_system::{DeadlineTimer, InterfaceLock, LockError, MissingCapability, Poller, Wakeup};
use keepwatch_vrrp::{
    Destination, Family, InterfaceId, InvalidParams, MacAddress, RouterId, Routers, TrackWeight,
};

use crate::addresses::Held;
use crate::groups::Group;
use crate::interfaces::{Interface, Sender};
use crate::link_delay::LinkDelay;
use crate::promoting::Promoted;
use crate::routing::{Fixtures, Ways};
use crate::stopwatch::Stopwatch;
use crate::tracks::Tracks;
use crate::virtual_link::VirtualLink;

/// Why an engine cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The process lacks privileges.
    #[error("missing {}", names(.0))]
    Privileges(Vec<MissingCapability>),
    /// An interface is in another keepwatch's hands.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The kernel refused something.
    #[error("cannot {what}: {error}")]
    System {
        /// What was to be done.
        what: &'static str,
        /// What the kernel said.
        #[source]
        error: io::Error,
    },
    /// An instance contradicts itself in a way the configuration should not have allowed.
    #[error("instance {name}: {error}")]
    Instance {
        /// Its name.
        name: String,
        /// The contradiction.
        #[source]
        error: InvalidParams,
    },
}

fn names(missing: &[MissingCapability]) -> String {
    missing.iter().map(|capability| capability.name).collect::<Vec<_>>().join(" and ")
}

/// What the engine keeps of an instance beside its virtual router.
#[derive(Debug)]
pub(crate) struct InstanceState {
    pub(crate) name: Arc<str>,
    pub(crate) interface: InterfaceId,
    pub(crate) family: Family,
    /// The interface with its virtual MAC, if it has one.
    pub(crate) vmac: Option<Vmac>,
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
    pub(crate) term: u64,
    /// Whether its last advert could not be sent.
    pub(crate) advert_failing: bool,
    /// Whether its last announcement could not be sent.
    pub(crate) announcement_failing: bool,
    /// Runs during its transitions.
    pub(crate) stopwatch: Stopwatch,
}

/// What an instance tracks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Tracker {
    /// An interface, with its name.
    Interface(InterfaceId, String),
    /// A check, by its place among those that can be tracked, with its name.
    Check(usize, String),
}

/// An instance's virtual MAC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vmac {
    /// The interface that has it.
    pub(crate) interface: InterfaceId,
    pub(crate) adverts: VmacAdverts,
}

impl InstanceState {
    /// The interface that adverts leave through.
    pub(crate) fn advertises_on(&self) -> InterfaceId {
        match self.vmac {
            Some(Vmac { interface, adverts: VmacAdverts::FromVmac }) => interface,
            Some(Vmac { adverts: VmacAdverts::FromBase, .. }) | None => self.interface,
        }
    }
}

/// Everything the loop needs.
pub(crate) struct Parts {
    pub(crate) poller: Poller,
    pub(crate) timer: DeadlineTimer,
    pub(crate) wakeup: Wakeup,
    pub(crate) requests: Requests,
    pub(crate) monitor: Monitor,
    pub(crate) interfaces: Vec<Interface>,
    pub(crate) routers: Routers,
    pub(crate) instances: Vec<InstanceState>,
    pub(crate) virtual_addresses: BTreeSet<IpAddr>,
    /// Hardware addresses of all interfaces of the host, by index.
    pub(crate) macs: BTreeMap<u32, MacAddress>,
    pub(crate) bus: Bus,
    pub(crate) tracks: Tracks,
    pub(crate) groups: Vec<Group>,
    /// What is always in place.
    pub(crate) fixtures: Fixtures,
}

impl Parts {
    pub(crate) fn prepare(config: &Config, bus: Bus) -> Result<Self, StartError> {
        let missing = keepwatch_system::missing_capabilities();
        if !missing.is_empty() {
            return Err(StartError::Privileges(missing));
        }
        keepwatch_system::raise_descriptor_limit();
        let system = |what| move |error| StartError::System { what, error };
        // Listen before asking, so that no change falls between.
        let monitor = Monitor::open().map_err(system("listen to the kernel"))?;
        let wakeup = Wakeup::new().map_err(system("create an eventfd"))?;
        let trackables = config.trackables();
        let tracks = Tracks::new(&trackables, &bus, wakeup.clone());
        let mut parts = Self {
            poller: Poller::new().map_err(system("poll"))?,
            timer: DeadlineTimer::new().map_err(system("create a timer"))?,
            wakeup,
            requests: Requests::open().map_err(system("ask the kernel"))?,
            monitor,
            interfaces: Vec::new(),
            routers: Routers::new(),
            instances: Vec::new(),
            virtual_addresses: BTreeSet::new(),
            macs: BTreeMap::new(),
            bus,
            tracks,
            groups: Vec::new(),
            fixtures: Fixtures::default(),
        };
        for instance in &config.instances {
            parts.add_instance(instance, &trackables)?;
        }
        for delay in &config.link_delays {
            let id = parts.interface(&delay.interface);
            if let Some(interface) = parts.interfaces.get_mut(index(id)) {
                interface.delay = LinkDelay::new(delay.down, delay.up);
            }
        }
        parts.add_fixtures(config);
        for group in &config.groups {
            parts.add_group(&group.name, &group.members);
        }
        for interface in parts.interfaces.iter_mut().filter(|interface| interface.has_routers()) {
            interface.lock = Some(InterfaceLock::take(&interface.name)?);
        }
        Ok(parts)
    }

    fn add_instance(&mut self, instance: &Instance, trackables: &[Trackable]) -> Result<(), StartError> {
        let interface = self.interface(&instance.interface);
        let group = match &instance.destination {
            Destination::Multicast { group } => Some(*group),
            Destination::Unicast { .. } => None,
        };
        if let Some(interface) = self.interfaces.get_mut(index(interface)) {
            interface.serve(instance.family, group);
        }

        let mut params = instance.params();
        let mut trackers: Vec<Tracker> =
            instance.track_interfaces.iter().map(|track| self.tracked(&track.interface)).collect();
        for tracked in &instance.track_checks {
            let place = trackables.iter().position(|trackable| trackable.name == tracked.check);
            // One that nobody can speak of is never known: the configuration has refused it.
            trackers.push(Tracker::Check(place.unwrap_or(usize::MAX), tracked.check.clone()));
        }
        let vmac = instance.vmac.as_ref().map(|vmac| self.add_virtual_link(instance, interface, vmac));
        if let Some(vmac) = &instance.vmac {
            trackers.push(self.tracked(&vmac.interface));
            params.trackers.push(TrackWeight::Fault { reverse: false });
        }
        let mut held = Vec::new();
        for address in instance.addresses.iter().chain(&instance.excluded) {
            self.virtual_addresses.insert(address.address);
            let own = vmac.filter(|_| Family::of(address.address) == instance.family);
            let own = own.map_or(interface, |vmac| vmac.interface);
            let elsewhere = address.device.as_ref().filter(|device| **device != instance.interface);
            let device = elsewhere.map_or(own, |device| self.interface(device));
            held.push(Held::new(address, device));
            let wire = if device == own { interface } else { device };
            if let Some(interface) = self.interfaces.get_mut(index(wire)) {
                interface.claimable.push(address.address);
            }
            // keepalived: an address on another interface makes that one tracked.
            if let Some(elsewhere) = elsewhere.filter(|_| address.tracked)
                && let tracker = self.tracked(elsewhere)
                && !trackers.contains(&tracker)
            {
                trackers.push(tracker);
                params.trackers.push(TrackWeight::Fault { reverse: false });
            }
        }
        let is_owner = params.priority.is_owner();
        let sender = match (instance.family, group) {
            (Family::V4, _) => Sender::V4,
            (Family::V6, Some(_)) => Sender::LinkLocalV6,
            (Family::V6, None) => Sender::UnicastV6,
        };
        let id = self
            .routers
            .add(interface, params)
            .map_err(|error| StartError::Instance { name: instance.name.clone(), error })?;
        debug_assert_eq!(id, RouterId(self.instances.len()), "instances and routers have the same numbers");
        self.instances.push(InstanceState {
            name: instance.name.as_str().into(),
            interface,
            family: instance.family,
            vmac,
            source: instance.source,
            tracks_source: instance.tracks_source,
            held,
            ways: Ways::new(&instance.routing),
            trackers,
            sender,
            is_owner,
            term: 0,
            advert_failing: false,
            announcement_failing: false,
            stopwatch: Stopwatch::default(),
        });
        Ok(())
    }

    /// Makes known the interface with an instance's virtual MAC; it is not created yet.
    fn add_virtual_link(&mut self, instance: &Instance, base: InterfaceId, vmac: &VirtualMac) -> Vmac {
        let id = self.interface(&vmac.interface);
        let router = RouterId(self.instances.len());
        if let Some(interface) = self.interfaces.get_mut(index(id)) {
            let link = VirtualLink::new(base, router, instance.vrid, instance.family, vmac.mac);
            interface.virtual_link = Some(link);
        }
        Vmac { interface: id, adverts: vmac.adverts }
    }

    /// What is always in place; and interfaces that only routes name are known, too.
    fn add_fixtures(&mut self, config: &Config) {
        let routes = config.instances.iter().flat_map(|instance| &instance.routing.routes);
        for hop in routes.chain(&config.statics.routing.routes).flat_map(|route| &route.hops) {
            if let Some(device) = &hop.device {
                self.interface(device);
            }
        }
        let ids: BTreeMap<String, InterfaceId> = config
            .statics
            .addresses
            .iter()
            .filter_map(|address| address.device.as_ref())
            .map(|device| (device.to_string(), self.interface(device)))
            .collect();
        self.fixtures = Fixtures::new(&config.statics, |name| ids.get(name).copied());
        let promoting = config.instances.iter().filter(|instance| instance.promotes_secondaries);
        self.fixtures.promoted =
            promoting.map(|instance| Promoted::on(instance.interface.as_str())).collect();
    }

    /// The members of a sync group are MASTER together.
    fn add_group(&mut self, name: &str, members: &[String]) {
        let number =
            |name: &String| self.instances.iter().position(|instance| *instance.name == **name).map(RouterId);
        let members: Vec<RouterId> = members.iter().filter_map(number).collect();
        self.routers.group(&members);
        self.groups.push(Group { name: name.to_owned(), members, state: State::Init });
    }

    /// A tracker of this interface.
    fn tracked(&mut self, name: &InterfaceName) -> Tracker {
        Tracker::Interface(self.interface(name), name.to_string())
    }

    /// The number of an interface, which is made known if it is not.
    fn interface(&mut self, name: &InterfaceName) -> InterfaceId {
        let known = self.interfaces.iter().position(|interface| interface.name == name.as_str());
        let position = known.unwrap_or_else(|| {
            self.interfaces.push(Interface::new(name.as_str()));
            self.interfaces.len() - 1
        });
        InterfaceId(u32::try_from(position).unwrap_or(u32::MAX))
    }
}

/// An interface's place in the list.
pub(crate) fn index(id: InterfaceId) -> usize {
    usize::try_from(id.0).unwrap_or(usize::MAX)
}
