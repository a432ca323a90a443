//! `keepwatch status`: who serves, why, and what is wrong.

mod destinations;
mod plugins;
mod render;
mod wrong;

use std::process::ExitCode;

use keepwatch_control::{Answer, Line, Request};

use crate::cli::Status;
use crate::terminal::Paint;
use crate::{ask, exit};

pub(crate) use plugins::table;

pub(crate) fn status(arguments: &Status) -> ExitCode {
    let answer = ask::ask(&Request::Status, |line| shown(arguments, line));
    match answer {
        Ok((text, code)) => ask::printed(&text, code),
        Err(error) => ask::failed(&error),
    }
}

/// What to print and what to exit with; `None` if the answer is another one.
fn shown(arguments: &Status, line: Line) -> Option<(String, u8)> {
    if arguments.json && !arguments.check {
        return Some((ask::raw(&line)?, exit::OK));
    }
    let raw = if arguments.json { ask::raw(&line) } else { None };
    let Answer::Status(status) = line.answer else { return None };
    let wrong = wrong::wrong(&status);
    let code = if arguments.check && !wrong.is_empty() { exit::TROUBLE } else { exit::OK };
    Some((raw.unwrap_or_else(|| render::render(&status, &wrong, Paint::for_output())), code))
}
