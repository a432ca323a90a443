//! Made-up parcels: templates are tried on them, and people look at them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, InstanceStatus, Reason, Severity, State, Timestamp};
use serde_json::json;

use crate::letter::{Content, Letter};
use crate::parcel::{Attempt, Parcel};

/// Parcels of all shapes: of one event, of several and late, without an instance, of a plugin's words, and of a kind of
/// a later version.
#[must_use]
pub fn parcels() -> Vec<Parcel> {
    let late = Some(Duration::from_secs(90));
    vec![
        transition(),
        parcel(vec![master(1), backup(2), master(3)], 4, late),
        parcel(vec![general()], 0, None),
        parcel(vec![of_later()], 0, None),
        parcel(vec![words()], 0, late),
    ]
}

/// A host that has just become MASTER.
#[must_use]
pub fn transition() -> Parcel {
    parcel(vec![master(1)], 0, None)
}

fn parcel(letters: Vec<Letter>, omitted: u64, late: Option<Duration>) -> Parcel {
    let has_instance = letters.iter().any(|letter| letter.instance.is_some());
    let id = letters.first().map(|letter| letter.id.clone()).unwrap_or_default();
    let attempt = Attempt { number: if late.is_some() { 3 } else { 1 }, at: at(9).wall, late };
    let now = has_instance.then(|| Arc::new(status()));
    Parcel {
        id,
        destination: "admins".into(),
        node: "h1".into(),
        letters,
        omitted,
        attempt,
        now,
        served: Vec::new(),
    }
}

fn at(second: u64) -> Timestamp {
    let wall = SystemTime::UNIX_EPOCH + Duration::from_secs(1_772_973_468 + second);
    Timestamp { wall, monotonic: Duration::from_secs(5_000 + second) }
}

fn event(second: u64, instance: Option<&str>, severity: Severity, kind: EventKind) -> Letter {
    Letter::of_event(&Event {
        id: format!("h1-19cceaa1f00-3e8-{second}"),
        seq: second,
        at: at(second),
        node: "h1".into(),
        instance: instance.map(Into::into),
        severity,
        term: second,
        kind,
    })
}

fn master(second: u64) -> Letter {
    let reason = Reason::NoAdvert { silent: Duration::from_millis(3_609) };
    change(second, State::Backup, State::Master, reason)
}

fn backup(second: u64) -> Letter {
    let source = IpAddr::V4(Ipv4Addr::new(10, 1, 1, 20));
    change(second, State::Master, State::Backup, Reason::HigherPriority { source, theirs: 110 })
}

fn change(second: u64, from: State, to: State, reason: Reason) -> Letter {
    let kind = EventKind::Transition { from, to, reason, initial: false, priority: 101, steps: Vec::new() };
    event(second, Some("VI_1"), Severity::Info, kind)
}

fn general() -> Letter {
    event(4, None, Severity::Error, EventKind::Failed { error: "no memory".to_owned() })
}

fn of_later() -> Letter {
    let fields = json!({ "kind": "eclipse", "of": "the moon" });
    let fields = fields.as_object().cloned().unwrap_or_default();
    event(5, Some("VI_1"), Severity::Warning, EventKind::Unknown(fields))
}

fn words() -> Letter {
    let content = Content::Text { plugin: "haproxy".to_owned(), text: "HAProxy reloaded".to_owned() };
    Letter::of_plugin(content, None, at(6).wall)
}

fn status() -> InstanceStatus {
    InstanceStatus {
        name: "VI_1".into(),
        interface: "eth0".to_owned(),
        virtual_router_id: 51,
        version: 2,
        advert_interval: Duration::from_secs(1),
        base_priority: 101,
        priority: 101,
        addresses: vec!["10.1.1.30/32".to_owned()],
        held: vec!["10.1.1.30/32".to_owned()],
        state: State::Master,
        since: Some(at(3)),
        reason: Some(Reason::NoAdvert { silent: Duration::from_millis(3_609) }),
        term: 3,
        leaving: false,
        peer: None,
        announced: Some(at(3)),
        troubles: Vec::new(),
        counters: None,
        master_advert_interval: None,
    }
}
