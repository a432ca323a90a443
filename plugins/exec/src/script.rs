//! A program as a check.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepwatch_event::Health;
use keepwatch_host::{Native, Probe, Verdict, Work};
use tokio::sync::oneshot;

use crate::heard::Heard;
use crate::launcher::Launcher;
use crate::reading::{Reading, Span};
use crate::run::{Outcome, Times, run};
use crate::start::{Start, label};
use crate::turns::Turn;

/// From SIGTERM to SIGKILL, as keepalived does it.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where the lines go that a script writes. It is called often if the script writes much: limiting that is up to it.
pub type Sink = Arc<dyn Fn(Weight, &str) + Send + Sync>;

/// How much a line that a script writes matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The run was well, or failed as the one before it did.
    Detail,
    /// The run is the first one that failed: it may say why.
    Reason,
}

/// A program as a check. Of those with one name and launcher only one is run at once.
pub struct Script {
    start: Arc<Start>,
    reading: Reading,
    sink: Sink,
    launcher: Launcher,
    /// Whether the last run was not well.
    ails: AtomicBool,
    /// Held until nothing is left of a run.
    turn: Turn,
}

impl Script {
    /// The check of this name, which runs this program.
    #[must_use]
    pub fn new(name: &str, start: Start, reading: Reading, sink: Sink, launcher: Launcher) -> Self {
        Self::in_turn(launcher.turns.of(name), start, reading, sink, launcher)
    }

    pub(crate) fn in_turn(
        turn: Turn,
        start: Start,
        reading: Reading,
        sink: Sink,
        launcher: Launcher,
    ) -> Self {
        Self { start: Arc::new(start), reading, sink, launcher, ails: AtomicBool::new(false), turn }
    }

    /// The same, as the host takes it.
    #[must_use]
    pub fn native(self) -> Native {
        let label = format!("script {}", label(&self.start));
        let settings = format!("{:?} {:?}", self.start, self.reading);
        Native { label, settings, probe: Arc::new(self) }
    }

    /// Whether it is this program that it runs, in this way.
    pub(crate) fn starts_as(&self, start: &Start) -> bool {
        *self.start == *start
    }

    /// The verdict when it could not be started within this time.
    pub(crate) fn late(&self, within: Duration) -> Verdict {
        Verdict { health: Health::Fail, text: self.start.is_late(within) }
    }

    /// # Errors
    ///
    /// Why it could not be run, which says nothing of what it checks.
    pub(crate) async fn ask(&self, within: Duration) -> Result<Verdict, String> {
        let fail = |text: String| Ok(Verdict { health: Health::Fail, text });
        let turn = self.turn.take().await;
        let (start, accounts) = (Arc::clone(&self.start), Arc::clone(&self.launcher.accounts));
        let (reply, answer) = oneshot::channel();
        // Dropped with this future, if nobody wants the answer any more.
        let (wanted, dropped) = oneshot::channel::<()>();
        self.launcher.handle.spawn(async move {
            let times = Times { within, patience: PATIENCE };
            let unwanted = async {
                let _ = dropped.await;
            };
            let mut reply = Some(reply);
            let mut tell = |outcome| {
                if let Some(reply) = reply.take() {
                    // Nobody may listen any more.
                    let _ = reply.send(outcome);
                }
            };
            let outcome = run(&start, &accounts, times, unwanted, &mut tell).await;
            // Whoever has the answer may ask again.
            drop(turn);
            if let Some(outcome) = outcome {
                tell(outcome);
            }
        });
        let outcome = answer.await;
        drop(wanted);
        match outcome {
            Ok(Outcome::Ended(status, heard)) => {
                let verdict = self.reading.verdict(status, &heard);
                self.tell(&heard, verdict.health);
                Ok(verdict)
            }
            Ok(Outcome::Late(heard)) => {
                self.tell(&heard, Health::Fail);
                fail(format!("did not end within {} and was stopped", Span(within)))
            }
            Ok(Outcome::NotStarted(why)) => Err(why),
            Ok(Outcome::NotInTime(why)) => fail(why),
            Ok(Outcome::Lost(why)) => fail(format!("its end was not to be seen: {why}")),
            Err(_) => Ok(Verdict { health: Health::Unknown, text: "keepwatch is ending".to_owned() }),
        }
    }

    /// Hands over what a run has written.
    fn tell(&self, heard: &Heard, health: Health) {
        let ails = health != Health::Pass;
        let ailed = self.ails.swap(ails, Ordering::Relaxed);
        let weight = if ails && !ailed { Weight::Reason } else { Weight::Detail };
        heard.tell(&|line| (self.sink)(weight, line));
    }
}

/// What a check says that cannot be run, for this reason.
pub(crate) fn cannot_run(why: String) -> Verdict {
    Verdict { health: Health::Unknown, text: format!("cannot run: {why}") }
}

impl Probe for Script {
    fn probe(&self, within: Duration) -> Work<'_, Verdict> {
        Box::pin(async move { self.ask(within).await.unwrap_or_else(cannot_run) })
    }

    /// While a run is stopped whose time was over.
    fn busy(&self) -> Option<Work<'_, ()>> {
        self.turn.is_had()
    }
}
