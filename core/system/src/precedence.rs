//! Precedence of one thread over others.

/// As far as it goes without real-time scheduling.
const NICE: i32 = -20;

/// Asks the kernel to run the calling thread before others that want the processor (nice -20). Whether it may: that
/// takes `CAP_SYS_NICE`, or a limit that allows it.
pub fn ask_for_precedence() -> bool {
    rustix::process::setpriority_process(None, NICE).is_ok()
}
