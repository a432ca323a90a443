//! Whether HAProxy is well.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::Health;
use keepwatch_host::{Native, Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::info::Phase;
use crate::judge::judge;
use crate::trouble::Trouble;
use crate::worker::Socket;

/// Whether HAProxy is well: it answers, and does not stop; frontends are open, backends have servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Where it is asked.
    pub socket: Socket,
    /// Frontends that must be open.
    pub frontends: Vec<String>,
    /// Backends that must have servers.
    pub backends: Vec<Backend>,
}

/// A backend that must have servers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backend {
    /// Its name.
    pub name: String,
    /// How many servers must be up at least, backup servers included.
    pub up: usize,
}

impl Backend {
    /// A backend that must have a server.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), up: 1 }
    }
}

impl Check {
    /// As a check that is built in.
    pub fn native(self) -> Native {
        Native {
            label: format!("haproxy {}", self.socket),
            settings: format!("{self:?}"),
            probe: Arc::new(self),
        }
    }

    async fn ask(&self, deadline: Deadline) -> Result<Verdict, Trouble> {
        let info = self.socket.info(deadline).await?;
        if info.phase == Phase::Stopping {
            let text = format!("haproxy {} is stopping", info.version);
            return Ok(Verdict { health: Health::Fail, text });
        }
        if self.frontends.is_empty() && self.backends.is_empty() {
            return Ok(Verdict { health: Health::Pass, text: format!("haproxy {} answers", info.version) });
        }
        let stat = self.socket.stat(deadline).await?;
        Ok(judge(self, &info, &stat))
    }
}

impl Probe for Check {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        let deadline = Deadline::before_end_of(within);
        Box::pin(async move {
            let answer = self.ask(deadline).await;
            answer.unwrap_or_else(|trouble| Verdict { health: trouble.health(), text: trouble.text })
        })
    }
}
