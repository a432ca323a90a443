//! How long a plugin's calls take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::Event;
use keepwatch_host::{PluginSpec, Refusal, Runtime, Source};

use crate::trial::{Outside, Trial};

/// How long a plugin takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Until it is compiled and has begun; what was compiled before is loaded.
    pub begin: Duration,
    /// How many calls were made.
    pub calls: usize,
    /// How many of them failed.
    pub failed: usize,
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// 99 of 100 calls took no longer.
    pub p99: Duration,
    /// The longest.
    pub longest: Duration,
}

/// Calls a plugin so many times, with these events in turn or, if it is a checker, asking it. What it would do outside
/// is not done.
///
/// # Errors
///
/// Why it would not be loaded, or if it wants none of the events.
pub async fn measure(
    runtimes: &[Arc<dyn Runtime>],
    source: &Source,
    spec: PluginSpec,
    events: &[Arc<Event>],
    calls: usize,
) -> Result<Figures, Refusal> {
    let began = Instant::now();
    let program = crate::trial::compile(runtimes, source).await?;
    let mut trial = Trial::begin(program, source, spec, Outside::Told).await?;
    let begin = began.elapsed();
    let is_checker = trial.manifest().roles.checker;
    // Those that it would not hear are no calls.
    let wanted: Vec<_> = events.iter().filter(|event| trial.manifest().wants(event)).collect();
    let mut took = Vec::with_capacity(calls);
    let mut failed = 0;
    for number in 0..calls {
        let shown = if is_checker {
            Some(trial.ask().await)
        } else {
            match wanted.get(number % wanted.len().max(1)) {
                Some(event) => trial.hear(event).await,
                None => None,
            }
        };
        let Some(shown) = shown else { break };
        failed += usize::from(shown.answer.is_err());
        took.push(shown.took);
    }
    took.sort_unstable();
    let at =
        |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied();
    let (Some(p50), Some(p99), Some(longest)) = (at(50), at(99), took.last().copied()) else {
        return Err(Refusal::plain("it wants none of these events").help("--events FILE with others"));
    };
    Ok(Figures { begin, calls: took.len(), failed, p50, p99, longest })
}
