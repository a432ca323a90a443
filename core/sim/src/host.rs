//! A host: its kernel's view of link and addresses, its process with the virtual routers, and what waits for
//! that process.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::time::Duration;

use keepwatch_vrrp::{
    Action, Actions, Family, Instant, InterfaceId, LinkState, Params, RouterId, Routers, Source, Spacing,
    StateName, Transport, Update,
};

use crate::checker::{Moment, Shadow, View};
use crate::kernel::Placed;
use crate::network::Frame;
use crate::rng::Rng;
use crate::sabotage::Sabotage;

/// The one interface that every host has.
pub(crate) const INTERFACE: InterfaceId = InterfaceId(1);

/// A host, numbered in the order of [`crate::Simulation::add_host`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub usize);

/// Hosts are called a, b, c, ...
impl fmt::Display for HostId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let letter = u8::try_from(self.0).ok().and_then(|number| b'a'.checked_add(number)).unwrap_or(b'?');
        write!(f, "{}", char::from(letter))
    }
}

/// What happens to packets for a host that does not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhileAsleep {
    /// They wait at its socket: the process was stopped or starved.
    Queued,
    /// Nobody is there to receive them: the machine was paused or suspended.
    Lost,
}

/// What becomes of the addresses of a killed process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leftovers {
    /// They stay until it is started again, which removes them first: kill -9.
    Stay,
    /// They go with the machine: a power cut.
    Gone,
}

/// The addresses that a host's adverts are sent from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnAddresses {
    There,
    /// The link-local address is being checked for duplicates; there is none before.
    Tentative,
    Gone,
}

/// What the process of a host is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    Running,
    Asleep { since: Instant, until: Instant, packets: WhileAsleep },
    Dead,
}

/// Something that waits to be noticed by the process, other than packets.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    Link,
    Source,
    Transport,
    HardwareChanged,
    Track {
        router: RouterId,
        tracker: usize,
        up: bool,
    },
    /// An address that was added as number `addition` has become usable.
    Usable {
        router: RouterId,
        address: usize,
        addition: u64,
    },
    AddressLost {
        router: RouterId,
        address: usize,
    },
    AddressDuplicate {
        router: RouterId,
        address: usize,
    },
    /// Other parameters wait for it.
    Reload {
        router: RouterId,
    },
    Stop,
    StopNow,
    HandOver {
        router: RouterId,
    },
}

/// An action that waits to be carried out, with the router's state when it was decided.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deed {
    pub(crate) router: RouterId,
    pub(crate) action: Action,
    pub(crate) before: View,
    pub(crate) after: View,
}

#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) id: HostId,
    pub(crate) params: Vec<Params>,
    /// Routers that leave together.
    pub(crate) groups: Vec<Vec<RouterId>>,
    pub(crate) process: Process,
    pub(crate) routers: Routers,
    pub(crate) actions: Actions,
    pub(crate) deeds: VecDeque<Deed>,
    pub(crate) views: Vec<View>,
    pub(crate) shadows: Vec<Shadow>,
    pub(crate) news: VecDeque<News>,
    pub(crate) packets: VecDeque<Frame>,
    pub(crate) link: LinkState,
    pub(crate) own_addresses: OwnAddresses,
    pub(crate) transport: Transport,
    /// Verdicts of the trackers of each router.
    pub(crate) tracks: Vec<Vec<bool>>,
    /// Virtual addresses in place.
    pub(crate) present: BTreeMap<(RouterId, usize), Placed>,
    /// So many additions fail from now on.
    pub(crate) failing_additions: u32,
    /// How late its process may come to a deadline.
    pub(crate) lateness: Duration,
    /// How far apart its announcements leave, and those that wait.
    pub(crate) announcement_gap: Duration,
    pub(crate) spacing: Spacing<()>,
    /// How long it has slept altogether.
    pub(crate) slept: Duration,
    /// Whether it is started again as soon as it has stopped.
    pub(crate) is_to_restart: bool,
    pub(crate) sabotage: Option<Sabotage>,
    /// Parameters that it is to go on with.
    pub(crate) reloading: VecDeque<Params>,
    /// What each router becomes when it comes to it.
    pub(crate) updates: Vec<Option<Update>>,
}

