//! How the things are that instances track, told by whoever finds it out, on any thread but the engine's.
//!
//! What is told is counted where it is told. The engine hears only of what stands otherwise now: an atomic number for each
//! thing, which it reads without waiting for anybody.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use keepwatch_bus::{Bus, Draft};
use keepwatch_config::model::{Instance, Trackable};
use keepwatch_event::{EventKind, Health, Severity};
use keepwatch_system::Wakeup;
use keepwatch_vrrp::{Flap, Flapping, Instant, Standing, Track, TrackPolicy, Verdict};

use crate::clock;
use crate::standings::Standings;

/// Names that may be tracked.
const MOST: usize = 4096;

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
    /// Its place among those that instances track.
    place: Option<usize>,
}

impl Known {
    fn new(policy: TrackPolicy, until: Instant, value: Option<i32>, place: Option<usize>) -> Self {
        let (track, flapping) = (Track::new(policy, until), Flapping::default());
        Self { track, flapping, told: None, found: Health::Unknown, text: String::new(), value, place }
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

    /// Counts the number that was found. When nobody can tell, it is the one before, unless that counts as a failure.
    fn count(&mut self, found: Health, value: Option<i32>, changed: Option<Standing>) {
        let keeps = found == Health::Unknown && value.is_none() && changed != Some(Standing::Down);
        if !keeps {
            self.value = value;
        }
    }
}

impl Tracks {
    /// Those that a configuration has.
    pub(crate) fn new(trackables: &[Trackable], bus: &Bus, wakeup: Wakeup) -> Self {
        let now = clock::now();
        let known = |(place, trackable): (usize, &Trackable)| {
            let until = now + trackable.first_within;
            (trackable.name.clone(), Known::new(trackable.policy, until, trackable.number, Some(place)))
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
                    known.track.follow(*policy);
                    known.place = known.place.or_else(|| free.next());
                    if known.value.is_some() != number.is_some() {
                        known.value = *number;
                    }
                }
                None => {
                    let new = Known::new(*policy, now + *first_within, *number, free.next());
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
            state.known.insert(name.to_owned(), Known::new(TrackPolicy::default(), now + holds, None, None));
        }
        let State { known: all, standings, look_at, .. } = &mut *state;
        let Some(known) = all.get_mut(name) else { return false };
        let verdict = match finding.health {
            Health::Pass => Verdict::Pass,
            Health::Fail => Verdict::Fail,
            Health::Unknown => Verdict::Unknown,
        };
        let changed = known.track.verdict(now, verdict, holds);
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

    /// Forgets something that is not checked any more, unless instances track it: that becomes unknown in time.
    pub fn forget(&self, name: &str) {
        let mut state = self.shared.lock();
        if state.known.get(name).is_some_and(|known| known.place.is_none()) {
            state.known.remove(name);
        }
    }

    /// Watches over how long verdicts hold, until [`Self::end`].
    pub(crate) fn watch(&self) {
        let mut state = self.shared.lock();
        while !state.ended {
            let now = clock::now();
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
        let severity = if health == Health::Pass { Severity::Info } else { Severity::Warning };
        let kind = EventKind::HealthChanged { track: name.to_owned(), from, to: health, text: known.said() };
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
                Draft::general(Severity::Info, EventKind::FlappingStopped { track, health })
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
mod tests {
    use keepwatch_bus::{Delivery, Subscription};
    use keepwatch_event::{Snapshot, Timestamp};
    use keepwatch_vrrp::TrackStart;

    use super::*;

    fn tracks(policy: TrackPolicy, first_within: Duration) -> (Tracks, Subscription) {
        let (tracks, events, _) =
            tracks_of(Trackable { name: "web".to_owned(), policy, first_within, number: None });
        (tracks, events)
    }

    fn tracks_of(trackable: Trackable) -> (Tracks, Subscription, Bus) {
        let at = Timestamp { wall: std::time::SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
        let bus = Bus::start(Snapshot::new("h1", at, Vec::new()), || ()).unwrap();
        let events = bus.subscribe("test", Delivery::Durable, 100);
        (Tracks::new(&[trackable], &bus, Wakeup::new().unwrap()), events, bus)
    }

    fn finding(health: Health, value: Option<i32>) -> Finding {
        Finding { health, text: "what was found".to_owned(), value }
    }

    fn health(events: &mut Subscription) -> (String, Health, Health, String) {
        let event = events.recv().unwrap();
        match &event.kind {
            EventKind::HealthChanged { track, from, to, text } => (track.clone(), *from, *to, text.clone()),
            other => panic!("{other:?}"),
        }
    }

    fn standing(tracks: &Tracks) -> Standing {
        tracks.standings().at(0)
    }

    #[test]
    fn what_is_known_stays_known_in_its_place_when_what_is_tracked_changes() {
        let hour = Duration::from_secs(3600);
        let trackable = |name: &str, fall| {
            let policy = TrackPolicy { fall, ..TrackPolicy::default() };
            Trackable { name: name.to_owned(), policy, first_within: hour, number: None }
        };
        let (tracks, _events, _bus) = tracks_of(trackable("web", 1));
        tracks.report("web", finding(Health::Pass, None), hour);
        let place = |name: &str| tracks.shared.lock().known.get(name).and_then(|known| known.place);

        tracks.follow(&[trackable("db", 1), trackable("web", 2)]);
        assert_eq!((place("web"), place("db")), (Some(0), Some(1)));
        assert_eq!([0, 1].map(|place| tracks.standings().at(place)), [Standing::Up, Standing::Pending]);
        tracks.report("web", finding(Health::Fail, None), hour);
        assert_eq!(standing(&tracks), Standing::Up, "it counts twice before it is down");

        tracks.follow(&[trackable("db", 1)]);
        assert_eq!((place("web"), place("db")), (None, Some(1)));
        tracks.follow(&[trackable("dns", 1), trackable("db", 1)]);
        assert_eq!((place("dns"), place("db")), (Some(0), Some(1)), "a place that is free");
        tracks.forget("web");
        assert!(!tracks.shared.lock().known.contains_key("web"));
    }

    #[test]
    fn the_engine_and_the_bus_hear_of_changes_only() {
        let policy = TrackPolicy { fall: 2, ..TrackPolicy::default() };
        let (tracks, mut events) = tracks(policy, Duration::from_secs(3600));
        let hour = Duration::from_secs(3600);
        assert_eq!(standing(&tracks), Standing::Pending);
        for found in [Health::Pass, Health::Pass, Health::Fail] {
            assert!(tracks.report("web", finding(found, None), hour));
            assert_eq!(standing(&tracks), Standing::Up);
        }
        tracks.report("web", finding(Health::Fail, None), hour);
        assert_eq!(standing(&tracks), Standing::Down);
        tracks.report("web", finding(Health::Unknown, None), hour);
        assert_eq!(standing(&tracks), Standing::Down, "nobody can tell: as before");
        let text = || "what was found".to_owned();
        assert_eq!(health(&mut events), ("web".to_owned(), Health::Unknown, Health::Pass, text()));
        assert_eq!(health(&mut events), ("web".to_owned(), Health::Pass, Health::Fail, text()));
        assert_eq!(health(&mut events), ("web".to_owned(), Health::Fail, Health::Unknown, text()));
        assert_eq!(tracks.text_of("web"), "what was found");
    }

    #[test]
    fn that_nobody_can_tell_is_told_once_from_the_start() {
        let (tracks, mut events) = tracks(TrackPolicy::default(), Duration::from_secs(3600));
        let hour = Duration::from_secs(3600);
        for found in [Health::Unknown, Health::Unknown, Health::Pass] {
            tracks.report("web", finding(found, None), hour);
        }
        let told = |from, to| ("web".to_owned(), from, to, "what was found".to_owned());
        assert_eq!(health(&mut events), told(Health::Unknown, Health::Unknown));
        assert_eq!(health(&mut events), told(Health::Unknown, Health::Pass));
    }

    #[test]
    fn what_does_not_count_yet_does_not_explain_how_it_stands() {
        let hour = Duration::from_secs(3600);
        let found = |health, text: &str| Finding { health, text: text.to_owned(), value: None };
        let policy = TrackPolicy { rise: 2, fall: 2, start: TrackStart::Down, ..TrackPolicy::default() };
        let (tracks, mut events) = tracks(policy, hour);
        tracks.report("web", found(Health::Pass, "200 OK"), hour);
        let why = "it has not passed often enough yet (200 OK)";
        assert_eq!(health(&mut events), ("web".to_owned(), Health::Unknown, Health::Fail, why.to_owned()));
        assert_eq!((tracks.text_of("web").as_str(), tracks.health_of("web")), (why, Some(Health::Fail)));
        tracks.report("web", found(Health::Pass, "200 OK"), hour);
        assert_eq!(health(&mut events).3, "200 OK");

        tracks.report("web", found(Health::Unknown, "who knows"), hour);
        assert_eq!(health(&mut events).3, "who knows");
        assert_eq!(tracks.health_of("web"), Some(Health::Unknown));
        tracks.report("web", found(Health::Fail, "500"), hour);
        assert_eq!(health(&mut events).3, "it has not failed often enough yet (500)");
    }

    #[test]
    fn a_number_is_handed_on_as_one() {
        let (tracks, _events) = tracks(TrackPolicy::default(), Duration::from_secs(3600));
        tracks.report("web", finding(Health::Pass, Some(-30)), Duration::from_secs(3600));
        assert_eq!(standing(&tracks), Standing::Value(-30));
        tracks.report("web", finding(Health::Fail, None), Duration::from_secs(3600));
        assert_eq!(standing(&tracks), Standing::Down, "the file is gone");
    }

    #[test]
    fn what_nobody_speaks_of_becomes_unknown() {
        let (tracks, mut events) = tracks(TrackPolicy::default(), Duration::from_millis(20));
        let watch = std::thread::spawn({
            let tracks = tracks.clone();
            move || tracks.watch()
        });
        // Not a word at the start: it counts as up. Whoever watches is woken for what ends sooner than it would look.
        let until = std::time::Instant::now() + Duration::from_secs(60);
        while standing(&tracks) == Standing::Pending {
            assert!(std::time::Instant::now() < until, "it stays pending");
            std::thread::sleep(Duration::from_millis(1));
        }
        assert_eq!(standing(&tracks), Standing::Up);
        let nobody = "nobody has said how it is for too long";
        let unknown = Health::Unknown;
        assert_eq!(health(&mut events), ("web".to_owned(), unknown, unknown, nobody.to_owned()));
        tracks.report("web", finding(Health::Fail, None), Duration::from_millis(20));
        assert_eq!(health(&mut events).2, Health::Fail);
        let (.., to, text) = health(&mut events);
        assert_eq!((to, text.as_str()), (Health::Unknown, nobody));
        assert_eq!(standing(&tracks), Standing::Down, "it stays what it was");
        tracks.end();
        watch.join().unwrap();
    }

    /// A number: none was told yet, or nobody tells one any more.
    #[test]
    fn a_number_that_nobody_speaks_of_stays_what_it_was() {
        let trackable = |policy| {
            let first_within = Duration::from_millis(1);
            Trackable { name: "web".to_owned(), policy, first_within, number: Some(0) }
        };
        let expire = |tracks: &Tracks| {
            std::thread::sleep(Duration::from_millis(2));
            tracks.shared.expire(&mut tracks.shared.lock(), clock::now());
        };
        let brief = Duration::from_millis(1);
        let (tracks, ..) = tracks_of(trackable(TrackPolicy::default()));
        assert_eq!(standing(&tracks), Standing::Pending);
        expire(&tracks);
        assert_eq!(standing(&tracks), Standing::Value(0), "keepalived's number of a file that it never read");
        tracks.report("web", finding(Health::Pass, Some(1)), brief);
        expire(&tracks);
        assert_eq!(standing(&tracks), Standing::Value(1), "maintenance goes on");
        tracks.report("web", finding(Health::Unknown, None), brief);
        assert_eq!(standing(&tracks), Standing::Value(1));

        let (tracks, ..) = tracks_of(trackable(TrackPolicy::default()));
        tracks.report("web", finding(Health::Unknown, None), brief);
        assert_eq!(standing(&tracks), Standing::Value(0), "it could not be read");

        let fail = TrackPolicy { unknown: keepwatch_vrrp::Unknown::Fail, ..TrackPolicy::default() };
        let (tracks, ..) = tracks_of(trackable(fail));
        tracks.report("web", finding(Health::Pass, Some(0)), brief);
        expire(&tracks);
        assert_eq!(standing(&tracks), Standing::Down, "it counts as a failure");
    }

    /// Whoever acts on a change finds it told before what it tells itself.
    #[test]
    fn a_change_is_told_before_what_is_done_about_it() {
        const CHANGES: u64 = 100;
        let (policy, first_within) = (TrackPolicy::default(), Duration::from_secs(3600));
        let trackable = Trackable { name: "web".to_owned(), policy, first_within, number: None };
        let (tracks, mut events, bus) = tracks_of(trackable);
        let engine = std::thread::spawn({
            let (tracks, bus) = (tracks.clone(), bus.with_own_intake());
            move || {
                let mut known = Standing::Pending;
                for _ in 0..CHANGES {
                    let until = std::time::Instant::now() + Duration::from_secs(60);
                    while standing(&tracks) == known {
                        assert!(std::time::Instant::now() < until, "no change");
                        std::hint::spin_loop();
                    }
                    known = standing(&tracks);
                    bus.publish(Draft::general(Severity::Info, EventKind::Resynchronised));
                }
            }
        });
        // To tell it takes so long that whoever could be earlier is.
        let text = "x".repeat(4 << 20);
        let mut done = 0;
        for (health, count) in [Health::Pass, Health::Fail].into_iter().cycle().zip(1..=CHANGES) {
            let finding = Finding { health, text: text.clone(), value: None };
            tracks.report("web", finding, Duration::from_secs(3600));
            let mut told = false;
            while done < count {
                match events.recv().unwrap().kind {
                    EventKind::HealthChanged { .. } => told = true,
                    EventKind::Resynchronised => {
                        assert!(told, "change {count}: what was done about it came first");
                        done += 1;
                    }
                    _ => {}
                }
            }
        }
        engine.join().unwrap();
    }

    #[test]
    fn what_changes_again_and_again_is_told_until_it_is_calm() {
        let (tracks, mut events) = tracks(TrackPolicy::default(), Duration::from_secs(3600));
        // The first word is no change of what passes already; each of the others is one.
        for found in [Health::Pass, Health::Fail].into_iter().cycle().take(6) {
            tracks.report("web", finding(found, None), Duration::from_secs(3600));
        }
        tracks.report("web", finding(Health::Pass, None), Duration::from_secs(3600));
        let mut told = Vec::new();
        while told.len() < 8 {
            told.push(events.recv().unwrap());
        }
        let flapping: Vec<usize> =
            (0..told.len()).filter(|at| !matches!(told[*at].kind, EventKind::HealthChanged { .. })).collect();
        assert_eq!(flapping, [6], "said once, behind the sixth change: {told:?}");
        assert_eq!(told[6].severity, Severity::Warning);
        match &told[6].kind {
            EventKind::FlappingStarted { track, changes, within } => {
                assert_eq!((track.as_str(), *changes), ("web", 6));
                assert!(*within < Duration::from_secs(300), "{within:?}");
            }
            other => panic!("{other:?}"),
        }

        let look = |at: Instant| tracks.shared.expire(&mut tracks.shared.lock(), at);
        let now = clock::now();
        let (next, _) = look(now + Duration::from_secs(200));
        assert!(next.is_some_and(|next| next.since(now) <= Duration::from_secs(300)), "{next:?}");
        for _ in 0..2 {
            look(now + Duration::from_secs(301));
        }
        tracks.report("web", finding(Health::Fail, None), Duration::from_secs(3600));
        let stopped = events.recv().unwrap();
        let kind = EventKind::FlappingStopped { track: "web".to_owned(), health: Health::Pass };
        assert_eq!((stopped.severity, &stopped.kind), (Severity::Info, &kind));
        assert_eq!(health(&mut events).2, Health::Fail, "said once");
    }

    #[test]
    fn names_that_nobody_tracks_can_be_seen_and_forgotten() {
        let (tracks, mut events) = tracks(TrackPolicy::default(), Duration::from_secs(3600));
        assert!(tracks.report("other", finding(Health::Pass, None), Duration::from_secs(1)));
        assert_eq!(health(&mut events).0, "other");
        tracks.forget("other");
        tracks.forget("web");
        assert_eq!(tracks.text_of("other"), "");
        assert!(
            (2..)
                .take(MOST + 10)
                .map(|n| tracks.report(&n.to_string(), finding(Health::Pass, None), Duration::from_secs(1)))
                .any(|room| !room)
        );
    }
}
