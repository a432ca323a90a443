//! From the component's exports to the trait `Plugin`.

use std::panic::PanicHookInfo;
use std::time::Duration;

use crate::bindings::checker::exports::keepwatch::plugin::checker;
use crate::bindings::handler::exports::keepwatch::plugin::handler;
use crate::bindings::imports::keepwatch::plugin::types;
use crate::bindings::lifecycle::exports::keepwatch::plugin::lifecycle;
use crate::log::Level;
use crate::{
    CheckRequest, Event, Health, HealthChange, InstanceState, Outcome, Payload, Plugin, Severity, Snapshot,
    State, Timestamp, Transition, config, host, millis,
};

/// The component's one plugin. `export!` implements it.
pub trait Exports {
    /// What it is.
    type Plugin: Plugin;
    /// Of its `Cargo.toml`.
    const NAME: &'static str;
    /// Of its `Cargo.toml`.
    const VERSION: &'static str;
    /// Of its `Cargo.toml`.
    const DESCRIPTION: &'static str;

    /// Calls with the plugin, which is there after `init`.
    fn with<R>(call: impl FnOnce(&mut Option<Self::Plugin>) -> R) -> R;
}

impl<E: Exports> lifecycle::Guest for E {
    fn describe() -> lifecycle::Manifest {
        std::panic::set_hook(Box::new(log_panic));
        lifecycle::Manifest {
            name: E::NAME.to_owned(),
            version: E::VERSION.to_owned(),
            description: E::DESCRIPTION.to_owned(),
            settings: E::Plugin::settings().into_iter().map(setting).collect(),
            kinds: E::Plugin::KINDS.iter().map(|&kind| kind.to_owned()).collect(),
            needs: E::Plugin::NEEDS.iter().map(|&grant| grant.to_owned()).collect(),
        }
    }

    fn init(config: String, saved: Option<Vec<u8>>) -> Result<(), String> {
        std::panic::set_hook(Box::new(log_panic));
        let config = config::read(&config).map_err(|error| error.to_string())?;
        let plugin = E::Plugin::init(config, saved.as_deref()).map_err(|error| error.to_string())?;
        E::with(|place| *place = Some(plugin));
        Ok(())
    }

    fn sync(snapshot: lifecycle::Snapshot) {
        E::with(|plugin| plugin.as_mut().map(|plugin| plugin.sync(&self::snapshot(snapshot))));
    }

    fn save() -> Option<Vec<u8>> {
        E::with(|plugin| plugin.as_mut().and_then(Plugin::save))
    }

    fn stop(reason: String) {
        E::with(|plugin| plugin.as_mut().map(|plugin| plugin.stop(&reason)));
    }
}

impl<E: Exports> handler::Guest for E {
    fn handle(event: handler::Event) -> Result<handler::Outcome, String> {
        let event = self::event(event);
        let outcome = E::with(|plugin| plugin.as_mut().map(|plugin| plugin.handle(&event)));
        match outcome.ok_or(NOT_BEGUN)?.map_err(|error| error.to_string())? {
            Outcome::Done => Ok(handler::Outcome::Done),
            Outcome::RetryAfter(after) => Ok(handler::Outcome::RetryAfter(millis(after))),
            Outcome::Skip(reason) => Ok(handler::Outcome::Skip(reason)),
        }
    }
}

impl<E: Exports> checker::Guest for E {
    fn check(request: checker::Request) -> Result<checker::Verdict, String> {
        let deadline = Duration::from_millis(request.deadline_ms.into());
        let request = CheckRequest { name: request.name, deadline };
        let verdict = E::with(|plugin| plugin.as_mut().map(|plugin| plugin.check(&request)));
        verdict.ok_or(NOT_BEGUN)?.map(host::verdict).map_err(|error| error.to_string())
    }
}

const NOT_BEGUN: &str = "called before init: a mistake of the host's";

/// The trap that follows says no more than that it is one.
fn log_panic(info: &PanicHookInfo<'_>) {
    let words = info.payload_as_str().unwrap_or("(no words)");
    match info.location() {
        Some(place) => host::log(Level::Error, &format!("panic at {place}: {words}")),
        None => host::log(Level::Error, &format!("panic: {words}")),
    }
}

fn setting(setting: crate::Setting) -> lifecycle::Setting {
    let kind = match setting.kind {
        crate::SettingKind::Text => lifecycle::SettingKind::Text,
        crate::SettingKind::Integer => lifecycle::SettingKind::Integer,
        crate::SettingKind::Number => lifecycle::SettingKind::Number,
        crate::SettingKind::Boolean => lifecycle::SettingKind::Boolean,
        crate::SettingKind::List => lifecycle::SettingKind::List,
        crate::SettingKind::Table => lifecycle::SettingKind::Table,
        crate::SettingKind::Any => lifecycle::SettingKind::Any,
    };
    lifecycle::Setting { name: setting.name, kind, required: setting.required, help: setting.help }
}

fn event(event: types::Event) -> Event {
    Event {
        id: event.id,
        seq: event.seq,
        at: timestamp(event.at),
        node: event.node,
        instance: event.instance,
        severity: match event.severity {
            types::Severity::Info => Severity::Info,
            types::Severity::Warning => Severity::Warning,
            types::Severity::Error => Severity::Error,
        },
        term: event.term,
        kind: event.kind,
        text: event.text,
        payload: match event.payload {
            types::Payload::Transition(transition) => Payload::Transition(Transition {
                from: state(transition.previous),
                to: state(transition.current),
                because: transition.because,
                reason: transition.reason,
                initial: transition.initial,
                priority: transition.priority,
            }),
            types::Payload::HealthChange(change) => Payload::HealthChange(HealthChange {
                track: change.track,
                from: health(change.previous),
                to: health(change.current),
                text: change.text,
            }),
            types::Payload::Other => Payload::Other,
        },
        json: event.json,
    }
}

fn snapshot(snapshot: types::Snapshot) -> Snapshot {
    let instance = |instance: types::InstanceState| InstanceState {
        name: instance.name,
        interface: instance.interface,
        state: state(instance.state),
        since: timestamp(instance.since),
        reason: instance.reason,
        priority: instance.priority,
        term: instance.term,
        addresses: instance.addresses,
    };
    Snapshot {
        seq: snapshot.seq,
        at: timestamp(snapshot.at),
        node: snapshot.node,
        instances: snapshot.instances.into_iter().map(instance).collect(),
        json: snapshot.json,
    }
}

fn timestamp(at: types::Timestamp) -> Timestamp {
    Timestamp::from_micros(at.wall, at.monotonic)
}

fn state(state: types::State) -> State {
    match state {
        types::State::Init => State::Init,
        types::State::Backup => State::Backup,
        types::State::Master => State::Master,
        types::State::Fault => State::Fault,
        types::State::Stopped => State::Stopped,
    }
}

fn health(health: types::Health) -> Health {
    match health {
        types::Health::Pass => Health::Pass,
        types::Health::Fail => Health::Fail,
        types::Health::Unknown => Health::Unknown,
    }
}
