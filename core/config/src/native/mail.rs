//! `smtp` in `[notify.NAME]`.

use std::net::IpAddr;
use std::ops::Range;
use std::path::Path;

use toml::de::DeTable;

use super::keys::MAIL;
use super::notify::{alone, certificate, only, secret, template};
use super::reader::{Entry, Reader, optional};
use crate::diagnostic::Diagnostic;
use crate::model::{MailAuth, MailTable, MailTls, Written};
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
    if let (MailTls::None, Some(_), Some(relays), Some(tls)) = (tls, &user, &relays, table.get("tls")) {
        relays.iter().for_each(|relay| told_in_the_clear(reader, relay, &tls.span()));
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
        relays: relays?.into_iter().map(|relay| (relay.host, relay.port)).collect(),
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

/// A relay as it is written, and where.
struct Relay {
    host: String,
    port: Option<u16>,
    span: Range<usize>,
}

/// `"mail.example.com"`, `"mail.example.com:587"`, or several in their order.
fn relays(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Vec<Relay>> {
    let written = reader.some_texts(value, "a host, or a list of hosts")?;
    if written.is_empty() {
        reader.error(&value.span(), "no relay is named", "such as [\"mail.example.com\"]");
        return None;
    }
    let mut relays = Vec::new();
    for relay in &written {
        let Some(read) = relay_of(relay) else {
            let message = format!("{} is no mail server", shown(&relay.text));
            reader.error(&relay.span, message, "such as \"mail.example.com\" or \"mail.example.com:587\"");
            continue;
        };
        relays.push(read);
    }
    (relays.len() == written.len()).then_some(relays)
}

/// A password never goes unencrypted to another host, and without it no mail goes. A warning, so that no upgrade keeps a
/// service's address from being served for this: another relay may take the mails, and a name may be this host's own.
fn told_in_the_clear(reader: &mut Reader<'_>, relay: &Relay, tls: &Range<usize>) {
    let message =
        format!("no mail goes by {}: no password is sent unencrypted to another host", shown(&relay.host));
    let label = match relay.host.parse::<IpAddr>() {
        Ok(address) if address.to_canonical().is_loopback() => return,
        Ok(_) => "another host",
        Err(_) if relay.host.eq_ignore_ascii_case("localhost") => return,
        // Only the host that it is run on knows what address a name has.
        Err(_) => "another host, unless this name has a loopback address",
    };
    let help = "leave `tls` out, for STARTTLS, or write tls = \"implicit\"; remove `user` if the relay asks for none";
    let finding = Diagnostic::warning(&relay.span, message, label);
    reader.findings.push(finding.and(tls, "nothing is encrypted").help(help));
}

fn relay_of(Written { text, span }: &Written) -> Option<Relay> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':').or_else(|| (!rest.is_empty()).then_some("no port")))
        }
        // More than one colon: an IPv6 address without port.
        None if text.matches(':').count() > 1 => (text.as_str(), None),
        None => text.split_once(':').map_or((text.as_str(), None), |(host, port)| (host, Some(port))),
    };
    let is_host = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_');
    if host.is_empty() || !host.chars().all(is_host) {
        return None;
    }
    let port = match port {
        None => None,
        Some(port) => Some(port.parse::<u16>().ok().filter(|port| *port != 0)?),
    };
    Some(Relay { host: host.to_owned(), port, span: span.clone() })
}
