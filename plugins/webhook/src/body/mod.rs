//! What a webhook says: a parcel as the octets that a server wants.

mod cloudevents;
mod ntfy;
mod pagerduty;
mod slack;
mod teams;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use ntfy::topic;

use keepwatch_notify::{Content, Parcel};
use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::secret::Secrets;
use crate::settings::{Body, Preset};

const JSON: &str = "application/json";

/// What one request carries.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) content_type: String,
    pub(crate) body: String,
    /// The path, where it is another one than the URL's.
    pub(crate) path: Option<String>,
}

impl Message {
    fn json(content_type: &str, value: &Value) -> Self {
        Self { content_type: content_type.to_owned(), body: value.to_string(), path: None }
    }
}

/// The messages for a parcel. It is one, but `PagerDuty` gets one for each incident, and perhaps none.
///
/// # Errors
///
/// Why there is none, such as a template's error.
pub(crate) fn compose(
    body: &Body,
    parcel: &Parcel,
    secrets: &Secrets,
    endpoint: &Endpoint,
) -> Result<Vec<Message>, String> {
    let message = match (body, posted(parcel)) {
        (Body::CloudEvents(several), _) => cloudevents::message(*several, parcel),
        (Body::Preset(Preset::PagerDuty { routing_key }), posted) => {
            let key = secrets.text(routing_key);
            let bodies = match posted {
                Some(body) => vec![with(body, "routing_key", key)],
                None => pagerduty::bodies(parcel, key),
            };
            return Ok(bodies.iter().map(|body| Message::json(JSON, body)).collect());
        }
        (Body::Preset(Preset::Ntfy), posted) => {
            let (topic, path) = topic(endpoint)?;
            let body = match posted {
                Some(body) => with(body, "topic", topic),
                None => ntfy::body(parcel, topic),
            };
            Message { path: Some(path), ..Message::json(JSON, &body) }
        }
        (Body::Template { .. } | Body::Preset(Preset::Slack | Preset::Teams), Some(body)) => {
            Message::json(JSON, body)
        }
        (Body::Template { template, content_type }, None) => {
            Message { content_type: content_type.clone(), body: template.render(parcel)?, path: None }
        }
        (Body::Preset(Preset::Slack), None) => Message::json(JSON, &slack::body(parcel)),
        (Body::Preset(Preset::Teams), None) => Message::json(JSON, &teams::body(parcel)),
    };
    Ok(vec![message])
}

/// The body that a plugin has made itself, if the parcel brings one.
fn posted(parcel: &Parcel) -> Option<&Value> {
    match &parcel.last().content {
        Content::Post { body, .. } => Some(body),
        Content::Event(_) | Content::Reminder(..) | Content::Text { .. } | Content::Mail { .. } => None,
    }
}

/// A plugin's body, with what it cannot know.
fn with(body: &Value, field: &str, text: &str) -> Value {
    let mut body = body.clone();
    if let Value::Object(fields) = &mut body {
        fields.insert(field.to_owned(), text.into());
    }
    body
}
