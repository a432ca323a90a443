//! Findings about a text: what is wrong, where, and what to do.

mod findings;
mod lines;
mod located;
mod render;
mod source;
mod traced;

use std::ops::Range;

pub use findings::Findings;
pub use lines::Position;
pub use located::{Located, Location};
pub use render::Style;
pub use source::Source;
pub(crate) use source::{File, is_auth_type};
pub(crate) use traced::{Origin, Traced};

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The configuration cannot be used.
    Error,
    /// It can be used, but not as written.
    Warning,
    /// It can be used as written, but may not be what was meant.
    Remark,
}

/// A part of the text, and what is to be said about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Octets of the text.
    pub span: Range<usize>,
    /// What stands under them; may be empty.
    pub text: String,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it matters.
    pub severity: Severity,
    /// What happened, in one line that begins in lower case and has no full stop.
    pub message: String,
    /// Where.
    pub primary: Label,
    /// What else in the text has to do with it.
    pub secondary: Vec<Label>,
    /// What follows from it.
    pub notes: Vec<String>,
    /// What to do.
    pub helps: Vec<String>,
}

impl Diagnostic {
    /// An error at `span`, with `label` under it.
    pub fn error(span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Severity::Error, span, message.into(), label.into())
    }

    /// A warning at `span`, with `label` under it.
    pub fn warning(span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Severity::Warning, span, message.into(), label.into())
    }

    /// A remark at `span`, with `label` under it.
    pub fn remark(span: &Range<usize>, message: impl Into<String>, label: impl Into<String>) -> Self {
        Self::new(Severity::Remark, span, message.into(), label.into())
    }

    fn new(severity: Severity, span: &Range<usize>, message: String, text: String) -> Self {
        let primary = Label { span: span.clone(), text };
        Self { severity, message, primary, secondary: Vec::new(), notes: Vec::new(), helps: Vec::new() }
    }

    /// Adds what else in the text has to do with it.
    #[must_use]
    pub fn and(mut self, span: &Range<usize>, label: impl Into<String>) -> Self {
        self.secondary.push(Label { span: span.clone(), text: label.into() });
        self
    }

    /// Adds what follows from it.
    #[must_use]
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.helps.push(help.into());
        self
    }
}
