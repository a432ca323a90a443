//! How much time a question has, and what is left of it.

use std::fmt;
use std::time::{Duration, Instant};

use keepwatch_event::Rounded;

use crate::verdict::{Step, fail};

/// The time for one question, from now on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline {
    began: Instant,
    within: Duration,
}

impl Deadline {
    pub(crate) fn new(within: Duration) -> Self {
        Self { began: Instant::now(), within }
    }

    pub(crate) fn left(&self) -> Duration {
        self.within.saturating_sub(self.began.elapsed())
    }

    /// How long it has taken so far, for people.
    pub(crate) fn taken(&self) -> Rounded {
        Rounded(self.began.elapsed())
    }

    /// Does some work while there is time; when there is none left, `late` says what did not come.
    pub(crate) async fn limit<T>(
        &self,
        work: impl Future<Output = T>,
        late: impl FnOnce() -> String,
    ) -> Step<T> {
        let until = tokio::time::Instant::from_std(self.began + self.within);
        tokio::time::timeout_at(until, work).await.map_err(|_| fail(format!("{} within {self}", late())))
    }
}

/// The whole time: `2.00 s`.
impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rounded(self.within).fmt(f)
    }
}
