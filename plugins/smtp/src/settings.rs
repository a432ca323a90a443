//! What a destination of mails is set to.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use lettre::message::Mailbox;

use crate::sign_in::SignIn;
use crate::templates::Templates;

/// How long connecting may take, for each address of a relay, unless told otherwise.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long everything may take with one relay, unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// What a destination of mails is set to.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The relays, at least one: the first is asked first.
    pub relays: Vec<Relay>,
    /// PEM: the relays' certificates must be signed by one of these, instead of by one that this host trusts.
    pub ca_file: Option<PathBuf>,
    /// What this host shows to relays that ask for a certificate.
    pub identity: Option<Identity>,
    /// The user. Without one no AUTH is done.
    pub sign_in: Option<SignIn>,
    /// The sender, in the envelope and in the header.
    pub from: Mailbox,
    /// The recipients, at least one.
    pub to: Vec<Mailbox>,
    /// The name after EHLO; without one this host's name.
    pub helo: Option<String>,
    /// How long connecting may take, for each address of a relay.
    pub connect_timeout: Duration,
    /// How long everything may take with one relay: looking up its name, connecting, the whole dialogue.
    pub timeout: Duration,
    /// Whose subjects and texts.
    pub style: Style,
    /// The templates of [`Style::Keepwatch`].
    pub templates: Templates,
}

impl Settings {
    /// By one relay, the rest as it is unless told otherwise.
    #[must_use]
    pub fn new(relay: Relay, from: Mailbox, to: Vec<Mailbox>) -> Self {
        Self {
            relays: vec![relay],
            ca_file: None,
            identity: None,
            sign_in: None,
            from,
            to,
            helo: None,
            connect_timeout: CONNECT_TIMEOUT,
            timeout: TIMEOUT,
            style: Style::Keepwatch,
            templates: Templates::default(),
        }
    }
}

/// A server that takes mails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Relay {
    /// A name or an address; the certificate must be for it.
    pub host: String,
    /// The TCP port.
    pub port: u16,
    /// How the connection is encrypted.
    pub tls: Tls,
}

impl Relay {
    /// At the port that is usual for this kind of encryption.
    #[must_use]
    pub fn new(host: impl Into<String>, tls: Tls) -> Self {
        Self { host: host.into(), port: tls.port(), tls }
    }
}

impl fmt::Display for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

/// How a connection is encrypted. There is no `if possible`: whoever can alter packets decides what is possible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tls {
    /// After STARTTLS, which the relay must offer.
    StartTls,
    /// From the first octet.
    Implicit,
    /// Not at all. Passwords are sent to relays on loopback only then.
    None,
}

impl Tls {
    /// The port that is usual: 587, 465, 25.
    #[must_use]
    pub const fn port(self) -> u16 {
        match self {
            Self::StartTls => 587,
            Self::Implicit => 465,
            Self::None => 25,
        }
    }
}

/// A certificate of this host with its key, both PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate. Of several in the file the first is shown: the relay must know those that lead to its CA.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// Whose subjects and texts mails have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Ours, by the templates.
    Keepwatch,
    /// Those of keepalived, for what it sends mails about: filters that know them go on working. Ours for the rest.
    Keepalived,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Secret;

    #[test]
    fn addresses_as_keepalived_has_them() {
        let table = [
            ("admin@example.com", None, "admin@example.com"),
            ("root@h1", None, "root@h1"),
            ("keepalived@localhost", None, "keepalived@localhost"),
            ("On Call <oncall@example.com>", Some("On Call"), "oncall@example.com"),
            ("\"Call, On\" <oncall@example.com>", Some("Call, On"), "oncall@example.com"),
            ("<oncall@example.com>", None, "oncall@example.com"),
        ];
        for (text, name, address) in table {
            let mailbox: Mailbox = text.parse().unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!((mailbox.name.as_deref(), mailbox.email.as_ref()), (name, address));
        }
        for text in ["", "admin", "a@b@c", "a@b\r\nRCPT TO:<c@d>", "a b@example.com", "@example.com"] {
            assert!(text.parse::<Mailbox>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn relays_are_written_as_people_do() {
        let table = [
            ("mail.example.com", "mail.example.com:587"),
            ("10.0.0.1", "10.0.0.1:587"),
            ("::1", "[::1]:587"),
        ];
        for (host, expected) in table {
            assert_eq!(Relay::new(host, Tls::StartTls).to_string(), expected);
        }
    }

    #[test]
    fn settings_show_what_they_are_and_no_secret() {
        let sign_in = |secret: &str| SignIn::with_password("kw", Secret::given(secret));
        let mailbox: Mailbox = "admin@example.com".parse().unwrap();
        let settings = |secret: &str| Settings {
            sign_in: Some(sign_in(secret)),
            ..Settings::new(Relay::new("mail", Tls::StartTls), mailbox.clone(), vec![mailbox.clone()])
        };
        let shown = format!("{:?}", settings("opensesame"));
        assert_eq!(shown, format!("{:?}", settings("opensesame")));
        assert_ne!(shown, format!("{:?}", settings("opensesamf")));
        assert!(shown.contains("kw") && !shown.contains("sesame"), "{shown}");
    }
}
