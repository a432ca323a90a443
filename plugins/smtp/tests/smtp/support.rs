//! What the tests share: settings, servers that follow a script, certificates, a listener.

use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use keepwatch_notify::{Dialogue, Outcome, Parcel, Transport, sample};
use keepwatch_smtp::{Mail, Relay, Settings, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Long enough for any answer on a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(60);
/// For those who will never answer: long enough to come to that point on a busy machine.
pub(crate) const HASTY: Duration = Duration::from_secs(5);

/// To two recipients by these relays.
pub(crate) fn settings(relays: Vec<Relay>) -> Settings {
    let mailbox = |text: &str| text.parse().unwrap();
    let to = vec![mailbox("a@example.com"), mailbox("b@example.com")];
    let first = Relay { host: "localhost".to_owned(), port: 1, tls: Tls::None };
    Settings {
        relays,
        connect_timeout: PATIENT,
        timeout: PATIENT,
        helo: Some("h1.example.com".to_owned()),
        ..Settings::new(first, mailbox("keepwatch@example.com"), to)
    }
}

pub(crate) fn at(port: u16, tls: Tls) -> Relay {
    // Servers listen on this address only, and certificates are for the name.
    let host = if tls == Tls::None { "127.0.0.1" } else { "localhost" };
    Relay { host: host.to_owned(), port, tls }
}

/// Hands a parcel over; the outcome, and the dialogue.
pub(crate) async fn hand_over(settings: Settings) -> (Outcome, Heard) {
    again(&Mail::new(settings), &sample::transition()).await
}

pub(crate) async fn again(mail: &Mail, parcel: &Parcel) -> (Outcome, Heard) {
    let heard = Heard::default();
    let outcome = mail.deliver(parcel, &heard).await;
    (outcome, heard)
}

/// Keeps the dialogue: `> said`, `< heard`, `* note`.
#[derive(Debug, Default)]
pub(crate) struct Heard(Mutex<Vec<String>>);

impl Heard {
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }

    pub(crate) fn text(&self) -> String {
        self.lines().join("\n")
    }

    fn push(&self, sign: char, line: &str) {
        self.0.lock().unwrap().push(format!("{sign} {line}"));
    }
}

impl Dialogue for Heard {
    fn said(&self, line: &str) {
        self.push('>', line);
    }

    fn heard(&self, line: &str) {
        self.push('<', line);
    }

    fn note(&self, line: &str) {
        self.push('*', line);
    }
}

/// Beginnings of commands, and what is answered.
pub(crate) type Answers = &'static [(&'static str, &'static str)];

/// A server that answers commands as a table says: the first line that fits, and `250 ok` if none does. An empty answer
/// is none, for ever; `close` closes; `stall` lets the message begin, and reads nothing any more.
pub(crate) struct Script {
    pub(crate) greeting: &'static str,
    pub(crate) answers: Answers,
    pub(crate) acceptor: Option<TlsAcceptor>,
    pub(crate) implicit: Implicit,
}

/// Whether TLS begins with the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Implicit {
    Tls,
    Plain,
}

/// What a scripted server was told.
pub(crate) type Told = Arc<Mutex<Vec<String>>>;

impl Script {
    pub(crate) const fn answering(answers: Answers) -> Self {
        Self { greeting: "220 scripted", answers, acceptor: None, implicit: Implicit::Plain }
    }

    /// Starts it on loopback, on a port that the kernel chooses.
    pub(crate) async fn start(self) -> (u16, Told) {
        self.start_on(Ipv4Addr::LOCALHOST).await
    }

