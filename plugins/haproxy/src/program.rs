//! Running a program: its words and its end, within a time.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Stdio;

use keepwatch_event::Rounded;
use keepwatch_host::HostError;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use tokio::time::timeout_at;

use crate::deadline::Deadline;

/// What is kept of what it says.
const LONGEST: usize = 64 << 10;
/// Where it finds other programs.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// How a program has ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// None if a signal ended it.
    pub(crate) code: Option<i32>,
    /// What it said, on both its outputs.
    pub(crate) said: String,
}

/// Runs a program and waits for its end; if the time is up, or nobody waits any longer, it is killed.
pub(crate) async fn run(
    program: &Path,
    arguments: &[OsString],
    environment: &BTreeMap<String, String>,
    deadline: Deadline,
) -> Result<Ended, HostError> {
    let shown = program.display();
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .current_dir("/")
        // What keepwatch was told, secrets among it, is not for others.
        .env_clear()
        .env("PATH", PATH)
        .env("LANG", "C.UTF-8")
        .envs(environment)
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .map_err(|error| HostError::unavailable(format!("{shown} cannot be started: {error}")))?;
    let mut group = Group(child.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let ending = async { tokio::join!(child.wait(), read(stdout), read(stderr)) };
    let Ok((status, stdout, stderr)) = timeout_at(deadline.at, ending).await else {
        let within = Rounded(deadline.within);
        return Err(HostError::timeout(format!("{shown} did not end within {within} and was killed")));
    };
    let status = status.map_err(|error| HostError::unavailable(format!("{shown}: {error}")))?;
    group.0 = None;
    let said = [stdout, stderr].concat();
    Ok(Ended { code: status.code(), said: String::from_utf8_lossy(&said).trim().to_owned() })
}

/// Reads to the end, but keeps only so much: a program must not wait for somebody to read on.
async fn read(pipe: Option<impl AsyncRead + Unpin>) -> Vec<u8> {
    let mut kept = Vec::new();
    let Some(mut pipe) = pipe else { return kept };
    let mut piece = [0; 4096];
    while let Ok(read @ 1..) = pipe.read(&mut piece).await {
        let room = LONGEST.saturating_sub(kept.len());
        kept.extend(piece.iter().take(read.min(room)));
    }
    kept
}

/// The program with all that it has started. Killed when dropped, unless it was seen to end.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use keepwatch_host::ErrorKind;

    use super::*;

    async fn shell(script: &str, within: Duration) -> Result<Ended, HostError> {
        let environment = BTreeMap::from([("GREETING".to_owned(), "hello".to_owned())]);
        let arguments = ["-c".into(), script.into()];
        run(Path::new("/bin/sh"), &arguments, &environment, Deadline::after(within)).await
    }

    #[tokio::test]
    async fn both_outputs_and_the_code_are_told() {
        let ended = shell("echo $GREETING; echo no >&2; exit 3", Duration::from_secs(60)).await.unwrap();
        assert_eq!((ended.code, ended.said.as_str()), (Some(3), "hello\nno"));
        let ended = shell("kill -9 $$", Duration::from_secs(60)).await.unwrap();
        assert_eq!(ended.code, None);
    }

    #[tokio::test]
    async fn what_is_said_is_cut() {
        let ended = shell("head -c 200000 /dev/zero | tr '\\0' x", Duration::from_secs(60)).await.unwrap();
        assert_eq!((ended.code, ended.said.len()), (Some(0), LONGEST));
    }

    #[tokio::test]
    async fn what_does_not_end_is_killed_with_its_children() {
        let mark = std::env::temp_dir().join(format!("keepwatch-haproxy-program-{}", std::process::id()));
        let script = format!("sleep 1000 & echo $! > {}; wait", mark.display());
        let error = shell(&script, Duration::from_secs(1)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert_eq!(error.text, "/bin/sh did not end within 1.00 s and was killed");
        let child = std::fs::read_to_string(&mark).unwrap();
        std::fs::remove_file(&mark).unwrap();
        let status = format!("/proc/{}/stat", child.trim());
        // Nobody may be there to take note of its end.
        let lives = || std::fs::read_to_string(&status).is_ok_and(|stat| !stat.contains(") Z "));
        while lives() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    #[tokio::test]
    async fn a_program_that_is_not_there_is_an_error() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let error = run(Path::new("/nowhere"), &[], &BTreeMap::new(), deadline).await.unwrap_err();
        assert!(error.text.starts_with("/nowhere cannot be started: No such file"), "{error}");
    }
}
