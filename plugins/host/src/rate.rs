//! How often something may happen.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Lets so many through at once and then so many a second, and counts the rest.
#[derive(Debug)]
pub struct Rate {
    burst: f64,
    per_second: f64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    left: f64,
    at: Instant,
    skipped: u64,
}

impl Rate {
    /// So many at once, and then so many a second.
    #[must_use]
    pub fn new(burst: u32, per_second: u32) -> Self {
        Self::of(f64::from(burst), f64::from(per_second))
    }

    /// So many at once, and then one more after each such time.
    #[must_use]
    pub fn every(burst: u32, time: Duration) -> Self {
        Self::of(f64::from(burst), time.as_secs_f64().recip())
    }

    fn of(burst: f64, per_second: f64) -> Self {
        let state = Mutex::new(State { left: burst, at: Instant::now(), skipped: 0 });
        Self { burst, per_second, state }
    }

    /// Whether it may happen, and if so how many may not have happened since the last that did.
    pub fn take(&self) -> Option<u64> {
        self.take_at(Instant::now())
    }

    /// The same at some moment.
    pub(crate) fn take_at(&self, now: Instant) -> Option<u64> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = now.saturating_duration_since(state.at).as_secs_f64();
        state.left = (state.left + passed * self.per_second).min(self.burst);
        state.at = now;
        if state.left < 1.0 {
            state.skipped += 1;
            return None;
        }
        state.left -= 1.0;
        Some(std::mem::take(&mut state.skipped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_so_many_a_second() {
        let rate = Rate::new(3, 2);
        let start = Instant::now();
        let passed = (0..10).filter(|_| rate.take_at(start).is_some()).count();
        assert_eq!(passed, 3);
        assert_eq!(rate.take_at(start + Duration::from_secs(1)), Some(7));
        assert_eq!(rate.take_at(start + Duration::from_secs(1)), Some(0));
        assert_eq!(rate.take_at(start + Duration::from_secs(1)), None);
    }
}
