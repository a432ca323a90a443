//! What is read from files for a delivery: certificates, keys, the password. Anew each time, so that a renewed one
//! needs no reload.

use keepwatch_net::{certificates, read};
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{self, Certificate, CertificateStore, TlsParameters};

use crate::reply::why;
use crate::settings::{Identity, Relay, Settings, Tls};
use crate::sign_in::{SignIn, forms};

/// What one relay needs.
pub(crate) struct Material {
    /// For relays with TLS.
    pub(crate) tls: Option<TlsParameters>,
    /// Where there is a user.
    pub(crate) credentials: Option<Credentials>,
    /// What of the user's must not be told, also where a relay repeats it.
    pub(crate) hidden: Vec<String>,
}

impl Material {
    /// Reads it, on a thread where reading may take its time.
    ///
    /// # Errors
    ///
    /// Which file cannot be read or holds something else.
    pub(crate) async fn read(settings: &Settings, relay: &Relay) -> Result<Self, String> {
        let (settings, relay) = (settings.clone(), relay.clone());
        let reading = tokio::task::spawn_blocking(move || Self::read_here(&settings, &relay));
        reading.await.map_err(|error| format!("files could not be read: {error}"))?
    }

    fn read_here(settings: &Settings, relay: &Relay) -> Result<Self, String> {
        let tls = match relay.tls {
            Tls::None => None,
            Tls::StartTls | Tls::Implicit => Some(tls(settings, relay)?),
        };
        let Some(SignIn { user, secret, .. }) = &settings.sign_in else {
            return Ok(Self { tls, credentials: None, hidden: Vec::new() });
        };
        let secret = secret.read()?;
        let hidden = forms(user, &secret);
        Ok(Self { tls, credentials: Some(Credentials::new(user.clone(), secret)), hidden })
    }
}

fn tls(settings: &Settings, relay: &Relay) -> Result<TlsParameters, String> {
    let mut builder = TlsParameters::builder(relay.host.clone());
    if let Some(path) = &settings.ca_file {
        builder = builder.certificate_store(CertificateStore::None);
        for certificate in certificates("CA file", path)? {
            let certificate = Certificate::from_der(certificate.to_vec());
            let certificate = certificate.map_err(|error| format!("{}: {}", path.display(), why(&error)))?;
            builder = builder.add_root_certificate(certificate);
        }
    }
    if let Some(identity) = &settings.identity {
        builder = builder.identify_with(client(identity)?);
    }
    builder.build().map_err(|error| format!("no TLS with these certificates: {}", why(&error)))
}

fn client(identity: &Identity) -> Result<client::Identity, String> {
    let certificates = certificates("client certificate", &identity.certificate)?;
    let key = read("key", &identity.key)?;
    // With rustls, lettre takes the octets of one certificate here and not PEM, whatever the name of its function says.
    let certificate = certificates.first().map(|certificate| certificate.to_vec()).unwrap_or_default();
    let made = client::Identity::from_pem(&certificate, &key);
    made.map_err(|error| format!("{}: {}", identity.key.display(), why(&error)))
}
