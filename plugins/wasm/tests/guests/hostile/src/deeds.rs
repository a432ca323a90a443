//! The deeds.

use std::hint::black_box;

use keepwatch_sdk::prelude::*;

use crate::{Config, Hostile};

/// What to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Deed {
    /// Nothing: the guest behaves.
    #[default]
    Nothing,
    /// Computes for ever.
    Loop,
    /// Executes `unreachable`.
    Trap,
    /// Panics, with words.
    Panic,
    /// Calls itself until the stack ends.
    Recurse,
    /// Takes memory until there is no more.
    Grow,
    /// Waits for `milliseconds`, in the host.
    Sleep,
    /// Waits for ever, in the host, a millisecond at a time.
    Doze,
    /// Logs `count` lines of `bytes`.
    Log,
    /// Stores `count` values of `bytes`, as `fill/0`, `fill/1`, ...
    FillKv,
    /// Reads the key `target` and answers with it.
    ReadKv,
    /// Emits `count` events with `bytes` of data.
    Emit,
    /// Emits something that is no JSON object.
    EmitNonsense,
    /// Counts under `count` names.
    Metrics,
    /// Gets `target` and answers with the status and the body.
    Http,
    /// Runs the action `target` and answers with its output.
    Run,
    /// Connects to `target`.
    Tcp,
    /// Connects to `target`.
    Unix,
    /// Reports that `target` passes, for `milliseconds`.
    Track,
    /// Returns an error of `bytes`.
    Error,
    /// Asks for the event again after `milliseconds`. (Handler)
    Retry,
    /// Does not want the event. (Handler)
    Skip,
    /// Returns a verdict of `fail`. (Checker)
    Fail,
    /// Returns a verdict of `unknown`. (Checker)
    Unknown,
}

impl Deed {
    /// Does it, and says what came of it.
    pub(crate) fn act(self, config: &Config) -> Result<String> {
        match self {
            Self::Nothing | Self::Retry | Self::Skip | Self::Fail | Self::Unknown => {}
            Self::Loop => endless(),
            Self::Trap => trap(),
            Self::Panic => panic!("on purpose"),
            Self::Recurse => return Ok(recurse(0).to_string()),
            Self::Grow => grow(),
            Self::Sleep => clock::sleep(Hostile::time(config)),
            Self::Doze => loop {
                clock::sleep(std::time::Duration::from_millis(1));
            },
            Self::Log => repeat(config, |_, text| {
                info!("{text}");
                Ok(())
            })?,
            Self::FillKv => repeat(config, |number, text| kv::set(&format!("fill/{number}"), text))?,
            Self::ReadKv => {
                let value = kv::get(&config.target)?.unwrap_or_default();
                return Ok(String::from_utf8_lossy(&value).into_owned());
            }
            Self::Emit => repeat(config, |number, text| {
                events::emit("storm", Severity::Info, &json!({ "number": number, "text": text }))
            })?,
            Self::EmitNonsense => events::emit("nonsense", Severity::Info, &"no object")?,
            Self::Metrics => repeat(config, |number, _| metrics::add(&format!("metric_{number}"), 1.0))?,
            Self::Http => {
                let response = http::Request::new("GET", &config.target).send()?;
                return Ok(format!("{} {}", response.status, String::from_utf8_lossy(&response.body)));
            }
            Self::Run => return Ok(run(&config.target)?.output),
            Self::Tcp => return probed(probe::tcp(&config.target, &probe::Question::default())),
            Self::Unix => return probed(probe::unix(&config.target, &probe::Question::default())),
            Self::Track => track::set(&config.target, &Verdict::pass("on purpose"), Hostile::time(config))?,
            Self::Error => return Err(Error::new("x".repeat(config.bytes))),
        }
        Ok(String::new())
    }
}

fn endless() -> ! {
    let mut number = 0_u64;
    loop {
        number = black_box(number.wrapping_add(1));
    }
}

#[cfg(target_family = "wasm")]
fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_family = "wasm"))]
fn trap() -> ! {
    std::process::abort()
}

#[allow(unconditional_recursion)]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 64]);
    recurse(frame[0] + 1) + frame[63]
}

fn grow() -> ! {
    let mut hoard: Vec<Vec<u8>> = Vec::new();
    loop {
        hoard.push(black_box(vec![1; 1 << 16]));
    }
}

/// `count` times, or without end, with a text of `bytes`.
fn repeat(config: &Config, mut once: impl FnMut(u64, &str) -> Result<()>) -> Result<()> {
    let text = "x".repeat(config.bytes);
    let count = if config.count == 0 { u64::MAX } else { config.count };
    (0..count).try_for_each(|number| once(number, &text))
}

fn probed(answer: Result<probe::Answer>) -> Result<String> {
    Ok(format!("connected after {} us", answer?.connected_after.as_micros()))
}
