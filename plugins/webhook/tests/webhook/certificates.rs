//! TLS: whose certificate is trusted, and our own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use keepwatch_notify::{Outcome, sample};
use keepwatch_webhook::{Identity, Settings, Tls};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_rustls::TlsAcceptor;

use crate::support::{
    Ear, Folder, HASTY, OK, Server, assert_unreachable, deliver, deliver_heard, read, serve, to,
};

/// Somebody who signs certificates.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate: rcgen::Certificate,
    folder: Folder,
}

impl Authority {
    pub(crate) fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        // A signer is looked for by name.
        parameters.distinguished_name.push(DnType::CommonName, name);
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap();
        Self { issuer: Issuer::new(parameters, key), certificate, folder: Folder::new(name) }
    }

    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.file("ca.pem", &self.certificate.pem())
    }

    fn parameters(name: &str) -> CertificateParams {
        CertificateParams::new(vec![name.to_owned()]).unwrap()
    }

    /// A certificate of a client.
    fn identity(&self) -> Identity {
        let key = KeyPair::generate().unwrap();
        let certificate = Self::parameters("us").signed_by(&key, &self.issuer).unwrap();
        let certificate = self.folder.file("client.pem", &certificate.pem());
        Identity { certificate, key: self.folder.file("client.key", &key.serialize_pem()) }
    }

    /// How a server of that name speaks TLS, and whom it asks for a certificate.
    pub(crate) fn server(&self, parameters: &CertificateParams, clients: Option<&Self>) -> TlsAcceptor {
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        Self::showing(&certificate, &key, clients)
    }

    fn showing(certificate: &rcgen::Certificate, key: &KeyPair, clients: Option<&Self>) -> TlsAcceptor {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = RootCertStore::empty();
                roots.add(authority.certificate.der().clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    pub(crate) fn localhost(&self) -> TlsAcceptor {
        self.server(&Self::parameters("localhost"), None)
    }
}

/// A server that takes everything. Gives its URL, and what it has taken.
pub(crate) async fn start(acceptor: TlsAcceptor) -> (String, Arc<Mutex<Vec<String>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let known = Arc::clone(&taken);
    let address = serve(move |stream| {
        let (acceptor, known) = (acceptor.clone(), Arc::clone(&known));
        async move {
            // Those who do not like the certificate leave.
            let Ok(mut stream) = acceptor.accept(stream).await else { return };
            let asked = read(&mut stream).await;
            if asked.head.is_empty() {
                return;
            }
            known.lock().unwrap().push(asked.body);
            let _ = stream.write_all(OK.as_bytes()).await;
            let _ = stream.read(&mut [0]).await;
        }
    })
    .await;
    (format!("https://localhost:{}/s3cret", address.port()), taken)
}

fn with_ca(url: &str, authority: &Authority) -> Settings {
    Settings { tls: Tls { ca: Some(authority.ca()), identity: None }, ..to(url) }
}

fn delivered() -> Outcome {
    Outcome::Delivered { said: "200 OK: ok".to_owned() }
}

#[tokio::test]
async fn a_certificate_that_the_ca_file_vouches_for() {
    let authority = Authority::new("vouches");
    let (url, taken) = start(authority.localhost()).await;
    let ear = Ear::default();
    let outcome = deliver_heard(with_ca(&url, &authority), &sample::transition(), &ear).await;
    assert_eq!(outcome, delivered());
    assert_eq!(taken.lock().unwrap().len(), 1);
    let lines = ear.lines();
    assert!(lines.iter().any(|line| line.starts_with("* TLS with localhost: TLSv1_3, ")), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("without TLS")), "{lines:?}");
}

