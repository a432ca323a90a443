//! Kills a daemon when what it says to a server comes to some step.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

/// A step of a dialogue.
pub(super) trait Step: Copy + Eq + Debug + Send + 'static {
    /// All of them, in their order.
    const ALL: &'static [Self];

    /// Whether a daemon killed at this step has seen that its message was taken.
    fn seen(self) -> Seen;
}

/// Whether a daemon has seen that its last message was taken, and its disk knows that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The message under way was not taken: it comes once.
    NotTaken,
    /// It was taken, and the daemon cannot know: it comes again.
    Never,
    /// It was taken, and the daemon may know, or all of it was on its way already: it may come again.
    Perhaps,
}

/// What becomes of those who come.
#[derive(Clone, Copy, Debug)]
pub(super) enum Mood<S> {
    /// They are sent away.
    Shut,
    /// They are served.
    Open,
    /// They are served, but at this step, when so many have passed it, this process is killed.
    Kills { step: S, after: u32, victim: u32 },
}

/// Whether the daemon has come past a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    Alive,
    Dead,
}

/// Stands in a server.
#[derive(Debug)]
pub(super) struct Trap<S> {
    mood: Mutex<Mood<S>>,
}

impl<S: Step> Trap<S> {
    pub(super) const fn new() -> Self {
        Self { mood: Mutex::new(Mood::Shut) }
    }

    pub(super) fn set(&self, mood: Mood<S>) {
        *self.mood.lock().unwrap_or_else(PoisonError::into_inner) = mood;
    }

    /// Whether nobody is served.
    pub(super) fn is_shut(&self) -> bool {
        matches!(*self.mood.lock().unwrap_or_else(PoisonError::into_inner), Mood::Shut)
    }

    /// A dialogue has come to this step. If it is the one, the daemon is dead when this returns, and nobody is served.
    pub(super) fn pass(&self, now: S) -> Passed {
        let mut mood = self.mood.lock().unwrap_or_else(PoisonError::into_inner);
        let Mood::Kills { step, after, victim } = &mut *mood else { return Passed::Alive };
        if *step != now {
            return Passed::Alive;
        }
        if *after > 0 {
            *after -= 1;
            return Passed::Alive;
        }
        let victim = Pid::from_raw(i32::try_from(*victim).unwrap());
        kill(victim, Signal::SIGKILL).unwrap();
        // Its end is left for the test to see; if that has seen it already, there is no such child any more.
        let _ = waitid(Id::Pid(victim), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
        *mood = Mood::Shut;
        Passed::Dead
    }
}
