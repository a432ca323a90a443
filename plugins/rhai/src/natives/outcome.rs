//! What a handler answers if it has not done what was to be done.

use std::time::Duration;

use rhai::{Dynamic, Engine};

use super::{Result, sentence};
use crate::duration::duration;
use crate::reach::invalid;

/// What a handler answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// It wants the event again after this time.
    Retry(Duration),
    /// It does not want it, for a reason.
    Skip(String),
}

/// `retry(after)`, `skip(reason)`.
pub(super) fn register(engine: &mut Engine) {
    engine.register_type_with_name::<Answer>("an answer for keepwatch");
    engine.register_fn("retry", |after: Dynamic| -> Result<Answer> {
        duration(&after).map(Answer::Retry).map_err(invalid)
    });
    engine.register_fn("skip", |reason: Dynamic| Answer::Skip(sentence(&reason)));
    engine.register_fn("skip", || Answer::Skip(String::new()));
}
