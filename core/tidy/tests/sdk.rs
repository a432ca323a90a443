//! The SDK's test harness reads what the daemon prints: the two know nothing of each other.

use std::path::Path;
use std::time::{Duration, SystemTime};

use keepwatch_control::{Answer, Because, End, Missed};
use keepwatch_event::{
    Event, EventKind, Health, Hindrance, InstanceStatus, Reason, Severity, Snapshot, State, Timestamp,
};
use keepwatch_sdk::testing::{Host, read_events};
use keepwatch_sdk::{Payload, Plugin, Setting, State as SdkState};

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

/// How things were before the events: one instance that is BACKUP and one that has not begun.
fn snapshot() -> Snapshot {
    let Event { at, .. } =
        event(EventKind::Custom { plugin: String::new(), name: String::new(), data: serde_json::Map::new() });
    let instance = |name: &str, since: Option<Timestamp>| InstanceStatus {
        name: name.into(),
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 101,
        priority: 101,
        addresses: vec!["10.1.1.30/24".into()],
        held: Vec::new(),
        state: if since.is_some() { State::Backup } else { State::Init },
        since,
        reason: since.map(|_| Reason::Started),
        term: u64::from(since.is_some()),
        leaving: false,
        peer: None,
        announced: None,
        troubles: Vec::new(),
        counters: None,
        master_advert_interval: None,
    };
    Snapshot::new("h1.example.com", at, vec![instance("VI_1", Some(at)), instance("VI_2", None)])
}

/// The lines of a recording in a file, and what `read` makes of it.
fn through_a_file<T>(name: &str, answers: &[Answer], read: impl FnOnce(&Path) -> T) -> T {
    let path = std::env::temp_dir().join(format!("keepwatch-tidy-{}-{name}.jsonl", std::process::id()));
    let lines: Vec<String> = answers.iter().map(|answer| serde_json::to_string(answer).unwrap()).collect();
    std::fs::write(&path, lines.join("\n")).unwrap();
    let read = read(&path);
    std::fs::remove_file(&path).unwrap();
    read
}

/// Each event in a recording as `keepwatch events record` writes it, and as the SDK reads it from there.
fn recorded(name: &str, events: &[Event]) -> Vec<keepwatch_sdk::Event> {
    let mut answers = vec![Answer::Snapshot(Box::new(snapshot())), Answer::Missed(Missed { events: 3 })];
    answers.extend(events.iter().cloned().map(Box::new).map(Answer::Event));
    answers.push(Answer::End(End { because: Because::Stopped }));
    through_a_file(name, &answers, |path| read_events(path)).unwrap()
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
        let read = recorded(&format!("transitions-{initial}"), &events);
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
    let read = recorded("health", &[health.clone(), other]);
    assert_eq!(read[0].text, health.kind.to_string());
    let Payload::HealthChange(change) = &read[0].payload else { panic!("{:?}", read[0].payload) };
    assert_eq!((change.track.as_str(), change.text.as_str()), ("web", "no answer"));
    assert_eq!((change.from, change.to), (keepwatch_sdk::Health::Pass, keepwatch_sdk::Health::Unknown));
    assert_eq!((read[1].kind.as_str(), &read[1].payload), ("address_lost", &Payload::Other));
}

/// Remembers how things were.
struct Memory(Vec<keepwatch_sdk::Snapshot>);

impl Plugin for Memory {
    type Config = serde_json::Value;

    fn settings() -> Vec<Setting> {
        Vec::new()
    }

    fn init(_: Self::Config, _: Option<&[u8]>) -> keepwatch_sdk::Result<Self> {
        Ok(Self(Vec::new()))
    }

    fn sync(&mut self, snapshot: &keepwatch_sdk::Snapshot) {
        self.0.push(snapshot.clone());
    }
}

#[test]
fn snapshots_are_read_as_they_are_printed() {
    let printed = snapshot();
    let mut plugin = Host::new().start::<Memory>(serde_json::json!({})).unwrap();
    let answers = [Answer::Snapshot(Box::new(printed.clone()))];
    let replayed = through_a_file("snapshot", &answers, |path| plugin.replay_file(path)).unwrap();
    assert!(replayed.is_empty());
    let [read] = &plugin.plugin().0[..] else { panic!("{} snapshots", plugin.plugin().0.len()) };
    assert_eq!(
        (read.seq, read.node.as_str(), read.at.monotonic),
        (0, "h1.example.com", printed.at.monotonic)
    );
    let told = |name: &str| {
        let instance = read.instance(name).unwrap();
        assert_eq!((instance.interface.as_str(), instance.priority), ("eth0", 101));
        assert_eq!((instance.addresses[0].as_str(), instance.since.wall), ("10.1.1.30/24", printed.at.wall));
        (instance.state, instance.reason.clone(), instance.term)
    };
    assert_eq!(told("VI_1"), (SdkState::Backup, Reason::Started.to_string(), 1));
    assert_eq!(told("VI_2"), (SdkState::Init, String::new(), 0));
    assert_eq!(serde_json::from_str::<Snapshot>(read.raw_json()).unwrap(), printed);
}
