//! Why a plugin is not loaded.

use std::fmt;

use keepwatch_config::diagnostic::{Findings, Source, Style};

/// Why a plugin is not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// What is wrong stands in the file.
    Findings(Source, Findings),
    /// What is wrong has no place in a text.
    Plain {
        /// What happened, in one line that begins in lower case and has no full stop.
        message: String,
        /// What to do, one line each.
        helps: Vec<String>,
    },
}

impl Refusal {
    /// A refusal without a place.
    pub fn plain(message: impl Into<String>) -> Self {
        Self::Plain { message: message.into(), helps: Vec::new() }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        if let Self::Plain { helps, .. } = &mut self {
            helps.push(help.into());
        }
        self
    }

    /// As text, in the manner of rustc, without a line break at the end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        match self {
            Self::Findings(source, findings) => findings.render(source, style).trim_end().to_owned(),
            Self::Plain { message, helps } => {
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
