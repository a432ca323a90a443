//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Keeps a service's address alive: hosts share floating addresses by VRRP, as keepalived does.
#[derive(Debug, Parser)]
#[command(name = "keepwatch", version, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon in the foreground
    Run(Run),
    /// Check a configuration and say everything that is wrong with it
    Check(Check),
    /// Show two hosts sharing an address, one failing and coming back, on this machine
    Demo(Demo),
}

/// Takes part in VRRP until told to stop (SIGTERM or SIGINT). Then it resigns, keeps its addresses until another host
/// has taken them over (a second or so; 1.3 s at the default interval if nobody does, 2.6 s in a sync group), and ends.
/// A second signal ends it at once.
///
/// Needs CAP_NET_ADMIN and CAP_NET_RAW. Logs to standard error.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch run
  keepwatch run --config /etc/keepalived/keepalived.conf
  keepwatch run --config ./keepwatch.toml
  keepwatch run -v --config ./keepalived.conf
  keepwatch run --stop-mode rfc        # never two hosts with one address, not even for milliseconds

Exit codes: 0 stopped as told, 1 failed, 2 wrong command line, 3 configuration refused, 4 privileges missing")]
pub(crate) struct Run {
    /// The configuration, a keepwatch.toml or a keepalived.conf [default: /etc/keepwatch/keepwatch.toml if it is there,
    /// else /etc/keepalived/keepalived.conf]
    #[arg(long, short, short_alias = 'f', value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Where the scripts are that become plugins by lying there; a keepwatch.toml has a setting for it
    #[arg(long, value_name = "DIR", default_value = "/etc/keepwatch/hooks.d")]
    pub(crate) hooks: PathBuf,

    /// Log each address that is added or removed, and how long each step of a transition took, too
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// How a MASTER gives its addresses up when it stops or a higher priority takes over
    #[arg(long, value_name = "MODE", default_value = "lossless")]
    pub(crate) stop_mode: StopMode,
}

/// How a MASTER gives its addresses up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StopMode {
    /// Resign, and keep answering for each address until the successor has announced it: no packet is lost
    Lossless,
    /// Remove the addresses, then resign: for services that must never have two holders
    Rfc,
    /// Remove the addresses and say nothing: the others wait until no advert has come for three intervals
    Silent,
}

/// Reads a configuration as `run` would, and reports all findings in one go. Changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch check
  keepwatch check /etc/keepalived/keepalived.conf
  keepwatch check --strict ./keepalived.conf      # for CI: a warning fails, too

Exit codes: 0 valid (perhaps with warnings and remarks), 2 wrong command line, 3 not valid or unreadable")]
pub(crate) struct Check {
    /// The configuration [default: as for `run`]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Take warnings for errors
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Runs two hosts h1 and h2 with the two configurations of a common keepalived tutorial, and a client that
/// pings their shared address 10.1.1.30, in network namespaces of its own: h1 stops, h2 takes over, h1 returns.
/// Root is not needed where user namespaces are allowed. Nothing outside the namespaces is touched.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch demo
  keepwatch demo --rfc             # stop as the RFC says, and see what clients lose
  keepwatch demo --json | jq .
  keepwatch demo --keep            # and look around in the namespaces

Exit codes: 0 only if all of it truly happened, 1 otherwise, 2 wrong command line")]
pub(crate) struct Demo {
    /// Print one JSON object per line instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// Let h1 stop and yield as the RFC says, address first: the difference is what clients lose
    #[arg(long)]
    pub(crate) rfc: bool,

    /// Leave hosts and namespaces running, and say how to enter and end them
    #[arg(long)]
    pub(crate) keep: bool,
}
