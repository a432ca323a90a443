//! When a plugin that failed is started anew.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The first pause is at most this long; each further one twice as long.
const FIRST: Duration = Duration::from_millis(100);
/// The longest pause between two starts.
const LONGEST: Duration = Duration::from_secs(30);
/// So many failures in [`WINDOW`] open the breaker.
const MANY: usize = 6;
const WINDOW: Duration = Duration::from_secs(60);
/// How long it then is left alone the first time; each further time twice as long.
const FIRST_REST: Duration = Duration::from_secs(60);
const LONGEST_REST: Duration = Duration::from_secs(30 * 60);
/// So long without a failure, and all is forgotten.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);

/// What to do after a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// Start it anew after this time.
    Restart(Duration),
    /// It fails too often: leave it alone for this time.
    Rest(Duration),
}

impl Pause {
    pub(crate) const fn length(self) -> Duration {
        match self {
            Self::Restart(time) | Self::Rest(time) => time,
        }
    }
}

/// The failures of a plugin so far.
#[derive(Debug, Default)]
pub(crate) struct Restarts {
    failures: VecDeque<Instant>,
    rests: u32,
}

impl Restarts {
    /// A failure. `jitter` is a random number from 0 to 1: plugins that failed together do not start together.
    pub(crate) fn failed(&mut self, now: Instant, jitter: f64) -> Pause {
        if self.failures.back().is_some_and(|last| now.duration_since(*last) > FORGOTTEN) {
            *self = Self::default();
        }
        self.failures.push_back(now);
        while self.failures.front().is_some_and(|first| now.duration_since(*first) > WINDOW) {
            self.failures.pop_front();
        }
        if self.failures.len() >= MANY {
            self.failures.clear();
            self.failures.push_back(now);
            let rest = doubled(FIRST_REST, self.rests, LONGEST_REST);
            self.rests += 1;
            return Pause::Rest(rest);
        }
        let times = u32::try_from(self.failures.len()).unwrap_or(u32::MAX).saturating_sub(1);
        Pause::Restart(doubled(FIRST, times, LONGEST).mul_f64(jitter.clamp(0.0, 1.0)))
    }
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(most)
}

/// A random number from 0 to 1.
pub(crate) fn jitter() -> f64 {
    use std::hash::{BuildHasher, RandomState};
    let random = RandomState::new().hash_one(0) >> 32;
    f64::from(u32::try_from(random).unwrap_or(u32::MAX)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_then_it_is_left_alone_ever_longer() {
        let (start, mut restarts) = (Instant::now(), Restarts::default());
        let mut fail = |at: u64| restarts.failed(start + Duration::from_millis(at), 1.0);
        let pauses: Vec<u128> = (0..5).map(|at| fail(at).length().as_millis()).collect();
        assert_eq!(pauses, [100, 200, 400, 800, 1600]);
        assert_eq!(fail(5), Pause::Rest(Duration::from_secs(60)));
        assert_eq!(fail(50_000), Pause::Restart(Duration::from_millis(200)));
        for at in 50_001..50_004 {
            assert!(matches!(fail(at), Pause::Restart(_)));
        }
        assert_eq!(fail(50_004), Pause::Rest(Duration::from_secs(120)));
        assert_eq!(fail(10_000_000), Pause::Restart(Duration::from_millis(100)));
    }

    #[test]
    fn jitter_takes_from_the_whole_pause() {
        assert_eq!(Restarts::default().failed(Instant::now(), 0.0), Pause::Restart(Duration::ZERO));
        assert!((0..100).map(|_| jitter()).all(|number| (0.0..=1.0).contains(&number)));
    }
}
