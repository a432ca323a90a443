//! The text that findings are about.

use std::fmt;

/// A text with the name it is known by.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// What is shown before the line number: the file's name without its directory.
    pub name: String,
    /// The text.
    pub text: String,
}

/// The text may hold a password, so it is not shown.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} octets)", self.name, self.text.len())
    }
}

/// Keys that somebody may write a secret behind, though it belongs into a file.
const SECRET: [&str; 5] = ["key", "password", "token", "secret", "routing_key"];

/// `line` with every octet of a secret replaced by `*`: what follows `auth_pass`, even in a comment, or the header
/// `Authorization`, the line that gives an `auth_hmac` key or a secret, and the path of a webhook. The length in octets stays, so that positions stay right.
pub(super) fn masked(line: &str) -> String {
    let first = line.split([' ', '\t', '=']).find(|word| !word.is_empty());
    let behind = |word: &str| Some(line.to_ascii_lowercase().find(word)? + word.len());
    let begin = match (behind("auth_pass").or_else(|| behind("authorization")), first) {
        (Some(at), _) => at,
        (None, Some(word)) if SECRET.contains(&word) => line.find(word).map_or(0, |at| at + word.len()),
        // Many services know their users by it; the scheme and the host may be seen, a password before it not.
        (None, Some("webhook" | "url")) => {
            let nth = if line.contains('@') { 1 } else { 2 };
            match line.match_indices('/').nth(nth) {
                Some((at, _)) => at + 1,
                None => return line.to_owned(),
            }
        }
        (None, _) => return line.to_owned(),
    };
    let (before, secret) = line.split_at_checked(begin).unwrap_or((line, ""));
    let mut masked = before.to_owned();
    for c in secret.chars() {
        if c.is_whitespace() || c == '{' || c == '}' {
            masked.push(c);
        } else {
            masked.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_auth_pass_is_masked_octet_by_octet() {
        let table = [
            ("   auth_pass 1111", "   auth_pass ****"),
            (
                "authentication { auth_type PASS auth_pass \"a b\" }",
                "authentication { auth_type PASS auth_pass ** ** }",
            ),
            ("auth_pass pä#ss # old one", "auth_pass ****** * *** ***"),
            ("  key 1 hex:0011", "  key * ********"),
            ("password = \"open\"", "password * ******"),
            ("headers = { Authorization = \"Bearer x\" }", "headers = { Authorization * ******* ** }"),
            ("url = \"https://a.example/T0\"", "url = \"https://a.example/***"),
            ("password_file = \"a\"", "password_file = \"a\""),
            ("webhook = \"https://a.example/T0/B0\"", "webhook = \"https://a.example/******"),
            ("webhook=\"https://a.example\"", "webhook=\"https://a.example\""),
            ("  interface eth0", "  interface eth0"),
            ("auth_pass", "auth_pass"),
        ];
        for (line, expected) in table {
            assert_eq!(masked(line), expected);
            assert_eq!(masked(line).len(), line.len());
        }
    }

    #[test]
    fn debug_does_not_show_the_text() {
        let source = Source { name: "a.conf".to_owned(), text: "auth_pass 1111\n".to_owned() };
        assert_eq!(format!("{source:?}"), "Source(\"a.conf\", 15 octets)");
    }
}
