//! Text to lines of words and braces.
//!
//! keepalived reads line by line. `#` and `!` begin a comment anywhere outside double quotes; `\#` and `\!`
//! do not. `{` and `}` stand alone anywhere outside double quotes. `"..."` is one word, and a `"` within a
//! word begins a new one. Single quotes mean nothing here (see `quoting` for the keywords where they do).

use std::borrow::Cow;
use std::ops::Range;

use super::names;
use super::token::{Comment, Line, Token, Word};
use crate::diagnostic::{Diagnostic, Findings};

/// keepalived drops longer lines (its `MAXBUF`, less the final NUL).
const LONGEST_LINE: usize = 1023;

/// All tokens of `text`.
pub(super) fn lex<'a>(text: &'a str, findings: &mut Findings) -> Vec<Token<'a>> {
    let mut tokens = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        let start = offset;
        offset += line.len();
        let part = significant(line);
        let content = line.get(..part.end).unwrap_or_default();
        let skipped = content.len() - content.trim_start_matches([' ', '\t', '\u{feff}']).len();
        let content = content.get(skipped..).unwrap_or_default();
        if content.is_empty() {
            continue;
        }
        let open_quote = part.open_quote.map(|at| start + at);
        let start = start + skipped;
        names::report_undefined(content, start, findings);
        report_oddities(content, start, line.len(), open_quote, findings);
        Scanner { content, start, at: 0, comment: part.comment }.scan(&mut tokens);
    }
    tokens
}

/// The part of a line that counts.
pub(super) struct Significant {
    /// Its length in octets, without white space at its end.
    pub(super) end: usize,
    /// Whether a comment follows.
    comment: Comment,
    /// Where a double quote stands that is never closed.
    open_quote: Option<usize>,
}

/// Finds the comment, as keepalived's `decomment` does.
pub(super) fn significant(line: &str) -> Significant {
    let mut quote = None;
    let mut end = line.len();
    let mut escaped = false;
    let mut comment = Comment::None;
    for (at, octet) in line.bytes().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match octet {
            b'\\' => escaped = true,
            b'"' => quote = if quote.is_some() { None } else { Some(at) },
            b'#' | b'!' if quote.is_none() => {
                (end, comment) = (at, Comment::Apart);
                break;
            }
            _ => {}
        }
    }
    let begin = end;
    let end = line.get(..end).unwrap_or_default().trim_end_matches(is_blank).len();
    if comment == Comment::Apart && end == begin {
        comment = Comment::WithinWord;
    }
    Significant { end, comment, open_quote: quote }
}

fn report_oddities(
    content: &str,
    start: usize,
    length: usize,
    open_quote: Option<usize>,
    findings: &mut Findings,
) {
    let end = start + content.len();
    if length > LONGEST_LINE + 1 {
        let finding = Diagnostic::warning(
            &(start..start),
            format!("this line has {length} octets"),
            "keepalived reads lines of at most 1023",
        );
        findings.push(finding.note("keepalived drops its first 1023 octets; keepwatch reads all of it"));
    }
    if let Some(quote) = open_quote {
        findings.push(
            Diagnostic::warning(&(quote..end), "a double quote is not closed on its line", "")
                .note("keepalived logs this and drops the rest of the line; keepwatch does the same"),
        );
    }
    if content.ends_with('\\') {
        findings.push(
            Diagnostic::warning(&(end - 1..end), "a line ends in a backslash", "this has no meaning here")
                .note("keepalived.conf has no continuation lines; keepwatch ignores the backslash"),
        );
    }
}

/// Works through the significant part of one line.
struct Scanner<'a> {
    content: &'a str,
    /// Where it stands in the text.
    start: usize,
    /// How far it has been read.
    at: usize,
    /// Whether a comment follows.
    comment: Comment,
}

impl<'a> Scanner<'a> {
    fn scan(&mut self, tokens: &mut Vec<Token<'a>>) {
        let mut words = Vec::new();
        loop {
            self.at += self.rest().len() - self.rest().trim_start_matches(is_blank).len();
            let next = self.rest().chars().next();
            if let Some('{' | '}') | None = next {
                self.finish_line(&mut words, tokens);
            }
            let place = self.start + self.at;
            match next {
                None => return,
                Some('{') => tokens.push(Token::Open(place)),
                Some('}') => tokens.push(Token::Close(place)),
                Some('"') => match self.quoted_word() {
                    Some(word) => words.push(word),
                    // Never closed: the rest of the line is lost, as reported.
                    None => self.at = self.content.len(),
                },
                Some('\\') if self.rest() == "\\" => self.at += 1,
                Some(_) => words.push(self.plain_word()),
            }
            if let Some('{' | '}') = next {
                self.at += 1;
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.content.get(self.at..).unwrap_or_default()
    }

    fn finish_line(&self, words: &mut Vec<Word<'a>>, tokens: &mut Vec<Token<'a>>) {
        let mut words = std::mem::take(words).into_iter();
        let Some(keyword) = words.next() else { return };
        let from = keyword.span.start - self.start;
        let raw = self.content.get(from..self.at).unwrap_or_default().trim_end_matches(is_blank);
        let span = keyword.span.start..keyword.span.start + raw.len();
        let comment = if self.at == self.content.len() { self.comment } else { Comment::None };
        tokens.push(Token::Line(Line { keyword, arguments: words.collect(), raw, span, comment }));
    }

    fn quoted_word(&mut self) -> Option<Word<'a>> {
        let length = self.rest().get(1..)?.find('"')?;
        let text = self.rest().get(1..=length)?;
        let span = self.advance(length + 2);
        Some(Word { text: Cow::Borrowed(text), span })
    }

    fn plain_word(&mut self) -> Word<'a> {
        let rest = self.rest();
        let mut end = rest.len();
        let mut skip_to = 0;
        for (at, c) in rest.char_indices() {
            if at < skip_to {
                continue;
            }
            if let Some(length) = names::variable_length(rest.get(at..).unwrap_or_default()) {
                skip_to = at + length;
            } else if is_blank(c) || matches!(c, '"' | '{' | '}') {
                end = at;
                break;
            }
        }
        let text = rest.get(..end).unwrap_or_default();
        let span = self.advance(end);
        Word { text: without_comment_escapes(text), span }
    }

    fn advance(&mut self, length: usize) -> Range<usize> {
        let from = self.start + self.at;
        self.at += length;
        from..from + length
    }
}

/// `\#` and `\!` outside quotes stand for the characters themselves.
fn without_comment_escapes(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some(next @ ('#' | '!')) => out.push(next),
            Some(next) => out.extend(['\\', next]),
            None => out.push('\\'),
        }
    }
    Cow::Owned(out)
}

/// C's white space, not Unicode's.
pub(super) const fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\u{b}' | '\u{c}')
}

#[cfg(test)]
#[path = "lexer_tests.rs"]
mod tests;
