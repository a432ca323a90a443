//! From the checks of a configuration to what asks: keepwatch's own code, programs, HAProxy's sockets.

use std::sync::Arc;

use keepwatch_bus::{Bus, Draft};
use keepwatch_checks as checks;
use keepwatch_config::model::{
    Check, CheckKind, Config, DnsRecord, FileTest, Globals, HaproxyCheck, HaproxySocket, Host, HttpCheck,
    Overwrite, ProcessCheck, ProcessMatch, Reading, ScriptCheck, User, Verify,
};
use keepwatch_event::{EventKind, LogLevel, Severity, counted};
use keepwatch_exec::{
    Account, Command, CommandCheck, Fallback, Groups, Launcher, Policy, Security, Sink, Weight,
};
use keepwatch_haproxy as haproxy;
use keepwatch_host::{Made, Native, PluginSpec, Rate, Schedule};

/// Lines of a script's output at once, and then a second.
const BURST: u32 = 50;
const LINES: u32 = 10;

/// What checks that run programs need.
#[derive(Clone)]
pub(crate) struct Means {
    pub(crate) launcher: Launcher,
    pub(crate) bus: Bus,
}

/// When checks are made.
#[derive(Clone, Copy)]
pub(crate) enum Occasion {
    Start,
    Reload,
}

/// The checks of a configuration that are not plugins' files. What cannot be asked is told in words.
pub(crate) fn natives(config: &Config, means: &Means, occasion: Occasion) -> Vec<PluginSpec> {
    let native = |check: &Check| {
        let native = match &check.what {
            CheckKind::Plugin(_) => return None,
            CheckKind::Script(script) => command(check, script, &config.globals, means).native(),
            CheckKind::Haproxy(settings) => proxy(settings).native(),
            other => match occasion {
                Occasion::Start => built_in(other)?.native(),
                Occasion::Reload => built_in(other)?.native_after_start(),
            },
        };
        Some(spec(check, native))
    };
    config.checks.iter().filter_map(native).collect()
}

fn spec(check: &Check, native: Native) -> PluginSpec {
    let schedule = Schedule { interval: check.interval, timeout: check.timeout };
    let plain = PluginSpec::plain(&check.name, Default::default());
    PluginSpec {
        made: Made::Native(native),
        table: format!("check.{}", check.name),
        schedule: Some(schedule),
        ..plain
    }
}

/// The command of a script check, as `check` examines it and the daemon runs it.
pub(crate) fn what_runs(script: &ScriptCheck) -> (Command, Option<Account>) {
    let account = script.command.user.as_ref().map(account);
    (Command::of_keepalived(script.command.argv.clone()), account)
}

/// What scripts must be like, and whom they run as.
pub(crate) fn policy(globals: &Globals) -> Policy {
    let fallback =
        globals.script_user.as_ref().map_or(Fallback::Keepalived, |user| Fallback::Account(account(user)));
    let security = if globals.script_security { Security::On } else { Security::Off };
    Policy { security, fallback, ..Policy::default() }
}

/// Whom a program runs as.
pub(crate) fn account(user: &User) -> Account {
    let groups = if user.supplementary_groups { Groups::OfUser } else { Groups::None };
    Account { user: user.name.clone(), group: user.group.clone(), groups }
}

fn command(check: &Check, script: &ScriptCheck, globals: &Globals, means: &Means) -> CommandCheck {
    let (command, account) = what_runs(script);
    let reading = match script.reading {
        Reading::Status => keepwatch_exec::Reading::Status,
        Reading::Nagios => keepwatch_exec::Reading::Nagios,
    };
    let launcher = means.launcher.clone();
    CommandCheck::new(&check.name, command, account, policy(globals), reading, sink(check, means), launcher)
}

/// What a script writes goes to the log: why it fails, and all else for those who want details.
fn sink(check: &Check, means: &Means) -> Sink {
    let (bus, plugin) = (means.bus.clone(), check.name.clone());
    // Details must not take the room of reasons.
    let [details, reasons] = [(); 2].map(|()| Rate::new(BURST, LINES));
    Arc::new(move |weight, line: &str| {
        let (rate, level) = match weight {
            Weight::Detail => (&details, LogLevel::Debug),
            Weight::Reason => (&reasons, LogLevel::Info),
        };
        let Some(skipped) = rate.take() else { return };
        let text = if skipped == 0 {
            line.to_owned()
        } else {
            format!("{line} ({} before it too many)", counted(skipped, "line"))
        };
        let kind = EventKind::PluginLog { plugin: plugin.clone(), level, text };
        bus.publish(Draft::general(Severity::Info, kind));
    })
}

