//! Processes where the kernel does not tell of them: in a network namespace of the test's own.

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
