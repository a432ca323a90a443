//! Why TLS did not come about.

use std::io::{Error, ErrorKind};

use crate::certificate;
use crate::words::in_words;

/// Why a handshake failed, in one line. `at` is who was spoken to, `name` whose the certificate should be.
#[must_use]
pub fn refused(at: &str, name: &str, error: &Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(error)) => {
            format!("{at}: its certificate {}", certificate::in_words(error, name))
        }
        Some(rustls::Error::InvalidMessage(_)) => format!("{at} answers with what is not TLS"),
        Some(rustls::Error::AlertReceived(alert)) => {
            format!("{at} refuses TLS with the alert {}", format!("{alert:?}").to_lowercase())
        }
        Some(error) => format!("{at}: TLS failed: {error}"),
        None if error.kind() == ErrorKind::UnexpectedEof => {
            format!("{at} closed the connection during the TLS handshake")
        }
        None => format!("{at} {} during the TLS handshake", in_words(error)),
    }
}
