//! Who may have signed a certificate.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, ConfigBuilder, RootCertStore, WantsVerifier};

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

/// Those in a file; without one, those that this host trusts, which are read once.
///
/// # Errors
///
/// The file cannot be read, or holds no certificate; or this host has none.
pub fn roots(ca_file: Option<&Path>) -> Result<Arc<RootCertStore>, String> {
    let Some(path) = ca_file else { return of_this_host() };
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates("CA file", path)?);
    if roots.is_empty() {
        return Err(format!("the CA file {} holds no certificate that can be used", path.display()));
    }
    Ok(Arc::new(roots))
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
