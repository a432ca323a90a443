//! Snapshots: how things are is what the events add up to.

use std::time::{Duration, SystemTime};

use keepwatch_event::{
    Event, EventKind, Health, InstanceSettings, InstanceStatus, PluginState, Reason, Severity, Snapshot,
    State, Timestamp,
};

fn at(seconds: u64) -> Timestamp {
    let monotonic = Duration::from_secs(seconds);
    Timestamp { wall: SystemTime::UNIX_EPOCH + monotonic, monotonic }
}

fn snapshot() -> Snapshot {
    let instance = InstanceStatus {
        name: "VI_1".into(),
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 100,
        priority: 100,
        addresses: vec!["10.1.1.30/24".into()],
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
    };
    Snapshot::new("h1", at(0), vec![instance])
}

fn event(seq: u64, instance: Option<&str>, severity: Severity, kind: EventKind) -> Event {
    let (id, term) = (format!("h1-{seq}"), seq);
    Event {
        id,
        seq,
        at: at(seq),
        node: "h1".into(),
        instance: instance.map(Into::into),
        severity,
        term,
        kind,
    }
}

fn transition(from: State, to: State) -> EventKind {
    let reason = Reason::Recovered;
    EventKind::Transition { from, to, reason, initial: false, priority: 100, steps: Vec::new() }
}

/// What a reload makes of instances: one goes on under another name, one comes, one goes.
#[test]
fn a_reload_changes_adds_and_removes_instances() {
    let mut now = snapshot();
    let settings = |base_priority| InstanceSettings {
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority,
        addresses: vec!["10.1.1.31/24".into()],
    };
    let mut apply = |seq, name, kind| now.apply(&event(seq, Some(name), Severity::Info, kind));
    apply(1, "VI_1", transition(State::Backup, State::Master));
    let (was, changes) = (Some("VI_1".to_owned()), vec!["priority 100 -> 150".to_owned()]);
    apply(2, "web", EventKind::InstanceChanged { settings: settings(150), was, changes });
    apply(3, "VI_2", EventKind::InstanceAdded { settings: settings(90) });
    let names: Vec<&str> = now.instances.iter().map(|instance| &*instance.name).collect();
    assert_eq!(names, ["web", "VI_2"]);
    let web = now.instance("web").unwrap();
    assert_eq!((web.state, web.term, web.base_priority), (State::Master, 1, 150), "it goes on");
    assert_eq!(web.addresses, ["10.1.1.31/24"]);
    let added = now.instance("VI_2").unwrap();
    assert_eq!((added.state, added.priority, added.since), (State::Init, 90, None));
    now.apply(&event(4, Some("web"), Severity::Info, EventKind::InstanceRemoved { priority: 150 }));
    assert!(now.instance("web").is_none() && now.instances.len() == 1);
}

#[test]
fn an_instance_is_what_its_events_say() {
    let mut now = snapshot();
    let (address, interface) = ("10.1.1.30/24".to_owned(), "eth0".to_owned());
    let error = "no".to_owned();
    let source = "10.1.1.20".parse().unwrap();
    let kinds = [
        (Severity::Info, transition(State::Init, State::Backup)),
        (Severity::Info, EventKind::PeerSeen { source, priority: 90 }),
        (Severity::Warning, EventKind::PeerLost { source, silent: Duration::from_secs(4) }),
        (Severity::Info, transition(State::Backup, State::Master)),
        (
            Severity::Error,
            EventKind::AddressFailed { address: address.clone(), interface: interface.clone(), error },
        ),
    ];
    for (seq, (severity, kind)) in (1..).zip(kinds) {
        now.apply(&event(seq, Some("VI_1"), severity, kind));
    }
    let instance = now.instance("VI_1").unwrap();
    assert_eq!((instance.state, instance.since, instance.term), (State::Master, Some(at(4)), 5));
    assert!(!instance.peer.as_ref().unwrap().heard);
    assert_eq!(instance.troubles.len(), 1, "what was wrong before the transition is past");
    assert_eq!(now.seq, 5);

    now.apply(&event(6, Some("VI_1"), Severity::Info, EventKind::AddressAdded { address, interface }));
    let instance = now.instance("VI_1").unwrap();
    assert_eq!((instance.held.as_slice(), instance.troubles.len()), (&["10.1.1.30/24".to_owned()][..], 0));
}

