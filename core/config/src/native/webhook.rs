//! `webhook` in `[notify.NAME]`.

use std::path::Path;

use toml::de::DeTable;

use super::headers;
use super::keys::WEBHOOK;
use super::notify::{alone, certificate, only, secret, template};
use super::reader::{Entry, Reader, optional};
use crate::model::{
    FileAt, Place, SecretAt, UrlAt, WebhookAuth, WebhookFormat, WebhookMethod, WebhookProxy, WebhookTable,
    Written,
};
use crate::similar::shown;

/// What a template gives unless it says otherwise.
const JSON: &str = "application/json";

/// The formats that need nothing else.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    CloudEvents,
    CloudEventsSingle,
    Slack,
    Teams,
    PagerDuty,
    Ntfy,
}

const FORMATS: &[(&str, Format)] = &[
    ("cloudevents", Format::CloudEvents),
    ("cloudevents-single", Format::CloudEventsSingle),
    ("slack", Format::Slack),
    ("teams", Format::Teams),
    ("pagerduty", Format::PagerDuty),
    ("ntfy", Format::Ntfy),
];

pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>, folder: &Path) -> Option<WebhookTable> {
    only(reader, table, WEBHOOK, "a destination with `webhook`");
    let url = url(reader, table, folder);
    let format = format(reader, table, folder);
    let words = [("POST", WebhookMethod::Post), ("PUT", WebhookMethod::Put), ("PATCH", WebhookMethod::Patch)];
    let method = optional(table, "method", |value| reader.one_of(value, &words)).unwrap_or_default();
    let headers = optional(table, "headers", |value| headers::open(reader, value)).unwrap_or_default();
    let header_files =
        optional(table, "header_files", |value| headers::read(reader, value)).unwrap_or_default();
    let header_files = header_files.into_iter().map(|(name, file)| (name, file_at(file, folder))).collect();
    let certificate = certificate(reader, table, folder);
    Some(WebhookTable {
        url: url?,
        format: format?,
        method,
        headers,
        header_files,
        auth: auth(reader, table, folder),
        ca_file: optional(table, "ca_file", |value| reader.file(value, folder)),
        certificate,
        proxy: optional(table, "proxy", |value| proxy(reader, value)).unwrap_or_default(),
        signing: signing(reader, table, folder),
    })
}

fn url(reader: &mut Reader<'_>, table: &DeTable<'_>, folder: &Path) -> Option<UrlAt> {
    let Some((key, value)) = table.get_key_value("webhook") else {
        return secret(reader, table, "webhook", folder).map(UrlAt::Secret);
    };
    if table.contains_key("webhook_file") || table.contains_key("webhook_credential") {
        reader.error(&key.span(), "the URL stands in a file already", "remove one of them");
        return None;
    }
    let text = reader.text(value)?;
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let host = rest.map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default()).unwrap_or_default();
    if host.is_empty() || text.contains(char::is_whitespace) || host.contains('@') {
        let label = "such as \"https://hooks.example.com/T0/B0\"; user and password have keys of their own";
        // It may be a secret: it is not repeated.
        reader.error(&value.span(), "this is no URL of a webhook", label);
        return None;
    }
    Some(UrlAt::Inline(Written { text, span: value.span() }))
}

fn format(reader: &mut Reader<'_>, table: &DeTable<'_>, folder: &Path) -> Option<WebhookFormat> {
    let body = template(reader, table, "body", folder);
    let content_type = optional(table, "content_type", |value| reader.text(value));
    if let Some(body) = body {
        if let Some((key, _)) = table.get_key_value("format") {
            reader.error(&key.span(), "the body is a template already", "remove `format` or the template");
        }
        return Some(WebhookFormat::Template(body, content_type.unwrap_or_else(|| JSON.to_owned())));
    }
    alone::<()>(reader, table, "content_type", "body");
    let format = match table.get("format") {
        Some(value) => reader.one_of(value, FORMATS)?,
        None => Format::CloudEvents,
    };
    let routing_key = secret(reader, table, "routing_key", folder);
    if format != Format::PagerDuty {
        for key in ["routing_key_file", "routing_key_credential"] {
            if let Some((key, _)) = table.get_key_value(key) {
                let message = format!("{} means nothing for this format", shown(key.get_ref()));
                reader.error(&key.span(), message, "add format = \"pagerduty\", or remove it");
            }
        }
    }
    Some(match (format, routing_key) {
        (Format::PagerDuty, Some(key)) => WebhookFormat::PagerDuty(key),
        (Format::PagerDuty, None) => {
            let span = table.get("format").map(|value| value.span()).unwrap_or_default();
            let label = "add routing_key_file = \"/etc/keepwatch/pagerduty.key\"";
            reader.error(&span, "PagerDuty knows its users by a routing key", label);
            return None;
        }
        (Format::CloudEvents, _) => WebhookFormat::CloudEvents,
        (Format::CloudEventsSingle, _) => WebhookFormat::CloudEventsSingle,
        (Format::Slack, _) => WebhookFormat::Slack,
        (Format::Teams, _) => WebhookFormat::Teams,
        (Format::Ntfy, _) => WebhookFormat::Ntfy,
    })
}

fn auth(reader: &mut Reader<'_>, table: &DeTable<'_>, folder: &Path) -> Option<WebhookAuth> {
    let bearer = secret(reader, table, "bearer", folder);
    let password = secret(reader, table, "password", folder);
    let user = optional(table, "user", |value| reader.text(value));
    if let (Some(_), Some((key, _))) = (&bearer, table.get_key_value("user")) {
        reader.error(&key.span(), "a token says who we are already", "remove one of them");
    }
    match (bearer, user, password) {
        (Some(token), ..) => Some(WebhookAuth::Bearer(token)),
        (None, Some(user), Some(password)) => Some(WebhookAuth::Basic(user, password)),
        (None, Some(_), None) => alone(reader, table, "user", "password_file"),
        (None, None, Some(_)) => {
            alone::<()>(reader, table, "password_file", "user");
            alone(reader, table, "password_credential", "user")
        }
        (None, None, None) => None,
    }
}

fn proxy(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<WebhookProxy> {
    let text = reader.text(value)?;
    match text.as_str() {
        "environment" => Some(WebhookProxy::Environment),
        "none" => Some(WebhookProxy::None),
        text if text.starts_with("http://") => Some(WebhookProxy::At(text.to_owned())),
        _ => {
            let label = "\"http://HOST:PORT\", or \"environment\"";
            reader.error(&value.span(), "this is no proxy", label);
            None
        }
    }
}

/// One secret, or two while one takes the other's place.
fn signing(reader: &mut Reader<'_>, table: &DeTable<'_>, folder: &Path) -> Vec<SecretAt> {
    let Some(value) = table.get("secret_file") else {
        return secret(reader, table, "secret", folder).into_iter().collect();
    };
    let files = reader.some_texts(value, "a file, or two").unwrap_or_default();
    if let Some(third) = files.get(2) {
        reader.error(
            &third.span,
            "at most two secrets sign a message",
            "the new one and the one it replaces",
        );
    }
    files.into_iter().map(|file| SecretAt::File(file_at(file, folder))).collect()
}

/// A file of several that one key names.
fn file_at(written: Written, folder: &Path) -> FileAt {
    FileAt { path: folder.join(written.text), place: Place::native(written.span) }
}
