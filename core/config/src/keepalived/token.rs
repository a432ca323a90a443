//! Words, lines of words, and braces, each with its place in the text.

use std::borrow::Cow;
use std::ops::Range;

/// One word, without the quotes around it.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Word<'a> {
    /// What it says.
    pub(super) text: Cow<'a, str>,
    /// Where it stands, with its quotes.
    pub(super) span: Range<usize>,
}

/// Words that stand on one line with no brace between them: a statement, or an entry of a list.
#[derive(Clone)]
#[cfg_attr(test, derive(Debug))]
pub(super) struct Line<'a> {
    /// The first word.
    pub(super) keyword: Word<'a>,
    /// The others.
    pub(super) arguments: Vec<Word<'a>>,
    /// All of it as it stands, for the keywords whose arguments are quoted like a shell's.
    pub(super) raw: &'a str,
    /// Where `raw` stands.
    pub(super) span: Range<usize>,
    /// What follows on the line: a comment may have eaten an argument, or a part of one.
    pub(super) comment: Comment,
}

/// Where the comment of a line begins.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(super) enum Comment {
    /// There is none.
    None,
    /// Behind white space.
    Apart,
    /// Within what would be a word: `ab#cd`.
    WithinWord,
}

/// What the parser sees.
#[cfg_attr(test, derive(Debug))]
pub(super) enum Token<'a> {
    /// Words.
    Line(Line<'a>),
    /// `{`, and where.
    Open(usize),
    /// `}`, and where.
    Close(usize),
}
