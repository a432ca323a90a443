//! How the things are that instances can track, by name. A verdict that is not renewed in time is `unknown`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, Health, Severity};
use tokio::sync::Notify;
use tokio::time::sleep_until;

use crate::plugin::Verdict;

/// Names that may be tracked.
const MOST: usize = 4096;

/// How things are, by name. Changes are told on the bus.
#[derive(Debug)]
pub(crate) struct Tracks {
    bus: Bus,
    known: Mutex<BTreeMap<String, Known>>,
    changed: Notify,
}

#[derive(Debug)]
struct Known {
    health: Health,
    /// Until when; for ever once it is unknown.
    until: Option<Instant>,
}

impl Tracks {
    /// Nothing is known yet.
    #[must_use]
    pub(crate) fn new(bus: Bus) -> Self {
        Self { bus, known: Mutex::new(BTreeMap::new()), changed: Notify::new() }
    }

    /// Says how something is, for so long. Whether there was room for the name.
    pub(crate) fn set(&self, name: &str, verdict: Verdict, ttl: Duration) -> bool {
        let Verdict { health, text } = verdict;
        let until = Some(Instant::now() + ttl);
        let mut known = self.lock();
        let is_full = known.len() >= MOST;
        let from = match known.get_mut(name) {
            Some(known) => {
                known.until = until;
                std::mem::replace(&mut known.health, health)
            }
            None if is_full => return false,
            None => {
                known.insert(name.to_owned(), Known { health, until });
                Health::Unknown
            }
        };
        // Told while it is locked: the last word about it is the last that is known.
        self.tell(name, from, health, text);
        drop(known);
        self.changed.notify_one();
        true
    }

    /// Watches over the verdicts' times, for ever.
    pub(crate) async fn expire(self: Arc<Self>) {
        loop {
            let next = self.expire_until(Instant::now());
            tokio::select! {
                () = self.changed.notified() => {}
                () = sleep_until(next.unwrap_or_else(Instant::now).into()), if next.is_some() => {}
            }
        }
    }

    /// Makes unknown what has not been renewed by now; when the next one's time is over.
    fn expire_until(&self, now: Instant) -> Option<Instant> {
        let mut next: Option<Instant> = None;
        for (name, known) in self.lock().iter_mut() {
            let Some(until) = known.until else { continue };
            if until > now {
                next = Some(next.map_or(until, |next| next.min(until)));
                continue;
            }
            known.until = None;
            let from = std::mem::replace(&mut known.health, Health::Unknown);
            self.tell(name, from, Health::Unknown, "nobody has said how it is for too long".to_owned());
        }
        next
    }

    /// Forgets what a check that was taken away has said.
    pub(crate) fn forget(&self, name: &str) {
        self.lock().remove(name);
    }

    fn tell(&self, name: &str, from: Health, to: Health, text: String) {
        if from == to {
            return;
        }
        let severity = if to == Health::Pass { Severity::Info } else { Severity::Warning };
        let kind = EventKind::HealthChanged { track: name.to_owned(), from, to, text };
        self.bus.publish(Draft::general(severity, kind));
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
