//! [Slack's incoming webhooks](https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks/).

use keepwatch_notify::Parcel;
use serde_json::{Value, json};

use super::words::Words;

/// A section's text may have 3,000 characters.
const SECTION: usize = 2_900;

pub(super) fn body(parcel: &Parcel) -> Value {
    let words = Words::of(parcel);
    let title = escaped(&words.title);
    let below = escaped(&words.below(SECTION));
    let mut blocks = vec![section(&format!("*{title}*"))];
    if !below.is_empty() {
        blocks.push(section(&below));
    }
    let foot = escaped(&words.foot);
    blocks.push(json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": foot }] }));
    json!({ "text": title, "blocks": blocks })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } })
}

/// So that a name is neither a link nor a call to the whole channel (`<!channel>`). No escape is cut in half.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if escaped.len() > SECTION {
            escaped.push_str("...");
            break;
        }
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            c => escaped.push(c),
        }
    }
    escaped
}
