//! How long to wait before the next attempt.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

/// The pause after the first failure is up to this.
const FIRST: Duration = Duration::from_secs(2);
/// And later ones are up to this.
const MOST: Duration = Duration::from_secs(5 * 60);
/// No pause is shorter.
const SHORTEST: Duration = Duration::from_millis(200);
/// No pause is longer: whoever asks for more patience gets this.
pub(crate) const LONGEST: Duration = Duration::from_secs(60 * 60);

/// A pause after so many failures: full jitter, so that those who failed together do not come again together. `asked` is
/// what the other side asked for; `chance` is from 0 to 1.
pub(crate) fn pause(failures: u32, asked: Option<Duration>, chance: f64) -> Duration {
    if let Some(asked) = asked {
        return asked.clamp(SHORTEST, LONGEST);
    }
    let most = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(MOST);
    most.mul_f64(chance.clamp(0.0, 1.0)).max(SHORTEST)
}

/// A number from 0 to 1, by chance.
pub(crate) fn chance() -> f64 {
    // Its keys are random.
    let bits = RandomState::new().build_hasher().finish() >> 11;
    bits as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_five_minutes() {
        let seconds = |failures| pause(failures, None, 1.0).as_secs();
        assert_eq!([1, 2, 3, 8, 9, 40].map(seconds), [2, 4, 8, 256, 300, 300]);
        assert_eq!(pause(5, None, 0.0), SHORTEST);
        assert_eq!(pause(1, Some(Duration::from_secs(30)), 0.0), Duration::from_secs(30));
        assert_eq!(pause(1, Some(Duration::from_secs(90_000)), 0.0), LONGEST);
    }

    #[test]
    fn chance_is_within_bounds_and_not_always_the_same() {
        let some: Vec<f64> = (0..50).map(|_| chance()).collect();
        assert!(some.iter().all(|chance| (0.0..1.0).contains(chance)));
        assert!(some.iter().any(|chance| *chance != some[0]));
    }
}
