//! From a host's first advert as MASTER to the first line of what its administrator wants to happen then: a Rhai hook, a
//! WASM handler, and keepalived's `notify_master` shell script, in turn, in one run; and the memory that a daemon holds with
//! either, or none.
//!
//! Needs root or user namespaces, and keepalived for its column:
//!
//!     cargo bench -p keepwatch --bench hooks
//!     cargo bench -p keepwatch --bench hooks -- WASM      # only its take-overs

use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Capture, Daemon, Enclosed, Lan, enclose};

/// As many as the last of a hundred takes.
const ROUNDS: usize = 100;
/// Longer than a round takes on any machine.
const PATIENCE: Duration = Duration::from_secs(20);
/// Until nothing is going on any more.
const SETTLED: Duration = Duration::from_millis(500);
/// Until a daemon has given back what only its start needed.
const REST: Duration = Duration::from_secs(12);
const KEEPALIVED: &str = "/usr/sbin/keepalived";

type Outcome<T> = Result<T, Box<dyn Error>>;

fn main() -> ExitCode {
    let folder = match enclose() {
        Ok(Enclosed::Inside { folder }) => folder,
        Ok(Enclosed::Outside(code)) => return ExitCode::from(code),
        Err(error) => {
            eprintln!("there are no namespaces here: {error}");
            return ExitCode::FAILURE;
        }
    };
    // `cargo bench -- --test` asks whether it runs at all.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    match measure(&folder, rounds) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measure(folder: &Path, rounds: usize) -> Outcome<()> {
    // Compiled once, as in a daemon that has run before, not while the take-over is awaited.
    let cache = folder.join("cache");
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    if wanted.is_empty() {
        resident(folder, &cache)?;
    }
    let has_keepalived = Path::new(KEEPALIVED).exists();
    let is_wanted = |(name, _): &(&str, Hook)| name.contains(&wanted);
    let is_there = |(_, hook): &(&str, Hook)| *hook != Hook::Script || has_keepalived;
    let hooks = HOOKS.iter().copied().filter(is_wanted).filter(is_there);
    let mut all: Vec<(&str, Hook, Vec<f64>)> = hooks.map(|(name, hook)| (name, hook, Vec::new())).collect();
    for round in 0..rounds {
        let folder = folder.join(round.to_string());
        std::fs::create_dir(&folder)?;
        for (name, hook, times) in &mut all {
            let folder = folder.join(name.replace(' ', "-"));
            times.push(match hook {
                Hook::Rhai => keepwatch(&folder, RHAI, &cache, &[SETTLED])?.after,
                Hook::Wasm => keepwatch(&folder, &component(), &cache, &[SETTLED])?.after,
                Hook::Script => keepalived(&folder)?,
            });
        }
    }
    println!("from the first advert to the first line, {rounds} take-overs each:");
    for (name, _, times) in all {
        print(name, times);
    }
    Ok(())
}

/// What writes the first line.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hook {
    Rhai,
    Wasm,
    Script,
}

const HOOKS: &[(&str, Hook)] =
    &[("Rhai hook", Hook::Rhai), ("WASM handler", Hook::Wasm), ("keepalived notify_master", Hook::Script)];

/// What a daemon holds.
fn resident(folder: &Path, cache: &Path) -> Outcome<()> {
    println!("resident memory of a daemon with one instance, MASTER, after its start and {REST:?} later:");
    for (name, native) in
        [("no plugin", NONE.to_owned()), ("a Rhai hook", RHAI.to_owned()), ("a WASM handler", component())]
    {
        let seen = keepwatch(&folder.join(name.replace(' ', "-")), &native, cache, &[SETTLED, REST])?;
        let figures: Vec<String> = seen.memory.iter().map(Memory::to_string).collect();
        println!("  {name:24}  {}", figures.join("   "));
    }
    Ok(())
}

/// Times in milliseconds; less than none if the line came first.
fn print(name: &str, mut times: Vec<f64>) {
    times.sort_by(f64::total_cmp);
    // The nearest rank: so many of a hundred are no later.
    let at = |share: usize| times.get((times.len() * share).div_ceil(100).saturating_sub(1));
    if let (Some(median), Some(late), Some(latest), Some(last)) = (at(50), at(90), at(99), times.last()) {
        println!(
            "  {name:24}  median {median:6.2} ms  90 % {late:6.2} ms  99 % {latest:6.2} ms  longest {last:6.2} ms"
        );
    }
}

const NONE: &str = "keepalived = \"k.conf\"\n";
const RHAI: &str = "keepalived = \"k.conf\"\n[plugin.hook]\nfile = \"hook.rhai\"\n";

fn component() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wasm/tests/guests");
    let path = path.join("first-line.wasm").display().to_string();
    format!("keepalived = \"k.conf\"\n[plugin.hook]\nfile = \"{path}\"\n")
}

fn instance(more: &str) -> String {
    format!(
        "vrrp_instance VI_1 {{\n version 3\n interface eth0\n virtual_router_id 51\n priority 100\n advert_int 0.2\n \
         virtual_ipaddress {{\n  10.1.1.30\n }}\n{more}}}\n"
    )
}

/// What was seen of a daemon until its hook's first line.
struct Seen {
    /// From its first advert to the line, in milliseconds.
    after: f64,
    /// Its memory then, after each of the times that were waited.
    memory: Vec<Memory>,
}

