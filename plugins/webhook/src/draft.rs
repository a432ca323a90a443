//! A request before it is sent: its line, its headers, its body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http_body_util::Full;
use hyper::Request;
use hyper::body::Bytes;
use hyper::header::{HeaderName, HeaderValue};
use keepwatch_notify::VEIL;

use crate::body::Message;
use crate::endpoint::Endpoint;
use crate::proxy::Way;
use crate::secret::Secrets;
use crate::settings::{Auth, Settings, Value};
use crate::signature::Stamp;

/// What we call ourselves.
pub(crate) const AGENT: &str = concat!("keepwatch/", env!("CARGO_PKG_VERSION"));

/// Headers that this crate writes, in small letters.
pub(crate) const OURS: &[&str] = &[
    "host",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// A request before it is sent.
pub(crate) struct Draft {
    method: &'static str,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
}

impl Draft {
    /// Writes it. With `secrets` that are veiled, so is the request.
    ///
    /// # Errors
    ///
    /// What is wrong with a secret to sign with.
    pub(crate) fn new(
        settings: &Settings,
        endpoint: &Endpoint,
        way: &Way<'_>,
        secrets: &Secrets,
        stamp: &Stamp,
        message: Message,
    ) -> Result<Self, String> {
        let path = message.path.unwrap_or_else(|| endpoint.path.clone());
        let mut headers: Vec<(String, String)> = Vec::new();
        let mut say = |name: &str, value: String| headers.push((name.to_owned(), value));
        say("host", endpoint.authority());
        say("content-type", message.content_type);
        say("webhook-id", stamp.id.clone());
        say("webhook-timestamp", stamp.timestamp.to_string());
        if !settings.signing.is_empty() {
            let signatures = settings.signing.iter().map(|secret| match secrets.get(secret) {
                Some(secret) => stamp.sign(secret, &message.body),
                None => Ok(format!("v1,{VEIL}")),
            });
            let signatures: Result<Vec<String>, String> = signatures.collect();
            say("webhook-signature", signatures?.join(" "));
        }
        if let Some(auth) = &settings.auth {
            say("authorization", authorization(auth, secrets));
        }
        let target = match way {
            Way::Forward(relay) => {
                if let Some(auth) = relay.auth {
                    say("proxy-authorization", authorization(auth, secrets));
                }
                format!("{}://{}{path}", endpoint.scheme.name(), endpoint.authority())
            }
            Way::Straight | Way::Tunnel(_) => path,
        };
        for (name, value) in &settings.headers {
            let value = match value {
                Value::Open(text) => text,
                Value::Secret(secret) => secrets.text(secret),
            };
            say(name, value.to_owned());
        }
        if !settings.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("user-agent")) {
            say("user-agent", AGENT.to_owned());
        }
        Ok(Self { method: settings.method.name(), target, headers, body: message.body })
    }

    /// The request's line and its headers.
    pub(crate) fn head(&self) -> Vec<String> {
        let first = format!("{} {} HTTP/1.1", self.method, self.target);
        let headers = self.headers.iter().map(|(name, value)| format!("{name}: {value}"));
        std::iter::once(first).chain(headers).collect()
    }

    /// All of it, for people.
    pub(crate) fn text(&self) -> String {
        format!("{}\n\n{}", self.head().join("\n"), self.body)
    }

    /// For hyper, which looks that no header brings another one along.
    ///
    /// # Errors
    ///
    /// What cannot be sent.
    pub(crate) fn request(self) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::builder().method(self.method).uri(self.target);
        for (name, value) in self.headers {
            request = request.header(header_name(&name)?, header_value(&name, &value)?);
        }
        request.body(Full::new(Bytes::from(self.body))).map_err(|_| "the URL cannot be sent".to_owned())
    }
}

/// A header's name.
///
/// # Errors
///
/// That it is none.
pub(crate) fn header_name(name: &str) -> Result<HeaderName, String> {
    HeaderName::try_from(name).map_err(|_| format!("{name:?} is no name of a header"))
}

/// A header's value.
///
/// # Errors
///
/// That it cannot be one, without the value.
pub(crate) fn header_value(name: &str, value: &str) -> Result<HeaderValue, String> {
    HeaderValue::from_bytes(value.as_bytes())
        .map_err(|_| format!("the value of {name} has line breaks or other control characters in it"))
}

/// How we say who we are, as a header has it.
pub(crate) fn authorization(auth: &Auth, secrets: &Secrets) -> String {
    match auth {
        Auth::Bearer(token) => format!("Bearer {}", secrets.text(token)),
        Auth::Basic { user, password } => match secrets.get(password) {
            Some(password) => format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))),
            None => format!("Basic {VEIL}"),
        },
    }
}
