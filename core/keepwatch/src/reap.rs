//! The duty of process 1: to collect children it never had.

use std::collections::BTreeSet;
use std::time::Duration;

use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

/// Those that keepwatch started itself, plugins' actions and the compiler, are waited for by whoever started them, and
/// at once. What has ended and is still there after this time, nobody else waits for.
const OURS_ARE_GONE: Duration = Duration::from_secs(1);

/// Whether this process is the first of its process-id namespace, as in a container.
pub(crate) fn is_first_process() -> bool {
    std::process::id() == 1
}

/// Collects every child that has ended by now and that nobody waits for.
pub(crate) async fn reap_orphans() {
    let ended = ended_children();
    tokio::time::sleep(OURS_ARE_GONE).await;
    for pid in ended_children().intersection(&ended) {
        // Whether it was one of ours after all: it is gone either way.
        let _ = waitpid(Pid::from_raw(*pid), Some(WaitPidFlag::WNOHANG));
    }
}

/// This process's children that have ended and were not collected yet.
fn ended_children() -> BTreeSet<i32> {
    let own = std::process::id().to_string();
    let Ok(entries) = std::fs::read_dir("/proc") else { return BTreeSet::new() };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse::<i32>().ok());
    let ended = pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // `PID (NAME) STATE PPID ...`; the name may hold anything.
        let mut fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        fields.next() == Some("Z") && fields.next() == Some(own.as_str())
    });
    ended.collect()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[tokio::test]
    #[expect(clippy::zombie_processes, reason = "that is what it is about")]
    async fn what_ended_and_nobody_waits_for_is_collected() {
        let mut waited_for = Command::new("/bin/true").stdin(Stdio::null()).spawn().unwrap();
        let forgotten = Command::new("/bin/true").stdin(Stdio::null()).spawn().unwrap();
        let pid = i32::try_from(forgotten.id()).unwrap();
        while !ended_children().contains(&pid) {
            std::thread::yield_now();
        }
        let reaping = reap_orphans();
        assert!(waited_for.wait().unwrap().success(), "whoever waits gets the exit code");
        reaping.await;
        assert!(!ended_children().contains(&pid));
    }
}
