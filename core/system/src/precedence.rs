//! Precedence of one thread over others, and where it runs.

use std::collections::BTreeSet;
use std::io;

use nix::errno::Errno;
use nix::sched::{CpuSet, sched_setaffinity};
use nix::unistd::Pid;

/// As far as it goes without real-time scheduling.
pub const HIGHEST_NICE: i32 = -20;

/// The lowest of the real-time priorities: above all that is not real-time, below all that was made so on purpose.
pub const LOWEST_REAL_TIME: i32 = 1;

/// Asks the kernel to run the calling thread before others that want the processor (nice -20). Whether it may: that
/// takes `CAP_SYS_NICE`, or a limit that allows it.
pub fn ask_for_precedence() -> bool {
    set_nice(HIGHEST_NICE).is_ok()
}

/// Gives the calling thread a nice value, from -20 (before others) to 19. It counts as long as the thread is not real-time.
///
/// # Errors
///
/// The kernel's: one lower than before takes `CAP_SYS_NICE`, or a limit that allows it.
pub fn set_nice(nice: i32) -> io::Result<()> {
    Ok(rustix::process::setpriority_process(None, nice)?)
}

/// Asks the kernel to run the calling thread at once when it has something to do (`SCHED_RR` with this priority, 1 to 99).
/// Precedence alone is not enough where others compute: the kernel first shares the processor among sessions and control
/// groups, and what a plugin uses up is the daemon's share. What the thread starts does not inherit it.
///
/// # Errors
///
/// The kernel's: it takes `CAP_SYS_NICE`, or a limit that allows it; `RestrictRealtime=yes` in a systemd unit forbids it.
pub fn ask_for_real_time(priority: i32) -> io::Result<()> {
    let parameters = libc::sched_param { sched_priority: priority };
    // SAFETY: the structure lives during the call, and 0 is the calling thread.
    let answer =
        unsafe { libc::sched_setscheduler(0, libc::SCHED_RR | libc::SCHED_RESET_ON_FORK, &parameters) };
    Ok(Errno::result(answer).map(drop)?)
}

/// Lets the calling thread run on these processors only, by their numbers. Those that are not there are passed over.
///
/// # Errors
///
/// The kernel's: none of them is there, or may be used here. `InvalidInput` for a number that it could not have.
pub fn run_on(processors: &BTreeSet<u16>) -> io::Result<()> {
    let mut set = CpuSet::new();
    for processor in processors {
        set.set(usize::from(*processor))?;
    }
    Ok(sched_setaffinity(Pid::from_raw(0), &set)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers behind the name in the thread's `stat`: the first is field 3, its state.
    fn stat(field: usize) -> String {
        let status = std::fs::read_to_string("/proc/thread-self/stat").unwrap();
        // The name in brackets may have spaces.
        status.rsplit(") ").next().unwrap().split(' ').nth(field - 3).unwrap().to_owned()
    }

    fn policy() -> String {
        stat(41)
    }

    /// As root it is granted, and the threads that come from it have none of it.
    #[test]
    fn real_time_is_for_the_calling_thread_alone() {
        std::thread::spawn(move || {
            assert_eq!(policy(), "0");
            let is_granted = ask_for_real_time(7).is_ok();
            assert_eq!(policy() == libc::SCHED_RR.to_string(), is_granted);
            assert_eq!(stat(40), if is_granted { "7" } else { "0" });
            assert_eq!(std::thread::spawn(policy).join().unwrap(), "0");
        })
        .join()
        .unwrap();
    }

    /// Being less important needs no privilege.
    #[test]
    fn a_nice_value_is_the_calling_thread_s() {
        std::thread::spawn(|| {
            let before: i32 = stat(19).parse().unwrap();
            let after = (before + 3).min(19);
            set_nice(after).unwrap();
            assert_eq!(stat(19), after.to_string());
        })
        .join()
        .unwrap();
    }

    #[test]
    fn processors_are_the_calling_thread_s() {
        let allowed = || {
            let status = std::fs::read_to_string("/proc/thread-self/status").unwrap();
            let line = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:")).unwrap();
            line.trim().to_owned()
        };
        std::thread::spawn(move || {
            // Any that it may have.
            let first: u16 = allowed().split([',', '-']).next().unwrap().parse().unwrap();
            run_on(&BTreeSet::from([first])).unwrap();
            assert_eq!(allowed(), first.to_string());
            assert!(run_on(&BTreeSet::from([1_000])).is_err(), "there is no such processor");
            assert!(run_on(&BTreeSet::from([u16::MAX])).is_err(), "there cannot be one");
        })
        .join()
        .unwrap();
    }
}
