//! Asking a component what it is, before it may do anything.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use keepwatch_event::{LogLevel, Severity, Timestamp};
use keepwatch_host::{
    Answer, Effects, Grant, Host, HostError, HostPort, HttpRequest, HttpResponse, Limits, Manifest, Message,
    MetricChange, Need, Permit, PluginSpec, Question, Ran, Refusal, Setting, SettingKind, Source, Verdict,
    Wanted, Work, one_line,
};
use serde_json::{Map, Value};

use crate::bindings::lifecycle;
use crate::inspect::Interfaces;
use crate::template::Template;

/// How long it may at least take to describe itself, and to compute for it: it is not asked as often as for its calls.
const CALL: Duration = Duration::from_secs(2);
const CPU: Duration = Duration::from_millis(500);
/// Lines of its log that are shown if it fails.
const LINES: usize = 4;
/// The longest text in a manifest, in octets; more is cut.
const TEXT: usize = 256;
/// Settings, kinds and needs that a manifest may have.
const ENTRIES: usize = 256;

/// Asks a component what it is.
///
/// # Errors
///
/// If it fails at that, or its answer makes no sense.
pub(crate) async fn manifest(source: &Source, template: &Template) -> Result<Manifest, Refusal> {
    let log = Arc::new(Log::default());
    let effects = Arc::<Log>::clone(&log);
    let Limits { call, cpu, .. } = source.limits;
    let limits = Limits { call: call.max(CALL), cpu: cpu.max(CPU), ..source.limits.clone() };
    let within = limits.call;
    let spec = PluginSpec { limits, ..PluginSpec::plain(&source.plugin, source.path.clone()) };
    let host = Host::new(&spec, effects);
    host.begin_call(within);
    let described = match template.instantiate(host).await {
        Ok(mut instance) => instance.describe().await,
        Err(failure) => Err(failure),
    };
    let described = described.map_err(|failure| {
        let refusal = Refusal::plain(format!("asked to describe itself, the component {failure}"));
        log.lines().iter().fold(refusal, |refusal, line| refusal.help(format!("it logged: {line}")))
    })?;
    understood(described, &template.found)
}

fn understood(described: lifecycle::Manifest, found: &Interfaces) -> Result<Manifest, Refusal> {
    let lifecycle::Manifest { name, version, description, settings, kinds, needs } = described;
    let entries = settings.len().max(kinds.len()).max(needs.len());
    if entries > ENTRIES {
        return Err(Refusal::plain(format!("the component lists {entries} things in its description")));
    }
    let mut granted = Vec::new();
    for need in &needs {
        let grant: Grant = need.parse().map_err(|error: String| {
            let (need, error) = (line(need), line(&error));
            Refusal::plain(format!("the component says that it needs `{need}`: {error}"))
        })?;
        granted.push(grant);
    }
    // What is imported takes some grant, unless one of its kind is asked for by name.
    let open = found.facilities.iter().filter(|&&kind| granted.iter().all(|grant| grant.facility() != kind));
    let mut wanted: Vec<Wanted> = open.copied().map(Wanted::Facility).collect();
    wanted.extend(granted.into_iter().map(Wanted::Grant));
    Ok(Manifest {
        name: line(&name),
        version: line(&version),
        description: line(&description),
        roles: found.roles,
        settings: Some(settings.into_iter().map(setting).collect()),
        kinds: kinds.iter().map(|kind| line(kind)).collect(),
        needs: wanted.into_iter().map(|what| Need { what, place: None }).collect(),
    })
}

fn setting(setting: lifecycle::Setting) -> Setting {
    let kind = match setting.kind {
        lifecycle::SettingKind::Text => SettingKind::Text,
        lifecycle::SettingKind::Integer => SettingKind::Integer,
        lifecycle::SettingKind::Number => SettingKind::Number,
        lifecycle::SettingKind::Boolean => SettingKind::Boolean,
        lifecycle::SettingKind::List => SettingKind::List,
        lifecycle::SettingKind::Table => SettingKind::Table,
        lifecycle::SettingKind::Any => SettingKind::Any,
    };
    Setting { name: line(&setting.name), kind, required: setting.required, help: line(&setting.help) }
}

/// A guest's text, or what was made of one, as one line, not too long.
pub(crate) fn line(text: &str) -> String {
    one_line(text, TEXT)
}

/// The effects of a trial: none, but what it logs is kept for its refusal.
#[derive(Default)]
pub(crate) struct Log(Mutex<Vec<String>>);

impl Log {
    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn denied<T: Send + 'static>() -> Work<'static, Result<T, HostError>> {
    Box::pin(async { Err(too_early()) })
}

fn too_early() -> HostError {
    HostError::denied("not while the plugin describes itself")
}

impl Effects for Log {
    fn log(&self, _: &str, _: LogLevel, text: String) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The last ones say why it failed.
        if lines.len() >= LINES {
            lines.remove(0);
        }
        lines.push(line(&text));
    }

    fn now(&self) -> Timestamp {
        let monotonic = Duration::from_nanos(keepwatch_system::boot_nanos());
        Timestamp { wall: SystemTime::now(), monotonic }
    }

    fn sleep(&self, time: Duration) -> Work<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn kv_get<'a>(&'a self, _: &'a str, _: &'a str) -> Work<'a, Result<Option<Vec<u8>>, HostError>> {
        denied()
    }

    fn kv_set<'a>(&'a self, _: &'a str, _: &'a str, _: &'a [u8]) -> Work<'a, Result<(), HostError>> {
        denied()
    }

    fn kv_delete<'a>(&'a self, _: &'a str, _: &'a str) -> Work<'a, Result<bool, HostError>> {
        denied()
    }

    fn kv_keys<'a>(&'a self, _: &'a str, _: &'a str) -> Work<'a, Result<Vec<String>, HostError>> {
        denied()
    }

    fn http<'a>(&'a self, _: HttpRequest, _: &'a Permit) -> Work<'a, Result<HttpResponse, HostError>> {
        denied()
    }

    fn run<'a>(&'a self, _: &'a str, _: &'a str, _: Duration) -> Work<'a, Result<Ran, HostError>> {
        denied()
    }

    fn tcp<'a>(&'a self, _: &'a HostPort, _: Question) -> Work<'a, Result<Answer, HostError>> {
        denied()
    }

    fn unix<'a>(&'a self, _: &'a Path, _: Question) -> Work<'a, Result<Answer, HostError>> {
        denied()
    }

    fn notify(&self, _: Message) -> Work<'_, Result<(), HostError>> {
        denied()
    }

    fn set_track(&self, _: &str, _: &str, _: Verdict, _: Duration) -> Result<(), HostError> {
        Err(too_early())
    }

    fn metric(&self, _: &str, _: &str, _: MetricChange) -> Result<(), HostError> {
        Err(too_early())
    }

    fn emit(&self, _: &str, _: &str, _: Severity, _: Map<String, Value>) -> Result<(), HostError> {
        Err(too_early())
    }
}
