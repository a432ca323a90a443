//! What a TCP check costs the CPU: the thread that asks, against a listener on another thread. `-- --test`: a few only.

use std::net::TcpListener;
use std::time::Duration;

use keepwatch_checks::{Check, HostPort, TcpCheck};
use keepwatch_event::Health;
use nix::sys::resource::{UsageWho, getrusage};

fn main() {
    let few = std::env::args().any(|argument| argument == "--test");
    let checks: u32 = if few { 100 } else { 10_000 };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let to = HostPort { host: "127.0.0.1".to_owned(), port: listener.local_addr().unwrap().port() };
    std::thread::spawn(move || while listener.accept().is_ok() {});
    let probe = Check::Tcp(TcpCheck::new(to)).native().probe;
    let tokio = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let took = tokio.block_on(async {
        let before = used();
        for _ in 0..checks {
            let verdict = probe.probe(Duration::from_secs(5)).await;
            assert_eq!(verdict.health, Health::Pass, "{}", verdict.text);
        }
        used() - before
    });
    println!("{checks} TCP checks: {:.1} us of CPU each", took.as_secs_f64() * 1e6 / f64::from(checks));
}

/// The CPU time this thread has had, in the kernel's part and its own.
fn used() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_THREAD).unwrap();
    let time = |time: nix::sys::time::TimeVal| {
        Duration::from_micros(u64::try_from(time.tv_sec() * 1_000_000 + time.tv_usec()).unwrap())
    };
    time(usage.user_time()) + time(usage.system_time())
}
