//! Grants: what the administrator lets a plugin do.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use keepwatch_config::is_name;
use keepwatch_event::one_line;

/// Something a plugin may be let do. Written as in the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Grant {
    /// `http://HOST[:PORT]`, `https://HOST[:PORT]`: HTTP requests to this origin.
    Origin(Origin),
    /// `tcp:HOST:PORT`: connections.
    Tcp(HostPort),
    /// `unix:/PATH`: connections to this socket.
    Unix(PathBuf),
    /// `run:NAME`: this `[action.NAME]`.
    Run(String),
    /// `track:NAME`: saying how this is.
    Track(String),
    /// `notify:NAME`: messages to this `[notify.NAME]`.
    Notify(String),
}

/// What kind of thing a grant is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Facility {
    /// HTTP requests.
    Http,
    /// TCP or Unix-socket connections.
    Probe,
    /// Actions.
    Run,
    /// Verdicts.
    Track,
    /// Mails and webhooks.
    Notify,
}

/// A scheme, a host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Origin {
    /// Whether it is `https`.
    pub scheme: Scheme,
    /// Where.
    pub at: HostPort,
}

/// How HTTP is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// In the clear.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// The port if none is written.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }

    /// As written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }
}

/// A host by name or address, and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// In lower case; an IPv6 address without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
}

impl HostPort {
    /// Reads `HOST:PORT`, or `HOST` if there is a default port. An IPv6 address stands in brackets.
    ///
    /// # Errors
    ///
    /// What is wrong with it.
    pub fn parse(text: &str, default: Option<u16>) -> Result<Self, String> {
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']').ok_or("the bracket `[` is not closed")?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| format!("`{host}` is no IPv6 address"))?;
                (host, rest.strip_prefix(':'))
            }
            None => match text.rsplit_once(':') {
                Some((host, _)) if host.contains(':') => {
                    return Err(format!("an IPv6 address stands in brackets: `[{text}]`"));
                }
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            },
        };
        let port = match (port, default) {
            (Some(port), _) => {
                let number = port.parse().ok().filter(|number| *number != 0);
                number.ok_or_else(|| format!("`{port}` is no port; it is a number from 1 to 65535"))?
            }
            (None, Some(default)) => default,
            (None, None) => return Err("the port is missing: `HOST:PORT`".to_owned()),
        };
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':');
        if host.is_empty() || !host.chars().all(valid) {
            return Err(format!("`{host}` is no host name or address"));
        }
        Ok(Self { host: host.to_ascii_lowercase(), port })
    }
}

impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.to_string();
        let port = format!(":{}", self.scheme.port());
        write!(f, "{}://{}", self.scheme.name(), at.strip_suffix(&port).unwrap_or(&at))
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Origin(origin) => origin.fmt(f),
            Self::Tcp(at) => write!(f, "tcp:{at}"),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Run(name) => write!(f, "run:{name}"),
            Self::Track(name) => write!(f, "track:{name}"),
            Self::Notify(name) => write!(f, "notify:{name}"),
        }
    }
}

impl FromStr for Grant {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (word, rest) = text.split_once(':').ok_or_else(|| unknown(text))?;
        match word {
            "http" | "https" => {
                let scheme = if word == "http" { Scheme::Http } else { Scheme::Https };
                let rest = rest.strip_prefix("//").ok_or_else(|| format!("write `{word}://HOST`"))?;
                let rest = rest.strip_suffix('/').unwrap_or(rest);
                if rest.contains('/') {
                    let host = rest.split('/').next().unwrap_or(rest);
                    return Err(format!("a grant is for a whole origin, without a path: `{word}://{host}`"));
                }
                Ok(Self::Origin(Origin { scheme, at: HostPort::parse(rest, Some(scheme.port()))? }))
            }
            "tcp" => Ok(Self::Tcp(HostPort::parse(rest, None)?)),
            "unix" => {
                let path = Path::new(rest);
                let plain = path.components().all(|part| !matches!(part, Component::ParentDir));
                if path.is_absolute() && plain {
                    Ok(Self::Unix(path.to_owned()))
                } else {
                    Err(format!("`{rest}` is no absolute path without `..`"))
                }
            }
            "run" => Ok(Self::Run(name(rest)?)),
            "track" => Ok(Self::Track(name(rest)?)),
            "notify" => Ok(Self::Notify(name(rest)?)),
            _ => Err(unknown(text)),
        }
    }
}

