//! The functions a guest may call: each passes on to [`keepwatch_host::Host`], which checks grants and limits.

use std::time::Duration;

use keepwatch_event::{LogLevel, Severity};
use keepwatch_host::{Content, ErrorKind, HostError, HttpRequest, MetricChange, Question, Verdict};
use serde_json::Value;

use crate::bindings::{
    actions, clock, events, http, kv, log, metrics, notify, probe, settings, track, types,
};
use crate::instance::State;
use crate::words;

/// The longest JSON text that is read, in octets: some white space more than what it is for may have.
const JSON: usize = 80 << 10;

/// A wished time-out. Without one only the deadline of the call holds, which the host cuts to in any case.
fn wished(milliseconds: Option<u32>) -> Duration {
    milliseconds.map_or(Duration::MAX, |number| Duration::from_millis(number.into()))
}

fn error(error: HostError) -> types::Error {
    let kind = match error.kind {
        ErrorKind::Denied => types::ErrorKind::Denied,
        ErrorKind::Timeout => types::ErrorKind::Timeout,
        ErrorKind::Unavailable => types::ErrorKind::Unavailable,
        ErrorKind::Invalid => types::ErrorKind::Invalid,
        ErrorKind::Limit => types::ErrorKind::Limit,
    };
    types::Error { kind, text: error.text }
}

/// A guest's JSON, which is an event's data or a webhook's body.
fn read_json(what: &str, text: &str) -> Result<Value, types::Error> {
    if text.len() > JSON {
        let text = format!("{what} has {} octets, {JSON} are read at most", text.len());
        return Err(error(HostError::limit(text)));
    }
    serde_json::from_str(text)
        .map_err(|wrong| error(HostError::invalid(format!("{what} is no JSON: {wrong}"))))
}

impl types::Host for State {}

impl log::Host for State {
    fn write(&mut self, level: log::Level, message: String) {
        let level = match level {
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warning => LogLevel::Warning,
            log::Level::Error => LogLevel::Error,
        };
        self.host.log(level, &message);
    }
}

impl settings::Host for State {
    fn get(&mut self) -> String {
        self.host.config().to_string()
    }
}

impl clock::Host for State {
    fn now(&mut self) -> types::Timestamp {
        words::timestamp(self.host.now())
    }

    async fn sleep(&mut self, milliseconds: u32) {
        self.host.sleep(Duration::from_millis(milliseconds.into())).await;
    }
}

impl kv::Host for State {
    async fn get(&mut self, key: String) -> Result<Option<Vec<u8>>, types::Error> {
        self.host.kv_get(&key).await.map_err(error)
    }

    async fn set(&mut self, key: String, value: Vec<u8>) -> Result<(), types::Error> {
        self.host.kv_set(&key, &value).await.map_err(error)
    }

    async fn delete(&mut self, key: String) -> Result<bool, types::Error> {
        self.host.kv_delete(&key).await.map_err(error)
    }

    async fn keys(&mut self, prefix: String) -> Result<Vec<String>, types::Error> {
        self.host.kv_keys(&prefix).await.map_err(error)
    }
}

impl http::Host for State {
    async fn send(&mut self, request: http::Request) -> Result<http::Response, types::Error> {
        let http::Request { method, url, headers, body, timeout_ms, redirects } = request;
        let request = HttpRequest { method, url, headers, body, within: wished(timeout_ms), redirects };
        let response = self.host.http(request).await.map_err(error)?;
        Ok(http::Response { status: response.status, headers: response.headers, body: response.body })
    }
}

impl actions::Host for State {
    async fn run(&mut self, name: String) -> Result<actions::Ran, types::Error> {
        let ran = self.host.run(&name).await.map_err(error)?;
        Ok(actions::Ran { exit_code: ran.exit_code, output: ran.output })
    }
}

fn question(question: probe::Question) -> Question {
    let probe::Question { send, receive, timeout_ms } = question;
    let receive = usize::try_from(receive).unwrap_or(usize::MAX);
    Question { send, receive, within: wished(timeout_ms) }
}

