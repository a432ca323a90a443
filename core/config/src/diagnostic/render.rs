//! Findings as text, in the manner of rustc.

use std::ops::Range;

use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet, normalize_untrusted_str};

use super::lines::Lines;
use super::source::masked;
use super::{Diagnostic, Findings, Label, Origin, Severity, Source};

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Characters only.
    Plain,
    /// With ANSI escape sequences for a terminal.
    Colour,
}

/// Nobody reads more at once, and a text made to have thousands must not keep us busy for long.
const MOST_RENDERED: usize = 200;

impl Findings {
    /// The findings as text: each with its title, the name, line and column, the line itself with a caret,
    /// notes and helps; an empty line between two of them. Passwords are masked.
    #[must_use]
    pub fn render(&self, source: &Source, style: Style) -> String {
        let renderer = match style {
            Style::Plain => Renderer::plain(),
            Style::Colour => Renderer::styled(),
        };
        let files: Vec<File<'_>> =
            source.files().into_iter().map(|(name, text)| File { name, lines: Lines::new(text) }).collect();
        let mut rendered: Vec<String> = self
            .iter()
            .take(MOST_RENDERED)
            .map(|finding| render(finding, source, &files, &renderer))
            .collect();
        if let Some(more) = self.len().checked_sub(MOST_RENDERED).filter(|more| *more > 0) {
            rendered.push(format!("... and {more} more: mend these first"));
        }
        if rendered.is_empty() { String::new() } else { rendered.join("\n\n") + "\n" }
    }
}

fn render(finding: &Diagnostic, source: &Source, files: &[File<'_>], renderer: &Renderer) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Remark => Level::NOTE.with_name("remark"),
    };
    let labels = std::iter::once(&finding.primary).chain(&finding.secondary);
    let marks: Vec<Mark<'_>> =
        labels.map(|label| Mark { origin: source.origin(&label.span), label }).collect();
    let mut order: Vec<usize> = Vec::new();
    for mark in &marks {
        if !order.contains(&mark.origin.file) {
            order.push(mark.origin.file);
        }
    }
    // One excerpt of each file that has to do with it.
    let excerpts: Vec<(usize, &str, Excerpt)> = order
        .into_iter()
        .filter_map(|index| {
            let file = files.get(index)?;
            let spans = marks.iter().filter(|mark| mark.origin.file == index).map(|mark| &mark.origin.span);
            Some((index, file.name, file.lines.around(spans)))
        })
        .collect();
    let snippets = excerpts.iter().map(|(index, name, excerpt)| {
        let here = marks.iter().enumerate().filter(|(_, mark)| mark.origin.file == *index);
        Snippet::source(excerpt.text.as_str())
            .path(*name)
            .line_start(excerpt.first_line)
            .annotations(here.map(|(nth, mark)| mark.annotation(nth, excerpt)))
    });
    let notes = finding.notes.iter().map(|note| Level::NOTE.message(normalize_untrusted_str(note)));
    let helps = finding.helps.iter().map(|help| Level::HELP.message(normalize_untrusted_str(help)));
    let group =
        level.primary_title(finding.message.as_str()).elements(snippets).elements(notes).elements(helps);
    renderer.render(&[group])
}

/// A file that a text comes from.
struct File<'a> {
    name: &'a str,
    lines: Lines<'a>,
}

/// A label, and where it is written.
struct Mark<'a> {
    origin: Origin,
    label: &'a Label,
}

impl<'a> Mark<'a> {
    /// The first one is the finding's own.
    fn annotation(&self, nth: usize, excerpt: &Excerpt) -> Annotation<'a> {
        let kind = if nth == 0 { AnnotationKind::Primary } else { AnnotationKind::Context };
        let text = (!self.label.text.is_empty()).then_some(self.label.text.as_str());
        kind.span(excerpt.within(&self.origin.span)).label(text)
    }
}

/// Whole lines of a text, secrets masked.
struct Excerpt {
    text: String,
    offset: usize,
    /// Counted from 1.
    first_line: usize,
}

impl Lines<'_> {
    /// The lines from the first that a span touches to the last.
    fn around<'l>(&self, spans: impl Iterator<Item = &'l Range<usize>>) -> Excerpt {
        let (mut first, mut last) = (self.text.len(), 0);
        for span in spans {
            first = first.min(span.start);
            last = last.max(span.end).max(span.start);
        }
        let (line, offset) = self.line_of(first);
        // A span may end just behind a line break: the line it ends is the one before.
        let next = self.starts.partition_point(|&start| start < last).max(line + 1);
        let end = self.starts.get(next).copied().unwrap_or(self.text.len());
        let text = self.text.get(offset..end).unwrap_or_default();
        let text = text.split_inclusive('\n').map(masked).collect();
        Excerpt { text, offset, first_line: line + 1 }
    }
}

impl Excerpt {
    /// `span` counted from the beginning of the excerpt, within it and on character boundaries.
    fn within(&self, span: &Range<usize>) -> Range<usize> {
        let place = |at: usize| self.text.floor_char_boundary(at.saturating_sub(self.offset));
        let start = place(span.start);
        start..place(span.end).max(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rendered(text: &str, findings: impl IntoIterator<Item = Diagnostic>) -> String {
        let mut list = Findings::default();
        findings.into_iter().for_each(|finding| list.push(finding));
        list.sort();
        let source = Source::new("keepalived.conf", text);
        list.render(&source, Style::Plain)
    }

    #[test]
    fn a_finding_has_title_place_caret_note_and_help() {
        let finding = Diagnostic::warning(&(20..23), "`priority` is out of range", "must be 1 to 255")
            .and(&(0..6), "in this instance")
            .note("keepalived logs this")
            .help("choose another");
        let expected = "\
warning: `priority` is out of range
 --> keepalived.conf:2:12
  |
1 | VI_1 {  
  | ------ in this instance
2 |   priority 300
  |            ^^^ must be 1 to 255
  |
  = note: keepalived logs this
  = help: choose another
";
        assert_eq!(rendered("VI_1 {  \n  priority 300\n}\n", [finding]), expected);
    }

    #[test]
    fn the_name_of_a_remark_is_remark_and_positions_decide_the_order() {
        let findings = [Diagnostic::remark(&(2..3), "second", ""), Diagnostic::error(&(0..1), "first", "")];
        let expected = "\
error: first
 --> keepalived.conf:1:1
  |
1 | a
  | ^

remark: second
 --> keepalived.conf:2:1
  |
2 | b
  | ^
";
        assert_eq!(rendered("a\nb\n", findings), expected);
    }

    #[test]
    fn a_password_in_a_shown_line_is_masked() {
        let out = rendered("auth_pass 12345678901\n", [Diagnostic::warning(&(10..21), "too long", "")]);
        assert!(out.contains("1 | auth_pass ***********\n"), "{out}");
    }

    #[test]
    fn any_span_in_any_text_can_be_rendered() {
        for text in ["", "\n", "ä", "a\r\nb", "\u{1b}[31m\0", "\t\t}"] {
            for (start, end) in [(0, 0), (0, 1), (1, 9), (5, 2), (usize::MAX, usize::MAX)] {
                rendered(text, [Diagnostic::error(&Range { start, end }, "x", "y").note("z")]);
            }
        }
    }

    #[test]
    fn colour_adds_escape_sequences_and_plain_has_none() {
        let mut findings = Findings::default();
        findings.push(Diagnostic::error(&(0..1), "x", "y"));
        let source = Source::new("n", "a");
        assert!(!findings.render(&source, Style::Plain).contains('\u{1b}'));
        assert!(findings.render(&source, Style::Colour).contains('\u{1b}'));
    }
}
