//! TLS to a server whose certificate is judged.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use keepwatch_host::Verdict;
use keepwatch_net::{client, lives, refused, trusting};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::target::Target;
use super::{TlsSettings, Verify};
use crate::deadline::Deadline;
use crate::io_text::{failed, is_ours};
use crate::verdict::{Step, fail, unknown};

/// A file that has not changed for so long will have another time when it changes.
const SETTLED: Duration = Duration::from_secs(1);

/// TLS as a check wants it, set up when it is first needed and when the CA file has changed.
pub(super) struct Tls {
    settings: TlsSettings,
    made: Arc<Mutex<Option<Made>>>,
}

struct Made {
    /// Of which CA file, if of one.
    of: Option<Stamp>,
    config: Arc<ClientConfig>,
}

/// What is another one when a file, or what its path leads to, has changed: device, number, length, time of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp(u64, u64, u64, Duration);

impl Tls {
    pub(super) fn new(settings: TlsSettings) -> Self {
        Self { settings, made: Arc::default() }
    }

    /// Speaks TLS over a connection, if the certificate is right.
    pub(super) async fn begin(
        &self,
        target: &Target,
        stream: TcpStream,
        deadline: &Deadline,
    ) -> Step<TlsStream<TcpStream>> {
        let (settings, at) = (&self.settings, &target.origin);
        let name = settings.server_name.as_ref().unwrap_or(&at.at.host);
        let server = ServerName::try_from(name.clone()).map_err(|_| {
            unknown(format!("{at}: `{name}` is no name for a server; set another server name"))
        })?;
        let config = deadline.limit(self.config(), || "the CA certificates could not be read".to_owned());
        // That this host is slow says nothing of the server.
        let config = config.await.map_err(|late| unknown(late.text))?.map_err(unknown)?;
        let connecting = TlsConnector::from(config).connect(server, stream);
        let stream = deadline.limit(connecting, || format!("{at} did not answer to TLS")).await?;
        let stream = stream.map_err(|error| judged(target, name, &error))?;
        if let Some(least) = settings.min_life {
            let leaf = stream.get_ref().1.peer_certificates().and_then(<[CertificateDer<'_>]>::first);
            lives(leaf, least).map_err(|text| fail(format!("{at}: {text}")))?;
        }
        Ok(stream)
    }

    /// How TLS is spoken.
    async fn config(&self) -> Result<Arc<ClientConfig>, String> {
        if self.settings.ca.is_none()
            && let Some(made) = &*self.made.lock().unwrap_or_else(PoisonError::into_inner)
        {
            return Ok(Arc::clone(&made.config));
        }
        let (settings, made) = (self.settings.clone(), Arc::clone(&self.made));
        let making = tokio::task::spawn_blocking(move || current(&settings, &made)).await;
        making.unwrap_or_else(|_| Err("the CA certificates could not be read".to_owned()))
    }
}

/// What was made, if the CA file is as it was then; or a new one. Waits for the disk.
fn current(settings: &TlsSettings, made: &Mutex<Option<Made>>) -> Result<Arc<ClientConfig>, String> {
    let of = settings.ca.as_ref().and_then(stamp);
    let known = || made.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(made) = &*known()
        && made.of == of
    {
        return Ok(Arc::clone(&made.config));
    }
    let config = Arc::new(make(settings)?);
    // One that changed just now could change once more without being told by its time.
    let is_settled = of.is_none_or(|Stamp(.., changed)| age(changed) > SETTLED);
    *known() = is_settled.then(|| Made { of, config: Arc::clone(&config) });
    Ok(config)
}

/// None if it cannot be looked at: reading it says why.
fn stamp(path: &PathBuf) -> Option<Stamp> {
    let data = std::fs::metadata(path).ok()?;
    let changed = Duration::new(data.ctime().try_into().ok()?, data.ctime_nsec().try_into().ok()?);
    Some(Stamp(data.dev(), data.ino(), data.len(), changed))
}

/// How long something is ago; no time at all if it is to come.
fn age(at: Duration) -> Duration {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_sub(at)
}

fn make(settings: &TlsSettings) -> Result<ClientConfig, String> {
    let mut config = match settings.verify {
        Verify::Off => {
            let builder = client()?;
            let any = Any::new(builder.crypto_provider());
            builder.dangerous().with_custom_certificate_verifier(Arc::new(any))
        }
        Verify::On => trusting(settings.ca.as_deref())?,
    }
    .with_no_client_auth();
    // A session taken up again shows no certificate.
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The verdict on a server with which a handshake failed.
fn judged(target: &Target, name: &str, error: &io::Error) -> Verdict {
    let at = target.origin.to_string();
    if is_ours(error) { failed(&at, error) } else { fail(refused(&at, name, error)) }
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    fn certificate() -> String {
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap().cert.pem()
    }

    #[test]
    fn a_ca_file_is_read_once_and_again_when_it_has_changed() {
        let path = std::env::temp_dir().join(format!("keepwatch-ca-{}.pem", std::process::id()));
        std::fs::write(&path, certificate()).unwrap();
        let settings = TlsSettings { ca: Some(path.clone()), ..TlsSettings::default() };
        let made = Mutex::default();
        let known = || current(&settings, &made).unwrap();
        // As soon as it has not changed for a moment.
        let until = Instant::now() + Duration::from_secs(60);
        while !Arc::ptr_eq(&known(), &known()) {
            assert!(Instant::now() < until, "it is read again and again");
            std::thread::sleep(Duration::from_millis(20));
        }
        let first = known();
        std::fs::write(&path, certificate()).unwrap();
        assert!(!Arc::ptr_eq(&first, &known()));
        std::fs::remove_file(&path).unwrap();
        assert!(current(&settings, &made).unwrap_err().contains("cannot be read"));
    }
}
