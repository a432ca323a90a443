//! A script's settings: what `fn settings()` says they are, and what the configuration makes of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use keepwatch_host::diagnostic::{Diagnostic, Source};
use keepwatch_host::{Limits, Setting, SettingKind};
use rhai::{AST, CallFnOptions, Dynamic, Engine, EvalAltResult, Scope};
use serde_json::{Map, Value};

use crate::budget::Budget;
use crate::known::host_function;
use crate::place;
use crate::survey::Survey;
use crate::values::{named, to_json};
use crate::words;

/// The settings of a script.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) declared: Vec<Setting>,
    pub(crate) defaults: Map<String, Value>,
}

/// Asks a script for its settings; none if it has no `fn settings()`.
///
/// # Errors
///
/// If the function fails or returns something else than a map that could stand in a configuration.
pub(crate) fn ask(
    engine: &Engine,
    budget: &Budget,
    ast: &AST,
    survey: &Survey,
    source: &Source,
) -> Result<Option<Settings>, Box<Diagnostic>> {
    let Some(function) = survey.functions.iter().find(|function| function.name == "settings") else {
        return Ok(None);
    };
    let wrong = |why: String| {
        let help = "return a map from each setting to its default, or to () if it must be given: `#{ url: (), max: 5 }`";
        Box::new(Diagnostic::error(&function.span, why, "").help(help))
    };
    let options = CallFnOptions::new().eval_ast(false);
    budget.begin_alone();
    let asked = engine.call_fn_with_options::<Dynamic>(options, &mut Scope::new(), ast, "settings", ());
    let value = asked.map_err(|error| {
        if let Some(failure) = budget.failure() {
            return Box::new(Diagnostic::error(&function.span, format!("`settings` {failure}"), ""));
        }
        let innermost = error.unwrap_inner();
        let mut words = words::of_error(innermost);
        if let EvalAltResult::ErrorFunctionNotFound(signature, _) = innermost
            && let Some((name, _)) =
                signature.split_once(" (").filter(|(name, _)| host_function(name).is_some())
        {
            words.message = format!("`{name}` cannot be called in `settings`");
        }
        let at = place::span(&source.text, innermost.position());
        let at = if innermost.position().is_none() { function.span.clone() } else { at };
        let finding = Diagnostic::error(&at, words.message, words.label)
            .note("settings are asked for when the script is loaded, before there is anything to reach");
        Box::new(finding)
    })?;
    let Value::Object(defaults) =
        to_json(&value).map_err(|why| wrong(format!("`settings` returns a value: {why}")))?
    else {
        return Err(wrong(format!("`settings` returns {}, not a map", named(value.type_name()))));
    };
    let helps = helps(survey, &source.text);
    let setting = |(name, default): (&String, &Value)| Setting {
        name: name.clone(),
        kind: kind(default),
        required: default.is_null(),
        help: helps.get(name.as_str()).copied().unwrap_or_default().to_owned(),
    };
    let declared = defaults.iter().map(setting).collect();
    Ok(Some(Settings { declared, defaults }))
}

/// An interpreter's watch for the time before there is a host.
pub(crate) fn watch(engine: &mut Engine, limits: &Limits) -> Arc<Budget> {
    let budget = Arc::new(Budget::new(limits));
    let watched = budget.clone();
    engine.on_progress(move |_| watched.must_end().then_some(Dynamic::UNIT));
    budget
}

fn kind(default: &Value) -> SettingKind {
    match default {
        Value::Null => SettingKind::Any,
        Value::Bool(_) => SettingKind::Boolean,
        Value::Number(number) if number.is_f64() => SettingKind::Number,
        Value::Number(_) => SettingKind::Integer,
        Value::String(_) => SettingKind::Text,
        Value::Array(_) => SettingKind::List,
        Value::Object(_) => SettingKind::Table,
    }
}

/// The comments behind `name: default,`, by name; of several the first.
fn helps<'a>(survey: &'a Survey, text: &'a str) -> BTreeMap<&'a str, &'a str> {
    let mut helps = BTreeMap::new();
    for (span, comment) in &survey.comments {
        let line = text.get(..span.start).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
        let key = line.trim_start().trim_start_matches(['#', '{', ' ', '"']);
        if let Some((name, _)) = key.split_once(':') {
            helps.entry(name.trim_end().trim_end_matches('"')).or_insert(comment.as_str());
        }
    }
    helps
}

/// The settings that a script sees: what is given, over the defaults.
pub(crate) fn merged(defaults: Option<&Map<String, Value>>, given: &Value) -> Map<String, Value> {
    let mut merged = defaults.cloned().unwrap_or_default();
    for (key, value) in given.as_object().into_iter().flatten() {
        let fraction = merged.get(key).is_some_and(Value::is_f64);
        // `5` where a number with a fraction is the default means `5.0`: a script computes with one or the other.
        let value = match value.as_f64() {
            Some(number) if fraction => number.into(),
            _ => value.clone(),
        };
        merged.insert(key.clone(), value);
    }
    merged
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_given_goes_over_the_defaults() {
        let defaults = json!({"a": 1, "b": 2.0, "c": "x"});
        let merged = merged(defaults.as_object(), &json!({"b": 5, "c": "y", "d": true}));
        assert_eq!(Value::Object(merged), json!({"a": 1, "b": 5.0, "c": "y", "d": true}));
    }
}
