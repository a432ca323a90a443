//! `keepwatch plugin list`: the plugins and their figures.

use std::process::ExitCode;

use keepwatch_control::{Answer, Request};

use crate::cli::PluginList;
use crate::terminal::Paint;
use crate::{ask, exit, status};

pub(crate) fn list(arguments: &PluginList) -> ExitCode {
    let answer = ask::ask(&Request::Plugins, |line| {
        if arguments.json {
            return ask::raw(&line);
        }
        let Answer::Plugins(reports) = line.answer else { return None };
        Some(status::table(&reports, Paint::for_output()))
    });
    match answer {
        Ok(text) => ask::printed(&text, exit::OK),
        Err(error) => ask::failed(&error),
    }
}
