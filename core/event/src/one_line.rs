//! Text of others in a line of ours.

/// Text that somebody else has written, a script, a plugin or a server, as part of one line of a log or a terminal: its
/// lines, without blank ones, are joined by ` / `, so that none of them looks like a line of ours, and control characters
/// and those that turn or end a line are written as escapes.
#[must_use]
pub fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    escaped(&lines.join(" / "))
}

/// The same for a name that somebody else has given, as of a file: all of it, its line breaks as escapes, too.
#[must_use]
pub fn escaped(name: &str) -> String {
    let mut line = String::with_capacity(name.len());
    for c in name.chars() {
        if c.is_control() || turns(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// Whether a terminal may begin a new line for it, or show what follows in another order (Unicode Standard Annex 9).
const fn turns(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_it_is_it_stays_one_line() {
        let table = [
            ("fine", "fine"),
            ("one\r\n\n  two\n", "one / two"),
            ("a\rb\tc\u{1b}[31m\u{9b}2J\u{85}", "a\\rb\\tc\\u{1b}[31m\\u{9b}2J"),
            ("äöü \\ \"", "äöü \\ \""),
            ("a\u{2028}b\u{202e}c\u{2066}", "a\\u{2028}b\\u{202e}c\\u{2066}"),
            ("\n \n", ""),
        ];
        for (text, expected) in table {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn of_a_name_nothing_is_left_out() {
        for (name, expected) in
            [(" a b ", " a b "), ("a\n\nb\r", "a\\n\\nb\\r"), ("ä\u{1b}\u{202e}", "ä\\u{1b}\\u{202e}")]
        {
            assert_eq!(escaped(name), expected);
        }
    }
}
