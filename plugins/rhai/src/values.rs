//! Values: from JSON to Rhai and back.

use rhai::{Array, Dynamic, Map};
use serde_json::{Number, Value};

/// How deep arrays and maps may be nested where they become JSON: as deep as JSON is read.
const DEPTH: usize = 120;

/// A JSON value for a script: `null` is `()`; a number is an integer if it is one.
pub(crate) fn to_dynamic(value: Value) -> Dynamic {
    match value {
        Value::Null => Dynamic::UNIT,
        Value::Bool(value) => value.into(),
        Value::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64().unwrap_or(f64::NAN).into(),
        },
        Value::String(text) => text.into(),
        Value::Array(values) => values.into_iter().map(to_dynamic).collect::<Array>().into(),
        Value::Object(fields) => to_map(fields).into(),
    }
}

/// A JSON object for a script.
pub(crate) fn to_map(fields: serde_json::Map<String, Value>) -> Map {
    fields.into_iter().map(|(key, value)| (key.as_str().into(), to_dynamic(value))).collect()
}

/// A value of a script as JSON.
///
/// # Errors
///
/// What of it JSON has no words for: `` `a.b[0]` is a function ``.
pub(crate) fn to_json(value: &Dynamic) -> Result<Value, String> {
    json(value, 0).map_err(|unfit| {
        if unfit.place.is_empty() {
            return format!("it is {}", unfit.what);
        }
        format!("`{}` is {}", unfit.place.trim_start_matches('.'), unfit.what)
    })
}

/// What JSON has no words for, and where in a value it stands: `.a.b[0]`.
struct Unfit {
    place: String,
    what: String,
}

fn json(value: &Dynamic, depth: usize) -> Result<Value, Unfit> {
    let unfit = |what: &str| Err(Unfit { place: String::new(), what: what.to_owned() });
    if depth >= DEPTH {
        return unfit("nested too deeply");
    }
    let within =
        |step: String| move |unfit: Unfit| Unfit { place: format!("{step}{}", unfit.place), ..unfit };
    if let Ok(values) = value.as_array_ref() {
        let items = values.iter().enumerate();
        return items
            .map(|(index, value)| json(value, depth + 1).map_err(within(format!("[{index}]"))))
            .collect::<Result<_, _>>()
            .map(Value::Array);
    }
    if let Ok(fields) = value.as_map_ref() {
        let fields = fields.iter().map(|(key, value)| {
            let value = json(value, depth + 1).map_err(within(format!(".{key}")))?;
            Ok((key.to_string(), value))
        });
        return fields.collect::<Result<_, _>>().map(Value::Object);
    }
    if let Ok(text) = value.as_immutable_string_ref() {
        return Ok(text.as_str().into());
    }
    match (value.as_bool(), value.as_int(), value.as_float(), value.as_char()) {
        (Ok(value), ..) => Ok(Value::Bool(value)),
        (_, Ok(value), ..) => Ok(value.into()),
        (_, _, Ok(value), _) => match Number::from_f64(value) {
            Some(number) => Ok(Value::Number(number)),
            None => unfit(&format!("{value}, which is no number")),
        },
        (.., Ok(value)) => Ok(value.to_string().into()),
        _ if value.is_unit() => Ok(Value::Null),
        _ => unfit(named(value.type_name())),
    }
}

/// A type's name for people, with its article.
pub(crate) fn named(type_name: &str) -> &str {
    match type_name {
        "()" => "()",
        "bool" => "true or false",
        "i64" => "an integer",
        "f64" => "a number with a fraction",
        "char" => "a character",
        "string" => "a text",
        "array" | "Array" => "an array",
        "blob" | "Blob" => "a blob",
        "map" | "Map" => "a map",
        "Fn" | "FnPtr" => "a function",
        "verdict" => "a verdict",
        "range" | "range=" => "a range",
        _ if type_name.contains("String") || type_name.contains("str") => "a text",
        _ if type_name.ends_with("FnPtr") => "a function",
        _ if type_name.ends_with("Verdict") => "a verdict",
        _ if type_name.ends_with("Answer") => "an answer for keepwatch",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use rhai::FnPtr;
    use serde_json::json;

    use super::*;

    #[test]
    fn json_survives_the_way_there_and_back() {
        let value = json!({"a": null, "b": [true, 1, 1.5, "ä"], "c": {"d": -3}, "e": 2.0});
        assert_eq!(to_json(&to_dynamic(value.clone())), Ok(value));
        assert!(to_dynamic(json!(18_446_744_073_709_551_615_u64)).is_float());
    }

    #[test]
    fn what_json_has_no_words_for_is_named_with_its_place() {
        let mut inner = Map::new();
        inner.insert("f".into(), FnPtr::new("x").unwrap().into());
        let array: Array = vec![1.into(), inner.into()];
        let mut outer = Map::new();
        outer.insert("a".into(), array.into());
        assert_eq!(to_json(&outer.into()), Err("`a[1].f` is a function".to_owned()));
        assert_eq!(to_json(&f64::NAN.into()), Err("it is NaN, which is no number".to_owned()));
        assert_eq!(to_json(&Dynamic::from_blob(vec![1])), Err("it is a blob".to_owned()));
    }

    #[test]
    fn deep_values_are_refused() {
        let mut value = Dynamic::UNIT;
        for _ in 0..200 {
            value = vec![value].into();
        }
        assert!(to_json(&value).unwrap_err().ends_with("is nested too deeply"));
    }
}
