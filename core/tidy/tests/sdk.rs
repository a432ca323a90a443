//! The SDK's test harness reads what the daemon prints: the two know nothing of each other.

use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, Health, Hindrance, Reason, Severity, State, Timestamp};
use keepwatch_sdk::testing::read_events;
use keepwatch_sdk::{Payload, State as SdkState};

fn event(kind: EventKind) -> Event {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_micros(1_772_973_468_342_468);
    Event {
        id: "5f3a-7".into(),
        seq: 7,
        at: Timestamp { wall, monotonic: Duration::from_millis(1_500) },
        node: "h1.example.com".into(),
        instance: Some("VI_1".into()),
        severity: Severity::Warning,
        term: 2,
        kind,
    }
}

fn transition(reason: Reason, initial: bool) -> EventKind {
    EventKind::Transition {
        from: State::Backup,
        to: State::Master,
        reason,
        initial,
        priority: 101,
        steps: Vec::new(),
    }
}

/// Each event as JSON in a file, and as the SDK reads it from there.
fn through_a_file(name: &str, events: &[Event]) -> Vec<keepwatch_sdk::Event> {
    let path = std::env::temp_dir().join(format!("keepwatch-tidy-{}-{name}.jsonl", std::process::id()));
    let lines: Vec<String> = events.iter().map(|event| serde_json::to_string(event).unwrap()).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let read = read_events(&path);
    std::fs::remove_file(&path).unwrap();
    read.unwrap()
}

#[test]
fn transitions_are_read_as_they_are_printed() {
    let source = "10.1.1.20".parse().unwrap();
    let reasons = [
        (Reason::Started, "started", true),
        (Reason::NoAdvert { silent: Duration::from_nanos(3_609_375_000) }, "no_advert", true),
        (Reason::NoAdvert { silent: Duration::from_nanos(36_093_750) }, "no_advert", true),
        (Reason::NoAdvert { silent: Duration::from_secs(12) }, "no_advert", true),
        (Reason::MasterResigned { source }, "master_resigned", true),
        (Reason::HigherPriority { source, theirs: 150 }, "higher_priority", true),
        // The words are the daemon's alone.
        (Reason::Hindered(Hindrance::InterfaceDown { interface: "eth0".into() }), "hindered", false),
        (Reason::HandedOver, "handed_over", false),
    ];
    for initial in [false, true] {
        let events: Vec<Event> =
            reasons.iter().map(|(reason, ..)| event(transition(reason.clone(), initial))).collect();
        let read = through_a_file(&format!("transitions-{initial}"), &events);
        for ((printed, read), (_, because, same_words)) in events.iter().zip(&read).zip(&reasons) {
            let transition = read.transition().unwrap();
            assert_eq!((transition.from, transition.to), (SdkState::Backup, SdkState::Master));
            assert_eq!((transition.because.as_str(), transition.initial), (*because, initial));
            assert_eq!((read.seq, read.term, read.kind.as_str()), (7, 2, "transition"));
            assert_eq!(read.at.wall, printed.at.wall);
            assert_eq!(read.at.monotonic, printed.at.monotonic);
            if *same_words {
                assert_eq!(read.text, printed.kind.to_string());
            }
        }
    }
}

#[test]
fn health_and_other_kinds_are_read_as_they_are_printed() {
    let health = event(EventKind::HealthChanged {
        track: "web".into(),
        from: Health::Pass,
        to: Health::Unknown,
        text: "no answer".into(),
    });
    let other = event(EventKind::AddressLost { address: "10.1.1.30/24".into(), interface: "eth0".into() });
    let read = through_a_file("health", &[health.clone(), other]);
    assert_eq!(read[0].text, health.kind.to_string());
    let Payload::HealthChange(change) = &read[0].payload else { panic!("{:?}", read[0].payload) };
    assert_eq!((change.track.as_str(), change.text.as_str()), ("web", "no answer"));
    assert_eq!((change.from, change.to), (keepwatch_sdk::Health::Pass, keepwatch_sdk::Health::Unknown));
    assert_eq!((read[1].kind.as_str(), &read[1].payload), ("address_lost", &Payload::Other));
}
