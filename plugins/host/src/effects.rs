//! What host functions do outside: for real in the daemon, told only in a trial.

use std::path::Path;
use std::time::Duration;

use keepwatch_event::{LogLevel, Severity, Timestamp};
use serde_json::{Map, Value};

use crate::error::HostError;
use crate::grant::HostPort;
use crate::message::Message;
use crate::permit::Permit;
use crate::plugin::{Verdict, Work};

/// What host functions do outside. Grants and limits have been checked when one of these is called, except what only
/// shows on the way: where a name or a redirect leads.
pub trait Effects: Send + Sync {
    /// A line for the log.
    fn log(&self, plugin: &str, level: LogLevel, text: String);

    /// What time it is.
    fn now(&self) -> Timestamp;

    /// Waits.
    fn sleep(&self, time: Duration) -> Work<'_, ()>;

    /// The value of a key.
    fn kv_get<'a>(&'a self, plugin: &'a str, key: &'a str) -> Work<'a, Result<Option<Vec<u8>>, HostError>>;

    /// Sets a key's value.
    fn kv_set<'a>(
        &'a self,
        plugin: &'a str,
        key: &'a str,
        value: &'a [u8],
    ) -> Work<'a, Result<(), HostError>>;

    /// Removes a key; whether it was there.
    fn kv_delete<'a>(&'a self, plugin: &'a str, key: &'a str) -> Work<'a, Result<bool, HostError>>;

    /// The keys that begin so, in order.
    fn kv_keys<'a>(&'a self, plugin: &'a str, prefix: &'a str) -> Work<'a, Result<Vec<String>, HostError>>;

    /// An HTTP request. Each origin on the way must be permitted.
    fn http<'a>(
        &'a self,
        request: HttpRequest,
        permit: &'a Permit,
    ) -> Work<'a, Result<HttpResponse, HostError>>;

    /// Runs an action and waits for its end, for so long at most.
    fn run<'a>(
        &'a self,
        plugin: &'a str,
        action: &'a str,
        within: Duration,
    ) -> Work<'a, Result<Ran, HostError>>;

    /// Connects, sends and receives.
    fn tcp<'a>(&'a self, to: &'a HostPort, question: Question) -> Work<'a, Result<Answer, HostError>>;

    /// Connects to a Unix socket, sends and receives.
    fn unix<'a>(&'a self, to: &'a Path, question: Question) -> Work<'a, Result<Answer, HostError>>;

    /// Hands a message in for a destination.
    fn notify(&self, message: Message) -> Work<'_, Result<(), HostError>>;

    /// Says how something is, for so long.
    fn set_track(&self, plugin: &str, name: &str, verdict: Verdict, ttl: Duration) -> Result<(), HostError>;

    /// Counts or sets a number.
    fn metric(&self, plugin: &str, name: &str, change: MetricChange) -> Result<(), HostError>;

    /// An event of the plugin's own.
    fn emit(
        &self,
        plugin: &str,
        name: &str,
        severity: Severity,
        data: Map<String, Value>,
    ) -> Result<(), HostError>;
}

/// An HTTP request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpRequest {
    /// `GET`, `POST`, ...
    pub method: String,
    /// Absolute.
    pub url: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
    /// How long it may take, redirects included.
    pub within: Duration,
    /// How many redirects are followed.
    pub redirects: u8,
}

/// The answer to an HTTP request, whatever its status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpResponse {
    /// 200, 404, ...
    pub status: u16,
    /// Names, in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// May be empty.
    pub body: Vec<u8>,
}

/// How an action ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    /// None if a signal ended it.
    pub exit_code: Option<i32>,
    /// What it wrote, both streams, cut.
    pub output: String,
}

/// What is said on a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Sent after connecting.
    pub send: Vec<u8>,
    /// Octets to read at most; nothing is read if 0.
    pub receive: usize,
    /// How long all of it may take.
    pub within: Duration,
}

/// What came back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Until enough had come, the end, or the time-out.
    pub received: Vec<u8>,
    /// Until the connection stood.
    pub connected_after: Duration,
}

/// What becomes of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MetricChange {
    /// A counter grows by this.
    Add(f64),
    /// A gauge is this.
    Set(f64),
}