fn built_in(kind: &CheckKind) -> Option<checks::Check> {
    Some(match kind {
        CheckKind::Tcp(tcp) => checks::Check::Tcp(checks::TcpCheck {
            to: at(&tcp.to),
            source: tcp.source,
            send: tcp.send.clone(),
            expect: tcp.expect.clone(),
        }),
        CheckKind::Http(web) => checks::Check::Http(http(web)),
        CheckKind::Unix(unix) => checks::Check::Unix(checks::UnixCheck {
            path: unix.path.clone(),
            send: unix.send.clone(),
            expect: unix.expect.clone(),
        }),
        CheckKind::Dns(dns) => checks::Check::Dns(checks::DnsCheck {
            record: record(dns.record),
            expect: dns.expect,
            ..checks::DnsCheck::new(dns.server, dns.name.clone())
        }),
        CheckKind::Icmp(ping) => checks::Check::Ping(checks::PingCheck {
            source: ping.source,
            count: ping.count,
            needed: ping.need,
            ..checks::PingCheck::new(ping.host.clone())
        }),
        CheckKind::File(file) => {
            let (mode, missing) = match file.test {
                FileTest::Zero => (checks::FileMode::Number, checks::Missing::Passes),
                FileTest::PresentAndZero => (checks::FileMode::Number, checks::Missing::Fails),
                FileTest::Exists => (checks::FileMode::Exists, checks::Missing::Fails),
                FileTest::Absent => (checks::FileMode::Absent, checks::Missing::Passes),
            };
            checks::Check::File(checks::FileCheck { path: file.path.clone(), mode, missing })
        }
        CheckKind::TrackFile(file) => {
            let init = file.init.map(|init| checks::InitialNumber {
                value: init.value,
                over: match init.overwrite {
                    Overwrite::Never => checks::Over::Nothing,
                    Overwrite::AtStart => checks::Over::Anything,
                },
            });
            checks::Check::Number(checks::NumberCheck { path: file.path.clone(), init })
        }
        CheckKind::Process(process) => checks::Check::Process(processes(process)),
        CheckKind::Interface(interface) => {
            checks::Check::Interface(checks::InterfaceCheck { name: interface.to_string() })
        }
        CheckKind::Gateway(gateway) => checks::Check::Neighbour(checks::NeighbourCheck {
            address: gateway.address,
            interface: gateway.interface.to_string(),
        }),
        CheckKind::Systemd(unit) => checks::Check::Unit(checks::UnitCheck::new(unit.clone())),
        CheckKind::Script(_) | CheckKind::Haproxy(_) | CheckKind::Plugin(_) => return None,
    })
}

const fn record(record: DnsRecord) -> checks::Record {
    match record {
        DnsRecord::A => checks::Record::A,
        DnsRecord::Aaaa => checks::Record::Aaaa,
        DnsRecord::Cname => checks::Record::Cname,
        DnsRecord::Mx => checks::Record::Mx,
        DnsRecord::Ns => checks::Record::Ns,
        DnsRecord::Ptr => checks::Record::Ptr,
        DnsRecord::Soa => checks::Record::Soa,
        DnsRecord::Srv => checks::Record::Srv,
        DnsRecord::Txt => checks::Record::Txt,
    }
}

fn at(host: &Host) -> checks::HostPort {
    checks::HostPort { host: host.name.clone(), port: host.port }
}

fn http(web: &HttpCheck) -> checks::HttpCheck {
    checks::HttpCheck {
        method: web.method.clone(),
        headers: web.headers.clone(),
        status: web.status.clone(),
        source: web.source,
        redirects: web.redirects,
        contains: web.contains.clone(),
        tls: checks::TlsSettings {
            server_name: web.server_name.clone(),
            ca: web.ca_file.as_ref().map(|file| file.path.clone()),
            verify: match web.verify {
                Verify::On => checks::Verify::On,
                Verify::Off => checks::Verify::Off,
            },
            min_life: web.min_life,
        },
        ..checks::HttpCheck::new(web.url.clone())
    }
}

fn processes(process: &ProcessCheck) -> checks::ProcessCheck {
    checks::ProcessCheck {
        matching: match &process.matching {
            ProcessMatch::Name => checks::Matching::Name,
            ProcessMatch::Program => checks::Matching::Program,
            ProcessMatch::Exactly(words) => checks::Matching::Exact(words.clone()),
            ProcessMatch::First(words) => checks::Matching::Partial(words.clone()),
            ProcessMatch::Beginning(words) => checks::Matching::Initial(words.clone()),
        },
        quorum: process.quorum,
        quorum_max: process.quorum_max,
        fork_delay: process.fork_delay,
        terminate_delay: process.terminate_delay,
        ..checks::ProcessCheck::new(process.program.clone())
    }
}

fn proxy(settings: &HaproxyCheck) -> haproxy::Check {
    let backends = settings.backends.iter();
    haproxy::Check {
        socket: socket(&settings.socket),
        frontends: settings.frontends.clone(),
        backends: backends
            .map(|backend| haproxy::Backend {
                name: backend.name.clone(),
                up: usize::try_from(backend.up).unwrap_or(usize::MAX),
            })
            .collect(),
    }
}

/// Where HAProxy can be asked. The configuration has looked at it.
pub(crate) fn address(text: &str) -> haproxy::Address {
    text.parse().unwrap_or_else(|_| haproxy::Address::Unix(text.into()))
}

pub(crate) fn socket(socket: &HaproxySocket) -> haproxy::Socket {
    match socket {
        HaproxySocket::Stats(text) => haproxy::Socket::Stats(address(text)),
        HaproxySocket::Master(text) => haproxy::Socket::Master(address(text)),
    }
}
