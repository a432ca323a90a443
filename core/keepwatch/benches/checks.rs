//! What health checks cost the daemon, and whether its adverts feel them: 250 instances with adverts every 100 ms, MASTER,
//! with checks of one sort and without any, in turn, in one run; and the same of keepalived with scripts. The daemon has
//! one processor, and where there are more everything else is kept off it.
//!
//! Needs root or user namespaces, and keepalived for its lines:
//!
//!     cargo bench -p keepwatch --bench checks
//!     cargo bench -p keepwatch --bench checks -- tcp      # only those, beside none

use std::collections::{HashMap, HashSet};
use std::error::Error;
use std::fmt::Write as _;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Capture, Daemon, Enclosed, Lan, Namespace, SeenAdvert, enclose};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use nix::unistd::Pid;

const KEEPALIVED: &str = "/usr/sbin/keepalived";
/// Between adverts.
const INTERVAL: Duration = Duration::from_millis(100);
const PORT: u16 = 8080;
/// Longer than anything that should happen takes on any machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The kernel counts in hundredths of a second.
const TICK: Duration = Duration::from_millis(10);

type Outcome<T> = Result<T, Box<dyn Error>>;

/// How much of everything.
#[derive(Clone, Copy)]
struct Scale {
    instances: usize,
    /// Checks a second that need no process, and those that run a program.
    light: usize,
    scripts: usize,
    /// After the start, until announcements are no longer repeated.
    settled: Duration,
    window: Duration,
    rounds: usize,
}

const WHOLE: Scale = Scale {
    instances: 250,
    light: 2000,
    scripts: 200,
    settled: Duration::from_secs(7),
    window: Duration::from_secs(10),
    rounds: 3,
};

/// `cargo bench -- --test` asks whether it runs at all.
const LEAST: Scale = Scale {
    instances: 5,
    light: 20,
    scripts: 2,
    settled: Duration::from_millis(500),
    window: Duration::from_secs(1),
    rounds: 1,
};

fn main() -> ExitCode {
    let folder = match enclose() {
        Ok(Enclosed::Inside { folder }) => folder,
        Ok(Enclosed::Outside(code)) => return ExitCode::from(code),
        Err(error) => {
            eprintln!("there are no namespaces here: {error}");
            return ExitCode::FAILURE;
        }
    };
    let is_test = std::env::args().any(|argument| argument == "--test");
    match measure(&folder, if is_test { LEAST } else { WHOLE }) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

/// Who runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Program {
    Keepwatch,
    Keepalived,
}

/// What is checked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Nothing,
    Tcp,
    Rhai,
    Wasm,
    Script,
}

const SUBJECTS: &[(Program, Sort, &str)] = &[
    (Program::Keepwatch, Sort::Nothing, "keepwatch, no checks"),
    (Program::Keepwatch, Sort::Tcp, "keepwatch, built-in tcp"),
    (Program::Keepwatch, Sort::Rhai, "keepwatch, Rhai"),
    (Program::Keepwatch, Sort::Wasm, "keepwatch, WASM"),
    (Program::Keepwatch, Sort::Script, "keepwatch, /usr/bin/true"),
    (Program::Keepalived, Sort::Nothing, "keepalived, no checks"),
    (Program::Keepalived, Sort::Script, "keepalived, /usr/bin/true"),
];

/// What was seen in a window.
#[derive(Clone, Copy)]
struct Seen {
    /// Of the daemon and what it has started, in seconds for each second.
    cpu: f64,
    /// For each second.
    checks: f64,
    /// Adverts of those that were due.
    share: f64,
    /// Of the gaps between an instance's adverts, how much longer than the interval 99 of 100 are at most, in seconds.
    late: f64,
    /// The longest gap of all instances, in seconds.
    longest: f64,
}

