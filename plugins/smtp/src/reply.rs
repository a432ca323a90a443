//! What a relay answers, and what went wrong if it does not.

use std::error::Error as _;

use keepwatch_net::{certificate_in_words, is_of_ca, tls_in_words};
use keepwatch_notify::veil;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::response::Response;
use rustls::CertificateError;

/// A relay's answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// RFC 5321 4.2.1: 2xx done, 3xx go on, 4xx not now, 5xx never.
    pub(crate) code: u16,
    /// Code and text in one line.
    pub(crate) line: String,
}

impl Reply {
    /// From what lettre makes of an answer, without what must not be told.
    ///
    /// # Errors
    ///
    /// There was none; why.
    pub(crate) fn of(answer: Result<Response, Error>, hidden: &[String]) -> Result<Self, String> {
        let veiled = |text: &str| veil(text, hidden.iter().map(String::as_str));
        let error = match answer {
            Ok(response) => {
                let text: Vec<&str> = response.message().collect();
                return Ok(Self::new(response.code().into(), &veiled(&text.join(" "))));
            }
            Err(error) => error,
        };
        let Some(code) = error.status() else { return Err(veiled(&why(&error))) };
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        Ok(Self::new(code.into(), &veiled(&text)))
    }

    fn new(code: u16, text: &str) -> Self {
        let line = crate::single_line::single_line(&format!("{code} {text}"));
        Self { code, line }
    }

    /// Whether the relay did what it was asked for, or waits for more.
    pub(crate) const fn is_positive(&self) -> bool {
        self.code < 400
    }
}

/// Why there was no answer, in a few words.
pub(crate) fn why(error: &Error) -> String {
    if let Some(code) = error.status() {
        let text = error.source().map(ToString::to_string).unwrap_or_default();
        return Reply::new(code.into(), &text).line;
    }
    let mut deepest = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        if let Some(words) = cause.downcast_ref().and_then(of_tls) {
            return words;
        }
        deepest = cause.to_string();
        source = cause.source();
    }
    // What lettre calls an end of the stream where a line should be.
    if deepest == "incomplete response" {
        return "it closed the connection".to_owned();
    }
    crate::single_line::single_line(&deepest)
}

/// What rustls did not like.
fn of_tls(error: &std::io::Error) -> Option<String> {
    let error = error.get_ref()?.downcast_ref::<rustls::Error>()?;
    Some(match error {
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name".to_owned(),
        // lettre says who is trusted, and knows of no exception.
        rustls::Error::InvalidCertificate(invalid) if is_of_ca(invalid) => {
            "its certificate is a CA's own, not a server's, which is not accepted here; `openssl req -x509` makes \
             a server's with `-addext basicConstraints=critical,CA:FALSE`"
                .to_owned()
        }
        rustls::Error::InvalidCertificate(invalid) => {
            format!("its certificate {}", certificate_in_words(invalid, "it"))
        }
        _ => format!("no TLS: {}", tls_in_words(error)),
    })
}
