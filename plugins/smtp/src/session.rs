//! A connection to a relay that is ready for a mail: encrypted and signed in, as far as the settings ask for it.

use std::fmt::{Display, Write};
use std::net::SocketAddr;
use std::time::Duration;

use keepwatch_event::counted;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Auth, Quit};
use lettre::transport::smtp::extension::{ClientId, Extension};
use lettre::transport::smtp::response::Response;

use crate::dialogue::Followed;
use crate::material::Material;
use crate::reach::{Unreached, look_up, reach};
use crate::reply::{Reply, why};
use crate::settings::{Relay, Settings, Tls};
use crate::sign_in::SignIn;

/// How long a relay may take to say good-bye. Nobody waits for it.
const GOODBYE: Duration = Duration::from_secs(2);
/// Authentication succeeded (RFC 4954 6).
const SIGNED_IN: u16 = 235;
/// More questions than this are no way to sign in.
const CHALLENGES: usize = 5;

/// A connection to a relay.
pub(crate) struct Session<'a> {
    connection: AsyncSmtpConnection,
    heard: &'a Followed<'a>,
    address: SocketAddr,
    /// What must not be told, also where the relay repeats it.
    hidden: Vec<String>,
}

impl<'a> Session<'a> {
    /// Connects, encrypts and signs in.
    ///
    /// # Errors
    ///
    /// What the relay cannot or does not do, without its name.
    pub(crate) async fn open(
        settings: &Settings,
        relay: &Relay,
        material: Material,
        heard: &'a Followed<'a>,
    ) -> Result<Self, String> {
        let hello = hello(settings);
        let mut session = Self::connect(settings, relay, &material, &hello, heard).await?;
        if relay.tls == Tls::StartTls {
            session.start_tls(material, &hello, settings.sign_in.as_ref()).await?;
            return Ok(session);
        }
        session.sign_in(settings.sign_in.as_ref(), material.credentials).await?;
        Ok(session)
    }

    /// To the first of the relay's addresses that answers.
    async fn connect(
        settings: &Settings,
        relay: &Relay,
        material: &Material,
        hello: &ClientId,
        heard: &'a Followed<'a>,
    ) -> Result<Self, String> {
        let mut failed = "its name has no address".to_owned();
        for address in look_up(relay, heard).await? {
            heard.begin(&format!("a connection to {address} and a greeting"));
            match reach(relay, address, settings.connect_timeout, material.tls.clone(), hello).await {
                Ok(connection) => {
                    let session = Self { connection, heard, address, hidden: material.hidden.clone() };
                    session.heard.note(&format!("connected to {address}, {}", session.encryption()));
                    session.tell_greeting(hello);
                    return Ok(session);
                }
                // It is there and does not want us: its other addresses would say the same.
                Err(Unreached::Unwanted(line)) => {
                    heard.heard(&line);
                    return Err(line);
                }
                // It has no other address; and whoever hears why names the relay.
                Err(Unreached::Failed(why)) if address.to_string() == relay.to_string() => return Err(why),
                Err(Unreached::Failed(why)) => failed = format!("{address}: {why}"),
            }
            heard.note(&failed);
        }
        Err(failed)
    }

    /// STARTTLS, or nothing at all.
    async fn start_tls(
        &mut self,
        material: Material,
        hello: &ClientId,
        sign_in: Option<&SignIn>,
    ) -> Result<(), String> {
        let tls = material.tls.ok_or("no TLS is set up for it")?;
        if !self.connection.can_starttls() {
            return Err(
                "it does not offer STARTTLS, which is required: nothing was sent. If it speaks TLS from the \
                        start or not at all, the settings must say so"
                    .to_owned(),
            );
        }
        self.heard.said("STARTTLS");
        if let Err(error) = self.connection.starttls(tls, hello).await {
            let why = why(&error);
            self.heard.heard(&why);
            return Err(format!("STARTTLS: {why}"));
        }
        self.heard.note(&format!("from here on {}", self.encryption()));
        self.tell_greeting(hello);
        self.sign_in(sign_in, material.credentials).await
    }

    /// AUTH, if there is a user; never in the clear over a network.
    async fn sign_in(
        &mut self,
        sign_in: Option<&SignIn>,
        credentials: Option<Credentials>,
    ) -> Result<(), String> {
        let (Some(sign_in), Some(credentials)) = (sign_in, credentials) else { return Ok(()) };
        if !self.connection.is_encrypted() && !self.address.ip().to_canonical().is_loopback() {
            return Err(
                "the password is not sent over an unencrypted connection: nothing was sent".to_owned()
            );
        }
        let wanted: Vec<Mechanism> = sign_in.mechanisms.iter().copied().map(Into::into).collect();
        let Some(mechanism) = self.connection.server_info().get_auth_mechanism(&wanted) else {
            let wanted: Vec<String> = wanted.iter().map(ToString::to_string).collect();
            return Err(format!("it does not offer AUTH {}: nothing was sent", wanted.join(" or ")));
        };
        let reply = self.prove(mechanism, credentials).await?;
        if reply.code != SIGNED_IN {
            return Err(format!("it does not accept user and password: {}", reply.line));
        }
        Ok(())
    }

