//! `keepwatch plugin test`.

use std::process::ExitCode;
use std::sync::Arc;

use keepwatch_event::{Event, Rounded};
use keepwatch_workshop::{Outside, Shown, Told, Trial, occasion, recorded};

use super::cli::Test;
use super::subject::{Read, block_on, fail, misused, read, refused, table};
use crate::exit;
use crate::output::Output;

pub(crate) fn test(arguments: &Test) -> ExitCode {
    let Read { source, mut spec, is_declared, runtimes, .. } = match read(&arguments.subject) {
        Ok(read) => read,
        Err(code) => return code,
    };
    let events = match events(arguments) {
        Ok(events) => events,
        Err(code) => return code,
    };
    let mut output = Output::default();
    let tried = block_on(async {
        let program = keepwatch_workshop::compile(&runtimes, &source).await?;
        let roles = program.manifest().roles;
        // Whoever asks a checker wants to know; whoever tries a handler does not want to wake the admins.
        let outside = if arguments.real || !roles.handler { Outside::Real } else { Outside::Told };
        if !is_declared {
            spec.table = table(&spec.name, roles);
        }
        let mut trial = Trial::begin(program, &source, spec, outside).await?;
        output.print(&lines(&trial.beginning()));
        let mut count = Count::default();
        for event in &events {
            if let Some(shown) = trial.hear(event).await {
                output.print(&show(&shown));
                count.add(&shown);
            }
        }
        if roles.checker {
            let shown = trial.ask().await;
            output.print(&show(&shown));
            count.add(&shown);
        }
        Ok(count)
    });
    match tried {
        Ok(Ok(Count { shown: 0, .. })) if events.is_empty() => {
            fail("a handler needs something to hear: --event master, or --events FILE")
        }
        Ok(Ok(Count { shown: 0, .. })) => {
            fail("it wants none of these events; plugin check says which it does")
        }
        Ok(Ok(Count { failed: 0, .. })) => output.end(exit::OK),
        Ok(Ok(_)) => output.end(exit::FAILED),
        Ok(Err(refusal)) => refused(&refusal),
        Err(code) => code,
    }
}

fn events(arguments: &Test) -> Result<Vec<Arc<Event>>, ExitCode> {
    let node = nix::unistd::gethostname().unwrap_or_default();
    let mut events = Vec::new();
    for name in &arguments.event {
        let event = occasion(name, &node.to_string_lossy()).map_err(|why| misused(&why))?;
        events.push(Arc::new(event));
    }
    if let Some(path) = &arguments.events {
        events.extend(recorded(path).map_err(|why| fail(&why))?);
    }
    Ok(events)
}

#[derive(Default)]
struct Count {
    shown: usize,
    failed: usize,
}

impl Count {
    fn add(&mut self, shown: &Shown) {
        self.shown += 1;
        let is_bad = |answer: &String| answer.starts_with("fail:") || answer.starts_with("unknown:");
        self.failed += usize::from(shown.answer.as_ref().map_or(true, is_bad));
    }
}

/// One call: what it answered, and what it did.
fn show(shown: &Shown) -> String {
    let took = Rounded(shown.took);
    let answer = match &shown.answer {
        Ok(answer) if answer == "ok" => format!("{}  ok in {took}\n", shown.call),
        Ok(answer) => format!("{}  {answer} ({took})\n", shown.call),
        Err(why) if why.contains('\n') => format!("{}  failed after {took}\n{why}\n", shown.call),
        Err(why) => format!("{}  failed after {took}: {why}\n", shown.call),
    };
    answer + lines(&shown.told).as_str()
}

fn lines(told: &[Told]) -> String {
    told.iter().map(|told| format!("  {:12}  {}\n", told.what, told.text)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_call_and_what_it_did() {
        let shown = Shown {
            call: "on_master".to_owned(),
            took: Duration::from_micros(41),
            answer: Ok("ok".to_owned()),
            told: vec![Told { what: "would run", text: "haproxy-reload".to_owned() }],
        };
        assert_eq!(show(&shown), "on_master  ok in 41 us\n  would run     haproxy-reload\n");
        let failed = Shown { answer: Err("it crashed: unreachable".to_owned()), told: Vec::new(), ..shown };
        assert_eq!(show(&failed), "on_master  failed after 41 us: it crashed: unreachable\n");
    }
}
