//! The duty of process 1: to collect children it never had.

use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};

/// Whether this process is the first of its process-id namespace, as in a container.
pub(crate) fn is_first_process() -> bool {
    std::process::id() == 1
}

/// Collects every child that has ended.
pub(crate) fn reap() {
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::WNOHANG)) {
        if status == WaitStatus::StillAlive {
            return;
        }
    }
}
