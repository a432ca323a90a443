//! `keepwatch silence`: what is not told for a while.

use std::process::ExitCode;

use keepwatch_control::{Answer, Request, SilenceName, SilenceStatus};
use keepwatch_event::counted;

use super::{cli, spool};
use crate::words::lasting;
use crate::{ask, exit};

pub(super) fn add(arguments: &cli::SilenceAdd) -> ExitCode {
    let silence = SilenceStatus {
        name: arguments.name.clone(),
        instances: arguments.instance.clone(),
        destinations: arguments.destination.clone(),
        lasts: arguments.lasts,
        comment: arguments.comment.clone(),
        untold: 0,
    };
    let (name, lasts) = (silence.name.clone(), lasting(silence.lasts));
    spool::done(&Request::Silence(silence), |_| format!("Silence {name} for {lasts}.\n"))
}

pub(super) fn remove(arguments: &cli::SilenceRemove) -> ExitCode {
    let name = arguments.name.clone();
    spool::done(&Request::SilenceEnd(SilenceName { name: name.clone() }), |_| {
        format!("Silence {name} is over.\n")
    })
}

pub(super) fn list(arguments: &cli::SilenceList) -> ExitCode {
    let answer = ask::ask(&Request::Silences, |line| {
        if arguments.json {
            return ask::raw(&line);
        }
        let Answer::Silences(silences) = line.answer else { return None };
        Some(text(&silences))
    });
    match answer {
        Ok(text) => ask::printed(&text, exit::OK),
        Err(error) => ask::failed(&error),
    }
}

fn text(silences: &[SilenceStatus]) -> String {
    if silences.is_empty() {
        return "There are no silences.\n".to_owned();
    }
    silences.iter().map(line).collect()
}

fn line(silence: &SilenceStatus) -> String {
    let all = |names: &[String], all: &str| if names.is_empty() { all.to_owned() } else { names.join(", ") };
    let about = all(&silence.instances, "everything");
    let at = all(&silence.destinations, "all destinations");
    let comment = if silence.comment.is_empty() { String::new() } else { format!(": {}", silence.comment) };
    format!(
        "{}: about {about}, at {at}, for another {}, {} not sent{comment}\n",
        silence.name,
        lasting(silence.lasts),
        counted(silence.untold, "letter"),
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn silences_read_as_sentences() {
        let silence = SilenceStatus {
            name: "upgrade".into(),
            instances: vec!["VI_1".into()],
            destinations: Vec::new(),
            lasts: Duration::from_secs(3_720),
            comment: "new kernel".into(),
            untold: 3,
        };
        assert_eq!(
            text(&[silence]),
            "upgrade: about VI_1, at all destinations, for another 1 h 2 min, 3 letters not sent: new kernel\n"
        );
        assert_eq!(text(&[]), "There are no silences.\n");
    }
}