/// A process's resident memory, in KiB.
struct Memory {
    all: u64,
    /// What is no part of a file.
    own: u64,
}

impl Memory {
    fn of(process: u32) -> Outcome<Self> {
        let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
        let figure = |name: &str| -> Outcome<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
            Ok(line.split_whitespace().next().ok_or("no figure")?.parse()?)
        };
        Ok(Self { all: figure("VmRSS:")?, own: figure("RssAnon:")? })
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mib = |kib: u64| kib as f64 / 1024.0;
        write!(f, "{:5.1} MiB, own {:4.1}", mib(self.all), mib(self.own))
    }
}

/// Lets keepwatch take over, and its hook write a line; without a hook, the transition is the line. Then it has nothing to do
/// for these times.
fn keepwatch(folder: &Path, native: &str, cache: &Path, idle: &[Duration]) -> Outcome<Seen> {
    std::fs::create_dir(folder)?;
    std::fs::write(folder.join("k.conf"), instance(""))?;
    std::fs::write(folder.join("hook.rhai"), "fn on_master(event) { info(\"here\"); }\n")?;
    let config = folder.join("keepwatch.toml");
    std::fs::write(&config, native)?;
    let lan = Lan::new(1)?;
    let capture = Capture::start(&lan.client)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    // Nobody takes over: nobody is waited for at the end.
    command.args(["run", "--stop-mode", "rfc", "--config"]).arg(config);
    command.env("KEEPWATCH_CONTROL", folder.join("socket")).env("KEEPWATCH_STATE_DIR", folder.join("state"));
    command.env("KEEPWATCH_CACHE_DIR", cache);
    let namespace = &lan.hosts.first().ok_or("no host")?.namespace;
    let mut daemon = Daemon::start(namespace, &mut command)?;
    let recording = folder.join("events.jsonl");
    let mut record = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    record.args(["events", "record"]).arg(&recording).arg("--plugin-logs");
    record.env("KEEPWATCH_CONTROL", folder.join("socket"));
    until("the control socket", || folder.join("socket").exists())?;
    let mut record = record.spawn()?;
    let has_hook = native != NONE;
    let is_line = |line: &&str| !has_hook || line.contains("\"plugin_log\"");
    let line = || {
        let text = std::fs::read_to_string(&recording).unwrap_or_default();
        // The WASM guest logs at each transition; the one to MASTER is the last.
        let became = text.lines().position(|line| line.contains("\"to\":\"MASTER\""))?;
        text.lines().skip(became).find(is_line).and_then(wall)
    };
    until("the hook's line", || line().is_some())?;
    record.kill()?;
    record.wait()?;
    let mut memory = Vec::new();
    for time in idle {
        std::thread::sleep(*time);
        memory.push(Memory::of(daemon.id())?);
    }
    daemon.terminate()?;
    daemon.wait(PATIENCE)?;
    Ok(Seen { after: since(&capture, line().ok_or("no line")?)?, memory })
}

/// When an event happened.
fn wall(line: &str) -> Option<SystemTime> {
    let event: serde_json::Value = serde_json::from_str(line).ok()?;
    humantime::parse_rfc3339(event.pointer("/at/wall")?.as_str()?).ok()
}

/// From keepalived's first advert to the first line of its script.
fn keepalived(folder: &Path) -> Outcome<f64> {
    std::fs::create_dir(folder)?;
    let (script, mark) = (folder.join("notify.sh"), folder.join("mark"));
    std::fs::write(&script, format!("#!/bin/sh\ndate +%s.%N > {}\n", mark.display()))?;
    Command::new("chmod").arg("755").arg(&script).status()?;
    let config = folder.join("keepalived.conf");
    let notify = format!(" notify_master {}\n", script.display());
    let globals = "global_defs {\n script_user root\n}\n";
    std::fs::write(&config, format!("{globals}{}", instance(&notify)))?;
    let lan = Lan::new(1)?;
    let capture = Capture::start(&lan.client)?;
    let mut command = Command::new(KEEPALIVED);
    command.args(["--dont-fork", "--vrrp", "--log-console", "--use-file"]).arg(&config);
    for (flag, file) in [("--pid", "pid"), ("--vrrp_pid", "vrrp.pid"), ("--checkers_pid", "check.pid")] {
        command.arg(flag).arg(folder.join(file));
    }
    let namespace = &lan.hosts.first().ok_or("no host")?.namespace;
    let mut daemon = Daemon::start(namespace, &mut command)?;
    let ran = || std::fs::read_to_string(&mark).ok()?.trim().parse::<f64>().ok();
    until("keepalived's script", || ran().is_some())?;
    daemon.terminate()?;
    daemon.wait(PATIENCE)?;
    let ran = Duration::from_secs_f64(ran().ok_or("no mark")?);
    since(&capture, SystemTime::UNIX_EPOCH + ran)
}

/// From the first advert to this moment, in milliseconds.
fn since(capture: &Capture, moment: SystemTime) -> Outcome<f64> {
    let first = capture.adverts().first().map(|advert| advert.at).ok_or("no advert")?;
    let after = moment.duration_since(first);
    Ok(after.map_or_else(|before| -before.duration().as_secs_f64(), |after| after.as_secs_f64()) * 1e3)
}

fn until(what: &str, holds: impl Fn() -> bool) -> Outcome<()> {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > end {
            return Err(format!("waited in vain for {what}").into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    Ok(())
}
