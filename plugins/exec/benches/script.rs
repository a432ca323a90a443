//! What one run of a check script costs, start and end and all: the processor's time of this process and of the script,
//! and how long it takes. `/usr/bin/true` is run, so that nothing of it is the script's own work.
//!
//!     cargo bench -p keepwatch-exec --bench script
//!
//! As root it is measured twice: a program that is to run as somebody else is started in another, dearer way.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::Health;
use keepwatch_exec::{Account, Accounts, Launcher, Reading, Script, Start};
use keepwatch_host::Probe;
use nix::sys::resource::{Usage, UsageWho, getrusage};
use nix::sys::time::TimeVal;
use tokio::runtime::Builder;

const ROUNDS: u32 = 1000;
/// Longer than a run takes on any machine.
const PATIENCE: Duration = Duration::from_secs(20);

fn main() -> ExitCode {
    // `cargo bench -- --test` asks whether it runs at all.
    let rounds = if std::env::args().any(|argument| argument == "--test") { 1 } else { ROUNDS };
    let own = Start::new("/usr/bin/true".into(), Vec::new());
    let mut starts = vec![("as this process's user", own.clone())];
    if nix::unistd::geteuid().is_root() {
        starts.push(("as nobody", Start { account: Some(Account::of("nobody")), ..own }));
    }
    println!("one run of /usr/bin/true, mean of {rounds}:");
    for (name, start) in starts {
        if let Err(error) = measure(name, start, rounds) {
            eprintln!("{name}: {error}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

fn measure(name: &str, start: Start, rounds: u32) -> Result<(), String> {
    let launcher = Launcher::new(Accounts::new()).map_err(|error| error.to_string())?;
    let runtime = Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let script = Script::new("bench", start, Reading::Status, Arc::new(|_, _: &str| ()), launcher);
    let ask = || {
        let verdict = runtime.block_on(script.probe(PATIENCE));
        if verdict.health == Health::Pass { Ok(()) } else { Err(verdict.text) }
    };
    // The first one looks the user up and makes threads.
    ask()?;
    let (before, began) = (used()?, Instant::now());
    for _ in 0..rounds {
        ask()?;
    }
    let (took, after) = (began.elapsed(), used()?);
    let [own, scripts] = [after.0 - before.0, after.1 - before.1].map(|time| time / rounds);
    let total = own + scripts;
    println!(
        "  {name:24}  CPU {:5} us ({:4} us here, {:4} us in the script)  took {:5} us",
        total.as_micros(),
        own.as_micros(),
        scripts.as_micros(),
        (took / rounds).as_micros()
    );
    Ok(())
}

/// The processor's time that this process has used, and that its children have.
fn used() -> Result<(Duration, Duration), String> {
    let of = |who| getrusage(who).map(|usage| total(&usage)).map_err(|error| error.to_string());
    Ok((of(UsageWho::RUSAGE_SELF)?, of(UsageWho::RUSAGE_CHILDREN)?))
}

fn total(usage: &Usage) -> Duration {
    span(usage.user_time()) + span(usage.system_time())
}

fn span(time: TimeVal) -> Duration {
    let seconds = Duration::from_secs(time.tv_sec().unsigned_abs());
    seconds + Duration::from_micros(time.tv_usec().unsigned_abs())
}
