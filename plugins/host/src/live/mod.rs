//! What host functions do in the daemon.

mod action;
mod address;
mod client;
mod connection;
mod http;
#[cfg(test)]
mod http_tests;
mod names;
mod redirect;

pub use action::{Action, Deed, NativeDeed};

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, LogLevel, Severity, Timestamp};
use serde_json::{Map, Value};
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::effects::{Answer, Effects, HttpRequest, HttpResponse, MetricChange, Question, Ran};
use crate::error::HostError;
use crate::grant::HostPort;
use crate::host::one_line;
use crate::message::{Message, Messenger};
use crate::metrics::Metrics;
use crate::permit::Permit;
use crate::plugin::{Verdict, Work};
use crate::store::Store;
use crate::verdicts::{Nobody, Verdicts};
use action::Runner;
use client::Client;
use names::SystemNames;

/// What is told of the output of an action that went wrong.
const SAID: usize = 1_000;

/// What host functions do in the daemon.
pub(crate) struct Live {
    bus: Bus,
    store: Arc<Store>,
    verdicts: Arc<dyn Verdicts>,
    messenger: Arc<dyn Messenger>,
    client: Client,
    /// Where actions are started: what they start in their turn must not have plugins' low priority.
    upright: Handle,
    actions: RwLock<BTreeMap<String, Arc<Runner>>>,
    metrics: Mutex<BTreeMap<String, Arc<Metrics>>>,
}

/// What host functions do in the daemon, for a trial: there are no actions.
///
/// # Panics
///
/// Outside a tokio runtime.
#[must_use]
pub fn live_effects(bus: &Bus, store: Store) -> Arc<dyn Effects> {
    let (verdicts, messenger) = (Arc::new(Nobody), Arc::new(Nobody));
    Arc::new(Live::new(bus.clone(), Arc::new(store), verdicts, messenger, Handle::current()))
}

impl Live {
    pub(crate) fn new(
        bus: Bus,
        store: Arc<Store>,
        verdicts: Arc<dyn Verdicts>,
        messenger: Arc<dyn Messenger>,
        upright: Handle,
    ) -> Self {
        let (actions, metrics) = (RwLock::default(), Mutex::default());
        let client = Client::new(Box::new(SystemNames));
        Self { bus, store, verdicts, messenger, client, upright, actions, metrics }
    }

    /// Replaces the actions. Those that run go on to their end.
    pub(crate) fn set_actions(&self, actions: Vec<Action>) {
        let mut known = self.actions.write().unwrap_or_else(PoisonError::into_inner);
        let mut new = BTreeMap::new();
        for action in actions {
            let name = action.name.clone();
            // One that has not changed keeps its place in line.
            let same = known.get(&name).filter(|runner| *runner.action() == action).map(Arc::clone);
            new.insert(name, same.unwrap_or_else(|| Arc::new(Runner::new(action))));
        }
        *known = new;
    }

    /// A plugin's counts, which outlive its reloads.
    pub(crate) fn metrics_of(&self, plugin: &str) -> Arc<Metrics> {
        let mut metrics = self.metrics.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(metrics.entry(plugin.to_owned()).or_default())
    }

    /// Forgets a plugin that was taken away.
    pub(crate) fn forget(&self, plugin: &str) {
        self.metrics.lock().unwrap_or_else(PoisonError::into_inner).remove(plugin);
    }

    fn publish(&self, severity: Severity, kind: EventKind) {
        self.bus.publish(Draft::general(severity, kind));
    }
}

/// What somebody has to know of the output of what went wrong.
fn said(output: &str) -> String {
    let output = one_line(output, SAID);
    if output.is_empty() { output } else { format!(": {output}") }
}

/// An action at work. If nobody waits for its end any more, it is stopped.
struct AtWork(JoinHandle<Result<Ran, HostError>>);

