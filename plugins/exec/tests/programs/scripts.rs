//! How check scripts end, and what they say.

use std::path::PathBuf;

use keepwatch_event::Health::{Fail, Pass, Unknown};
use keepwatch_exec::{Account, Reading, Start, Weight};
use keepwatch_host::Probe;

use crate::place::{PATIENCE, Place, is_root};

fn text(text: &str) -> String {
    text.to_owned()
}

#[test]
fn the_status_decides_and_the_last_line_explains() {
    let place = Place::new("status");
    assert_eq!(place.asked(place.sh("echo fine")), (Pass, text("exited with status 0")));
    assert_eq!(place.asked(place.sh("exit 1")), (Fail, text("exited with status 1")));
    let two = place.sh("echo one; echo 'no such data base' >&2; exit 3");
    assert_eq!(place.asked(two), (Fail, text("exited with status 3: no such data base")));
    assert_eq!(place.lines(), ["fine", "one", "no such data base"]);
    assert_eq!(place.asked(place.sh("kill -9 $$")), (Fail, text("died by signal 9 (SIGKILL)")));
}

#[test]
fn what_the_first_run_that_fails_has_written_matters_more() {
    let place = Place::new("weight");
    let ill = place.folder.join("ill");
    let start = place.sh(&format!("echo line; test ! -e {}", ill.display()));
    let script = place.script(start, Reading::Status);
    let ask = |health| assert_eq!(place.ask(&script, PATIENCE).health, health);
    for _ in 0..2 {
        ask(Pass);
        std::fs::write(&ill, "").unwrap();
        ask(Fail);
        ask(Fail);
        std::fs::remove_file(&ill).unwrap();
    }
    let weights: Vec<Weight> = place.lines.lock().unwrap().iter().map(|(weight, _)| *weight).collect();
    let once = [Weight::Detail, Weight::Reason, Weight::Detail];
    assert_eq!(weights, [once, once].concat());
}

#[test]
fn whoever_has_the_answer_may_ask_again() {
    let place = Place::new("again");
    let script = place.script(Start::new("/bin/true".into(), Vec::new()), Reading::Status);
    for _ in 0..200 {
        assert_eq!(place.ask(&script, PATIENCE).health, Pass);
        assert!(script.busy().is_none());
    }
}

#[test]
fn what_a_shell_cannot_run_is_explained() {
    let place = Place::new("unknown-words");
    let (health, said) = place.asked(place.sh("/no/such/program"));
    assert_eq!(health, Fail);
    assert!(said.starts_with("exited with status 127 (something that it calls was not found): "), "{said}");
    let (health, said) = place.asked(place.sh("/"));
    assert_eq!(health, Fail);
    assert!(said.starts_with("exited with status 126 (something that it calls may not be exec"), "{said}");
}

#[test]
fn nagios_plugins_have_four_answers() {
    let place = Place::new("nagios");
    let start = Start::shell("echo 'DISK WARNING - 81 % | used=81'; echo more; echo noise >&2; exit 1");
    let script = place.script(start, Reading::Nagios);
    let verdict = place.ask(&script, PATIENCE);
    assert_eq!((verdict.health, verdict.text.as_str()), (Pass, "warning: DISK WARNING - 81 %"));
    let script = place.script(Start::shell("echo UNKNOWN; exit 3"), Reading::Nagios);
    let verdict = place.ask(&script, PATIENCE);
    assert_eq!((verdict.health, verdict.text.as_str()), (Unknown, "UNKNOWN"));
}

#[test]
fn what_cannot_be_started_says_why() {
    let place = Place::new("refused");
    let path = |name: &str| place.folder.join(name).display().to_string();
    let asked = |program: PathBuf| place.asked(Start::new(program, Vec::new()));

    let why = "was not started: it does not exist";
    assert_eq!(asked(place.folder.join("none")), (Unknown, format!("cannot run: {} {why}", path("none"))));

    let interpreter = place.write("odd", "#!/no/such/interpreter\n");
    let (health, said) = asked(interpreter);
    let why = "what its first line names, or the linker that it needs, does not exist";
    assert_eq!((health, said), (Unknown, format!("cannot run: {} was not started: {why}", path("odd"))));

    let closed = place.write("closed", "#!/bin/sh\n");
    crate::place::chmod(&closed, "0644");
    let (health, said) = asked(closed);
    let user = nix::unistd::geteuid();
    let user = if user.is_root() { text("root") } else { user.to_string() };
    let why = format!("{user} may not execute it, or not enter a directory above it");
    assert_eq!((health, said), (Unknown, format!("cannot run: {} was not started: {why}", path("closed"))));

    let (health, said) = asked(place.folder.clone());
    let folder = place.folder.display();
    assert_eq!((health, said), (Unknown, format!("cannot run: {folder} was not started: it is a directory")));
}

#[test]
fn a_program_that_is_being_written_is_not_started_and_the_next_time_it_is() {
    let place = Place::new("busy");
    let program = place.folder.join("true");
    std::fs::copy("/bin/true", &program).unwrap();
    let writing = std::fs::File::options().append(true).open(&program).unwrap();
    let why = format!("cannot run: {} was not started: somebody is writing it just now", program.display());
    let script = place.script(Start::new(program, Vec::new()), Reading::Status);
    assert_eq!(place.ask(&script, PATIENCE).text, why);
    drop(writing);
    // Another test's program may have been started meanwhile, and hold it open for a moment.
    crate::place::wait_until("it can be started", || place.ask(&script, PATIENCE).health == Pass);
}

