//! `webhook`.

use std::time::Duration;

use keepwatch_config::model::{UrlAt, WebhookAuth, WebhookFormat, WebhookMethod, WebhookProxy, WebhookTable};
use keepwatch_notify::Escape;
use keepwatch_webhook::{
    Auth, Body, Identity, Method, Preset, Proxy, Secret, Settings, Several, Tls, Value, Webhook,
};

use super::{Reader, secret_file};

/// A webhook as the table says; none if something about it cannot be.
pub(super) fn transport(table: &WebhookTable, timeout: Duration, reader: &mut Reader<'_>) -> Option<Webhook> {
    let (url, span) = match &table.url {
        UrlAt::Inline(written) => (Secret::Inline(written.text.clone()), Some(&written.span)),
        UrlAt::Secret(at) => (Secret::File(secret_file(at)), None),
    };
    let open = table.headers.iter().map(|(name, value)| (name.clone(), Value::Open(value.clone())));
    let secret = table
        .header_files
        .iter()
        .map(|(name, file)| (name.clone(), Value::Secret(Secret::File(file.path.clone()))));
    let auth = table.auth.as_ref().map(|auth| match auth {
        WebhookAuth::Bearer(at) => Auth::Bearer(Secret::File(secret_file(at))),
        WebhookAuth::Basic(user, at) => {
            Auth::Basic { user: user.clone(), password: Secret::File(secret_file(at)) }
        }
    });
    let identity = table
        .certificate
        .as_ref()
        .map(|own| Identity { certificate: own.certificate.path.clone(), key: own.key.path.clone() });
    let settings = Settings {
        url,
        method: match table.method {
            WebhookMethod::Post => Method::Post,
            WebhookMethod::Put => Method::Put,
            WebhookMethod::Patch => Method::Patch,
        },
        headers: open.chain(secret).collect(),
        auth,
        tls: Tls { ca: table.ca_file.as_ref().map(|file| file.path.clone()), identity },
        proxy: match &table.proxy {
            WebhookProxy::None => Proxy::None,
            WebhookProxy::Environment => Proxy::Environment,
            WebhookProxy::At(url) => Proxy::At { url: url.clone(), auth: None },
        },
        signing: table.signing.iter().map(|at| Secret::File(secret_file(at))).collect(),
        timeout,
        body: body(&table.format, reader)?,
    };
    match Webhook::new(settings) {
        Ok(webhook) => Some(webhook),
        Err(error) => {
            let span = if error.setting == "url" { span } else { None };
            reader.error(span, format!("this webhook cannot be: {}", error.why), "");
            None
        }
    }
}

fn body(format: &WebhookFormat, reader: &mut Reader<'_>) -> Option<Body> {
    Some(match format {
        WebhookFormat::CloudEvents => Body::CloudEvents(Several::Batch),
        WebhookFormat::CloudEventsSingle => Body::CloudEvents(Several::Single),
        WebhookFormat::Slack => Body::Preset(Preset::Slack),
        WebhookFormat::Teams => Body::Preset(Preset::Teams),
        WebhookFormat::PagerDuty(key) => {
            Body::Preset(Preset::PagerDuty { routing_key: Secret::File(secret_file(key)) })
        }
        WebhookFormat::Ntfy => Body::Preset(Preset::Ntfy),
        WebhookFormat::Template(at, content_type) => {
            let escape = if content_type.contains("json") { Escape::Json } else { Escape::Text };
            let template = reader.template("body", at, escape)?;
            Body::Template { template, content_type: content_type.clone() }
        }
    })
}
