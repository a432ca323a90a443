//! A plugin that runs in the made-up host.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value};

use super::fake::with;
use super::recording::{Heard, read_recording};
use crate::{CheckRequest, Error, Event, Outcome, Plugin, Result, Setting, Snapshot, Verdict, config};

/// A plugin that runs. Made by [`Host::start`](super::Host::start).
pub struct Running<P> {
    plugin: P,
}

/// A plugin need not be printable for `unwrap_err` to work.
impl<P> fmt::Debug for Running<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Running<{}>", std::any::type_name::<P>())
    }
}

/// What a plugin has made of a replayed event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// The event.
    pub event: Event,
    /// What the plugin answered.
    pub outcome: Result<Outcome>,
}

impl<P: Plugin> Running<P> {
    pub(super) fn start(config: Value, saved: Option<&[u8]>) -> Result<Self> {
        let Value::Object(fields) = &config else {
            return Err(Error::new("the settings should be an object: json!({ .. })"));
        };
        compare(fields, &P::settings())?;
        let plugin = P::init(config::read(&config.to_string())?, saved)?;
        Ok(Self { plugin })
    }

    /// Tells the plugin how things are.
    pub fn sync(&mut self, snapshot: &Snapshot) {
        self.plugin.sync(snapshot);
    }

    /// Hands an event to the plugin, if it wants this kind.
    ///
    /// # Errors
    /// Those of the plugin.
    pub fn handle(&mut self, event: &Event) -> Result<Outcome> {
        if P::KINDS.is_empty() || P::KINDS.contains(&event.kind.as_str()) {
            self.plugin.handle(event)
        } else {
            Ok(Outcome::Skip(format!("not among the plugin's kinds: {}", event.kind)))
        }
    }

    /// Asks for a verdict, under the name `test` and with a second to answer.
    ///
    /// # Errors
    /// Those of the plugin.
    pub fn check(&mut self) -> Result<Verdict> {
        self.plugin.check(&CheckRequest { name: "test".to_owned(), deadline: Duration::from_secs(1) })
    }

    /// Hands events to the plugin, one after the other, each at its time: the made-up host's clock is set.
    pub fn replay(&mut self, events: &[Event]) -> Vec<Replayed> {
        events.iter().map(|event| self.relive(event.clone())).collect()
    }

    /// Replays a recording: JSON lines, as `keepwatch events --json` prints and `keepwatch events record` writes them.
    /// The plugin is told how things were where that was recorded, and hears the events that follow.
    ///
    /// # Errors
    /// If the file cannot be read. What the plugin makes of each event is in the answer.
    pub fn replay_file(&mut self, path: impl AsRef<Path>) -> Result<Vec<Replayed>> {
        let mut replayed = Vec::new();
        for heard in read_recording(path.as_ref())? {
            match heard {
                Heard::Snapshot(snapshot) => {
                    with(|fake| fake.now = snapshot.at);
                    self.sync(&snapshot);
                }
                Heard::Event(event) => replayed.push(self.relive(event)),
            }
        }
        Ok(replayed)
    }

    fn relive(&mut self, event: Event) -> Replayed {
        with(|fake| fake.now = event.at);
        let outcome = self.handle(&event);
        Replayed { event, outcome }
    }

    /// What the plugin would hand to its next version.
    pub fn save(&mut self) -> Option<Vec<u8>> {
        self.plugin.save()
    }

    /// Loads the plugin anew, as keepwatch does when its file or its settings change: what it saves is carried over.
    ///
    /// # Errors
    /// As [`Host::start`](super::Host::start).
    pub fn reload(mut self, config: Value) -> Result<Self> {
        let saved = self.plugin.save();
        let next = Self::start(config, saved.as_deref())?;
        self.stop("reload");
        Ok(next)
    }

    /// Ends the plugin.
    pub fn stop(mut self, reason: &str) {
        self.plugin.stop(reason);
    }

    /// The plugin itself.
    pub fn plugin(&mut self) -> &mut P {
        &mut self.plugin
    }
}

/// As keepwatch does before it starts a plugin.
fn compare(fields: &Map<String, Value>, settings: &[Setting]) -> Result<()> {
    if let Some(name) = fields.keys().find(|&name| settings.iter().all(|setting| setting.name != *name)) {
        let known: Vec<&str> = settings.iter().map(|setting| setting.name.as_str()).collect();
        return Err(Error::new(format_args!(
            "config: unknown setting {name}; known are: {}",
            known.join(", ")
        )));
    }
    match settings.iter().find(|setting| setting.required && !fields.contains_key(&setting.name)) {
        Some(setting) => Err(Error::new(format_args!("config: the setting {} is missing", setting.name))),
        None => Ok(()),
    }
}
