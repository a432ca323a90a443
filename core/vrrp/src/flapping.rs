//! Something that changes again and again.

use core::time::Duration;

use crate::time::Instant;

/// So many changes ...
const CHANGES: usize = 6;
/// ... within this time are flapping; none for as long is calm.
const WITHIN: Duration = Duration::from_secs(5 * 60);

/// Watches whether something changes again and again. It only tells: the numbers to fall and rise decide what follows from
/// a change.
#[derive(Clone, Copy, Debug, Default)]
pub struct Flapping {
    /// When it last changed; the oldest is overwritten.
    changes: [Option<Instant>; CHANGES],
    oldest: usize,
    is_flapping: bool,
}

/// What has become of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flap {
    /// It has begun to change again and again.
    Started {
        /// So many changes.
        changes: u32,
        /// Within this time.
        within: Duration,
    },
    /// It has not changed for a while.
    Stopped,
}

impl Flapping {
    /// It has changed at `now`.
    pub fn changed(&mut self, now: Instant) -> Option<Flap> {
        let slot = self.changes.get_mut(self.oldest)?;
        *slot = Some(now);
        self.oldest = (self.oldest + 1) % CHANGES;
        let first = self.changes.get(self.oldest).copied().flatten()?;
        let within = now.since(first);
        if self.is_flapping || within > WITHIN {
            return None;
        }
        self.is_flapping = true;
        let changes = u32::try_from(CHANGES).unwrap_or(u32::MAX);
        Some(Flap::Started { changes, within })
    }

    /// Whether it changes again and again.
    #[must_use]
    pub const fn is_flapping(&self) -> bool {
        self.is_flapping
    }

    /// When it will have been calm for long enough, if it does not change.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let last = self.changes.iter().flatten().max()?;
        self.is_flapping.then(|| *last + WITHIN)
    }

    /// Looks whether it has been calm for long enough.
    pub fn handle_timeout(&mut self, now: Instant) -> Option<Flap> {
        if self.poll_timeout().is_none_or(|at| at > now) {
            return None;
        }
        *self = Self::default();
        Some(Flap::Stopped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn six_changes_in_five_minutes_are_flapping_until_five_minutes_without() {
        let mut flapping = Flapping::default();
        for change in 0..5 {
            assert_eq!(flapping.changed(at(change * 60)), None);
        }
        let within = Duration::from_secs(300);
        assert_eq!(flapping.changed(at(300)), Some(Flap::Started { changes: 6, within }));
        assert_eq!(flapping.changed(at(310)), None, "said once");
        assert_eq!(flapping.poll_timeout(), Some(at(610)));
        assert_eq!(flapping.handle_timeout(at(609)), None);
        assert_eq!(flapping.handle_timeout(at(610)), Some(Flap::Stopped));
        assert_eq!((flapping.poll_timeout(), flapping.handle_timeout(at(9_999))), (None, None));
    }

    #[test]
    fn changes_that_are_far_apart_are_none() {
        let mut flapping = Flapping::default();
        for change in 0..100 {
            assert_eq!(flapping.changed(at(change * 61)), None);
        }
    }
}
