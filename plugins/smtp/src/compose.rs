//! A message of headers and body.

use keepwatch_event::Severity;
use keepwatch_notify::Parcel;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{MessageBuilder, MultiPart, SinglePart};

use crate::identifier;
use crate::settings::{Settings, Style};
use crate::single_line::{body, single_line};
use crate::words::Words;

/// The mail for a parcel.
///
/// # Errors
///
/// Why there is none: a template's error, no recipient.
pub(crate) fn compose(settings: &Settings, parcel: &Parcel) -> Result<Message, String> {
    of_words(settings, parcel, Words::of(settings, parcel)?)
}

/// The same by our own templates, with a word about why those of the settings cannot be used.
///
/// # Errors
///
/// As above.
pub(crate) fn compose_without_templates(
    settings: &Settings,
    parcel: &Parcel,
    why: &str,
) -> Result<Message, String> {
    of_words(settings, parcel, Words::without_templates(parcel, why)?)
}

fn of_words(settings: &Settings, parcel: &Parcel, words: Words) -> Result<Message, String> {
    let text = SinglePart::plain(body(&words.text));
    let message = headers(settings, parcel, &words.subject);
    let message = match words.html {
        None => message.singlepart(text),
        Some(html) => {
            let html = SinglePart::html(body(&html));
            message.multipart(MultiPart::alternative().singlepart(text).singlepart(html))
        }
    };
    message.map_err(|error| format!("no mail can be made of it: {error}"))
}

/// The first ones in the order in which keepalived has them.
fn headers(settings: &Settings, parcel: &Parcel, subject: &str) -> MessageBuilder {
    let mut message =
        Message::builder().date(parcel.attempt.at).from(settings.from.clone()).subject(single_line(subject));
    if settings.style == Style::Keepalived {
        message = message.raw_header(header(HeaderName::new_from_ascii_str("X-Mailer"), "Keepalived"));
    }
    for to in &settings.to {
        message = message.to(to.clone());
    }
    message = message.message_id(Some(identifier::of_parcel(parcel)));
    if let Some(thread) = identifier::of_thread(parcel) {
        message = message.in_reply_to(thread.clone()).references(thread);
    }
    // RFC 3834: whoever answers mails by himself leaves this one alone.
    message = message
        .raw_header(header(HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"))
        .raw_header(header(HeaderName::new_from_ascii_str("X-Keepwatch-Severity"), severity(parcel)));
    if let Some(instance) = parcel.instance() {
        message =
            message.raw_header(header(HeaderName::new_from_ascii_str("X-Keepwatch-Instance"), instance));
    }
    if let Some(event) = parcel.last().event() {
        let name = event.kind.name();
        message = message.raw_header(header(HeaderName::new_from_ascii_str("X-Keepwatch-Event"), name));
    }
    if let Some(plugin) = parcel.last().content.plugin() {
        message = message.raw_header(header(HeaderName::new_from_ascii_str("X-Keepwatch-Plugin"), plugin));
    }
    message
}

/// A header whose value stays one, whatever it is.
fn header(name: HeaderName, value: &str) -> HeaderValue {
    HeaderValue::new(name, single_line(value))
}

fn severity(parcel: &Parcel) -> &'static str {
    match parcel.severity() {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

#[cfg(test)]
mod tests;