    pub(crate) async fn start_on(self, address: Ipv4Addr) -> (u16, Told) {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let told = Told::default();
        let (script, heard) = (Arc::new(self), Arc::clone(&told));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Arc::clone(&script).serve(stream, Arc::clone(&heard)));
            }
        });
        (port, told)
    }

    async fn serve(self: Arc<Self>, stream: TcpStream, told: Told) {
        if self.implicit == Implicit::Tls {
            // Those who do not like the certificate leave.
            let Ok(stream) = self.acceptor.as_ref().unwrap().accept(stream).await else { return };
            self.talk(BufStream::new(stream), &told, Greeting::Said).await;
            return;
        }
        let Some(plain) = self.talk(BufStream::new(stream), &told, Greeting::Said).await else { return };
        let Ok(stream) = self.acceptor.as_ref().unwrap().accept(plain.into_inner()).await else { return };
        self.talk(BufStream::new(stream), &told, Greeting::Omitted).await;
    }

    /// Until the end, or until TLS should begin: then it gives the stream back.
    async fn talk<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: BufStream<S>,
        told: &Told,
        greeting: Greeting,
    ) -> Option<BufStream<S>> {
        if greeting == Greeting::Said {
            answer(&mut stream, self.greeting).await?;
        }
        let mut in_message = false;
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).await.ok()? == 0 {
                return None;
            }
            let line = line.trim_end();
            told.lock().unwrap().push(line.to_owned());
            if in_message && line != "." {
                continue;
            }
            let ready = if line == "DATA" { "354 go on" } else { "250 ok" };
            let reply = self.answers.iter().find(|(command, _)| line.starts_with(command));
            let reply = reply.map_or(ready, |(_, reply)| reply);
            answer(&mut stream, reply).await?;
            in_message = reply.starts_with("354");
            if line == "STARTTLS" && reply.starts_with("220") {
                return Some(stream);
            }
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Greeting {
    Said,
    Omitted,
}

/// Talks without end, and without ending a line, to each who comes.
pub(crate) async fn babble() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move { while stream.write_all(&[b'2'; 64 * 1024]).await.is_ok() {} });
        }
    });
    port
}

async fn answer<S: AsyncWrite + Unpin>(stream: &mut S, reply: &str) -> Option<()> {
    match reply {
        "" => std::future::pending().await,
        "close" => None,
        "stall" => {
            stream.write_all(b"354 go on\r\n").await.ok()?;
            stream.flush().await.ok()?;
            std::future::pending().await
        }
        reply => {
            stream.write_all(format!("{reply}\r\n").as_bytes()).await.ok()?;
            stream.flush().await.ok()
        }
    }
}

/// A CA made on the spot, in a folder that goes with it.
pub(crate) struct Authority {
    folder: PathBuf,
    issuer: Issuer<'static, KeyPair>,
    /// When what it signs ends.
    until: SystemTime,
    der: CertificateDer<'static>,
}

/// In place of a name, the authority's own certificate.
pub(crate) const OWN: &str = "";

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-smtp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        // A signer is looked for by name.
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.self_signed(&key).unwrap();
        std::fs::write(folder.join("ca.pem"), certificate.pem()).unwrap();
        let der = certificate.der().clone();
        let until = SystemTime::now() + DAY * 365;
        Self { folder, issuer: Issuer::new(parameters, key), until, der }
    }

    /// What it signs ended yesterday.
    pub(crate) fn of_old(name: &str) -> Self {
        let mut authority = Self::new(name);
        authority.until = SystemTime::now() - DAY;
        authority
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A certificate for a name, as `NAME.pem` and `NAME.key`.
    pub(crate) fn sign(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec![name.to_owned()]).unwrap();
        (parameters.not_before, parameters.not_after) = ((self.until - DAY * 366).into(), self.until.into());
        parameters.distinguished_name.push(DnType::CommonName, name);
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        std::fs::write(self.path(&format!("{name}.pem")), certificate.pem()).unwrap();
        std::fs::write(self.path(&format!("{name}.key")), key.serialize_pem()).unwrap();
        (certificate.der().clone(), PrivatePkcs8KeyDer::from(key.serialize_der()).into())
    }

    /// TLS with a certificate for this name, and for those only whose certificate is signed by `clients`, if given.
    pub(crate) fn acceptor(&self, name: &str, clients: Option<&Self>) -> TlsAcceptor {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(clients) => {
                let mut roots = RootCertStore::empty();
                roots.add(clients.der.clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let (certificate, key) = match name {
            OWN => (self.der.clone(), PrivatePkcs8KeyDer::from(self.issuer.key().serialize_der()).into()),
            name => self.sign(name),
        };
        Arc::new(builder.with_single_cert(vec![certificate], key).unwrap()).into()
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
