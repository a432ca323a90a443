//! The front-end for `keepalived.conf` as it is found in the wild: keepalived 2.4.3's reading of it.
//!
//! ```text
//!   files --expand--> text --lexer--> tokens --parser--> statements with blocks --lower--> Config
//! ```
//!
//! What keepalived logs and survives is a warning here, and ends the same way; what makes keepalived refuse
//! to start is an error. What this version cannot do yet and cannot leave out without changing the meaning
//! is an error too.

mod expand;
mod keywords;
mod lexer;
mod lower;
mod names;
mod number;
mod parser;
mod quoting;
mod token;
mod unknown;

use std::collections::HashSet;

pub(crate) use self::expand::Surroundings;
pub use self::keywords::{keepalived_reference, keyword_tables};
pub(crate) use self::lower::phrase;
use self::token::Token;
use crate::diagnostic::{Findings, Source};
use crate::model::Config;

/// Reads a configuration, and adds what there is to say about it to `findings`; `elsewhere` are names that are tracked in a file
/// that adds to this one. The text is put together from all files it includes. No configuration if one of the findings is an
/// error; errors of form (braces, variables) hide what may be wrong with the content.
pub(crate) fn read(
    source: Source,
    surroundings: Surroundings<'_>,
    elsewhere: &HashSet<String>,
    findings: &mut Findings,
) -> (Source, Option<Config>) {
    let source = expand::expand(source, surroundings, findings);
    let tokens = lexer::lex(&source.text, findings);
    let statements = parser::parse(tokens, findings);
    let config = match statements {
        Some(statements) if !findings.has_errors() => lower::lower(&statements, &source, elsewhere, findings),
        _ => None,
    };
    findings.sort();
    (source, config.filter(|_| !findings.has_errors()))
}

/// What is met in a line, in its order.
pub(crate) enum Step {
    /// Words with no brace between them.
    Words {
        /// The first.
        keyword: String,
        /// The second; empty if there is none.
        name: String,
        /// All of them as they stand.
        raw: String,
    },
    /// `{`
    Open,
    /// `}`
    Close,
}

/// Goes through a line, for whoever wants to know where it stands and not what it means.
pub(crate) fn steps(line: &str) -> Vec<Step> {
    let step = |token| match token {
        Token::Open(_) => Step::Open,
        Token::Close(_) => Step::Close,
        Token::Line(line) => Step::Words {
            keyword: line.keyword.text.into_owned(),
            name: line.arguments.first().map(|word| word.text.clone().into_owned()).unwrap_or_default(),
            raw: line.raw.to_owned(),
        },
    };
    lexer::lex(line, &mut Findings::default()).into_iter().map(step).collect()
}

/// How many octets of `line` count: what comes before a comment.
pub(crate) fn before_comment(line: &str) -> usize {
    lexer::significant(line).end
}
