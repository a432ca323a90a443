//! What is counted of a plugin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use crate::effects::MetricChange;
use crate::error::HostError;
use crate::host::Rates;
use crate::message::Message;
use crate::postage::Postage;

/// Metrics of its own that a plugin may have.
const MOST: usize = 64;
/// Names of events of its own that a plugin may have. Whoever does not keep up is owed the last event of each.
const EVENTS: usize = 64;
/// Calls whose durations are kept.
const RECENT: usize = 256;

/// What is counted of a plugin, from its first start on.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    state: Mutex<Counts>,
    /// The names of the events of its own.
    events: Mutex<BTreeSet<String>>,
    postage: Postage,
    rates: Arc<Rates>,
}

/// The counts of a plugin at one moment.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Calls that were answered, well or not.
    pub calls: u64,
    /// Errors that it reported itself.
    pub errors: u64,
    /// Traps, panics, exceeded limits.
    pub failures: u64,
    /// How often it was started anew.
    pub restarts: u64,
    /// Events it wanted again later.
    pub retries: u64,
    /// Events it did not want after all, and questions that it was not asked, as it was still busy with the one before.
    pub skipped: u64,
    /// Events that are kept from it.
    pub dead_letters: u64,
    /// Messages to destinations that were taken over.
    pub messages: u64,
    /// Messages that were one too many.
    pub messages_refused: u64,
    /// When a call last succeeded.
    pub last_success: Option<SystemTime>,
    /// The memory that it holds, in octets, where that is known.
    pub memory: Option<usize>,
    /// The longest call so far.
    pub longest: Duration,
    /// Its own numbers.
    pub own: BTreeMap<String, f64>,
    recent: Vec<Duration>,
    next: usize,
}

impl Counts {
    /// The duration that `share` (0 to 1) of the recent calls did not exceed.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        let mut recent = self.recent.clone();
        recent.sort_unstable();
        let last = recent.len().checked_sub(1)?;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "an index below 256"
        )]
        let index = (last as f64 * share.clamp(0.0, 1.0)).round() as usize;
        recent.get(index).copied()
    }
}

impl Metrics {
    /// The counts now.
    #[must_use]
    pub(crate) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// A call that began then has ended.
    pub(crate) fn called(&self, began: Instant, succeeded: bool, memory: Option<usize>) {
        let took = began.elapsed();
        let mut counts = self.lock();
        counts.memory = memory;
        counts.calls += 1;
        counts.longest = counts.longest.max(took);
        if succeeded {
            counts.last_success = Some(SystemTime::now());
        }
        let next = counts.next;
        match counts.recent.get_mut(next) {
            Some(place) => *place = took,
            None => counts.recent.push(took),
        }
        counts.next = (next + 1) % RECENT;
    }

    /// Changes a count.
    pub(crate) fn count(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.lock());
    }

    /// Changes a number of the plugin's own.
    ///
    /// # Errors
    ///
    /// If it has too many.
    pub(crate) fn change(&self, name: &str, change: MetricChange) -> Result<(), HostError> {
        let own = &mut self.lock().own;
        if own.len() >= MOST && !own.contains_key(name) {
            return Err(HostError::limit(format!("a plugin has {MOST} metrics at most; {name} is one more")));
        }
        let value = own.entry(name.to_owned()).or_default();
        match change {
            MetricChange::Add(by) => *value += by,
            MetricChange::Set(to) => *value = to,
        }
        Ok(())
    }

    /// Notes the name of an event of the plugin's own.
    ///
    /// # Errors
    ///
    /// If it has too many.
    pub(crate) fn emitted(&self, name: &str) -> Result<(), HostError> {
        let mut events = self.events.lock().unwrap_or_else(PoisonError::into_inner);
        if events.contains(name) {
            return Ok(());
        }
        if events.len() >= EVENTS {
            let why = format!("a plugin's events have {EVENTS} names at most; {name} is one more");
            return Err(HostError::limit(format!("{why}: what differs each time belongs into the data")));
        }
        events.insert(name.to_owned());
        Ok(())
    }

    /// How often it may do what others have to read.
    pub(crate) fn rates(&self) -> Arc<Rates> {
        Arc::clone(&self.rates)
    }

    /// Whether one more message may go.
    ///
    /// # Errors
    ///
    /// If it is one too many, which is counted.
    pub(crate) fn pay(&self, message: &Message) -> Result<(), HostError> {
        self.postage.pay(message).inspect_err(|_| self.count(|counts| counts.messages_refused += 1))
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_metrics_are_few() {
        let metrics = Metrics::default();
        for number in 0..MOST {
            metrics.change(&number.to_string(), MetricChange::Set(1.0)).unwrap();
        }
        assert!(metrics.change("more", MetricChange::Add(1.0)).is_err());
        metrics.change("7", MetricChange::Add(2.0)).unwrap();
        assert!((metrics.counts().own["7"] - 3.0).abs() < f64::EPSILON);
    }

    #[test]
    fn names_of_events_are_few() {
        let metrics = Metrics::default();
        for number in 0..EVENTS {
            metrics.emitted(&number.to_string()).unwrap();
        }
        assert!(metrics.emitted("more").unwrap_err().to_string().contains("belongs into the data"));
        metrics.emitted("7").unwrap();
    }

    #[test]
    fn durations_are_those_of_recent_calls() {
        let metrics = Metrics::default();
        assert_eq!(metrics.counts().quantile(0.5), None);
        for _ in 0..1_000 {
            metrics.called(Instant::now(), true, None);
        }
        let counts = metrics.counts();
        assert_eq!((counts.calls, counts.recent.len()), (1_000, RECENT));
        assert!(counts.quantile(0.5).unwrap() <= counts.quantile(1.0).unwrap());
    }
}
