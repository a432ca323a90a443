//! Threads that measure go first.

use std::process::{Command, Stdio};

/// Lets the calling thread run before others that want the processor, where that is allowed (to root): what a
/// client finds out should be about the network, not about how busy the machine is.
pub(crate) fn go_first() {
    // A nice value is worth something within a session only (see autogroup in sched(7)), and real time can be had
    // without unsafe code by util-linux's program only.
    let thread = nix::unistd::gettid().to_string();
    let mut command = Command::new("chrt");
    command.args(["--fifo", "--reset-on-fork", "--pid", "1", &thread]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    if !command.status().is_ok_and(|status| status.success()) {
        // For Linux this process means this thread. Where that is not allowed either, the thread takes its turn.
        let _ = rustix::process::setpriority_process(None, -19);
    }
}
