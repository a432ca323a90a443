//! A program with all that it has started.

use std::fs;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Between two looks whether processes are still there.
const SOONEST: Duration = Duration::from_millis(1);
const LATEST: Duration = Duration::from_secs(5);

/// The processes that a program consists of. Dropped before [`Self::leave`], they are killed.
#[derive(Debug)]
pub(crate) struct Group(Option<Pid>);

impl Group {
    /// The group that this process leads.
    pub(crate) fn of(leader: Option<u32>) -> Self {
        Self(leader.and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw))
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            // They may have ended by themselves.
            let _ = kill_process_group(group, signal);
        }
    }

    /// Waits until none of them lives. The leader must have been waited for.
    pub(crate) async fn gone(&self) {
        let Some(group) = self.0 else { return };
        let began = Instant::now();
        while test_kill_process_group(group).is_ok() {
            // On a machine with many processes that takes a while. At the end of the runtime nobody looks any more.
            if !spawn_blocking(move || lives(group)).await.unwrap_or(false) {
                return;
            }
            sleep(pause(began.elapsed())).await;
        }
    }

    /// Leaves what is still there alone.
    pub(crate) fn leave(&mut self) {
        self.0 = None;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// How long until the next look, after so long: one that hangs in the kernel may do so for days.
fn pause(waited: Duration) -> Duration {
    (waited / 4).clamp(SOONEST, LATEST)
}

/// Whether a process of a group that there is lives. Those that have ended and that their parent does not wait for, as it happens in
/// containers without an init, do not count.
fn lives(group: Pid) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return true };
    let group = group.as_raw_nonzero().to_string();
    processes.flatten().any(|process| {
        let stat = fs::read_to_string(process.path().join("stat")).unwrap_or_default();
        // The name before it may have any characters in it.
        let mut words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        let state = words.next().unwrap_or_default();
        words.nth(1) == Some(&group) && !matches!(state, "Z" | "X")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_looked_for_soon_and_then_ever_less_often() {
        let (mut waited, mut looks, mut in_the_first_100_ms) = (Duration::ZERO, 0, 0);
        while waited < Duration::from_secs(3600) {
            waited += pause(waited);
            looks += 1;
            in_the_first_100_ms += u32::from(waited < Duration::from_millis(100));
        }
        assert!(in_the_first_100_ms > 10, "{in_the_first_100_ms}");
        assert!(looks < 800, "{looks} in an hour");
    }
}
