//! What changes again and again: destinations hear that it does, and how it ended, not each turn. Instances and sync groups
//! are watched here; whether checks are flapping is told by whoever tracks them.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, EventKind, Health, Severity, State, Steady};
use tokio::time::Instant;

use crate::about::About;

/// So many transitions within that time are unsteady: a fail-over and its fail-back are four at the most.
const CHANGES: usize = 8;
const WITHIN: Duration = Duration::from_secs(60);
/// Without a transition for so long it has settled.
const SETTLED: Duration = Duration::from_secs(30);

/// What is known of all that can change again and again.
#[derive(Debug, Default)]
pub(crate) struct Steadiness {
    routers: HashMap<About, Known>,
    /// Checks that are flapping: how they are, where that was not told.
    flapping: BTreeMap<Arc<str>, Option<Health>>,
}

/// An instance or a sync group.
#[derive(Debug)]
struct Known {
    instance: Option<Arc<str>>,
    group: Option<String>,
    lately: VecDeque<Instant>,
    state: State,
    term: u64,
    last: Instant,
    /// Transitions that were not told, while it is unsteady.
    untold: Option<u32>,
}

/// What an event means for those who are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is told.
    Told,
    /// It is told that what it is about is unsteady: so many changes within that time. Not the transition itself.
    Begins { changes: u32, within: Duration },
    /// It is not told.
    Untold,
}

impl Steadiness {
    /// Takes an event in.
    pub(crate) fn note(&mut self, event: &Event, now: Instant) -> Verdict {
        match (&event.kind, About::of(event)) {
            (EventKind::Transition { to, .. } | EventKind::GroupChanged { to, .. }, Some(about)) => {
                self.note_state(event, about, *to, now)
            }
            (EventKind::HealthChanged { track, to, .. }, _) => match self.flapping.get_mut(track.as_str()) {
                Some(untold) => {
                    *untold = Some(*to);
                    Verdict::Untold
                }
                None => Verdict::Told,
            },
            (EventKind::FlappingStarted { track, .. }, _) => {
                self.flapping.insert(track.as_str().into(), None);
                Verdict::Told
            }
            (EventKind::FlappingStopped { track, .. }, _) => {
                self.flapping.remove(track.as_str());
                Verdict::Told
            }
            _ => Verdict::Told,
        }
    }

    fn note_state(&mut self, event: &Event, about: About, to: State, now: Instant) -> Verdict {
        let known = self.routers.entry(about).or_insert_with(|| Known {
            instance: event.instance.clone(),
            group: event.kind.group().map(str::to_owned),
            lately: VecDeque::new(),
            state: to,
            term: event.term,
            last: now,
            untold: None,
        });
        known.state = to;
        known.term = event.term;
        known.last = now;
        if let Some(untold) = &mut known.untold {
            *untold += 1;
            return Verdict::Untold;
        }
        known.lately.push_back(now);
        while known.lately.front().is_some_and(|first| now - *first > WITHIN) {
            known.lately.pop_front();
        }
        if known.lately.len() < CHANGES {
            return Verdict::Told;
        }
        known.untold = Some(1);
        let within = known.lately.front().map_or(Duration::ZERO, |first| now - *first);
        let changes = u32::try_from(known.lately.len()).unwrap_or(u32::MAX);
        known.lately.clear();
        Verdict::Begins { changes, within }
    }

    /// When the next unsteady instance or group may have settled.
    pub(crate) fn next(&self) -> Option<Instant> {
        let unsteady = self.routers.values().filter(|known| known.untold.is_some());
        unsteady.map(|known| known.last + SETTLED).min()
    }

    /// Instances and groups that have settled; all that has not, checks too, if nothing comes any more. In order.
    pub(crate) fn settled(&mut self, now: Instant, until: Until) -> Vec<Settled> {
        let mut settled = Vec::new();
        for (about, known) in &mut self.routers {
            let is_over = until == Until::TheEnd || known.last + SETTLED <= now;
            let Some(untold) = known.untold.filter(|_| is_over) else { continue };
            known.untold = None;
            settled.push((about, known.settled(untold)));
        }
        settled.sort_by_key(|(about, _)| *about);
        let mut settled: Vec<Settled> = settled.into_iter().map(|(_, settled)| settled).collect();
        if until == Until::TheEnd {
            let checks = std::mem::take(&mut self.flapping).into_iter();
            settled.extend(checks.filter_map(|(track, untold)| Some(Settled::of_check(&track, untold?))));
        }
        settled
    }
}

impl Known {
    fn settled(&self, untold: u32) -> Settled {
        let Self { instance, group, state, term, .. } = self;
        Settled {
            instance: instance.clone(),
            term: *term,
            // As the transition that it stands for.
            severity: if *state == State::Fault { Severity::Error } else { Severity::Info },
            kind: EventKind::UnsteadyStopped(Steady { group: group.clone(), state: *state, untold }),
        }
    }
}

/// How something has settled.
#[derive(Debug, PartialEq)]
pub(crate) struct Settled {
    pub(crate) instance: Option<Arc<str>>,
    /// Of its last transition.
    pub(crate) term: u64,
    pub(crate) severity: Severity,
    /// What is told.
    pub(crate) kind: EventKind,
}

impl Settled {
    fn of_check(track: &str, health: Health) -> Self {
        let kind = EventKind::FlappingStopped { track: track.to_owned(), health };
        Self { instance: None, term: 0, severity: health.severity(), kind }
    }
}

