//! Where verdicts go.

use std::time::Duration;

use crate::error::HostError;
use crate::message::{Message, Messenger};
use crate::plugin::{Verdict, Work};

/// Where verdicts go: to whoever decides what they are worth. Called from plugins' threads; it must not wait.
pub trait Verdicts: Send + Sync {
    /// Says how something is, what number it is if it is one, and how long that holds. Gives whether there was room for the
    /// name, if it was not known.
    fn report(&self, name: &str, verdict: Verdict, value: Option<i32>, holds: Duration) -> bool;

    /// This was not asked, as it is still busy with what it was asked before. What was said of it last holds for this time
    /// yet; not at all longer, if that is zero.
    fn skipped(&self, name: &str, holds: Duration);

    /// This is asked in another rhythm from now on. What was said of it last holds for this time yet.
    fn holds_on(&self, name: &str, holds: Duration);

    /// Nobody will say how this is any more.
    fn forget(&self, name: &str);
}

/// Hears verdicts, and does nothing about them, nor knows anybody to whom messages could go: for trials.
#[derive(Clone, Copy, Debug)]
pub struct Nobody;

impl Verdicts for Nobody {
    fn report(&self, _: &str, _: Verdict, _: Option<i32>, _: Duration) -> bool {
        true
    }

    fn skipped(&self, _: &str, _: Duration) {}

    fn holds_on(&self, _: &str, _: Duration) {}

    fn forget(&self, _: &str) {}
}

impl Messenger for Nobody {
    fn hand_in(&self, message: Message) -> Work<'_, Result<(), HostError>> {
        let Message { destination, .. } = message;
        Box::pin(
            async move { Err(HostError::invalid(format!("there is no destination \"{destination}\" here"))) },
        )
    }
}