fn measure(folder: &Path, scale: Scale) -> Outcome<()> {
    let processor = reserve_processor()?;
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with('-')).unwrap_or_default();
    let is_wanted = |sort: Sort, name: &str| sort == Sort::Nothing || name.contains(&wanted);
    let mut seen: Vec<Vec<Seen>> = vec![Vec::new(); SUBJECTS.len()];
    for round in 0..scale.rounds {
        for (place, (program, sort, name)) in SUBJECTS.iter().enumerate() {
            let is_there = *program == Program::Keepwatch || Path::new(KEEPALIVED).exists();
            if !is_there || !is_wanted(*sort, name) {
                continue;
            }
            // Compiled once, as in a daemon that has run before.
            let bench = Bench { scale, sort: *sort, processor, cache: folder.join("cache") };
            let one = bench.watch(*program, &folder.join(format!("{round}-{place}")))?;
            seen.get_mut(place).ok_or("no place")?.push(one);
        }
        // It takes minutes: what is known so far may be enough.
        print(&seen, scale.instances, round + 1)?;
        line("connecting alone, CPU for each", "us", &[connecting(processor, scale)? * 1e6]);
    }
    Ok(())
}

/// What the kernel takes for connections alone, in seconds for each, both ends included: a thread that opens and closes as
/// many as the tcp checks do, at the same pace, and does nothing else.
fn connecting(processor: usize, scale: Scale) -> Outcome<f64> {
    const PACE: Duration = Duration::from_millis(10);
    let lan = Lan::new(1)?;
    let host = lan.hosts.first().ok_or("no host")?;
    let _listener = Listener::start(&host.namespace)?;
    let begin = Instant::now();
    let each = host.namespace.run(|| {
        let mut here = CpuSet::new();
        here.set(processor)?;
        sched_setaffinity(Pid::from_raw(0), &here)?;
        let (before, mut done) = (computed()?, 0_u32);
        while begin.elapsed() < scale.window {
            for number in 0..(scale.light / 100).max(1) {
                drop(TcpStream::connect((server(number), PORT))?);
                done += 1;
            }
            std::thread::sleep(PACE);
        }
        Ok((computed()? - before).as_secs_f64() / f64::from(done))
    })?;
    Ok(each)
}

/// The processor's time of this thread.
fn computed() -> std::io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_THREAD)?;
    let time =
        |time: TimeVal| Duration::from_micros((time.tv_sec() * 1_000_000 + time.tv_usec()).unsigned_abs());
    Ok(time(usage.user_time()) + time(usage.system_time()))
}

fn print(seen: &[Vec<Seen>], instances: usize, rounds: usize) -> Outcome<()> {
    println!("{instances} instances, adverts every {INTERVAL:?}, medians of {rounds} and each round:");
    for ((program, sort, name), windows) in SUBJECTS.iter().zip(seen) {
        if windows.is_empty() {
            continue;
        }
        let is_base = |other: &(Program, Sort, &str)| other.0 == *program && other.1 == Sort::Nothing;
        let base = SUBJECTS.iter().position(is_base).and_then(|place| seen.get(place)).ok_or("no base")?;
        let each = |of: fn(&Seen) -> f64| windows.iter().map(of).collect::<Vec<f64>>();
        println!("  {name}");
        line("CPU", "%", &each(|seen| seen.cpu * 1e2));
        line("adverts of those due", "%", &each(|seen| seen.share * 1e2));
        line("gap minus interval, p99", "ms", &each(|seen| seen.late * 1e3));
        line("longest gap", "ms", &each(|seen| seen.longest * 1e3));
        if *sort != Sort::Nothing {
            line("checks a second", "", &each(|seen| seen.checks));
            let pairs = windows.iter().zip(base);
            let cost = pairs.map(|(with, without)| (with.cpu - without.cpu) / with.checks * 1e6);
            line("CPU for each", "us", &cost.collect::<Vec<f64>>());
        }
    }
    Ok(())
}

/// A median, and what it is one of.
fn line(what: &str, unit: &str, each: &[f64]) {
    let rounds: Vec<String> = each.iter().map(|value| format!("{value:.2}")).collect();
    let median = median(each).unwrap_or_default();
    println!("    {what:24} {median:9.2} {unit:2}  ({})", rounds.join(" "));
}