/// A name of the administrator's: letters, digits, `-`, `_` and `.`.
fn name(text: &str) -> Result<String, String> {
    if !is_name(text) {
        let text = one_line(text);
        return Err(format!("`{text}` is no name: letters, digits, `-`, `_` and `.`, 64 at most"));
    }
    Ok(text.to_owned())
}

fn unknown(text: &str) -> String {
    format!(
        "there is no grant `{text}`; write `http://HOST:PORT`, `https://HOST`, `tcp:HOST:PORT`, `unix:/PATH`, \
         `run:ACTION`, `notify:DESTINATION` or `track:NAME`"
    )
}

impl Grant {
    /// What kind of thing it is about.
    #[must_use]
    pub const fn facility(&self) -> Facility {
        match self {
            Self::Origin(_) => Facility::Http,
            Self::Tcp(_) | Self::Unix(_) => Facility::Probe,
            Self::Run(_) => Facility::Run,
            Self::Track(_) => Facility::Track,
            Self::Notify(_) => Facility::Notify,
        }
    }
}

impl Facility {
    /// What a grant of it looks like.
    #[must_use]
    pub const fn example(self) -> &'static str {
        match self {
            Self::Http => "http://HOST:PORT",
            Self::Probe => "tcp:HOST:PORT",
            Self::Run => "run:ACTION",
            Self::Track => "track:NAME",
            Self::Notify => "notify:DESTINATION",
        }
    }

    /// What one does with it: `may not ...`.
    #[must_use]
    pub const fn deed(self) -> &'static str {
        match self {
            Self::Http => "send HTTP requests",
            Self::Probe => "connect to anything",
            Self::Run => "run actions",
            Self::Track => "set verdicts",
            Self::Notify => "send messages",
        }
    }
}

/// All grants of a plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Grants {
    /// These.
    These(Vec<Grant>),
    /// Whatever it asks for: in a trial, where nothing is done.
    Everything,
}

impl Default for Grants {
    fn default() -> Self {
        Self::These(Vec::new())
    }
}

impl Grants {
    /// These.
    #[must_use]
    pub const fn new(grants: Vec<Grant>) -> Self {
        Self::These(grants)
    }

    /// Whether this is among them.
    #[must_use]
    pub fn has(&self, grant: &Grant) -> bool {
        match self {
            Self::These(grants) => grants.contains(grant),
            Self::Everything => true,
        }
    }

    /// Whether one of them is of this facility.
    #[must_use]
    pub fn has_any(&self, facility: Facility) -> bool {
        match self {
            Self::These(grants) => grants.iter().any(|grant| grant.facility() == facility),
            Self::Everything => true,
        }
    }

    /// Whether these allow something that the others do not.
    #[must_use]
    pub fn exceed(&self, others: &Self) -> bool {
        match self {
            Self::These(grants) => grants.iter().any(|grant| !others.has(grant)),
            Self::Everything => *others != Self::Everything,
        }
    }

    /// Those that are named.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        match self {
            Self::These(grants) => grants.iter(),
            Self::Everything => [].iter(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grants_are_read_and_written() {
        let table = [
            ("http://127.0.0.1:9187", "http://127.0.0.1:9187"),
            ("http://127.0.0.1:80/", "http://127.0.0.1"),
            ("https://Hooks.Example.com", "https://hooks.example.com"),
            ("https://[fd00::1]:8443", "https://[fd00::1]:8443"),
            ("tcp:db1:5432", "tcp:db1:5432"),
            ("unix:/run/haproxy/admin.sock", "unix:/run/haproxy/admin.sock"),
            ("run:haproxy-reload", "run:haproxy-reload"),
            ("track:db", "track:db"),
            ("notify:admins", "notify:admins"),
        ];
        for (text, written) in table {
            assert_eq!(text.parse::<Grant>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn what_is_no_grant_is_refused_with_what_would_be_right() {
        let table = [
            ("http:example.com", "write `http://HOST`"),
            ("https://example.com/services", "without a path: `https://example.com`"),
            ("https://*.example.com", "no host name"),
            ("tcp:db1", "the port is missing"),
            ("tcp:fd00::1:80", "stands in brackets"),
            ("tcp:db1:70000", "from 1 to 65535"),
            ("unix:run/x.sock", "no absolute path"),
            ("unix:/run/../etc/x", "without `..`"),
            ("run:", "no name"),
            ("run:a b", "no name"),
            ("notify:admin@example.com", "no name"),
            ("exec:haproxy-reload", "there is no grant"),
            ("everything", "there is no grant"),
        ];
        for (text, reason) in table {
            let error = text.parse::<Grant>().unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
