//! Whether somebody listens at a Unix socket, and says the right thing.

use std::path::PathBuf;
use std::time::Duration;

use keepwatch_host::{Probe, Verdict, Work};
use tokio::net::UnixStream;

use crate::deadline::Deadline;
use crate::io_text::failed;
use crate::talk::Talk;
use crate::verdict::{Step, either};

/// Passes when a connection comes about, and, if asked for, the answer is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnixCheck {
    /// The socket's path.
    pub path: PathBuf,
    /// What to say once connected.
    pub send: Option<String>,
    /// What must occur in the answer.
    pub expect: Option<String>,
}

impl UnixCheck {
    /// A check that only connects.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), send: None, expect: None }
    }
}

pub(crate) struct UnixProbe(pub(crate) UnixCheck);

impl Probe for UnixProbe {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { either(self.ask(Deadline::new(within)).await) })
    }
}

impl UnixProbe {
    async fn ask(&self, deadline: Deadline) -> Step<Verdict> {
        let check = &self.0;
        let target = check.path.display().to_string();
        let connecting = UnixStream::connect(&check.path);
        let stream = deadline.limit(connecting, || format!("{target} did not answer")).await?;
        let mut stream = stream.map_err(|error| failed(&target, &error))?;
        let talk = Talk { send: check.send.as_deref(), expect: check.expect.as_deref() };
        talk.over(&mut stream, &target, &deadline).await
    }
}
