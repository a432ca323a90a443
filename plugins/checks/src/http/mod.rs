//! Whether a web server answers as it should.

mod exchange;
mod target;
mod tls;

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use keepwatch_host::{Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::names::Names;
use crate::quote::{contains, quote};
use crate::verdict::{Step, either, fail, pass};
use exchange::{Answer, LARGEST, exchange};
use target::Target;
use tls::Tls;

/// Passes when a web server gives the right answer. A connection is made anew each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpCheck {
    /// What is asked for: `https://www.example.com/health`.
    pub url: String,
    /// How: `GET`, `HEAD`, `OPTIONS`.
    pub method: String,
    /// Further headers. A `Host` here is said instead of the one in the URL.
    pub headers: Vec<(String, String)>,
    /// The address of this host to ask from; otherwise the kernel chooses.
    pub source: Option<IpAddr>,
    /// Which statuses are right.
    pub status: Vec<RangeInclusive<u16>>,
    /// So many redirects are followed. One that is not followed is an answer as any other.
    pub redirects: u8,
    /// What must occur in the first MiB of the body.
    pub contains: Option<String>,
    /// What is asked of a server's certificate, for `https`.
    pub tls: TlsSettings,
}

impl HttpCheck {
    /// A `GET` that is to give a status from 200 to 399.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            method: "GET".to_owned(),
            headers: Vec::new(),
            source: None,
            status: vec![200..=399],
            redirects: 0,
            contains: None,
            tls: TlsSettings::default(),
        }
    }

    /// What it is, for people. Without the query, which may be a secret.
    pub(crate) fn label(&self) -> String {
        let url = self.url.split(['?', '#']).next().unwrap_or(&self.url);
        // So may be what stands before an `@`, though such a URL is refused later.
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
        format!("http {scheme}://{rest}")
    }
}

/// What is asked of a server's certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// The name that the certificate must have, and that the server is told; otherwise the one in the URL.
    pub server_name: Option<String>,
    /// A file with the certificates, as PEM, that may have signed it; otherwise those that this host trusts. It is read
    /// anew when it has changed.
    pub ca: Option<PathBuf>,
    /// Whether it must be valid.
    pub verify: Verify,
    /// So long it must be valid still.
    pub min_life: Option<Duration>,
}

/// Whether a certificate must be valid.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// By its signatures, its name and its time.
    #[default]
    On,
    /// Any certificate will do.
    Off,
}

pub(crate) struct HttpProbe {
    check: HttpCheck,
    names: Names,
    tls: Tls,
}

impl HttpProbe {
    pub(crate) fn new(check: &HttpCheck) -> Self {
        Self { check: check.clone(), names: Names::default(), tls: Tls::new(check.tls.clone()) }
    }
}

impl Probe for HttpProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(self.ask(Deadline::new(within)).await) })
    }
}

impl HttpProbe {
    async fn ask(&self, deadline: Deadline) -> Step<Verdict> {
        let check = &self.check;
        let mut target = Target::first(check)?;
        for _ in 0..check.redirects {
            let answer = exchange(self, &target, &deadline).await?;
            let Some(to) = answer.redirect() else { return judge(check, &target, &answer, &deadline) };
            target = target.redirected(to)?;
        }
        let answer = exchange(self, &target, &deadline).await?;
        judge(check, &target, &answer, &deadline)
    }
}

fn judge(check: &HttpCheck, target: &Target, answer: &Answer, deadline: &Deadline) -> Step<Verdict> {
    let (at, status) = (&target.origin, answer.status);
    if !check.status.iter().any(|range| range.contains(&status)) {
        return Err(fail(format!("{at}: status {status}, expected {}", ranges(&check.status))));
    }
    if let Some(part) = &check.contains
        && !contains(&answer.body, part.as_bytes())
    {
        // What comes behind it may well have it.
        let read = if answer.body.len() < LARGEST { "the answer" } else { "the first MiB of the answer" };
        let part = quote(part.as_bytes());
        let body = if answer.body.is_empty() {
            "the body is empty".to_owned()
        } else {
            format!("the body begins with {}", quote(&answer.body))
        };
        return Err(fail(format!("{at}: status {status}, but no {part} in {read}: {body}")));
    }
    Ok(pass(format!("{at}: status {status} in {}", deadline.taken())))
}

/// `200-399 or 404`.
fn ranges(ranges: &[RangeInclusive<u16>]) -> String {
    let shown: Vec<String> = ranges
        .iter()
        .map(|range| match (range.start(), range.end()) {
            (start, end) if start == end => start.to_string(),
            (start, end) => format!("{start}-{end}"),
        })
        .collect();
    if shown.is_empty() { "none at all".to_owned() } else { shown.join(" or ") }
}
