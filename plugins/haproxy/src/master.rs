//! The master process, by its pid file.

use std::path::Path;
use std::time::Duration;

use keepwatch_host::HostError;
use rustix::fd::OwnedFd;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::time::timeout;

/// How long a disk may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// SIGUSR2, which has number 12, in the masks of `/proc/PID/status`.
const USR2: u64 = 1 << 11;

/// Tells the master whose number is in this file to reload.
pub(crate) async fn signal(pid_file: &Path) -> Result<(), HostError> {
    let pid = read(pid_file).await?;
    let (shown, number) = (pid_file.display(), pid.as_raw_nonzero());
    let gone = || {
        let hint = "HAProxy is not running, or writes another pid file";
        HostError::unavailable(format!("{shown} names process {number}, which is not there: {hint}"))
    };
    // Held from here on, the number cannot become another process's.
    let process = pidfd_open(pid, PidfdFlags::empty()).map_err(|_| gone())?;
    let name = std::fs::read_to_string(format!("/proc/{number}/comm")).map_err(|_| gone())?;
    if !is_ours(&name) {
        let name = name.trim();
        return Err(HostError::unavailable(format!(
            "{shown} names process {number}, which is {name}, not haproxy"
        )));
    }
    let status = std::fs::read_to_string(format!("/proc/{number}/status")).map_err(|_| gone())?;
    if !hears(&status) {
        return Err(HostError::unavailable(format!(
            "{shown} names process {number}, which does not reload on SIGUSR2: it is no master; start HAProxy with -W or -Ws"
        )));
    }
    send(&process, number.get())
}

/// Whether a process is there and a HAProxy.
pub(crate) fn is_haproxy(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|status| lives(&status))
}

/// Whether a process is a master that loads its configuration: it puts SIGUSR2 off meanwhile.
pub(crate) fn starts_anew(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"));
    status.is_ok_and(|status| lives(&status) && mask(&status, "SigBlk") & USR2 != 0)
}

/// Whether a process is a HAProxy by its `/proc/PID/status`, and has not ended: one that nobody has waited for yet, as in a
/// container whose first process waits for nobody, still has its name there.
fn lives(status: &str) -> bool {
    field(status, "Name").is_some_and(is_ours)
        && field(status, "State").is_some_and(|state| !state.starts_with(['Z', 'X']))
}

/// Whether a process of this name is a HAProxy: `haproxy`, or with its version in its name.
fn is_ours(name: &str) -> bool {
    name.starts_with("haproxy")
}

fn send(process: &OwnedFd, number: i32) -> Result<(), HostError> {
    use rustix::io::Errno;

    pidfd_send_signal(process, Signal::USR2).map_err(|error| match error {
        Errno::PERM => HostError::unavailable(format!(
            "keepwatch may not send signals to haproxy, process {number}: it must run as root, or as HAProxy's user"
        )),
        error => HostError::unavailable(format!("haproxy, process {number}, cannot be sent SIGUSR2: {error}")),
    })
}

/// Whether a process has a handler for SIGUSR2, or has put it off for the moment, as the master does while it starts anew.
fn hears(status: &str) -> bool {
    (mask(status, "SigCgt") | mask(status, "SigBlk")) & USR2 != 0
}

/// A mask of signals in `/proc/PID/status`; empty if it is not there.
fn mask(status: &str, name: &str) -> u64 {
    field(status, name).and_then(|value| u64::from_str_radix(value, 16).ok()).unwrap_or(0)
}

/// What `/proc/PID/status` has under a name.
fn field<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = status.lines().filter_map(|line| line.split_once(':'));
    lines.find(|(key, _)| *key == name).map(|(_, value)| value.trim())
}

/// The number in a pid file: the first, should workers' numbers follow.
async fn read(pid_file: &Path) -> Result<Pid, HostError> {
    let shown = pid_file.display();
    let text = timeout(PATIENCE, tokio::fs::read_to_string(pid_file)).await.map_err(|_| {
        HostError::unavailable(format!("{shown} could not be read in time; its disk does not answer"))
    })?;
    let text = text.map_err(|error| {
        HostError::unavailable(format!("{shown} cannot be read: {error}; HAProxy writes it with -p {shown}"))
    })?;
    let number = text.lines().next().and_then(|line| line.trim().parse().ok()).filter(|number| *number > 1);
    number
        .and_then(Pid::from_raw)
        .ok_or_else(|| HostError::unavailable(format!("{shown} holds no process's number")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_handles_or_puts_off_the_signal_hears_it() {
        for (who, status, expected) in [
            ("a master", "Name:\thaproxy\nSigBlk:\t0000000000000000\nSigCgt:\t0000000100716a03\n", true),
            ("a master that starts anew", "SigBlk:\t0000000000000800\nSigCgt:\t0000000000000000\n", true),
            (
                "a worker",
                "SigBlk:\t0000000000000000\nSigIgn:\t0000000000001802\nSigCgt:\t0000000100702205\n",
                false,
            ),
            ("nobody", "", false),
        ] {
            assert_eq!(hears(status), expected, "{who}");
        }
    }

    #[test]
    fn what_has_ended_is_no_haproxy_although_it_has_its_name() {
        for (status, expected) in [
            ("Name:\thaproxy\nUmask:\t0022\nState:\tS (sleeping)\n", true),
            ("Name:\thaproxy-3.0\nState:\tR (running)\n", true),
            ("Name:\thaproxy\nState:\tZ (zombie)\n", false),
            ("Name:\tnginx\nState:\tS (sleeping)\n", false),
            ("", false),
        ] {
            assert_eq!(lives(status), expected, "{status}");
        }
    }

    #[tokio::test]
    async fn only_a_master_is_sent_a_signal() {
        let file = std::env::temp_dir().join(format!("keepwatch-haproxy-pid-{}", std::process::id()));
        let own = std::process::id();
        for (content, expected) in [
            (String::new(), "holds no process's number".to_owned()),
            ("0\n".to_owned(), "holds no process's number".to_owned()),
            ("-1\n".to_owned(), "holds no process's number".to_owned()),
            ("haproxy\n".to_owned(), "holds no process's number".to_owned()),
            ("2000000000\n".to_owned(), "names process 2000000000, which is not there".to_owned()),
            (format!("{own}\n17\n"), format!("names process {own}, which is ")),
        ] {
            std::fs::write(&file, &content).unwrap();
            let error = signal(&file).await.unwrap_err().text;
            assert!(error.contains(&expected), "{content:?}: {error}");
        }
        std::fs::remove_file(&file).unwrap();
        let error = signal(&file).await.unwrap_err().text;
        assert!(error.contains("cannot be read: No such file"), "{error}");
    }
}
