//! Which way a request takes.

use crate::endpoint::{Endpoint, Scheme};
use crate::settings::{Auth, Proxy};

/// Which way a request takes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Way<'a> {
    /// To the server itself.
    Straight,
    /// To a proxy that sends it on, and may read it.
    Forward(Relay<'a>),
    /// Through a proxy that passes octets on.
    Tunnel(Relay<'a>),
}

/// A proxy.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Relay<'a> {
    pub(crate) at: Endpoint,
    pub(crate) auth: Option<&'a Auth>,
}

impl<'a> Way<'a> {
    /// The way to a server. `environment` gives the variables' values.
    ///
    /// # Errors
    ///
    /// What is wrong with the proxy's URL.
    pub(crate) fn to(
        endpoint: &Endpoint,
        proxy: &'a Proxy,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, String> {
        let relay = match proxy {
            Proxy::None => None,
            Proxy::At { url, auth } => Some(Relay { at: relay(url)?, auth: auth.as_ref() }),
            Proxy::Environment => of_environment(endpoint, environment)?,
        };
        Ok(match (relay, endpoint.scheme) {
            (None, _) => Self::Straight,
            (Some(relay), Scheme::Http) => Self::Forward(relay),
            (Some(relay), Scheme::Https) => Self::Tunnel(relay),
        })
    }
}

/// A variable of the environment.
pub(crate) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Reads a proxy's URL.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn relay(url: &str) -> Result<Endpoint, String> {
    let why = "a proxy is set as http://HOST:PORT, without path, user and password";
    let at = Endpoint::parse(url).map_err(|_| why.to_owned())?;
    if at.scheme != Scheme::Http || at.path != "/" {
        return Err(why.to_owned());
    }
    Ok(at)
}

fn of_environment<'a>(
    endpoint: &Endpoint,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<Relay<'a>>, String> {
    let first =
        |names: &[&str]| names.iter().find_map(|name| environment(name).filter(|value| !value.is_empty()));
    let except = first(&["no_proxy", "NO_PROXY"]).unwrap_or_default();
    if except.split(',').any(|entry| covers(entry.trim(), &endpoint.host)) {
        return Ok(None);
    }
    let names: &[&str] = match endpoint.scheme {
        Scheme::Https => &["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"],
        // As a CGI variable, HTTP_PROXY would be a header that anybody can send.
        Scheme::Http => &["http_proxy", "all_proxy", "ALL_PROXY"],
    };
    let Some(url) = first(names) else { return Ok(None) };
    // Often there is no scheme.
    let url = if url.contains("://") { url } else { format!("http://{url}") };
    let at = relay(&url).map_err(|why| format!("in the environment: {why}"))?;
    Ok(Some(Relay { at, auth: None }))
}

/// Whether an entry of `no_proxy` is meant for a host: the same, or one in the domain.
fn covers(entry: &str, host: &str) -> bool {
    let entry = entry.trim_start_matches('.').to_ascii_lowercase();
    if entry.is_empty() {
        return false;
    }
    entry == "*" || host == entry || host.strip_suffix(&entry).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(url: &str, variables: &[(&str, &str)]) -> String {
        let environment = |wanted: &str| {
            variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned())
        };
        let endpoint = Endpoint::parse(url).unwrap();
        match Way::to(&endpoint, &Proxy::Environment, environment) {
            Ok(Way::Straight) => "straight".to_owned(),
            Ok(Way::Forward(relay)) => format!("forward {}", relay.at.host_and_port()),
            Ok(Way::Tunnel(relay)) => format!("tunnel {}", relay.at.host_and_port()),
            Err(why) => why,
        }
    }

    #[test]
    fn the_environment_is_read_as_others_read_it() {
        let (secure, plain) = ("https://hooks.example.com/x", "http://hooks.example.com/x");
        let both = [("https_proxy", "http://a:3128"), ("http_proxy", "b:3129/")];
        assert_eq!(way(secure, &both), "tunnel a:3128");
        assert_eq!(way(plain, &both), "forward b:3129");
        assert_eq!(way(plain, &[("HTTP_PROXY", "http://a")]), "straight");
        assert_eq!(way(secure, &[("ALL_PROXY", "http://a")]), "tunnel a:80");
        assert_eq!(way(secure, &[("https_proxy", ""), ("HTTPS_PROXY", "http://a")]), "tunnel a:80");
        for except in ["*", "example.com", "x, .EXAMPLE.com", "hooks.example.com"] {
            assert_eq!(way(secure, &[both[0], ("no_proxy", except)]), "straight", "{except}");
        }
        for except in ["", ",", "s.example.com", "xample.com", "example.org"] {
            assert_eq!(way(secure, &[both[0], ("no_proxy", except)]), "tunnel a:3128", "{except}");
        }
        for wrong in ["https://a", "http://me:secret@a", "socks5://a", "http://a/secret"] {
            let why = way(secure, &[("https_proxy", wrong)]);
            assert!(
                why.starts_with("in the environment: a proxy is set as ") && !why.contains("secret"),
                "{why}"
            );
        }
    }
}