impl Host {
    pub(crate) fn new(id: HostId, params: Vec<Params>) -> Self {
        let updates = params.iter().map(|_| None).collect();
        let tracks = params.iter().map(|params| vec![true; params.trackers.len()]).collect();
        Self {
            id,
            params,
            groups: Vec::new(),
            process: Process::Dead,
            routers: Routers::new(),
            actions: Actions::new(),
            deeds: VecDeque::new(),
            views: Vec::new(),
            shadows: Vec::new(),
            news: VecDeque::new(),
            packets: VecDeque::new(),
            link: LinkState::Up,
            own_addresses: OwnAddresses::There,
            transport: Transport::Ready,
            tracks,
            present: BTreeMap::new(),
            failing_additions: 0,
            lateness: Duration::ZERO,
            announcement_gap: Duration::ZERO,
            spacing: Spacing::default(),
            slept: Duration::ZERO,
            is_to_restart: false,
            sabotage: None,
            reloading: VecDeque::new(),
            updates,
        }
    }

    /// A new process, as after `exec`: nothing known, and leftovers of the last one removed.
    pub(crate) fn boot(&mut self) {
        self.process = Process::Running;
        self.is_to_restart = false;
        self.spacing = Spacing::default();
        self.present.clear();
        self.news.clear();
        self.packets.clear();
        self.deeds.clear();
        self.routers = Routers::new();
        for params in &self.params {
            self.routers
                .add(INTERFACE, params.clone())
                .expect("the parameters of a simulated router are valid");
        }
        for group in &self.groups {
            self.routers.group(group);
        }
        self.views = self.look().collect();
        self.shadows = self.params.iter().map(Shadow::new).collect();
    }

    /// What can be seen of its routers now.
    pub(crate) fn look(&self) -> impl Iterator<Item = View> + '_ {
        self.routers.iter().map(|(.., router)| View::of(router))
    }

    /// This moment, by its clock.
    pub(crate) const fn moment(&self, at: Instant) -> Moment {
        Moment { at, slept: self.slept }
    }

    /// When its process comes to its next deadline, unless something else wakes it before.
    pub(crate) fn wakes_at(&self) -> Option<Instant> {
        if self.process != Process::Running {
            return None;
        }
        let deadline =
            [self.routers.poll_timeout(), self.spacing.poll_timeout()].into_iter().flatten().min()?;
        if self.sabotage == Some(Sabotage::Dawdles) {
            return Some(deadline + Duration::from_millis(500));
        }
        // The same lateness for the same deadline, however often this is asked.
        let host = u64::try_from(self.id.0).unwrap_or(0);
        Some(deadline + Rng::new(deadline.as_nanos() ^ host << 56).up_to(self.lateness))
    }

    /// Whether it can send and receive adverts.
    pub(crate) fn is_connected(&self) -> bool {
        self.link == LinkState::Up && self.transport == Transport::Ready && self.process != Process::Dead
    }

    /// Whether every router of it has stopped.
    pub(crate) fn has_stopped(&self) -> bool {
        self.views.iter().all(|view| view.state == StateName::Stopped)
    }

    /// Where its adverts come from.
    pub(crate) fn source(&self, family: Family) -> Source {
        match (self.own_addresses, family) {
            (OwnAddresses::Gone, _) => Source::None,
            (OwnAddresses::Tentative, Family::V6) => Source::Tentative,
            (OwnAddresses::There, _) | (OwnAddresses::Tentative, Family::V4) => {
                Source::Address(crate::params::source(self.id, family))
            }
        }
    }
}
