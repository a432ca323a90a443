//! Who we are to a relay, and how that is proved.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keepwatch_notify::Secret;
use lettre::transport::smtp::authentication;

/// A user, and what proves it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignIn {
    /// The user.
    pub user: String,
    /// The password; for [`Mechanism::Xoauth2`] the access token.
    pub secret: Secret,
    /// The mechanisms that may be used: the first that the relay offers is taken.
    pub mechanisms: Vec<Mechanism>,
}

impl SignIn {
    /// With a password, by PLAIN or LOGIN.
    #[must_use]
    pub fn with_password(user: impl Into<String>, secret: Secret) -> Self {
        Self { user: user.into(), secret, mechanisms: vec![Mechanism::Plain, Mechanism::Login] }
    }
}

/// What a relay may repeat of a secret: as it is, as LOGIN and PLAIN encode it, and with its user as HTTP does.
pub(crate) fn forms(user: &str, secret: &str) -> Vec<String> {
    let encoded = [
        secret.to_owned(),
        format!("\0{user}\0{secret}"),
        format!("{user}\0{user}\0{secret}"),
        format!("{user}:{secret}"),
    ];
    std::iter::once(secret.to_owned()).chain(encoded.map(|text| STANDARD.encode(text))).collect()
}

/// How a user is proved (SASL).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// PLAIN: RFC 4616.
    Plain,
    /// LOGIN: the older form of the same.
    Login,
    /// XOAUTH2: an access token, as Google and Microsoft have it.
    Xoauth2,
}

impl From<Mechanism> for authentication::Mechanism {
    fn from(mechanism: Mechanism) -> Self {
        match mechanism {
            Mechanism::Plain => Self::Plain,
            Mechanism::Login => Self::Login,
            Mechanism::Xoauth2 => Self::Xoauth2,
        }
    }
}
