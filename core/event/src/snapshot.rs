//! How things are, after all events so far.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::counters::Counters;
use crate::event::{Event, Severity};
use crate::kind::EventKind;
use crate::reason::Reason;
use crate::rounded::Rounded;
use crate::settings::InstanceSettings;
use crate::state::{Health, State};
use crate::time::{Timestamp, optional_seconds, seconds};
use crate::trouble::{Trouble, note};

/// How things are, after all events up to [`Self::seq`]. Cheap to clone: what does not change is shared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The last event it contains; 0 before the first.
    pub seq: u64,
    /// When that was; when it was made, before the first.
    pub at: Timestamp,
    /// The host.
    pub node: Arc<str>,
    /// The VRRP instances, in the order of the configuration.
    pub instances: Vec<Arc<InstanceStatus>>,
    /// The plugins, by name.
    #[serde(default)]
    pub plugins: Vec<Arc<PluginStatus>>,
    /// What is tracked, by name.
    #[serde(default)]
    pub tracks: Vec<Arc<TrackStatus>>,
    /// Parts of the program that cannot work as they should.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
}

/// How an instance is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InstanceStatus {
    /// Its name.
    pub name: Arc<str>,
    /// The network interface that carries its adverts.
    pub interface: String,
    /// Virtual router identifier.
    pub virtual_router_id: u8,
    /// Protocol version.
    pub version: u8,
    /// Time between adverts.
    #[serde(rename = "advert_interval_seconds", with = "seconds")]
    pub advert_interval: Duration,
    /// The configured priority.
    pub base_priority: u8,
    /// The effective priority.
    pub priority: u8,
    /// Its virtual addresses, with prefix length.
    pub addresses: Vec<String>,
    /// Those of them that this host holds now: `10.1.1.30/24`.
    pub held: Vec<String>,
    /// Its state.
    pub state: State,
    /// Since when; none before the first transition.
    pub since: Option<Timestamp>,
    /// Why; none before the first transition.
    pub reason: Option<Reason>,
    /// Counts its transitions.
    pub term: u64,
    /// Whether it is MASTER and leaving.
    #[serde(default)]
    pub leaving: bool,
    /// The MASTER that is, or was last, heard.
    #[serde(default)]
    pub peer: Option<Peer>,
    /// When its addresses were announced last, or one of them that came late.
    #[serde(default)]
    pub announced: Option<Timestamp>,
    /// What is wrong since the last transition.
    #[serde(default)]
    pub troubles: Vec<Trouble>,
    /// What it has counted. No event tells it: it is there where the engine was asked for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counters: Option<Counters>,
    /// The time between adverts of the MASTER that it follows, or its own; asked for as the counters are.
    #[serde(
        rename = "master_advert_interval_seconds",
        default,
        with = "optional_seconds",
        skip_serializing_if = "Option::is_none"
    )]
    pub master_advert_interval: Option<Duration>,
}

/// Another host that was heard as MASTER.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Peer {
    /// Its address.
    pub source: IpAddr,
    /// Its priority.
    pub priority: u8,
    /// When it was first heard, or fell silent.
    pub since: Timestamp,
    /// Whether it is heard now.
    pub heard: bool,
}

/// How a plugin is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginStatus {
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: String,
    /// What it does.
    pub state: PluginState,
    /// Since when.
    pub since: Timestamp,
    /// What was last wrong, on one or more lines.
    #[serde(default)]
    pub trouble: Option<String>,
}

/// What a plugin does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PluginState {
    /// It takes part.
    Running,
    /// It failed and is about to be started anew.
    Restarting,
    /// It failed too often and is left alone for a while.
    Disabled,
    /// It could not be loaded.
    Refused,
}

/// How something is that instances can track.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrackStatus {
    /// Its name.
    pub name: String,
    /// What was found last.
    pub health: Health,
    /// In words.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
    /// Whether it changes again and again.
    #[serde(default)]
    pub flapping: bool,
    /// How often it was not asked, as it was still busy with what it was asked before. No event tells of these: they are as
    /// of the moment at which the host is asked.
    #[serde(default)]
    pub skipped: u64,
}

impl Snapshot {
    /// How things are before the first event.
    #[must_use]
    pub fn new(node: &str, at: Timestamp, instances: Vec<InstanceStatus>) -> Self {
        let instances = instances.into_iter().map(Arc::new).collect();
        Self {
            seq: 0,
            at,
            node: node.into(),
            instances,
            plugins: Vec::new(),
            tracks: Vec::new(),
            troubles: Vec::new(),
        }
    }

