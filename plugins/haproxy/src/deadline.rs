//! Until when something must be over.

use std::time::Duration;

use tokio::time::Instant;

/// What is kept back for our own words: whoever waits would only say that it took too long.
const RESERVE: Duration = Duration::from_millis(100);

/// Until when something must be over.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    /// When.
    pub(crate) at: Instant,
    /// How much time there was, for people.
    pub(crate) within: Duration,
}

impl Deadline {
    /// The end of this time, which begins now.
    pub(crate) fn after(within: Duration) -> Self {
        Self { at: Instant::now() + within, within }
    }

    /// A little before the end of this time.
    pub(crate) fn before_end_of(within: Duration) -> Self {
        let within = within.saturating_sub(RESERVE.min(within / 10));
        Self::after(within)
    }

    /// The middle of what is left of it.
    pub(crate) fn half(&self) -> Self {
        Self::after(self.left() / 2)
    }

    /// The end of this time, but not later.
    pub(crate) fn at_most(&self, time: Duration) -> Self {
        Self::after(self.left().min(time))
    }

    /// What is left of it.
    pub(crate) fn left(&self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Waits for so long, but not longer than there is time; whether there is time left.
    pub(crate) async fn pause(&self, time: Duration) -> bool {
        tokio::time::sleep(time.min(self.left())).await;
        !self.left().is_zero()
    }
}
