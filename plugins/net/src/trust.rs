//! Who may have signed a certificate.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::client::WantsClientCert;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

use crate::named::Named;
use crate::pem::certificates;

/// A client's TLS, whose next word is who may have signed certificates.
///
/// # Errors
///
/// TLS cannot be set up.
pub fn client() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, String> {
    ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| format!("TLS cannot be set up: {error}"))
}

/// A client's TLS that trusts those in a file: whom they have signed, and themselves. Without one, those that this host
/// trusts, which are read once.
///
/// # Errors
///
/// TLS cannot be set up; the file cannot be read, or holds no certificate; or this host has none.
pub fn trusting(ca_file: Option<&Path>) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, String> {
    let builder = client()?;
    let Some(path) = ca_file else { return Ok(builder.with_root_certificates(of_this_host()?)) };
    let known = certificates("CA file", path)?;
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(known.iter().cloned());
    if roots.is_empty() {
        return Err(format!("the CA file {} holds no certificate that can be used", path.display()));
    }
    let named = Named::new(known, roots, Arc::clone(builder.crypto_provider()))?;
    Ok(builder.dangerous().with_custom_certificate_verifier(Arc::new(named)))
}

fn of_this_host() -> Result<Arc<RootCertStore>, String> {
    static ROOTS: OnceLock<Arc<RootCertStore>> = OnceLock::new();
    if let Some(roots) = ROOTS.get() {
        return Ok(Arc::clone(roots));
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if roots.is_empty() {
        let why =
            "this host has no CA certificates to check others by; install ca-certificates, or set `ca_file`";
        return Err(why.to_owned());
    }
    Ok(Arc::clone(ROOTS.get_or_init(|| Arc::new(roots))))
}
