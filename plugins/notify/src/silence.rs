//! Silences: for a while nothing is told, during maintenance; how it is in the end is told afterwards.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use keepwatch_event::{Event, EventKind};
use serde::{Deserialize, Serialize};

use crate::about::{About, router};
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
    /// How each instance, group and check is in the end, for each destination: the last event that says so.
    last: BTreeMap<(String, About), Arc<Event>>,
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

    /// Whether an event is kept from a destination. Then all silences that keep it note it.
    pub(crate) fn keep(&mut self, event: &Arc<Event>, destination: &str, now: SystemTime) -> bool {
        let says = says_how_it_is(event).map(|about| (destination.to_owned(), about));
        let mut is_kept = false;
        for known in self.covering(router(event), destination, now) {
            known.untold += 1;
            is_kept = true;
            if let Some(says) = &says {
                known.last.insert(says.clone(), Arc::clone(event));
            }
        }
        if let (false, Some(says)) = (is_kept, says) {
            // It is told now: what a silence that does not keep it any more has noted before is no longer so.
            for known in self.known.values_mut() {
                known.last.remove(&says);
            }
        }
        is_kept
    }

    /// Whether a plugin's letter is kept from a destination. Then it is counted, and not told afterwards: how it is in the
    /// end, the last event says.
    pub(crate) fn withhold(&mut self, letter: &Letter, destination: &str, now: SystemTime) -> bool {
        let mut is_kept = false;
        for known in self.covering(letter.instance.as_deref(), destination, now) {
            known.untold += 1;
            is_kept = true;
        }
        is_kept
    }

    fn covering(
        &mut self,
        about: Option<&str>,
        destination: &str,
        now: SystemTime,
    ) -> impl Iterator<Item = &mut Known> {
        self.known
            .values_mut()
            .filter(move |known| known.silence.until > now && known.silence.covers(about, destination))
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
        let mut last = Vec::new();
        for ((destination, about), event) in known.last {
            if !self.hand_over(&destination, &about, &event) {
                last.push((destination, event));
            }
        }
        Some(Over { name: name.to_owned(), untold: known.untold, last })
    }

    /// Whether a silence that goes on keeps the event as well, and so tells it at its end, if nothing comes after it.
    fn hand_over(&mut self, destination: &str, about: &About, event: &Arc<Event>) -> bool {
        let covers = |known: &&mut Known| known.silence.covers(router(event), destination);
        let Some(known) = self.known.values_mut().find(covers) else { return false };
        let last = known.last.entry((destination.to_owned(), about.clone()));
        let last = last.or_insert_with(|| Arc::clone(event));
        if last.seq < event.seq {
            *last = Arc::clone(event);
        }
        true
    }

    /// Those there are, with how many letters they have kept.
    pub(crate) fn list(&self) -> Vec<(Silence, u64)> {
        self.known.values().map(|known| (known.silence.clone(), known.untold)).collect()
    }
}

/// What an event says the state of, if it does: the last one about it is told after a silence.
fn says_how_it_is(event: &Event) -> Option<About> {
    let is_state = matches!(
        event.kind,
        EventKind::Transition { .. }
            | EventKind::GroupChanged { .. }
            | EventKind::UnsteadyStarted { .. }
            | EventKind::UnsteadyStopped { .. }
            | EventKind::HealthChanged { .. }
            | EventKind::FlappingStarted { .. }
            | EventKind::FlappingStopped { .. }
    );
    is_state.then(|| About::of(event)).flatten()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use keepwatch_event::{Health, State, Steady};

    use super::*;
    use crate::sample;

    const NOW: SystemTime = SystemTime::UNIX_EPOCH;

    fn silence(name: &str, seconds: u64, instances: &[&str]) -> Silence {
        Silence {
            name: name.to_owned(),
            instances: instances.iter().map(ToString::to_string).collect(),
            destinations: Vec::new(),
            until: at(seconds),
            comment: String::new(),
        }
    }

    fn at(seconds: u64) -> SystemTime {
        NOW + Duration::from_secs(seconds)
    }

    fn event(seq: u64, kind: Option<EventKind>) -> Arc<Event> {
        let mut event = sample::transition().letters[0].event().unwrap().clone();
        event.seq = seq;
        event.kind = kind.unwrap_or(event.kind);
        Arc::new(event)
    }

    fn told(over: &[Over]) -> Vec<(&str, u64, Vec<u64>)> {
        let seqs = |over: &Over| over.last.iter().map(|(_, event)| event.seq).collect();
        over.iter().map(|over| (over.name.as_str(), over.untold, seqs(over))).collect()
    }

    #[test]
    fn what_another_silence_still_keeps_is_told_when_that_ends() {
        let mut silences = Silences::default();
        silences.add(silence("all-day", 100, &[]));
        silences.add(silence("moment", 10, &["VI_1"]));
        assert!(silences.keep(&event(1, None), "chat", at(1)));
        assert!(silences.keep(&event(2, None), "chat", at(2)));
        assert_eq!(told(&silences.over(at(10))), [("moment", 2, vec![])]);
        assert_eq!(told(&silences.over(at(100))), [("all-day", 2, vec![2])]);
    }

    #[test]
    fn also_by_one_that_has_begun_since() {
        let mut silences = Silences::default();
        silences.add(silence("first", 10, &[]));
        assert!(silences.keep(&event(1, None), "chat", at(1)));
        silences.add(silence("second", 20, &["VI_1"]));
        silences.add(silence("elsewhere", 20, &["VI_2"]));
        assert_eq!(told(&silences.over(at(10))), [("first", 1, vec![])]);
        assert_eq!(told(&silences.over(at(20))), [("elsewhere", 0, vec![]), ("second", 0, vec![1])]);
    }

    #[test]
    fn those_that_end_together_tell_the_last_once() {
        let mut silences = Silences::default();
        silences.add(silence("a", 10, &[]));
        assert!(silences.keep(&event(1, None), "chat", at(1)));
        silences.add(silence("b", 10, &[]));
        assert!(silences.keep(&event(2, None), "chat", at(2)));
        assert_eq!(told(&silences.over(at(10))), [("a", 2, vec![]), ("b", 1, vec![2])]);
    }

    #[test]
    fn what_a_silence_has_kept_is_forgotten_once_something_later_is_told() {
        let mut silences = Silences::default();
        silences.add(silence("a", 10, &[]));
        assert!(silences.keep(&event(1, None), "chat", at(1)));
        silences.add(silence("a", 10, &["VI_2"]));
        assert!(!silences.keep(&event(2, None), "chat", at(2)));
        assert_eq!(told(&silences.over(at(10))), [("a", 1, vec![])]);
    }

    /// How it is in the end is not the last transition, where a storm was not told.
    #[test]
    fn how_it_has_settled_is_how_it_is_in_the_end() {
        let settled = EventKind::UnsteadyStopped(Steady { group: None, state: State::Fault, untold: 9 });
        let fails = EventKind::FlappingStopped { track: "web".to_owned(), health: Health::Fail };
        let mut check = Event::clone(&event(3, Some(fails)));
        check.instance = None;
        let mut silences = Silences::default();
        silences.add(silence("a", 10, &[]));
        for event in [
            event(1, None),
            event(2, Some(settled)),
            Arc::new(check),
            event(4, Some(EventKind::Resynchronised)),
        ] {
            assert!(silences.keep(&event, "chat", at(1)));
        }
        assert_eq!(told(&silences.over(at(10))), [("a", 4, vec![2, 3])]);
    }
}
