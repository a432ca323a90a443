//! Effects that only write down what was asked of them.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_event::{LogLevel, Severity, Timestamp};
use keepwatch_host::{
    Answer, Effects, HostError, HostPort, HttpRequest, HttpResponse, Message, MetricChange, Permit, Question,
    Ran, Verdict, Work,
};
use serde_json::{Map, Value};

/// Effects that only write down what was asked of them, and answer.
#[derive(Default)]
pub(crate) struct Recorder {
    lines: Mutex<Vec<String>>,
    kv: Mutex<BTreeMap<String, Vec<u8>>>,
    first: Mutex<Option<Instant>>,
}

/// A second of the year 2026.
pub(crate) fn at(seconds: u64) -> Timestamp {
    let monotonic = Duration::from_secs(seconds);
    Timestamp { wall: SystemTime::UNIX_EPOCH + Duration::from_secs(1_790_000_000) + monotonic, monotonic }
}

impl Recorder {
    /// What was asked, in order, without the store.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// A value of the store.
    pub(crate) fn kv(&self, key: &str) -> Option<String> {
        self.stored().get(key).map(|value| String::from_utf8_lossy(value).into_owned())
    }

    /// The store.
    pub(crate) fn stored(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.kv.lock().unwrap()
    }

    /// When the first of its functions was called since this was asked last.
    pub(crate) fn take_first(&self) -> Option<Instant> {
        self.first.lock().unwrap().take()
    }

    fn note(&self, line: String) {
        self.touch();
        self.lines.lock().unwrap().push(line);
    }

    fn touch(&self) {
        self.first.lock().unwrap().get_or_insert_with(Instant::now);
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Work<'a, T> {
    Box::pin(async { value })
}

impl Effects for Recorder {
    fn log(&self, plugin: &str, level: LogLevel, text: String) {
        self.note(format!("log {plugin} {level:?} {text}"));
    }

    fn now(&self) -> Timestamp {
        at(7)
    }

    fn sleep(&self, time: Duration) -> Work<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn kv_get<'a>(&'a self, _: &'a str, key: &'a str) -> Work<'a, Result<Option<Vec<u8>>, HostError>> {
        self.touch();
        ready(Ok(self.stored().get(key).cloned()))
    }

    fn kv_set<'a>(&'a self, _: &'a str, key: &'a str, value: &'a [u8]) -> Work<'a, Result<(), HostError>> {
        self.touch();
        self.stored().insert(key.to_owned(), value.to_vec());
        ready(Ok(()))
    }

    fn kv_delete<'a>(&'a self, _: &'a str, key: &'a str) -> Work<'a, Result<bool, HostError>> {
        self.touch();
        ready(Ok(self.stored().remove(key).is_some()))
    }

    fn kv_keys<'a>(&'a self, _: &'a str, prefix: &'a str) -> Work<'a, Result<Vec<String>, HostError>> {
        self.touch();
        ready(Ok(self.stored().keys().filter(|key| key.starts_with(prefix)).cloned().collect()))
    }

    fn http<'a>(&'a self, request: HttpRequest, _: &'a Permit) -> Work<'a, Result<HttpResponse, HostError>> {
        let HttpRequest { method, url, headers, body, redirects, .. } = request;
        self.note(format!("http {method} {url} {headers:?} {} {redirects}", body.len()));
        ready(Ok(HttpResponse { status: 200, headers: Vec::new(), body: b"0.5".to_vec() }))
    }

    fn run<'a>(
        &'a self,
        plugin: &'a str,
        action: &'a str,
        within: Duration,
    ) -> Work<'a, Result<Ran, HostError>> {
        assert!(within <= Duration::from_secs(10));
        self.note(format!("run {plugin} {action}"));
        ready(Ok(Ran { exit_code: Some(0), output: "reloaded".to_owned() }))
    }

    fn tcp<'a>(&'a self, to: &'a HostPort, question: Question) -> Work<'a, Result<Answer, HostError>> {
        assert!(question.within <= Duration::from_secs(10));
        self.note(format!("tcp {to} {:?} {}", question.send, question.receive));
        ready(Ok(Answer { received: Vec::new(), connected_after: Duration::from_micros(250) }))
    }

    fn unix<'a>(&'a self, to: &'a Path, question: Question) -> Work<'a, Result<Answer, HostError>> {
        self.note(format!("unix {} {:?} {}", to.display(), question.send, question.receive));
        ready(Ok(Answer { received: Vec::new(), connected_after: Duration::from_micros(50) }))
    }

    fn notify(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        let Message { plugin, destination, content, about, .. } = message;
        let about = about.map_or_else(String::new, |event| format!(" about {}", event.id));
        self.note(format!("notify {plugin} {destination} {content:?}{about}"));
        ready(Ok(()))
    }

    fn set_track(&self, plugin: &str, name: &str, verdict: Verdict, ttl: Duration) -> Result<(), HostError> {
        self.note(format!("track {plugin} {name} {} \"{}\" {ttl:?}", verdict.health, verdict.text));
        Ok(())
    }

    fn metric(&self, plugin: &str, name: &str, change: MetricChange) -> Result<(), HostError> {
        self.note(format!("metric {plugin} {name} {change:?}"));
        Ok(())
    }

    fn emit(
        &self,
        plugin: &str,
        name: &str,
        severity: Severity,
        data: Map<String, Value>,
    ) -> Result<(), HostError> {
        self.note(format!("emit {plugin} {name} {severity:?} {}", Value::Object(data)));
        Ok(())
    }
}
