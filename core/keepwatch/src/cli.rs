//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::events::Filter;
use crate::signals::SignalFor;
use crate::{notify, plugin};

/// What `--version` says. An exporter sends the signal for JSON only to a keepalived that says it was built so.
const LONG_VERSION: &str =
    concat!(env!("CARGO_PKG_VERSION"), "\nwith what keepalived has if it is built with --enable-json");

/// Keeps a service's address alive: hosts share floating addresses by VRRP, as keepalived does.
#[derive(Debug, Parser)]
#[command(name = "keepwatch", version, long_version = LONG_VERSION)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,

    /// Print the number of the signal that has the running daemon do something, as keepalived's option does
    #[arg(long, value_name = "WHAT", value_enum, ignore_case = true)]
    pub(crate) signum: Option<SignalFor>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the daemon in the foreground
    Run(Run),
    /// Check a configuration and say everything that is wrong with it
    Check(Check),
    /// Write a keepalived.conf as a keepwatch.toml
    Convert(Convert),
    /// Print the JSON Schema of a keepwatch.toml, for editors
    Schema(Schema),
    /// Say who serves, why, and what is wrong, as the running daemon knows it
    Status(Status),
    /// Say what would have to happen for this host to become MASTER, or to stop being it
    Explain(Explain),
    /// Show what happens, as it happens
    Events(Events),
    /// Look after plugins
    #[command(subcommand)]
    Plugin(Plugin),
    /// Try out notifications: mails and webhooks
    #[command(subcommand)]
    Notify(notify::Notify),
    /// Look at what waits for destinations, and at what was given up
    #[command(subcommand)]
    Spool(notify::Spool),
    /// Keep destinations from being told for a while
    #[command(subcommand)]
    Silence(notify::Silence),
    /// Have the running daemon take its configuration over as it is on disk now
    Reload(Reload),
    /// Show two hosts sharing an address, one failing and coming back, on this machine
    Demo(Demo),
    /// Compile a plugin into a file
    #[command(hide = true, name = crate::extensions::COMPILE)]
    CompileComponent {
        /// The component
        input: PathBuf,
        /// The file to write
        output: PathBuf,
    },
}

/// Prints the keepwatch.toml that means what a keepalived.conf means, its comments beside what they belong to. What has no
/// equivalent is said on standard error. Nothing on disk is changed.
///
/// There is no need for it: keepwatch runs a keepalived.conf as it is.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch convert /etc/keepalived/keepalived.conf
  keepwatch convert keepalived.conf > keepwatch.toml && keepwatch check keepwatch.toml

Exit codes: 0 converted, and means the same, 1 the output could not be written or would not mean the same, 2 wrong command line,
3 not valid or unreadable, 6 converted but for something that has no equivalent, which is said and stands in the output as a comment")]
pub(crate) struct Convert {
    /// The keepalived.conf
    pub(crate) file: PathBuf,

    /// What `@ID` lines of the keepalived.conf call this host [default: as for `run`]
    #[arg(long, short = 'i', value_name = "ID")]
    pub(crate) config_id: Option<String>,
}

/// Prints the JSON Schema of a keepwatch.toml, of this version: editors complete and explain keys with it, and mark mistakes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch schema > /etc/keepwatch/keepwatch.schema.json
  sed -i '1i #:schema ./keepwatch.schema.json' /etc/keepwatch/keepwatch.toml

Exit codes: 0 printed, 1 it cannot be written, 2 wrong command line")]
pub(crate) struct Schema {}

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
  keepwatch run --pid /run/keepalived.pid   # where exporters of metrics look for the process
  keepwatch run --stop-mode rfc        # never two hosts with one address, not even for milliseconds

Exit codes: 0 stopped as told, 1 failed, 2 wrong command line, 3 configuration refused, 4 privileges missing")]
pub(crate) struct Run {
    /// The configuration, a keepwatch.toml or a keepalived.conf [default: /etc/keepwatch/keepwatch.toml if it is there,
    /// else /etc/keepalived/keepalived.conf]
    #[arg(long, short, short_alias = 'f', value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// Beside a keepalived.conf: where the scripts are that become plugins by lying there [default:
    /// /etc/keepwatch/hooks.d]. A keepwatch.toml has a setting for it
    #[arg(long, value_name = "DIR")]
    pub(crate) hooks: Option<PathBuf>,

    /// What `@ID` lines of a keepalived.conf call this host [default: its name up to the first dot]
    #[arg(long, short = 'i', value_name = "ID")]
    pub(crate) config_id: Option<String>,