    /// The instance of this name.
    #[must_use]
    pub fn instance(&self, name: &str) -> Option<&InstanceStatus> {
        self.instances.iter().find(|instance| *instance.name == *name).map(Arc::as_ref)
    }

    /// Takes an event in. Events that it contains already change nothing.
    pub fn apply(&mut self, event: &Event) {
        if event.seq <= self.seq {
            return;
        }
        self.seq = event.seq;
        self.at = event.at;
        match &event.instance {
            Some(name) if self.apply_settings(name, &event.kind) => {}
            Some(name) => {
                let instance = self.instances.iter_mut().find(|instance| instance.name == *name);
                if let Some(instance) = instance {
                    Arc::make_mut(instance).apply(event);
                }
            }
            None => self.apply_general(event),
        }
    }

    /// Takes in what a configuration that was loaded again makes of an instance; whether it was that.
    fn apply_settings(&mut self, name: &Arc<str>, kind: &EventKind) -> bool {
        let (settings, was) = match kind {
            EventKind::InstanceAdded { settings } => (settings, None),
            EventKind::InstanceChanged { settings, was, .. } => (settings, was.as_deref()),
            EventKind::InstanceRemoved { .. } => {
                self.instances.retain(|instance| instance.name != *name);
                return true;
            }
            _ => return false,
        };
        let known = was.unwrap_or(name);
        match self.instances.iter_mut().find(|instance| *instance.name == *known) {
            Some(instance) => Arc::make_mut(instance).set(Arc::clone(name), settings),
            None => self.instances.push(Arc::new(InstanceStatus::new(Arc::clone(name), settings))),
        }
        true
    }

    fn apply_general(&mut self, event: &Event) {
        use PluginState::{Disabled, Refused, Restarting, Running};
        let at = event.at;
        match &event.kind {
            EventKind::HealthChanged { track, to, text, .. } => {
                let mut status = TrackStatus {
                    name: track.clone(),
                    health: *to,
                    text: text.clone(),
                    since: at,
                    flapping: false,
                    skipped: 0,
                };
                match self.tracks.binary_search_by(|known| known.name.cmp(track)) {
                    Ok(place) => {
                        (status.flapping, status.skipped) =
                            (self.tracks[place].flapping, self.tracks[place].skipped);
                        self.tracks[place] = Arc::new(status);
                    }
                    Err(place) => self.tracks.insert(place, Arc::new(status)),
                }
            }
            EventKind::FlappingStarted { track, .. } | EventKind::FlappingStopped { track, .. } => {
                if let Some(known) = self.tracks.iter_mut().find(|known| known.name == *track) {
                    Arc::make_mut(known).flapping = matches!(event.kind, EventKind::FlappingStarted { .. });
                }
            }
            EventKind::Degraded { .. } => note(&mut self.troubles, event),
            EventKind::Recovered { part } => {
                let (part, error, consequence) = (part.clone(), String::new(), String::new());
                let over = EventKind::Degraded { part, error, consequence }.subject(None);
                self.troubles.retain(|trouble| trouble.subject != over);
            }
            EventKind::PluginLoaded { plugin, path, .. } | EventKind::PluginReloaded { plugin, path } => {
                self.plugin(plugin, Some(path), Some(Running), at, None);
            }
            EventKind::PluginRefused { plugin, path, reason, kept } => {
                let (state, trouble) = if *kept {
                    (None, format!("its new version was refused, the one before runs on: {reason}"))
                } else {
                    (Some(Refused), reason.clone())
                };
                self.plugin(plugin, Some(path), state, at, Some(trouble));
            }
            EventKind::PluginUnloaded { plugin } => {
                self.plugins.retain(|known| known.name != *plugin);
                self.tracks.retain(|known| known.name != *plugin);
            }
            EventKind::PluginError { plugin, error } => {
                self.plugin(plugin, None, None, at, Some(error.clone()));
            }
            // It is read long after, too: no word of what comes next.
            EventKind::PluginFailed { plugin, failure, .. } => {
                self.plugin(plugin, None, Some(Restarting), at, Some(format!("it {failure}")));
            }
            EventKind::PluginRestarted { plugin } => self.plugin(plugin, None, Some(Running), at, None),
            EventKind::PluginDisabled { plugin, failure, retry_after } => {
                let after = Rounded(*retry_after);
                let trouble = format!("failed too often, tried again after {after}; at last it {failure}");
                self.plugin(plugin, None, Some(Disabled), at, Some(trouble));
            }
            EventKind::DeadLettered { plugin, .. } => {
                self.plugin(plugin, None, None, at, Some(event.kind.to_string()))
            }
            _ => {}
        }
    }

