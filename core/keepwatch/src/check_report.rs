//! What `keepwatch check --json` prints: one document. Its words and its shape stay; fields may be added.

use std::path::Path;

use keepwatch_config::diagnostic::{Located, Location};
use keepwatch_config::{Findings, LoadError, Severity, Site, Source};
use keepwatch_host::Refusal;
use serde::Serialize;

/// The document.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    /// The file that was asked about, absolute.
    file: String,
    /// Whether the exit code is 0.
    valid: bool,
    findings: Vec<Finding>,
}

/// One finding.
#[derive(Debug, Serialize)]
struct Finding {
    severity: &'static str,
    message: String,
    /// The plugin that would not be loaded for it: its table, or its file if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    plugin: Option<String>,
    #[serde(flatten)]
    at: Option<At>,
    label: String,
    /// What else has to do with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related: Vec<Related>,
    notes: Vec<String>,
    help: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Related {
    #[serde(flatten)]
    at: At,
    label: String,
}

/// Lines and columns are counted from 1, columns in characters; the end is the place behind the last one.
#[derive(Debug, Serialize)]
struct At {
    file: String,
    line: usize,
    column: usize,
    end: End,
}

#[derive(Debug, Serialize)]
struct End {
    line: usize,
    column: usize,
}

impl Report {
    pub(crate) fn new(path: &Path, valid: bool, site: &Site, refused: &[(String, Refusal)]) -> Self {
        let mut findings: Vec<Finding> =
            site.texts.iter().flat_map(|(source, findings)| of_text(source, findings)).collect();
        for (place, refusal) in refused {
            findings.extend(
                of_refusal(refusal)
                    .into_iter()
                    .map(|finding| Finding { plugin: Some(place.clone()), ..finding }),
            );
        }
        Self { file: absolute(path), valid, findings }
    }

    /// Of a file that is not even a text.
    pub(crate) fn unreadable(path: &Path, error: &LoadError) -> Self {
        let finding = Finding::plain(error.to_string(), Vec::new());
        Self { file: absolute(path), valid: false, findings: vec![finding] }
    }

    /// The document, for people to read as well.
    pub(crate) fn json(&self) -> String {
        // Strings and numbers: there is nothing that JSON could not say.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }
}

impl Finding {
    /// An error without a place.
    fn plain(message: String, help: Vec<String>) -> Self {
        let (label, related, notes) = (String::new(), Vec::new(), Vec::new());
        Self { severity: "error", message, plugin: None, at: None, label, related, notes, help }
    }
}

fn of_text(source: &Source, findings: &Findings) -> Vec<Finding> {
    findings.located(source).iter().map(finding).collect()
}

fn of_refusal(refusal: &Refusal) -> Vec<Finding> {
    match (refusal.text(), refusal.words()) {
        (Some((source, findings)), _) => of_text(source, findings),
        (None, Some((message, helps))) => vec![Finding::plain(message.to_owned(), helps.to_vec())],
        (None, None) => Vec::new(),
    }
}

fn finding(located: &Located<'_>) -> Finding {
    let Located { finding, primary, secondary } = located;
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Remark => "remark",
    };
    let related = finding.secondary.iter().zip(secondary);
    Finding {
        severity,
        message: finding.message.clone(),
        plugin: None,
        at: Some(at(primary)),
        label: finding.primary.text.clone(),
        related: related
            .map(|(label, location)| Related { at: at(location), label: label.text.clone() })
            .collect(),
        notes: finding.notes.clone(),
        help: finding.helps.clone(),
    }
}

fn at(location: &Location) -> At {
    let Location { file, start, end } = location;
    let end = End { line: end.line, column: end.column };
    At { file: file.clone(), line: start.line, column: start.column, end }
}

fn absolute(path: &Path) -> String {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).display().to_string()
}
