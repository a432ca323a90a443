//! Instances that change their state again and again: destinations hear that they do, and how it ended, not each turn.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, EventKind, State};
use tokio::time::Instant;

/// So many transitions within that time are unsteady: a fail-over and its fail-back are four at the most.
const CHANGES: usize = 8;
const WITHIN: Duration = Duration::from_secs(60);
/// Without a transition for so long it has settled.
const SETTLED: Duration = Duration::from_secs(30);

/// What is known of all instances.
#[derive(Debug, Default)]
pub(crate) struct Steadiness {
    instances: HashMap<Arc<str>, Known>,
}

#[derive(Debug)]
struct Known {
    lately: VecDeque<Instant>,
    state: State,
    term: u64,
    last: Instant,
    /// Transitions that were not told, while it is unsteady.
    untold: Option<u32>,
}

/// What a transition means for those who are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is told.
    Told,
    /// It is told that it is unsteady: so many changes within that time. Not the transition itself.
    Begins { changes: u32, within: Duration },
    /// It is not told.
    Untold,
}

impl Steadiness {
    /// Takes an event in.
    pub(crate) fn note(&mut self, event: &Event, now: Instant) -> Verdict {
        let (EventKind::Transition { to, .. }, Some(instance)) = (&event.kind, &event.instance) else {
            return Verdict::Told;
        };
        let known = self.instances.entry(Arc::clone(instance)).or_insert_with(|| Known {
            lately: VecDeque::new(),
            state: *to,
            term: event.term,
            last: now,
            untold: None,
        });
        known.state = *to;
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

    /// When the next unsteady instance may have settled.
    pub(crate) fn next(&self) -> Option<Instant> {
        let unsteady = self.instances.values().filter(|known| known.untold.is_some());
        unsteady.map(|known| known.last + SETTLED).min()
    }

    /// Those that have settled, or all that are unsteady if nothing comes any more.
    pub(crate) fn settled(&mut self, now: Instant, until: Until) -> Vec<Settled> {
        let mut settled = Vec::new();
        for (instance, known) in &mut self.instances {
            let is_over = until == Until::TheEnd || known.last + SETTLED <= now;
            if let Some(untold) = known.untold.filter(|_| is_over) {
                known.untold = None;
                let (instance, state, term) = (Arc::clone(instance), known.state, known.term);
                settled.push(Settled { instance, state, term, untold });
            }
        }
        settled.sort_by(|one, other| one.instance.cmp(&other.instance));
        settled
    }
}

/// An instance that has settled.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    pub(crate) instance: Arc<str>,
    pub(crate) state: State,
    /// Of its last transition.
    pub(crate) term: u64,
    /// Transitions that were not told.
    pub(crate) untold: u32,
}

/// How long unsteady instances are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Until {
    /// Until they have settled.
    Settled,
    /// No longer: nothing comes any more.
    TheEnd,
}

#[cfg(test)]
mod tests {
    use keepwatch_event::{Reason, Severity};

    use super::*;

    fn turn(number: u64) -> Event {
        let to = if number.is_multiple_of(2) { State::Backup } else { State::Master };
        let kind = EventKind::Transition {
            from: State::Backup,
            to,
            reason: Reason::Started,
            initial: false,
            priority: 1,
            steps: Vec::new(),
        };
        Event {
            id: number.to_string(),
            seq: number,
            at: keepwatch_bus::Bus::now(),
            node: "h1".into(),
            instance: Some("VI_1".into()),
            severity: Severity::Info,
            term: number,
            kind,
        }
    }

    #[test]
    fn a_storm_is_told_once_and_so_is_its_end() {
        let mut steadiness = Steadiness::default();
        let begin = Instant::now();
        let at = |millis| begin + Duration::from_millis(millis);
        let verdicts: Vec<Verdict> = (1..=1_000).map(|n| steadiness.note(&turn(n), at(n))).collect();
        assert!(verdicts[..7].iter().all(|verdict| *verdict == Verdict::Told));
        assert_eq!(verdicts[7], Verdict::Begins { changes: 8, within: Duration::from_millis(7) });
        assert!(verdicts[8..].iter().all(|verdict| *verdict == Verdict::Untold));
        assert_eq!(steadiness.next(), Some(at(31_000)));
        assert_eq!(steadiness.settled(at(30_999), Until::Settled), []);
        let settled = Settled { instance: "VI_1".into(), state: State::Backup, term: 1_000, untold: 993 };
        assert_eq!(steadiness.settled(at(31_000), Until::Settled), [settled]);
        assert_eq!(steadiness.settled(at(40_000), Until::TheEnd), [], "once");
        assert_eq!(steadiness.note(&turn(2_001), at(40_000)), Verdict::Told);
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
}
