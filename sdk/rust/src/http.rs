//! HTTP requests, to the origins that the administrator has granted: `grants = ["http://127.0.0.1:9187"]`.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Context, Error, ErrorKind, Result, host};

/// Gets a document.
///
/// # Errors
/// If there is no grant for the URL's origin, no answer, or one with a status of 400 or more. To judge the status
/// oneself: [`Request::send`].
pub fn get(url: &str) -> Result<Response> {
    Request::new("GET", url).send_successfully()
}

/// Posts octets or text.
///
/// # Errors
/// As [`get`].
pub fn post(url: &str, body: impl Into<Vec<u8>>) -> Result<Response> {
    Request::new("POST", url).body(body).send_successfully()
}

/// Posts a value as JSON.
///
/// # Errors
/// As [`get`]; also if the value has no JSON.
pub fn post_json(url: &str, value: &impl Serialize) -> Result<Response> {
    let body = serde_json::to_vec(value).context(format_args!("cannot post to {url}"))?;
    Request::new("POST", url).header("content-type", "application/json").body(body).send_successfully()
}

/// A request that is not sent yet.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, `POST`, ...
    pub method: String,
    /// With the scheme: `http://127.0.0.1:9187/lag`.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Octets; empty if there is none.
    pub body: Vec<u8>,
    /// At most, in whole milliseconds; the deadline of the call holds in any case.
    pub timeout: Option<Duration>,
    /// How many redirects are followed. Each must lead to a granted origin.
    pub redirects: u8,
}

impl Request {
    /// A request without headers and body, which follows up to 5 redirects.
    pub fn new(method: &str, url: &str) -> Self {
        Self {
            method: method.to_owned(),
            url: url.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout: None,
            redirects: 5,
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    /// Waits no longer than this, in whole milliseconds.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Follows up to this many redirects.
    #[must_use]
    pub fn redirects(mut self, redirects: u8) -> Self {
        self.redirects = redirects;
        self
    }

    /// Sends it. An answer of whatever status is no error.
    ///
    /// # Errors
    /// If there is no grant for the URL's origin, or no answer.
    pub fn send(self) -> Result<Response> {
        host::http_send(self)
    }

    fn send_successfully(self) -> Result<Response> {
        let (method, url) = (self.method.clone(), self.url.clone());
        let response = self.send()?;
        match response.status {
            400.. => {
                let text = format!("{method} {url}: answered with status {}", response.status);
                Err(Error::from_host(ErrorKind::Unavailable, text))
            }
            _ => Ok(response),
        }
    }
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Response {
    /// 200, 404, ...
    pub status: u16,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// Octets.
    pub body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, headers: Vec<(String, String)>, body: Vec<u8>) -> Self {
        Self { status, headers, body }
    }

    /// The first header of this name, in whatever case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    ///
    /// # Errors
    /// If it is no UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(&self.body).context("the answer is no text")
    }

    /// The body, which is JSON, as a value.
    ///
    /// # Errors
    /// If it is no JSON, or of another shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).context("cannot read the answer as JSON")
    }
}
