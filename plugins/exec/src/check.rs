//! A command as a check, whether it can run or not.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use keepwatch_event::Health;
use keepwatch_host::{Aside, Native, Probe, Verdict, Work};
use tokio::time::timeout;

use crate::account::Account;
use crate::command::Command;
use crate::examine::{Ready, examine};
use crate::launcher::Launcher;
use crate::policy::Policy;
use crate::reading::{Reading, Span};
use crate::script::{Script, Sink};
use crate::trouble::Trouble;
use crate::turns::Turn;

/// A command as a check. It is examined when it is first asked, and each time until it can run: one that cannot says why,
/// and counts as unknown. keepalived disables such a check without a word.
pub struct CommandCheck {
    command: Command,
    account: Option<Account>,
    policy: Policy,
    reading: Reading,
    sink: Sink,
    launcher: Launcher,
    /// Also of the check that had the name before, with other settings.
    turn: Turn,
    examining: Aside<Result<Ready, String>>,
    /// Once it can run.
    script: Mutex<Option<Arc<Script>>>,
}

impl CommandCheck {
    /// The check of this name, which runs this command.
    #[must_use]
    pub fn new(
        name: &str,
        command: Command,
        account: Option<Account>,
        policy: Policy,
        reading: Reading,
        sink: Sink,
        launcher: Launcher,
    ) -> Self {
        let turn = launcher.turns.of(name);
        let (examining, script) = (Aside::default(), Mutex::default());
        Self { command, account, policy, reading, sink, launcher, turn, examining, script }
    }

    /// The same, as the host takes it.
    #[must_use]
    pub fn native(self) -> Native {
        let label = format!("script {}", self.command);
        let Self { command, account, policy, reading, .. } = &self;
        let settings = format!("{command:?} {account:?} {policy:?} {reading:?}");
        Native { label, settings, probe: Arc::new(self) }
    }

    async fn ask(&self, within: Duration) -> Verdict {
        if let Some(script) = self.known() {
            return script.probe(within).await;
        }
        let script = timeout(within, self.examined()).await;
        let late = |_| Err(format!("cannot run: it could not be looked at within {}", Span(within)));
        match script.unwrap_or_else(late) {
            // The whole time: nearly always the examination takes none of it.
            Ok(script) => script.probe(within).await,
            Err(text) => Verdict { health: Health::Unknown, text },
        }
    }

    fn known(&self) -> Option<Arc<Script>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn examined(&self) -> Result<Arc<Script>, String> {
        let (command, account, policy) = (self.command.clone(), self.account.clone(), self.policy.clone());
        let accounts = Arc::clone(&self.launcher.accounts);
        // The disk and the user data base may take their time.
        let examined = self.examining.run(move || {
            let told = |trouble: &Trouble| format!("{trouble} ({})", trouble.remedy());
            let ready = examine(&command, account.as_ref(), &policy, &accounts);
            ready.map_err(|troubles| troubles.iter().map(told).collect::<Vec<_>>().join("; "))
        });
        let ready = match examined.await {
            Some(Ok(ready)) => ready,
            Some(Err(why)) => return Err(format!("cannot run: {why}")),
            None => return Err("keepwatch is ending".to_owned()),
        };
        let (sink, launcher, turn) = (Arc::clone(&self.sink), self.launcher.clone(), self.turn.clone());
        let script = Arc::new(Script::in_turn(turn, ready.start, self.reading, sink, launcher));
        *self.script.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&script));
        Ok(script)
    }
}

impl Probe for CommandCheck {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(self.ask(within))
    }

    fn busy(&self) -> Option<Work<'_, ()>> {
        self.turn.is_had()
    }
}
