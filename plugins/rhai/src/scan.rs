//! A script's text as tokens with their places. Rhai keeps its own to itself (behind a feature that gives up its promise
//! not to panic), so findings about calls and names need a scan of their own. It never fails: what it does not
//! understand it passes over, and Rhai's parser has the last word.

use std::ops::Range;

/// A token and where it stands, in octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Range<usize>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A keyword or the name of something.
    Name(String),
    /// A literal string.
    Text(Text),
    /// A number or a character.
    Other,
    /// Punctuation. `:` stands for `:` alone, `\u{2237}` for `::`.
    Mark(char),
}

/// `::`, in one character.
pub(crate) const PATH: char = '\u{2237}';

/// A literal string.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text {
    /// Its value, or of one with `${...}` the part before that.
    pub(crate) value: String,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// How deep brackets may be nested, those around a `${...}` included: deeper than any script that Rhai takes.
const DEEPEST: usize = 256;

/// The tokens of a script.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tokens {
    /// Those of the script itself first; then, each for itself, of each `${...}`.
    pub(crate) streams: Vec<Vec<Token>>,
    /// Where brackets are nested deeper than [`DEEPEST`]; nothing is read from there on.
    pub(crate) too_deep: Option<Range<usize>>,
    /// Comments that begin with `//`, without these.
    pub(crate) comments: Vec<(Range<usize>, String)>,
}

impl Tokens {
    /// Reads a text.
    pub(crate) fn of(text: &str) -> Self {
        let mut scanner = Scanner { text, at: 0, open: 0, marks_end: 0, tokens: Self::default() };
        let main = scanner.stream(Place::Outside);
        scanner.tokens.streams.insert(0, main);
        scanner.tokens
    }
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    /// Brackets that are open.
    open: usize,
    /// The end of the `#` that were counted last.
    marks_end: usize,
    tokens: Tokens,
}

/// Where a stream of tokens stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In the script itself.
    Outside,
    /// In a `${...}`.
    Interpolated,
}

