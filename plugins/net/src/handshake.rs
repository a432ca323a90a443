//! Why TLS did not come about.

use std::io::{Error, ErrorKind};

use crate::certificate;
use crate::words::{in_words, spelt};

/// An error of TLS itself, where rustls would give its own names.
#[must_use]
pub fn tls_in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::AlertReceived(alert) => format!("the other side's alert: {}", spelt(alert)),
        rustls::Error::PeerIncompatible(why) => format!("there is none that both speak: {}", spelt(why)),
        rustls::Error::PeerMisbehaved(why) => format!("the other side breaks its rules: {}", spelt(why)),
        rustls::Error::InvalidMessage(_) => "what the other side says is none".to_owned(),
        rustls::Error::InappropriateMessage { .. } | rustls::Error::InappropriateHandshakeMessage { .. } => {
            "the other side says what is not its turn".to_owned()
        }
        rustls::Error::InconsistentKeys(_) => "key and certificate do not belong together".to_owned(),
        other => other.to_string(),
    }
}

/// Why a handshake failed, in one line. `at` is who was spoken to, `name` whose the certificate should be.
#[must_use]
pub fn refused(at: &str, name: &str, error: &Error) -> String {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::InvalidCertificate(error)) => {
            format!("{at}: its certificate {}", certificate::in_words(error, name))
        }
        Some(rustls::Error::InvalidMessage(_)) => format!("{at} answers with what is not TLS"),
        Some(rustls::Error::AlertReceived(alert)) => {
            format!("{at} refuses TLS with the alert: {}", spelt(alert))
        }
        Some(error) => format!("{at}: TLS failed: {}", tls_in_words(error)),
        None if error.kind() == ErrorKind::UnexpectedEof => {
            format!("{at} closed the connection during the TLS handshake")
        }
        None => format!("{at} {} during the TLS handshake", in_words(error)),
    }
}

#[cfg(test)]
mod tests {
    use rustls::{AlertDescription, PeerIncompatible};

    use super::*;

    #[test]
    fn what_rustls_calls_by_its_names_is_in_words() {
        for (error, text) in [
            (
                rustls::Error::AlertReceived(AlertDescription::HandshakeFailure),
                "web:443 refuses TLS with the alert: handshake failure",
            ),
            (
                rustls::Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
                "web:443: TLS failed: there is none that both speak: no cipher suites in common",
            ),
        ] {
            assert_eq!(refused("web:443", "web", &Error::other(error)), text);
        }
    }
}
