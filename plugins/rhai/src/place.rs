//! Places in a text: from Rhai's lines and columns to octets.

use std::ops::Range;

use keepwatch_host::diagnostic::Source;
use rhai::Position;

/// The octets of what stands at a position: a name as a whole, else one character. The end of the text if the
/// position is unknown or behind it.
pub(crate) fn span(text: &str, position: Position) -> Range<usize> {
    let Some(line) = position.line() else { return text.len()..text.len() };
    let start = match line.checked_sub(2) {
        None => 0,
        Some(before) => text.match_indices('\n').nth(before).map_or(text.len(), |(at, _)| at + 1),
    };
    let column = position.position().unwrap_or(1).saturating_sub(1);
    let rest = text.get(start..).unwrap_or_default();
    let at = start + rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
    let rest = text.get(at..).unwrap_or_default();
    let word = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let length = if word > 0 { word } else { rest.chars().next().map_or(0, char::len_utf8) };
    at..at + length
}

/// `NAME:LINE:COLUMN`, both counted from 1.
pub(crate) fn name(source: &Source, at: usize) -> String {
    let before = source.text.get(..at).unwrap_or(&source.text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or(before).chars().count() + 1;
    format!("{}:{line}:{column}", source.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_become_octets() {
        let text = "let ä = 1;\nrun(\"x\");\n";
        assert_eq!(&text[span(text, Position::new(2, 1))], "run");
        assert_eq!(&text[span(text, Position::new(1, 5))], "ä");
        assert_eq!(&text[span(text, Position::new(1, 7))], "=");
        assert_eq!(span(text, Position::new(9, 9)), text.len()..text.len());
        assert_eq!(span(text, Position::NONE), text.len()..text.len());
    }

    #[test]
    fn octets_have_a_line_and_a_column() {
        let source = Source::new("a.rhai", "ä\nbc");
        assert_eq!(name(&source, 4), "a.rhai:2:2");
    }
}