#[test]
fn an_address_that_comes_late_is_announced_by_itself() {
    let mut now = snapshot();
    let addresses = vec!["10.1.1.31 on eth0".to_owned()];
    now.apply(&event(1, Some("VI_1"), Severity::Info, EventKind::Announcing { addresses }));
    let (address, interface) = ("10.1.1.30/24".to_owned(), "eth0".to_owned());
    now.apply(&event(5, Some("VI_1"), Severity::Info, EventKind::AddressPutBack { address, interface }));
    assert_eq!(now.instance("VI_1").unwrap().announced, Some(at(5)));
}

#[test]
fn what_was_taken_in_already_changes_nothing() {
    let mut now = snapshot();
    now.apply(&event(2, Some("VI_1"), Severity::Info, transition(State::Init, State::Backup)));
    let before = now.clone();
    now.apply(&event(1, Some("VI_1"), Severity::Info, transition(State::Init, State::Master)));
    now.apply(&event(2, Some("VI_1"), Severity::Info, transition(State::Init, State::Master)));
    assert_eq!(now, before);
}

#[test]
fn one_trouble_told_often_is_one_trouble() {
    let mut now = snapshot();
    let stalled = |seconds| EventKind::Stalled { late: Duration::from_secs(seconds) };
    for seq in 1..=20 {
        now.apply(&event(seq, Some("VI_1"), Severity::Warning, stalled(seq)));
    }
    let [trouble] = now.instance("VI_1").unwrap().troubles.as_slice() else { panic!("one trouble") };
    assert_eq!((trouble.times, trouble.first, trouble.last), (20, at(1), at(20)));
    assert_eq!(trouble.text, "did not run for 20.0 s");
}

#[test]
fn plugins_and_tracks_are_kept_by_name() {
    let mut now = snapshot();
    let plugin = || "haproxy".to_owned();
    let path = || "haproxy.rhai".to_owned();
    let kinds = [
        EventKind::PluginLoaded { plugin: plugin(), path: path(), role: "handler".into() },
        EventKind::PluginRefused { plugin: plugin(), path: path(), reason: "line 3".into(), kept: true },
        EventKind::HealthChanged {
            track: "db".into(),
            from: Health::Unknown,
            to: Health::Pass,
            text: "0.1 s behind".into(),
        },
    ];
    for (seq, kind) in (1..).zip(kinds) {
        now.apply(&event(seq, None, Severity::Info, kind));
    }
    let [status] = now.plugins.as_slice() else { panic!("one plugin") };
    let refused = "its new version was refused, the one before runs on: line 3";
    assert_eq!((status.state, status.trouble.as_deref()), (PluginState::Running, Some(refused)));
    assert_eq!(now.tracks[0].health, Health::Pass);
    let failed = EventKind::PluginFailed {
        plugin: plugin(),
        failure: "trapped".into(),
        restart_after: Duration::from_secs(1),
    };
    now.apply(&event(4, None, Severity::Error, failed));
    assert_eq!(now.plugins[0].state, PluginState::Restarting);
    now.apply(&event(5, None, Severity::Info, EventKind::PluginRestarted { plugin: plugin() }));
    assert_eq!(now.plugins[0].state, PluginState::Running);
    assert_eq!(now.plugins[0].trouble.as_deref(), Some("it trapped"), "still readable, and still true");
    let (failure, retry_after) = ("trapped".into(), Duration::from_secs(60));
    let disabled = EventKind::PluginDisabled { plugin: plugin(), failure, retry_after };
    now.apply(&event(6, None, Severity::Error, disabled));
    assert_eq!(now.plugins[0].state, PluginState::Disabled);
    now.apply(&event(7, None, Severity::Info, EventKind::PluginRestarted { plugin: plugin() }));
    let trouble = "failed too often, tried again after 60.0 s; at last it trapped";
    assert_eq!(now.plugins[0].trouble.as_deref(), Some(trouble));
    now.apply(&event(8, None, Severity::Info, EventKind::PluginUnloaded { plugin: plugin() }));
    assert!(now.plugins.is_empty());
}

#[test]
fn it_survives_json() {
    let mut now = snapshot();
    now.apply(&event(1, Some("VI_1"), Severity::Info, transition(State::Init, State::Backup)));
    let json = serde_json::to_string(&now).unwrap();
    assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), now);
}

