//! The JSON Schema of a keepwatch.toml, for editors.

use serde_json::{Map, Value, json};

use super::shape::{Key, Shape, Sort, Table};
use super::{ROOT, TABLES};

/// The units that [`humantime`] knows.
const UNITS: &str = "nanos|nsec|ns|usec|us|µs|millis|msec|ms|seconds|second|secs|sec|s|minutes|minute|mins|min|m|hours|hour|hrs|hr|h\
                     |days|day|d|weeks|week|wks|wk|w|months|month|M|years|year|yrs|yr|y";
const SIZE: &str = "^ *[0-9]+ *(B|KiB|MiB|GiB)$";

/// The JSON Schema (draft 7) of a keepwatch.toml. It has each key that a table can have, the shape of its value, and what it
/// means. What depends on other values, files or the host, only [`load_site`](crate::load_site) knows.
#[must_use]
pub fn schema() -> Value {
    let mut properties = properties(&[ROOT]);
    for table in TABLES {
        let names = json!({
            "type": "object",
            "description": table.means,
            "additionalProperties": of_table(table),
        });
        properties.insert(table.kind.to_owned(), names);
    }
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "keepwatch.toml",
        "description": concat!("The configuration of keepwatch ", env!("CARGO_PKG_VERSION")),
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

fn of_table(table: &Table) -> Value {
    let mut all: Vec<&[Key]> = table.common.to_vec();
    all.extend(table.sorts.iter().map(|sort| sort.keys));
    let mut schema = json!({
        "type": "object",
        "properties": properties(&all),
        "additionalProperties": false,
    });
    let Some(fields) = schema.as_object_mut() else { return schema };
    if !table.sorts.is_empty() {
        let by = table.sorts.iter().flat_map(|sort| sort.by).map(|by| json!({ "required": [by] }));
        fields.insert("anyOf".to_owned(), by.collect());
        fields.insert("allOf".to_owned(), table.sorts.iter().map(|sort| of_sort(table, sort)).collect());
    }
    match table.alone {
        Some(alone) => {
            fields.insert("if".to_owned(), json!({ "propertyNames": { "enum": [alone] } }));
            fields.insert("else".to_owned(), json!({ "required": table.required }));
        }
        None if !table.required.is_empty() => {
            fields.insert("required".to_owned(), json!(table.required));
        }
        None => {}
    }
    schema
}

/// What is of a sort has its keys and the common ones.
fn of_sort(table: &Table, sort: &Sort) -> Value {
    let is_of: Value = sort.by.iter().map(|by| json!({ "required": [by] })).collect();
    let is_of = match sort.unless {
        Some(other) => json!({ "anyOf": is_of, "not": { "required": [other] } }),
        None => json!({ "anyOf": is_of }),
    };
    let mut names: Vec<&str> = sort.keys.iter().map(|key| key.name).collect();
    names.extend(table.common.iter().flat_map(|keys| keys.iter()).map(|key| key.name));
    json!({ "if": is_of, "then": { "propertyNames": { "enum": names } } })
}

fn properties(lists: &[&[Key]]) -> Map<String, Value> {
    let mut properties = Map::new();
    for key in lists.iter().flat_map(|keys| keys.iter()) {
        let mut value = of_shape(&key.shape);
        let means = match key.default {
            "" => key.means.to_owned(),
            default => format!("{}\n\nDefault: {default}", key.means),
        };
        if let Some(fields) = value.as_object_mut() {
            fields.insert("description".to_owned(), Value::String(means));
        }
        // Several sorts may have it, each with its own words and the same shape.
        properties.entry(key.name).or_insert(value);
    }
    properties
}

/// A number with a unit, or several.
fn duration() -> String {
    format!("([0-9]+(\\.[0-9]+)? *({UNITS}) *)+")
}

fn of_shape(shape: &Shape) -> Value {
    match shape {
        Shape::Text(example) | Shape::Path(example) => json!({ "type": "string", "examples": [example] }),
        Shape::Duration => {
            json!({ "type": "string", "pattern": format!("^ *{}$", duration()), "examples": ["10s", "500ms"] })
        }
        Shape::Seconds => {
            json!({ "type": "string", "pattern": format!("^ *{}$", duration()), "examples": ["10s", "1m 30s"] })
        }
        Shape::Pause => {
            json!({ "type": "string", "pattern": format!("^ *(0|{})$", duration()), "examples": ["10s", "0s"] })
        }
        Shape::Size => json!({ "type": "string", "pattern": SIZE, "examples": ["32 MiB"] }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
        Shape::Words(words) => json!({ "enum": words }),
        Shape::List(item) => json!({ "type": "array", "items": of_shape(item) }),
        Shape::Either(shapes) => json!({ "anyOf": shapes.iter().map(of_shape).collect::<Value>() }),
        Shape::Table(keys, required) => json!({
            "type": "object",
            "properties": properties(&[keys]),
            "required": required,
            "additionalProperties": false,
        }),
        Shape::Map(value) => json!({ "type": "object", "additionalProperties": of_shape(value) }),
        Shape::Anything => json!({ "type": "object" }),
    }
}
