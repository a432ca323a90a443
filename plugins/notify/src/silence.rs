//! Silences: for a while nothing is told, during maintenance; how it is in the end is told afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use keepwatch_event::{Event, EventKind};
use serde::{Deserialize, Serialize};

use crate::instant;
use crate::letter::Letter;

/// A silence.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its name; unique.
    pub name: String,
    /// About these instances and groups; about everything if empty.
    #[serde(default)]
    pub instances: Vec<String>,
    /// At these destinations; at all if empty.
    #[serde(default)]
    pub destinations: Vec<String>,
    /// Until then.
    #[serde(with = "instant")]
    pub until: SystemTime,
    /// Why, for people.
    #[serde(default)]
    pub comment: String,
}

impl Silence {
    /// Whether it keeps what is about this instance or group from a destination.
    fn covers(&self, about: Option<&str>, destination: &str) -> bool {
        let is_there =
            self.destinations.is_empty() || self.destinations.iter().any(|name| name == destination);
        let is_about = self.instances.is_empty()
            || about.is_some_and(|about| self.instances.iter().any(|name| name == about));
        is_there && is_about
    }
}

/// The silences there are.
#[derive(Debug, Default)]
pub(crate) struct Silences {
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    silence: Silence,
    untold: u64,
    /// The last transition of each instance or group, for each destination: how it is in the end.
    last: BTreeMap<(String, String), Arc<Event>>,
}

/// A silence that is over.
#[derive(Debug, PartialEq)]
pub(crate) struct Over {
    pub(crate) name: String,
    pub(crate) untold: u64,
    /// What is told after all: to which destination, what.
    pub(crate) last: Vec<(String, Arc<Event>)>,
}

impl Silences {
    /// Adds one, or replaces the one of its name.
    pub(crate) fn add(&mut self, silence: Silence) {
        let name = silence.name.clone();
        match self.known.get_mut(&name) {
            Some(known) => known.silence = silence,
            None => {
                self.known.insert(name, Known { silence, untold: 0, last: BTreeMap::new() });
            }
        }
    }

    /// Adds one of a run before, unless there is one of its name by now.
    pub(crate) fn add_older(&mut self, silence: Silence) {
        if !self.known.contains_key(&silence.name) {
            self.add(silence);
        }
    }

    /// Whether an event is kept from a destination. Then it is noted.
    pub(crate) fn keep(&mut self, event: &Arc<Event>, destination: &str, now: SystemTime) -> bool {
        let about = match (&event.instance, &event.kind) {
            (Some(instance), _) => Some(&**instance),
            (None, EventKind::GroupChanged { group, .. }) => Some(group.as_str()),
            (None, _) => None,
        };
        let Some(known) = self.covering(about, destination, now) else { return false };
        known.untold += 1;
        let subject = match (&event.kind, &event.instance) {
            (EventKind::Transition { .. }, Some(instance)) => Some(instance.to_string()),
            (EventKind::GroupChanged { group, .. }, _) => Some(format!("group {group}")),
            _ => None,
        };
        if let Some(subject) = subject {
            known.last.insert((destination.to_owned(), subject), Arc::clone(event));
        }
        true
    }

    /// Whether a plugin's letter is kept from a destination. Then it is counted, and not told afterwards: how it is in the
    /// end, the last event says.
    pub(crate) fn withhold(&mut self, letter: &Letter, destination: &str, now: SystemTime) -> bool {
        let covering = self.covering(letter.instance.as_deref(), destination, now);
        covering.map(|known| known.untold += 1).is_some()
    }

    fn covering(&mut self, about: Option<&str>, destination: &str, now: SystemTime) -> Option<&mut Known> {
        let covers =
            |known: &&mut Known| known.silence.until > now && known.silence.covers(about, destination);
        self.known.values_mut().find(covers)
    }

    /// When the next one ends.
    pub(crate) fn next(&self) -> Option<SystemTime> {
        self.known.values().map(|known| known.silence.until).min()
    }

    /// Ends those whose time is over.
    pub(crate) fn over(&mut self, now: SystemTime) -> Vec<Over> {
        let over: Vec<String> = self
            .known
            .values()
            .filter(|known| known.silence.until <= now)
            .map(|known| known.silence.name.clone())
            .collect();
        over.iter().filter_map(|name| self.end(name)).collect()
    }

    /// Ends one.
    pub(crate) fn end(&mut self, name: &str) -> Option<Over> {
        let known = self.known.remove(name)?;
        let last = known.last.into_iter().map(|((destination, _), event)| (destination, event)).collect();
        Some(Over { name: name.to_owned(), untold: known.untold, last })
    }

    /// Those there are, with how many letters they have kept.
    pub(crate) fn list(&self) -> Vec<(Silence, u64)> {
        self.known.values().map(|known| (known.silence.clone(), known.untold)).collect()
    }
}
