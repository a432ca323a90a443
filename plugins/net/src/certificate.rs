//! What is to be said of a certificate.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, Error, OtherError, RootCertStore};

use crate::words::spelt;

const HOUR: u64 = 3600;
const DAY: u64 = 24 * HOUR;

/// The first second of the year 10000: later than any certificate ends.
const AFTER_ALL: Duration = Duration::from_secs(253_402_300_800);

/// Whether a certificate is valid for so long still.
///
/// # Errors
///
/// It is not, or that cannot be seen, in words.
pub fn lives(leaf: Option<&CertificateDer<'_>>, least: Duration) -> Result<(), String> {
    let end = leaf.and_then(end).ok_or("it cannot be seen when its certificate expires")?;
    let now = Duration::from_secs(UnixTime::now().as_secs());
    let Some(left) = end.checked_sub(now) else {
        return Err(format!("its certificate expired {} ago", Life(now - end)));
    };
    if left < least {
        return Err(format!("its certificate expires in {}, less than {}", Life(left), Life(least)));
    }
    Ok(())
}

/// When a certificate ends, as time since 1970. A certificate's own time is judged before it is asked who has signed it,
/// so that asking as of a time after all says when it ended, and no signer is needed.
fn end(leaf: &CertificateDer<'_>) -> Option<Duration> {
    let parsed = ParsedCertificate::try_from(leaf).ok()?;
    let nobody = RootCertStore::empty();
    let late = UnixTime::since_unix_epoch(AFTER_ALL);
    match verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], late, &[]) {
        Err(Error::InvalidCertificate(CertificateError::ExpiredContext { not_after, .. })) => {
            Some(Duration::from_secs(not_after.as_secs()))
        }
        _ => None,
    }
}

/// What is wrong with a certificate, in words that follow `its certificate`; `name` is whose it should be.
#[must_use]
pub fn in_words(error: &CertificateError, name: &str) -> String {
    let between = |late: UnixTime, early: UnixTime| {
        Life(Duration::from_secs(late.as_secs().saturating_sub(early.as_secs())))
    };
    match error {
        CertificateError::ExpiredContext { time, not_after } => {
            format!("expired {} ago", between(*time, *not_after))
        }
        CertificateError::NotValidYetContext { time, not_before } => {
            format!("is valid only in {}", between(*not_before, *time))
        }
        CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty() => {
            let kind = if name.parse::<IpAddr>().is_ok() { "IP" } else { "DNS" };
            format!("names no host; `openssl req` is told one by `-addext subjectAltName={kind}:{name}`")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            format!("is not for {name}")
        }
        CertificateError::UnknownIssuer => {
            "is signed by nobody who is trusted; `ca_file` can say who else is".to_owned()
        }
        // One whose end is before its beginning, too.
        CertificateError::Expired => "has expired, or ends before it begins".to_owned(),
        CertificateError::NotValidYet => "is not valid yet".to_owned(),
        CertificateError::Revoked => "was revoked".to_owned(),
        CertificateError::BadEncoding => "cannot be read".to_owned(),
        CertificateError::BadSignature => "has a signature that is not right".to_owned(),
        CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
            "is not one for servers".to_owned()
        }
        CertificateError::UnhandledCriticalExtension => {
            "demands what is not known here, by a critical extension".to_owned()
        }
        CertificateError::UnsupportedSignatureAlgorithmContext { .. } => {
            "is signed in a way that is not accepted".to_owned()
        }
        error if is_of_ca(error) => {
            "is a CA's own, not a server's; `ca_file` can name that very certificate".to_owned()
        }
        CertificateError::Other(OtherError(error)) => format!("is not valid: {}", spelt(error)),
        other => format!("is not valid: {}", spelt(other)),
    }
}

/// Whether a certificate is a CA's where a server's is expected.
#[must_use]
pub fn is_of_ca(error: &CertificateError) -> bool {
    // rustls has no name of its own for it.
    matches!(error, CertificateError::Other(OtherError(error)) if error.to_string() == "CaUsedAsEndEntity")
}

/// A time in days or hours: `3 days`, `5 hours`.
struct Life(Duration);

impl fmt::Display for Life {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs();
        let (number, unit) = match seconds {
            s if s >= 2 * DAY => (s / DAY, "day"),
            s if s >= HOUR => (s / HOUR, "hour"),
            s => (s / 60, "minute"),
        };
        write!(f, "{number} {unit}{}", if number == 1 { "" } else { "s" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_in_words() {
        let at = |seconds| UnixTime::since_unix_epoch(Duration::from_secs(seconds));
        for (error, text) in [
            (
                CertificateError::ExpiredContext { time: at(5 * DAY), not_after: at(DAY) },
                "expired 4 days ago",
            ),
            (CertificateError::Expired, "has expired, or ends before it begins"),
            (CertificateError::NotValidYet, "is not valid yet"),
            (CertificateError::NotValidForName, "is not for www.example.com"),
            (CertificateError::BadSignature, "has a signature that is not right"),
            (CertificateError::InvalidPurpose, "is not one for servers"),
            (
                CertificateError::UnhandledCriticalExtension,
                "demands what is not known here, by a critical extension",
            ),
            (CertificateError::InvalidOcspResponse, "is not valid: invalid ocsp response"),
        ] {
            assert_eq!(in_words(&error, "www.example.com"), text);
        }
    }

    #[test]
    fn times_that_people_can_use() {
        for (seconds, text) in [
            (14 * DAY, "14 days"),
            (4 * DAY - 1, "3 days"),
            (2 * DAY - 1, "47 hours"),
            (HOUR, "1 hour"),
            (61, "1 minute"),
            (0, "0 minutes"),
        ] {
            assert_eq!(Life(Duration::from_secs(seconds)).to_string(), text);
        }
    }
}
