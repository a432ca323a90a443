//! TLS to the server, by this host's certificates or by those in a file, and with a certificate of our own.

use std::sync::Arc;

use keepwatch_net::{certificates, private_key, refused, tls_in_words, trusting};
use keepwatch_notify::Dialogue;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::dial::Stream;
use crate::endpoint::Endpoint;
use crate::settings::Tls;

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
    let settings = settings.clone();
    let config = tokio::task::spawn_blocking(move || config(&settings)).await;
    let config = config.unwrap_or_else(|_| Err("the certificates could not be read".to_owned()))?;
    let stream = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    let stream = stream.map_err(|error| refused(&to.host, &to.host, &error))?;
    let session = stream.get_ref().1;
    if let (Some(version), Some(suite)) = (session.protocol_version(), session.negotiated_cipher_suite()) {
        heard.note(&format!("TLS with {}: {version:?}, {:?}", to.host, suite.suite()));
    }
    Ok(stream)
}

/// Reads the files: anew for each delivery, so that a renewed certificate counts at once.
fn config(settings: &Tls) -> Result<ClientConfig, String> {
    let builder = trusting(settings.ca.as_deref())?;
    let mut config = match &settings.identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let key = private_key("key", &identity.key)?;
            let pair = identity.certificate.display();
            builder
                .with_client_auth_cert(certificates("client certificate", &identity.certificate)?, key)
                .map_err(|error| {
                    format!("the client certificate {pair} cannot be used: {}", tls_in_words(&error))
                })?
        }
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
