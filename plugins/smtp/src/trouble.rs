//! Why a relay did not take a message.

use keepwatch_notify::{Outcome, Scope};

use crate::reply::Reply;

/// Why a relay did not take a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// It did not come to a judgement about the message: the next relay may.
    Relay(String),
    /// Its judgement, or one of ours that no relay will change.
    Judged(Outcome),
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Asked {
    /// Whether it takes mail from this sender.
    Sender,
    /// Whether it takes mail for these recipients, or this message.
    Message,
}

impl Trouble {
    /// From an answer that is not the one that was to come.
    pub(crate) fn of(reply: &Reply, asked: Asked) -> Self {
        let why = reply.line.clone();
        let later = |scope| Self::Judged(Outcome::Later { why: why.clone(), after: None, scope });
        match (reply.code, asked) {
            // It is about to close, or wants a user or TLS first: nothing about the message.
            (421 | 530 | 534 | 535 | 538, _) => Self::Relay(why),
            // Answers to something else: whoever mixes lines of his own into a dialogue gets no further.
            (..400, _) => Self::Relay(format!("it answers out of step: {why}")),
            (450..=452, Asked::Message) => later(Scope::Parcel),
            (..500, _) => later(Scope::Destination),
            _ => Self::Judged(Outcome::Refused { why }),
        }
    }
}
