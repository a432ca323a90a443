//! What a script keeps: from call to call, and from one version to the next.

use rhai::{Dynamic, FnPtr, Map};
use serde_json::{Map as Fields, Value, json};

use crate::natives::{Answer, Verdict};
use crate::values::{to_dynamic, to_json, to_map};

/// What a former version has left.
#[derive(Debug, Default)]
pub(crate) struct Left {
    /// What its `fn save()` returned, or its state if it had none: the constant `saved`.
    pub(crate) saved: Dynamic,
    /// Its state, if it had no `fn save()`.
    pub(crate) state: Option<Map>,
}

/// Reads what a former version has left.
///
/// # Errors
///
/// That it was left by something else.
pub(crate) fn read(octets: &[u8]) -> Result<Left, String> {
    let value: Value = serde_json::from_slice(octets).map_err(|error| error.to_string())?;
    match value {
        Value::Object(mut fields) if fields.contains_key("saved") => {
            Ok(Left { saved: to_dynamic(fields.remove("saved").unwrap_or_default()), state: None })
        }
        Value::Object(mut fields) => match fields.remove("this") {
            Some(Value::Object(state)) => {
                let state = to_map(state);
                Ok(Left { saved: state.clone().into(), state: Some(state) })
            }
            _ => Err("it is nothing that a script has saved".to_owned()),
        },
        _ => Err("it is nothing that a script has saved".to_owned()),
    }
}

/// What `fn save()` returned, for the next version.
///
/// # Errors
///
/// What of it cannot be kept.
pub(crate) fn written(saved: &Dynamic) -> Result<Vec<u8>, String> {
    Ok(json!({ "saved": to_json(saved)? }).to_string().into_bytes())
}

/// The state, for the next version, and the names of what of it cannot be kept.
pub(crate) fn kept(state: &Map) -> (Vec<u8>, Vec<String>) {
    let (mut kept, mut lost) = (Fields::new(), Vec::new());
    for (name, value) in state {
        match to_json(value) {
            Ok(value) => drop(kept.insert(name.to_string(), value)),
            Err(_) => lost.push(name.to_string()),
        }
    }
    (json!({ "this": kept }).to_string().into_bytes(), lost)
}

/// The state to begin with: the script's variables, with what the former version has left in those of the same type.
/// What the script does not declare is kept as it is: it may be a name that is only made later.
pub(crate) fn first(mut variables: Map, left: Option<Map>) -> Map {
    for (name, value) in left.into_iter().flatten() {
        let fits =
            variables.get(&name).is_none_or(|new| new.is_unit() || new.type_name() == value.type_name());
        if fits {
            variables.insert(name, value);
        }
    }
    variables
}

/// Octets that a value takes in memory, about; `longest` is how long a text may be.
pub(crate) fn weight(value: &Dynamic, longest: usize) -> usize {
    const EACH: usize = size_of::<Dynamic>();
    let weight = |value: &Dynamic| weight(value, longest);
    if let Ok(text) = value.as_immutable_string_ref() {
        return EACH + 48 + text.len();
    }
    if let Ok(values) = value.as_array_ref() {
        return EACH + 48 + values.iter().map(weight).sum::<usize>();
    }
    if let Ok(fields) = value.as_map_ref() {
        return EACH + 48 + fields.iter().map(|(key, value)| 48 + key.len() + weight(value)).sum::<usize>();
    }
    if let Some(function) = value.read_lock::<FnPtr>() {
        return EACH + 48 + function.fn_name().len() + function.curry().iter().map(weight).sum::<usize>();
    }
    if let Some(verdict) = value.read_lock::<Verdict>() {
        return EACH + 48 + verdict.0.text.len();
    }
    if let Some(Answer::Skip(reason)) = value.read_lock::<Answer>().as_deref() {
        return EACH + 48 + reason.len();
    }
    if value.type_name().ends_with("CharsStream") {
        // `chars()`: it does not say how many it holds.
        return EACH + longest.saturating_mul(size_of::<char>());
    }
    EACH + value.as_blob_ref().map_or(0, |blob| blob.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn map(value: Value) -> Map {
        value.as_object().cloned().map(to_map).unwrap()
    }

    #[test]
    fn state_goes_to_the_next_version() {
        let (octets, lost) = kept(&map(json!({"seen": 3, "names": ["a"]})));
        let left = read(&octets).unwrap();
        let declared = map(json!({"seen": 0, "names": "changed its type", "new": true, "any": null}));
        let state = first(declared, left.state);
        let expected = json!({"seen": 3, "names": "changed its type", "new": true, "any": null});
        assert_eq!((to_json(&state.into()), lost), (Ok(expected), vec![]));
    }

    #[test]
    fn what_save_returns_is_not_the_state() {
        let left = read(&written(&5.into()).unwrap()).unwrap();
        assert_eq!((left.saved.as_int(), left.state.is_none()), (Ok(5), true));
    }

    #[test]
    fn what_others_left_is_refused() {
        for octets in [&b"\xff"[..], b"[]", b"{\"x\":1}", b""] {
            assert!(read(octets).is_err());
        }
    }
}
