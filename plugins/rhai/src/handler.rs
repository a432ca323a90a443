//! Handlers: which functions of a script are called for which events.

use keepwatch_event::{Event, EventKind, KINDS, State};

/// A function that hears events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handler {
    pub(crate) name: String,
    pub(crate) hears: Hears,
    /// Whether it takes the event.
    pub(crate) takes: bool,
}

/// What a handler hears, the most specific first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hears {
    /// An instance entered this state.
    Entered(&'static str),
    /// Events of this kind.
    Kind(&'static str),
    /// All events but those about plugins and deliveries.
    Everything,
}

/// Handlers of states.
pub(crate) const STATES: &[(&str, State)] = &[
    ("on_master", State::Master),
    ("on_backup", State::Backup),
    ("on_fault", State::Fault),
    ("on_stop", State::Stopped),
];

/// Functions beside the handlers that are called by their names, with the most arguments they get.
pub(crate) const SPECIAL: &[(&str, usize)] =
    &[("check", 1), ("on_sync", 1), ("on_shutdown", 1), ("save", 0), ("settings", 0)];

/// What a function of this name hears.
pub(crate) fn hears(name: &str) -> Option<Hears> {
    if name == "on_event" {
        return Some(Hears::Everything);
    }
    if let Some((known, _)) = STATES.iter().find(|(known, _)| *known == name) {
        return Some(Hears::Entered(known));
    }
    let kind = name.strip_prefix("on_")?;
    KINDS.iter().find(|known| **known == kind).map(|kind| Hears::Kind(kind))
}

/// All names that begin with `on_` and are called.
pub(crate) fn handler_names() -> Vec<String> {
    let states = STATES.iter().map(|(name, _)| (*name).to_owned());
    let kinds = KINDS.iter().map(|kind| format!("on_{kind}"));
    let others = ["on_event", "on_sync", "on_shutdown"].map(str::to_owned);
    states.chain(others).chain(kinds).collect()
}

impl Hears {
    /// Whether it hears this event.
    pub(crate) fn matches(self, event: &Event) -> bool {
        match self {
            Self::Entered(name) => match &event.kind {
                EventKind::Transition { to, .. } => STATES.contains(&(name, *to)),
                _ => false,
            },
            Self::Kind(kind) => event.kind.name() == kind,
            // As the host has it: two plugins that hear of each other's doings would answer each other for ever.
            Self::Everything => event.kind.is_general(),
        }
    }

    /// The kind of events; none if all.
    pub(crate) const fn kind(self) -> Option<&'static str> {
        match self {
            Self::Entered(_) => Some("transition"),
            Self::Kind(kind) => Some(kind),
            Self::Everything => None,
        }
    }
}
