//! Which events a destination hears.

use keepwatch_event::{Event, EventKind, Reason, Severity, State, Steady, Unsteady};

use crate::about::router;

/// What a destination hears of: groups of kinds, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Instances and groups that change their state, or cannot hand over.
    Transition,
    /// Checks that pass, fail, flap.
    Check,
    /// Plugins and actions in trouble.
    Plugin,
    /// Addresses and adverts that are not as they should be, interfaces, stalls.
    Trouble,
    /// Configurations that are loaded or refused.
    Config,
    /// The daemon itself: stopping, failing, parts of it that cannot work.
    Daemon,
    /// Plugins' own events.
    Custom,
}

/// The topics' names.
pub const TOPICS: &[(&str, Topic)] = &[
    ("transition", Topic::Transition),
    ("check", Topic::Check),
    ("plugin", Topic::Plugin),
    ("trouble", Topic::Trouble),
    ("config", Topic::Config),
    ("daemon", Topic::Daemon),
    ("custom", Topic::Custom),
];

/// Which events a destination hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// What an administrator wrote.
    On(On),
    /// keepalived's `smtp_alert`.
    Alerts(Alerts),
}

/// What an administrator wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct On {
    /// Of these topics, or
    pub topics: Vec<Topic>,
    /// of these kinds.
    pub kinds: Vec<String>,
    /// About these instances and groups; all if empty. What is about none of them is heard all the same.
    pub instances: Vec<String>,
    /// At least so grave.
    pub severity: Severity,
}

/// keepalived's `smtp_alert`: who sends mail on a transition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alerts {
    /// These instances.
    pub instances: Vec<String>,
    /// These sync groups.
    pub groups: Vec<String>,
    /// Not when they enter FAULT (`no_email_faults`).
    pub no_faults: bool,
    /// Instances that were among them before a reload: that they are gone is still told.
    pub gone: Vec<String>,
}

impl Route {
    /// Remembers of the route before a reload whose end is still to be told.
    pub(crate) fn follow(&mut self, before: &Self) {
        if let (Self::Alerts(alerts), Self::Alerts(before)) = (self, before) {
            let all = before.instances.iter().chain(&before.gone);
            alerts.gone = all.filter(|name| !alerts.instances.contains(name)).cloned().collect();
        }
    }

    /// Whether the event is to be told.
    #[must_use]
    pub fn wants(&self, event: &Event) -> bool {
        match self {
            Self::On(on) => on.wants(event),
            Self::Alerts(alerts) => alerts.want(event),
        }
    }
}

impl On {
    fn wants(&self, event: &Event) -> bool {
        let kind = event.kind.name();
        let stands_for = stands_for(&event.kind);
        let is_named = self.kinds.iter().any(|wanted| wanted == kind || Some(wanted.as_str()) == stands_for);
        let is_of_topic = topic(&event.kind).is_some_and(|topic| self.topics.contains(&topic));
        (is_named || is_of_topic) && event.severity >= self.severity && self.is_about(event)
    }

    fn is_about(&self, event: &Event) -> bool {
        let Some(name) = router(event) else { return true };
        self.instances.is_empty() || self.instances.iter().any(|wanted| wanted == name)
    }
}

impl Alerts {
    fn want(&self, event: &Event) -> bool {
        match &event.kind {
            EventKind::Transition { to, reason: Reason::Removed, .. } => {
                let is_gone =
                    || self.gone.iter().any(|name| Some(name.as_str()) == event.instance.as_deref());
                self.want_state(*to) && (self.are_of(event) || is_gone())
            }
            EventKind::Transition { to, .. } | EventKind::GroupChanged { to, .. } => {
                self.want_state(*to) && self.are_of(event)
            }
            // They stand for all transitions between, whatever those were. Who hears the one hears the other.
            EventKind::UnsteadyStarted { .. } | EventKind::UnsteadyStopped { .. } => self.are_of(event),
            _ => false,
        }
    }

    /// Whether it is about an instance or a group that sends mails.
    fn are_of(&self, event: &Event) -> bool {
        let named = |names: &[String], name: &str| names.iter().any(|wanted| wanted == name);
        match &event.instance {
            Some(instance) => named(&self.instances, instance),
            None => event.kind.group().is_some_and(|group| named(&self.groups, group)),
        }
    }

    fn want_state(&self, to: State) -> bool {
        to != State::Init && !(self.no_faults && to == State::Fault)
    }
}

/// The kind that is not told while something is unsteady or flaps: who named it hears this instead.
const fn stands_for(kind: &EventKind) -> Option<&'static str> {
    match kind {
        EventKind::UnsteadyStarted(Unsteady { group: None, .. })
        | EventKind::UnsteadyStopped(Steady { group: None, .. }) => Some("transition"),
        EventKind::UnsteadyStarted { .. } | EventKind::UnsteadyStopped { .. } => Some("group_changed"),
        EventKind::FlappingStarted { .. } | EventKind::FlappingStopped { .. } => Some("health_changed"),
        _ => None,
    }
}

/// The topic of a kind; none if it is of interest to those only who name it.
#[must_use]
pub const fn topic(kind: &EventKind) -> Option<Topic> {
    use EventKind as Kind;
    Some(match kind {
        Kind::Transition { .. }
        | Kind::GroupChanged { .. }
        | Kind::HandoverRefused { .. }
        | Kind::UnsteadyStarted { .. }
        | Kind::UnsteadyStopped { .. } => Topic::Transition,
        Kind::HealthChanged { .. } | Kind::FlappingStarted { .. } | Kind::FlappingStopped { .. } => {
            Topic::Check
        }
        Kind::PluginRefused { .. }
        | Kind::PluginError { .. }
        | Kind::PluginFailed { .. }
        | Kind::PluginRestarted { .. }
        | Kind::PluginDisabled { .. }
        | Kind::DeadLettered { .. } => Topic::Plugin,
        Kind::Contested { .. }
        | Kind::OneWay { .. }
        | Kind::NothingReceived { .. }
        | Kind::SettingRefused { .. }
        | Kind::AdvertAnomaly { .. }
        | Kind::AddressLost { .. }
        | Kind::AddressFailed { .. }
        | Kind::AddressDuplicate { .. }
        | Kind::AddressStuck { .. }
        | Kind::AddressKept { .. }
        | Kind::Interface { .. }
        | Kind::SendFailed { .. }
        | Kind::Stalled { .. } => Topic::Trouble,
        Kind::ConfigLoaded { .. }
        | Kind::ConfigRejected { .. }
        | Kind::InstanceAdded { .. }
        | Kind::InstanceChanged { .. }
        | Kind::InstanceRemoved { .. } => Topic::Config,
        Kind::Stopping { .. } | Kind::Failed { .. } | Kind::Degraded { .. } | Kind::Recovered { .. } => {
            Topic::Daemon
        }
        Kind::Custom { .. } => Topic::Custom,
        _ => return None,
    })
}

/// Whether destinations can hear of it at all: not of what becomes of their own letters, which would never end, nor of
/// what plugins write into the log.
#[must_use]
pub(crate) const fn is_tellable(kind: &EventKind) -> bool {
    !matches!(
        kind,
        EventKind::DeliverySucceeded { .. }
            | EventKind::DeliveryFailed { .. }
            | EventKind::DeliveryGivenUp { .. }
            | EventKind::DestinationDisabled { .. }
            | EventKind::SubscriberBehind { .. }
            | EventKind::SubscriberCaughtUp { .. }
            | EventKind::PluginLog { .. }
    )
}
