//! How long an event takes to the first line of a script's handler, and a check to its answer. Prints figures; asserts
//! nothing about them, because they are the machine's: `cargo test --release -p keepwatch-rhai --test latency -- --nocapture`.

mod support;

use std::time::{Duration, Instant};

use keepwatch_host::Outcome;
use nix::sys::resource::{UsageWho, getrusage};
use support::Trial;

const CALLS: usize = 2_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_event_to_first_line() {
    let text = "fn on_master(event) { metric_set(\"x\", 1); }";
    let mut trial = Trial::new(text).await;
    let mut first_line = Vec::with_capacity(CALLS);
    let mut whole_call = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        // As events come: not while the thread is still awake from the last one.
        tokio::time::sleep(Duration::from_micros(200)).await;
        let began = Instant::now();
        assert_eq!(trial.master().await, Ok(Outcome::Done));
        whole_call.push(began.elapsed());
        first_line.extend(trial.told.marked().map(|at| at.duration_since(began)));
    }
    print("event to first line", first_line);
    print("event handled", whole_call);

    let mut trial = Trial::new("fn check(config) { pass(\"well\") }").await;
    let mut answered = Vec::with_capacity(CALLS);
    let before = computed();
    for _ in 0..CALLS {
        let began = Instant::now();
        trial.check().await.unwrap();
        answered.push(began.elapsed());
    }
    print("check answered", answered);
    println!("computed for a check: {:?}", (computed() - before) / CALLS as u32);
}

/// What this process has computed.
fn computed() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).unwrap();
    let time = |value: nix::sys::time::TimeVal| {
        Duration::from_micros((value.tv_sec() * 1_000_000 + value.tv_usec()).unsigned_abs())
    };
    time(usage.user_time()) + time(usage.system_time())
}

/// What running plugins take of memory.
#[tokio::test]
async fn memory_of_a_plugin() {
    const PLUGINS: usize = 50;
    let nothing = resident();
    let program = support::compile("fn on_master(event) { info(event.text); }").await.unwrap();
    let mut trials = vec![Trial::of(&*program, support::Setup::default()).await.unwrap()];
    let before = resident();
    println!("memory of the language and a first plugin: {} KiB", before - nothing);
    for _ in 0..PLUGINS {
        let mut trial = Trial::of(&*program, support::Setup::default()).await.unwrap();
        assert_eq!(trial.master().await, Ok(Outcome::Done));
        trials.push(trial);
    }
    println!("memory of a plugin: {} KiB", (resident() - before) / PLUGINS);
}

/// KiB of this process in memory.
fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4
}

fn print(what: &str, mut times: Vec<Duration>) {
    assert_eq!(times.len(), CALLS);
    times.sort_unstable();
    let at = |share: f64| times[(times.len() as f64 * share) as usize];
    println!("{what}: median {:?}, p99 {:?}, most {:?}", at(0.5), at(0.99), times[CALLS - 1]);
}
