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

    /// Asks the worker that is in service.
    pub(crate) async fn ask(&self, command: &str, deadline: Deadline) -> Result<String, Trouble> {
        let address = match self {
            Self::Stats(address) => return ask_until(address, command, deadline).await,
            Self::Master(address) => address,
        };
        let (_, answer) = ask_through(address, command, deadline).await?;
        if !answer.starts_with(GONE) {
            return Ok(answer);
        }
        // Just between the two questions HAProxy was reloaded.
        let (pid, answer) = ask_through(address, command, deadline).await?;
        if answer.starts_with(GONE) {
            let text =
                format!("HAProxy's master process on {address} does not reach its worker, process {pid}");
            return Err(Trouble::new(Cause::Idle, text));
        }
        Ok(answer)
    }

    pub(crate) async fn info(&self, deadline: Deadline) -> Result<Info, Trouble> {
        let answer = self.ask("show info", deadline).await?;
        Info::parse(&answer).map_err(|error| self.strange(&error))
    }

    pub(crate) async fn stat(&self, deadline: Deadline) -> Result<Stat, Trouble> {
        let answer = self.ask("show stat", deadline).await?;
        Stat::parse(&answer).map_err(|error| self.strange(&error))
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

/// Asks the worker that has been in service for longest, and says which it is.
async fn ask_through(master: &Address, command: &str, deadline: Deadline) -> Result<(u32, String), Trouble> {
    let procs = procs(master, deadline).await?;
    let Some(worker) = procs.workers.first() else {
        let text = format!("HAProxy's master process {} has no worker: nothing is served", procs.master);
        return Err(Trouble::new(Cause::Idle, text));
    };
    let answer = ask_until(master, &format!("@!{worker} {command}"), deadline).await?;
    Ok((*worker, answer))
}
