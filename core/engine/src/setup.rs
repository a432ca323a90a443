//! From a configuration to an engine that is ready to run.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::net::IpAddr;

use keepwatch_bus::Bus;
use keepwatch_config::model::{Config, InterfaceName, Route, Statics};
use keepwatch_system::netlink::{Monitor, Requests};
use keepwatch_system::{DeadlineTimer, LockError, MissingCapability, Poller, Presence, Wakeup};
use keepwatch_vrrp::{InterfaceId, InvalidParams, MacAddress, Routers};

use crate::firewall::Firewall;
use crate::groups::Group;
use crate::instance::{InstanceState, Tracker};
use crate::interfaces::Interface;
use crate::link_delay::LinkDelay;
use crate::locks::Locks;
use crate::routing::Fixtures;
use crate::tracks::Tracks;

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
    /// What drops packets to addresses that do not accept any.
    pub(crate) firewall: Firewall,
    /// Held while it runs.
    pub(crate) locks: Locks,
    /// Held while it runs, too; none if it cannot be told.
    pub(crate) presence: Option<Presence>,
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
            firewall: Firewall::new(&config.globals.firewall),
            locks: Locks::default(),
            presence: None,
        };
        for instance in &config.instances {
            let places = parts.tracks.places_of(instance);
            let composed = parts.compose(instance, &places);
            let router = parts
                .seat(composed)
                .map_err(|error| StartError::Instance { name: instance.name.clone(), error })?;
            debug_assert_eq!(
                router.0 + 1,
                parts.instances.len(),
                "instances and routers have the same numbers"
            );
        }
        parts.reckon();
        for delay in &config.link_delays {
            let id = parts.interface(&delay.interface);
            if let Some(interface) = parts.interfaces.get_mut(index(id)) {
                interface.delay = LinkDelay::new(delay.down, delay.up);
            }
        }
        parts.add_fixtures(&config.statics);
        parts.groups = config.groups.iter().map(Group::new).collect();
        parts.find_members();
        for group in &parts.groups {
            parts.routers.group(&group.members);
        }
        parts.locks.take(config)?;
        parts.presence = Presence::announce().ok();
        parts.locks.set_back_what_is_left();
        if parts.locks.may_have_table(&config.globals.firewall.table) {
            parts.firewall.look_for_what_is_left();
        }
        Ok(parts)
    }

    /// What is always in place; and interfaces that only routes name are known, too.
    pub(crate) fn add_fixtures(&mut self, statics: &Statics) {
        for device in statics.routing.routes.iter().flat_map(Route::devices) {
            self.interface(device);
        }
        let ids: BTreeMap<String, InterfaceId> = statics
            .addresses
            .iter()
            .filter_map(|address| address.device.as_ref())
            .map(|device| (device.to_string(), self.interface(device)))
            .collect();
        self.fixtures = Fixtures::new(statics, |name| ids.get(name).copied());
    }

    /// A tracker of this interface.
    pub(crate) fn tracked(&mut self, name: &InterfaceName) -> Tracker {
        Tracker::Interface(self.interface(name), name.to_string())
    }

    /// The number of an interface, which is made known if it is not.
    pub(crate) fn interface(&mut self, name: &InterfaceName) -> InterfaceId {
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
