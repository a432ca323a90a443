//! `[notify.NAME]`: what all destinations have, and which way leads there.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use toml::Spanned;
use toml::de::{DeString, DeTable};

use super::keys::{Key, NOTIFY, names};
use super::reader::{Entry, Reader, optional};
use super::{mail, webhook};
use crate::model::{
    ClientCertificate, Gravity, NotifyTable, NotifyWay, Place, SecretAt, TemplateAt, Written,
};
use crate::similar::shown;

/// A fail-over is a burst of events: they go as one mail.
const GROUP_WAIT: Duration = Duration::from_secs(2);
const TTL: Duration = Duration::from_secs(24 * 60 * 60);
const TIMEOUT: Duration = Duration::from_secs(30);

pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    table: &DeTable<'_>,
    folder: &Path,
    span: &Range<usize>,
) -> Option<NotifyTable> {
    let is_webhook =
        ["webhook", "webhook_file", "webhook_credential"].iter().any(|key| table.contains_key(*key));
    let way = match (table.get_key_value("smtp"), is_webhook) {
        (Some((key, _)), true) => {
            let message = format!("{} goes by webhook already", shown(name));
            reader.error(&key.span(), message, "write a destination of its own for mail");
            None
        }
        (Some((_, value)), false) => {
            mail::read(reader, name, value, table, folder, span).map(|mail| NotifyWay::Mail(Box::new(mail)))
        }
        (None, true) => {
            webhook::read(reader, table, folder).map(|webhook| NotifyWay::Webhook(Box::new(webhook)))
        }
        (None, false) => {
            let label = "add smtp = \"mail.example.com\", or webhook = \"https://...\"";
            reader.error(span, format!("it is not said how {} is told", shown(name)), label);
            hints(reader, table, "a destination");
            None
        }
    };
    let words = [("info", Gravity::Info), ("warning", Gravity::Warning), ("error", Gravity::Error)];
    let texts = "a list of words: [\"transition\", \"check\"]";
    let on = optional(table, "on", |value| reader.some_texts(value, texts));
    let instances = optional(table, "instances", |value| reader.some_texts(value, "a list of names"));
    let severity = optional(table, "severity", |value| reader.one_of(value, &words)).unwrap_or_default();
    let group_wait = optional(table, "group_wait", |value| pause(reader, value)).unwrap_or(GROUP_WAIT);
    let ttl = optional(table, "ttl", |value| reader.duration(value)).unwrap_or(TTL);
    let timeout = optional(table, "timeout", |value| reader.duration(value)).unwrap_or(TIMEOUT);
    let remind = optional(table, "remind", |value| reader.duration(value));
    let everything = || vec![Written { text: "transition".to_owned(), span: span.clone() }];
    Some(NotifyTable {
        name: name.to_owned(),
        way: way?,
        on: on.unwrap_or_else(everything),
        instances: instances.unwrap_or_default(),
        severity,
        group_wait,
        ttl,
        timeout,
        remind,
        place: Place::native(span.clone()),
    })
}

