//! Whether somebody listens at a TCP port, and says the right thing.

use std::io::Read;
use std::net::IpAddr;
use std::time::Duration;

use keepwatch_host::{HostPort, Probe, Verdict, Work};

use crate::deadline::Deadline;
use crate::dial::{connect, first};
use crate::knock::knock;
use crate::names::Names;
use crate::talk::{Talk, answered};
use crate::verdict::{Step, either};

/// Passes when a connection comes about, and, if asked for, the answer is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpCheck {
    /// Where: a name or an address, and a port.
    pub to: HostPort,
    /// The address of this host to ask from; otherwise the kernel chooses.
    pub source: Option<IpAddr>,
    /// What to say once connected.
    pub send: Option<String>,
    /// What must occur in the answer.
    pub expect: Option<String>,
}

impl TcpCheck {
    /// A check that only connects.
    #[must_use]
    pub const fn new(to: HostPort) -> Self {
        Self { to, source: None, send: None, expect: None }
    }
}

pub(crate) struct TcpProbe {
    check: TcpCheck,
    names: Names,
}

impl Probe for TcpProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        let deadline = Deadline::new(within);
        // Two futures: the one that is needed thousands of times a second is small.
        if self.talk().is_silent() {
            Box::pin(async move { either(self.knock(deadline).await) })
        } else {
            Box::pin(async move { either(self.ask(deadline).await) })
        }
    }
}

impl TcpProbe {
    pub(crate) fn new(check: &TcpCheck) -> Self {
        Self { check: check.clone(), names: Names::default() }
    }

    fn talk(&self) -> Talk<'_> {
        Talk { send: self.check.send.as_deref(), expect: self.check.expect.as_deref() }
    }

    async fn knock(&self, deadline: Deadline) -> Step<Verdict> {
        let TcpCheck { to, source, .. } = &self.check;
        first(to, *source, &self.names, &deadline, knock).await?;
        Ok(answered(&to.to_string(), &deadline))
    }

    async fn ask(&self, deadline: Deadline) -> Step<Verdict> {
        let TcpCheck { to, source, .. } = &self.check;
        let mut stream = connect(to, *source, &self.names, &deadline).await?;
        let verdict = self.talk().over(&mut stream, &to.to_string(), &deadline).await;
        if let Ok(open) = stream.into_std() {
            take_the_rest(&open);
        }
        verdict
    }
}

/// Reads what has come and nobody asked for: a socket closed with that unread resets the connection, which servers log as
/// an error. It does not wait for more.
fn take_the_rest(mut open: &std::net::TcpStream) {
    let mut nowhere = [0; 4096];
    while open.read(&mut nowhere).is_ok_and(|read| read > 0) {}
}
