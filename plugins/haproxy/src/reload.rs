//! Reloading HAProxy, and seeing that it has.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::Rounded;
use keepwatch_host::{Deed, HostError, NativeDeed, Ran, Work};

use crate::address::Address;
use crate::configuration::{Configuration, Opinion};
use crate::deadline::Deadline;
use crate::generation::{Generation, Progress};
use crate::master;
use crate::socket::ask_until;
use crate::trouble::{Cause, Trouble};
use crate::via::{Told, Via};
use crate::worker::Socket;

/// How often is looked whether it has reloaded.
const PAUSE: Duration = Duration::from_millis(50);
/// How long a worker that may be loading its configuration is listened to.
const GLANCE: Duration = Duration::from_secs(1);

/// Reloads HAProxy: only with a configuration that it accepts, and until another worker answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reload {
    /// What it is to load.
    pub configuration: Configuration,
    /// How it is told.
    pub via: Via,
}

/// It was done.
pub(crate) fn done(output: impl Into<String>) -> Ran {
    Ran { exit_code: Some(0), output: output.into() }
}

/// It was tried and went wrong.
pub(crate) fn failed(output: impl Into<String>) -> Ran {
    Ran { exit_code: Some(1), output: output.into() }
}

impl Reload {
    /// As an action that is built in.
    pub fn native(self) -> NativeDeed {
        NativeDeed { label: "haproxy reload".to_owned(), settings: format!("{self:?}"), deed: Arc::new(self) }
    }

    async fn reload(&self, deadline: Deadline) -> Result<Ran, HostError> {
        let warnings = match self.configuration.check(deadline).await? {
            Opinion::Accepted(warnings) => warnings,
            Opinion::Refused(why) => {
                return Ok(failed(format!("HAProxy refuses the configuration and was not reloaded:\n{why}")));
            }
        };
        let socket = self.via.watch();
        let before = Generation::read(&socket, deadline).await?;
        let master = before.master();
        if let Told::Refused(why) = self.via.tell(deadline).await? {
            return Ok(failed(format!("HAProxy has not reloaded and goes on as before:\n{why}")));
        }
        let mut ran = watch(&socket, &before, master, deadline).await;
        if ran.exit_code == Some(0) && !warnings.is_empty() {
            ran.output.push_str("\nHAProxy warns:\n");
            ran.output.push_str(&warnings);
        }
        Ok(ran)
    }
}

impl Deed for Reload {
    fn run(&self, within: Duration) -> Work<'_, Result<Ran, HostError>> {
        let deadline = Deadline::before_end_of(within);
        Box::pin(self.reload(deadline))
    }
}

/// Waits until another worker answers, the reload has failed, or the time is up. `master` is its process, if we can see it.
async fn watch(socket: &Socket, before: &Generation, master: Option<u32>, deadline: Deadline) -> Ran {
    loop {
        let trouble = match look(socket, before, deadline).await {
            Ok(Some(ran)) => return ran,
            Ok(None) => None,
            // While the master starts itself anew, or the workers change, connections may break off.
            Err(trouble) => Some(trouble),
        };
        if let (Some(master), Some(_)) = (master, &trouble)
            && !master::is_haproxy(master)
        {
            return failed(format!(
                "HAProxy was told to reload and has stopped: its master, process {master}, is gone; start it again, its \
                 log says why it ended"
            ));
        }
        if !deadline.pause(PAUSE).await {
            return failed(late(trouble, master, deadline));
        }
    }
}

async fn look(socket: &Socket, before: &Generation, deadline: Deadline) -> Result<Option<Ran>, Trouble> {
    let now = Generation::read(socket, deadline).await?;
    match before.progress(&now) {
        Progress::Waiting => Ok(None),
        Progress::Failed { worker } => {
            let reasons = match socket {
                Socket::Master(address) => reasons(address, deadline).await,
                Socket::Stats(_) => None,
            };
            let reasons = reasons.unwrap_or_else(|| "HAProxy's log says why".to_owned());
            let worker = worker.map_or_else(String::new, |pid| format!(" with worker {pid}"));
            Ok(Some(failed(format!("HAProxy has not reloaded and goes on as before{worker}:\n{reasons}"))))
        }
        Progress::Done { old, new } => {
            // From 3.1 on it is in the list before it has loaded its configuration. It answers when it has; if it ends
            // instead, the answer may never come, but the list changes.
            let info = match socket.info(deadline.at_most(GLANCE)).await {
                Err(trouble) if trouble.cause == Cause::Late => return Ok(None),
                info => info?,
            };
            if info.pid != new {
                return Ok(None);
            }
            let old = old.map_or_else(String::new, |old| format!(" in place of {old}"));
            Ok(Some(done(format!("haproxy {} has reloaded: worker {new} answers{old}", info.version))))
        }
    }
}

/// What was said while the last configuration was loaded; HAProxy tells it from 2.7 on.
async fn reasons(master: &Address, deadline: Deadline) -> Option<String> {
    let answer = ask_until(master, "show startup-logs", deadline).await.ok()?;
    let answer = answer.trim();
    let is_answer = !answer.is_empty() && !answer.starts_with("Unknown command");
    is_answer.then(|| answer.to_owned())
}

fn late(trouble: Option<Trouble>, master: Option<u32>, deadline: Deadline) -> String {
    let within = Rounded(deadline.within);
    let seen = match (trouble, master) {
        (None, _) => "no other worker answers; HAProxy's log says why".to_owned(),
        (Some(trouble), Some(master)) if matches!(trouble.cause, Cause::Absent | Cause::Broken) => {
            format!("its master, process {master}, still loads the configuration")
        }
        (Some(trouble), _) => trouble.text,
    };
    format!("HAProxy was told to reload, but did not within {within}: {seen}")
}