    /// Notes what a plugin does now; what is not given stays.
    fn plugin(
        &mut self,
        name: &str,
        path: Option<&String>,
        state: Option<PluginState>,
        at: Timestamp,
        trouble: Option<String>,
    ) {
        let place = match self.plugins.binary_search_by(|known| known.name.as_str().cmp(name)) {
            Ok(place) => place,
            Err(place) => {
                let path = path.cloned().unwrap_or_default();
                let state = PluginState::Running;
                let new = PluginStatus { name: name.to_owned(), path, state, since: at, trouble: None };
                self.plugins.insert(place, Arc::new(new));
                place
            }
        };
        let plugin = Arc::make_mut(&mut self.plugins[place]);
        if let Some(path) = path {
            plugin.path.clone_from(path);
        }
        if let Some(state) = state {
            plugin.state = state;
            plugin.since = at;
        }
        if trouble.is_some() || state == Some(PluginState::Running) {
            // What went wrong before a restart stays readable until the next load.
            let restarted = state == Some(PluginState::Running) && path.is_none();
            if !restarted {
                plugin.trouble = trouble;
            }
        }
    }
}

impl InstanceStatus {
    /// One that has not begun to take part.
    #[must_use]
    pub fn new(name: Arc<str>, settings: &InstanceSettings) -> Self {
        let InstanceSettings { interface, addresses, .. } = settings.clone();
        Self {
            name,
            interface,
            virtual_router_id: settings.virtual_router_id,
            version: settings.version,
            advert_interval: settings.advert_interval,
            base_priority: settings.base_priority,
            priority: settings.base_priority,
            addresses,
            held: Vec::new(),
            state: State::Init,
            since: None,
            reason: None,
            term: 0,
            leaving: false,
            peer: None,
            announced: None,
            troubles: Vec::new(),
            counters: None,
            master_advert_interval: None,
        }
    }

    /// Gives it other settings. Its priority is told by itself.
    fn set(&mut self, name: Arc<str>, settings: &InstanceSettings) {
        let InstanceSettings { interface, addresses, .. } = settings.clone();
        self.name = name;
        self.interface = interface;
        self.virtual_router_id = settings.virtual_router_id;
        self.version = settings.version;
        self.advert_interval = settings.advert_interval;
        self.base_priority = settings.base_priority;
        self.addresses = addresses;
        let Self { addresses, troubles, .. } = self;
        troubles.retain(|trouble| trouble.address.as_ref().is_none_or(|address| addresses.contains(address)));
    }

    fn apply(&mut self, event: &Event) {
        self.term = self.term.max(event.term);
        match &event.kind {
            EventKind::Transition { to, reason, priority, .. } => {
                self.state = *to;
                self.since = Some(event.at);
                self.reason = Some(reason.clone());
                self.priority = *priority;
                self.leaving = false;
                // An address that cannot be added is told of once, before the host is MASTER.
                let is_kept = |trouble: &Trouble| *to == State::Master && trouble.kind == "address_failed";
                self.troubles.retain(is_kept);
                if *to != State::Master {
                    self.held.clear();
                }
            }
            EventKind::Leaving { .. } => self.leaving = true,
            EventKind::HandoverRefused { .. } => self.leaving = false,
            EventKind::PriorityChanged { to, .. } => self.priority = *to,
            EventKind::PeerSeen { source, priority } => {
                self.peer = Some(Peer { source: *source, priority: *priority, since: event.at, heard: true });
            }
            EventKind::PeerLost { source, .. } | EventKind::PeerResigned { source } => {
                if let Some(peer) = self.peer.as_mut().filter(|peer| peer.source == *source) {
                    peer.heard = false;
                    peer.since = event.at;
                }
            }
            EventKind::Announcing { .. } => self.announced = Some(event.at),
            EventKind::AddressAdded { address, .. } | EventKind::AddressPutBack { address, .. } => {
                // One that comes late is announced by itself.
                if let EventKind::AddressPutBack { .. } = event.kind {
                    self.announced = Some(event.at);
                }
                if !self.held.contains(address) {
                    self.held.push(address.clone());
                }
                self.troubles.retain(|trouble| !trouble.text.starts_with(address.as_str()));
            }
            EventKind::AddressRemoved { address, .. } | EventKind::AddressLost { address, .. } => {
                self.held.retain(|held| held != address);
            }
            _ => {}
        }
        if event.severity >= Severity::Warning && !matches!(event.kind, EventKind::Transition { .. }) {
            note(&mut self.troubles, event);
        }
    }
}
