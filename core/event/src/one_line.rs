//! Text of others in a line of ours.

/// Text that somebody else has written, a script, a plugin or a server, as part of one line of a log or a terminal: its
/// lines, without blank ones, are joined by ` / `, so that none of them looks like a line of ours, and control characters
/// are written as escapes.
#[must_use]
pub fn one_line(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut line = String::with_capacity(text.len());
    for c in lines.join(" / ").chars() {
        if c.is_control() { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
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
            ("\n \n", ""),
        ];
        for (text, expected) in table {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }
}
