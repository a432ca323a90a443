//! The shell-like second reading of `script` and `notify*`: `"` and `'` both quote, adjacent parts join.

use super::lexer::is_blank;

/// A quotation mark that is never closed, or a backslash with nothing behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unfinished;

/// Splits a whole line into words, or a command into program and arguments: the command is a word of its line, and is split once
/// more, as keepalived does. Escapes are `\a \b \E \f \n \r \t \v`, octal `\nnn`, hexadecimal `\xHH`, control `\cC`; any other
/// character stands for itself. Both times: `"x \"a b\""` is x with one argument.
pub(super) fn split(text: &str) -> Result<Vec<String>, Unfinished> {
    let mut octets = text.bytes().peekable();
    let mut words = Vec::new();
    let mut word: Option<Vec<u8>> = None;
    let mut quote = None;
    while let Some(octet) = octets.next() {
        let blank = is_blank(char::from(octet));
        match octet {
            b'\\' => {
                let escaped = escape(&mut octets).ok_or(Unfinished)?;
                word.get_or_insert_default().push(escaped);
            }
            _ if quote == Some(octet) => quote = None,
            _ if quote.is_some() => word.get_or_insert_default().push(octet),
            b'"' | b'\'' => {
                quote = Some(octet);
                word.get_or_insert_default();
            }
            _ if blank => words.extend(word.take().map(text_of)),
            _ => word.get_or_insert_default().push(octet),
        }
    }
    if quote.is_some() {
        return Err(Unfinished);
    }
    words.extend(word.map(text_of));
    Ok(words)
}

/// The octet that stands behind a backslash.
fn escape(octets: &mut std::iter::Peekable<std::str::Bytes<'_>>) -> Option<u8> {
    let digit =
        |octet: u8, radix| char::from(octet).to_digit(radix).and_then(|digit| u8::try_from(digit).ok());
    let first = octets.next()?;
    let value = match first {
        b'x' if octets.peek().is_some_and(u8::is_ascii_hexdigit) => {
            let mut value = 0_u8;
            for _ in 0..2 {
                let Some(next) = octets.next_if(u8::is_ascii_hexdigit) else { break };
                value = (value << 4) | digit(next, 16)?;
            }
            value
        }
        b'c' if octets.peek().is_some() => octets.next()? & 0x1f,
        b'0'..=b'7' => {
            let mut value = digit(first, 8)?;
            for _ in 0..2 {
                let Some(next) = octets.next_if(|octet| (b'0'..=b'7').contains(octet)) else { break };
                value = (value << 3).wrapping_add(digit(next, 8)?);
            }
            value
        }
        b'a' => 0x07,
        b'b' => 0x08,
        b'E' => 0x1b,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        other => other,
    };
    Some(value)
}

/// A word ends at a NUL, as it does in C.
fn text_of(octets: Vec<u8>) -> String {
    let octets: Vec<u8> = octets.into_iter().take_while(|&octet| octet != 0).collect();
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_join_adjacent_parts() {
        let table: [(&str, &[&str]); 9] = [
            ("script /bin/true", &["script", "/bin/true"]),
            ("script \"/bin/x -a b\" user", &["script", "/bin/x -a b", "user"]),
            ("script '/bin/x \"a b\"'", &["script", "/bin/x \"a b\""]),
            ("script \"/bin/x 'a b'\"", &["script", "/bin/x 'a b'"]),
            ("script a\"b c\"'d e'f", &["script", "ab cd ef"]),
            ("script \"a \\\" b\"", &["script", "a \" b"]),
            ("script \"\"", &["script", ""]),
            ("  script\t x ", &["script", "x"]),
            ("script ä'ö ü'", &["script", "äö ü"]),
        ];
        for (line, expected) in table {
            assert_eq!(split(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn the_command_is_split_again_and_escapes_are_replaced() {
        let table: [(&str, &[&str]); 8] = [
            ("/bin/x -a b", &["/bin/x", "-a", "b"]),
            ("/bin/x 'a b' \"c d\"", &["/bin/x", "a b", "c d"]),
            ("x \\\"a\\\" b\\ c", &["x", "\"a\"", "b c"]),
            ("\\t\\n\\x41\\x4g\\101\\0601", &["\t\nA\u{4}gA01"]),
            ("\\cA\\E\\q", &["\u{1}\u{1b}q"]),
            ("\\xzz", &["xzz"]),
            ("a\\0b c", &["a", "c"]),
            ("", &[]),
        ];
        for (command, expected) in table {
            assert_eq!(split(command).unwrap(), expected, "{command}");
        }
    }

    /// Seen with keepalived 2.2.7.
    #[test]
    fn escapes_count_in_the_line_and_in_the_command() {
        let table: [(&str, &[&str]); 9] = [
            (r#""x \"hello world\" y""#, &["x", "hello world", "y"]),
            (r#""x \"a b\" 'c d'""#, &["x", "a b", "c d"]),
            (r#""x -m \"it's\"""#, &["x", "-m", "it's"]),
            (r#""x a\ b""#, &["x", "a", "b"]),
            (r#""x a\\ b""#, &["x", "a b"]),
            (r#""x a\tb""#, &["x", "a", "b"]),
            (r#""x \\\"a b\\\" c""#, &["x", "\"a", "b\"", "c"]),
            (r#""x \x41 \\x41""#, &["x", "A", "A"]),
            (r#"'x \"a b\" c'"#, &["x", "a b", "c"]),
        ];
        for (word, expected) in table {
            let line = split(&format!("script {word}")).unwrap();
            assert_eq!(split(&line[1]).unwrap(), expected, "{word}");
        }
        let line = split(r"script 'x a\'b'").unwrap();
        assert_eq!(split(&line[1]), Err(Unfinished));
    }

    #[test]
    fn what_is_not_finished_is_refused() {
        for text in ["a \"b", "a 'b", "a \\", "'\""] {
            assert_eq!(split(text), Err(Unfinished), "{text}");
        }
    }
}
