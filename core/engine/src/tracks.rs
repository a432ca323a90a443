//! How the things are that instances track, told by whoever finds it out, on any thread but the engine's.
//!
//! What is told is counted where it is told. The engine hears only of what stands otherwise now: an atomic number for each
//! thing, which it reads without waiting for anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keepwatch_bus::{Bus, Draft};
use keepwatch_config::model::{Instance, Trackable, TrackedNumber};
use keepwatch_event::{EventKind, Health, Severity, Snapshot};
use keepwatch_system::Wakeup;
use keepwatch_vrrp::{Flap, Flapping, Instant, Standing, Track, TrackPolicy, TrackWeight, Verdict};

use crate::clock;
use crate::standings::Standings;

/// Names that may be tracked.
const MOST: usize = 4096;
/// Who looks so much later than was meant did not run, and neither did the checks.
const HELD_UP: Duration = Duration::from_secs(1);

/// What somebody has found out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How it is.
    pub health: Health,
    /// One line for people.
    pub text: String,
    /// The number that it is, where it is one (keepalived's `track_file`).
    pub value: Option<i32>,
}

/// How the things are that instances track, by name. Clones share all of it.
#[derive(Clone, Debug)]
pub struct Tracks {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    /// With a way in of its own: those who report have no precedence, and may lose the processor on that way.
    bus: Bus,
    wakeup: Wakeup,
    state: Mutex<State>,
    /// A verdict ceases to hold sooner than the watch would look.
    sooner: Condvar,
}

#[derive(Debug, Default)]
struct State {
    known: BTreeMap<String, Known>,
    /// How those stand that instances track, by place.
    standings: Arc<Standings>,
    /// When the watch looks next.
    look_at: Option<Instant>,
    ended: bool,
}

impl State {
    /// Whoever was held up until `now`, as by a stop of the whole machine, has asked nobody meanwhile: what was said before holds
    /// as long as if it had been said now.
    fn forgive(&mut self, now: Instant) {
        if self.look_at.is_none_or(|due| now.since(due) < HELD_UP) {
            return;
        }
        for known in self.known.values_mut() {
            known.track.prolong(now, known.holds);
        }
    }
}

#[derive(Debug)]
struct Known {
    track: Track,
    flapping: Flapping,
    /// What was told of it last; `None`: nothing yet.
    told: Option<Health>,
    /// What was found last, and in words.
    found: Health,
    text: String,
    /// The number that it counts as, where it is one.
    value: Option<i32>,
    /// The weights by which instances multiply that.
    weights: Vec<TrackWeight>,
    /// How long holds what was said of it last.
    holds: Duration,
    /// How often it could not be asked.
    skipped: u64,
    /// Its place among those that instances track.
    place: Option<usize>,
}

impl Known {
    fn new(
        policy: TrackPolicy,
        (now, holds): (Instant, Duration),
        number: Option<&TrackedNumber>,
        place: Option<usize>,
    ) -> Self {
        let (track, flapping) = (Track::new(policy, now + holds), Flapping::default());
        let value = number.map(|number| number.at_first);
        let weights = number.map(|number| number.weights.clone()).unwrap_or_default();
        let (found, text) = (Health::Unknown, String::new());
        Self { track, flapping, told: None, found, text, value, weights, holds, skipped: 0, place }
    }

    /// Goes on as what another configuration makes of it.
    fn follow(&mut self, trackable: &Trackable) {
        self.track.follow(trackable.policy);
        if self.value.is_some() != trackable.number.is_some() {
            self.value = trackable.number.as_ref().map(|number| number.at_first);
        }
        self.weights = trackable.number.as_ref().map(|number| number.weights.clone()).unwrap_or_default();
    }

    fn standing(&self) -> Standing {
        match (self.track.standing(), self.value) {
            (Standing::Up | Standing::Down, Some(value)) => Standing::Value(value),
            (standing, _) => standing,
        }
    }

    /// Why it stands as it does. What was found may be the contrary, which does not count yet.
    fn said(&self) -> String {
        match (self.found, self.track.standing()) {
            (Health::Pass, Standing::Down) => format!("it has not passed often enough yet ({})", self.text),
            (Health::Fail, Standing::Up) => format!("it has not failed often enough yet ({})", self.text),
            _ => self.text.clone(),
        }
    }

