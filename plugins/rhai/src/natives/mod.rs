//! The functions of keepwatch's that a script can call, with the meaning that `sdk/wit` gives them.

mod emit;
mod http;
pub(crate) mod json;
mod kv;
mod log;
mod metric;
mod notify;
mod outcome;
mod probe;
mod run;
pub(crate) mod text;
pub(crate) mod time;
mod track;

use std::fmt::Write;
use std::sync::Arc;

use rhai::{Dynamic, Engine};

use crate::reach::Reach;

pub(crate) use outcome::Answer;
pub(crate) use track::{Verdict, health};

/// What a function of the host's gives or throws.
type Result<T> = std::result::Result<T, Box<rhai::EvalAltResult>>;

/// Adds all functions that reach outside, and verdicts and outcomes.
pub(crate) fn register(engine: &mut Engine, reach: &Reach, file: &Arc<str>) {
    log::register(engine, reach, file);
    time::register(engine, reach);
    kv::register(engine, reach);
    http::register(engine, reach);
    run::register(engine, reach);
    probe::register(engine, reach);
    track::register(engine, reach);
    notify::register(engine, reach);
    metric::register(engine, reach);
    emit::register(engine, reach);
    outcome::register(engine);
}

/// What a verdict or an answer says at most, in octets. Values of these types are small by that: Rhai limits the sizes of
/// its own only.
const SENTENCE: usize = 4 << 10;

/// A value as it is printed, cut to what a verdict or an answer may say.
fn sentence(value: &Dynamic) -> String {
    let mut cut = Cut(String::new());
    // An error: it is full.
    let _ = write!(cut, "{value}");
    cut.0
}

/// A text that grows no longer than [`SENTENCE`]: what is printed may be many times as long as the value is large.
struct Cut(String);

impl Write for Cut {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let fits = text.floor_char_boundary(SENTENCE - self.0.len());
        self.0.push_str(text.get(..fits).unwrap_or_default());
        if fits < text.len() { Err(std::fmt::Error) } else { Ok(()) }
    }
}

/// A text or a blob as octets; other values as they are printed.
fn octets(value: &Dynamic) -> Vec<u8> {
    if let Ok(blob) = value.as_blob_ref() {
        return blob.to_vec();
    }
    match value.as_immutable_string_ref() {
        Ok(text) => text.as_bytes().to_vec(),
        Err(_) => value.to_string().into_bytes(),
    }
}

/// Octets as a text, or as a blob if they are none.
fn received(octets: Vec<u8>) -> Dynamic {
    match String::from_utf8(octets) {
        Ok(text) => text.into(),
        Err(error) => Dynamic::from_blob(error.into_bytes()),
    }
}
