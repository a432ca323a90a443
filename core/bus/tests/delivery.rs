//! Who gets what, and what those miss who do not keep up.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_bus::{Bus, Delivery, Draft, Subscription};
use keepwatch_event::{
    Event, EventKind, InstanceStatus, LogLevel, Reason, Severity, Snapshot, State, Timestamp,
};

fn bus(instances: usize) -> Bus {
    let at = Timestamp { wall: SystemTime::UNIX_EPOCH, monotonic: Duration::ZERO };
    let instances = (0..instances).map(|number| InstanceStatus {
        name: format!("VI_{number}").into(),
        interface: "eth0".into(),
        virtual_router_id: 1,
        version: 3,
        advert_interval: Duration::from_millis(10),
        base_priority: 100,
        priority: 100,
        addresses: Vec::new(),
        held: Vec::new(),
        state: State::Init,
        since: None,
        reason: None,
        term: 0,
        leaving: false,
        peer: None,
        announced: None,
        troubles: Vec::new(),
        counters: None,
        master_advert_interval: None,
    });
    Bus::start(Snapshot::new("h1", at, instances.collect()), || ()).unwrap()
}

fn transition(instance: usize, term: u64) -> Draft {
    let to = if term.is_multiple_of(2) { State::Master } else { State::Backup };
    let kind = EventKind::Transition {
        from: State::Init,
        to,
        reason: Reason::Recovered,
        initial: false,
        priority: 100,
        steps: Vec::new(),
    };
    Draft { instance: Some(format!("VI_{instance}").into()), severity: Severity::Info, term, kind }
}

fn line(number: usize) -> Draft {
    let (plugin, text) = ("p".to_owned(), number.to_string());
    Draft::general(Severity::Info, EventKind::PluginLog { plugin, level: LogLevel::Info, text })
}

/// All that comes until the bus ends.
fn rest(subscription: &mut Subscription) -> Vec<Arc<Event>> {
    std::iter::from_fn(|| subscription.recv()).collect()
}

fn is_about_subscribers(event: &Event) -> bool {
    matches!(event.kind, EventKind::SubscriberBehind { .. } | EventKind::SubscriberCaughtUp { .. })
}

#[test]
fn all_subscribers_hear_the_same_without_gaps() {
    let bus = bus(1);
    let subscriptions = [Delivery::State, Delivery::Telemetry, Delivery::Durable]
        .map(|delivery| bus.subscribe("test", delivery, 100));
    for term in 1..=50 {
        bus.publish(transition(0, term));
    }
    drop(bus);
    for mut subscription in subscriptions {
        let seqs: Vec<u64> = rest(&mut subscription).iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=50).collect::<Vec<_>>());
    }
}

#[test]
fn ten_thousand_events_and_a_subscriber_that_sleeps() {
    let bus = bus(100);
    let mut slow = bus.subscribe("slow", Delivery::State, 64);
    let mut quick = bus.subscribe("quick", Delivery::State, 20_000);
    for term in 1..=100 {
        for instance in 0..100 {
            bus.publish(transition(instance, term));
        }
    }
    drop(bus);
    assert_eq!(rest(&mut quick).iter().filter(|event| !is_about_subscribers(event)).count(), 10_000);
    assert!(slow.waiting() <= 64 + 100 + 1, "bounded: {}", slow.waiting());
    let mut last: HashMap<Arc<str>, u64> = HashMap::new();
    let mut seq = 0;
    for event in rest(&mut slow) {
        assert!(event.seq > seq, "in order");
        seq = event.seq;
        if let Some(instance) = &event.instance {
            let before = last.insert(Arc::clone(instance), event.term).unwrap_or(0);
            assert!(event.term > before, "in order");
        }
    }
    assert_eq!(last.len(), 100);
    assert!(last.values().all(|term| *term == 100), "how things are in the end");
}

#[test]
fn telemetry_goes_first() {
    let bus = bus(1);
    let mut state = bus.subscribe("state", Delivery::State, 10);
    let mut watcher = bus.subscribe("watcher", Delivery::Telemetry, 10);
    for number in 0..100 {
        bus.publish(line(number));
    }
    bus.publish(transition(0, 1));
    // Nobody reads meanwhile.
    assert!(bus.flush(Duration::from_secs(60)));
    drop(bus);
    let state = rest(&mut state);
    assert!(state.iter().any(|event| event.term == 1), "a state is not dropped");
    assert!(state.iter().filter(|event| matches!(event.kind, EventKind::PluginLog { .. })).count() <= 10);
    let watched = rest(&mut watcher);
    assert_eq!(watched.len(), 10);
    assert!(watched.iter().any(|event| event.term == 1), "the newest stay");
}

