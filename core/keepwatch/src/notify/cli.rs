//! The arguments of `keepwatch notify`, `spool` and `silence`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

/// Looks after notifications: mails and webhooks.
#[derive(Debug, Subcommand)]
pub(crate) enum Notify {
    /// Send a real trial message to a destination, and show what was said
    Test(Test),
    /// Show a message as it would go
    Render(Render),
}

/// Sends one message that says that it is a trial to a destination, by its own templates, now, without the running daemon,
/// and shows the dialogue with its server. Secrets are not shown. What an event would look like: `keepwatch notify render`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch notify test admins
  keepwatch notify test chat --config ./keepwatch.toml
  keepwatch notify test smtp_alert            # keepalived's own mails

Exit codes: 0 the server has taken it, 1 it has not, 2 wrong command line, 3 the configuration is not valid")]
pub(crate) struct Test {
    /// The destination: NAME of [notify.NAME]
    pub(crate) destination: String,

    /// The configuration [default: as for `run`]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Shows the mail or the request that a destination would get, without sending it. Secrets are not shown.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch notify render admins
  keepwatch notify render admins --event fault
  keepwatch notify render chat --events last-night.jsonl

Exit codes: 0 shown, 1 a template fails or nothing of it concerns the destination, 2 wrong command line, 3 the configuration
is not valid")]
pub(crate) struct Render {
    /// The destination: NAME of [notify.NAME]
    pub(crate) destination: String,

    /// A made-up event: master, backup, fault or stop. Repeat for more, which go together [default: master]
    #[arg(long, value_name = "NAME")]
    pub(crate) event: Vec<String>,

    /// Recorded events, one a line: see `keepwatch events record`
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,

    /// The configuration [default: as for `run`]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

/// Looks at what waits for destinations that cannot be reached, and at what was given up.
#[derive(Debug, Subcommand)]
pub(crate) enum Spool {
    /// What waits, for whom, and why
    List(SpoolList),
    /// All of one letter
    Show(SpoolShow),
    /// Try now what waits, and again what was given up
    Retry(Letters),
    /// Throw letters away
    Purge(Purge),
}

/// Asks the running daemon what waits for its destinations.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch spool list
  keepwatch spool list --dead            # what was given up
  keepwatch spool list --json | jq '.[] | {name, waiting: (.waiting | length)}'

Exit codes: 0 answered, 1 the daemon cannot be asked, 2 wrong command line")]
pub(crate) struct SpoolList {
    /// What was given up instead of what waits
    #[arg(long)]
    pub(crate) dead: bool,

    /// Print one JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Shows a letter as JSON, with how often it was tried and what went wrong.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 shown, 1 there is none of this id or the daemon cannot be asked, 2 wrong command line"
)]
pub(crate) struct SpoolShow {
    /// Its id, or the beginning of it, as `spool list` shows it
    pub(crate) id: String,
}

/// Letters of a destination.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch spool retry admins           # the server is back: do not wait
  keepwatch spool retry admins h1-1a220b3c27e-65f4-12

Exit codes: 0 done, 1 there is no such destination or letter, the daemon cannot be asked or may not be told to by this user,
2 wrong command line")]
pub(crate) struct Letters {
    /// The destination
    pub(crate) destination: String,

    /// Ids of letters, or the beginnings of them, as `spool list` shows them [default: all]
    pub(crate) ids: Vec<String>,
}

/// Throws away what waits for a destination and what was given up: letters of these ids, or with --all everything.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch spool purge admins h1-1a220b3c27e-65f4-12
  keepwatch spool purge admins --all

Exit codes: 0 done, 1 there is no such destination or letter, the daemon cannot be asked or may not be told to by this user,
2 wrong command line")]
pub(crate) struct Purge {
    /// The destination
    pub(crate) destination: String,

    /// Ids of letters, or the beginnings of them, as `spool list` shows them
    #[arg(required_unless_present = "all")]
    pub(crate) ids: Vec<String>,

    /// Everything
    #[arg(long, conflicts_with = "ids")]
    pub(crate) all: bool,
}

/// Silences: for a while destinations are not told, during maintenance. How instances, groups and checks
/// are in the end is told afterwards.
#[derive(Debug, Subcommand)]
pub(crate) enum Silence {
    /// Begin one, or change the one of this name
    Add(SilenceAdd),
    /// End one before its time
    Remove(SilenceRemove),
    /// The silences there are
    List(SilenceList),
}

/// Begins a silence. It outlives a restart of the daemon.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch silence add upgrade --for 2h --comment 'new kernel'
  keepwatch silence add web --for 30m --instance VI_1 --destination chat

Exit codes: 0 done, 1 the daemon cannot be asked or may not be told to by this user, 2 wrong command line")]
pub(crate) struct SilenceAdd {
    /// Its name
    pub(crate) name: String,

    /// For how long: 30m, 2h
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) lasts: Duration,

    /// About this instance or sync group only. Repeat for more
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Vec<String>,

    /// At this destination only. Repeat for more
    #[arg(long, value_name = "NAME")]
    pub(crate) destination: Vec<String>,

    /// Why
    #[arg(long, value_name = "TEXT", default_value = "")]
    pub(crate) comment: String,
}

/// Ends a silence before its time.
#[derive(Debug, Args)]
#[command(
    after_help = "Exit codes: 0 done, 1 there is none of this name, the daemon cannot be asked or may not be told to by this user, 2 wrong
command line"
)]
pub(crate) struct SilenceRemove {
    /// Its name
    pub(crate) name: String,
}

/// Asks the running daemon for its silences.
#[derive(Debug, Args)]
#[command(after_help = "Exit codes: 0 answered, 1 the daemon cannot be asked, 2 wrong command line")]
pub(crate) struct SilenceList {
    /// Print one JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
