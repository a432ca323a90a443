//! Tokens to statements: a line of words, and perhaps a block of further statements.

use std::borrow::Cow;
use std::ops::Range;

use super::keywords::Level;
use super::token::{Comment, Line, Token, Word};
use crate::diagnostic::{Diagnostic, Findings};
use crate::similar::shown;

/// Deeper nesting than any configuration has; a bound, so that nothing overflows.
const DEEPEST: usize = 32;

/// A keyword with its arguments and perhaps a block; or an entry of a list.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Statement<'a> {
    /// The words.
    pub(super) line: Line<'a>,
    /// What stands in braces behind them.
    pub(super) block: Option<Block<'a>>,
}

/// What stands between braces.
#[cfg_attr(test, derive(Debug))]
pub(super) struct Block<'a> {
    /// Where its `{` stands.
    pub(super) open: usize,
    /// What is in it.
    pub(super) statements: Vec<Statement<'a>>,
}

impl<'a> Statement<'a> {
    /// The first word.
    pub(super) fn keyword(&self) -> &str {
        &self.line.keyword.text
    }

    /// The argument with this index, from 0.
    pub(super) fn argument(&self, index: usize) -> Option<&Word<'a>> {
        self.line.arguments.get(index)
    }

    /// What stands in its block; nothing if it has none.
    pub(super) fn entries(&self) -> &[Self] {
        self.block.as_ref().map_or(&[], |block| &block.statements)
    }
}

/// The statements at the root. `None` if braces do not match, which is then reported.
pub(super) fn parse<'a>(tokens: Vec<Token<'a>>, findings: &mut Findings) -> Option<Vec<Statement<'a>>> {
    let mut parser = Parser { open: Vec::new(), statements: Vec::new(), misplaced: None };
    for token in tokens {
        match token {
            Token::Line(line) => parser.add(line),
            Token::Open(at) => parser.open(at, findings)?,
            Token::Close(at) => parser.close(at, findings),
        }
    }
    parser.finish(findings)
}

struct Parser<'a> {
    /// Blocks that are not closed yet, from the outermost: each with what stood before it on its level.
    open: Vec<Open<'a>>,
    /// What has been read on the current level.
    statements: Vec<Statement<'a>>,
    /// The first keyword that belongs outside the block it stands in.
    misplaced: Option<Misplaced>,
}

/// A keyword that belongs further out: a `}` is missing before it.
struct Misplaced {
    keyword: String,
    span: Range<usize>,
    block: String,
    /// The line that opens the block.
    block_at: Range<usize>,
}

struct Open<'a> {
    before: Vec<Statement<'a>>,
    line: Line<'a>,
    at: usize,
}

impl Open<'_> {
    /// Whether no keyword stands before it.
    const fn is_nameless(&self) -> bool {
        self.line.raw.is_empty()
    }

    /// From its keyword to its `{`.
    fn span(&self) -> Range<usize> {
        self.line.span.start..self.at + 1
    }
}

impl<'a> Parser<'a> {
    fn add(&mut self, line: Line<'a>) {
        if self.misplaced.is_none() {
            self.misplaced = self.misplaced(&line);
        }
        self.statements.push(Statement { line, block: None });
    }

    /// Whether a line begins with a keyword that only a level further out knows.
    fn misplaced(&self, line: &Line<'_>) -> Option<Misplaced> {
        let innermost = self.open.last()?;
        let keyword = line.keyword.text.as_ref();
        let mut level = Some(Level::Root);
        let mut known_further_out = false;
        for open in &self.open {
            known_further_out |= level.is_some_and(|level| level.status(keyword).is_some());
            level = level.and_then(|level| level.within(&open.line.keyword.text));
        }
        let known_here = level.is_some_and(|level| level.status(keyword).is_some());
        (known_further_out && !known_here).then(|| Misplaced {
            keyword: keyword.to_owned(),
            span: line.keyword.span.clone(),
            block: innermost.line.keyword.text.clone().into_owned(),
            block_at: innermost.span(),
        })
    }

    fn open(&mut self, at: usize, findings: &mut Findings) -> Option<()> {
        let span = at..at + 1;
        if self.open.len() == DEEPEST {
            findings.push(Diagnostic::error(&span, "blocks are nested too deep", "one of these is too many"));
            return None;
        }
        let line = match self.statements.pop() {
            Some(Statement { line, block: None }) => line,
            other => {
                // A row of them is one mistake.
                let is_said = self.open.last().is_some_and(Open::is_nameless) && other.is_none();
                self.statements.extend(other);
                if !is_said {
                    let label = "a keyword should precede it";
                    findings.push(Diagnostic::error(&span, "this `{` belongs to nothing", label));
                }
                nameless(&span)
            }
        };
        self.open.push(Open { before: std::mem::take(&mut self.statements), line, at });
        Some(())
    }

