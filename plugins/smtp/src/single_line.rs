//! Text that must stay on one line of a header.

/// The longest value, in characters: far below the 998 octets of a line, also where nothing can be folded.
const LONGEST: usize = 200;

/// The text as one line: line breaks, other control characters and runs of blanks become one blank; what is too long is
/// cut; and what looks encoded is no longer, so that a reader sees the characters that are there.
pub(crate) fn single_line(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ").replace("=?", "= ?");
    match clean.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", clean[..end].trim_end()),
        None => clean,
    }
}

/// The text as a body: with `\n` between lines, and no other control character than tabs.
pub(crate) fn body(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| matches!(c, '\n' | '\t') || !c.is_control()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_it_is_it_stays_one_line() {
        let table = [
            ("VI_1 is MASTER", "VI_1 is MASTER"),
            ("a\r\nBcc: b@example.com", "a Bcc: b@example.com"),
            ("\n\t a \u{2028} \0 b\u{85}c \r", "a b c"),
            ("=?utf-8?q?=0D=0A?=", "= ?utf-8?q?=0D=0A?="),
            ("", ""),
        ];
        for (text, expected) in table {
            assert_eq!(single_line(text), expected, "{text:?}");
        }
        assert_eq!(single_line(&"x".repeat(100_000)).len(), LONGEST + 3);
    }

    #[test]
    fn a_body_has_lines_and_tabs_and_nothing_else_that_moves_a_cursor() {
        assert_eq!(body("a\r\nb\rc\n\td\u{1b}[2J\0"), "a\nb\nc\n\td[2J");
    }
}
