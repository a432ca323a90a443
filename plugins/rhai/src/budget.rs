//! What a call may use up, watched while it runs: time, computing time, memory.
//!
//! Rhai asks after every operation whether to go on. Time and computing time are read from clocks. Memory it does not
//! count as a whole, and an allocator that does cannot be had without unsafe code; so the kernel is asked: a call ends
//! when the process has grown by the plugin's limit since the first look at it, and the call's own thread has touched enough
//! new pages to have had a part in it. A plugin beside a hungry one does not die for it. What one operation may
//! allocate at most is bounded by the sizes of values ([`crate::engine::language`]), so that the process does not grow
//! by much more than the limit before the next look.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use keepwatch_host::{Failure, Limits};
use nix::sys::resource::{UsageWho, getrusage};

use crate::words::octets;

/// Operations between two looks at the clock: a power of two.
const STRIDE: u32 = 16;
/// Time between two questions to the kernel.
const LOOK: Duration = Duration::from_micros(200);
/// A thread had a part in the process's growth if it touched this share of the limit.
const SHARE: u64 = 8;
/// Octets of a page, as `/proc` counts them. Where pages are larger, limits are wider.
const PAGE: u64 = 4096;

/// Why a call must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum End {
    /// Its time is over.
    Deadline = 1,
    /// It computed for too long.
    Cpu = 2,
    /// It wants too much memory.
    Memory = 3,
    /// Nobody waits for it any more.
    Dropped = 4,
}

/// What a call may use up.
#[derive(Debug)]
pub(crate) struct Budget {
    limits: Limits,
    /// 0, or an [`End`]. Once set, no further operation is done.
    end: AtomicU8,
    /// Operations, modulo 2^32.
    count: AtomicU32,
    call: Mutex<Call>,
}

/// A call under way. The defaults are those of a call that has not begun.
#[derive(Debug, Default)]
struct Call {
    deadline: Option<Instant>,
    within: Duration,
    looked: Option<Instant>,
    /// At the first look: most calls are over before, and spare the questions.
    before: Option<Used>,
    statm: Option<File>,
}

/// What was used up at some moment.
#[derive(Clone, Copy, Debug, Default)]
struct Used {
    /// Of the thread.
    cpu: Duration,
    /// Pages that the thread was the first to touch.
    touched: u64,
    /// Pages of the process in memory.
    resident: u64,
}

impl Budget {
    pub(crate) fn new(limits: &Limits) -> Self {
        let statm = File::open("/proc/self/statm").ok();
        let call = Call { statm, ..Call::default() };
        let (end, count) = (AtomicU8::new(0), AtomicU32::new(0));
        Self { limits: limits.clone(), end, count, call: Mutex::new(call) }
    }

    /// A call begins, on this thread.
    pub(crate) fn begin(&self, within: Duration) {
        let now = Instant::now();
        let mut call = self.lock();
        call.deadline = Some(now + within);
        call.within = within;
        call.looked = Some(now);
        call.before = None;
        // A plugin that was dropped stays so.
        let _ = self.end.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |end| {
            (end != End::Dropped as u8).then_some(0)
        });
    }

    /// A call begins that nobody else counts the time of.
    pub(crate) fn begin_alone(&self) {
        self.begin(self.limits.call);
    }

    /// Whether the call must end, asked after each operation. They are counted here: Rhai counts those of a function
    /// that a native one calls, such as `map`, from the same number again each time.
    pub(crate) fn must_end(&self) -> bool {
        if self.end.load(Ordering::Relaxed) != 0 {
            return true;
        }
        // One thread counts: nothing is lost between the two steps.
        let count = self.count.load(Ordering::Relaxed).wrapping_add(1);
        self.count.store(count, Ordering::Relaxed);
        count.is_multiple_of(STRIDE) && self.look()
    }

    fn look(&self) -> bool {
        let now = Instant::now();
        let mut call = self.lock();
        if call.deadline.is_some_and(|deadline| now >= deadline) {
            drop(call);
            self.end(End::Deadline);
            return true;
        }
        if call.looked.is_some_and(|looked| now.duration_since(looked) < LOOK) {
            return false;
        }
        call.looked = Some(now);
        let used = call.used();
        let before = *call.before.get_or_insert(used);
        drop(call);
        if used.cpu.saturating_sub(before.cpu) > self.limits.cpu {
            self.end(End::Cpu);
            return true;
        }
        let grown = |now: u64, before: u64| now.saturating_sub(before).saturating_mul(PAGE);
        let limit = self.limits.memory as u64;
        let part = grown(used.touched, before.touched) > limit / SHARE;
        if part && grown(used.resident, before.resident) > limit {
            self.end(End::Memory);
            return true;
        }
        false
    }

    /// The call must end.
    pub(crate) fn end(&self, why: End) {
        let _ = self.end.compare_exchange(0, why as u8, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Nobody waits for any call any more.
    pub(crate) fn drop_all(&self) {
        self.end.store(End::Dropped as u8, Ordering::Relaxed);
    }

    /// Why the call had to end, if it had.
    pub(crate) fn ended(&self) -> Option<End> {
        let ends = [End::Deadline, End::Cpu, End::Memory, End::Dropped];
        let end = self.end.load(Ordering::Relaxed);
        ends.into_iter().find(|known| *known as u8 == end)
    }

    /// The same as a failure of the plugin.
    pub(crate) fn failure(&self) -> Option<Failure> {
        Some(match self.ended()? {
            End::Deadline => Failure::Deadline(self.lock().within),
            End::Cpu => self.overworked(),
            End::Memory => Failure::Memory(format!("more than {} in one call", octets(self.limits.memory))),
            End::Dropped => Failure::Crashed("it was stopped in the middle of a call".to_owned()),
        })
    }

    /// The failure of a call that computed for too long.
    pub(crate) const fn overworked(&self) -> Failure {
        Failure::Cpu(self.limits.cpu)
    }

    /// The limit of memory.
    pub(crate) const fn memory(&self) -> usize {
        self.limits.memory
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Call> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Call {
    fn used(&self) -> Used {
        // Neither fails on Linux; without an answer a limit would only be wider.
        let Ok(usage) = getrusage(UsageWho::RUSAGE_THREAD) else { return Used::default() };
        let time = |value: nix::sys::time::TimeVal| {
            Duration::from_micros(u64::try_from(value.tv_sec() * 1_000_000 + value.tv_usec()).unwrap_or(0))
        };
        Used {
            cpu: time(usage.user_time()) + time(usage.system_time()),
            touched: u64::try_from(usage.minor_page_faults()).unwrap_or(0),
            resident: self.resident().unwrap_or(0),
        }
    }

    /// The second number of `/proc/self/statm`.
    fn resident(&self) -> Option<u64> {
        let mut buffer = [0; 128];
        let length = self.statm.as_ref()?.read_at(&mut buffer, 0).ok()?;
        let text = std::str::from_utf8(&buffer[..length]).ok()?;
        text.split(' ').nth(1)?.parse().ok()
    }
}
