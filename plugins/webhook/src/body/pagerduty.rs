//! [`PagerDuty`'s Events API v2](https://developer.pagerduty.com/docs/events-api-v2/trigger-events/): incidents that are
//! opened and resolved.

use keepwatch_event::{Event, EventKind, Health, Severity, State, Steady, Unsteady};
use keepwatch_notify::{Content, Letter, Parcel};
use ring::digest;
use serde_json::{Value, json};

use super::words::{cut, late, word};

/// The longest summary, and the longest key of an incident.
const SUMMARY: usize = 1_024;
const KEY: usize = 255;

/// What becomes of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Action {
    Trigger,
    Resolve,
}

/// The last word about each incident that a parcel concerns.
pub(super) fn bodies(parcel: &Parcel, routing_key: &str) -> Vec<Value> {
    let mut last: Vec<(String, Action, &Letter)> = Vec::new();
    for letter in &parcel.letters {
        let Some((key, action)) = incident(parcel, letter) else { continue };
        last.retain(|(known, ..)| *known != key);
        last.push((key, action, letter));
    }
    last.iter().map(|(key, action, letter)| body(parcel, letter, key, *action, routing_key)).collect()
}

fn body(parcel: &Parcel, letter: &Letter, key: &str, action: Action, routing_key: &str) -> Value {
    let late = late(parcel);
    let remark = late.as_ref().map(|late| format!(" ({late})")).unwrap_or_default();
    let summary = format!("{}: {}{remark}", parcel.node, letter.line());
    let (class, text) = match &letter.content {
        Content::Event(event) | Content::Reminder(event, _) => (event.kind.name(), None),
        Content::Text { text, .. } | Content::Mail { text, .. } => ("message", Some(text)),
        Content::Post { .. } => ("message", None),
    };
    let details = json!({
        "event": letter.event(),
        "text": text,
        "late": late,
        "state_now": parcel.now.as_ref().map(|now| now.state),
    });
    let payload = json!({
        "summary": cut(&summary, SUMMARY),
        "source": *parcel.node,
        "severity": word(letter.severity),
        "timestamp": humantime::format_rfc3339_millis(letter.at).to_string(),
        "component": letter.instance,
        "class": class,
        "custom_details": given(details),
    });
    json!({
        "routing_key": routing_key,
        "event_action": match action {
            Action::Trigger => "trigger",
            Action::Resolve => "resolve",
        },
        "dedup_key": key,
        "client": "keepwatch",
        "payload": given(payload),
    })
}

/// An object without fields that are null: what is not there is not to be said.
fn given(mut object: Value) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.retain(|_, value| !value.is_null());
    }
    object
}

/// The incident that a letter concerns, and what becomes of it. None where nobody need be called.
fn incident(parcel: &Parcel, letter: &Letter) -> Option<(String, Action)> {
    match &letter.content {
        Content::Event(event) | Content::Reminder(event, _) => of_event(parcel, event),
        // A plugin that writes to a pager wants somebody called.
        Content::Text { .. } | Content::Mail { .. } | Content::Post { .. } => {
            Some((key(parcel, &format!("message/{}", letter.id)), Action::Trigger))
        }
    }
}

fn of_event(parcel: &Parcel, event: &Event) -> Option<(String, Action)> {
    use Action::{Resolve, Trigger};
    let about = event.instance.as_ref().map(|instance| format!("vrrp/{instance}")).unwrap_or_default();
    let (what, action) = match &event.kind {
        EventKind::Transition { to: State::Fault, .. } => (about, Trigger),
        EventKind::Transition { to: State::Master | State::Backup, .. } => (about, Resolve),
        EventKind::GroupChanged { group, to: State::Fault, .. } => (format!("group/{group}"), Trigger),
        EventKind::GroupChanged { group, to: State::Master | State::Backup, .. } => {
            (format!("group/{group}"), Resolve)
        }
        // What changes again and again is the incident of its failure: what it settles at decides, for the changes between
        // were not told.
        EventKind::HealthChanged { track, to: Health::Pass, .. }
        | EventKind::FlappingStopped { track, health: Health::Pass } => (format!("check/{track}"), Resolve),
        EventKind::HealthChanged { track, .. }
        | EventKind::FlappingStarted { track, .. }
        | EventKind::FlappingStopped { track, .. } => (format!("check/{track}"), Trigger),
        EventKind::UnsteadyStarted(Unsteady { group, .. })
        | EventKind::UnsteadyStopped(Steady { group, state: State::Fault, .. }) => {
            (unsteady(about, group.as_deref()), Trigger)
        }
        EventKind::UnsteadyStopped(Steady { group, .. }) => (unsteady(about, group.as_deref()), Resolve),
        kind if event.severity >= Severity::Warning => {
            let about = if about.is_empty() { about } else { format!("{about}/") };
            (format!("{about}{}", kind.name()), Trigger)
        }
        _ => return None,
    };
    Some((key(parcel, &what), action))
}

/// The instance or the sync group that is unsteady.
fn unsteady(instance: String, group: Option<&str>) -> String {
    group.map_or(instance, |group| format!("group/{group}"))
}

/// An incident's key: the same as long as host and subject are. One that is too long has a sum for its end.
fn key(parcel: &Parcel, what: &str) -> String {
    let key = format!("keepwatch/{}/{what}", parcel.node);
    if key.len() <= KEY {
        return key;
    }
    let sum = digest::digest(&digest::SHA256, key.as_bytes());
    let sum: String = sum.as_ref().iter().take(16).map(|octet| format!("{octet:02x}")).collect();
    format!("{}{sum}", cut(&key, KEY - sum.len()))
}
