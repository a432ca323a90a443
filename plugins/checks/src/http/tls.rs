//! TLS to a server whose certificate is judged.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use keepwatch_host::Verdict;
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::target::Target;
use super::{TlsSettings, Verify, certificate};
use crate::deadline::Deadline;
use crate::io_text::{failed, plain};
use crate::verdict::{Step, fail, unknown};

/// Speaks TLS over a connection, if the certificate is right.
pub(super) async fn begin(
    settings: &TlsSettings,
    target: &Target,
    stream: TcpStream,
    deadline: &Deadline,
) -> Step<TlsStream<TcpStream>> {
    let at = &target.origin;
    let name = settings.server_name.as_ref().unwrap_or(&at.at.host);
    let server = ServerName::try_from(name.clone())
        .map_err(|_| unknown(format!("{at}: `{name}` is no name for a server; set another server name")))?;
    let config = deadline.limit(config(settings), || "the CA certificates could not be read".to_owned());
    // That this host is slow says nothing of the server.
    let config = config.await.map_err(|late| unknown(late.text))??;
    let connecting = TlsConnector::from(config).connect(server, stream);
    let stream = deadline.limit(connecting, || format!("{at} did not answer to TLS")).await?;
    let stream = stream.map_err(|error| refused(target, name, &error))?;
    if let Some(least) = settings.min_life {
        let leaf = stream.get_ref().1.peer_certificates().and_then(<[CertificateDer<'_>]>::first);
        certificate::lives(leaf, least).map_err(|text| fail(format!("{at}: {text}")))?;
    }
    Ok(stream)
}

/// Why a handshake failed.
fn refused(target: &Target, name: &str, error: &io::Error) -> Verdict {
    let at = &target.origin;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(error)) => {
            fail(format!("{at}: its certificate {}", certificate::in_words(error, name)))
        }
        Some(rustls::Error::InvalidMessage(_)) => fail(format!("{at} answers with what is not TLS")),
        Some(rustls::Error::AlertReceived(alert)) => {
            fail(format!("{at} refuses TLS with the alert {}", format!("{alert:?}").to_lowercase()))
        }
        Some(error) => fail(format!("{at}: TLS failed: {error}")),
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            fail(format!("{at} closed the connection during the TLS handshake"))
        }
        None => failed(&at.to_string(), error),
    }
}

/// How TLS is spoken.
async fn config(settings: &TlsSettings) -> Step<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| unknown(format!("TLS cannot be set up: {error}")))?;
    let mut config = match settings.verify {
        Verify::Off => builder.dangerous().with_custom_certificate_verifier(Arc::new(Any::new(&provider))),
        Verify::On => builder.with_root_certificates(roots(settings.ca.as_deref()).await?),
    }
    .with_no_client_auth();
    // A session taken up again shows no certificate.
    config.resumption = Resumption::disabled();
    Ok(Arc::new(config))
}

/// Who may have signed a certificate.
async fn roots(ca: Option<&Path>) -> Step<Arc<RootCertStore>> {
    let Some(path) = ca else { return of_this_host().await };
    let shown = path.display();
    let text = tokio::fs::read(path).await;
    let text =
        text.map_err(|error| unknown(format!("the CA file {shown} cannot be read: {}", plain(&error))))?;
    let mut roots = RootCertStore::empty();
    let (added, _) =
        roots.add_parsable_certificates(CertificateDer::pem_slice_iter(&text).filter_map(Result::ok));
    if added == 0 {
        return Err(unknown(format!("the CA file {shown} holds no certificate as PEM")));
    }
    Ok(Arc::new(roots))
}

/// The certificates that this host trusts; they are read once.
async fn of_this_host() -> Step<Arc<RootCertStore>> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let made = tokio::task::spawn_blocking(|| {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        roots
    })
    .await;
    let roots = made.ok().filter(|roots| !roots.is_empty()).ok_or_else(|| {
        unknown("this host has no CA certificates to check others by; install ca-certificates")
    })?;
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}

/// Accepts any certificate. That the server holds its key is still seen to.
#[derive(Debug)]
struct Any(WebPkiSupportedAlgorithms);

impl Any {
    fn new(provider: &CryptoProvider) -> Self {
        Self(provider.signature_verification_algorithms)
    }
}

impl ServerCertVerifier for Any {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.supported_schemes()
    }
}
