//! What is wrong with a script before it runs: names that nobody calls, functions that are not there.

use std::ops::Range;

use keepwatch_host::diagnostic::Diagnostic;
use keepwatch_host::nearest;

use crate::handler::{SPECIAL, handler_names, hears};
use crate::known::{arities, host_function, names};
use crate::survey::{Call, Function, Style, Survey};

/// Findings that are told: nobody mends more at a time.
pub(crate) const MOST: usize = 64;

/// What this finds in a script, or, if `imported`, in a file that one imports: handlers count only in the former. It looks
/// at what begins at `last` at the latest, and finds [`MOST`] things.
pub(crate) fn review(survey: &Survey, imported: bool, last: usize) -> Vec<Diagnostic> {
    let own = survey.functions.iter().filter(|function| !imported && !function.typed);
    let own = own.filter(|function| function.span.start <= last);
    let own = own.flat_map(|it| [named(it), counted(it), twice(it, survey)].into_iter().flatten());
    let calls = survey.calls.iter().filter(|call| call.span.start <= last);
    own.chain(calls.filter_map(|call| called(call, survey))).take(MOST).collect()
}

/// A name that begins like a handler's and is none.
fn named(function: &Function) -> Option<Diagnostic> {
    let name = function.name.as_str();
    if !name.starts_with("on_") || hears(name).is_some() || is_special(name) {
        return None;
    }
    let known = handler_names();
    let finding =
        Diagnostic::error(&function.span, format!("there is no event for `{name}`"), "never called");
    Some(match nearest(name, known.iter().map(String::as_str)) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding.help(
            "handlers are `on_master`, `on_backup`, `on_fault`, `on_stop`, `on_event`, `on_sync`, `on_shutdown` and \
             `on_KIND` for each kind of event; call a function of your own something else",
        ),
    })
}

fn is_special(name: &str) -> bool {
    SPECIAL.iter().any(|(known, _)| *known == name)
}

/// What a function that is called by its name gets.
fn gets(name: &str) -> Option<Option<&'static str>> {
    match name {
        "check" => Some(Some("config")),
        "on_sync" => Some(Some("snapshot")),
        "on_shutdown" => Some(Some("reason")),
        "save" | "settings" => Some(None),
        _ => hears(name).map(|_| Some("event")),
    }
}

/// A handler with parameters that nobody fills.
fn counted(function: &Function) -> Option<Diagnostic> {
    let (name, count) = (function.name.as_str(), function.parameters.len());
    let gets = gets(name)?;
    let most = usize::from(gets.is_some());
    if count <= most {
        return None;
    }
    let right = gets.unwrap_or_default();
    let message = match gets {
        Some(what) => format!("`{name}` gets one argument, the {what}"),
        None => format!("`{name}` gets no argument"),
    };
    let label = format!("has {count} parameters").replace("has 1 parameters", "has a parameter");
    Some(Diagnostic::error(&function.span, message, label).help(format!("write `fn {name}({right})`")))
}

/// A handler with and without a parameter: only one of them can be meant.
fn twice(function: &Function, survey: &Survey) -> Option<Diagnostic> {
    gets(&function.name)?;
    let first = survey.functions.iter().find(|other| other.name == function.name && !other.typed)?;
    if first.span == function.span {
        return None;
    }
    let message = format!("`{}` is defined twice", function.name);
    let finding = Diagnostic::error(&function.span, message, "again here").and(&first.span, "first here");
    Some(finding.help("put both into one function"))
}

/// A call of a function that is not there, or not with so many arguments.
fn called(call: &Call, survey: &Survey) -> Option<Diagnostic> {
    let (name, count) = (call.name.as_str(), call.arguments.len());
    if matches!(name, "eval" | "curry") && call.style != Style::Qualified {
        let label = "a script is all that is ever run";
        return Some(Diagnostic::error(&call.span, format!("`{name}` is not available"), label));
    }
    let own: Vec<&Function> = survey.functions.iter().filter(|function| function.name == name).collect();
    match call.style {
        Style::Qualified => None,
        Style::Method => {
            let known = !own.is_empty() || arities(name).is_some() || survey.properties.contains(name);
            (!known).then(|| absent(call, survey))
        }
        Style::Free if survey.declared.contains(name) => None,
        Style::Free => {
            if own.iter().any(|function| function.typed || function.parameters.len() == count) {
                return None;
            }
            match arities(name) {
                Some(arities) if arities.is_empty() || arities.contains(&count) => None,
                Some(arities) if own.is_empty() => Some(miscounted(call, arities)),
                None if own.is_empty() => Some(absent(call, survey)),
                _ => {
                    let arities: Vec<usize> = own.iter().map(|function| function.parameters.len()).collect();
                    Some(miscounted(call, &arities).and(&own[0].span, "defined here"))
                }
            }
        }
    }
}

fn absent(call: &Call, survey: &Survey) -> Diagnostic {
    let name = call.name.as_str();
    let finding = Diagnostic::error(&call.span, format!("there is no function `{name}`"), "");
    let own = survey.functions.iter().map(|function| function.name.as_str());
    let known: Vec<&str> = names().chain(own).collect();
    match nearest(name, known) {
        Some(meant) => finding.help(format!("did you mean `{meant}`?")),
        None => finding.help("define it in this file, or import the file that does"),
    }
}

fn miscounted(call: &Call, arities: &[usize]) -> Diagnostic {
    let (name, count) = (call.name.as_str(), call.arguments.len());
    let takes: Vec<String> = arities.iter().map(usize::to_string).collect();
    let message = format!("`{name}` takes {}, not {count}", arguments(&takes.join(" or ")));
    let finding = Diagnostic::error(&call.span, message, "");
    match host_function(name) {
        Some(function) => finding.help(format!("write {}", function.usage)),
        None => finding,
    }
}

fn arguments(count: &str) -> String {
    match count {
        "0" => "no arguments".to_owned(),
        "1" => "1 argument".to_owned(),
        _ => format!("{count} arguments"),
    }
}

/// That a script does nothing.
pub(crate) fn useless(survey: &Survey, text: &str) -> Diagnostic {
    let known = handler_names();
    let meant = survey.functions.iter().find_map(|function| {
        let name = function.name.as_str();
        let candidates = known.iter().map(String::as_str).chain(["check"]);
        let ending = known.iter().find(|known| name.ends_with(&known["on_".len()..]));
        nearest(name, candidates)
            .or_else(|| ending.map(String::as_str))
            .map(|meant| (function, meant.to_owned()))
    });
    let message = "no function here is ever called";
    if let Some((function, meant)) = meant {
        let finding = Diagnostic::error(&function.span, message, "");
        return finding.help(format!("did you mean `fn {meant}`?"));
    }
    let first: Range<usize> =
        survey.functions.first().map_or_else(|| 0..text.len().min(1), |found| found.span.clone());
    Diagnostic::error(&first, message, "")
        .help("define a handler, for example `fn on_master(event)`, or `fn check(config)` for a check")
        .help("a file that others import stands in a folder of its own: `import \"lib/NAME\" as NAME;`")
}
