//! [Microsoft Teams](https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook):
//! the message with a card that a workflow posts.

use keepwatch_event::Severity;
use keepwatch_notify::Parcel;
use serde_json::{Value, json};

use super::words::{Words, cut};

/// A message may have 28 kB, and JSON doubles what it escapes.
const LONGEST: usize = 8_000;

pub(super) fn body(parcel: &Parcel) -> Value {
    let words = Words::of(parcel);
    let colour = match parcel.severity() {
        Severity::Info => "default",
        Severity::Warning => "warning",
        Severity::Error => "attention",
    };
    let title = cut(&words.title, LONGEST);
    let mut blocks =
        vec![block(json!({ "type": "TextRun", "text": title, "weight": "bolder", "color": colour }))];
    let below = words.below(LONGEST);
    blocks.extend(below.lines().map(|line| block(json!({ "type": "TextRun", "text": line }))));
    blocks.push(block(json!({ "type": "TextRun", "text": words.foot, "isSubtle": true, "size": "small" })));
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "msteams": { "width": "full" },
        "body": blocks,
    });
    let content_type = "application/vnd.microsoft.card.adaptive";
    json!({ "type": "message", "attachments": [{ "contentType": content_type, "content": card }] })
}

/// A `TextBlock` would read Markdown, in names, too; a `TextRun` reads nothing.
fn block(run: Value) -> Value {
    json!({ "type": "RichTextBlock", "inlines": [run] })
}