fn median(all: &[f64]) -> Option<f64> {
    let mut numbers = all.to_vec();
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied()
}

/// One daemon, to be watched.
struct Bench {
    scale: Scale,
    sort: Sort,
    processor: usize,
    cache: PathBuf,
}

impl Bench {
    /// Lets a program take over everything, and watches it for a window.
    fn watch(&self, program: Program, folder: &Path) -> Outcome<Seen> {
        std::fs::create_dir(folder)?;
        let lan = Lan::new(1)?;
        let host = lan.hosts.first().ok_or("no host")?;
        let _listener = Listener::start(&host.namespace)?;
        let starting = Capture::start(&lan.client)?;
        let mut command = match program {
            Program::Keepwatch => self.keepwatch(folder)?,
            Program::Keepalived => self.keepalived(folder)?,
        };
        let mut daemon = Daemon::start(&host.namespace, &mut command)?;
        let all = self.scale.instances;
        let masters = || starting.adverts().iter().map(|advert| advert.vrid).collect::<HashSet<_>>().len();
        until("all instances to be MASTER", || masters() == all).map_err(|error| told(error, &daemon))?;
        drop(starting);
        let done = || match self.sort {
            Sort::Nothing => Ok(0),
            Sort::Tcp => opened(&host.namespace),
            Sort::Rhai | Sort::Wasm => calls(folder),
            // Nobody else starts any here.
            Sort::Script => processes(),
        };
        let awaited = u64::try_from(self.checks())?;
        if matches!(self.sort, Sort::Tcp | Sort::Rhai | Sort::Wasm) {
            until("all checks to be asked", || done().is_ok_and(|done| done >= awaited))
                .map_err(|error| told(error, &daemon))?;
        }
        std::thread::sleep(self.scale.settled);

        let capture = Capture::start(&lan.client)?;
        let checks = done()?;
        let (cpu, began, wall) = (cpu(daemon.id())?, Instant::now(), SystemTime::now());
        std::thread::sleep(self.scale.window);
        let (used, took, end) = (self::cpu(daemon.id())? - cpu, began.elapsed(), SystemTime::now());
        let seconds = took.as_secs_f64();
        // The process that tells how many there were is one itself.
        let asking = u64::from(self.sort == Sort::Script);
        let checks = done()?.checked_sub(checks + asking).ok_or("the process ids have begun anew")?;
        let checks = checks as f64 / seconds;
        let mut adverts = capture.adverts();
        adverts.retain(|advert| (wall..end).contains(&advert.at));
        let (sent, gaps) = (adverts.len(), gaps(&adverts));
        let longest = gaps.last().ok_or("no adverts")?.as_secs_f64();
        let late =
            gaps.get(gaps.len() * 99 / 100).ok_or("no adverts")?.as_secs_f64() - INTERVAL.as_secs_f64();
        daemon.terminate()?;
        daemon.wait(PATIENCE)?;
        let due = seconds / INTERVAL.as_secs_f64() * all as f64;
        Ok(Seen { cpu: used.as_secs_f64() / seconds, checks, share: sent as f64 / due, late, longest })
    }

    /// How many checks there are. Those of plugins are asked ten times a second.
    fn checks(&self) -> usize {
        match self.sort {
            Sort::Nothing => 0,
            Sort::Tcp => self.scale.light,
            Sort::Rhai | Sort::Wasm => self.scale.light / 10,
            Sort::Script => self.scale.scripts,
        }
    }

    /// What both read. The first instance tracks all checks.
    fn instances(&self) -> String {
        let mut text = "global_defs {\n script_user root\n}\n".to_owned();
        let mut tracked = String::new();
        if self.sort == Sort::Script {
            for number in 0..self.checks() {
                let _ =
                    writeln!(text, "vrrp_script c{number} {{\n script \"/usr/bin/true\"\n interval 1\n}}");
                let _ = writeln!(tracked, "  c{number} weight -1");
            }
            tracked = format!(" track_script {{\n{tracked} }}\n");
        }
        for number in 1..=self.scale.instances {
            let more = if number == 1 { tracked.as_str() } else { "" };
            let _ = writeln!(
                text,
                "vrrp_instance VI_{number} {{\n version 3\n interface eth0\n virtual_router_id {number}\n \
                 priority 100\n advert_int {}\n virtual_ipaddress {{\n  10.1.2.{number}/32\n }}\n{more}}}",
                INTERVAL.as_secs_f64()
            );
        }
        text
    }

