//! Precedence of one thread over others.

use nix::errno::Errno;

/// As far as it goes without real-time scheduling.
const NICE: i32 = -20;

/// The lowest of the real-time priorities: above all that is not real-time, below all that was made so on purpose.
const REAL_TIME: i32 = 1;

/// Asks the kernel to run the calling thread before others that want the processor (nice -20). Whether it may: that
/// takes `CAP_SYS_NICE`, or a limit that allows it.
pub fn ask_for_precedence() -> bool {
    rustix::process::setpriority_process(None, NICE).is_ok()
}

/// Asks the kernel to run the calling thread at once when it has something to do (`SCHED_RR` with the lowest priority).
/// Precedence alone is not enough where others compute: the kernel first shares the processor among sessions and control
/// groups, and what a plugin uses up is the daemon's share. Whether it may: that takes `CAP_SYS_NICE`, or a limit that
/// allows it; `RestrictRealtime=yes` in a systemd unit forbids it. What the thread starts does not inherit it.
pub fn ask_for_real_time() -> bool {
    let parameters = libc::sched_param { sched_priority: REAL_TIME };
    // SAFETY: the structure lives during the call, and 0 is the calling thread.
    let answer =
        unsafe { libc::sched_setscheduler(0, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, &parameters) };
    Errno::result(answer).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As root it is granted, and the threads that come from it have none of it.
    #[test]
    fn real_time_is_for_the_calling_thread_alone() {
        let policy = || {
            let status = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
            // The 41st field; the name in brackets may have spaces.
            status.rsplit(") ").next().unwrap().split(' ').nth(38).unwrap().to_owned()
        };
        std::thread::spawn(move || {
            assert_eq!(policy(), "0");
            let is_granted = ask_for_real_time();
            assert_eq!(policy() == libc::SCHED_RR.to_string(), is_granted);
            assert_eq!(std::thread::spawn(policy).join().unwrap(), "0");
        })
        .join()
        .unwrap();
    }
}
