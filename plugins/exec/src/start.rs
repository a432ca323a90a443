//! How a program is started.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::{getegid, geteuid, getgroups};
use tokio::process::Command;
use tokio::task::spawn_blocking;

use crate::account::Account;
use crate::accounts::Accounts;
use crate::identity::Identity;
use crate::input::Input;
use crate::reading::Span;
use crate::running::Running;

const SHELL: &str = "/bin/sh";

/// How a program is started: in a process group of its own, in `/`, and with an environment in which nothing is but what
/// stands here, and where programs and the user's home are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// The program, an absolute path.
    pub program: PathBuf,
    /// Its arguments. No shell reads them.
    pub arguments: Vec<String>,
    /// More for its environment.
    pub environment: Vec<(String, String)>,
    /// Whom it runs as; this process's user if absent.
    pub account: Option<Account>,
    /// What it has to read.
    pub input: Input,
}

impl Start {
    /// A program that runs as this process's user.
    #[must_use]
    pub fn new(program: PathBuf, arguments: Vec<String>) -> Self {
        Self { program, arguments, environment: Vec::new(), account: None, input: Input::Nothing }
    }

    /// A text that a shell reads.
    #[must_use]
    pub fn shell(text: &str) -> Self {
        Self::new(SHELL.into(), vec!["-c".to_owned(), text.to_owned()])
    }

    /// That it could not be started in time.
    pub(crate) fn is_late(&self, within: Duration) -> String {
        format!("{} could not be started within {}", self.program.display(), Span(within))
    }

    /// Starts it, away from the threads that tasks share: a disk or a user data base may not answer.
    pub(crate) async fn spawn(self: &Arc<Self>, accounts: &Arc<Accounts>) -> Result<Running, String> {
        let identity = match &self.account {
            None => None,
            Some(account) => {
                let no = |trouble| format!("{} was not started: {trouble}", self.program.display());
                Some(accounts.find(account).await.map_err(no)?)
            }
        };
        let start = Arc::clone(self);
        let started = spawn_blocking(move || start.spawn_waiting(identity.as_ref())).await;
        started.unwrap_or_else(|_| Err("keepwatch is ending".to_owned()))
    }

    fn spawn_waiting(&self, identity: Option<&Identity>) -> Result<Running, String> {
        let started = self.command(identity, Reader::Kernel).spawn();
        let started = match started {
            // No program, and no first line that says what reads it: keepalived has a shell read it, too.
            Err(error) if is(&error, Errno::ENOEXEC) => self.command(identity, Reader::Shell).spawn(),
            other => other,
        };
        started.map(|child| Running::new(child, &self.input)).map_err(|error| self.refused(&error))
    }

    fn command(&self, identity: Option<&Identity>, reader: Reader) -> Command {
        let mut command = match reader {
            Reader::Kernel => Command::new(&self.program),
            Reader::Shell => {
                let mut command = Command::new(SHELL);
                command.arg(&self.program);
                command
            }
        };
        command
            .args(&self.arguments)
            .stdin(self.stdin())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .current_dir("/")
            // What the daemon was told, secrets among it, is not for them.
            .env_clear()
            .env("PATH", crate::PATH)
            .env("LANG", std::env::var_os("LANG").unwrap_or_else(|| "C.UTF-8".into()))
            .process_group(0)
            .kill_on_drop(true);
        if let Some(identity) = identity {
            become_them(&mut command, identity);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn stdin(&self) -> Stdio {
        match self.input {
            Input::Nothing => Stdio::null(),
            Input::Text(_) => Stdio::piped(),
        }
    }

    /// Why the kernel has not started it.
    fn refused(&self, error: &io::Error) -> String {
        let program = self.program.display();
        let why = match error.raw_os_error().map(Errno::from_raw) {
            Some(Errno::ENOENT) if self.program.exists() => {
                "what its first line names, or the linker that it needs, does not exist".to_owned()
            }
            Some(Errno::ENOENT) => "it does not exist".to_owned(),
            Some(Errno::EACCES) if self.program.is_dir() => "it is a directory".to_owned(),
            Some(Errno::EACCES) => {
                format!("{} may not execute it, or not enter a directory above it", self.user())
            }
            Some(Errno::ETXTBSY) => "somebody is writing it just now".to_owned(),
            Some(Errno::ENOEXEC) => "it is no program for this machine".to_owned(),
            Some(Errno::EPERM) => format!("keepwatch has no right to start it as {}", self.user()),
            Some(Errno::EAGAIN) => format!("{} has too many processes", self.user()),
            _ => error.to_string(),
        };
        format!("{program} was not started: {why}")
    }

    fn user(&self) -> String {
        self.account.as_ref().map_or_else(|| Identity::own().name(), |account| account.user.clone())
    }
}

/// What reads a program.
#[derive(Clone, Copy)]
enum Reader {
    Kernel,
    Shell,
}

fn is(error: &io::Error, errno: Errno) -> bool {
    error.raw_os_error() == Some(errno as i32)
}

fn become_them(command: &mut Command, identity: &Identity) {
    if let Some((name, home)) = &identity.person {
        command.env("HOME", home.as_os_str()).env("USER", name).env("LOGNAME", name);
    }
    if is_own(identity) {
        return;
    }
    let (uid, gid) = (identity.uid.as_raw(), identity.gid.as_raw());
    if identity.groups.is_empty() {
        // The groups that this process has besides go with its user.
        command.uid(uid).gid(gid);
        return;
    }
    keepwatch_system::start_as(command.as_std_mut(), identity.uid, identity.gid, identity.groups.clone());
}

/// Whether this process has it already: then starting is several times cheaper.
pub(crate) fn is_own(identity: &Identity) -> bool {
    let known = || getgroups().unwrap_or_default();
    let extra = |groups: &[nix::unistd::Gid]| groups.iter().filter(|group| **group != identity.gid).count();
    identity.uid == geteuid()
        && identity.gid == getegid()
        && extra(&identity.groups) == 0
        && extra(&known()) == 0
}

/// Whether becoming it takes rights: the groups that this process has besides it keeps, if it may not give them up.
pub(crate) fn takes_rights(identity: &Identity) -> bool {
    identity.uid != geteuid() || identity.gid != getegid() || !identity.groups.is_empty()
}

/// A line of what is started, for people: `/usr/bin/killall -0 haproxy`.
pub(crate) fn label(start: &Start) -> String {
    let mut label = String::from_utf8_lossy(start.program.as_os_str().as_bytes()).into_owned();
    for argument in &start.arguments {
        label.push(' ');
        label.push_str(argument);
    }
    label
}

#[cfg(test)]
mod tests {
    use nix::unistd::{Gid, Uid};

    use super::*;

    /// Groups that systemd gave this process besides (`SupplementaryGroups=`) do not count: no right is needed to stay who one is.
    #[test]
    fn rights_are_for_becoming_another() {
        let own = Identity::own;
        assert!(!takes_rights(&own()));
        assert!(takes_rights(&Identity { uid: Uid::from_raw(own().uid.as_raw() + 1), ..own() }));
        assert!(takes_rights(&Identity { gid: Gid::from_raw(own().gid.as_raw() + 1), ..own() }));
        assert!(takes_rights(&Identity { groups: vec![Gid::from_raw(4242)], ..own() }));
    }
}
