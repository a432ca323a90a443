//! Answers that are not what was asked for.

/// An answer that is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no answer to `{command}`: {why}; it begins with: {begin}")]
pub struct Unreadable {
    /// What was asked.
    pub command: &'static str,
    /// What is wrong with it.
    pub why: String,
    /// Its first line.
    pub begin: String,
}

impl Unreadable {
    pub(crate) fn new(command: &'static str, why: impl Into<String>, answer: &str) -> Self {
        let first = answer.lines().find(|line| !line.trim().is_empty()).unwrap_or("(nothing)");
        Self { command, why: why.into(), begin: first.trim().chars().take(100).collect() }
    }
}
