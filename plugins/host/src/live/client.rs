//! What connections need beside an address: whom to ask for names, and TLS, set up when it is first needed.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;

use super::names::Names;
use crate::error::HostError;

/// What all HTTP requests and probes share.
pub(crate) struct Client {
    names: Box<dyn Names>,
    tls: OnceLock<Arc<ClientConfig>>,
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
        if let Some(made) = self.tls.get() {
            return Ok(Arc::clone(made));
        }
        let made = tokio::task::spawn_blocking(make).await;
        let made = made.unwrap_or_else(|_| Err("the system's certificates cannot be read".to_owned()));
        let made = made.map_err(HostError::unavailable)?;
        // Whoever was first has made the same.
        Ok(Arc::clone(self.tls.get_or_init(|| made)))
    }
}

fn make() -> Result<Arc<ClientConfig>, String> {
    Ok(Arc::new(keepwatch_net::trusting(None)?.with_no_client_auth()))
}
