//! Messages to destinations that the administrator has defined under `[notify.NAME]`. Grant: `notify:NAME`.
//!
//! They are delivered after the call, tried again where that cannot be done at once, and go by the destination's templates
//! and silences. What is said twice about one event is told once: an event that is handled again tells nobody anew.

use serde::Serialize;

use crate::{Context, Result, host};

/// Tells a line or more, to a destination of any kind: a mail, a chat message, a pager.
///
/// # Errors
/// If there is no grant or no such destination, if the text is empty or too large, or if the plugin sends more than it may.
pub fn send(destination: &str, text: &str) -> Result<()> {
    host::notify_send(destination, text)
}

/// Writes a mail in the plugin's own words, to a `[notify.NAME]` with `smtp`.
///
/// # Errors
/// As [`send`]; also if the destination takes no mails.
pub fn mail(destination: &str, subject: &str, text: &str) -> Result<()> {
    Mail::new(subject, text).send(destination)
}

/// Posts a value as JSON, to a `[notify.NAME]` with `webhook`: as it is, or within a CloudEvent where it has these.
///
/// # Errors
/// As [`send`]; also if the value has no JSON, or the destination is no webhook.
pub fn webhook(destination: &str, body: &impl Serialize) -> Result<()> {
    let body = serde_json::to_string(body).context(format_args!("cannot post to {destination}"))?;
    host::notify_webhook(destination, &body)
}

/// A mail that is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mail {
    /// Its subject. Line breaks become blanks.
    pub subject: String,
    /// Its text.
    pub text: String,
    /// The same for who reads HTML.
    pub html: Option<String>,
}

impl Mail {
    /// A mail of text alone.
    pub fn new(subject: impl Into<String>, text: impl Into<String>) -> Self {
        Self { subject: subject.into(), text: text.into(), html: None }
    }

    /// Says the same in HTML.
    #[must_use]
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.html = Some(html.into());
        self
    }

    /// Sends it.
    ///
    /// # Errors
    /// As [`mail`].
    pub fn send(self, destination: &str) -> Result<()> {
        host::notify_mail(destination, self)
    }
}
