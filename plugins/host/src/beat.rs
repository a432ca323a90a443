//! Moments that checks share: to wake up for one costs more than the check itself.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// From one shared moment to the next.
const MOST: Duration = Duration::from_millis(50);
/// Neither is it more than this share of the interval: a check is asked sooner or later by half of it at most.
const SHARE: u32 = 10;

/// The moment next to this one that checks of this interval share.
pub(crate) fn shared(moment: Instant, interval: Duration) -> Instant {
    static START: OnceLock<Instant> = OnceLock::new();
    let start = *START.get_or_init(Instant::now);
    start + nearest(moment.saturating_duration_since(start), MOST.min(interval / SHARE))
}

fn nearest(time: Duration, beat: Duration) -> Duration {
    let (time, beat) = (time.as_nanos(), beat.as_nanos().max(1));
    let beats = (time + beat / 2) / beat;
    Duration::from_nanos(u64::try_from(beats * beat).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_moment_is_shared() {
        let ms = Duration::from_millis;
        for (time, beat, shared) in [
            (ms(0), ms(10), ms(0)),
            (ms(4), ms(10), ms(0)),
            (ms(5), ms(10), ms(10)),
            (ms(14), ms(10), ms(10)),
            (ms(1_003), ms(10), ms(1_000)),
            (ms(1_003), ms(2), ms(1_004)),
            (ms(1_003), ms(50), ms(1_000)),
            (ms(3), Duration::ZERO, ms(3)),
        ] {
            assert_eq!(nearest(time, beat), shared, "{time:?} in steps of {beat:?}");
        }
    }

    /// Whoever asks a little late each time does not ask less often.
    #[test]
    fn delays_do_not_add_up() {
        let interval = Duration::from_millis(100);
        let first = shared(Instant::now(), interval);
        let mut at = first;
        for _ in 0..100 {
            at = shared(at + Duration::from_millis(3) + interval, interval);
        }
        assert_eq!(at - first, interval * 100);
    }
}
