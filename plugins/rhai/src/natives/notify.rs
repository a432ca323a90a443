//! Messages to destinations of the administrator's.

use keepwatch_host::Content;
use rhai::{Dynamic, Engine, Map};

use super::Result;
use crate::reach::{Reach, invalid};
use crate::values::to_json;

/// `notify(destination, text)`, `mail(destination, subject, text)`, `mail(destination, #{ subject, text, html })`,
/// `webhook(destination, body)`.
pub(super) fn register(engine: &mut Engine, reach: &Reach) {
    let out = reach.clone();
    engine.register_fn("notify", move |destination: &str, text: Dynamic| {
        hand_in(&out, destination, Content::Text(text.to_string()))
    });
    let out = reach.clone();
    engine.register_fn("mail", move |destination: &str, subject: Dynamic, text: Dynamic| {
        let (subject, text) = (subject.to_string(), text.to_string());
        hand_in(&out, destination, Content::Mail { subject, text, html: None })
    });
    let out = reach.clone();
    engine.register_fn("mail", move |destination: &str, fields: Map| {
        hand_in(&out, destination, described(&fields)?)
    });
    let out = reach.clone();
    engine.register_fn("webhook", move |destination: &str, body: Dynamic| {
        let body = to_json(&body).map_err(|why| invalid(format!("this cannot be posted as JSON: {why}")))?;
        hand_in(&out, destination, Content::Post(body))
    });
}

fn described(fields: &Map) -> Result<Content> {
    let (mut subject, mut text, mut html) = (String::new(), String::new(), None);
    for (key, value) in fields {
        match key.as_str() {
            "subject" => subject = value.to_string(),
            "text" => text = value.to_string(),
            "html" => html = Some(value.to_string()),
            other => return Err(invalid(format!("a mail has no `{other}`; it has subject, text and html"))),
        }
    }
    Ok(Content::Mail { subject, text, html })
}

fn hand_in(reach: &Reach, destination: &str, content: Content) -> Result<()> {
    reach.wait(reach.host.notify(destination, content))
}
