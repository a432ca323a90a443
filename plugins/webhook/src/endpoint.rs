//! Where a request goes.

use std::fmt;

use hyper::Uri;

/// Where a request goes. Shown without path and query, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Endpoint {
    pub(crate) scheme: Scheme,
    /// A name or an address, without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// Path and query.
    pub(crate) path: String,
}

/// How the server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    Http,
    Https,
}

impl Scheme {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

impl Endpoint {
    /// Reads an absolute URL.
    ///
    /// # Errors
    ///
    /// What is wrong with it, without the URL.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        let wrong = |why: &str| Err(format!("it is no URL to send webhooks to: {why}"));
        let Ok(uri) = url.parse::<Uri>() else { return wrong("it cannot be read") };
        let scheme = match uri.scheme_str() {
            Some("http") => Scheme::Http,
            Some("https") => Scheme::Https,
            Some(_) => return wrong("its scheme is neither http nor https"),
            None => return wrong("it has no scheme; it begins with https://"),
        };
        let Some(authority) = uri.authority() else { return wrong("it has no host") };
        if authority.as_str().contains('@') {
            return wrong("user and password have settings of their own");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        if host.is_empty() {
            return wrong("it has no host");
        }
        let port = match authority.as_str().rsplit_once(':') {
            Some((_, digits)) if authority.port().is_none() && !digits.ends_with(']') => {
                return wrong("its port is none");
            }
            _ => authority.port_u16().unwrap_or_else(|| scheme.port()),
        };
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        Ok(Self { scheme, host, port, path })
    }

    /// The host, and the port unless it goes without saying, as `Host` headers have it.
    pub(crate) fn authority(&self) -> String {
        if self.port == self.scheme.port() { bracketed(&self.host) } else { self.host_and_port() }
    }

    /// The host and the port, as CONNECT has it.
    pub(crate) fn host_and_port(&self) -> String {
        format!("{}:{}", bracketed(&self.host), self.port)
    }

    /// The same server with the path veiled.
    pub(crate) fn veiled(&self) -> Self {
        Self { path: "/...".to_owned(), ..self.clone() }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}/...", self.scheme.name(), self.authority())
    }
}

fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_shown_without_what_may_be_a_secret() {
        for (url, shown, path) in [
            ("https://Hooks.example.com/T0/B0?k=v#f", "https://hooks.example.com/...", "/T0/B0?k=v"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080/...", "/"),
            ("https://[::1]:443/x", "https://[::1]/...", "/x"),
            ("http://[::1]", "http://[::1]/...", "/"),
        ] {
            let endpoint = Endpoint::parse(url).unwrap();
            assert_eq!((endpoint.to_string().as_str(), endpoint.path.as_str()), (shown, path));
            assert_eq!(endpoint.veiled().to_string(), shown);
        }
    }

    #[test]
    fn urls_that_are_none() {
        for (url, why) in [
            ("ftp://a/secret", "its scheme is neither http nor https"),
            ("hooks.example.com/secret", "it cannot be read"),
            ("/secret", "it has no scheme; it begins with https://"),
            ("https://me:secret@a/", "user and password have settings of their own"),
            ("https://a:99999/secret", "its port is none"),
            ("https://a/secret secret", "it cannot be read"),
            ("https://a/\r\nsecret: 1", "it cannot be read"),
        ] {
            assert_eq!(
                Endpoint::parse(url),
                Err(format!("it is no URL to send webhooks to: {why}")),
                "{url}"
            );
        }
    }
}
