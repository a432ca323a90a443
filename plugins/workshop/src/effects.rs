//! What host functions do in a trial: they tell.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keepwatch_event::{LogLevel, Severity, Timestamp, counted, one_line};
use keepwatch_host::{
    Answer, Content, Effects, HostError, HostPort, HttpRequest, HttpResponse, Message, MetricChange, Permit,
    Question, Ran, Verdict, Work,
};
use serde_json::{Map, Value};

use crate::trial::{Outside, Told};

/// Notes what would be done outside, and answers as if it had been.
pub(crate) struct TrialEffects {
    told: Mutex<Vec<Told>>,
    /// For what is done all the same: reading the clock, keeping keys, and connections if they are wanted.
    real: Arc<dyn Effects>,
    outside: Outside,
}

impl TrialEffects {
    pub(crate) fn new(real: Arc<dyn Effects>, outside: Outside) -> Self {
        Self { told: Mutex::default(), real, outside }
    }

    /// What was told since it was last asked.
    pub(crate) fn take(&self) -> Vec<Told> {
        std::mem::take(&mut self.told.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tell(&self, what: &'static str, text: String) {
        let text = one_line(&text);
        self.told.lock().unwrap_or_else(PoisonError::into_inner).push(Told { what, text });
    }
}

impl Effects for TrialEffects {
    fn log(&self, _: &str, level: LogLevel, text: String) {
        let what = match level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warning => "warning",
            LogLevel::Error => "error",
        };
        self.tell(what, text);
    }

    fn now(&self) -> Timestamp {
        self.real.now()
    }

    fn sleep(&self, time: Duration) -> Work<'_, ()> {
        self.real.sleep(time)
    }

    fn kv_get<'a>(&'a self, plugin: &'a str, key: &'a str) -> Work<'a, Result<Option<Vec<u8>>, HostError>> {
        self.real.kv_get(plugin, key)
    }

    fn kv_set<'a>(
        &'a self,
        plugin: &'a str,
        key: &'a str,
        value: &'a [u8],
    ) -> Work<'a, Result<(), HostError>> {
        self.tell("would keep", format!("{key} = {}", excerpt(value)));
        self.real.kv_set(plugin, key, value)
    }

    fn kv_delete<'a>(&'a self, plugin: &'a str, key: &'a str) -> Work<'a, Result<bool, HostError>> {
        self.tell("would forget", key.to_owned());
        self.real.kv_delete(plugin, key)
    }

    fn kv_keys<'a>(&'a self, plugin: &'a str, prefix: &'a str) -> Work<'a, Result<Vec<String>, HostError>> {
        self.real.kv_keys(plugin, prefix)
    }

    fn http<'a>(
        &'a self,
        request: HttpRequest,
        permit: &'a Permit,
    ) -> Work<'a, Result<HttpResponse, HostError>> {
        let what = format!("{} {}", request.method, request.url);
        if self.outside == Outside::Real {
            return Box::pin(async move {
                let answer = self.real.http(request, permit).await;
                let ended = match &answer {
                    Ok(answer) => {
                        format!("{what}: {}, {}", answer.status, counted(answer.body.len() as u64, "octet"))
                    }
                    Err(error) => format!("{what}: {error}"),
                };
                self.tell("sent", ended);
                answer
            });
        }
        let body =
            if request.body.is_empty() { String::new() } else { format!(": {}", excerpt(&request.body)) };
        self.tell("would send", what + &body);
        Box::pin(async { Ok(HttpResponse { status: 200, headers: Vec::new(), body: Vec::new() }) })
    }

    fn run<'a>(&'a self, _: &'a str, action: &'a str, _: Duration) -> Work<'a, Result<Ran, HostError>> {
        self.tell("would run", action.to_owned());
        Box::pin(async { Ok(Ran { exit_code: Some(0), output: String::new() }) })
    }

    fn tcp<'a>(&'a self, to: &'a HostPort, question: Question) -> Work<'a, Result<Answer, HostError>> {
        if self.outside == Outside::Real {
            self.tell("connected to", to.to_string());
            return self.real.tcp(to, question);
        }
        self.tell("would connect to", to.to_string());
        Box::pin(async { Ok(nothing()) })
    }

    fn unix<'a>(&'a self, to: &'a Path, question: Question) -> Work<'a, Result<Answer, HostError>> {
        if self.outside == Outside::Real {
            self.tell("connected to", to.display().to_string());
            return self.real.unix(to, question);
        }
        self.tell("would connect to", to.display().to_string());
        Box::pin(async { Ok(nothing()) })
    }

    fn notify(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        let Message { destination, content, .. } = message;
        match content {
            Content::Text(text) => self.tell("would notify", format!("{destination}: {:?}", short(&text))),
            Content::Mail { subject, text, .. } => {
                let text = format!("{destination}: {:?}: {:?}", short(&subject), short(&text));
                self.tell("would mail", text);
            }
            Content::Post(body) => {
                self.tell("would post", format!("{destination}: {}", short(&body.to_string())));
            }
        }
        Box::pin(async { Ok(()) })
    }

    fn set_track(&self, _: &str, name: &str, verdict: Verdict, ttl: Duration) -> Result<(), HostError> {
        let ttl = keepwatch_event::Rounded(ttl);
        self.tell("would say", format!("{name}: {}, {} (for {ttl})", verdict.health, verdict.text));
        Ok(())
    }

    fn metric(&self, _: &str, name: &str, change: MetricChange) -> Result<(), HostError> {
        let text = match change {
            MetricChange::Add(by) => format!("{name} + {by}"),
            MetricChange::Set(to) => format!("{name} = {to}"),
        };
        self.tell("metric", text);
        Ok(())
    }

    fn emit(
        &self,
        _: &str,
        name: &str,
        severity: Severity,
        data: Map<String, Value>,
    ) -> Result<(), HostError> {
        let severity = match severity {
            Severity::Info => "",
            Severity::Warning => "warning: ",
            Severity::Error => "error: ",
        };
        self.tell("would emit", format!("{severity}{name} {}", Value::Object(data)));
        Ok(())
    }
}

const fn nothing() -> Answer {
    Answer { received: Vec::new(), connected_after: Duration::ZERO }
}

/// The beginning of what may be long or no text.
fn excerpt(octets: &[u8]) -> String {
    match std::str::from_utf8(octets) {
        Ok(text) => short(text),
        Err(_) => counted(octets.len() as u64, "octet"),
    }
}

/// The beginning of what may be long.
fn short(text: &str) -> String {
    const MOST: usize = 200;
    if text.len() <= MOST {
        return text.to_owned();
    }
    format!("{}...", text.get(..text.floor_char_boundary(MOST)).unwrap_or_default())
}
