//! The host's functions, in the SDK's types. (Its twin for native tests is `testing/host.rs`.)

use std::time::Duration;

use crate::actions::Ran;
use crate::bindings::imports::keepwatch::plugin as wit;
use crate::http::{Request, Response};
use crate::log::Level;
use crate::notify::Mail;
use crate::probe::{Answer, Question};
use crate::{Error, ErrorKind, Health, Result, Severity, Timestamp, Verdict, millis};

pub(crate) fn log(level: Level, line: &str) {
    let level = match level {
        Level::Debug => wit::log::Level::Debug,
        Level::Info => wit::log::Level::Info,
        Level::Warning => wit::log::Level::Warning,
        Level::Error => wit::log::Level::Error,
    };
    wit::log::write(level, line);
}

pub(crate) fn now() -> Timestamp {
    let now = wit::clock::now();
    Timestamp::from_micros(now.wall, now.monotonic)
}

pub(crate) fn sleep(milliseconds: u32) {
    wit::clock::sleep(milliseconds);
}

pub(crate) fn kv_get(key: &str) -> Result<Option<Vec<u8>>> {
    wit::kv::get(key).map_err(error)
}

pub(crate) fn kv_set(key: &str, value: &[u8]) -> Result<()> {
    wit::kv::set(key, value).map_err(error)
}

pub(crate) fn kv_delete(key: &str) -> Result<bool> {
    wit::kv::delete(key).map_err(error)
}

pub(crate) fn kv_keys(prefix: &str) -> Result<Vec<String>> {
    wit::kv::keys(prefix).map_err(error)
}

pub(crate) fn http_send(request: Request) -> Result<Response> {
    let Request { method, url, headers, body, timeout, redirects } = request;
    let timeout_ms = timeout.map(millis);
    let request = wit::http::Request { method, url, headers, body, timeout_ms, redirects };
    let answer = wit::http::send(&request).map_err(error)?;
    Ok(Response::new(answer.status, answer.headers, answer.body))
}

pub(crate) fn run(name: &str) -> Result<Ran> {
    let ran = wit::actions::run(name).map_err(error)?;
    Ok(Ran::new(ran.exit_code, ran.output))
}

pub(crate) fn tcp(address: &str, asked: &Question) -> Result<Answer> {
    wit::probe::tcp(address, &question(asked)).map(answer).map_err(error)
}

pub(crate) fn unix(path: &str, asked: &Question) -> Result<Answer> {
    wit::probe::unix(path, &question(asked)).map(answer).map_err(error)
}

fn question(question: &Question) -> wit::probe::Question {
    let Question { send, receive, timeout } = question;
    wit::probe::Question { send: send.clone(), receive: *receive, timeout_ms: timeout.map(millis) }
}

fn answer(answer: wit::probe::Answer) -> Answer {
    Answer::new(answer.received, Duration::from_micros(answer.connected_after))
}

pub(crate) fn notify_send(destination: &str, text: &str) -> Result<()> {
    wit::notify::send(destination, text).map_err(error)
}

pub(crate) fn notify_mail(destination: &str, mail: Mail) -> Result<()> {
    let Mail { subject, text, html } = mail;
    wit::notify::mail(destination, &subject, &text, html.as_deref()).map_err(error)
}

pub(crate) fn notify_webhook(destination: &str, body: &str) -> Result<()> {
    wit::notify::webhook(destination, body).map_err(error)
}

pub(crate) fn track_set(name: &str, found: &Verdict, ttl_ms: u32) -> Result<()> {
    wit::track::set(name, &verdict(found.clone()), ttl_ms).map_err(error)
}

pub(crate) fn metric_add(name: &str, by: f64) -> Result<()> {
    wit::metrics::add(name, by).map_err(error)
}

pub(crate) fn metric_set(name: &str, to: f64) -> Result<()> {
    wit::metrics::set(name, to).map_err(error)
}

pub(crate) fn emit(name: &str, severity: Severity, data: &str) -> Result<()> {
    let severity = match severity {
        Severity::Info => wit::types::Severity::Info,
        Severity::Warning => wit::types::Severity::Warning,
        Severity::Error => wit::types::Severity::Error,
    };
    wit::events::emit(name, severity, data).map_err(error)
}

pub(crate) fn verdict(verdict: Verdict) -> wit::types::Verdict {
    let health = match verdict.health {
        Health::Pass => wit::types::Health::Pass,
        Health::Fail => wit::types::Health::Fail,
        Health::Unknown => wit::types::Health::Unknown,
    };
    wit::types::Verdict { health, text: verdict.text }
}

fn error(error: wit::types::Error) -> Error {
    let kind = match error.kind {
        wit::types::ErrorKind::Denied => ErrorKind::Denied,
        wit::types::ErrorKind::Timeout => ErrorKind::Timeout,
        wit::types::ErrorKind::Unavailable => ErrorKind::Unavailable,
        wit::types::ErrorKind::Invalid => ErrorKind::Invalid,
        wit::types::ErrorKind::Limit => ErrorKind::Limit,
    };
    Error::from_host(kind, error.text)
}
