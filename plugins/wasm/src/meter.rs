//! How long a guest computes.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long the present call has computed: the time that the thread really ran while it worked on the call. Waiting in
/// host functions does not count, nor does the time that other tasks or other programs had the processor.
///
/// One thread at a time works on a call, so that nothing here has to be ordered.
#[derive(Debug)]
pub(crate) struct Meter {
    limit: Duration,
    /// What earlier turns took, in nanoseconds.
    used: AtomicU64,
    /// When the present turn began, on the clock of its thread.
    since: AtomicU64,
    exceeded: std::sync::atomic::AtomicBool,
}

impl Meter {
    /// Calls may compute this long.
    pub(crate) const fn new(limit: Duration) -> Self {
        let exceeded = std::sync::atomic::AtomicBool::new(false);
        Self { limit, used: AtomicU64::new(0), since: AtomicU64::new(0), exceeded }
    }

    /// How long a call may compute.
    pub(crate) const fn limit(&self) -> Duration {
        self.limit
    }

    /// A call begins.
    pub(crate) fn reset(&self) {
        self.used.store(0, Ordering::Relaxed);
        self.exceeded.store(false, Ordering::Relaxed);
    }

    /// Does a turn of the call's work.
    pub(crate) fn turn<T>(&self, work: impl FnOnce() -> T) -> T {
        self.since.store(thread_time(), Ordering::Relaxed);
        let done = work();
        self.used.store(self.used(), Ordering::Relaxed);
        done
    }

    /// Whether it has computed for too long. For within a turn.
    pub(crate) fn is_over(&self) -> bool {
        let over = Duration::from_nanos(self.used()) > self.limit;
        if over {
            self.exceeded.store(true, Ordering::Relaxed);
        }
        over
    }

    /// Whether the call was found to be over its limit.
    pub(crate) fn was_exceeded(&self) -> bool {
        self.exceeded.load(Ordering::Relaxed)
    }

    fn used(&self) -> u64 {
        let turn = thread_time().saturating_sub(self.since.load(Ordering::Relaxed));
        self.used.load(Ordering::Relaxed).saturating_add(turn)
    }
}

/// How long this thread has run, in nanoseconds.
fn thread_time() -> u64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    time.tv_sec.unsigned_abs().saturating_mul(1_000_000_000).saturating_add(time.tv_nsec.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn sleeping_does_not_count_and_computing_does() {
        let meter = Meter::new(Duration::from_millis(20));
        meter.reset();
        meter.turn(|| {
            std::thread::sleep(Duration::from_millis(60));
            assert!(!meter.is_over());
        });
        meter.turn(|| {
            let start = Instant::now();
            while !meter.is_over() {
                assert!(start.elapsed() < Duration::from_secs(30));
            }
        });
        assert!(meter.was_exceeded());
        meter.reset();
        meter.turn(|| assert!(!meter.is_over()));
    }
}
