//! A mail that a server has taken, and how to read it.

use std::time::SystemTime;

/// A mail that a server has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenMail {
    /// When it had all of it.
    pub at: SystemTime,
    /// The sender, of the envelope.
    pub from: String,
    /// The recipients, of the envelope.
    pub to: Vec<String>,
    /// Headers and body, as they came, with a line feed after each line.
    pub text: String,
}

impl TakenMail {
    /// The value of the first header of this name, in one line; none if it has none. Encoded words stay as they are.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        header(self.text.split("\n\n").next().unwrap_or_default(), name)
    }

    /// What it says in plain text: its body, or the plain one of its parts (RFC 2045, RFC 2046).
    #[must_use]
    pub fn plain(&self) -> String {
        let (head, body) = self.text.split_once("\n\n").unwrap_or((&self.text, ""));
        let kind = header(head, "Content-Type").unwrap_or_default();
        let Some((_, boundary)) = kind.split_once("boundary=") else { return decoded(head, body) };
        let boundary = boundary.trim_start_matches('"').split('"').next().unwrap_or_default();
        let delimiter = format!("--{boundary}");
        let parts = body.split(&delimiter).filter_map(|part| part.trim_start().split_once("\n\n"));
        let is_plain =
            |head: &str| header(head, "Content-Type").is_none_or(|kind| kind.starts_with("text/plain"));
        let mut plain = parts.filter(|(head, _)| is_plain(head));
        plain.next().map(|(head, body)| decoded(head, body)).unwrap_or_default()
    }
}

/// A header's value, its further lines joined.
fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().skip_while(|line| {
        line.split_once(':').is_none_or(|(this, _)| line.starts_with(' ') || !this.eq_ignore_ascii_case(name))
    });
    let (_, value) = lines.next()?.split_once(':')?;
    let further = lines.take_while(|line| line.starts_with([' ', '\t']));
    let words: Vec<&str> = std::iter::once(value).chain(further).map(str::trim).collect();
    Some(words.join(" "))
}

/// A body as it was before it was made fit to travel.
fn decoded(head: &str, body: &str) -> String {
    let is_quoted = header(head, "Content-Transfer-Encoding")
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("quoted-printable"));
    if is_quoted { unquoted(body) } else { body.to_owned() }
}

/// Quoted-printable (RFC 2045 6.7).
fn unquoted(text: &str) -> String {
    let mut octets = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = match (first, after) {
            (b'=', [b'\n', after @ ..]) => after,
            (b'=', [high, low, after @ ..]) => {
                let digit =
                    |octet: &u8| char::from(*octet).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                if let (Some(high), Some(low)) = (digit(high), digit(low)) {
                    octets.push(high << 4 | low);
                }
                after
            }
            (octet, after) => {
                octets.push(*octet);
                after
            }
        };
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail(text: &str) -> TakenMail {
        TakenMail { at: SystemTime::UNIX_EPOCH, from: String::new(), to: Vec::new(), text: text.to_owned() }
    }

    #[test]
    fn headers_are_found_by_name_and_unfolded() {
        let mail = mail("From: a@b\nSubject: one\n two\n\tthree: four\nX: y\n\nSubject: of the body\n");
        assert_eq!(mail.header("subject").as_deref(), Some("one two three: four"));
        assert_eq!(mail.header("X").as_deref(), Some("y"));
        assert_eq!(mail.header("three"), None);
        assert_eq!(mail.header("To"), None);
    }

    #[test]
    fn the_plain_words_of_each_kind() {
        assert_eq!(mail("Subject: x\n\nline\n").plain(), "line\n");
        let quoted = "Content-Transfer-Encoding: quoted-printable\n\nh=C3=A9 a=\nnd =3D\n";
        assert_eq!(mail(quoted).plain(), "h\u{e9} and =\n");
        let parts = "Content-Type: multipart/alternative;\n boundary=\"xyz\"\n\n--xyz\nContent-Type: text/html\n\n<p>\n\
                     --xyz\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 7bit\n\nhello\n--xyz--\n";
        assert_eq!(mail(parts).plain(), "hello\n");
    }
}
