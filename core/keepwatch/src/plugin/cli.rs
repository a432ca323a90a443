//! The arguments of `keepwatch plugin ...`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};

/// Makes a new plugin: a Rust project in a folder of its name, or a Rhai script. It builds and its tests pass as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin new replication-lag --lang rust --role checker
  keepwatch plugin new tell-chat --lang rhai --role handler --in /etc/keepwatch/hooks.d

Exit codes: 0 made, 1 something is in the way, 2 wrong command line")]
pub(crate) struct New {
    /// Its name: small letters, digits and `-`
    pub(crate) name: String,

    /// What it is written in
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) lang: Language,

    /// What it does
    #[arg(long)]
    pub(crate) role: Role,

    /// Where it is made
    #[arg(long = "in", value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Language {
    /// A WASM component
    Rust,
    /// A script
    Rhai,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Role {
    /// It hears events and acts
    Handler,
    /// It answers health checks
    Checker,
}

/// Builds the Rust plugin in a folder with your own cargo, and puts the component NAME.wasm beside its Cargo.toml.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin build
  keepwatch plugin build ~/replication-lag

Needs the target wasm32-unknown-unknown: rustup target add wasm32-unknown-unknown

Exit codes: 0 built, 1 not built, 2 wrong command line")]
pub(crate) struct Build {
    /// The plugin's folder
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,
}

/// What a plugin is and may do, for commands that try one.
#[derive(Debug, Args)]
pub(crate) struct Subject {
    /// The plugin: NAME.rhai or NAME.wasm
    pub(crate) file: PathBuf,

    /// A setting; the value is a number, true, false, a JSON value, or else a text. Repeat for more
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) config: Vec<String>,

    /// A grant, as in keepwatch.toml. Repeat for more. [default: those that --with has for this file, else all]
    #[arg(long, value_name = "GRANT")]
    pub(crate) grant: Vec<String>,

    /// A keepwatch.toml whose grants and settings for this file are taken
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Option<PathBuf>,
}

/// Loads a plugin as the daemon would, and says what it is, what it needs, and what is wrong with it. It begins with the
/// settings it is given, but does nothing outside.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin check hooks.d/haproxy.rhai --with keepwatch.toml
  keepwatch plugin check replication-lag.wasm --grant http://127.0.0.1:9187

Exit codes: 0 it would be loaded, 1 it would not, 2 wrong command line")]
pub(crate) struct Check {
    #[command(flatten)]
    pub(crate) subject: Subject,
}

/// Runs a plugin without a daemon: a handler hears events, a checker is asked once. What it would do outside is told
/// instead; a checker's HTTP requests and connections are real.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin test hooks.d/haproxy.rhai --event master
  keepwatch plugin test hooks.d/haproxy.rhai --events last-night.jsonl
  keepwatch plugin test replication-lag.wasm --config url=http://127.0.0.1:9187/lag --config max_lag=2
  keepwatch plugin test chat.rhai --event master --real     # requests are sent

Exit codes: 0 all went well and the check passed, 1 something failed, 2 wrong command line")]
pub(crate) struct Test {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// A made-up event: master, backup, fault or stop. Repeat for more
    #[arg(long, value_name = "NAME")]
    pub(crate) event: Vec<String>,

    /// Recorded events, one a line: see `keepwatch events record`
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,

    /// Send a handler's HTTP requests and make its connections
    #[arg(long)]
    pub(crate) real: bool,
}

/// Calls a plugin many times and says how long it takes, and why calls failed. What it would do outside is not done, but
/// where it sleeps, time passes. Limits hold: of more than 100 events of its own at once, for example, the rest are errors.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin bench hooks.d/haproxy.rhai
  keepwatch plugin bench replication-lag.wasm --config url=http://127.0.0.1:9187/lag --config max_lag=2
  keepwatch plugin bench chat.rhai --events last-night.jsonl --calls 100000

Exit codes: 0 measured, 1 a call failed, or it would not be loaded or wants none of the events, 2 wrong command line")]
pub(crate) struct Bench {
    #[command(flatten)]
    pub(crate) subject: Subject,

    /// Recorded events [default: a made-up event `master`]
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,

    /// How many calls
    #[arg(long, value_name = "COUNT", default_value = "10000", value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub(crate) calls: u32,

    /// No further call is made after this time
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = humantime::parse_duration)]
    pub(crate) within: Duration,
}
