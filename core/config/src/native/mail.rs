//! `smtp` in `[notify.NAME]`.

use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::keys::MAIL;
use super::notify::{alone, certificate, only, secret, template};
use super::reader::{Entry, Reader, optional};
use crate::model::{MailAuth, MailTable, MailTls};
use crate::similar::shown;

pub(super) fn read(
    reader: &mut Reader<'_>,
    name: &str,
    value: Entry<'_, '_>,
    table: &DeTable<'_>,
    folder: &Path,
    span: &Range<usize>,
) -> Option<MailTable> {
    only(reader, table, MAIL, "a destination with `smtp`");
    let relays = relays(reader, value);
    let words = [("starttls", MailTls::StartTls), ("implicit", MailTls::Implicit), ("none", MailTls::None)];
    let tls = optional(table, "tls", |value| reader.one_of(value, &words)).unwrap_or_default();
    let words = [("plain", MailAuth::Plain), ("login", MailAuth::Login), ("xoauth2", MailAuth::Xoauth2)];
    let auth = optional(table, "auth", |value| reader.one_of(value, &words));
    let password = secret(reader, table, "password", folder);
    let user = match (optional(table, "user", |value| reader.text(value)), password) {
        (Some(user), Some(password)) => Some((user, password)),
        (Some(_), None) if !table.contains_key("password_credential") => {
            alone(reader, table, "user", "password_file")
        }
        (None, Some(_)) => {
            alone::<()>(reader, table, "password_file", "user");
            alone(reader, table, "password_credential", "user")
        }
        (_, None) => None,
    };
    if user.is_none() {
        alone::<()>(reader, table, "auth", "user");
    }
    let mailbox = "an address: \"admin@example.com\"";
    let from = optional(table, "from", |value| reader.some_texts(value, mailbox));
    let to = optional(table, "to", |value| reader.some_texts(value, mailbox)).filter(|to| !to.is_empty());
    for (key, is_there) in [("from", from.is_some()), ("to", to.is_some())] {
        let is_written =
            table.get(key).is_some_and(|value| value.get_ref().as_array().is_none_or(|a| !a.is_empty()));
        if !is_there && !is_written {
            let what = if key == "from" { "who writes" } else { "who is written to" };
            let label = format!("add {key} = \"admin@example.com\"");
            reader.error(span, format!("it is not said {what} in {}", shown(name)), label);
        }
    }
    let certificate = certificate(reader, table, folder);
    let ca_file = optional(table, "ca_file", |value| reader.file(value, folder));
    let helo = optional(table, "helo", |value| helo(reader, value));
    let subject = template(reader, table, "subject", folder);
    let text = template(reader, table, "text", folder);
    let html = template(reader, table, "html", folder);
    if let Some(second) = from.as_ref().and_then(|from| from.get(1)) {
        reader.error(&second.span, "a mail has one sender", "remove this one");
    }
    let from = from?.into_iter().next()?;
    Some(MailTable {
        relays: relays?,
        tls,
        ca_file,
        certificate,
        user,
        auth,
        from,
        to: to?,
        helo,
        subject,
        text,
        html,
    })
}

/// A name or an address: it becomes part of a command.
fn helo(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<String> {
    let text = reader.text(value)?;
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        let message = format!("{} is no name of a host", shown(&text));
        reader.error(&value.span(), message, "such as \"h1.example.com\", without blanks");
        return None;
    }
    Some(text)
}

/// `"mail.example.com"`, `"mail.example.com:587"`, or several in their order.
fn relays(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Vec<(String, Option<u16>)>> {
    let written = reader.some_texts(value, "a host, or a list of hosts")?;
    if written.is_empty() {
        reader.error(&value.span(), "no relay is named", "such as [\"mail.example.com\"]");
        return None;
    }
    let mut relays = Vec::new();
    for relay in &written {
        let Some(read) = relay_of(&relay.text) else {
            let message = format!("{} is no mail server", shown(&relay.text));
            reader.error(&relay.span, message, "such as \"mail.example.com\" or \"mail.example.com:587\"");
            continue;
        };
        relays.push(read);
    }
    (relays.len() == written.len()).then_some(relays)
}

fn relay_of(text: &str) -> Option<(String, Option<u16>)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').or_else(|| (!rest.is_empty()).then_some("no port")))
        }
        // More than one colon: an IPv6 address without port.
        None if text.matches(':').count() > 1 => (text, None),
        None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
    };
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    if host.is_empty() || !host.chars().all(is_host) {
        return None;
    }
    let port = match port {
        None => None,
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port != 0)?),
    };
    Some((host.to_owned(), port))
}
