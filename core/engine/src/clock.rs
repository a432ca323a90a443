//! The engine's time, and the wall clock watched beside it.

use std::time::{Duration, SystemTime};

use keepwatch_system::boot_nanos;
use keepwatch_vrrp::Instant;

/// A jump of the wall clock below this is a time server's gentle correction.
const JUMP: Duration = Duration::from_millis(500);
/// How often the wall clock is looked at, at most.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Now, for every deadline.
pub(crate) fn now() -> Instant {
    Instant::from_nanos(boot_nanos())
}

/// Watches the wall clock. Nothing is timed by it; a jump is only told, because it explains odd time stamps.
#[derive(Debug)]
pub(crate) struct WallClock {
    wall: SystemTime,
    at: Instant,
}

/// How far the wall clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Jump {
    pub(crate) by: Duration,
    pub(crate) backwards: bool,
}

impl WallClock {
    pub(crate) const fn new(wall: SystemTime, at: Instant) -> Self {
        Self { wall, at }
    }

    /// Looks, if it is time to: a jump since the last look.
    pub(crate) fn look(&mut self, now: Instant, read: impl FnOnce() -> SystemTime) -> Option<Jump> {
        let elapsed = now.since(self.at);
        if elapsed < LOOK_EVERY {
            return None;
        }
        let expected = self.wall + elapsed;
        let wall = read();
        *self = Self { wall, at: now };
        let jump = match wall.duration_since(expected) {
            Ok(by) => Jump { by, backwards: false },
            Err(error) => Jump { by: error.duration(), backwards: true },
        };
        (jump.by >= JUMP).then_some(jump)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_clock_is_seen_and_a_slow_one_is_not() {
        let epoch = SystemTime::UNIX_EPOCH;
        let at = |seconds: u64| Instant::from_millis(seconds * 1_000);
        let wall = |millis| epoch + Duration::from_millis(millis);
        let mut clock = WallClock::new(wall(100_000), at(0));
        assert_eq!(clock.look(at(1), || wall(101_100)), None);
        let jump = clock.look(at(2), || wall(3_702_100));
        assert_eq!(jump, Some(Jump { by: Duration::from_secs(3_600), backwards: false }));
        let jump = clock.look(at(3), || wall(103_100));
        assert_eq!(jump, Some(Jump { by: Duration::from_secs(3_600), backwards: true }));
        assert_eq!(clock.look(at(4), || wall(104_100)), None);
    }

    #[test]
    fn it_looks_once_a_second() {
        let epoch = SystemTime::UNIX_EPOCH;
        let mut clock = WallClock::new(epoch, Instant::ZERO);
        assert_eq!(clock.look(Instant::from_millis(999), || unreachable!()), None);
    }
}
