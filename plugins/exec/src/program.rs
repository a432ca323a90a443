//! A program as an action.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_host::{Deed, HostError, NativeDeed, Ran, Work};

use crate::accounts::Accounts;
use crate::reading::Span;
use crate::run::{Outcome, Times, run};
use crate::start::{Start, label};

/// From SIGTERM to SIGKILL. Whoever waits for the action waits for this, too.
const PATIENCE: Duration = Duration::from_secs(1);

/// A program as an action. It is run where it is called: the host calls actions where plugins' low priority is not
/// handed on.
pub struct Program {
    start: Arc<Start>,
    accounts: Arc<Accounts>,
}

impl Program {
    /// An action that runs this program.
    #[must_use]
    pub fn new(start: Start, accounts: Arc<Accounts>) -> Self {
        Self { start: Arc::new(start), accounts }
    }

    /// The same, as the host takes it.
    #[must_use]
    pub fn native(self) -> NativeDeed {
        let (label, settings) = (label(&self.start), format!("{:?}", self.start));
        NativeDeed { label, settings, deed: Arc::new(self) }
    }

    async fn act(&self, within: Duration) -> Result<Ran, HostError> {
        let program = self.start.program.display();
        let mut why = None;
        let times = Times { within, patience: PATIENCE };
        let ended = run(&self.start, &self.accounts, times, pending(), |how| why = Some(how)).await;
        match ended.or(why) {
            Some(Outcome::Ended(status, heard)) => Ok(Ran { exit_code: status.code(), output: heard.text() }),
            Some(Outcome::Late(_)) => {
                let within = Span(within);
                Err(HostError::timeout(format!("{program} did not end within {within} and was stopped")))
            }
            Some(Outcome::NotStarted(why) | Outcome::NotInTime(why)) => Err(HostError::unavailable(why)),
            Some(Outcome::Lost(why)) => {
                Err(HostError::unavailable(format!("{program}: its end was not to be seen: {why}")))
            }
            None => Err(HostError::unavailable("keepwatch is ending")),
        }
    }
}

impl Deed for Program {
    fn run(&self, within: Duration) -> Work<'_, Result<Ran, HostError>> {
        Box::pin(self.act(within))
    }
}
