//! An error of a running script as a failure of the plugin, with its place in the text.

use keepwatch_host::diagnostic::{Diagnostic, Findings, Source, Style};
use keepwatch_host::{Failure, nearest};
use rhai::{EvalAltResult, Position};

use crate::budget::Budget;
use crate::engine::texts;
use crate::place;
use crate::script::Script;
use crate::words::{self, Words};

/// How many calls on the way to an error are told.
const CALLERS: usize = 4;

/// What is known of a call that went wrong.
#[derive(Debug, Default)]
pub(crate) struct Context {
    /// Names of maps, with the fields that each has.
    pub(crate) maps: Vec<(String, Vec<String>)>,
}

/// What a call's error means for the plugin.
pub(crate) fn failure(error: &EvalAltResult, script: &Script, context: &Context, budget: &Budget) -> Failure {
    if let Some(failure) = budget.failure() {
        return failure;
    }
    match error.unwrap_inner() {
        EvalAltResult::ErrorTooManyOperations(_) => budget.overworked(),
        EvalAltResult::ErrorDataTooLarge(what, _) => Failure::Memory(too_large(what, budget.memory())),
        _ => Failure::Reported(render(error, script, context)),
    }
}

/// `Length of string`, `Size of array/BLOB`, `Size of object map`
fn too_large(what: &str, memory: usize) -> String {
    let what = match what {
        "Length of string" => {
            let most = words::octets(texts(memory));
            return format!("a text, or all texts of an array or a map together, grew larger than {most}");
        }
        "Size of array/BLOB" => "an array",
        "Size of object map" => "a map",
        other => other,
    };
    format!("{what} grew too large")
}

/// The error with its place: message, file, line and column, the line itself with a caret, and what to do.
pub(crate) fn render(error: &EvalAltResult, script: &Script, context: &Context) -> String {
    let chain = Chain::of(error, script);
    let words = words::of_error(chain.innermost);
    let (source, at) = (chain.source, place::span(&chain.source.text, chain.position));
    let Words { mut message, label, mut help } = words;
    if let EvalAltResult::ErrorPropertyNotFound(field, _) = chain.innermost
        && let Some((name, fields)) = owner(&source.text, at.start, context)
    {
        message = format!("`{name}` has no field `{field}`");
        help = Some(match nearest(field, fields.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{name}.{meant}`?"),
            None if fields.is_empty() => format!("`{name}` has no fields yet"),
            None => format!("`{name}` has {}", fields.join(", ")),
        });
    }
    if chain.position.is_none() {
        // An error that has no place has no lines to show.
        let help = help.map(|help| format!("\n  = help: {help}")).unwrap_or_default();
        return format!("{message}{help}");
    }
    let mut finding = Diagnostic::error(&at, message, label);
    for (function, source, position) in chain.callers.iter().take(CALLERS) {
        let at = place::name(source, place::span(&source.text, *position).start);
        finding = finding.note(format!("in `{function}`, called at {at}"));
    }
    if let Some(help) = help {
        finding = finding.help(help);
    }
    one(source, finding)
}

/// A rendered error in one line, as the log of a plugin has them: what it is, and where.
pub(crate) fn brief(error: &str) -> String {
    let message = error.lines().next().unwrap_or_default();
    match error.lines().find_map(|line| line.trim_start().strip_prefix("--> ")) {
        Some(place) => format!("{message} ({place})"),
        None => message.to_owned(),
    }
}

/// One finding as text, without `error:` before it: what it is, the caller knows.
fn one(source: &Source, finding: Diagnostic) -> String {
    let mut findings = Findings::default();
    findings.push(finding);
    let text = findings.render(source, Style::Plain);
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    text.trim_end().to_owned()
}

/// An error with the calls that led to it.
struct Chain<'a> {
    innermost: &'a EvalAltResult,
    source: &'a Source,
    position: Position,
    /// The innermost first: the function, and where it was called.
    callers: Vec<(String, &'a Source, Position)>,
}

impl<'a> Chain<'a> {
    fn of(error: &'a EvalAltResult, script: &'a Script) -> Self {
        let mut chain =
            Self { innermost: error, source: &script.source, position: Position::NONE, callers: Vec::new() };
        loop {
            match chain.innermost {
                EvalAltResult::ErrorInFunctionCall(function, source, inner, position) => {
                    let function = if function.starts_with("anon$") { "|...|" } else { function };
                    if !position.is_none() {
                        chain.callers.insert(0, (function.to_owned(), chain.source, *position));
                    }
                    chain.source = script.named(source).unwrap_or(chain.source);
                    chain.innermost = inner;
                }
                EvalAltResult::ErrorInModule(path, inner, _) => {
                    chain.source = script.named(path).unwrap_or(chain.source);
                    chain.innermost = inner;
                }
                _ => break,
            }
        }
        chain.position = chain.innermost.position();
        chain
    }
}

/// The known map before the dot before this place.
fn owner<'a>(text: &str, at: usize, context: &'a Context) -> Option<(&'a str, &'a [String])> {
    let before = text.get(..at)?.trim_end().strip_suffix('.')?.trim_end().trim_end_matches('?');
    let start = before.rfind(|c: char| c != '_' && !c.is_ascii_alphanumeric()).map_or(0, |at| at + 1);
    let (name, earlier) = (&before[start..], before[..start].trim_end());
    let known = context.maps.iter().find(|(known, _)| known == name)?;
    (!earlier.ends_with('.')).then_some((known.0.as_str(), known.1.as_slice()))
}
