//! Web servers with certificates of all kinds.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_checks::{Check, HttpCheck, TlsSettings, Verify};
use keepwatch_event::Health;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use crate::http::request;
use crate::support::{Folder, HASTY, PATIENT, ask, assert_pass, assert_verdict, serve, silent};

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A server for `localhost` with a certificate signed by itself.
struct Server {
    at: String,
    ca: PathBuf,
    folder: Folder,
}

impl Server {
    /// Valid from and until so many days from now.
    async fn start(name: &str, from: i32, until: i32) -> Self {
        Self::with(name, from, until, IsCa::NoCa, None).await
    }

    /// With a certificate that is a CA's own, as `openssl req -x509` makes it.
    async fn of_ca(name: &str, from: i32, until: i32) -> Self {
        Self::with(name, from, until, IsCa::Ca(BasicConstraints::Unconstrained), None).await
    }

    /// One that signs with another key than the certificate's, if one is given.
    async fn with(name: &str, from: i32, until: i32, is_ca: IsCa, other: Option<KeyPair>) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        // A signer is looked for by name.
        parameters.distinguished_name.push(DnType::CommonName, name);
        let day = |days: i32| {
            let (now, by) = (SystemTime::now(), DAY * days.unsigned_abs());
            // Some minutes more: the test may take a while.
            (if days < 0 { now - by } else { now + by }) + Duration::from_secs(600)
        };
        (parameters.not_before, parameters.not_after) = (day(from).into(), day(until).into());
        parameters.is_ca = is_ca;
        let certificate = parameters.self_signed(&key).unwrap();
        let folder = Folder::new(name);
        let ca = folder.path("ca.pem");
        std::fs::write(&ca, certificate.pem()).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(other.unwrap_or(key).serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = provider.key_provider.load_private_key(key).unwrap();
        let shown = CertifiedKey::new(vec![certificate.der().clone()], key);
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let address = serve(move |stream: TcpStream| {
            let acceptor = acceptor.clone();
            async move {
                // Those who do not like the certificate leave.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                request(&mut stream).await;
                let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
                let _ = stream.read(&mut [0]).await;
            }
        })
        .await;
        Self { at: format!("https://localhost:{}", address.port()), ca, folder }
    }

    fn settings(&self) -> TlsSettings {
        TlsSettings { ca: Some(self.ca.clone()), ..TlsSettings::default() }
    }

    fn check(&self, tls: TlsSettings) -> Check {
        Check::Http(HttpCheck { tls, ..HttpCheck::new(&self.at) })
    }
}

#[tokio::test]
async fn a_certificate_that_is_right() {
    let server = Server::start("right", -1, 30).await;
    let passes = format!("{}: status 200 in ", server.at);
    assert_pass(&ask(&server.check(server.settings()), PATIENT).await, &passes);
    let long = TlsSettings { min_life: Some(DAY * 30), ..server.settings() };
    assert_pass(&ask(&server.check(long), PATIENT).await, &passes);
    let address = server.at.replace("localhost", "127.0.0.1");
    let tls = TlsSettings { server_name: Some("localhost".to_owned()), ..server.settings() };
    let by_address = Check::Http(HttpCheck { tls, ..HttpCheck::new(&address) });
    assert_pass(&ask(&by_address, PATIENT).await, &format!("{address}: status 200 in "));
}

#[tokio::test]
async fn a_certificate_soon_to_end() {
    let server = Server::start("soon", -1, 3).await;
    for verify in [Verify::On, Verify::Off] {
        let tls = TlsSettings { min_life: Some(DAY * 14), verify, ..server.settings() };
        let verdict = ask(&server.check(tls), PATIENT).await;
        let text = format!("{}: its certificate expires in 3 days, less than 14 days", server.at);
        assert_verdict(&verdict, Health::Fail, &text);
    }
}

