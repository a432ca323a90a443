//! What plugins have told to people and services: mails, webhooks.

use std::sync::Arc;

use keepwatch_event::{Event, EventKind};
use serde_json::Value;

use crate::error::HostError;
use crate::host::{at_most, printable};
use crate::plugin::Work;

/// The largest message, all its parts together.
const LARGEST: usize = 64 << 10;

/// A plugin's message for one of the administrator's destinations.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The plugin.
    pub plugin: Arc<str>,
    /// The name in `[notify.NAME]`.
    pub destination: String,
    /// What it says.
    pub content: Content,
    /// The event that the plugin handles, if it handles one.
    pub about: Option<Arc<Event>>,
    /// Which of the present call's messages it is, from 1.
    pub number: u32,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Content {
    /// A line or more, for destinations of every kind.
    Text(String),
    /// A mail in the plugin's own words.
    Mail {
        /// Its subject.
        subject: String,
        /// Its text.
        text: String,
        /// The same for who reads HTML.
        html: Option<String>,
    },
    /// A webhook's body.
    Post(Value),
}

/// Where messages go. Called from plugins' threads; whoever calls stops waiting when the call's time is over.
pub trait Messenger: Send + Sync {
    /// Takes a message over: what is taken is delivered sooner or later, or given up and kept for the administrator.
    fn hand_in(&self, message: Message) -> Work<'_, Result<(), HostError>>;
}

impl Message {
    /// Refuses a message about a message where it would be followed by an event of the same sort, and so on.
    pub(crate) fn check_end(&self) -> Result<(), HostError> {
        let Some(event) = &self.about else { return Ok(()) };
        let is_delivered = matches!(event.kind, EventKind::DeliverySucceeded { .. });
        if !is_delivered && event.kind.destination() != Some(self.destination.as_str()) {
            return Ok(());
        }
        let what =
            if is_delivered { "that a message was delivered" } else { "what became of its own messages" };
        Err(HostError::invalid(format!("{} is not told {what}: that would never end", self.destination)))
    }
}

impl Content {
    /// The same with line breaks of one kind and without control characters, for it is read in terminals, too.
    ///
    /// # Errors
    ///
    /// If it says nothing, or is too large.
    pub(crate) fn checked(self) -> Result<Self, HostError> {
        let clean = |text: &str| printable(&text.replace("\r\n", "\n"), LARGEST);
        let (length, content) = match self {
            Self::Text(text) => {
                not_empty("the message", &text)?;
                (text.len(), Self::Text(clean(&text)))
            }
            Self::Mail { subject, text, html } => {
                not_empty("the mail's subject", &subject)?;
                let length = subject.len() + text.len() + html.as_ref().map_or(0, String::len);
                let html = html.as_deref().map(clean);
                (length, Self::Mail { subject: clean(&subject), text: clean(&text), html })
            }
            Self::Post(body) => (body.to_string().len(), Self::Post(body)),
        };
        at_most("the message", length, LARGEST)?;
        Ok(content)
    }
}

fn not_empty(what: &str, text: &str) -> Result<(), HostError> {
    if text.trim().is_empty() { Err(HostError::invalid(format!("{what} is empty"))) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn what_is_said_can_be_read_in_a_terminal() {
        let said = Content::Text("a\r\nb\u{1b}[31m".to_owned()).checked();
        assert_eq!(said, Ok(Content::Text("a\nb\\u{1b}[31m".to_owned())));
        let mail = |subject: &str| Content::Mail {
            subject: subject.to_owned(),
            text: String::new(),
            html: Some("<p>\r\n</p>".to_owned()),
        };
        let Ok(Content::Mail { subject, html, .. }) = mail("s\u{7}").checked() else { panic!() };
        assert_eq!((subject.as_str(), html.as_deref()), ("s\\u{7}", Some("<p>\n</p>")));
        let error = mail("\n").checked().unwrap_err();
        assert_eq!((error.kind, error.text.as_str()), (ErrorKind::Invalid, "the mail's subject is empty"));
    }

    #[test]
    fn what_is_said_has_64_kib_at_most() {
        let long = |length: usize| "x".repeat(length);
        let mail = |html: usize| Content::Mail { subject: long(1), text: long(1), html: Some(long(html)) };
        assert!(Content::Text(long(LARGEST)).checked().is_ok());
        assert!(mail(LARGEST - 2).checked().is_ok());
        for content in
            [Content::Text(long(LARGEST + 1)), mail(LARGEST - 1), Content::Post(json!([long(LARGEST)]))]
        {
            assert_eq!(content.checked().unwrap_err().kind, ErrorKind::Limit);
        }
    }
}
