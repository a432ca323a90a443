//! Findings with the files, lines and columns they are about, for programs.

use std::ops::Range;

use super::lines::{Lines, Position};
use super::{Diagnostic, Findings, Source};

/// A part of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// Its path; what the text is called if it is no file.
    pub file: String,
    /// Where it begins.
    pub start: Position,
    /// The place behind its last character.
    pub end: Position,
}

/// A finding, and where its labels stand.
#[derive(Clone, Debug)]
pub struct Located<'f> {
    /// What is said.
    pub finding: &'f Diagnostic,
    /// Where its own label stands.
    pub primary: Location,
    /// Where the others do, in their order.
    pub secondary: Vec<Location>,
}

impl Findings {
    /// All findings about `source`, with where they are.
    #[must_use]
    pub fn located(&self, source: &Source) -> Vec<Located<'_>> {
        if self.is_empty() {
            return Vec::new();
        }
        let files: Vec<Lines<'_>> = source.files().into_iter().map(|(_, text)| Lines::new(text)).collect();
        let at = |span: &Range<usize>| locate(source, &files, span);
        self.iter()
            .map(|finding| Located {
                finding,
                primary: at(&finding.primary.span),
                secondary: finding.secondary.iter().map(|label| at(&label.span)).collect(),
            })
            .collect()
    }
}

fn locate(source: &Source, files: &[Lines<'_>], span: &Range<usize>) -> Location {
    let origin = source.origin(span);
    let place = |at| files.get(origin.file).map_or(Position { line: 1, column: 1 }, |file| file.position(at));
    let (start, end) = (place(origin.span.start), place(origin.span.end.max(origin.span.start)));
    Location { file: source.path(origin.file).into_owned(), start, end }
}
