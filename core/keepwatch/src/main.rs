//! keepwatch keeps a service's address alive.
//!
//! This is the program: the command line, and the wiring of the daemon. It has no logic of its own.

mod check;
mod cli;
mod demo;
mod exit;
mod extensions;
mod log;
mod paths;
mod plan;
mod reap;
mod run;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command};

fn main() -> ExitCode {
    match Cli::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
    }
}