    /// The dialogue of AUTH. What stands for a secret is not told, also where the relay repeats it.
    async fn prove(&mut self, mechanism: Mechanism, credentials: Credentials) -> Result<Reply, String> {
        let told = |error: Error| why(&error);
        let first = Auth::new(mechanism, credentials.clone(), None).map_err(told)?.to_string();
        let shown = if mechanism.supports_initial_response() { " ***" } else { "" };
        self.heard.said(&format!("AUTH {mechanism}{shown}"));
        self.hidden.extend(first.split_whitespace().nth(2).map(str::to_owned));
        let mut answer = self.connection.command(first).await;
        for _ in 0..CHALLENGES {
            let Some(challenge) = challenge(&answer) else { break };
            self.hear(Ok(challenge.clone()))?;
            let next = match mechanism {
                // RFC 7628 3.2.3: what looks like a question is why it refuses; an empty line lets it say so.
                Mechanism::Xoauth2 => "\r\n".to_owned(),
                Mechanism::Plain | Mechanism::Login => {
                    Auth::new_from_response(mechanism, credentials.clone(), challenge)
                        .map_err(told)?
                        .to_string()
                }
            };
            self.heard.said("***");
            self.hidden.push(next.trim().to_owned());
            answer = self.connection.command(next).await;
        }
        let reply = self.hear(answer)?;
        if reply.code == 334 {
            return Err("it asks and asks, and does not say whether user and password are right".to_owned());
        }
        Ok(reply)
    }

    /// A command and the answer.
    ///
    /// # Errors
    ///
    /// There was no answer.
    pub(crate) async fn say(&mut self, command: impl Display) -> Result<Reply, String> {
        let command = command.to_string();
        self.heard.said(command.trim_end());
        let answer = self.connection.command(command).await;
        self.hear(answer)
    }

    /// The message, after DATA, and the answer. Lines that begin with a dot get another.
    ///
    /// # Errors
    ///
    /// There was no answer.
    pub(crate) async fn send(&mut self, message: &[u8]) -> Result<Reply, String> {
        self.heard.said(&format!("({})", counted(message.len() as u64, "octet")));
        self.heard.said(".");
        let answer = self.connection.message(message).await;
        self.hear(answer)
    }

    fn hear(&self, answer: Result<Response, Error>) -> Result<Reply, String> {
        let reply = Reply::of(answer, &self.hidden)?;
        self.heard.heard(&reply.line);
        Ok(reply)
    }

    /// Whether addresses may have letters other than ASCII's.
    pub(crate) fn takes_utf8(&self) -> bool {
        self.connection.server_info().supports_feature(Extension::SmtpUtfEight)
    }

    /// QUIT, for which nobody waits: the outcome stands.
    pub(crate) fn leave(mut self) {
        self.heard.said("QUIT");
        tokio::spawn(async move {
            let _ = tokio::time::timeout(GOODBYE, self.connection.command(Quit)).await;
        });
    }

    fn encryption(&self) -> &'static str {
        if self.connection.is_encrypted() { "with TLS" } else { "not encrypted" }
    }

    /// EHLO, which lettre says by itself, and what it keeps of the answer.
    fn tell_greeting(&self, hello: &ClientId) {
        self.heard.said(&format!("EHLO {hello}"));
        let info = self.connection.server_info();
        let mut line = format!("250 {}:", info.name());
        for extension in [Extension::StartTls, Extension::EightBitMime, Extension::SmtpUtfEight] {
            if info.supports_feature(extension) {
                let _ = write!(line, " {extension}");
            }
        }
        for mechanism in [Mechanism::Plain, Mechanism::Login, Mechanism::Xoauth2] {
            if info.supports_auth_mechanism(mechanism) {
                let _ = write!(line, " AUTH-{mechanism}");
            }
        }
        self.heard.heard(&line);
    }
}

/// The question, if the answer is one.
fn challenge(answer: &Result<Response, Error>) -> Option<&Response> {
    answer.as_ref().ok().filter(|response| response.has_code(334))
}

/// What we call ourselves.
fn hello(settings: &Settings) -> ClientId {
    let Some(name) = &settings.helo else { return ClientId::default() };
    match name.parse() {
        Ok(std::net::IpAddr::V4(address)) => return ClientId::Ipv4(address),
        Ok(std::net::IpAddr::V6(address)) => return ClientId::Ipv6(address),
        Err(_) => {}
    }
    // It becomes part of a command: no blank, no line break.
    let name: String = name.chars().filter(|c| c.is_ascii_graphic()).collect();
    if name.is_empty() { ClientId::default() } else { ClientId::Domain(name) }
}