impl AtWork {
    async fn ended(mut self) -> Result<Ran, HostError> {
        let ended = (&mut self.0).await;
        ended.unwrap_or_else(|_| Err(HostError::unavailable("the action was broken off")))
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Effects for Live {
    fn log(&self, plugin: &str, level: LogLevel, text: String) {
        let severity = match level {
            LogLevel::Debug | LogLevel::Info => Severity::Info,
            LogLevel::Warning => Severity::Warning,
            LogLevel::Error => Severity::Error,
        };
        self.publish(severity, EventKind::PluginLog { plugin: plugin.to_owned(), level, text });
    }

    fn now(&self) -> Timestamp {
        Bus::now()
    }

    fn sleep(&self, time: Duration) -> Work<'_, ()> {
        Box::pin(tokio::time::sleep(time))
    }

    fn kv_get<'a>(&'a self, plugin: &'a str, key: &'a str) -> Work<'a, Result<Option<Vec<u8>>, HostError>> {
        Box::pin(self.store.get(plugin, key))
    }

    fn kv_set<'a>(
        &'a self,
        plugin: &'a str,
        key: &'a str,
        value: &'a [u8],
    ) -> Work<'a, Result<(), HostError>> {
        Box::pin(self.store.set(plugin, key, value))
    }

    fn kv_delete<'a>(&'a self, plugin: &'a str, key: &'a str) -> Work<'a, Result<bool, HostError>> {
        Box::pin(self.store.delete(plugin, key))
    }

    fn kv_keys<'a>(&'a self, plugin: &'a str, prefix: &'a str) -> Work<'a, Result<Vec<String>, HostError>> {
        Box::pin(self.store.keys(plugin, prefix))
    }

    fn http<'a>(
        &'a self,
        request: HttpRequest,
        permit: &'a Permit,
    ) -> Work<'a, Result<HttpResponse, HostError>> {
        Box::pin(http::send(&self.client, request, permit))
    }

    fn run<'a>(
        &'a self,
        plugin: &'a str,
        action: &'a str,
        within: Duration,
    ) -> Work<'a, Result<Ran, HostError>> {
        let runner = self.actions.read().unwrap_or_else(PoisonError::into_inner).get(action).map(Arc::clone);
        Box::pin(async move {
            let runner = runner.ok_or_else(|| {
                HostError::invalid(format!("there is no action \"{action}\"; write [action.{action}]"))
            })?;
            let began = std::time::Instant::now();
            let ran = AtWork(self.upright.spawn(async move { runner.run(within).await })).ended().await;
            let (severity, ended) = match &ran {
                Ok(Ran { exit_code: Some(0), .. }) => (Severity::Info, "exit code 0".to_owned()),
                Ok(Ran { exit_code: Some(code), output }) => {
                    (Severity::Warning, format!("exit code {code}{}", said(output)))
                }
                Ok(Ran { exit_code: None, output }) => {
                    (Severity::Warning, format!("ended by a signal{}", said(output)))
                }
                Err(error) => {
                    let why = error.to_string();
                    let prefix = format!("action {action}: ");
                    (Severity::Warning, why.strip_prefix(&prefix).unwrap_or(&why).to_owned())
                }
            };
            let (action, plugin, took) = (action.to_owned(), plugin.to_owned(), began.elapsed());
            self.publish(severity, EventKind::ActionRan { action, plugin, ended, took });
            ran
        })
    }

    fn tcp<'a>(&'a self, to: &'a HostPort, question: Question) -> Work<'a, Result<Answer, HostError>> {
        Box::pin(connection::tcp(self.client.names(), to, question))
    }

    fn unix<'a>(&'a self, to: &'a Path, question: Question) -> Work<'a, Result<Answer, HostError>> {
        Box::pin(connection::unix(to, question))
    }

    fn notify(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        let metrics = self.metrics_of(&message.plugin);
        Box::pin(async move {
            metrics.pay(&message)?;
            self.messenger.hand_in(message).await?;
            metrics.count(|counts| counts.messages += 1);
            Ok(())
        })
    }

    fn set_track(&self, _: &str, name: &str, verdict: Verdict, ttl: Duration) -> Result<(), HostError> {
        if self.verdicts.report(name, verdict, None, ttl) {
            return Ok(());
        }
        Err(HostError::limit("too many things are tracked"))
    }

    fn metric(&self, plugin: &str, name: &str, change: MetricChange) -> Result<(), HostError> {
        self.metrics_of(plugin).change(name, change)
    }

    fn emit(
        &self,
        plugin: &str,
        name: &str,
        severity: Severity,
        data: Map<String, Value>,
    ) -> Result<(), HostError> {
        self.metrics_of(plugin).emitted(name)?;
        let (plugin, name) = (plugin.to_owned(), name.to_owned());
        self.publish(severity, EventKind::Custom { plugin, name, data });
        Ok(())
    }
}
