//! The part of JSON Schema (draft 7) that the schema uses.

use serde_json::Value;

use crate::pattern;

/// What is wrong with a value, as far as a schema knows.
///
/// # Panics
///
/// If the schema has a word that is not known here.
pub(crate) fn check(schema: &Value, value: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let fields = schema.as_object().unwrap_or_else(|| panic!("{schema} is no schema"));
    for (word, rule) in fields {
        if !holds(word, rule, schema, value) {
            wrong.push(format!("{word} {rule} does not hold for {value}"));
        }
        wrong.extend(within(word, rule, value));
    }
    wrong
}

/// Whether a rule about the value itself holds.
fn holds(word: &str, rule: &Value, schema: &Value, value: &Value) -> bool {
    let object = value.as_object();
    let all = |rule: &Value| rule.as_array().unwrap().clone();
    let fits = |schema: &Value| check(schema, value).is_empty();
    match word {
        "$schema" | "title" | "description" | "examples" | "then" | "else" | "properties" | "items"
        | "allOf" => true,
        "type" => match rule.as_str().unwrap() {
            "object" => value.is_object(),
            "array" => value.is_array(),
            "string" => value.is_string(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            other => panic!("the type {other} is not known here"),
        },
        "enum" => all(rule).contains(value),
        "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
        "pattern" => value.as_str().is_none_or(|text| pattern::matches(rule.as_str().unwrap(), text)),
        "required" => {
            object.is_none_or(|object| all(rule).iter().all(|key| object.contains_key(key.as_str().unwrap())))
        }
        "propertyNames" => object.is_none_or(|object| {
            object.keys().all(|key| check(rule, &Value::String(key.clone())).is_empty())
        }),
        // What it allows is looked at below.
        "additionalProperties" if rule.is_object() => true,
        "additionalProperties" => {
            let known = schema["properties"].as_object();
            object.is_none_or(|object| {
                object.keys().all(|key| known.is_some_and(|known| known.contains_key(key)))
            })
        }
        "anyOf" => all(rule).iter().any(fits),
        "not" => !fits(rule),
        "if" => {
            let follows = if fits(rule) { schema.get("then") } else { schema.get("else") };
            follows.is_none_or(fits)
        }
        other => panic!("{other} is not known here"),
    }
}

/// What is wrong within the value.
fn within(word: &str, rule: &Value, value: &Value) -> Vec<String> {
    let named = |key: &str, wrong: Vec<String>| -> Vec<String> {
        wrong.into_iter().map(|wrong| format!("{key}: {wrong}")).collect()
    };
    match (word, value) {
        ("properties", Value::Object(object)) => object
            .iter()
            .filter_map(|(key, value)| Some(named(key, check(rule.get(key)?, value))))
            .flatten()
            .collect(),
        ("additionalProperties", Value::Object(object)) if rule.is_object() => {
            object.iter().flat_map(|(key, value)| named(key, check(rule, value))).collect()
        }
        ("items", Value::Array(items)) => items.iter().flat_map(|item| check(rule, item)).collect(),
        ("allOf", value) => rule.as_array().unwrap().iter().flat_map(|rule| check(rule, value)).collect(),
        _ => Vec::new(),
    }
}
