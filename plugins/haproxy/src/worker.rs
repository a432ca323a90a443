//! A worker, by its own socket or through its master.

use std::fmt;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::info::Info;
use crate::procs::Procs;
use crate::socket::ask_until;
use crate::stat::Stat;
use crate::trouble::{Cause, Trouble};
use crate::unreadable::Unreadable;

/// How a master says that a worker has ended since it named it.
const GONE: &str = "Can't find the target PID";

/// A socket by which a worker can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Socket {
    /// The worker's own: `stats socket` in HAProxy's configuration.
    Stats(Address),
    /// The master's: `-S` on HAProxy's command line.
    Master(Address),
}

impl Socket {
    /// Where it is.
    pub const fn address(&self) -> &Address {
        match self {
            Self::Stats(address) | Self::Master(address) => address,
        }
    }

    /// The worker that is in service.
    pub(crate) async fn worker(&self, deadline: Deadline) -> Result<Worker<'_>, Trouble> {
        match self {
            Self::Stats(_) => Ok(Worker { socket: self, through: None }),
            Self::Master(address) => {
                let procs = procs(address, deadline).await?;
                let Some(worker) = procs.serving() else {
                    let text =
                        format!("HAProxy's master process {} has no worker: nothing is served", procs.master);
                    return Err(Trouble::new(Cause::Idle, text));
                };
                let former = procs.leaving.iter().copied().find(|pid| *pid != worker);
                let through = Through { master: procs.master, worker, former };
                Ok(Worker { socket: self, through: Some(through) })
            }
        }
    }

    /// Asks the worker that is in service.
    pub(crate) async fn ask(&self, command: &str, deadline: Deadline) -> Result<String, Trouble> {
        let answer = self.worker(deadline).await?.ask(command, deadline).await;
        match answer {
            // Just now HAProxy was reloaded; there is another worker.
            Err(trouble) if trouble.cause == Cause::Broken => {
                self.worker(deadline).await?.ask(command, deadline).await
            }
            answer => answer,
        }
    }

    pub(crate) async fn info(&self, deadline: Deadline) -> Result<Info, Trouble> {
        self.worker(deadline).await?.info(deadline).await
    }

    pub(crate) async fn stat(&self, deadline: Deadline) -> Result<Stat, Trouble> {
        self.worker(deadline).await?.stat(deadline).await
    }

    fn strange(&self, error: &Unreadable) -> Trouble {
        let address = self.address();
        let hint = match self {
            Self::Stats(_) => "is it HAProxy's stats socket, not that of its master?",
            Self::Master(_) => "is it the master's socket of HAProxy?",
        };
        Trouble::new(Cause::Strange, format!("{address} has {error}; {hint}"))
    }
}

impl fmt::Display for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address().fmt(f)
    }
}

/// What the master says of its processes.
pub(crate) async fn procs(master: &Address, deadline: Deadline) -> Result<Procs, Trouble> {
    let answer = ask_until(master, "show proc", deadline).await?;
    Procs::parse(&answer).map_err(|error| Socket::Master(master.clone()).strange(&error))
}

/// A worker that can be asked.
pub(crate) struct Worker<'a> {
    socket: &'a Socket,
    /// How it is reached, if not by its own socket.
    through: Option<Through>,
}

/// How a worker is reached through its master.
#[derive(Clone, Copy)]
struct Through {
    master: u32,
    worker: u32,
    /// The worker before it, if that has not ended.
    former: Option<u32>,
}

impl Worker<'_> {
    /// The process that is its master, if that is asked.
    pub(crate) fn master(&self) -> Option<u32> {
        self.through.map(|through| through.master)
    }

    /// The worker before it, if that has not ended and can be asked.
    pub(crate) fn former(&self) -> Option<Self> {
        let through = self.through?;
        let through = Through { worker: through.former?, former: None, ..through };
        Some(Self { socket: self.socket, through: Some(through) })
    }

    pub(crate) async fn ask(&self, command: &str, deadline: Deadline) -> Result<String, Trouble> {
        let address = self.socket.address();
        let Some(Through { master, worker, .. }) = self.through else {
            return ask_until(address, command, deadline).await;
        };
        let answer = ask_until(address, &format!("@!{worker} {command}"), deadline).await?;
        if answer.starts_with(GONE) {
            let text =
                format!("HAProxy's worker, process {worker}, has ended while its master {master} was asked");
            return Err(Trouble::new(Cause::Broken, text));
        }
        Ok(answer)
    }

    pub(crate) async fn info(&self, deadline: Deadline) -> Result<Info, Trouble> {
        let answer = self.ask("show info", deadline).await?;
        Info::parse(&answer).map_err(|error| self.socket.strange(&error))
    }

    pub(crate) async fn stat(&self, deadline: Deadline) -> Result<Stat, Trouble> {
        let answer = self.ask("show stat", deadline).await?;
        Stat::parse(&answer).map_err(|error| self.socket.strange(&error))
    }
}
