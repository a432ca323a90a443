//! What the administrator has defined for plugins to have done.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::Rounded;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout};

use crate::effects::Ran;
use crate::error::HostError;
use crate::plugin::Work;

/// A deed whose time is over has so long to clean up; then it is dropped.
const GRACE: Duration = Duration::from_secs(3);

/// Something that plugins may have done by its name, and nothing else of it is theirs to choose.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// What plugins call it.
    pub name: String,
    /// What is done.
    pub deed: NativeDeed,
    /// How long it may take.
    pub timeout: Duration,
}

/// Something that keepwatch does by itself. It is done once at a time, on a thread that has not stepped back as those of
/// plugins have: what it starts may be worth more.
pub trait Deed: Send + Sync {
    /// Does it, within this time. A few seconds later it is dropped.
    ///
    /// # Errors
    ///
    /// Why it could not even be tried, or that it took too long. What was tried and went wrong is an exit code other than
    /// zero, with the output that says why.
    fn run(&self, within: Duration) -> Work<'_, Result<Ran, HostError>>;
}

/// A deed with what makes it the one it is.
#[derive(Clone)]
pub struct NativeDeed {
    /// What it is, for people: `haproxy reload`.
    pub label: String,
    /// All its settings: two with the same label and settings are the same.
    pub settings: String,
    /// What is done.
    pub deed: Arc<dyn Deed>,
}

impl PartialEq for NativeDeed {
    fn eq(&self, other: &Self) -> bool {
        self.label == other.label && self.settings == other.settings
    }
}

impl fmt::Debug for NativeDeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("NativeDeed").field(&self.label).finish()
    }
}

/// Runs an action, one at a time: two reloads at once are no better than one after the other.
#[derive(Debug)]
pub(crate) struct Runner {
    action: Action,
    turn: Mutex<()>,
}

impl Runner {
    pub(crate) fn new(action: Action) -> Self {
        Self { action, turn: Mutex::new(()) }
    }

    pub(crate) const fn action(&self) -> &Action {
        &self.action
    }

    pub(crate) async fn run(&self, within: Duration) -> Result<Ran, HostError> {
        let Action { name, deed, .. } = &self.action;
        let late = || HostError::timeout(format!("action {name}: still running for somebody else"));
        let began = Instant::now();
        let _turn = timeout(within, self.turn.lock()).await.map_err(|_| late())?;
        let left = within.saturating_sub(began.elapsed()).min(self.action.timeout);
        let ran = timeout(left + GRACE, deed.deed.run(left)).await;
        let late = || HostError::timeout(format!("did not end within {}", Rounded(left)));
        ran.unwrap_or_else(|_| Err(late()))
            .map_err(|HostError { kind, text }| HostError::new(kind, format!("action {name}: {text}")))
    }
}
