//! One run of a program, from its start until nothing of it is left.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use crate::accounts::Accounts;
use crate::heard::Heard;
use crate::start::Start;

/// How a run went.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It came to its end.
    Ended(ExitStatus, Heard),
    /// It was not started, for this reason.
    NotStarted(String),
    /// It could not be started in time, as this says.
    NotInTime(String),
    /// It took too long.
    Late(Heard),
    /// Its end could not be waited for, for this reason.
    Lost(String),
}

/// How long a run may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Times {
    /// Until its end.
    pub(crate) within: Duration,
    /// From SIGTERM to SIGKILL.
    pub(crate) patience: Duration,
}

/// Runs a program. If it has to be stopped, `tell` hears why before that is done, and there is no other answer. It is
/// stopped as well when `unwanted` ends, without a word, and killed if this is dropped.
pub(crate) async fn run(
    start: &Arc<Start>,
    accounts: &Arc<Accounts>,
    times: Times,
    unwanted: impl Future<Output = ()>,
    tell: impl FnOnce(Outcome),
) -> Option<Outcome> {
    let until = Instant::now() + times.within;
    let mut unwanted = std::pin::pin!(unwanted);
    let mut starting = std::pin::pin!(start.spawn(accounts));
    let started = tokio::select! {
        started = &mut starting => Ok(started),
        () = sleep_until(until) => Err(Cut::Late),
        () = &mut unwanted => Err(Cut::Unwanted),
    };
    let mut running = match started {
        Ok(Ok(running)) => running,
        Ok(Err(why)) => return Some(Outcome::NotStarted(why)),
        Err(cut) => {
            if cut == Cut::Late {
                tell(Outcome::NotInTime(start.is_late(times.within)));
            }
            // It may hang in the kernel, where nobody can stop it. Should it start after all, it is too late.
            if let Ok(running) = starting.await {
                running.stop(times.patience).await;
            }
            return None;
        }
    };
    let ended = tokio::select! {
        ended = running.ended() => Ok(ended),
        () = sleep_until(until) => Err(Cut::Late),
        () = &mut unwanted => Err(Cut::Unwanted),
    };
    let heard = std::mem::take(&mut running.heard);
    match ended {
        Ok(Ok(status)) => return Some(Outcome::Ended(status, heard)),
        Ok(Err(error)) => tell(Outcome::Lost(error.to_string())),
        Err(Cut::Late) => tell(Outcome::Late(heard)),
        Err(Cut::Unwanted) => {}
    }
    running.stop(times.patience).await;
    None
}

/// Why a run is not waited for any longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cut {
    Late,
    Unwanted,
}
