//! `keepwatch events record`: events into a file.

use std::fs::File;
use std::io::{self, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

use keepwatch_control::Answer;
use keepwatch_event::counted;

use super::{Ended, hear, json, request};
use crate::cli::Record;
use crate::{ask, exit};

/// Writes each line to the file as it comes: whatever ends this, nothing that was heard is lost. There is no file before there
/// is a daemon, nor after one that said nothing: it would be in the way of the next recording.
pub(super) fn record(arguments: &Record) -> ExitCode {
    let name = arguments.file.display();
    let client = match ask::connect() {
        Ok(client) => client,
        Err(error) => return ask::failed(&error),
    };
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
    let (mut events, mut missed, mut is_empty) = (0, 0, true);
    let heard = hear(client, &request(&arguments.selection), arguments.duration, |line| {
        is_empty = false;
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
        Err(error) => {
            if is_empty {
                // It may be gone already; why it is empty is what matters.
                let _ = std::fs::remove_file(&arguments.file);
            }
            ask::failed(&error)
        }
    }
}
