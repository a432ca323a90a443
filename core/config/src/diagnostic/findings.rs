//! All findings about one text.

use super::{Diagnostic, Severity};

/// Findings, in the order of their positions in the text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings(Vec<Diagnostic>);

impl Findings {
    /// Adds a finding. [`Self::sort`] puts it in its place.
    pub fn push(&mut self, finding: Diagnostic) {
        self.0.push(finding);
    }

    /// Puts the findings in the order of their positions; those at one position stay in the order in which
    /// they were made.
    pub fn sort(&mut self) {
        self.0.sort_by_key(|finding| finding.primary.span.start);
    }

    /// The findings.
    pub fn iter(&self) -> impl Iterator<Item = &Diagnostic> {
        self.0.iter()
    }

    /// How many findings there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many findings are of this severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.0.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether one of them forbids using the configuration.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }
}