#[test]
fn the_user_must_exist() {
    let place = Place::new("user");
    let account = Some(Account::of("no-such-user-of-keepwatch"));
    let start = Start { account, ..place.sh("exit 0") };
    let program = start.program.display().to_string();
    let expected =
        format!("cannot run: {program} was not started: there is no user no-such-user-of-keepwatch");
    assert_eq!(place.asked(start), (Unknown, expected));
}

#[test]
fn what_does_not_say_who_reads_it_a_shell_reads() {
    let place = Place::new("bare");
    let program = place.write("bare", "echo \"$1\"; exit 4\n");
    let start = Start::new(program, vec![text("a b")]);
    assert_eq!(place.asked(start.clone()), (Fail, text("exited with status 4: a b")));
    if is_root() {
        let start = Start { account: Some(Account::of("nobody")), ..start };
        assert_eq!(place.asked(start), (Fail, text("exited with status 4: a b")), "as another user, too");
    }
}

#[test]
fn one_that_is_replaced_while_it_runs_ends_as_it_began() {
    let place = Place::new("replaced");
    let (began, go) = (place.folder.join("began"), place.folder.join("go"));
    let old = format!(
        "touch {}; until test -e {}; do sleep 0.01; done; echo old; exit 1",
        began.display(),
        go.display()
    );
    let script = place.script(place.sh(&old), Reading::Status);
    let asked = std::sync::Arc::clone(&script);
    let first = place.asker.spawn(async move { Probe::probe(&*asked, PATIENCE).await });
    crate::place::wait_until("it has begun", || began.exists());
    let new = place.write("new", "#!/bin/sh\necho new; exit 2\n");
    std::fs::rename(new, place.folder.join("script")).unwrap();
    std::fs::write(go, "").unwrap();
    assert_eq!(place.asker.block_on(first).unwrap().text, "exited with status 1: old");
    assert_eq!(place.ask(&script, PATIENCE).text, "exited with status 2: new");
}

#[test]
fn a_child_that_holds_the_pipes_open_holds_nothing_up() {
    let place = Place::new("holder");
    let pid = place.folder.join("pid");
    let start = place.sh(&format!("sleep 3600 & echo $! > {}; echo gone; exit 1", pid.display()));
    // Longer than anybody waits, so that the time limit is not what ends it.
    assert_eq!(place.asked(start), (Fail, text("exited with status 1: gone")));
    let pid: i32 = std::fs::read_to_string(pid).unwrap().trim().parse().unwrap();
    let pid = nix::unistd::Pid::from_raw(pid);
    // What a script leaves behind on purpose is let alone.
    nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
fn what_is_left_behind_may_go_on_writing() {
    let place = Place::new("left-behind");
    let at = |name: &str| place.folder.join(name);
    let (go, wrote) = (at("go"), at("wrote"));
    // More than a pipe holds.
    let server = format!(
        "(until test -e {}; do sleep 0.01; done; head -c 200000 /dev/zero && head -c 9 /dev/zero >&2 && touch {}) &",
        go.display(),
        wrote.display()
    );
    assert_eq!(place.asked(place.sh(&server)), (Pass, text("exited with status 0")));
    std::fs::write(go, "").unwrap();
    crate::place::wait_until("it has written all", || wrote.exists());
}

#[test]
fn a_flood_is_read_slowly_and_not_kept() {
    let place = Place::new("flood");
    let most = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap()
    };
    let before = most();
    let start = place.sh("yes 'one of very many lines' | head -c 20000000; echo; echo the end; exit 1");
    assert_eq!(place.asked(start), (Fail, text("exited with status 1: the end")));
    let after = most();
    assert!(after - before < 12 << 10, "{before} KiB, then {after} KiB");
    let lines = place.lines();
    let octets: usize = lines.iter().map(String::len).sum();
    assert!(octets <= 64 << 10, "{octets}");
    assert_eq!(lines.last().unwrap(), "(19,934,473 octets more)");
}

/// It writes as fast as it is read: how far it comes until it is stopped says how much work that is.
#[test]
fn one_that_never_ends_its_flood_is_held_up() {
    let place = Place::new("held-up");
    let count = place.folder.join("count");
    // An octet there for each MiB.
    let start =
        place.sh(&format!("while :; do head -c 1048576 /dev/zero; printf x >> {}; done", count.display()));
    let script = place.script(start, Reading::Status);
    let began = std::time::Instant::now();
    let within = std::time::Duration::from_secs(1);
    assert_eq!(place.ask(&script, within).text, "did not end within 1 s and was stopped");
    // 6.25 MiB a second are read; a pipe carries hundreds.
    let (written, most) =
        (std::fs::metadata(&count).map_or(0, |data| data.len()), 8 * (began.elapsed().as_secs() + 1));
    assert!(written <= most, "{written} MiB of {most}");
}