#[tokio::test]
async fn certificates_that_are_wrong() {
    let server = Server::start("wrong", -1, 30).await;
    let fails = |text: &str| format!("{}: its certificate {text}", server.at);
    let other = Server::start("other", -1, 30).await;
    let verdict = ask(&server.check(other.settings()), PATIENT).await;
    assert_verdict(
        &verdict,
        Health::Fail,
        &fails("is signed by nobody who is trusted; `ca_file` can say who else is"),
    );
    let name = TlsSettings { server_name: Some("www.example.com".to_owned()), ..server.settings() };
    let verdict = ask(&server.check(name), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &fails("is not for www.example.com"));
    let any = TlsSettings { verify: Verify::Off, ..TlsSettings::default() };
    let passes = format!("{}: status 200 in ", server.at);
    assert_pass(&ask(&server.check(any.clone()), PATIENT).await, &passes);

    let old = Server::start("old", -9, -3).await;
    let verdict = ask(&old.check(old.settings()), PATIENT).await;
    // Ten minutes less than three days.
    assert_verdict(&verdict, Health::Fail, &format!("{}: its certificate expired 2 days ago", old.at));
    let ended = TlsSettings { min_life: Some(DAY), ..any };
    let verdict = ask(&old.check(ended), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{}: its certificate expired 2 days ago", old.at));
    let early = Server::start("early", 4, 30).await;
    let verdict = ask(&early.check(early.settings()), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{}: its certificate is valid only in 4 days", early.at));
}

/// What `openssl req -x509` makes is a CA's own certificate, unless it is told otherwise.
#[tokio::test]
async fn a_certificate_that_the_ca_file_names_itself() {
    let server = Server::of_ca("itself", -1, 30).await;
    let passes = format!("{}: status 200 in ", server.at);
    assert_pass(&ask(&server.check(server.settings()), PATIENT).await, &passes);
    let fails = |server: &Server, text: &str| format!("{}: its certificate {text}", server.at);

    let name = TlsSettings { server_name: Some("www.example.com".to_owned()), ..server.settings() };
    let verdict = ask(&server.check(name), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &fails(&server, "is not for www.example.com"));
    let long = TlsSettings { min_life: Some(DAY * 60), ..server.settings() };
    let verdict = ask(&server.check(long), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &fails(&server, "expires in 30 days, less than 60 days"));
    // Of the same name, with another key.
    let other = Server::of_ca("itself", -1, 30).await;
    std::fs::write(&server.ca, std::fs::read(&other.ca).unwrap()).unwrap();
    let verdict = ask(&server.check(server.settings()), PATIENT).await;
    let text = "is a CA's own, not a server's; `ca_file` can name that very certificate";
    assert_verdict(&verdict, Health::Fail, &fails(&server, text));

    let old = Server::of_ca("itself-old", -9, -3).await;
    let verdict = ask(&old.check(old.settings()), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &fails(&old, "expired 2 days ago"));
    let early = Server::of_ca("itself-early", 4, 30).await;
    let verdict = ask(&early.check(early.settings()), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &fails(&early, "is valid only in 4 days"));
}

#[tokio::test]
async fn who_shows_a_certificate_must_have_its_key() {
    for is_ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let other = KeyPair::generate().unwrap();
        let server = Server::with("stolen", -1, 30, is_ca, Some(other)).await;
        let verdict = ask(&server.check(server.settings()), PATIENT).await;
        let text = format!("{}: its certificate has a signature that is not right", server.at);
        assert_verdict(&verdict, Health::Fail, &text);
    }
}

#[tokio::test]
async fn a_ca_file_is_read_anew() {
    let server = Server::start("anew", -1, 30).await;
    let right = std::fs::read(&server.ca).unwrap();
    let check = server.check(server.settings());
    let shown = server.ca.display();
    std::fs::write(&server.ca, "nothing").unwrap();
    let verdict = ask(&check, PATIENT).await;
    assert_verdict(&verdict, Health::Unknown, &format!("the CA file {shown} holds no certificate as PEM"));
    std::fs::write(&server.ca, right).unwrap();
    assert_eq!(ask(&check, PATIENT).await.health, Health::Pass);
    std::fs::remove_file(&server.ca).unwrap();
    let verdict = ask(&check, PATIENT).await;
    let text = format!("the CA file {shown} cannot be read: No such file or directory");
    assert_verdict(&verdict, Health::Unknown, &text);
    drop(server.folder);
}

#[tokio::test]
async fn servers_that_speak_no_tls() {
    let any = TlsSettings { verify: Verify::Off, ..TlsSettings::default() };
    let check = |url: &str| Check::Http(HttpCheck { tls: any.clone(), ..HttpCheck::new(url) });
    let quiet = format!("https://{}", serve(silent).await);
    let verdict = ask(&check(&quiet), HASTY).await;
    assert_verdict(&verdict, Health::Fail, &format!("{quiet} did not answer to TLS within 200 ms"));
    let plain = serve(|mut stream: TcpStream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.shutdown().await;
        let _ = stream.read(&mut [0; 4096]).await;
        let _ = stream.read(&mut [0; 4096]).await;
    });
    let plain = format!("https://{}", plain.await);
    let verdict = ask(&check(&plain), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{plain} answers with what is not TLS"));
}
