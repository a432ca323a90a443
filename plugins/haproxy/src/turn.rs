//! Taking servers out of service and back.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::Rounded;
use keepwatch_host::{Deed, HostError, NativeDeed, Ran, Work};

use crate::deadline::Deadline;
use crate::judge::absent;
use crate::reload::{done, failed};
use crate::server::Server;
use crate::stat::{Kind, Row};
use crate::trouble::{Cause, Trouble};
use crate::worker::Socket;

/// How often a server that drains is looked at.
const PAUSE: Duration = Duration::from_millis(100);

/// Takes a server out of service, or back into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Turn {
    /// Where HAProxy is asked. It must let us administrate: `level admin`.
    pub socket: Socket,
    /// Which server.
    pub server: Server,
    /// What becomes of it.
    pub to: To,
}

/// What becomes of a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum To {
    /// It gets connections, whether it was in maintenance or draining: what undoes both of the others.
    Ready,
    /// It gets no connections, and is not checked.
    Maintenance,
    /// It gets no new connections, but those that belong to a client it knows.
    Drain(Then),
}

/// What comes after a server has been told to drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing.
    GoOn,
    /// Waiting until it has no session, for as long as there is time.
    WaitUntilIdle,
}

impl To {
    const fn name(self) -> &'static str {
        match self {
            Self::Ready => "enable",
            Self::Maintenance => "disable",
            Self::Drain(_) => "drain",
        }
    }

    const fn state(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Maintenance => "maint",
            Self::Drain(_) => "drain",
        }
    }

    const fn result(self) -> &'static str {
        match self {
            Self::Ready => "is in service",
            Self::Maintenance => "is in maintenance",
            Self::Drain(_) => "drains",
        }
    }
}

impl Turn {
    /// As an action that is built in.
    pub fn native(self) -> NativeDeed {
        NativeDeed {
            label: format!("haproxy {} {}", self.to.name(), self.server),
            settings: format!("{self:?}"),
            deed: Arc::new(self),
        }
    }

    async fn turn(&self, deadline: Deadline) -> Result<Ran, Trouble> {
        let server = &self.server;
        let command = format!("set server {server} state {}", self.to.state());
        let answer = self.socket.ask(&command, deadline).await?;
        let answer = answer.trim();
        if !answer.is_empty() {
            return Ok(failed(self.refusal(answer, deadline).await));
        }
        match self.to {
            To::Drain(Then::WaitUntilIdle) => self.wait(deadline).await,
            To::Drain(Then::GoOn) | To::Ready | To::Maintenance => {
                Ok(done(format!("server {server} {}", self.to.result())))
            }
        }
    }

    /// What HAProxy's refusal means, and what there is if it does not know the server.
    async fn refusal(&self, answer: &str, deadline: Deadline) -> String {
        let (backend, server) = (self.server.backend(), self.server.name());
        if answer.starts_with("Permission denied") {
            return format!(
                "HAProxy does not allow this on {}: the socket needs `level admin` in HAProxy's configuration",
                self.socket
            );
        }
        let is_unknown = answer.starts_with("No such server") || answer.starts_with("No such backend");
        let stat = if is_unknown { self.socket.stat(deadline).await.ok() } else { None };
        let Some(stat) = stat else { return format!("HAProxy refuses {}: {answer}", self.server) };
        if stat.proxy(Kind::Backend, backend).is_none() {
            return absent("backend", backend, &stat.proxies(Kind::Backend));
        }
        let servers: Vec<&str> = stat.servers(backend).map(|row| row.name.as_str()).collect();
        absent(&format!("server in backend {backend} called"), server, &servers)
    }

    async fn wait(&self, deadline: Deadline) -> Result<Ran, Trouble> {
        let (server, within) = (&self.server, Rounded(deadline.within));
        let mut sessions = None;
        loop {
            match self.sessions(deadline).await {
                Ok(0) => return Ok(done(format!("server {server} drains and has no session"))),
                Ok(left) => sessions = Some(left),
                // What was seen before is worth more than that the time was up while asking once more.
                Err(trouble) if trouble.cause == Cause::Late && sessions.is_some() => {}
                Err(trouble) => return Err(trouble),
            }
            if !deadline.pause(PAUSE).await {
                let left = match sessions {
                    None | Some(1) => "1 session".to_owned(),
                    Some(left) => format!("{left} sessions"),
                };
                return Ok(failed(format!("server {server} drains, but still has {left} after {within}")));
            }
        }
    }

    async fn sessions(&self, deadline: Deadline) -> Result<u64, Trouble> {
        let stat = self.socket.stat(deadline).await?;
        let is_it = |row: &&Row| row.name == self.server.name();
        let row = stat.servers(self.server.backend()).find(is_it);
        let gone =
            || Trouble::new(Cause::Strange, format!("HAProxy no longer has the server {}", self.server));
        Ok(row.ok_or_else(gone)?.sessions)
    }
}

impl Deed for Turn {
    fn run(&self, within: Duration) -> Work<'_, Result<Ran, HostError>> {
        let deadline = Deadline::before_end_of(within);
        Box::pin(async move { self.turn(deadline).await.map_err(HostError::from) })
    }
}
