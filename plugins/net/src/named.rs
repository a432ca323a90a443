//! Certificates that a file names.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

/// Trusts whom the certificates of a file have signed, and themselves: what `openssl req -x509` makes unless it is told
/// otherwise is a CA's, which no server could show.
#[derive(Debug)]
pub(crate) struct Named {
    known: Vec<CertificateDer<'static>>,
    signed: Arc<WebPkiServerVerifier>,
}

impl Named {
    pub(crate) fn new(
        known: Vec<CertificateDer<'static>>,
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let signed = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(Self { known, signed: signed.map_err(|error| format!("TLS cannot be set up: {error}"))? })
    }
}

impl ServerCertVerifier for Named {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let judged = self.signed.verify_server_cert(leaf, between, name, ocsp, now);
        // Octet for octet: nothing in it has to be believed.
        if judged.is_ok() || !self.known.iter().any(|known| known == leaf) {
            return judged;
        }
        let leaf = ParsedCertificate::try_from(leaf)?;
        in_its_time(&leaf, now)?;
        verify_server_name(&leaf, name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.signed.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.signed.supported_verify_schemes()
    }
}

/// A certificate's own time is judged before it is asked what it is for and who has signed it, so that no signer is needed.
fn in_its_time(leaf: &ParsedCertificate<'_>, now: UnixTime) -> Result<(), Error> {
    use CertificateError::{BadEncoding, Expired, ExpiredContext, NotValidYet, NotValidYetContext};

    let nobody = RootCertStore::empty();
    match verify_server_cert_signed_by_trust_anchor(leaf, &nobody, &[], now, &[]) {
        Err(Error::InvalidCertificate(
            error @ (BadEncoding | Expired | ExpiredContext { .. } | NotValidYet | NotValidYetContext { .. }),
        )) => Err(error.into()),
        _ => Ok(()),
    }
}
