//! What is told, counted, and said of it.

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

/// As after a stop of the whole machine: nobody was asked meanwhile.
#[test]
fn what_was_said_before_a_pause_of_all_holds_on() {
    let second = Duration::from_secs(1);
    let policy = TrackPolicy { unknown: keepwatch_vrrp::Unknown::Fail, ..TrackPolicy::default() };
    let (tracks, _events) = tracks(policy, second);
    tracks.report("web", finding(Health::Pass, None), second);
    let mut state = tracks.shared.lock();
    let (due, _) = tracks.shared.expire(&mut state, clock::now());
    state.look_at = due;
    let due = due.unwrap();
    // It looks a little late: nobody said anything in time.
    for (late, stands) in [(HELD_UP / 2, Standing::Down), (HELD_UP * 6, Standing::Up)] {
        let now = due + late;
        state.known.get_mut("web").unwrap().track.verdict(now, Verdict::Pass, Duration::ZERO);
        state.forgive(now);
        tracks.shared.expire(&mut state, now);
        assert_eq!(state.known["web"].track.standing(), stands, "{late:?}");
    }
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
fn a_snapshot_has_what_was_said_last_of_what_is_as_it_was() {
    let policy = TrackPolicy { rise: 2, ..TrackPolicy::default() };
    let hour = Duration::from_secs(3600);
    let trackable = Trackable { name: "web".to_owned(), policy, first_within: hour, number: None };
    let (tracks, _events, bus) = tracks_of(trackable);
    let text = || {
        bus.flush(hour);
        let mut snapshot = bus.snapshot();
        tracks.refresh(&mut snapshot);
        (snapshot.tracks[0].health, snapshot.tracks[0].text.clone())
    };
    let say = |health, text: &str| {
        tracks.report("web", Finding { health, text: text.to_owned(), value: None }, hour);
    };
    say(Health::Fail, "refused the connection");
    assert_eq!(text(), (Health::Fail, "refused the connection".to_owned()));
    say(Health::Fail, "status 503");
    assert_eq!(text(), (Health::Fail, "status 503".to_owned()));
    say(Health::Pass, "status 200");
    assert_eq!(text(), (Health::Fail, "it has not passed often enough yet (status 200)".to_owned()));
    say(Health::Pass, "status 204");
    assert_eq!(text(), (Health::Pass, "status 204".to_owned()));
    say(Health::Pass, "status 200");
    assert_eq!(text(), (Health::Pass, "status 200".to_owned()));
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

/// Whoever cannot tell would not see it fail: that is graver than that it fails.
#[test]
fn that_nobody_can_tell_is_told_as_an_error() {
    let (tracks, mut events) = tracks(TrackPolicy::default(), Duration::from_secs(3600));
    for (health, severity) in [
        (Health::Unknown, Severity::Error),
        (Health::Pass, Severity::Info),
        (Health::Fail, Severity::Warning),
    ] {
        tracks.report("web", finding(health, None), Duration::from_secs(3600));
        assert_eq!(events.recv().unwrap().severity, severity, "{health:?}");
    }
}

/// A script that does not end when it is told to, and is not asked meanwhile.
#[test]
fn what_cannot_be_asked_as_it_is_busy_stays_as_it_was() {
    let (brief, hour) = (Duration::from_millis(1), Duration::from_secs(3600));
    let (tracks, mut events, bus) = tracks_of(Trackable {
        name: "web".to_owned(),
        policy: TrackPolicy::default(),
        first_within: hour,
        number: None,
    });
    tracks.report("web", finding(Health::Fail, None), brief);
    tracks.skipped("web", hour);
    std::thread::sleep(brief * 2);
    tracks.shared.expire(&mut tracks.shared.lock(), clock::now());
    assert_eq!(health(&mut events).2, Health::Fail);
    assert_eq!(tracks.health_of("web"), Some(Health::Fail), "it holds");
    tracks.skipped("stranger", hour);
    let mut snapshot = bus.snapshot();
    tracks.refresh(&mut snapshot);
    assert_eq!(snapshot.tracks.iter().map(|track| track.skipped).collect::<Vec<_>>(), [1]);
}

/// A number: none was told yet, or nobody tells one any more.
#[test]
fn a_number_that_nobody_speaks_of_stays_what_it_was() {
    let trackable = |policy| {
        let first_within = Duration::from_millis(1);
        Trackable { name: "web".to_owned(), policy, first_within, number: Some(TrackedNumber::default()) }
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

/// A number is neither well nor ill by itself: what it does to those that track it is said.
#[test]
fn a_number_is_told_with_what_it_does() {
    let (hour, policy) = (Duration::from_secs(3600), TrackPolicy::default());
    let adjust = |weight| TrackWeight::Adjust { weight, reverse: false };
    let number = TrackedNumber { at_first: 0, weights: vec![adjust(1), adjust(2)] };
    let (tracks, _events, bus) =
        tracks_of(Trackable { name: "web".to_owned(), policy, first_within: hour, number: Some(number) });
    let seen = |value: i32| {
        let text = format!("it says {value}");
        tracks.report("web", Finding { health: Health::Pass, text, value: Some(value) }, hour);
        bus.flush(hour);
        let mut snapshot = bus.snapshot();
        tracks.refresh(&mut snapshot);
        (snapshot.tracks[0].health, snapshot.tracks[0].text.clone())
    };
    let table = [
        (0, Health::Pass, "it says 0"),
        (-20, Health::Pass, "it says -20: priority -20 or priority -40"),
        (-127, Health::Fail, "it says -127: priority -127 or FAULT"),
        (-254, Health::Fail, "it says -254: FAULT"),
        (300, Health::Pass, "it says 300: priority +253"),
    ];
    for (value, health, text) in table {
        assert_eq!(seen(value), (health, text.to_owned()));
    }
    assert_eq!(tracks.text_of("web"), "it says 300", "what is found, for who knows what it does");
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

/// Whoever is told of neither change until it has settled hears how it is, also as grave as that is, and also of one
/// that nobody asks for any more.
#[test]
fn one_that_is_forgotten_while_it_flaps_has_settled() {
    let (tracks, mut events) = tracks(TrackPolicy::default(), Duration::from_secs(3600));
    for found in [Health::Pass, Health::Fail].into_iter().cycle().take(6) {
        tracks.report("other", finding(found, None), Duration::from_secs(3600));
    }
    tracks.forget("other");
    let told = std::iter::from_fn(|| events.recv());
    let stopped = told.take(8).find(|event| matches!(event.kind, EventKind::FlappingStopped { .. })).unwrap();
    let kind = EventKind::FlappingStopped { track: "other".to_owned(), health: Health::Fail };
    assert_eq!((stopped.severity, &stopped.kind), (Severity::Warning, &kind));
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
