//! What somebody else has said, fit for one line.

/// So many characters of it are shown.
const SHOWN: usize = 60;

/// The beginning of what was said, between backquotes, with control characters escaped.
pub(crate) fn quote(said: &[u8]) -> String {
    // Octets beyond what can be shown need not be looked at: a character has at most four.
    let beginning = said.get(..said.len().min(4 * SHOWN)).unwrap_or(said);
    let text = String::from_utf8_lossy(beginning);
    let text = text.trim_end();
    let shown: String = text.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    // Quotation marks need no escape between backquotes.
    let shown = shown.replace("\\\"", "\"").replace("\\'", "'");
    let more = if text.chars().count() > SHOWN || said.len() > beginning.len() { "..." } else { "" };
    format!("`{shown}{more}`")
}

/// Whether `part` occurs in `whole`.
pub(crate) fn contains(whole: &[u8], part: &[u8]) -> bool {
    part.is_empty() || whole.windows(part.len()).any(|window| window == part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_whatever_was_said() {
        assert_eq!(quote(b"220 mail ESMTP\r\n"), "`220 mail ESMTP`");
        assert_eq!(quote(b"a\nb\0\"c\" it's"), "`a\\nb\\0\"c\" it's`");
        assert_eq!(quote(&[0xff, b'x']), "`\u{fffd}x`");
        assert_eq!(quote(&[b'x'; 61]), format!("`{}...`", "x".repeat(60)));
        assert_eq!(quote(&[b'x'; 5000]), format!("`{}...`", "x".repeat(60)));
    }

    #[test]
    fn a_part_is_found() {
        assert!(contains(b"+PONG\r\n", b"PONG") && contains(b"x", b"") && !contains(b"PON", b"PONG"));
    }
}
