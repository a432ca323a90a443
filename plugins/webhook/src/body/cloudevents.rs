//! [CloudEvents 1.0](https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md), structured. What
//! ours have in them is in the book (`webhooks.md`).

use keepwatch_event::Event;
use keepwatch_notify::{Content, Letter, Parcel};
use serde_json::{Value, json};

use super::Message;
use super::words::{gap, word};
use crate::settings::Several;

const ONE: &str = "application/cloudevents+json";
const BATCH: &str = "application/cloudevents-batch+json";

pub(super) fn message(several: Several, parcel: &Parcel) -> Message {
    let mut events: Vec<Value> = parcel.letters.iter().map(|letter| of_letter(parcel, letter)).collect();
    if let (1.., Some(event)) = (parcel.omitted, events.get_mut(gap(parcel))) {
        set(event, "omitted", integer(parcel.omitted));
    }
    match (events.as_slice(), several) {
        ([event], _) => Message::json(ONE, event),
        (_, Several::Batch) => Message::json(BATCH, &Value::Array(events)),
        (_, Several::Single) => Message::json(ONE, &group(parcel, &events)),
    }
}

fn of_letter(parcel: &Parcel, letter: &Letter) -> Value {
    let (kind, data) = match &letter.content {
        Content::Event(event) => (event.kind.name(), json!(event)),
        // Not of the event's type: what happened once must not count twice.
        Content::Reminder(event, times) => ("reminder", json!({ "times": times, "event": event })),
        Content::Text { plugin, text } => ("message", json!({ "plugin": plugin, "text": text })),
        Content::Mail { plugin, subject, text, .. } => {
            ("message", json!({ "plugin": plugin, "subject": subject, "text": text }))
        }
        Content::Post { plugin, body } => ("message", json!({ "plugin": plugin, "body": body })),
    };
    let mut envelope = envelope(parcel, letter, kind, &letter.id);
    if let Some(event) = letter.event() {
        set(&mut envelope, "term", integer(event.term));
        // With zeros, so that it can be compared as text.
        set(&mut envelope, "sequence", format!("{:020}", event.seq));
        if let Some(subject) = subject(event) {
            set(&mut envelope, "subject", subject);
        }
    }
    set(&mut envelope, "data", data);
    envelope
}

/// Several events as one, for servers that know no batches.
fn group(parcel: &Parcel, events: &[Value]) -> Value {
    let mut envelope = envelope(parcel, parcel.last(), "group", &format!("{}-group", parcel.id));
    set(&mut envelope, "severity", word(parcel.severity()));
    if let Some(instance) = parcel.instance() {
        set(&mut envelope, "subject", instance);
    }
    set(&mut envelope, "data", json!({ "events": events, "omitted": parcel.omitted }));
    envelope
}

fn envelope(parcel: &Parcel, letter: &Letter, kind: &str, id: &str) -> Value {
    let mut source = format!("/node/{}", encoded(&parcel.node));
    if let Some(instance) = &letter.instance {
        source.push_str("/vrrp/");
        source.push_str(&encoded(instance));
    }
    let mut envelope = json!({
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": format!("io.keepwatch.{kind}.v1"),
        "time": humantime::format_rfc3339_micros(letter.at).to_string(),
        "datacontenttype": "application/json",
        "severity": word(letter.severity),
    });
    if let Some(late) = parcel.attempt.late {
        set(&mut envelope, "lateseconds", integer(late.as_secs()));
        if let Some(now) = &parcel.now {
            set(&mut envelope, "statenow", now.state.to_string());
        }
    }
    envelope
}

/// Integers of `CloudEvents` have 32 bits, with a sign.
fn integer(number: u64) -> u64 {
    number.min(i32::MAX as u64)
}

fn set(envelope: &mut Value, name: &str, value: impl Into<Value>) {
    if let Value::Object(fields) = envelope {
        fields.insert(name.to_owned(), value.into());
    }
}

/// What an event is about: its instance, or what else it names.
fn subject(event: &Event) -> Option<&str> {
    if let Some(instance) = &event.instance {
        return Some(instance);
    }
    let kind = &event.kind;
    kind.track().or_else(|| kind.group()).or_else(|| kind.plugin())
}

/// A name as a segment of a URI's path (RFC 3986).
fn encoded(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    for octet in name.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            encoded.push(char::from(octet));
        } else {
            encoded.push_str(&format!("%{octet:02X}"));
        }
    }
    encoded
}