/// How long what is unsteady is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Until it has settled.
    Settled,
    /// No longer: nothing comes any more.
    TheEnd,
}

#[cfg(test)]
mod tests {
    use keepwatch_event::Reason;

    use super::*;

    fn event(number: u64, instance: Option<&str>, kind: EventKind) -> Event {
        Event {
            id: number.to_string(),
            seq: number,
            at: keepwatch_bus::Bus::now(),
            node: "h1".into(),
            instance: instance.map(Into::into),
            severity: Severity::Info,
            term: number,
            kind,
        }
    }

    fn state(number: u64) -> State {
        if number.is_multiple_of(2) { State::Backup } else { State::Master }
    }

    fn turn(number: u64) -> Event {
        let kind = EventKind::Transition {
            from: State::Backup,
            to: state(number),
            reason: Reason::Started,
            initial: false,
            priority: 1,
            steps: Vec::new(),
        };
        event(number, Some("VI_1"), kind)
    }

    fn group_turn(number: u64) -> Event {
        let (group, from, to) = ("G".to_owned(), State::Backup, state(number));
        event(number, None, EventKind::GroupChanged { group, from, to })
    }

    fn stopped(instance: Option<&str>, group: Option<&str>, term: u64, untold: u32) -> Settled {
        let kind = EventKind::UnsteadyStopped(Steady {
            group: group.map(str::to_owned),
            state: State::Backup,
            untold,
        });
        Settled { instance: instance.map(Into::into), term, severity: Severity::Info, kind }
    }

    #[test]
    fn a_storm_is_told_once_and_so_is_its_end() {
        let rows = [
            (turn as fn(u64) -> Event, stopped(Some("VI_1"), None, 1_000, 993)),
            (group_turn, stopped(None, Some("G"), 1_000, 993)),
        ];
        for (turn, settled) in rows {
            let mut steadiness = Steadiness::default();
            let begin = Instant::now();
            let at = |millis| begin + Duration::from_millis(millis);
            let verdicts: Vec<Verdict> = (1..=1_000).map(|n| steadiness.note(&turn(n), at(n))).collect();
            assert!(verdicts[..7].iter().all(|verdict| *verdict == Verdict::Told));
            assert_eq!(verdicts[7], Verdict::Begins { changes: 8, within: Duration::from_millis(7) });
            assert!(verdicts[8..].iter().all(|verdict| *verdict == Verdict::Untold));
            assert_eq!(steadiness.next(), Some(at(31_000)));
            assert_eq!(steadiness.settled(at(30_999), Until::Settled), []);
            assert_eq!(steadiness.settled(at(31_000), Until::Settled), [settled]);
            assert_eq!(steadiness.settled(at(40_000), Until::TheEnd), [], "once");
            assert_eq!(steadiness.note(&turn(2_001), at(40_000)), Verdict::Told);
        }
    }

    /// An instance and a group of one name are two.
    #[test]
    fn a_groups_turns_are_its_own() {
        let mut steadiness = Steadiness::default();
        let now = Instant::now();
        let kind = |number| EventKind::GroupChanged {
            group: "VI_1".to_owned(),
            from: State::Init,
            to: state(number),
        };
        for number in 1..8 {
            assert_eq!(steadiness.note(&turn(number), now), Verdict::Told);
            assert_eq!(steadiness.note(&event(number, None, kind(number)), now), Verdict::Told);
        }
    }

    #[test]
    fn a_fail_over_now_and_then_is_none() {
        let mut steadiness = Steadiness::default();
        let begin = Instant::now();
        for number in 1..100 {
            let at = begin + Duration::from_secs(10) * u32::try_from(number).unwrap();
            assert_eq!(steadiness.note(&turn(number), at), Verdict::Told);
        }
    }

    #[test]
    fn of_a_check_that_flaps_only_that_is_told_and_how_it_is_in_the_end() {
        let (mut steadiness, now) = (Steadiness::default(), Instant::now());
        let mut note = |kind| steadiness.note(&event(1, None, kind), now);
        let track = || "web".to_owned();
        let changed = |track: &str, to| EventKind::HealthChanged {
            track: track.to_owned(),
            from: Health::Unknown,
            to,
            text: String::new(),
        };
        let started = || EventKind::FlappingStarted { track: track(), changes: 6, within: Duration::ZERO };
        let stopped = |health| EventKind::FlappingStopped { track: track(), health };
        assert_eq!(note(changed("web", Health::Fail)), Verdict::Told);
        assert_eq!(note(started()), Verdict::Told);
        assert_eq!(note(changed("web", Health::Pass)), Verdict::Untold);
        assert_eq!(note(changed("db", Health::Fail)), Verdict::Told, "another");
        assert_eq!(note(stopped(Health::Pass)), Verdict::Told);
        assert_eq!(note(changed("web", Health::Fail)), Verdict::Told, "calm again");
        assert_eq!(note(started()), Verdict::Told);
        assert_eq!(note(changed("web", Health::Pass)), Verdict::Untold);
        assert_eq!(note(changed("web", Health::Fail)), Verdict::Untold);
        assert_eq!(steadiness.settled(now, Until::Settled), [], "that is told by whoever tracks it");
        let kind = stopped(Health::Fail);
        let settled = Settled { instance: None, term: 0, severity: Severity::Warning, kind };
        assert_eq!(steadiness.settled(now, Until::TheEnd), [settled]);
        assert_eq!(steadiness.settled(now, Until::TheEnd), [], "once");
    }
}
