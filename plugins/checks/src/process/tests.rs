//! Processes where the kernel does not tell of them: in namespaces of the tests' own.

use std::time::Duration;

use keepwatch_event::Health;
use keepwatch_host::Probe;

use super::listener::Shared;
use super::{Matching, ProcessCheck, ProcessProbe};

#[test]
fn without_being_told_all_processes_are_looked_through() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not done: needs root for a network namespace");
        return;
    }
    static APART: Shared = Shared::new();
    let thread = std::thread::spawn(|| {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let myself: Vec<String> = std::env::args().collect();
            let check = ProcessCheck {
                matching: Matching::Exact(myself[1..].to_vec()),
                ..ProcessCheck::new(myself[0].as_str())
            };
            let probe = ProcessProbe::with(&check, &APART);
            let verdict = probe.probe(Duration::from_secs(30)).await;
            assert_eq!(verdict.health, Health::Pass, "{}", verdict.text);
            let why =
                "(looked through all, as the kernel does not tell: it cannot in this network namespace)";
            assert!(verdict.text.ends_with(why), "{}", verdict.text);
            let none = ProcessProbe::with(&ProcessCheck::new("no-such-one"), &APART);
            let verdict = none.probe(Duration::from_secs(30)).await;
            let expected = format!("no-such-one: 0 processes run, at least 1 expected {why}");
            assert_eq!((verdict.health, verdict.text), (Health::Fail, expected));
        });
    });
    thread.join().unwrap();
}

/// In another namespace of processes, as containers have one, the kernel is silent.
#[test]
fn where_the_kernel_is_silent_a_hasty_check_can_tell_all_the_same() {
    const INSIDE: &str = "KEEPWATCH_TEST_INSIDE";
    if !rustix::process::geteuid().is_root() {
        eprintln!("not done: needs root for a namespace of processes");
        return;
    }
    if std::env::var_os(INSIDE).is_some() {
        return ask_where_the_kernel_is_silent();
    }
    let name = "process::tests::where_the_kernel_is_silent_a_hasty_check_can_tell_all_the_same";
    let mut again = std::process::Command::new("unshare");
    again.args(["--pid", "--fork"]).arg(std::env::current_exe().unwrap()).args([name, "--exact"]);
    let output = again.env(INSIDE, "1").output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn ask_where_the_kernel_is_silent() {
    static SILENT: Shared = Shared::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let verdict = runtime.block_on(async {
        let probe = ProcessProbe::with(&ProcessCheck::new("no-such-one"), &SILENT);
        let until = std::time::Instant::now() + Duration::from_secs(30);
        loop {
            let verdict = probe.probe(Duration::from_millis(500)).await;
            // On a busy machine looking through all may take longer.
            if verdict.health != Health::Unknown || std::time::Instant::now() > until {
                return verdict;
            }
        }
    });
    let text = "no-such-one: 0 processes run, at least 1 expected (looked through all, as the kernel does not tell: ";
    assert!(verdict.health == Health::Fail && verdict.text.starts_with(text), "{}", verdict.text);
}