fn answer(answer: keepwatch_host::Answer) -> probe::Answer {
    let connected_after = u64::try_from(answer.connected_after.as_micros()).unwrap_or(u64::MAX);
    probe::Answer { received: answer.received, connected_after }
}

impl probe::Host for State {
    async fn tcp(&mut self, to: String, asked: probe::Question) -> Result<probe::Answer, types::Error> {
        self.host.tcp(&to, question(asked)).await.map(answer).map_err(error)
    }

    async fn unix(&mut self, path: String, asked: probe::Question) -> Result<probe::Answer, types::Error> {
        self.host.unix(&path, question(asked)).await.map(answer).map_err(error)
    }
}

impl notify::Host for State {
    async fn send(&mut self, destination: String, text: String) -> Result<(), types::Error> {
        self.host.notify(&destination, Content::Text(text)).await.map_err(error)
    }

    async fn mail(
        &mut self,
        destination: String,
        subject: String,
        text: String,
        html: Option<String>,
    ) -> Result<(), types::Error> {
        self.host.notify(&destination, Content::Mail { subject, text, html }).await.map_err(error)
    }

    async fn webhook(&mut self, destination: String, body: String) -> Result<(), types::Error> {
        let body = read_json("the body", &body)?;
        self.host.notify(&destination, Content::Post(body)).await.map_err(error)
    }
}

impl track::Host for State {
    fn set(&mut self, name: String, verdict: types::Verdict, ttl_ms: u32) -> Result<(), types::Error> {
        let verdict = Verdict { health: words::host_health(verdict.health), text: verdict.text };
        self.host.set_track(&name, verdict, Duration::from_millis(ttl_ms.into())).map_err(error)
    }
}

impl metrics::Host for State {
    fn add(&mut self, name: String, by: f64) -> Result<(), types::Error> {
        self.host.metric(&name, MetricChange::Add(by)).map_err(error)
    }

    fn set(&mut self, name: String, to: f64) -> Result<(), types::Error> {
        self.host.metric(&name, MetricChange::Set(to)).map_err(error)
    }
}

impl events::Host for State {
    fn emit(&mut self, name: String, severity: types::Severity, data: String) -> Result<(), types::Error> {
        let severity = match severity {
            types::Severity::Info => Severity::Info,
            types::Severity::Warning => Severity::Warning,
            types::Severity::Error => Severity::Error,
        };
        let data = read_json("an event's data", &data)?;
        self.host.emit(&name, severity, data).map_err(error)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keepwatch_host::{Host, PluginSpec};
    use serde_json::json;

    use super::*;
    use crate::allowance::Allowance;
    use crate::describe::Log;

    fn state() -> State {
        let mut spec = PluginSpec::plain("p", "p.wasm".into());
        spec.config.insert("url".to_owned(), json!("http://db1/lag"));
        let host = Host::new(&spec, Arc::<Log>::default());
        State { host, allowance: Allowance::new(0) }
    }

    #[test]
    fn settings_are_a_json_object_and_the_clock_goes() {
        assert_eq!(settings::Host::get(&mut state()), r#"{"url":"http://db1/lag"}"#);
        let now = clock::Host::now(&mut state());
        assert!(now.wall > 1_700_000_000_000_000 && now.monotonic > 0);
    }

    #[test]
    fn data_that_is_no_json_or_nested_too_deep_is_no_event() {
        let emit =
            |data: String| events::Host::emit(&mut state(), "e".to_owned(), types::Severity::Info, data);
        let error = emit("{".to_owned()).unwrap_err();
        assert_eq!(error.kind, types::ErrorKind::Invalid);
        assert!(error.text.contains("is no JSON"), "{}", error.text);
        let error = emit("[".repeat(10_000)).unwrap_err();
        assert!(error.text.contains("recursion limit"), "{}", error.text);
        let error = emit(" ".repeat(JSON + 1)).unwrap_err();
        assert_eq!(error.kind, types::ErrorKind::Limit);
    }
}
