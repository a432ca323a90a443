//! Settings that cannot be, found before anything is sent.

use std::time::Duration;

use keepwatch_notify::Secret;

use crate::body::topic;
use crate::draft::{OURS, header_name, header_value};
use crate::endpoint::Endpoint;
use crate::error::SettingsError;
use crate::proxy::relay;
use crate::settings::{Auth, Body, Preset, Proxy, Settings, Value};
use crate::signature;

/// The longest delivery: as long, all others for the destination wait.
const LONGEST: Duration = Duration::from_secs(3600);

/// The first setting that cannot be.
pub(crate) fn validate(settings: &Settings) -> Result<(), SettingsError> {
    url(settings).map_err(|why| SettingsError::new("url", why))?;
    headers(settings).map_err(|why| SettingsError::new("headers", why))?;
    if let Some(auth) = &settings.auth {
        credentials(auth).map_err(|why| SettingsError::new("auth", why))?;
    }
    if let Proxy::At { url, auth } = &settings.proxy {
        relay(url).map_err(|why| SettingsError::new("proxy", why))?;
        auth.as_ref().map_or(Ok(()), credentials).map_err(|why| SettingsError::new("proxy", why))?;
    }
    for secret in &settings.signing {
        if let Secret::Inline(secret) = secret {
            signature::key(secret).map_err(|why| SettingsError::new("signing", why))?;
        }
    }
    if settings.timeout.is_zero() || settings.timeout > LONGEST {
        return Err(SettingsError::new(
            "timeout",
            "a delivery may take more than no time and at most an hour",
        ));
    }
    if let Body::Template { content_type, .. } = &settings.body {
        header_value("content-type", content_type).map_err(|why| SettingsError::new("body", why))?;
    }
    Ok(())
}

fn url(settings: &Settings) -> Result<(), String> {
    let Secret::Inline(url) = &settings.url else { return Ok(()) };
    let endpoint = Endpoint::parse(url)?;
    if settings.body == Body::Preset(Preset::Ntfy) {
        topic(&endpoint)?;
    }
    Ok(())
}

fn headers(settings: &Settings) -> Result<(), String> {
    for (name, value) in &settings.headers {
        let known = header_name(name)?;
        if OURS.contains(&known.as_str()) {
            return Err(format!("{known} is not to be set: it is written for each message"));
        }
        if known == "authorization" && settings.auth.is_some() {
            return Err(
                "authorization stands there twice: leave the header out, or the token or password".to_owned()
            );
        }
        match value {
            Value::Open(text) | Value::Secret(Secret::Inline(text)) => header_value(name, text).map(drop)?,
            Value::Secret(Secret::File(_)) => {}
        }
    }
    Ok(())
}

fn credentials(auth: &Auth) -> Result<(), String> {
    match auth {
        Auth::Bearer(Secret::Inline(token)) => header_value("authorization", token).map(drop),
        Auth::Basic { user, .. } if user.contains(':') || user.chars().any(char::is_control) => {
            Err("a user's name has neither colons nor control characters".to_owned())
        }
        Auth::Bearer(Secret::File(_)) | Auth::Basic { .. } => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inline(text: &str) -> Secret {
        Secret::Inline(text.to_owned())
    }

    fn settings() -> Settings {
        Settings::new(inline("https://a.example/secret"))
    }

    fn header(name: &str, value: &str) -> Settings {
        Settings { headers: vec![(name.to_owned(), Value::Open(value.to_owned()))], ..settings() }
    }

    #[test]
    fn what_cannot_be_is_named_without_secrets() {
        let basic = |user: &str| Some(Auth::Basic { user: user.to_owned(), password: inline("secret") });
        let table = [
            (
                Settings::new(inline("a.example/secret")),
                "url: it is no URL to send webhooks to: it cannot be read",
            ),
            (header("X Y", "z"), "headers: \"X Y\" is no name of a header"),
            (header("X\r\nY", "z"), "headers: \"X\\r\\nY\" is no name of a header"),
            (
                header("X-Y", "secret\r\nX-Z: secret"),
                "headers: the value of X-Y has line breaks or other control characters in it",
            ),
            (
                header("Webhook-Id", "1"),
                "headers: webhook-id is not to be set: it is written for each message",
            ),
            (
                Settings { auth: Some(Auth::Bearer(inline("secret"))), ..header("Authorization", "secret") },
                "headers: authorization stands there twice: leave the header out, or the token or password",
            ),
            (
                Settings { auth: basic("a:b"), ..settings() },
                "auth: a user's name has neither colons nor control characters",
            ),
            (
                Settings { auth: Some(Auth::Bearer(inline("secret\nsecret"))), ..settings() },
                "auth: the value of authorization has line breaks or other control characters in it",
            ),
            (
                Settings {
                    proxy: Proxy::At { url: "https://me:secret@a".to_owned(), auth: None },
                    ..settings()
                },
                "proxy: a proxy is set as http://HOST:PORT, without path, user and password",
            ),
            (
                Settings { signing: vec![inline("whsec_!secret")], ..settings() },
                "signing: what stands behind whsec_ is not base64",
            ),
            (
                Settings { timeout: Duration::ZERO, ..settings() },
                "timeout: a delivery may take more than no time and at most an hour",
            ),
            (
                Settings { timeout: Duration::MAX, ..settings() },
                "timeout: a delivery may take more than no time and at most an hour",
            ),
            (
                Settings {
                    body: Body::Preset(Preset::Ntfy),
                    ..Settings::new(inline("https://ntfy.sh/?secret"))
                },
                "url: https://ntfy.sh/... names no topic: for ntfy a URL ends with it, as in https://ntfy.sh/TOPIC",
            ),
        ];
        for (settings, expected) in table {
            assert_eq!(validate(&settings).unwrap_err().to_string(), expected);
        }
        assert_eq!(validate(&settings()), Ok(()));
    }
}