    /// Whether an instance is in FAULT by the number.
    fn is_faulty(&self) -> bool {
        let standing = self.standing();
        matches!(standing, Standing::Value(_)) && self.weights.iter().any(|weight| weight.faults(standing))
    }

    /// Why it stands as it does, and what the number does to those that track it: `/run/load says -20: priority -40`
    fn explained(&self) -> String {
        let mut effects: Vec<String> = Vec::new();
        if let (Health::Pass, standing @ Standing::Value(_)) = (self.found, self.standing()) {
            for effect in self.weights.iter().filter_map(|weight| effect(*weight, standing)) {
                if !effects.contains(&effect) {
                    effects.push(effect);
                }
            }
        }
        let said = self.said();
        if effects.is_empty() { said } else { format!("{said}: {}", effects.join(" or ")) }
    }

    /// Counts the number that was found. When nobody can tell, it is the one before, unless that counts as a failure.
    fn count(&mut self, found: Health, value: Option<i32>, changed: Option<Standing>) {
        let keeps = found == Health::Unknown && value.is_none() && changed != Some(Standing::Down);
        if !keeps {
            self.value = value;
        }
    }
}

/// What a number does to an instance that tracks it with this weight, if anything.
fn effect(weight: TrackWeight, standing: Standing) -> Option<String> {
    if weight.faults(standing) {
        return Some("FAULT".to_owned());
    }
    let adds = weight.adjustment(standing);
    (adds != 0).then(|| format!("priority {adds:+}"))
}

impl Tracks {
    /// Those that a configuration has.
    pub(crate) fn new(trackables: &[Trackable], bus: &Bus, wakeup: Wakeup) -> Self {
        let now = clock::now();
        let known = |(place, trackable): (usize, &Trackable)| {
            let until = (now, trackable.first_within);
            (
                trackable.name.clone(),
                Known::new(trackable.policy, until, trackable.number.as_ref(), Some(place)),
            )
        };
        let known: BTreeMap<String, Known> = trackables.iter().enumerate().map(known).collect();
        let standings = Arc::new(standings_of(&known));
        let state = Mutex::new(State { known, standings, ..State::default() });
        let bus = bus.with_own_intake();
        Self { shared: Arc::new(Shared { bus, wakeup, state, sooner: Condvar::new() }) }
    }

    /// Goes on with those that another configuration has. What is known of one stays known, in its place.
    pub(crate) fn follow(&self, trackables: &[Trackable]) {
        let now = clock::now();
        let mut state = self.shared.lock();
        let State { known: all, standings, .. } = &mut *state;
        let names: BTreeSet<&str> = trackables.iter().map(|trackable| trackable.name.as_str()).collect();
        for (name, known) in all.iter_mut() {
            known.place = known.place.filter(|_| names.contains(name.as_str()));
        }
        let taken: BTreeSet<usize> = all.values().filter_map(|known| known.place).collect();
        let mut free = (0..).filter(|place| !taken.contains(place));
        for trackable in trackables {
            let Trackable { name, policy, first_within, number } = trackable;
            match all.get_mut(name) {
                Some(known) => {
                    known.follow(trackable);
                    known.place = known.place.or_else(|| free.next());
                }
                None => {
                    let new = Known::new(*policy, (now, *first_within), number.as_ref(), free.next());
                    all.insert(name.clone(), new);
                }
            }
        }
        *standings = Arc::new(standings_of(all));
        self.shared.sooner.notify_one();
    }

    /// The places of the checks that an instance tracks, in order.
    pub(crate) fn places_of(&self, instance: &Instance) -> Vec<usize> {
        let state = self.shared.lock();
        let place = |name: &str| state.known.get(name).and_then(|known| known.place);
        // One that nobody can speak of is never known: the configuration has refused it.
        let places = instance.track_checks.iter().map(|tracked| place(&tracked.check).unwrap_or(usize::MAX));
        places.collect()
    }

