//! Why a plugin is not loaded.

use std::fmt;
use std::path::PathBuf;

use keepwatch_config::diagnostic::{Findings, Source, Style};

/// Why a plugin is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    why: Why,
    files: Vec<PathBuf>,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Why {
    /// It stands in a file.
    Findings(Source, Findings),
    /// It has no place in a text.
    Plain { message: String, helps: Vec<String> },
}

impl Refusal {
    /// A refusal without a place: what happened, in one line that begins in lower case and has no full stop.
    pub fn plain(message: impl Into<String>) -> Self {
        Self { why: Why::Plain { message: message.into(), helps: Vec::new() }, files: Vec::new() }
    }

    /// A refusal for what stands in a file.
    #[must_use]
    pub const fn findings(source: Source, findings: Findings) -> Self {
        Self { why: Why::Findings(source, findings), files: Vec::new() }
    }

    /// Adds files beside the plugin's own that were looked at, whether they were there or not: when one of them changes
    /// the plugin is tried again.
    #[must_use]
    pub fn looked_at(mut self, files: impl IntoIterator<Item = PathBuf>) -> Self {
        self.files.extend(files);
        self
    }

    /// The files beside the plugin's own that were looked at.
    #[must_use]
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What happened, and what to do, one line each; none if that stands in a file, with its place.
    #[must_use]
    pub fn words(&self) -> Option<(&str, &[String])> {
        match &self.why {
            Why::Findings(..) => None,
            Why::Plain { message, helps } => Some((message, helps)),
        }
    }

    /// The text that it stands in, and what is wrong there; none if it has no place in a text.
    #[must_use]
    pub const fn text(&self) -> Option<(&Source, &Findings)> {
        match &self.why {
            Why::Findings(source, findings) => Some((source, findings)),
            Why::Plain { .. } => None,
        }
    }

    /// Adds what to do, in one line.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        if let Why::Plain { helps, .. } = &mut self.why {
            helps.push(help.into());
        }
        self
    }

    /// As text, in the manner of rustc, without a line break at the end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        match &self.why {
            Why::Findings(source, findings) => findings.render(source, style).trim_end().to_owned(),
            Why::Plain { message, helps } => {
                let mut text = format!("error: {message}");
                for help in helps {
                    text.push_str("\n  = help: ");
                    text.push_str(help);
                }
                text
            }
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Style::Plain))
    }
}

impl std::error::Error for Refusal {}
