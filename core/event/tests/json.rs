//! Events as JSON: the form other programs see.

use std::time::{Duration, SystemTime};

use keepwatch_event::{
    Anomaly, Departure, Ending, Event, EventKind, Hindrance, InstanceSettings, Reason, Severity, State,
    Steady, Step, StepTook, Timestamp, Unsteady,
};

fn event(kind: EventKind) -> Event {
    Event {
        id: "5f3a-7".into(),
        seq: 7,
        at: Timestamp {
            wall: SystemTime::UNIX_EPOCH + Duration::from_micros(1_772_973_468_342_468),
            monotonic: Duration::from_millis(1_500),
        },
        node: "h1.example.com".into(),
        instance: Some("VI_1".into()),
        severity: Severity::Info,
        term: 2,
        kind,
    }
}

#[test]
fn a_transition() {
    let event = event(EventKind::Transition {
        from: State::Backup,
        to: State::Master,
        reason: Reason::NoAdvert { silent: Duration::from_nanos(3_609_375_000) },
        initial: false,
        priority: 101,
        steps: vec![StepTook { step: Step::Advertised, took: Duration::from_micros(250) }],
    });
    let json = serde_json::to_string(&event).unwrap();
    assert_eq!(
        json,
        r#"{"id":"5f3a-7","seq":7,"at":{"wall":"2026-03-08T12:37:48.342468Z","monotonic_seconds":1.5},"node":"h1.example.com","instance":"VI_1","severity":"info","term":2,"kind":"transition","from":"BACKUP","to":"MASTER","reason":{"because":"no_advert","silent_seconds":3.609375},"initial":false,"priority":101,"steps":[{"step":"advertised","took_seconds":0.00025}]}"#
    );
    assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event);
}

/// Of an instance as they were before groups had them.
#[test]
fn what_changes_again_and_again_has_its_fields_beside_the_others() {
    let unsteady = |group: Option<&str>| {
        let (group, within) = (group.map(str::to_owned), Duration::from_millis(1_500));
        EventKind::UnsteadyStarted(Unsteady { group, changes: 8, within })
    };
    let settled = EventKind::UnsteadyStopped(Steady { group: None, state: State::Fault, untold: 3 });
    for (kind, json) in [
        (unsteady(None), r#"{"kind":"unsteady_started","changes":8,"within_seconds":1.5}"#),
        (unsteady(Some("G")), r#"{"kind":"unsteady_started","group":"G","changes":8,"within_seconds":1.5}"#),
        (settled, r#"{"kind":"unsteady_stopped","state":"FAULT","untold":3}"#),
    ] {
        assert_eq!(serde_json::to_string(&kind).unwrap(), json);
        assert_eq!(serde_json::from_str::<EventKind>(json).unwrap(), kind);
        let event = event(kind);
        let text = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), event);
    }
}

fn settings() -> InstanceSettings {
    InstanceSettings {
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 3,
        advert_interval: Duration::from_millis(100),
        base_priority: 101,
        addresses: vec!["10.1.1.30/24".into()],
    }
}

#[test]
fn every_shape_is_read_back() {
    let kinds = [
        EventKind::AdvertAnomaly {
            source: "10.1.1.20".parse().unwrap(),
            anomaly: Anomaly::DuplicateVrid { vrid: 51, theirs: None },
            both_master: false,
        },
        EventKind::Transition {
            from: State::Init,
            to: State::Fault,
            reason: Reason::Hindered(Hindrance::InterfaceDown { interface: "eth0".into() }),
            initial: true,
            priority: 100,
            steps: Vec::new(),
        },
        EventKind::Leaving {
            departure: Departure::Stop,
            reason: Reason::Stopped,
            priority: 100,
            patience: Duration::from_millis(1_300),
        },
        EventKind::Transition {
            from: State::Backup,
            to: State::Stopped,
            reason: Reason::Removed,
            initial: false,
            priority: 100,
            steps: Vec::new(),
        },
        EventKind::Left {
            departure: Departure::Yield,
            ending: Ending::TakenOver {
                successor: Some("10.1.1.20".parse().unwrap()),
                after: Duration::from_millis(613),
            },
            took: Duration::from_millis(634),
        },
        EventKind::Left {
            departure: Departure::Stop,
            ending: Ending::NobodyCame,
            took: Duration::from_millis(1_300),
        },
        EventKind::OneWay { source: None, mac: "02:00:00:00:00:14".into() },
        EventKind::InstanceAdded { settings: settings() },
        EventKind::InstanceChanged {
            settings: settings(),
            was: Some("VI_0".into()),
            changes: vec!["priority 100 -> 101".into()],
        },
        EventKind::InstanceRemoved { priority: 100 },
        EventKind::Resynchronised,
        EventKind::Stalled { late: Duration::from_secs(5) },
        EventKind::AddressAdded { address: "fd00::30/64".into(), interface: "eth0".into() },
    ];
    for kind in kinds {
        let event = event(kind);
        let json = serde_json::to_string(&event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&json).unwrap(), event, "{json}");
    }
}

#[test]
fn unknown_fields_are_ignored() {
    let json = r#"{"id":"a","seq":1,"at":{"wall":"2026-03-08T12:37:48Z","monotonic_seconds":0,"x":1},
        "node":"n","severity":"warning","kind":"resynchronised","later":true}"#;
    let event: Event = serde_json::from_str(json).unwrap();
    assert_eq!((event.kind, event.term), (EventKind::Resynchronised, 0));
}

#[test]
fn a_kind_of_a_later_version_is_kept_whole() {
    let json = r#"{"id":"a","seq":1,"at":{"wall":"2026-03-08T12:37:48.000000Z","monotonic_seconds":0.0},"node":"n","severity":"warning","term":0,"kind":"eclipse","of":"sun"}"#;
    let event: Event = serde_json::from_str(json).unwrap();
    assert_eq!(event.kind.name(), "eclipse");
    assert_eq!(event.kind.to_string(), "eclipse (of a later version)");
    let again: serde_json::Value = serde_json::to_value(&event).unwrap();
    assert_eq!(again, serde_json::from_str::<serde_json::Value>(json).unwrap());
    let told = json.replace(r#""of":"sun""#, r#""text":"of the\nsun""#);
    let event: Event = serde_json::from_str(&told).unwrap();
    assert_eq!(event.kind.to_string(), "eclipse: of the / sun (of a later version)");
}

#[test]
fn names_are_those_in_json() {
    let plugin = || "p".to_owned();
    let kinds = [
        (EventKind::Resynchronised, "resynchronised"),
        (EventKind::PeerResigned { source: "10.1.1.20".parse().unwrap() }, "peer_resigned"),
        (EventKind::PluginUnloaded { plugin: plugin() }, "plugin_unloaded"),
        (EventKind::Custom { plugin: plugin(), name: "n".into(), data: serde_json::Map::new() }, "custom"),
    ];
    for (kind, name) in kinds {
        assert_eq!(kind.name(), name);
        assert!(keepwatch_event::KINDS.contains(&name));
        assert_eq!(serde_json::to_value(event(kind)).unwrap()["kind"], name);
    }
}