    /// Log each address that is added or removed, and how long each step of a transition took, too
    #[arg(long, short)]
    pub(crate) verbose: bool,

    /// Write the process id there while it runs, as keepalived does into /run/keepalived.pid
    #[arg(long, short, value_name = "FILE")]
    pub(crate) pid: Option<PathBuf>,

    /// Take the configuration over whenever one of its files has changed, too, a fifth of a second after the last change
    #[arg(long)]
    pub(crate) watch: bool,

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

/// Reads a configuration and the scripts in hooks.d as `run` would, and reports all findings in one go. Changes nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch check
  keepwatch check /etc/keepalived/keepalived.conf
  keepwatch check --strict ./keepalived.conf      # for CI: a warning fails, too
  keepwatch check --config-id lb2 ./keepalived.conf   # as the host lb2 would read it
  keepwatch check --host               # on the host that is to run it
  keepwatch check --json keepwatch.toml | jq -r '.findings[] | \"\\(.file):\\(.line): \\(.message)\"'

Exit codes: 0 valid (perhaps with warnings and remarks), 1 the output could not be written, 2 wrong command line, 3 not valid or
unreadable, or with --strict a warning")]
pub(crate) struct Check {
    /// The configuration: a keepwatch.toml if its name ends in `.toml`, a keepalived.conf if it ends otherwise; without an ending,
    /// as of `<(COMMAND)`, the first line decides [default: as for `run`]
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Where the scripts are that become plugins by lying there, as for `run`
    #[arg(long, value_name = "DIR")]
    pub(crate) hooks: Option<PathBuf>,

    /// What `@ID` lines of a keepalived.conf call this host [default: as for `run`]
    #[arg(long, short = 'i', value_name = "ID")]
    pub(crate) config_id: Option<String>,

    /// Look at this host, too: whether the interfaces are there and up and have addresses, whether virtual ones are on it already,
    /// and whether keepalived runs. Nothing is sent: whether another host answers for a virtual address is not found out
    #[arg(long)]
    pub(crate) host: bool,

    /// Take warnings for errors
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
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
  keepwatch demo --haproxy         # HAProxy is killed on a host that is well otherwise
  keepwatch demo --mail            # a host loses its cable, and mails tell of it

Exit codes: 0 only if all of it truly happened, 1 otherwise, 2 wrong command line")]
pub(crate) struct Demo {
    /// Print one JSON object per line instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// Let h1 stop and yield as the RFC says, address first: the difference is what clients lose
    #[arg(long)]
    pub(crate) rfc: bool,

    /// Tell another story: both hosts run HAProxy before a web server, it is killed on h1, and h2 serves. Needs
    /// /usr/sbin/haproxy
    #[arg(long, conflicts_with = "rfc")]
    pub(crate) haproxy: bool,

    /// Tell another story: h1 loses its cable, h2 takes over, h1 returns, and the mails of both to their administrator, which
    /// a mail server on a third host takes, are printed
    #[arg(long, conflicts_with_all = ["rfc", "haproxy"])]
    pub(crate) mail: bool,

    /// Leave hosts and namespaces running, and say how to enter and end them
    #[arg(long)]
    pub(crate) keep: bool,
}

/// Asks the running daemon on its control socket: each instance's state and since when, its addresses, what was last
/// heard, checks and plugins. What is wrong stands first.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch status
  keepwatch status --check         # for monitoring: exit code 5 if something is wrong
  keepwatch status --json | jq '.snapshot.instances[] | {name, state}'
  KEEPWATCH_CONTROL=/run/other/control.sock keepwatch status

Exit codes: 0 answered, 1 the daemon cannot be asked, 2 wrong command line, 5 something is wrong (only with --check)")]
pub(crate) struct Status {
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// Exit with code 5 if something is wrong
    #[arg(long)]
    pub(crate) check: bool,
}

/// Asks the running daemon how an instance stands, and says what would have to happen for this host to become MASTER, or to
/// stop being it: the sum that its priority is, its timers, what each tracked check and interface would change, and what its
/// sync group and preemption settings have to do with it.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch explain
  keepwatch explain VI_1
  keepwatch explain VI_1 --json | jq '.instances[] | {priority, trackers}'

Exit codes: 0 answered, 1 the daemon cannot be asked or has no such instance, 2 wrong command line")]
pub(crate) struct Explain {
    /// The instance [default: all]
    pub(crate) instance: Option<String>,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Shows how things are, and then each event until Ctrl-C or the daemon's end. Times are UTC.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  keepwatch events
  keepwatch events --filter instance=VI_1,severity=warning
  keepwatch events --filter kind=transition --filter kind=health_changed
  keepwatch events --json | jq 'select(.kind == \"transition\") | .to'
  keepwatch events record last-night.jsonl --for 10h

With --json the first line is {\"snapshot\":...}, then comes one event a line, and {\"missed\":...} where some are missing
because they were not read in time.

Exit codes: 0 the daemon, the reader or a signal ended it, 1 the daemon cannot be asked or broke off, 2 wrong command line"
)]
pub(crate) struct Events {
    #[command(subcommand)]
    pub(crate) command: Option<EventsCommand>,

