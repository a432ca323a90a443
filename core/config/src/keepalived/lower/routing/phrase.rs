//! A route or rule whose words stand in a text of another format. What keepalived logs and survives is an error there: nobody
//! has written it yet.

use std::ops::Range;

use super::super::super::lexer::is_blank;
use super::super::super::parser::Statement;
use super::super::super::token::{Comment, Line, Word};
use super::super::reader::Reader;
use super::{Priorities, route, rule};
use crate::diagnostic::{Diagnostic, Findings, Severity};
use crate::model::{Route, Rule};

/// A route in the words of ip-route(8); `span` is where the text stands, with the quotes around it.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn route(text: &str, span: &Range<usize>) -> Result<Route, Vec<Diagnostic>> {
    read(text, span, "a route: \"10.9.0.0/24 via 10.1.1.1\"", route::read)
}

/// A rule in the words of ip-rule(8); `span` is where the text stands, with the quotes around it.
///
/// # Errors
///
/// What is wrong with it.
pub(crate) fn rule(text: &str, span: &Range<usize>) -> Result<Rule, Vec<Diagnostic>> {
    // A rule without `priority` is an error here, so that this numbers none.
    let mut priorities = Priorities::default();
    let example = "a rule: \"from 10.9.0.0/24 table 100 priority 1000\"";
    read(text, span, example, |entry, reader| rule::read(entry, &mut priorities, reader))
}

fn read<T>(
    text: &str,
    span: &Range<usize>,
    example: &str,
    one: impl FnOnce(&Statement<'_>, &mut Reader<'_>) -> Option<T>,
) -> Result<T, Vec<Diagnostic>> {
    let Some(entry) = statement(text, span) else {
        return Err(vec![Diagnostic::error(span, "this text is empty", format!("write {example}"))]);
    };
    let mut findings = Findings::default();
    let read = one(&entry, &mut Reader::new(&mut findings));
    // Notes say what keepalived makes of it.
    let error =
        |finding: &Diagnostic| Diagnostic { severity: Severity::Error, notes: Vec::new(), ..finding.clone() };
    let errors: Vec<Diagnostic> = findings.iter().map(error).collect();
    read.filter(|_| errors.is_empty()).ok_or(errors)
}

/// The words of a text as the parser has those of a line; nothing if there are none.
fn statement<'a>(text: &'a str, span: &Range<usize>) -> Option<Statement<'a>> {
    // Whatever is escaped is longer than what it stands for, and so are more quotes than two: then all of it is pointed at.
    let is_as_written = span.len() == text.len() + 2;
    let mut at = span.start + 1;
    let mut words = Vec::new();
    for text in text.split(is_blank) {
        let own = at..at + text.len();
        at = own.end + 1;
        if !text.is_empty() {
            let span = if is_as_written { own } else { span.clone() };
            words.push(Word { text: text.into(), span });
        }
    }
    let mut words = words.into_iter();
    let keyword = words.next()?;
    let line =
        Line { keyword, arguments: words.collect(), raw: text, span: span.clone(), comment: Comment::None };
    Some(Statement { line, block: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_point_at_the_word_or_at_all_of_an_escaped_text() {
        let at = |text: &str, span: Range<usize>| {
            let errors = route(text, &span).unwrap_err();
            let [error] = errors.as_slice() else { panic!("{errors:?}") };
            assert_eq!((error.severity, error.notes.len()), (Severity::Error, 0));
            error.primary.span.clone()
        };
        assert_eq!(at("10.9.0.0/24  vai 10.1.1.1", 100..127), 114..117);
        // `10.9.0.0/24\tvai`
        assert_eq!(at("10.9.0.0/24\tvai", 100..118), 100..118);
        assert_eq!(at(" \t ", 5..10), 5..10);
        assert_eq!(at("via 10.1.1.1", 5..19), 5..19);
    }

    #[test]
    fn what_keepalived_would_survive_is_an_error() {
        for text in ["10.9.0.0/24 gw 10.1.1.1", "10.9.0.0/24 dev eth1 realms 5", "10.9.0.0/24x dev eth1", ""]
        {
            assert!(route(text, &(0..text.len() + 2)).is_err(), "{text}");
        }
        for text in ["from 10.9.0.0/24 table 100", "priority 5", "table 0 priority 5", ""] {
            assert!(rule(text, &(0..text.len() + 2)).is_err(), "{text}");
        }
        assert!(rule("from 10.9.0.0/24 table 100 priority 5", &(0..39)).is_ok());
    }
}
