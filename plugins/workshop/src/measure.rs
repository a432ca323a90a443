//! How long a plugin's calls take.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::Event;
use keepwatch_host::{PluginSpec, Refusal, Runtime, Source};

use crate::trial::{Outside, Trial};

/// Reasons of failed calls that are told apart.
const REASONS: usize = 8;

/// How long a plugin takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figures {
    /// Until it is compiled and has begun; what was compiled before is loaded.
    pub begin: Duration,
    /// How many calls were made.
    pub calls: usize,
    /// Those of them that failed, by reason, in the order in which these came up.
    pub failed: Vec<Failed>,
    /// Half of the calls took no longer.
    pub p50: Duration,
    /// 99 of 100 calls took no longer.
    pub p99: Duration,
    /// The longest.
    pub longest: Duration,
}

/// Calls that failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// What the first of them said, perhaps on several lines. Those are alike whose first lines are.
    pub why: String,
    /// How many they are.
    pub calls: usize,
}

/// Calls a plugin so many times, with these events in turn or, if it is a checker, asking it. What it would do outside
/// is not done, but for waiting: after the time `within` no further call is made.
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
    within: Duration,
) -> Result<Figures, Refusal> {
    let began = Instant::now();
    let program = crate::trial::compile(runtimes, source).await?;
    let mut trial = Trial::begin(program, source, spec, Outside::Told).await?;
    let begin = began.elapsed();
    let is_checker = trial.manifest().roles.checker;
    // Those that it would not hear are no calls.
    let wanted: Vec<_> = events.iter().filter(|event| trial.manifest().wants(event)).collect();
    let mut took = Vec::with_capacity(calls);
    let mut failed = Vec::new();
    let first = Instant::now();
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
        took.push(shown.took);
        if let Err(why) = shown.answer {
            count(&mut failed, why);
        }
        if first.elapsed() >= within {
            break;
        }
    }
    took.sort_unstable();
    let at =
        |percent: usize| took.get((took.len() * percent / 100).min(took.len().saturating_sub(1))).copied();
    let (Some(p50), Some(p99), Some(longest)) = (at(50), at(99), took.last().copied()) else {
        return Err(Refusal::plain("it wants none of these events").help("--events FILE with others"));
    };
    Ok(Figures { begin, calls: took.len(), failed, p50, p99, longest })
}

/// Counts one more failed call.
fn count(failed: &mut Vec<Failed>, why: String) {
    let first_line = |text: &str| text.lines().next().unwrap_or_default().to_owned();
    let kind = first_line(&why);
    if let Some(known) = failed.iter_mut().find(|known| first_line(&known.why) == kind) {
        known.calls += 1;
    } else if let Some(rest) = failed.get_mut(REASONS) {
        rest.calls += 1;
    } else {
        let why = if failed.len() < REASONS { why } else { "other reasons".to_owned() };
        failed.push(Failed { why, calls: 1 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_that_begin_alike_are_one_and_others_are_few() {
        let mut failed = Vec::new();
        for why in ["too many\n --> a:1:2", "no answer", "too many\n --> a:3:4"] {
            count(&mut failed, why.to_owned());
        }
        let reason = |why: &str, calls| Failed { why: why.to_owned(), calls };
        assert_eq!(failed, [reason("too many\n --> a:1:2", 2), reason("no answer", 1)]);
        for number in 0..100 {
            count(&mut failed, format!("number {number}"));
        }
        assert_eq!((failed.len(), failed.iter().map(|failed| failed.calls).sum()), (REASONS + 1, 103));
        assert_eq!(failed[REASONS], reason("other reasons", 94));
    }
}
