//! All that the files are made of.

use std::collections::BTreeMap;

use keepwatch_config::Config;
use keepwatch_config::model::{Check, Instance, InterfaceName, OwnInterface};
use keepwatch_event::{Health, InstanceStatus, Snapshot, State};

use crate::figures::Figures;

/// What had been counted when somebody asked for counters to begin at zero, by instance.
pub type Cleared = BTreeMap<String, Figures>;

/// All that the files are made of: what is configured, and how it is.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The configuration in force.
    pub config: &'a Config,
    /// How things are, counters included.
    pub snapshot: &'a Snapshot,
    /// What counts as zero.
    pub cleared: &'a Cleared,
}

impl<'a> Scene<'a> {
    /// The instances in the order of the configuration, with how they are. One that a reload is about to begin is not there yet.
    pub(crate) fn instances(self) -> impl Iterator<Item = (&'a Instance, &'a InstanceStatus)> {
        let Scene { config, snapshot, .. } = self;
        let known = move |instance: &'a Instance| Some((instance, snapshot.instance(&instance.name)?));
        config.instances.iter().filter_map(known)
    }

    /// What an instance has counted since the counters were cleared.
    #[must_use]
    pub fn figures(&self, status: &InstanceStatus) -> Figures {
        let figures = status.counters.as_ref().map(Figures::from).unwrap_or_default();
        self.cleared.get(&*status.name).map_or(figures, |cleared| figures.since(cleared))
    }

    /// The sync group that an instance belongs to.
    pub(crate) fn group(&self, instance: &Instance) -> Option<&'a str> {
        let mut groups = self.config.groups.iter();
        groups.find(|group| group.members.contains(&instance.name)).map(|group| group.name.as_str())
    }

    pub(crate) fn check(&self, name: &str) -> Option<&'a Check> {
        self.config.checks.iter().find(|check| check.name == name)
    }

    /// What was found last of something that is tracked.
    pub(crate) fn health(&self, name: &str) -> Health {
        let mut tracks = self.snapshot.tracks.iter();
        tracks.find(|track| track.name == name).map_or(Health::Unknown, |track| track.health)
    }

    /// What the states of these instances come to, as a group's.
    pub(crate) fn together(&self, members: &[String]) -> State {
        let states = members.iter().filter_map(|name| self.snapshot.instance(name));
        let states: Vec<State> = states.map(|status| status.state).collect();
        let all = |wanted| states.iter().all(|state| *state == wanted);
        match () {
            () if states.contains(&State::Fault) => State::Fault,
            () if states.contains(&State::Init) => State::Init,
            () if all(State::Stopped) => State::Stopped,
            () if all(State::Master) => State::Master,
            () => State::Backup,
        }
    }
}

/// The interface that an instance is on, as keepalived sees it: its own one, if it has one.
pub(crate) fn interface(instance: &Instance) -> &InterfaceName {
    instance.own_interface.as_ref().map_or(&instance.interface, OwnInterface::name)
}
