//! What is set of a webhook.

use std::path::PathBuf;
use std::time::Duration;

use keepwatch_notify::{Secret, Template};

/// Where a webhook goes, how, and what it says. `Debug` shows no secrets.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// `https://HOST[:PORT]/PATH?QUERY`, or `http`. A secret, since many services know their users by it; the scheme and
    /// the host of one that stands in the configuration are shown.
    pub url: Secret,
    /// How it is sent.
    pub method: Method,
    /// Further headers, by name. Those that this crate writes itself (`Host`, `Content-Type`, `Content-Length`,
    /// `Webhook-*` and the like) are refused, and so is `Authorization` beside [`Self::auth`].
    pub headers: Vec<(String, Value)>,
    /// How we say who we are.
    pub auth: Option<Auth>,
    /// What is asked of the server's certificate, and which is ours.
    pub tls: Tls,
    /// On which way.
    pub proxy: Proxy,
    /// Secrets to sign with, as Standard Webhooks has it: `whsec_` and base64, or any text as it is. None: nothing is
    /// signed. Two while one takes the other's place.
    pub signing: Vec<Secret>,
    /// So long a delivery may take, from the name server to the last octet: at most an hour.
    pub timeout: Duration,
    /// What it says.
    pub body: Body,
}

impl Settings {
    /// A POST of `CloudEvents`, without further ado, within 30 s.
    #[must_use]
    pub const fn new(url: Secret) -> Self {
        Self {
            url,
            method: Method::Post,
            headers: Vec::new(),
            auth: None,
            tls: Tls { ca: None, identity: None },
            proxy: Proxy::None,
            signing: Vec::new(),
            timeout: Duration::from_secs(30),
            body: Body::CloudEvents(Several::Batch),
        }
    }

    /// All secrets in it.
    pub(crate) fn secrets(&self) -> Vec<&Secret> {
        let mut secrets = vec![&self.url];
        secrets.extend(self.headers.iter().filter_map(|(_, value)| match value {
            Value::Open(_) => None,
            Value::Secret(secret) => Some(secret),
        }));
        secrets.extend(self.credentials().map(|auth| match auth {
            Auth::Bearer(secret) | Auth::Basic { password: secret, .. } => secret,
        }));
        secrets.extend(&self.signing);
        if let Body::Preset(Preset::PagerDuty { routing_key }) = &self.body {
            secrets.push(routing_key);
        }
        secrets
    }

    /// Who we say we are, to the server and to the proxy.
    pub(crate) fn credentials(&self) -> impl Iterator<Item = &Auth> {
        let proxy = match &self.proxy {
            Proxy::None | Proxy::Environment => None,
            Proxy::At { auth, .. } => auth.as_ref(),
        };
        self.auth.iter().chain(proxy)
    }
}

/// How a request is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// What webhooks are sent by.
    Post,
    /// For servers that want it.
    Put,
    /// For servers that want it.
    Patch,
}

impl Method {
    /// As HTTP has it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
        }
    }
}

/// A header's value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// One that everybody may see.
    Open(String),
    /// One that nobody may see.
    Secret(Secret),
}

/// How we say who we are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Auth {
    /// With a token (RFC 6750).
    Bearer(Secret),
    /// With a name and a password (RFC 7617).
    Basic {
        /// The name, without colon.
        user: String,
        /// The password.
        password: Secret,
    },
}

/// TLS beyond what goes without saying. The files are read for each delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tls {
    /// A file with the certificates, as PEM, that may have signed the server's; otherwise those that this host trusts.
    pub ca: Option<PathBuf>,
    /// What we show of ourselves.
    pub identity: Option<Identity>,
}

/// A certificate of ours, for servers that ask for one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A file with the certificate, and those between it and its root, as PEM.
    pub certificate: PathBuf,
    /// A file with its key, as PEM: PKCS#8, PKCS#1 or SEC1, not encrypted.
    pub key: PathBuf,
}

/// The way to the server. Through a proxy, `https` goes by CONNECT, and `http` as proxies have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Proxy {
    /// The straight one, whatever the environment says.
    None,
    /// Through this one.
    At {
        /// `http://HOST[:PORT]`.
        url: String,
        /// Who we are, for the proxy.
        auth: Option<Auth>,
    },
    /// As the environment says when it is sent: `https_proxy`, `http_proxy`, `all_proxy` and `no_proxy`. Names and
    /// passwords in those are refused: `/proc` shows them.
    Environment,
}

/// What a webhook says. What a plugin posts ([`keepwatch_notify::Content::Post`]) goes as it is, except in `CloudEvents`,
/// which carry it as data.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// `CloudEvents` 1.0 in the structured form.
    CloudEvents(Several),
    /// A template's text.
    Template {
        /// The template.
        template: Template,
        /// What it gives: `application/json`.
        content_type: String,
    },
    /// What a service wants.
    Preset(Preset),
}

/// How several events go that are delivered together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Several {
    /// As a batch, `application/cloudevents-batch+json`.
    Batch,
    /// As one event, `io.keepwatch.group.v1`, that has them as its data: for servers that know no batches.
    Single,
}

/// Services whose wishes are known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Slack's incoming webhooks, and what is compatible with them (Mattermost, Rocket.Chat).
    Slack,
    /// Microsoft Teams, by a workflow that posts what a webhook brings.
    Teams,
    /// `PagerDuty`'s Events API v2, at `https://events.pagerduty.com/v2/enqueue`.
    PagerDuty {
        /// The integration's key.
        routing_key: Secret,
    },
    /// ntfy, at `https://HOST/TOPIC`.
    Ntfy,
}