    fn close(&mut self, at: usize, findings: &mut Findings) {
        let Some(Open { before, line, at: open }) = self.open.pop() else {
            findings.push(
                Diagnostic::warning(&(at..at + 1), "this `}` closes nothing", "there is one too many")
                    .note("keepalived logs this and goes on; keepwatch does the same"),
            );
            return;
        };
        let statements = std::mem::replace(&mut self.statements, before);
        self.statements.push(Statement { line, block: Some(Block { open, statements }) });
    }

    fn finish(self, findings: &mut Findings) -> Option<Vec<Statement<'a>>> {
        let Some(outermost) = self.open.first() else { return Some(self.statements) };
        if let Some(Misplaced { keyword, span, block, block_at }) = self.misplaced {
            let (keyword, block) = (shown(&keyword), shown(&block));
            let label = format!("{keyword} cannot stand in {block}: a `}}` is missing before it");
            findings.push(
                Diagnostic::error(&span, "a block is not closed", label)
                    .and(&block_at, format!("this {block} is not closed"))
                    .help("add the missing `}`"),
            );
            return None;
        }
        let mut finding = Diagnostic::error(
            &outermost.span(),
            "the file ends within a block",
            "this block is never closed",
        );
        if let Some(innermost) = self.open.get(1..).and_then(<[_]>::last) {
            finding = finding.and(&innermost.span(), "nor is this one");
        }
        findings.push(finding.help("add the missing `}`, or the missing end of the file"));
        None
    }
}

/// Stands in for the keyword of a block that has none.
fn nameless<'a>(span: &Range<usize>) -> Line<'a> {
    let keyword = Word { text: Cow::Borrowed(""), span: span.clone() };
    Line { keyword, arguments: Vec::new(), raw: "", span: span.clone(), comment: Comment::None }
}

#[cfg(test)]
mod tests {
    use super::super::lexer::lex;
    use super::*;

    /// Statements in short: `keyword arguments[...]`.
    fn short(statements: &[Statement<'_>]) -> String {
        let one = |statement: &Statement<'_>| {
            let words = std::iter::once(&statement.line.keyword).chain(&statement.line.arguments);
            let words: Vec<_> = words.map(|word| word.text.as_ref()).collect();
            let block = statement.block.as_ref().map(|block| format!("[{}]", short(&block.statements)));
            words.join(" ") + &block.unwrap_or_default()
        };
        statements.iter().map(one).collect::<Vec<_>>().join("; ")
    }

    fn parsed(text: &str) -> (Option<String>, Vec<(String, Range<usize>)>) {
        let mut findings = Findings::default();
        let statements = parse(lex(text, &mut findings), &mut findings);
        let found = findings.iter().map(|f| (f.message.clone(), f.primary.span.clone())).collect();
        (statements.map(|statements| short(&statements)), found)
    }

    #[test]
    fn wherever_braces_stand_the_tree_is_the_same() {
        let texts = [
            "a b {\n c d\n e {\n f\n }\n}\ng\n",
            "a b{c d\n e{f}}g\n",
            "a b\n{\nc d\ne\n{\nf\n} } g",
            "a b # x\n{ c d\n e {\n\n f\n}\n}\ng",
        ];
        for text in texts {
            assert_eq!(parsed(text), (Some("a b[c d; e[f]]; g".to_owned()), vec![]), "{text}");
        }
    }

    #[test]
    fn braces_that_do_not_match_are_reported_where_they_stand() {
        let one = |message: &str, span| vec![(message.to_owned(), span)];
        assert_eq!(parsed("a {\n b\n"), (None, one("the file ends within a block", 0..3)));
        assert_eq!(parsed("x\na {\n b {\n }\n"), (None, one("the file ends within a block", 2..5)));
        assert_eq!(parsed("a { }\n}\nb"), (Some("a[]; b".to_owned()), one("this `}` closes nothing", 6..7)));
        assert_eq!(parsed("{ a }"), (Some("[a]".to_owned()), one("this `{` belongs to nothing", 0..1)));
        assert_eq!(parsed("{{ {\n{ a } } } }").1, one("this `{` belongs to nothing", 0..1));
        assert_eq!(parsed("{ a {} { } }").1.len(), 2);
        assert_eq!(parsed("a {} {}").1, one("this `{` belongs to nothing", 5..6));
        assert_eq!(parsed(&"a {".repeat(40)).1, one("blocks are nested too deep", 98..99));
    }
}
