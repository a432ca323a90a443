//! A HAProxy process on a host.

use std::io;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

use keepwatch_lab::{Daemon, Host};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::files::Files;
use crate::demo::stage::wait;

/// Where Debian has it, and the example's action looks for it.
const PROGRAM: &str = "/usr/sbin/haproxy";

/// Why there can be no HAProxy here, if so.
pub(in crate::demo) fn missing() -> Option<String> {
    (!Path::new(PROGRAM).exists()).then(|| {
        format!("the demo needs HAProxy, and there is no {PROGRAM}: install it with apt-get install haproxy")
    })
}

/// HAProxy's master process and its worker. Killed when dropped.
pub(super) struct Proxy(Daemon);

impl Proxy {
    /// Starts it, and waits until it answers.
    pub(super) fn start(host: &Host, files: &Files) -> io::Result<Self> {
        let mut command = Command::new(PROGRAM);
        command.arg("-W").arg("-S").arg(files.master_socket()).args(["-L", &host.name]);
        command.arg("-f").arg(files.haproxy());
        // A group of their own, so that all its processes can be killed at once.
        command.process_group(0);
        let proxy = Self(Daemon::start(&host.namespace, &mut command)?);
        if wait(|| UnixStream::connect(files.admin_socket()).is_ok()) {
            return Ok(proxy);
        }
        let said = proxy.0.output().join("; ");
        Err(io::Error::other(format!("HAProxy on {} does not start: {said}", host.name)))
    }

    /// Ends master and worker without a word.
    pub(super) fn kill(&mut self) -> io::Result<()> {
        self.kill_group()?;
        self.0.kill()
    }

    fn kill_group(&self) -> io::Result<()> {
        let group = i32::try_from(self.0.id()).map_err(io::Error::other)?;
        Ok(killpg(Pid::from_raw(group), Signal::SIGKILL)?)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.kill_group();
    }
}
