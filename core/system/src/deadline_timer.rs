//! One absolute timer.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create, timerfd_settime,
};

/// A timerfd on `CLOCK_BOOTTIME`, armed for an absolute moment. Unlike a time-out of `epoll_wait` it carries
/// no slack of the thread, so it fires within tens of microseconds.
#[derive(Debug)]
pub struct DeadlineTimer {
    fd: OwnedFd,
}

impl DeadlineTimer {
    /// A timer that is not armed.
    ///
    /// # Errors
    ///
    /// The kernel's, for want of descriptors or memory.
    pub fn new() -> io::Result<Self> {
        let fd = timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?;
        Ok(Self { fd })
    }

    /// Arms it for `nanos` since boot; a moment in the past fires at once.
    ///
    /// # Errors
    ///
    /// None is expected from a valid descriptor.
    pub fn arm(&self, nanos: u64) -> io::Result<()> {
        // Zero would disarm it.
        let nanos = nanos.max(1);
        let value = Timespec {
            tv_sec: i64::try_from(nanos / 1_000_000_000).unwrap_or(i64::MAX),
            tv_nsec: i64::try_from(nanos % 1_000_000_000).unwrap_or(0),
        };
        let interval = Timespec { tv_sec: 0, tv_nsec: 0 };
        let spec = Itimerspec { it_interval: interval, it_value: value };
        timerfd_settime(&self.fd, TimerfdTimerFlags::ABSTIME, &spec)?;
        Ok(())
    }

    /// Takes note that it fired, so that the poller does not report it again.
    pub fn acknowledge(&self) {
        // Nothing to read means that it was armed anew meanwhile: fine.
        let _ = rustix::io::read(&self.fd, &mut [0_u8; 8]);
    }
}

impl AsFd for DeadlineTimer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
