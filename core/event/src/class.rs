//! What may be dropped, and what replaces what, for a subscriber that does not keep up.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::mem::discriminant;

use crate::event::Event;
use crate::kind::EventKind;
use crate::unsteady::{Steady, Unsteady};

/// What a subscriber that does not keep up may miss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Class {
    /// Part of how things are: the last one about each subject always arrives.
    State,
    /// Interesting while it is new: may be dropped.
    Telemetry,
}

/// What an event is about. Of two events about one subject the later one says how things are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subject(u64);

impl Event {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject {
        self.kind.subject(self.instance.as_deref())
    }
}

impl EventKind {
    /// What it is about, as an event of this instance, or of none.
    pub(crate) fn subject(&self, instance: Option<&str>) -> Subject {
        let mut hasher = DefaultHasher::new();
        instance.hash(&mut hasher);
        discriminant(self).hash(&mut hasher);
        self.hash_detail(&mut hasher);
        Subject(hasher.finish())
    }

    /// Whether it may be dropped.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self {
            Self::PluginLog { .. } => Class::Telemetry,
            _ => Class::State,
        }
    }

    /// Adds what the event is about beside its instance and kind.
    fn hash_detail(&self, hasher: &mut DefaultHasher) {
        match self {
            Self::Contested { address, interface, .. }
            | Self::AddressAdded { address, interface }
            | Self::AddressRemoved { address, interface }
            | Self::AddressLost { address, interface }
            | Self::AddressPutBack { address, interface }
            | Self::AddressFailed { address, interface, .. }
            | Self::AddressDuplicate { address, interface }
            | Self::AddressNotUsable { address, interface }
            | Self::AddressCleaned { address, interface }
            | Self::AddressStuck { address, interface, .. }
            | Self::AddressKept { address, interface } => (address, interface).hash(hasher),
            Self::Interface { interface, .. }
            | Self::NothingReceived { interface, .. }
            | Self::SendFailed { interface, .. } => interface.hash(hasher),
            Self::AdvertAnomaly { source, anomaly, .. } => (source, discriminant(anomaly)).hash(hasher),
            Self::PeerSeen { source, .. }
            | Self::PeerLost { source, .. }
            | Self::PeerResigned { source }
            | Self::LowerDiscarded { source, .. }
            | Self::Reasserted { source, .. } => source.hash(hasher),
            Self::OneWay { mac, .. } => mac.hash(hasher),
            Self::SettingRefused { setting, .. } => setting.hash(hasher),
            Self::HealthChanged { track, .. }
            | Self::FlappingStarted { track, .. }
            | Self::FlappingStopped { track, .. } => track.hash(hasher),
            Self::GroupChanged { group, .. } => group.hash(hasher),
            Self::UnsteadyStarted(Unsteady { group, .. }) | Self::UnsteadyStopped(Steady { group, .. }) => {
                group.hash(hasher);
            }
            Self::PluginLoaded { plugin, .. }
            | Self::PluginReloaded { plugin, .. }
            | Self::PluginRefused { plugin, .. }
            | Self::PluginUnloaded { plugin }
            | Self::PluginError { plugin, .. }
            | Self::PluginFailed { plugin, .. }
            | Self::PluginRestarted { plugin }
            | Self::PluginDisabled { plugin, .. }
            | Self::PluginLog { plugin, .. } => plugin.hash(hasher),
            Self::DeadLettered { plugin, event, .. } => (plugin, event).hash(hasher),
            Self::ActionRan { action, plugin, .. } => (action, plugin).hash(hasher),
            Self::SubscriberBehind { subscriber } | Self::SubscriberCaughtUp { subscriber, .. } => {
                subscriber.hash(hasher);
            }
            Self::Degraded { part, .. } | Self::Recovered { part } => part.hash(hasher),
            Self::Custom { plugin, name, .. } => (plugin, name).hash(hasher),
            Self::ConfigLoaded { path, .. } | Self::ConfigRejected { path, .. } => path.hash(hasher),
            Self::DeliverySucceeded { destination, .. }
            | Self::DeliveryFailed { destination, .. }
            | Self::DestinationDisabled { destination, .. } => destination.hash(hasher),
            Self::DeliveryGivenUp { destination, letter, .. } => (destination, letter).hash(hasher),
            Self::SilenceBegan { silence, .. } | Self::SilenceEnded { silence, .. } => silence.hash(hasher),
            Self::NotifyScriptRan { setting, group, .. } => (setting, group).hash(hasher),
            Self::NotifyFifoBehind { fifo, .. } => fifo.hash(hasher),
            Self::SignalIgnored { signal } => signal.hash(hasher),
            Self::DumpWritten { path } | Self::DumpFailed { path, .. } => path.hash(hasher),
            Self::Unknown(_) => self.name().hash(hasher),
            Self::Transition { .. }
            | Self::InstanceAdded { .. }
            | Self::InstanceChanged { .. }
            | Self::InstanceRemoved { .. }
            | Self::Leaving { .. }
            | Self::Left { .. }
            | Self::HandoverRefused { .. }
            | Self::PriorityChanged { .. }
            | Self::Announcing { .. }
            | Self::Stalled { .. }
            | Self::ClockJumped { .. }
            | Self::Resynchronised
            | Self::Stopping { .. }
            | Self::Failed { .. } => {}
        }
    }

    /// Whether plugins hear it that ask for no kind, and so for all. What is about plugins and destinations goes to those
    /// only that ask for its kind: plugins that answer each other, or tell of their own messages, would never end.
    #[must_use]
    pub fn is_general(&self) -> bool {
        self.plugin().is_none() && self.destination().is_none()
    }

    /// The virtual address it is about, with prefix length, if it is about one that a MASTER is to have. One that could not be
    /// removed is none: it stays where it is, whatever the configuration says.
    pub(crate) fn address_to_serve(&self) -> Option<&str> {
        match self {
            Self::Contested { address, .. }
            | Self::AddressRemoved { address, .. }
            | Self::AddressLost { address, .. }
            | Self::AddressFailed { address, .. }
            | Self::AddressDuplicate { address, .. }
            | Self::AddressNotUsable { address, .. }
            | Self::AddressKept { address, .. } => Some(address),
            _ => None,
        }
    }

    /// The destination of mails or webhooks it is about, if any.
    #[must_use]
    pub fn destination(&self) -> Option<&str> {
        match self {
            Self::DeliverySucceeded { destination, .. }
            | Self::DeliveryFailed { destination, .. }
            | Self::DeliveryGivenUp { destination, .. }
            | Self::DestinationDisabled { destination, .. } => Some(destination),
            _ => None,
        }
    }

    /// The sync group it is about, if any.
    #[must_use]
    pub fn group(&self) -> Option<&str> {
        match self {
            Self::GroupChanged { group, .. } => Some(group),
            Self::UnsteadyStarted(Unsteady { group, .. })
            | Self::UnsteadyStopped(Steady { group, .. })
            | Self::NotifyScriptRan { group, .. } => group.as_deref(),
            _ => None,
        }
    }

    /// The check or other tracked thing it is about, if any.
    #[must_use]
    pub fn track(&self) -> Option<&str> {
        match self {
            Self::HealthChanged { track, .. }
            | Self::FlappingStarted { track, .. }
            | Self::FlappingStopped { track, .. } => Some(track),
            _ => None,
        }
    }

    /// The plugin it is about or comes from, if any.
    #[must_use]
    pub fn plugin(&self) -> Option<&str> {
        match self {
            Self::PluginLoaded { plugin, .. }
            | Self::PluginReloaded { plugin, .. }
            | Self::PluginRefused { plugin, .. }
            | Self::PluginUnloaded { plugin }
            | Self::PluginError { plugin, .. }
            | Self::PluginFailed { plugin, .. }
            | Self::PluginRestarted { plugin }
            | Self::PluginDisabled { plugin, .. }
            | Self::DeadLettered { plugin, .. }
            | Self::PluginLog { plugin, .. }
            | Self::ActionRan { plugin, .. }
            | Self::Custom { plugin, .. } => Some(plugin),
            Self::SubscriberBehind { subscriber } | Self::SubscriberCaughtUp { subscriber, .. } => {
                Some(subscriber)
            }
            _ => None,
        }
    }
}
