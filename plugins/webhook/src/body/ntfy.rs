//! [ntfy](https://docs.ntfy.sh/publish/#publish-as-json): JSON, sent to the root with the topic in it. As headers, what is
//! not ASCII would have to be encoded.

use keepwatch_event::Severity;
use keepwatch_notify::Parcel;
use serde_json::{Value, json};

use super::words::{Words, cut};
use crate::endpoint::Endpoint;

/// A longer message becomes an attachment.
const LONGEST: usize = 4_000;
const TITLE: usize = 250;

/// The topic at the end of a URL, and the path to send to.
///
/// # Errors
///
/// That there is none.
pub(crate) fn topic(endpoint: &Endpoint) -> Result<(&str, String), String> {
    let (path, query) = match endpoint.path.split_once('?') {
        Some((path, query)) => (path, format!("?{query}")),
        None => (endpoint.path.as_str(), String::new()),
    };
    match path.rsplit_once('/') {
        Some((folder, topic)) if !topic.is_empty() => Ok((topic, format!("{folder}/{query}"))),
        _ => Err(format!(
            "{endpoint} names no topic: for ntfy a URL ends with it, as in https://ntfy.sh/TOPIC"
        )),
    }
}

pub(super) fn body(parcel: &Parcel, topic: &str) -> Value {
    let words = Words::of(parcel);
    let (priority, tag) = match parcel.severity() {
        Severity::Info => (3, "information_source"),
        Severity::Warning => (4, "warning"),
        Severity::Error => (5, "rotating_light"),
    };
    let below = words.below(LONGEST);
    let message = if below.is_empty() { words.foot } else { format!("{below}\n{}", words.foot) };
    json!({
        "topic": topic,
        "title": cut(&words.title, TITLE),
        "message": message,
        "priority": priority,
        "tags": [tag],
    })
}
