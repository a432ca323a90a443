//! JSON, read and written by serde_json: Rhai's own reader is its parser, and its writer knows no limit of depth.

use rhai::{Dynamic, Engine, EvalAltResult, Map, NativeCallContext, Position};

use super::Result;
use crate::reach::invalid;
use crate::values;

/// `parse_json(text)`, `to_json(value)`.
pub(crate) fn register(engine: &mut Engine) {
    engine.register_fn("parse_json", |text: &str| -> Result<Dynamic> {
        let value =
            serde_json::from_str(text).map_err(|error| invalid(format!("this is no JSON: {error}")))?;
        Ok(values::to_dynamic(value))
    });
    engine.register_fn("to_json", |context: NativeCallContext<'_>, value: Dynamic| written(&context, &value));
    // The language has one for maps alone, which would come first.
    engine.register_fn("to_json", |context: NativeCallContext<'_>, value: Map| {
        written(&context, &value.into())
    });
}

fn written(context: &NativeCallContext<'_>, value: &Dynamic) -> Result<String> {
    let json = values::to_json(value).map_err(|why| invalid(format!("this is no JSON: {why}")))?;
    let text = json.to_string();
    if text.len() > context.engine().max_string_size() {
        let what = "Length of string".to_owned();
        return Err(EvalAltResult::ErrorDataTooLarge(what, Position::NONE).into());
    }
    Ok(text)
}
