//! `keepwatch plugin bench`.

use std::process::ExitCode;
use std::sync::Arc;

use keepwatch_event::{Rounded, counted};
use keepwatch_workshop::{Figures, measure, occasion, recorded};

use super::cli::Bench;
use super::subject::{Read, block_on, fail, read, refused};
use crate::{ask, exit};

pub(crate) fn bench(arguments: &Bench) -> ExitCode {
    let Read { source, spec, runtimes, .. } = match read(&arguments.subject) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let events = match &arguments.events {
        Some(path) => recorded(path),
        None => occasion("master", "h1").map(|event| vec![Arc::new(event)]),
    };
    let events = match events {
        Ok(events) => events,
        Err(why) => return fail(&why),
    };
    // There are processors that count no further than this.
    let calls = usize::try_from(arguments.calls).unwrap_or(usize::MAX);
    match block_on(measure(&runtimes, &source, spec, &events, calls)) {
        Ok(Ok(figures)) => ask::printed(&show(&figures), exit::OK),
        Ok(Err(refusal)) => refused(&refusal),
        Err(code) => code,
    }
}

fn show(figures: &Figures) -> String {
    let Figures { begin, calls, failed, p50, p99, longest } = figures;
    format!(
        "began in {}\n{}, {failed} of them failed\nhalf within {}, 99 % within {}, the longest {}\n",
        Rounded(*begin),
        counted(*calls as u64, "call"),
        Rounded(*p50),
        Rounded(*p99),
        Rounded(*longest)
    )
}