/// A duration that may be nothing: `"0s"`.
fn pause(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Duration> {
    if value.get_ref().as_str().is_some_and(|text| humantime::parse_duration(text) == Ok(Duration::ZERO)) {
        return Some(Duration::ZERO);
    }
    reader.duration(value)
}

/// Refuses keys that are none of a way's.
pub(super) fn only(reader: &mut Reader<'_>, table: &DeTable<'_>, keys: &[Key], place: &str) {
    let known = names(&[keys, NOTIFY]);
    hints(reader, table, place);
    for key in table.keys().filter(|key| meant(key).is_none()) {
        reader.known(key, &known, place);
    }
}

/// Keys that others have for something that has another one here, and what to write.
const MEANT: &[(&str, &str)] = &[
    ("email", "the recipients of mail: to = [\"admin@example.com\"]"),
    ("mail", "the recipients of mail: to = [\"admin@example.com\"]"),
    ("server", "the mail server: smtp = \"mail.example.com\""),
    ("port", "it stands behind the host: smtp = \"mail.example.com:587\""),
    ("starttls", "how it is encrypted: tls = \"starttls\", which goes without saying"),
    ("ssl", "how it is encrypted: tls = \"implicit\""),
    ("username", "who we are: user = \"...\""),
    ("password", "a secret stands in a file of its own: password_file = \"...\""),
    ("token", "a secret stands in a file of its own: bearer_file = \"...\""),
    ("secret", "a secret stands in a file of its own: secret_file = \"...\""),
    ("routing_key", "a secret stands in a file of its own: routing_key_file = \"...\""),
    ("url", "the URL: webhook = \"https://...\", or webhook_file where it is a secret"),
    ("events", "what is told: on = [\"transition\"]"),
];

/// What to write for a key that others have.
fn meant(key: &Spanned<DeString<'_>>) -> Option<&'static str> {
    MEANT.iter().find(|(other, _)| *other == key.get_ref()).map(|(_, label)| *label)
}

fn hints(reader: &mut Reader<'_>, table: &DeTable<'_>, place: &str) {
    for (key, label) in table.keys().filter_map(|key| Some((key, meant(key)?))) {
        reader.unknown(key, place, label);
    }
}

/// `NAME_file` or `NAME_credential`.
pub(super) fn secret(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    name: &str,
    folder: &Path,
) -> Option<SecretAt> {
    let (file, credential) = (format!("{name}_file"), format!("{name}_credential"));
    if let (true, Some((key, _))) =
        (table.contains_key(file.as_str()), table.get_key_value(credential.as_str()))
    {
        reader.error(&key.span(), format!("{} says where it is already", shown(&file)), "remove one of them");
        return None;
    }
    let of_file = optional(table, &file, |value| reader.file(value, folder)).map(SecretAt::File);
    of_file.or_else(|| optional(table, &credential, |value| self::credential(reader, value)))
}

fn credential(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<SecretAt> {
    let name = reader.text(value)?;
    if name.is_empty() || name.contains('/') || name == "." || name == ".." {
        let message = format!("{} is no name of a credential", shown(&name));
        reader.error(&value.span(), message, "the name that LoadCredential= of the systemd unit gives it");
        return None;
    }
    Some(SecretAt::Credential(name))
}

/// `NAME`, the template itself, or `NAME_file`.
pub(super) fn template(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    name: &str,
    folder: &Path,
) -> Option<TemplateAt> {
    let file = format!("{name}_file");
    if let (true, Some((key, _))) = (table.contains_key(name), table.get_key_value(file.as_str())) {
        reader.error(&key.span(), format!("{} stands here already", shown(name)), "remove one of them");
        return None;
    }
    let of_file = optional(table, &file, |value| reader.file(value, folder)).map(TemplateAt::File);
    of_file.or_else(|| {
        optional(table, name, |value| {
            let text = reader.text(value)?;
            Some(TemplateAt::Inline(Written { text, span: value.span() }))
        })
    })
}

/// `certificate_file` and `key_file`, which go together.
pub(super) fn certificate(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    folder: &Path,
) -> Option<ClientCertificate> {
    let certificate = optional(table, "certificate_file", |value| reader.file(value, folder));
    let key = optional(table, "key_file", |value| reader.file(value, folder));
    match (certificate, key) {
        (Some(certificate), Some(key)) => Some(ClientCertificate { certificate, key }),
        (None, None) => None,
        (Some(_), None) => alone(reader, table, "certificate_file", "key_file"),
        (None, Some(_)) => alone(reader, table, "key_file", "certificate_file"),
    }
}

/// A key that means nothing without another.
pub(super) fn alone<T>(reader: &mut Reader<'_>, table: &DeTable<'_>, key: &str, other: &str) -> Option<T> {
    if let Some((key, _)) = table.get_key_value(key).filter(|_| !table.contains_key(other)) {
        let message = format!("{} means nothing without {}", shown(key.get_ref()), shown(other));
        reader.error(&key.span(), message, format!("add {other} = \"...\""));
    }
    None
}