#[tokio::test]
async fn a_certificate_that_the_ca_file_names_itself() {
    let key = KeyPair::generate().unwrap();
    let mut parameters = Authority::parameters("localhost");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = parameters.self_signed(&key).unwrap();
    let (url, taken) = start(Authority::showing(&certificate, &key, None)).await;
    let folder = Folder::new("itself");
    let ca = Some(folder.file("itself.pem", &certificate.pem()));
    let settings = Settings { tls: Tls { ca, identity: None }, ..to(&url) };
    assert_eq!(deliver(settings).await, delivered());
    assert_eq!(taken.lock().unwrap().len(), 1);
    let text =
        "localhost: its certificate is a CA's own, not a server's; `ca_file` can name that very certificate";
    assert_unreachable(&deliver(with_ca(&url, &Authority::new("another"))).await, text);
    assert_eq!(taken.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn certificates_that_are_wrong_get_nothing() {
    let (ours, other) = (Authority::new("ours"), Authority::new("other"));
    let (url, taken) = start(ours.localhost()).await;
    let says = |text: &str| format!("localhost: its certificate {text}");
    let outcome = deliver(with_ca(&url, &other)).await;
    assert_unreachable(&outcome, &says("is signed by nobody who is trusted; `ca_file` can say who else is"));
    assert!(taken.lock().unwrap().is_empty());

    let (url, taken) = start(ours.server(&Authority::parameters("www.example.com"), None)).await;
    assert_unreachable(&deliver(with_ca(&url, &ours)).await, &says("is not for localhost"));
    assert!(taken.lock().unwrap().is_empty());

    let mut old = Authority::parameters("localhost");
    let day = std::time::Duration::from_secs(86_400);
    old.not_before = (SystemTime::now() - day * 9).into();
    old.not_after = (SystemTime::now() - day).into();
    let (url, taken) = start(ours.server(&old, None)).await;
    assert_unreachable(&deliver(with_ca(&url, &ours)).await, &says("expired 24 hours ago"));
    assert!(taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_server_that_asks_for_our_certificate() {
    let (authority, stranger) = (Authority::new("asks"), Authority::new("stranger"));
    let acceptor = authority.server(&Authority::parameters("localhost"), Some(&authority));
    let (url, taken) = start(acceptor).await;
    let with =
        |identity: Option<Identity>| Settings { tls: Tls { ca: Some(authority.ca()), identity }, ..to(&url) };
    assert_eq!(deliver(with(Some(authority.identity()))).await, delivered());
    assert_eq!(taken.lock().unwrap().len(), 1);
    // With TLS 1.3 the server says no after our side of the handshake.
    for identity in [None, Some(stranger.identity())] {
        let outcome = deliver(with(identity)).await;
        let Outcome::Later { why, .. } = outcome else { panic!("{outcome:?}") };
        assert!(!why.contains("s3cret"), "{why}");
    }
    assert_eq!(taken.lock().unwrap().len(), 1);

    let mixed = Identity { key: stranger.identity().key, ..authority.identity() };
    let Outcome::Later { why, .. } = deliver(with(Some(mixed))).await else { panic!("another's key") };
    assert!(why.contains("cannot be used"), "{why}");
    let none = Identity { key: authority.ca(), ..authority.identity() };
    let expected = format!("the key {} is none as PEM, or is encrypted", none.key.display());
    assert_unreachable(&deliver(with(Some(none))).await, &expected);
}

#[tokio::test]
async fn files_are_read_anew() {
    let authority = Authority::new("anew");
    let (url, _) = start(authority.localhost()).await;
    let settings = with_ca(&url, &authority);
    let path = settings.tls.ca.clone().unwrap();
    let shown = path.display();
    std::fs::write(&path, "nothing").unwrap();
    let outcome = deliver(settings.clone()).await;
    assert_unreachable(&outcome, &format!("the CA file {shown} holds no certificate as PEM"));
    std::fs::remove_file(&path).unwrap();
    let outcome = deliver(settings.clone()).await;
    assert_unreachable(&outcome, &format!("the CA file {shown} cannot be read: No such file or directory"));
    authority.ca();
    assert_eq!(deliver(settings).await, delivered());
}

#[tokio::test]
async fn servers_that_speak_no_tls() {
    let authority = Authority::new("plain");
    let plain = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.shutdown().await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let url = format!("https://localhost:{}/", plain.port());
    assert_unreachable(&deliver(with_ca(&url, &authority)).await, "localhost answers with what is not TLS");
    let silent = Server::start("").await;
    let url = format!("https://127.0.0.1:{}/", silent.address.port());
    let outcome = deliver(Settings { timeout: HASTY, ..with_ca(&url, &authority) }).await;
    assert_unreachable(
        &outcome,
        &format!("https://{}/... could not be reached within 300 ms", silent.address),
    );
}
