//! Functions of the language on texts whose result can be many times as large as what they get, with the limits of
//! sizes asked before instead of after: one call of the originals could take all memory there is.

use rhai::{Array, Engine, EvalAltResult, INT, ImmutableString, NativeCallContext, Position};

use super::Result;

type Text = ImmutableString;
type Context<'a> = NativeCallContext<'a>;

/// `replace`, `split`, `split_rev`, `to_chars` in all their forms.
pub(crate) fn register(engine: &mut Engine) {
    engine
        .register_fn("replace", |c: Context<'_>, text: &mut Text, a: &str, b: &str| replace(&c, text, a, b));
    engine.register_fn("replace", |c: Context<'_>, text: &mut Text, a: &str, b: char| {
        replace(&c, text, a, b.encode_utf8(&mut [0; 4]))
    });
    engine.register_fn("replace", |c: Context<'_>, text: &mut Text, a: char, b: &str| {
        replace(&c, text, a.encode_utf8(&mut [0; 4]), b)
    });
    engine.register_fn("replace", |c: Context<'_>, text: &mut Text, a: char, b: char| {
        replace(&c, text, a.encode_utf8(&mut [0; 4]), b.encode_utf8(&mut [0; 4]))
    });
    engine.register_fn("split", |c: Context<'_>, text: &mut Text| array(&c, text.split_whitespace()));
    engine.register_fn("split", |c: Context<'_>, text: &mut Text, by: &str| array(&c, text.split(by)));
    engine.register_fn("split", |c: Context<'_>, text: &mut Text, by: char| array(&c, text.split(by)));
    engine.register_fn("split", |c: Context<'_>, text: &mut Text, by: &str, most: INT| {
        array(&c, text.splitn(pieces(most), by))
    });
    engine.register_fn("split", |c: Context<'_>, text: &mut Text, by: char, most: INT| {
        array(&c, text.splitn(pieces(most), by))
    });
    engine.register_fn("split_rev", |c: Context<'_>, text: &mut Text, by: &str| array(&c, text.rsplit(by)));
    engine.register_fn("split_rev", |c: Context<'_>, text: &mut Text, by: char| array(&c, text.rsplit(by)));
    engine.register_fn("split_rev", |c: Context<'_>, text: &mut Text, by: &str, most: INT| {
        array(&c, text.rsplitn(pieces(most), by))
    });
    engine.register_fn("split_rev", |c: Context<'_>, text: &mut Text, by: char, most: INT| {
        array(&c, text.rsplitn(pieces(most), by))
    });
    engine.register_fn("to_chars", |c: Context<'_>, text: &str| -> Result<Array> {
        let most = c.engine().max_array_size();
        let chars: Array = text.chars().take(most + 1).map(Into::into).collect();
        if chars.len() > most { Err(too_large("Size of array/BLOB")) } else { Ok(chars) }
    });
}

fn replace(context: &Context<'_>, text: &mut Text, from: &str, to: &str) -> Result<()> {
    let found = text.matches(from).count();
    let length = (text.len() - found * from.len()).saturating_add(found.saturating_mul(to.len()));
    if length > context.engine().max_string_size() {
        return Err(too_large("Length of string"));
    }
    if found > 0 {
        *text = text.replace(from, to).into();
    }
    Ok(())
}

fn pieces(most: INT) -> usize {
    usize::try_from(most).unwrap_or(0).max(1)
}

fn array<'a>(context: &Context<'_>, pieces: impl Iterator<Item = &'a str>) -> Result<Array> {
    let most = context.engine().max_array_size();
    let array: Array = pieces.take(most + 1).map(Into::into).collect();
    if array.len() > most { Err(too_large("Size of array/BLOB")) } else { Ok(array) }
}

fn too_large(what: &str) -> Box<EvalAltResult> {
    EvalAltResult::ErrorDataTooLarge(what.to_owned(), Position::NONE).into()
}
