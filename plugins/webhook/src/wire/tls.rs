//! TLS to the server, by this host's certificates or by those in a file, and with a certificate of our own.

use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use keepwatch_notify::Dialogue;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{CertificateError, ClientConfig, Error, RootCertStore};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial::Stream;
use super::{in_words, plain};
use crate::endpoint::Endpoint;
use crate::settings::{Identity, Tls};

/// Speaks TLS over a stream, if the certificate is right.
///
/// # Errors
///
/// What went wrong, in one line.
pub(super) async fn begin(
    settings: &Tls,
    to: &Endpoint,
    stream: Box<dyn Stream>,
    heard: &dyn Dialogue,
) -> Result<TlsStream<Box<dyn Stream>>, String> {
    let name = ServerName::try_from(to.host.clone())
        .map_err(|_| format!("{} is no name that a certificate can have", to.host))?;
    let connector = TlsConnector::from(Arc::new(config(settings).await?));
    let stream = connector.connect(name, stream).await.map_err(|error| refused(to, &error))?;
    let session = stream.get_ref().1;
    if let (Some(version), Some(suite)) = (session.protocol_version(), session.negotiated_cipher_suite()) {
        heard.note(&format!("TLS with {}: {version:?}, {:?}", to.host, suite.suite()));
    }
    Ok(stream)
}

/// Why a handshake failed.
fn refused(to: &Endpoint, error: &io::Error) -> String {
    let host = &to.host;
    match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
        Some(Error::InvalidCertificate(error)) => format!("the certificate of {host} {}", wrong(error, host)),
        Some(Error::InvalidMessage(_)) => format!("{host} answers with what is not TLS"),
        Some(Error::AlertReceived(alert)) => {
            format!("{host} refuses TLS with the alert {}", format!("{alert:?}").to_lowercase())
        }
        Some(error) => format!("TLS with {host} failed: {error}"),
        None => format!("{host} {} during the TLS handshake", in_words(error)),
    }
}

fn wrong(error: &CertificateError, host: &str) -> String {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "has expired".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "is not valid yet; is this host's clock right?".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("is not for {host}")
        }
        CertificateError::UnknownIssuer => "is signed by nobody who is trusted; set the CA file".to_owned(),
        other => format!("is not valid: {other}"),
    }
}

async fn config(settings: &Tls) -> Result<ClientConfig, String> {
    let roots = match &settings.ca {
        Some(path) => Arc::new(roots(path).await?),
        None => of_this_host().await?,
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))?
        .with_root_certificates(roots);
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let (certificates, key) = read_identity(identity).await?;
            let pair = identity.certificate.display();
            builder
                .with_client_auth_cert(certificates, key)
                .map_err(|error| format!("the client certificate {pair} cannot be used: {error}"))?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

async fn roots(path: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("CA file", path).await?);
    if roots.is_empty() {
        return Err(format!("the CA file {} holds no certificate that can be used", path.display()));
    }
    Ok(roots)
}

async fn read_identity(
    identity: &Identity,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), String> {
    let certificates = certificates("client certificate", &identity.certificate).await?;
    let text = read("key", &identity.key).await?;
    let key = PrivateKeyDer::from_pem_slice(&text)
        .map_err(|_| format!("the key {} is none as PEM, or is encrypted", identity.key.display()))?;
    Ok((certificates, key))
}

/// The certificates in a file, at least one.
async fn certificates(what: &str, path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let text = read(what, path).await?;
    let found: Vec<CertificateDer<'static>> =
        CertificateDer::pem_slice_iter(&text).filter_map(Result::ok).collect();
    if found.is_empty() {
        return Err(format!("the {what} {} holds no certificate as PEM", path.display()));
    }
    Ok(found)
}

async fn read(what: &str, path: &Path) -> Result<Vec<u8>, String> {
    let text = tokio::fs::read(path).await;
    text.map_err(|error| format!("the {what} {} cannot be read: {}", path.display(), plain(&error)))
}

/// The certificates that this host trusts; they are read once.
async fn of_this_host() -> Result<Arc<RootCertStore>, String> {
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
        "this host has no CA certificates to check others by; install ca-certificates, or set the CA file"
            .to_owned()
    })?;
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}
