//! keepwatch keeps a service's address alive.
//!
//! This is the program: the command line, and the wiring of the daemon. It has no logic of its own.

mod actions;
mod ask;
mod check;
mod check_report;
mod checks;
mod cli;
mod convert;
mod daemon_control;
mod demo;
mod destinations;
mod dumper;
mod events;
mod examining;
mod exit;
mod explain;
mod explaining;
mod extensions;
mod fingerprint;
mod log;
mod messages;
mod net_namespace;
mod notifications;
mod notify;
mod notify_scripts;
mod output;
mod paths;
mod pid_file;
mod plan;
mod plugin;
mod plugin_list;
mod plugin_reports;
mod reap;
mod reload;
mod reload_plan;
mod reloading;
mod run;
mod schema;
mod signals;
mod status;
mod terminal;
mod watching;
mod words;

use std::process::ExitCode;

use clap::Parser;

use cli::{Cli, Command, Plugin};

fn main() -> ExitCode {
    let Cli { command, signum } = Cli::parse();
    let Some(command) = command else { return signals::print_number(signum) };
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Check(arguments) => check::check(&arguments),
        Command::Convert(arguments) => convert::convert(&arguments),
        Command::Schema(_) => schema::schema(),
        Command::Status(arguments) => status::status(&arguments),
        Command::Explain(arguments) => explain::explain(&arguments),
        Command::Events(arguments) => events::events(&arguments),
        Command::Plugin(Plugin::New(arguments)) => plugin::new(&arguments),
        Command::Plugin(Plugin::Build(arguments)) => plugin::build(&arguments),
        Command::Plugin(Plugin::Check(arguments)) => plugin::check(&arguments),
        Command::Plugin(Plugin::Test(arguments)) => plugin::test(&arguments),
        Command::Plugin(Plugin::Bench(arguments)) => plugin::bench(&arguments),
        Command::Plugin(Plugin::List(arguments)) => plugin_list::list(&arguments),
        Command::Plugin(Plugin::Letters(arguments)) => plugin_list::letters(&arguments),
        Command::CompileComponent { input, output } => extensions::compile(&input, &output),
        Command::Notify(command) => notify::notify(&command),
        Command::Spool(command) => notify::spool(&command),
        Command::Silence(command) => notify::silence(&command),
        Command::Reload(arguments) => reload::reload(&arguments),
        Command::Demo(arguments) => demo::demo(&arguments),
    }
}
