//! Running an occasion's scripts, and telling how that went.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_bus::{Bus, Draft};
use keepwatch_event::{EventKind, Severity, Snapshot};
use tokio::sync::watch;
use tokio::task::spawn_blocking;

use super::occasion::{Occasion, Task};
use super::settings::{ScriptSettings, Subject};
use super::surroundings::{environment, input};
use crate::accounts::Accounts;
use crate::examine::examine;
use crate::policy::Policy;
use crate::reading::{Span, ending};
use crate::run::{Outcome, Times, run};
use crate::start::Start;

/// From SIGTERM to SIGKILL.
pub(crate) const PATIENCE: Duration = Duration::from_secs(2);
/// What an event has of the end of a script's output, in octets.
const OUTPUT: usize = 1 << 10;

/// What scripts are run with.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) bus: Bus,
    /// Interfaces and numbers of the instances.
    pub(crate) snapshot: Arc<Snapshot>,
    /// Becomes true when what still runs is to be stopped.
    pub(crate) unwanted: watch::Receiver<bool>,
}

/// How a script's run went.
struct Report {
    severity: Severity,
    ended: String,
    output: String,
}

impl Runner {
    /// Runs an occasion's scripts, one after the other, each for so long at most.
    pub(crate) async fn run(&self, occasion: &Occasion, tasks: &[Task], policy: &Policy, within: Duration) {
        for task in tasks {
            let began = Instant::now();
            let report = self.run_one(occasion, task, policy, within).await;
            self.tell(occasion, task, report, began.elapsed());
        }
    }

    /// Says of each script that it is not run, and why.
    pub(crate) fn leave_out(&self, occasion: &Occasion, tasks: &[Task], why: &str) {
        for task in tasks {
            self.tell(occasion, task, Report::bad(format!("not run: {why}")), Duration::ZERO);
        }
    }

    async fn run_one(&self, occasion: &Occasion, task: &Task, policy: &Policy, within: Duration) -> Report {
        let start = match self.examined(&task.script, policy).await {
            Ok(start) => start,
            Err(why) => return Report::bad(format!("cannot run: {why}")),
        };
        let (environment, input) = (environment(occasion, &self.snapshot), input(occasion));
        let start = Arc::new(Start { environment, input, ..start });
        let mut unwanted = self.unwanted.clone();
        let unwanted = async {
            // Whoever could say so may have gone: then it is so, too.
            let _ = unwanted.wait_for(|unwanted| *unwanted).await;
        };
        let mut cut = None;
        let times = Times { within, patience: PATIENCE };
        let ended = run(&start, &self.accounts, times, unwanted, |outcome| cut = Some(outcome)).await;
        match ended.or(cut) {
            Some(Outcome::Ended(status, heard)) => Report::of(status, heard.ending(OUTPUT)),
            Some(Outcome::Late(heard)) => {
                let ended = format!("did not end within {} and was stopped", Span(within));
                Report { output: heard.ending(OUTPUT), ..Report::bad(ended) }
            }
            Some(Outcome::NotStarted(why) | Outcome::NotInTime(why)) => Report::bad(why),
            Some(Outcome::Lost(why)) => Report::bad(format!("its end was not to be seen: {why}")),
            None => Report::bad("was stopped: keepwatch was ending".to_owned()),
        }
    }

    /// Looks at a program each time before it runs, away from the threads that tasks share: between two runs lie months.
    pub(crate) async fn examined(&self, script: &ScriptSettings, policy: &Policy) -> Result<Start, String> {
        let (script, policy, accounts) = (script.clone(), policy.clone(), Arc::clone(&self.accounts));
        let examined = spawn_blocking(move || {
            let ready = examine(&script.command, script.account.as_ref(), &policy, &accounts);
            ready.map(|ready| ready.start).map_err(|troubles| {
                let told = troubles.iter().map(|trouble| format!("{trouble} ({})", trouble.remedy()));
                told.collect::<Vec<_>>().join("; ")
            })
        });
        examined.await.unwrap_or_else(|_| Err("keepwatch is ending".to_owned()))
    }

    fn tell(&self, occasion: &Occasion, task: &Task, report: Report, took: Duration) {
        let Report { severity, ended, output } = report;
        let (instance, group) = match &occasion.subject {
            Subject::Instance(name) => (Some(Arc::clone(name)), None),
            Subject::Group(name) => (None, Some(name.to_string())),
        };
        let (setting, command) = (task.setting.to_owned(), task.script.command.to_string());
        let kind = EventKind::NotifyScriptRan { setting, group, command, ended, output, took };
        self.bus.publish(Draft { instance, severity, term: occasion.event.term, kind });
    }
}

impl Report {
    fn of(status: ExitStatus, output: String) -> Self {
        let severity = if status.success() { Severity::Info } else { Severity::Warning };
        Self { severity, ended: ending(status), output }
    }

    const fn bad(ended: String) -> Self {
        Self { severity: Severity::Warning, ended, output: String::new() }
    }
}
