//! How the kernel runs the engine.

use std::collections::BTreeSet;

/// How the kernel is asked to run the thread that sends adverts, and to keep the program's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scheduling {
    /// `vrrp_rt_priority`: its real-time priority (`SCHED_RR`), 1 to 99; the lowest if absent.
    pub real_time: Option<u8>,
    /// `vrrp_priority`: its nice value, -20 to 19, which counts where real-time scheduling is refused; -20 there if absent.
    pub nice: Option<i8>,
    /// `vrrp_cpu_affinity`: the processors that it may run on; all if empty.
    pub processors: BTreeSet<u16>,
    /// `vrrp_no_swap`: whether memory is kept from being swapped out.
    pub locks_memory: bool,
}

impl Scheduling {
    /// The highest real-time priority.
    pub(crate) const HIGHEST_REAL_TIME: u8 = 99;
    /// The highest number of a processor that the kernel's interface has room for.
    pub(crate) const LAST_PROCESSOR: u16 = 1023;
}