    /// Print one JSON object per line instead of text
    #[arg(long)]
    pub(crate) json: bool,

    /// Show only how things are now
    #[arg(long)]
    pub(crate) no_follow: bool,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

#[derive(Debug, Subcommand)]
pub(crate) enum EventsCommand {
    /// Write events into a file, as JSON lines
    Record(Record),
}

/// Writes what `keepwatch events --json` prints into a new file, each line as it comes, until Ctrl-C, the end of the time or
/// the daemon's end.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch events record last-night.jsonl --for 10h
  keepwatch events record lines.jsonl --plugin-logs --filter instance=VI_1

Exit codes: 0 recorded, 1 the daemon cannot be asked or broke off, or the file cannot be written, 2 wrong command line")]
pub(crate) struct Record {
    /// The file; it must not be there yet
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    /// End after this time: 90s, 10m, 8h
    #[arg(long = "for", value_name = "TIME", value_parser = humantime::parse_duration)]
    pub(crate) duration: Option<Duration>,

    #[command(flatten)]
    pub(crate) selection: Selection,
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Selection {
    /// Only events of these kinds, about these instances, at least this grave: kind=transition,instance=VI_1,severity=warning
    #[arg(long, value_name = "KEY=VALUE,...")]
    pub(crate) filter: Vec<Filter>,

    /// Lines that plugins log, too
    #[arg(long)]
    pub(crate) plugin_logs: bool,
}

/// Looks after plugins.
#[derive(Debug, Subcommand)]
pub(crate) enum Plugin {
    /// Make a new plugin
    New(plugin::New),
    /// Build a Rust plugin into a component
    Build(plugin::Build),
    /// Say what a plugin is and needs, and whether it would be loaded
    Check(plugin::Check),
    /// Run a plugin without a daemon, and say what it would do
    Test(plugin::Test),
    /// Measure how long a plugin's calls take
    Bench(plugin::Bench),
    /// Say which plugins the running daemon has, and how they do
    List(PluginList),
    /// Show the events that are kept from a plugin because they made it fail
    Letters(PluginLetters),
}

/// Asks the running daemon for its plugins: what they do, how often they were called, what went wrong last.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin list
  keepwatch plugin list --json | jq '.[] | select(.failures > 0)'

Exit codes: 0 answered, 1 the daemon cannot be asked, 2 wrong command line")]
pub(crate) struct PluginList {
    /// Print one JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Asks the running daemon which events made a plugin fail twice, and are kept from it since. `keepwatch plugin test` can replay
/// them.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch plugin letters chat
  keepwatch plugin letters chat --json | jq -c '.[].event' > bad.jsonl

Exit codes: 0 answered, 1 the daemon cannot be asked or knows nothing of this plugin, 2 wrong command line")]
pub(crate) struct PluginLetters {
    /// The plugin
    pub(crate) plugin: String,

    /// Print one JSON array instead of text
    #[arg(long)]
    pub(crate) json: bool,
}

/// Reads the configuration anew, as SIGHUP does, and says what came of it. Instances go on through it: only what is
/// different is touched. What is refused leaves all as it was.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  keepwatch reload --dry-run           # what would be done
  keepwatch reload
  keepwatch reload --json | jq .plan

Exit codes: 0 done, 1 not all of it is in force (some waits for a restart of keepwatch, or a plugin is refused), or the daemon cannot be
asked or may not be told to by this user, 2 wrong command line, or the code that the daemon says, 3 if the configuration is refused")]
pub(crate) struct Reload {
    /// Say what would be done, and do nothing
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Print one JSON object instead of text
    #[arg(long)]
    pub(crate) json: bool,
}
