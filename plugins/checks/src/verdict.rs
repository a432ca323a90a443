//! Verdicts in one line.

use keepwatch_event::Health;
use keepwatch_host::Verdict;

/// What a step of a check gives: something to go on with, or the verdict that ends the check.
pub(crate) type Step<T> = Result<T, Verdict>;

/// All is well.
pub(crate) fn pass(text: impl Into<String>) -> Verdict {
    Verdict { health: Health::Pass, text: text.into() }
}

/// What is checked is not well.
pub(crate) fn fail(text: impl Into<String>) -> Verdict {
    Verdict { health: Health::Fail, text: text.into() }
}

/// The check could not be done: nothing is known of its target.
pub(crate) fn unknown(text: impl Into<String>) -> Verdict {
    Verdict { health: Health::Unknown, text: text.into() }
}

/// A step's verdict, whichever way it came.
pub(crate) fn either(step: Step<Verdict>) -> Verdict {
    step.unwrap_or_else(|verdict| verdict)
}
