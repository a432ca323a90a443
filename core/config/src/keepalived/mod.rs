//! The front-end for `keepalived.conf` as it is found in the wild: keepalived 2.4.3's reading of it.
//!
//! ```text
//!   text --lexer--> tokens --parser--> statements with blocks --lower--> Config
//! ```
//!
//! What keepalived logs and survives is a warning here, and ends the same way; what makes keepalived refuse
//! to start is an error. What this version cannot do yet and cannot leave out without changing the meaning
//! is an error too.

mod keywords;
mod lexer;
mod lower;
mod number;
mod parser;
mod quoting;
mod special;
mod token;
mod unknown;

use std::collections::HashSet;

use crate::diagnostic::Findings;
use crate::model::Config;

/// Reads a configuration, and adds what there is to say about it to `findings`. `None` if one of them is an
/// error; errors of form (braces, variables) hide what may be wrong with the content.
pub fn read(text: &str, findings: &mut Findings) -> Option<Config> {
    read_tracked(text, &HashSet::new(), findings)
}

/// The same, of a file that another one adds to: these names are tracked there.
pub(crate) fn read_tracked(
    text: &str,
    elsewhere: &HashSet<String>,
    findings: &mut Findings,
) -> Option<Config> {
    let tokens = lexer::lex(text, findings);
    let statements = parser::parse(tokens, findings);
    let config = if findings.has_errors() { None } else { lower::lower(&statements?, elsewhere, findings) };
    findings.sort();
    config.filter(|_| !findings.has_errors())
}

/// How many octets of `line` count: what comes before a comment.
pub(crate) fn before_comment(line: &str) -> usize {
    lexer::significant(line).end
}