impl Scanner<'_> {
    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn eat(&mut self, what: &str) -> bool {
        let found = self.rest().starts_with(what);
        if found {
            self.at += what.len();
        }
        found
    }

    fn eat_while(&mut self, wanted: impl Fn(char) -> bool) {
        while self.peek().is_some_and(&wanted) {
            self.bump();
        }
    }

    /// Tokens to the end, or in a `${...}` to its brace.
    fn stream(&mut self, place: Place) -> Vec<Token> {
        let (mut tokens, mut depth, outer) = (Vec::new(), 0_usize, self.open);
        while let Some(c) = self.peek() {
            let start = self.at;
            let kind = match c {
                _ if c.is_whitespace() => {
                    self.bump();
                    continue;
                }
                '/' if self.comment() => continue,
                '"' => Kind::Text(self.quoted()),
                '`' => Kind::Text(self.backticks()),
                '#' if self.raw_quotes().is_some() => Kind::Text(self.raw()),
                '\'' => self.character(),
                _ if c.is_ascii_digit() => self.number(),
                _ if c == '_' || c.is_ascii_alphabetic() => {
                    self.eat_while(|c| c == '_' || c.is_ascii_alphanumeric());
                    Kind::Name(self.text[start..self.at].to_owned())
                }
                _ if self.eat("::") => Kind::Mark(PATH),
                _ => {
                    self.bump();
                    match c {
                        '{' => depth += 1,
                        '}' if place == Place::Interpolated && depth == 0 => break,
                        '}' => depth = depth.saturating_sub(1),
                        _ => {}
                    }
                    match c {
                        '{' | '(' | '[' => self.nest(start),
                        '}' | ')' | ']' => self.open = self.open.saturating_sub(1).max(outer),
                        _ => {}
                    }
                    Kind::Mark(c)
                }
            };
            tokens.push(Token { kind, span: start..self.at });
        }
        self.open = outer;
        tokens
    }

    /// A bracket opens; one too many is the end of the text. What reads tokens takes as many steps for each as it is deep.
    fn nest(&mut self, start: usize) {
        self.open += 1;
        if self.open > DEEPEST && self.tokens.too_deep.is_none() {
            self.tokens.too_deep = Some(start..self.at);
            self.at = self.text.len();
        }
    }

    fn comment(&mut self) -> bool {
        if self.eat("//") {
            let start = self.at;
            self.eat_while(|c| c != '\n');
            let text = self.text[start..self.at].trim().to_owned();
            self.tokens.comments.push((start..self.at, text));
            return true;
        }
        if !self.eat("/*") {
            return false;
        }
        let mut depth = 1;
        while depth > 0 {
            if self.eat("/*") {
                depth += 1;
            } else if self.eat("*/") {
                depth -= 1;
            } else if self.bump().is_none() {
                break;
            }
        }
        true
    }

    fn quoted(&mut self) -> Text {
        self.bump();
        let mut value = String::new();
        while let Some(c) = self.bump() {
            match c {
                '"' if self.eat("\"") => value.push('"'),
                '"' => break,
                '\\' => self.escape(&mut value),
                _ => value.push(c),
            }
        }
        Text { value, whole: true }
    }

    fn escape(&mut self, value: &mut String) {
        let digits = match self.bump() {
            Some('n') => return value.push('\n'),
            Some('t') => return value.push('\t'),
            Some('r') => return value.push('\r'),
            Some('x') => 2,
            Some('u') => 4,
            Some('U') => 8,
            // A line that goes on with the next: white space at its beginning does not count.
            Some('\n') => return self.eat_while(char::is_whitespace),
            Some(c) => return value.push(c),
            None => return,
        };
        let code = self.rest().get(..digits).and_then(|code| u32::from_str_radix(code, 16).ok());
        if let Some(c) = code.and_then(char::from_u32) {
            self.at += digits;
            value.push(c);
        }
    }

    fn backticks(&mut self) -> Text {
        self.bump();
        let mut text = Text { value: String::new(), whole: true };
        while let Some(c) = self.bump() {
            match c {
                '`' if self.eat("`") => {}
                '`' => break,
                '$' if self.eat("{") => {
                    text.whole = false;
                    self.nest(self.at - 2);
                    let inner = self.stream(Place::Interpolated);
                    self.open = self.open.saturating_sub(1);
                    self.tokens.streams.push(inner);
                    continue;
                }
                _ => {}
            }
            if text.whole {
                text.value.push(c);
            }
        }
        text
    }

    /// How many `#` stand before the quotation mark of a raw string, if one begins here.
    fn raw_quotes(&mut self) -> Option<usize> {
        if self.marks_end <= self.at {
            self.marks_end = self.at + self.rest().bytes().take_while(|octet| *octet == b'#').count();
        }
        let marks = self.marks_end - self.at;
        (self.rest().as_bytes().get(marks) == Some(&b'"')).then_some(marks)
    }

    fn raw(&mut self) -> Text {
        let marks = self.raw_quotes().unwrap_or(0);
        self.at += marks + 1;
        let end = format!("\"{}", "#".repeat(marks));
        let length = self.rest().find(&end).unwrap_or_else(|| self.rest().len());
        let value = self.rest()[..length].to_owned();
        self.at = (self.at + length + end.len()).min(self.text.len());
        Text { value, whole: true }
    }

    fn character(&mut self) -> Kind {
        self.bump();
        if self.bump() == Some('\\') {
            self.escape(&mut String::new());
        }
        self.eat("'");
        Kind::Other
    }

    fn number(&mut self) -> Kind {
        self.eat_while(|c| c == '_' || c.is_ascii_alphanumeric());
        let fraction = self.rest().as_bytes();
        // `0..5` is a range and `5.abs()` a call.
        if fraction.first() == Some(&b'.') && fraction.get(1).is_some_and(u8::is_ascii_digit) {
            self.bump();
            self.eat_while(|c| c == '_' || c.is_ascii_alphanumeric());
        }
        Kind::Other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let tokens = Tokens::of(text);
        let word = |token: &Token| match &token.kind {
            Kind::Name(name) => name.clone(),
            Kind::Text(text) if text.whole => format!("{:?}", text.value),
            Kind::Text(text) => format!("{:?}...", text.value),
            Kind::Other => "0".to_owned(),
            Kind::Mark(mark) => mark.to_string(),
        };
        tokens.streams.iter().map(|stream| stream.iter().map(word).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn tokens_of_all_sorts() {
        let table: [(&str, &[&str]); 12] = [
            ("run(\"a\");", &["run ( \"a\" ) ;"]),
            ("// run(\"a\")\nx /* run /* nested */ still */ y", &["x y"]),
            (r#""a\"b\n\x41\u00e4""#, &["\"a\\\"b\\nAä\""]),
            ("\"a \\\n   b\"", &["\"a b\""]),
            ("`a``b`", &["\"a`b\""]),
            (
                "`x ${ run(\"b\") + #{a: `${1}`}.a } y`",
                &["\"x \"...", "0", "run ( \"b\" ) + # { a : \"\"... } . a"],
            ),
            ("#\"a\"b\"# ##\"c\"#d\"##", &["\"a\\\"b\" \"c\\\"#d\""]),
            ("'a' '\\'' '\\u00e4'", &["0 0 0"]),
            ("0..5 1.5 5.abs() 0xff 1_000", &["0 . . 0 0 0 . abs ( ) 0 0"]),
            ("a::b", &["a ∷ b"]),
            ("ä", &["ä"]),
            ("\"open", &["\"open\""]),
        ];
        for (text, expected) in table {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn every_prefix_of_a_text_is_read() {
        let text = "fn a(x) { `${#{b: \"\\u00e4\"}}` + '\\n' + #\"r\"# /* c */ } // ä";
        for (end, _) in text.char_indices() {
            Tokens::of(&text[..end]);
        }
    }
}
