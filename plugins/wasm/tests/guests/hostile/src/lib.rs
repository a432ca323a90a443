//! What the hostile guests have in common: a configuration that says what to do, and when.

mod deeds;

pub use deeds::Deed;

use std::time::Duration;

use keepwatch_sdk::prelude::*;

/// What to do, and when.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Config {
    /// What.
    #[serde(rename = "do")]
    pub deed: Deed,
    /// In which call.
    pub at: At,
    /// Only for events of this instance.
    pub instance: Option<String>,
    /// Only for the event with this id.
    pub event: Option<String>,
    /// Only so many times, counted in the store under `deeds`, so that a restart does not begin anew. 0: always.
    pub times: u64,
    /// For `sleep` and `retry`; also the time to live of `track`.
    pub milliseconds: u64,
    /// For `log`, `emit`, `metrics`, `fill-kv`: how many; 0: without end.
    pub count: u64,
    /// How large: a line of `log`, a value of `fill-kv`, the text of `error`, the data of `emit`.
    pub bytes: usize,
    /// For `http`: the URL. For `tcp` and `unix`: the address. For `run`, `track`, `read-kv`: the name.
    pub target: String,
    /// What `save` returns beside the count of events, in octets.
    pub save_bytes: usize,
}

/// In which call.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    /// `handle` or `check`.
    #[default]
    Call,
    /// `init`
    Init,
    /// `sync`
    Sync,
    /// `save`
    Save,
    /// `stop`
    Stop,
}

/// A guest: its configuration, and what it remembers.
pub struct Hostile {
    /// What to do, and when.
    pub config: Config,
    /// How many events or checks it has seen, over reloads.
    pub seen: u64,
}

impl Hostile {
    /// Begins with what was saved: the count as text, then whatever `save_bytes` asked for.
    pub fn init(config: Config, saved: Option<&[u8]>) -> Result<Self> {
        let saved = saved.map(|saved| String::from_utf8_lossy(saved).into_owned());
        let seen = saved.and_then(|saved| saved.split(' ').next().and_then(|seen| seen.parse().ok()));
        let guest = Self { config, seen: seen.unwrap_or_default() };
        guest.act(At::Init, None)?;
        Ok(guest)
    }

    /// Counts, and does the deed if it is one for this call and event.
    pub fn call(&mut self, event: Option<&Event>) -> Result<String> {
        self.seen += 1;
        kv::set("seen", self.seen.to_string())?;
        if let Some(event) = event {
            kv::set("last", &event.id)?;
        }
        self.act(At::Call, event)
    }

    /// Notes what it was told.
    pub fn sync(&self, snapshot: &Snapshot) {
        let _ = kv::set("synced", format!("{} {}", snapshot.seq, snapshot.instances.len()));
        let _ = self.act(At::Sync, None);
    }

    /// The count, and as much as was asked for.
    pub fn save(&self) -> Option<Vec<u8>> {
        let _ = self.act(At::Save, None);
        Some(format!("{} {}", self.seen, "x".repeat(self.config.save_bytes)).into_bytes())
    }

    /// Notes the reason.
    pub fn stop(&self, reason: &str) {
        let _ = kv::set("stopped", reason);
        let _ = self.act(At::Stop, None);
    }

    fn act(&self, at: At, event: Option<&Event>) -> Result<String> {
        let Config { instance, event: id, times, .. } = &self.config;
        let other_instance = instance.is_some() && event.is_none_or(|event| event.instance != *instance);
        let other_event = id.as_ref().is_some_and(|id| event.is_none_or(|event| event.id != *id));
        if self.config.deed == Deed::Nothing || self.config.at != at || other_instance || other_event {
            return Ok(String::new());
        }
        if *times > 0 {
            let deeds: u64 = kv::get_json("deeds")?.unwrap_or_default();
            if deeds >= *times {
                return Ok(String::new());
            }
            kv::set_json("deeds", &(deeds + 1))?;
        }
        self.config.deed.act(&self.config)
    }

    /// For `sleep`, `retry` and `track`.
    pub fn time(config: &Config) -> Duration {
        Duration::from_millis(config.milliseconds)
    }
}