    /// Takes in what was found out about the thing of this name, and how long that holds. Gives whether there was room for
    /// the name, if it was not known.
    pub fn report(&self, name: &str, finding: Finding, holds: Duration) -> bool {
        let now = clock::now();
        let mut state = self.shared.lock();
        if !state.known.contains_key(name) {
            if state.known.len() >= MOST {
                return false;
            }
            // Nobody tracks it; how it is can be seen all the same.
            state.known.insert(name.to_owned(), Known::new(TrackPolicy::default(), (now, holds), None, None));
        }
        let State { known: all, standings, look_at, .. } = &mut *state;
        let Some(known) = all.get_mut(name) else { return false };
        let verdict = match finding.health {
            Health::Pass => Verdict::Pass,
            Health::Fail => Verdict::Fail,
            Health::Unknown => Verdict::Unknown,
        };
        let changed = known.track.verdict(now, verdict, holds);
        known.holds = holds;
        known.count(finding.health, finding.value, changed);
        (known.found, known.text) = (finding.health, finding.text);
        let stands_otherwise = self.shared.settle(standings, name, known, finding.health);
        let until = known.track.poll_timeout();
        if until.is_some() && look_at.is_none_or(|at| until < Some(at)) {
            self.shared.sooner.notify_one();
        }
        // Unlocked first: the engine looks for the text at once.
        drop(state);
        if stands_otherwise {
            self.shared.wakeup.ring();
        }
        true
    }

    /// The thing of this name could not be asked, as it is still busy: what was found last holds for this time yet.
    pub fn skipped(&self, name: &str, holds: Duration) {
        // What holds longer than the watch believes it finds when it looks.
        if let Some(known) = self.shared.lock().known.get_mut(name) {
            known.skipped += 1;
            known.track.prolong(clock::now(), holds);
        }
    }

    /// The thing of this name is asked in another rhythm: what was found last holds for this time yet.
    pub fn holds_on(&self, name: &str, holds: Duration) {
        if let Some(known) = self.shared.lock().known.get_mut(name) {
            known.track.prolong(clock::now(), holds);
        }
    }

    /// Forgets something that is not checked any more, unless instances track it: that becomes unknown in time.
    pub fn forget(&self, name: &str) {
        let mut state = self.shared.lock();
        if state.known.get(name).is_none_or(|known| known.place.is_some()) {
            return;
        }
        let Some(known) = state.known.remove(name) else { return };
        // Whoever waits for it to settle would wait for ever.
        let flap = known.flapping.is_flapping().then_some(Flap::Stopped);
        self.shared.tell_flap(name, flap, known.told.unwrap_or(Health::Unknown));
    }