    /// What only keepwatch reads.
    fn native(&self) -> String {
        let mut text = "keepalived = \"k.conf\"\n".to_owned();
        let mut tracked = String::new();
        for number in 0..self.checks() {
            let Some(what) = self.asked(number) else { return text };
            let _ = writeln!(text, "[check.c{number}]\n{what}");
            let _ = write!(tracked, "{{ check = \"c{number}\", weight = -1 }}, ");
        }
        if tracked.is_empty() {
            return text;
        }
        text + &format!("[instance.VI_1]\ntrack = [{tracked}]\n")
    }

    /// What a check asks, if only keepwatch can.
    fn asked(&self, number: usize) -> Option<String> {
        match self.sort {
            Sort::Nothing | Sort::Script => None,
            Sort::Tcp => Some(format!("tcp = \"{}:{PORT}\"\ninterval = \"1s\"", server(number))),
            Sort::Rhai => Some("plugin = \"check.rhai\"\ninterval = \"100ms\"".to_owned()),
            Sort::Wasm => Some(format!("plugin = \"{}\"\ninterval = \"100ms\"", component().display())),
        }
    }

    /// A program on its processor.
    fn pinned(&self, program: &str) -> Command {
        let mut command = Command::new("taskset");
        command.arg("--cpu-list").arg(self.processor.to_string()).arg(program);
        command
    }

    fn keepwatch(&self, folder: &Path) -> Outcome<Command> {
        std::fs::write(folder.join("k.conf"), self.instances())?;
        std::fs::write(folder.join("check.rhai"), "fn check(config) { pass(\"well\") }\n")?;
        let config = folder.join("keepwatch.toml");
        std::fs::write(&config, self.native())?;
        let mut command = self.pinned(env!("CARGO_BIN_EXE_keepwatch"));
        command.arg("run").arg("--config").arg(config);
        command.env("KEEPWATCH_CONTROL", folder.join("socket"));
        command.env("KEEPWATCH_STATE_DIR", folder.join("state")).env("KEEPWATCH_CACHE_DIR", &self.cache);
        Ok(command)
    }

    fn keepalived(&self, folder: &Path) -> Outcome<Command> {
        let config = folder.join("keepalived.conf");
        std::fs::write(&config, self.instances())?;
        let mut command = self.pinned(KEEPALIVED);
        command.args(["--dont-fork", "--vrrp", "--log-console", "--use-file"]).arg(&config);
        for (flag, file) in [("--pid", "pid"), ("--vrrp_pid", "vrrp.pid"), ("--checkers_pid", "check.pid")] {
            command.arg(flag).arg(folder.join(file));
        }
        Ok(command)
    }
}

/// The server that a check asks: each has an address of its own, as servers have. To one address from another there are
/// 28,000 ports, each taken for a minute: with 2,000 connections a second the kernel would look for a free one for longer
/// than all the rest takes.
fn server(number: usize) -> Ipv4Addr {
    let [.., high, low] = number.to_be_bytes();
    Ipv4Addr::new(127, 1, high, low)
}

/// The gaps between each instance's adverts, of all instances, the longest last.
fn gaps(adverts: &[SeenAdvert]) -> Vec<Duration> {
    let mut gaps = Vec::new();
    let mut last: HashMap<u8, SystemTime> = HashMap::new();
    for advert in adverts {
        let before = last.insert(advert.vrid, advert.at);
        gaps.extend(before.map(|before| advert.at.duration_since(before).unwrap_or_default()));
    }
    gaps.sort_unstable();
    gaps
}

