//! What events are about, as destinations see it.

use std::sync::Arc;

use keepwatch_event::Event;

/// What an event is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum About {
    /// An instance.
    Instance(Arc<str>),
    /// A sync group.
    Group(Arc<str>),
    /// A check, or what else is tracked.
    Check(Arc<str>),
}

impl About {
    /// What an event is about; none if it is none of these.
    pub(crate) fn of(event: &Event) -> Option<Self> {
        match (&event.instance, event.kind.group(), event.kind.track()) {
            (Some(instance), _, _) => Some(Self::Instance(Arc::clone(instance))),
            (None, Some(group), _) => Some(Self::Group(group.into())),
            (None, None, Some(track)) => Some(Self::Check(track.into())),
            (None, None, None) => None,
        }
    }
}

/// The instance or sync group that an event is about, as people name it in routes and silences.
pub(crate) fn router(event: &Event) -> Option<&str> {
    event.instance.as_deref().or_else(|| event.kind.group())
}