    /// Watches over how long verdicts hold, until [`Self::end`].
    pub(crate) fn watch(&self) {
        let mut state = self.shared.lock();
        while !state.ended {
            let now = clock::now();
            state.forgive(now);
            let (next, stand_otherwise) = self.shared.expire(&mut state, now);
            state.look_at = next;
            if stand_otherwise {
                self.shared.wakeup.ring();
            }
            let waits = next.map_or(Duration::from_secs(3600), |next| next.since(now));
            state = self.shared.sooner.wait_timeout(state, waits).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(crate) fn end(&self) {
        self.shared.lock().ended = true;
        self.shared.sooner.notify_all();
    }

    /// How many verdicts, one after the other, would make the thing of this name stand otherwise.
    pub(crate) fn verdicts_to_change(&self, name: &str) -> Option<u32> {
        self.shared.lock().known.get(name).map(|known| known.track.verdicts_to_change())
    }

    /// Says in a snapshot what was said last of what is as it was, and how often it was not asked: events tell changes alone.
    pub(crate) fn refresh(&self, snapshot: &mut Snapshot) {
        let state = self.shared.lock();
        for status in &mut snapshot.tracks {
            let Some(known) = state.known.get(&status.name) else { continue };
            let said = known.explained();
            if known.told == Some(status.health) && said != status.text {
                Arc::make_mut(status).text = said;
            }
            if known.skipped != status.skipped {
                Arc::make_mut(status).skipped = known.skipped;
            }
        }
    }

    /// What was told of the thing of this name last.
    pub(crate) fn health_of(&self, name: &str) -> Option<Health> {
        self.shared.lock().known.get(name).and_then(|known| known.told)
    }

    /// How the things stand, for the engine: it waits for nobody to read them. Others replace them when what is tracked
    /// changes.
    pub(crate) fn standings(&self) -> Arc<Standings> {
        Arc::clone(&self.shared.lock().standings)
    }

    /// What was said last of one of those that instances track. For the engine, which takes what it gets at once: nothing,
    /// if somebody reports just now.
    pub(crate) fn text_of(&self, name: &str) -> String {
        let state = self.shared.state.try_lock();
        state.ok().and_then(|state| Some(state.known.get(name)?.said())).unwrap_or_default()
    }
}

impl Shared {
    /// Tells the bus what has changed, and writes it down for the engine; whether that has to be woken up. In this order:
    /// what the engine does about it comes later.
    fn settle(&self, standings: &Standings, name: &str, known: &mut Known, found: Health) -> bool {
        self.tell_health(name, known, found);
        standings.set(known.place, known.standing())
    }

    /// Tells the bus how something is, if that has changed.
    fn tell_health(&self, name: &str, known: &mut Known, found: Health) {
        let health = match (found, known.track.standing()) {
            (Health::Unknown, _) | (_, Standing::Pending) => Health::Unknown,
            (_, Standing::Up) if known.is_faulty() => Health::Fail,
            (_, Standing::Up) => Health::Pass,
            (_, Standing::Down) => Health::Fail,
            (found, Standing::Value(_)) => found,
        };
        let told = known.told.replace(health);
        if told == Some(health) {
            return;
        }
        // The first word is told whatever it is: why nobody can tell is what people look for.
        let from = told.unwrap_or(Health::Unknown);
        let flap = if from == health { None } else { known.flapping.changed(clock::now()) };
        let severity = health.severity();
        let kind =
            EventKind::HealthChanged { track: name.to_owned(), from, to: health, text: known.explained() };
        // Told while it is locked: the last word about it is the last that is known.
        self.bus.publish(Draft::general(severity, kind));
        self.tell_flap(name, flap, health);
    }

    fn tell_flap(&self, track: &str, flap: Option<Flap>, health: Health) {
        let track = track.to_owned();
        let draft = match flap {
            Some(Flap::Started { changes, within }) => {
                Draft::general(Severity::Warning, EventKind::FlappingStarted { track, changes, within })
            }
            Some(Flap::Stopped) => {
                Draft::general(health.severity(), EventKind::FlappingStopped { track, health })
            }
            None => return,
        };
        self.bus.publish(draft);
    }

    /// Finds what nobody has spoken of for too long; when to look again, and whether the engine has to be woken up.
    fn expire(&self, state: &mut State, now: Instant) -> (Option<Instant>, bool) {
        let (mut next, mut stand_otherwise): (Option<Instant>, bool) = (None, false);
        let State { known: all, standings, .. } = state;
        for (name, known) in all {
            let calm = known.flapping.handle_timeout(now);
            self.tell_flap(name, calm, known.told.unwrap_or(Health::Unknown));
            if known.track.poll_timeout().is_some_and(|until| until <= now) {
                let changed = known.track.handle_timeout(now);
                known.count(Health::Unknown, None, changed);
                known.found = Health::Unknown;
                "nobody has said how it is for too long".clone_into(&mut known.text);
                stand_otherwise |= self.settle(standings, name, known, Health::Unknown);
            }
            let deadlines = [known.track.poll_timeout(), known.flapping.poll_timeout(), next];
            next = deadlines.into_iter().flatten().min();
        }
        (next, stand_otherwise)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How all stand that have a place.
fn standings_of(all: &BTreeMap<String, Known>) -> Standings {
    let standings =
        Standings::pending(all.values().filter_map(|known| known.place).max().map_or(0, |last| last + 1));
    for known in all.values() {
        standings.set(known.place, known.standing());
    }
    standings
}

#[cfg(test)]
#[path = "tracks_tests.rs"]
mod tests;
