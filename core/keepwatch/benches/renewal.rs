//! What renewing addresses (`vip_lifetime`) costs the engine's thread: 250 instances as MASTER with an address each, with
//! and without it, in turn, in one run.
//!
//! Needs root or user namespaces:
//!
//!     cargo bench -p keepwatch --bench renewal

use std::error::Error;
use std::fmt::Write;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use keepwatch_lab::{Daemon, Enclosed, Lan, enclose};

const ROUNDS: usize = 3;
const INSTANCES: usize = 250;
/// How long an address stays; it is renewed three times in it.
const LIFETIME: Duration = Duration::from_secs(2);
/// What a round looks at: whole rounds of renewals.
const WINDOW: Duration = Duration::from_secs(10);
/// Longer than a round takes on any machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The last announcements come 5 s after becoming MASTER.
const SETTLED: Duration = Duration::from_secs(6);

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
    for _ in 0..rounds {
        let without = busy(folder, "")?;
        let with = busy(folder, &format!("vip_lifetime = \"{}s\"\n", LIFETIME.as_secs()))?;
        let renewals = 3.0 * INSTANCES as f64 / LIFETIME.as_secs_f64();
        let each = (with - without) / renewals;
        println!(
            "engine busy {without:.2} ms a second without, {with:.2} with {renewals} renewals a second: {:.1} us each",
            each * 1e3
        );
    }
    Ok(())
}

/// For how many milliseconds of a second the engine's thread runs.
fn busy(folder: &Path, lifetime: &str) -> Outcome<f64> {
    let mut text = format!("{lifetime}hooks = \"none.d\"\n");
    for number in 1..=INSTANCES {
        writeln!(
            text,
            "[instance.i{number}]\ninterface = \"eth0\"\nvirtual_router_id = {number}\n\
             virtual_addresses = [\"10.2.{number}.1/24\"]"
        )?;
    }
    let config = folder.join("keepwatch.toml");
    std::fs::write(&config, text)?;
    let lan = Lan::new(1)?;
    let host = lan.hosts.first().ok_or("no host")?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    command.args(["run", "--stop-mode", "rfc", "--config"]).arg(config);
    command.env("KEEPWATCH_CONTROL", folder.join("socket")).env("KEEPWATCH_STATE_DIR", folder.join("state"));
    command.env("KEEPWATCH_CACHE_DIR", folder.join("cache"));
    let mut daemon = Daemon::start(&host.namespace, &mut command)?;
    let end = Instant::now() + PATIENCE;
    while host.addresses()?.iter().filter(|(address, _)| address.to_string().starts_with("10.2.")).count()
        < INSTANCES
    {
        if Instant::now() > end {
            return Err("it holds not all addresses".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    std::thread::sleep(SETTLED);
    let (began, before) = (Instant::now(), engine_ran(daemon.id())?);
    std::thread::sleep(WINDOW);
    let ran = engine_ran(daemon.id())? - before;
    let busy = ran.as_secs_f64() * 1e3 / began.elapsed().as_secs_f64();
    daemon.terminate()?;
    daemon.wait(PATIENCE)?;
    Ok(busy)
}

/// How long the engine's thread of a daemon has run.
fn engine_ran(process: u32) -> Outcome<Duration> {
    for task in std::fs::read_dir(format!("/proc/{process}/task"))? {
        let task = task?.path();
        if std::fs::read_to_string(task.join("comm"))?.trim() == "vrrp" {
            let statistics = std::fs::read_to_string(task.join("schedstat"))?;
            let nanoseconds = statistics.split_whitespace().next().ok_or("no figure")?.parse()?;
            return Ok(Duration::from_nanos(nanoseconds));
        }
    }
    Err("there is no engine".into())
}