#[test]
fn what_is_durable_gives_up_the_least_grave() {
    let bus = bus(1);
    let mut spool = bus.subscribe("spool", Delivery::Durable, 4);
    for term in 1..=4 {
        let severity = if term == 2 { Severity::Info } else { Severity::Error };
        bus.publish(Draft { severity, ..transition(0, term) });
    }
    bus.publish(Draft { severity: Severity::Error, ..transition(0, 5) });
    drop(bus);
    let terms: Vec<u64> =
        rest(&mut spool).iter().filter(|e| !is_about_subscribers(e)).map(|e| e.term).collect();
    assert!([vec![1, 3, 4, 5], vec![3, 4, 5]].contains(&terms), "{terms:?}");
}

#[test]
fn falling_behind_is_told_and_so_is_catching_up() {
    let bus = bus(1);
    let mut witness = bus.subscribe("witness", Delivery::State, 10_000);
    let mut slow = bus.subscribe("slow", Delivery::State, 1);
    for term in 1..=100 {
        bus.publish(transition(0, term));
    }
    let behind = loop {
        let event = witness.recv().unwrap();
        if let EventKind::SubscriberBehind { subscriber } = &event.kind {
            break subscriber.clone();
        }
    };
    assert_eq!(behind, "slow");
    while slow.waiting() < 3 {
        std::thread::yield_now();
    }
    let mut got = 0;
    while slow.waiting() > 0 {
        got += u64::from(slow.try_next().is_some_and(|event| event.instance.is_some()));
    }
    let (conflated, dropped) = loop {
        let event = witness.recv().unwrap();
        if let EventKind::SubscriberCaughtUp { conflated, dropped, .. } = &event.kind {
            break (*conflated, *dropped);
        }
    };
    assert_eq!((got + conflated, dropped), (100, 0), "every event was got or counted");
}

#[test]
fn a_late_subscriber_gets_a_snapshot_and_only_what_is_later() {
    let bus = bus(2);
    let mut first = bus.subscribe("first", Delivery::State, 10);
    bus.publish(transition(0, 1));
    bus.publish(transition(1, 2));
    while first.recv().unwrap().seq < 2 {}
    let mut late = bus.subscribe("late", Delivery::State, 10);
    assert_eq!(late.snapshot().seq, 2);
    assert_eq!(late.snapshot().instance("VI_1").unwrap().state, State::Master);
    bus.publish(transition(0, 3));
    assert_eq!(late.recv().unwrap().seq, 3);
    assert_eq!(bus.snapshot().seq, 3);
}

#[test]
fn nobody_holds_a_publisher_up() {
    let bus = bus(1);
    let stalled: Vec<Subscription> = (0..64).map(|_| bus.subscribe("stalled", Delivery::State, 16)).collect();
    for term in 1..=10_000 {
        bus.publish(transition(0, term));
    }
    drop(bus);
    // Each of them gets the last state, and there is little to hold it.
    for mut subscription in stalled {
        let events = rest(&mut subscription);
        assert!(events.iter().any(|event| event.term == 10_000));
        assert!(events.len() < 100, "{}", events.len());
    }
}

#[test]
fn a_subscriber_that_left_is_forgotten_and_the_end_is_seen() {
    let bus = bus(1);
    drop(bus.subscribe("gone", Delivery::State, 1));
    let mut rest = bus.subscribe("rest", Delivery::State, 10);
    bus.publish(transition(0, 1));
    drop(bus);
    assert!(rest.recv().is_some());
    assert!(rest.recv().is_none());
    assert!(rest.recv().is_none());
}

#[test]
fn events_know_their_run_and_place() {
    let bus = bus(1);
    let mut subscription = bus.subscribe("test", Delivery::State, 1);
    bus.publish(transition(0, 1));
    let event = subscription.recv().unwrap();
    assert_eq!(&*event.node, "h1");
    assert!(event.id.starts_with("h1-") && event.id.ends_with("-1"), "{}", event.id);
}

/// Each event is there before the next one is published, on another way in.
#[test]
fn what_caused_another_comes_before_it_whichever_way_in_it_took() {
    // As many as find room, should the pump not get the processor.
    const COUNT: u64 = 30_000;
    let first = bus(1);
    let ways = [first.clone(), first.with_own_intake(), first.with_own_intake()];
    let mut heard = first.subscribe("test", Delivery::Durable, 1 << 20);
    for (term, way) in (1..=COUNT).zip(ways.iter().cycle()) {
        way.publish(transition(0, term));
    }
    let terms: Vec<u64> = (0..COUNT).map(|_| heard.recv().unwrap().term).collect();
    let disorder = terms.windows(2).find(|pair| pair[1] != pair[0] + 1);
    assert_eq!(disorder, None, "one came before its cause");
}