#[test]
fn a_check_flaps_until_it_has_settled() {
    let mut now = snapshot();
    let changed = |to, text: &str| EventKind::HealthChanged {
        track: "web".into(),
        from: Health::Unknown,
        to,
        text: text.into(),
    };
    let within = Duration::from_secs(60);
    let kinds = [
        changed(Health::Pass, "1 ms"),
        EventKind::FlappingStarted { track: "web".into(), changes: 6, within },
        changed(Health::Fail, "no answer"),
        EventKind::FlappingStopped { track: "web".into(), health: Health::Fail },
    ];
    let mut seen = Vec::new();
    for (number, kind) in (1..).zip(kinds) {
        now.apply(&event(number, None, Severity::Info, kind));
        seen.push((now.tracks[0].health, now.tracks[0].flapping));
    }
    let expected = [(Health::Pass, false), (Health::Pass, true), (Health::Fail, true), (Health::Fail, false)];
    assert_eq!(seen, expected);
}

/// It is told of once, as the host takes its addresses; that it cannot be added is so for as long as it is MASTER.
#[test]
fn why_an_address_is_refused_is_known_while_the_host_is_master() {
    let mut now = snapshot();
    let failed = EventKind::AddressFailed {
        address: "10.1.1.30/32".into(),
        interface: "eth0".into(),
        error: "no".into(),
    };
    now.apply(&event(1, Some("VI_1"), Severity::Error, failed));
    let to = |to| EventKind::Transition {
        from: State::Backup,
        to,
        reason: Reason::Started,
        initial: false,
        priority: 100,
        steps: Vec::new(),
    };
    now.apply(&event(2, Some("VI_1"), Severity::Info, to(State::Master)));
    assert_eq!(now.instance("VI_1").unwrap().troubles.len(), 1);
    now.apply(&event(3, Some("VI_1"), Severity::Info, to(State::Backup)));
    assert_eq!(now.instance("VI_1").unwrap().troubles.len(), 0);
}

/// What is wrong with an address is past when a reload takes it out; one that could not be removed is still there.
#[test]
fn troubles_of_an_address_go_with_it() {
    let mut now = snapshot();
    let address = || "10.1.1.31/24".to_owned();
    let (interface, error) = (|| "eth0".to_owned(), || "no".to_owned());
    let kinds = [
        EventKind::AddressFailed { address: address(), interface: interface(), error: error() },
        EventKind::AddressLost { address: address(), interface: interface() },
        EventKind::AddressFailed { address: "10.1.1.30/24".into(), interface: interface(), error: error() },
        EventKind::AddressStuck { address: address(), interface: interface(), error: error() },
        EventKind::Stalled { late: Duration::from_secs(9) },
    ];
    for (seq, kind) in (1..).zip(kinds) {
        now.apply(&event(seq, Some("VI_1"), Severity::Error, kind));
    }
    let settings = |addresses: &[&str]| InstanceSettings {
        interface: "eth0".into(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 100,
        addresses: addresses.iter().map(|&address| address.to_owned()).collect(),
    };
    let mut kinds_after = |seq, addresses: &[&str]| {
        let kind =
            EventKind::InstanceChanged { settings: settings(addresses), was: None, changes: Vec::new() };
        now.apply(&event(seq, Some("VI_1"), Severity::Info, kind));
        let troubles = &now.instance("VI_1").unwrap().troubles;
        troubles.iter().map(|trouble| trouble.kind.clone()).collect::<Vec<String>>()
    };
    assert_eq!(kinds_after(6, &["10.1.1.30/24", "10.1.1.31/24"]).len(), 5);
    assert_eq!(kinds_after(7, &["10.1.1.30/24"]), ["address_failed", "address_stuck", "stalled"]);
}

#[test]
fn a_part_that_cannot_work_is_seen_with_how_often_it_was_told() {
    let mut now = snapshot();
    let kind =
        EventKind::Degraded { part: "store".into(), error: "no disk".into(), consequence: "lost".into() };
    for number in 1..=2 {
        now.apply(&event(number, None, Severity::Warning, kind.clone()));
    }
    let told: Vec<(&str, u64)> =
        now.troubles.iter().map(|trouble| (trouble.kind.as_str(), trouble.times)).collect();
    assert_eq!(told, [("degraded", 2)]);
    now.apply(&event(3, None, Severity::Info, EventKind::Recovered { part: "another".into() }));
    assert_eq!(now.troubles.len(), 1);
    now.apply(&event(4, None, Severity::Info, EventKind::Recovered { part: "store".into() }));
    assert_eq!(now.troubles, []);
}
