//! A command as a check, whether it can run or not.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use keepwatch_host::{Aside, Native, Probe, Verdict, Work};
use tokio::time::timeout;

use crate::account::Account;
use crate::command::Command;
use crate::examine::{Ready, examine};
use crate::launcher::Launcher;
use crate::policy::{Policy, Security};
use crate::reading::{Reading, Span};
use crate::script::{Script, Sink, cannot_run};
use crate::trouble::Trouble;
use crate::turns::Turn;

/// A command as a check. It is examined when it is first asked, and each time until it can run, also where it could before:
/// one that cannot says why, and counts as unknown. keepalived disables such a check without a word. With script security it is
/// examined before each run: whose it is can change at any time, and keepalived, which looks when it reads its
/// configuration, goes on running it as root.
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
        let known = self.known().clone();
        let script = match known {
            Some(script) if self.policy.security == Security::Off => script,
            known => match timeout(within, self.examine()).await {
                Ok(Ok(script)) => script,
                Ok(Err(why)) => {
                    *self.known() = None;
                    return cannot_run(why);
                }
                // As when it could be run, and its start takes too long.
                Err(_) => {
                    return known.map_or_else(|| cannot_run(late(within)), |script| script.late(within));
                }
            },
        };
        // The whole time: nearly always the examination takes none of it.
        let began = Instant::now();
        let refused = match script.ask(within).await {
            Ok(verdict) => return verdict,
            Err(refused) => refused,
        };
        // What has become of it since it was examined, and what to do about it; the next question finds out whether it is back.
        *self.known() = None;
        let why = self.examined(within.saturating_sub(began.elapsed())).await.err();
        *self.known() = None;
        cannot_run(why.unwrap_or(refused))
    }

    /// The program, once it can run.
    fn known(&self) -> MutexGuard<'_, Option<Arc<Script>>> {
        self.script.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn examined(&self, within: Duration) -> Result<Arc<Script>, String> {
        timeout(within, self.examine()).await.unwrap_or_else(|_| Err(late(within)))
    }

    async fn examine(&self) -> Result<Arc<Script>, String> {
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
            Some(Err(why)) => return Err(why),
            None => return Err("keepwatch is ending".to_owned()),
        };
        if let Some(script) = &*self.known()
            && script.starts_as(&ready.start)
        {
            return Ok(Arc::clone(script));
        }
        let (sink, launcher, turn) = (Arc::clone(&self.sink), self.launcher.clone(), self.turn.clone());
        let script = Arc::new(Script::in_turn(turn, ready.start, self.reading, sink, launcher));
        *self.known() = Some(Arc::clone(&script));
        Ok(script)
    }
}

fn late(within: Duration) -> String {
    format!("it could not be looked at within {}", Span(within))
}

impl Probe for CommandCheck {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(self.ask(within))
    }

    fn busy(&self) -> Option<Work<'_, ()>> {
        self.turn.is_had()
    }
}
