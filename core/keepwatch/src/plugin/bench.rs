//! `keepwatch plugin bench`.

use std::process::ExitCode;
use std::sync::Arc;

use keepwatch_event::{Rounded, counted};
use keepwatch_workshop::{Failed, Figures, measure, occasion, recorded};

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
    match block_on(measure(&runtimes, &source, spec, &events, calls, arguments.within)) {
        Ok(Ok(figures)) => {
            let code = if figures.failed.is_empty() { exit::OK } else { exit::FAILED };
            ask::printed(&show(&figures, arguments), code)
        }
        Ok(Err(refusal)) => refused(&refusal),
        Err(code) => code,
    }
}

fn show(figures: &Figures, asked: &Bench) -> String {
    let Figures { begin, calls, failed, p50, p99, longest } = figures;
    let sum: usize = failed.iter().map(|failed| failed.calls).sum();
    let (begin, half, most, longest) = (Rounded(*begin), Rounded(*p50), Rounded(*p99), Rounded(*longest));
    let counted_calls = |calls: usize| counted(calls as u64, "call");
    let mut text = format!("began in {begin}\n{}, {sum} of them failed\n", counted_calls(*calls));
    if u32::try_from(*calls).is_ok_and(|calls| calls < asked.calls) {
        let within = Rounded(asked.within);
        text += &format!("{} were asked for, but there are no more after {within} (--within)\n", asked.calls);
    }
    text += &format!("half within {half}, 99 % within {most}, the longest {longest}\n");
    for Failed { why, calls } in failed {
        text += &format!("{} failed: {why}\n", counted_calls(*calls));
    }
    text
}
