//! Signatures as [Standard Webhooks](https://www.standardwebhooks.com) has them.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;

/// What is signed beside the body.
pub(crate) struct Stamp {
    /// The message's id, the same at each attempt.
    pub(crate) id: String,
    /// Seconds since 1970: when this attempt is made.
    pub(crate) timestamp: u64,
}

impl Stamp {
    /// Points separate what is signed, so none may stand in the id.
    pub(crate) fn new(id: &str, at: SystemTime) -> Self {
        let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        Self { id: id.replace('.', "_"), timestamp: since.as_secs() }
    }

    /// A body's signature by a secret: `v1,` and base64.
    ///
    /// # Errors
    ///
    /// What is wrong with the secret.
    pub(crate) fn sign(&self, secret: &str, body: &str) -> Result<String, String> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &key(secret)?);
        let signed = format!("{}.{}.{body}", self.id, self.timestamp);
        Ok(format!("v1,{}", STANDARD.encode(hmac::sign(&key, signed.as_bytes()))))
    }
}

/// The octets of a secret: base64 behind `whsec_`, otherwise the text itself.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn key(secret: &str) -> Result<Vec<u8>, String> {
    let Some(encoded) = secret.strip_prefix("whsec_") else { return Ok(secret.as_bytes().to_vec()) };
    STANDARD.decode(encoded).map_err(|_| "what stands behind whsec_ is not base64".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example that the reference libraries are tested with.
    #[test]
    fn the_known_answer() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_614_265_330);
        let stamp = Stamp::new("msg_p5jXN8AQM9LWM0D4loKWxJek", at);
        let body = "{\"test\": 2432232314}";
        let signature = stamp.sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", body);
        assert_eq!(signature.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn secrets_are_base64_behind_their_prefix_only() {
        assert_eq!(key("whsec_AAEC").unwrap(), [0, 1, 2]);
        assert_eq!(key("AAEC").unwrap(), b"AAEC");
        assert_eq!(key("whsec_!").unwrap_err(), "what stands behind whsec_ is not base64");
    }

    #[test]
    fn an_id_has_no_points() {
        assert_eq!(Stamp::new("h1.example.com-1-2", SystemTime::UNIX_EPOCH).id, "h1_example_com-1-2");
    }
}