/// How many processes and threads have been started in this namespace so far, by the id that one more gets.
fn processes() -> Outcome<u64> {
    let mut one = Command::new("/usr/bin/true").spawn()?;
    one.wait()?;
    Ok(one.id().into())
}

/// The processor that the daemon has for itself: the first that we may use. Everything else is kept off it, if there is
/// another one.
fn reserve_processor() -> Outcome<usize> {
    let this = Pid::from_raw(0);
    let mut others = sched_getaffinity(this)?;
    let set = |cpus: &CpuSet| (0..CpuSet::count()).find(|cpu| cpus.is_set(*cpu).unwrap_or(false));
    let first = set(&others).ok_or("no processor")?;
    others.unset(first)?;
    if set(&others).is_some() {
        sched_setaffinity(this, &others)?;
    }
    Ok(first)
}

/// A checker that passes without a question.
fn component() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wasm/tests/guests/at-once.wasm")
}

/// How often plugins have been asked so far.
fn calls(folder: &Path) -> Outcome<u64> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    command.args(["plugin", "list", "--json"]).env("KEEPWATCH_CONTROL", folder.join("socket"));
    let reports: serde_json::Value = serde_json::from_slice(&command.output()?.stdout)?;
    let reports = reports.as_array().ok_or("no list of plugins")?;
    Ok(reports.iter().filter_map(|report| report.get("calls")?.as_u64()).sum())
}

/// The TCP connections that this host has begun: whoever listens does not see those of checks.
fn opened(namespace: &Namespace) -> Outcome<u64> {
    let counted = namespace.run(|| std::fs::read_to_string("/proc/thread-self/net/snmp"))?;
    let mut tcp = counted.lines().filter_map(|line| line.strip_prefix("Tcp: "));
    let (names, values) = tcp.next().zip(tcp.next()).ok_or("no counts of TCP")?;
    let mut both = names.split(' ').zip(values.split(' '));
    let (_, opened) = both.find(|(name, _)| *name == "ActiveOpens").ok_or("no count of connections")?;
    Ok(opened.parse()?)
}

/// Who accepts what is connected to, until this is dropped.
struct Listener {
    namespace: Namespace,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn start(namespace: &Namespace) -> Outcome<Self> {
        let listener = namespace.run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, PORT)))?;
        let stop = Arc::<AtomicBool>::default();
        let thread = std::thread::spawn({
            let stop = Arc::clone(&stop);
            move || while listener.accept().is_ok() && !stop.load(Ordering::Relaxed) {}
        });
        Ok(Self { namespace: namespace.clone(), stop, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It looks when somebody has connected.
        if self.namespace.run(|| TcpStream::connect((Ipv4Addr::LOCALHOST, PORT))).is_ok()
            && let Some(thread) = self.thread.take()
        {
            let _ = thread.join();
        }
    }
}

/// The processor's time of a process and those that it has started, also of those that have ended.
fn cpu(process: u32) -> Outcome<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // Behind the name, which may have any characters in it, the times are words 11 to 14.
    let words = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u32 = words.skip(11).take(4).map(str::parse::<u32>).sum::<Result<_, _>>()?;
    let mut total = TICK * ticks;
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let children = std::fs::read_to_string(task?.path().join("children")).unwrap_or_default();
        for child in children.split_whitespace() {
            // It may have ended meanwhile.
            total += cpu(child.parse()?).unwrap_or_default();
        }
    }
    Ok(total)
}

/// With what the daemon has said.
fn told(error: Box<dyn Error>, daemon: &Daemon) -> Box<dyn Error> {
    let lines = daemon.output();
    let last = lines.get(lines.len().saturating_sub(20)..).unwrap_or_default();
    format!("{error}\n{}", last.join("\n")).into()
}

fn until(what: &str, holds: impl Fn() -> bool) -> Outcome<()> {
    let end = Instant::now() + PATIENCE;
    while !holds() {
        if Instant::now() > end {
            return Err(format!("waited in vain for {what}").into());
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}
