//! `keepwatch events record`: events into a file.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use keepwatch_control::Answer;
use keepwatch_event::counted;

use super::{Ended, hear, json, request};
use crate::cli::Record;
use crate::{ask, exit};

/// Writes each line to the file as it comes: whatever ends this, nothing that was heard is lost.
pub(super) fn record(arguments: &Record) -> ExitCode {
    let name = arguments.file.display();
    let mut file = match File::create_new(&arguments.file) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return ask::failed(&format!("{name} is there already; remove it, or choose another name"));
        }
        Err(error) => return ask::failed(&format!("cannot write {name}: {error}")),
    };
    if io::stderr().is_terminal() && arguments.duration.is_none() {
        eprintln!("recording into {name} until Ctrl-C");
    }
    let (mut events, mut missed) = (0, 0);
    let heard = hear(&request(&arguments.selection), arguments.duration, |line| {
        match &line.answer {
            Answer::Event(_) => events += 1,
            Answer::Missed(more) => missed += more.events,
            _ => {}
        }
        file.write_all(json(line).as_bytes())
    });
    match heard {
        Ok(ended) => {
            let why = if ended == Ended::ByDaemon { "keepwatch is stopping; " } else { "" };
            let lost =
                if missed > 0 { format!(", {} missed", counted(missed, "event")) } else { String::new() };
            eprintln!("{why}{} in {name}{lost}", counted(events, "event"));
            exit::with(exit::OK)
        }
        Err(error) => ask::failed(&error),
    }
}
