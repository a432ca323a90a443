//! What connections need beside an address: whom to ask for names, and TLS, set up when it is first needed.

use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};

use super::names::Names;
use crate::error::HostError;

/// What all HTTP requests and probes share.
pub(crate) struct Client {
    names: Box<dyn Names>,
    tls: OnceLock<Result<Arc<ClientConfig>, String>>,
}

impl Client {
    pub(crate) fn new(names: Box<dyn Names>) -> Self {
        Self { names, tls: OnceLock::new() }
    }

    /// Who is asked for the addresses of names.
    pub(crate) fn names(&self) -> &dyn Names {
        &*self.names
    }

    /// How TLS is spoken: the system's certificates, which are read once, on a thread where that may take a while.
    pub(crate) async fn tls(&self) -> Result<Arc<ClientConfig>, HostError> {
        if self.tls.get().is_none() {
            let made = tokio::task::spawn_blocking(make)
                .await
                .unwrap_or_else(|_| Err("the system's certificates cannot be read".to_owned()));
            // Whoever was first has made the same.
            let _ = self.tls.set(made);
        }
        let made = self.tls.get().cloned().unwrap_or_else(|| Err("TLS is not set up".to_owned()));
        made.map_err(HostError::unavailable)
    }
}

fn make() -> Result<Arc<ClientConfig>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        return Err("this host has no CA certificates to check others by; install ca-certificates".to_owned());
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
