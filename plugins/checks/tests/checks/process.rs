//! Processes that the tests start: scripts, which the kernel knows by their file's name, and which end with their input.

use std::io::ErrorKind;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use keepwatch_checks::{Check, Matching, ProcessCheck};
use keepwatch_event::Health;
use keepwatch_host::Native;
use tokio::time::timeout;

use crate::support::{Folder, PATIENT, Privilege, assert_verdict};

/// A program with a name of its own.
struct Program {
    _folder: Folder,
    path: PathBuf,
    name: String,
}

impl Program {
    /// With this process's number: the tests may run twice at a time. In all at most 15 octets.
    fn new(name: &str) -> Self {
        let name = format!("{name}{}", std::process::id());
        let folder = Folder::new(&name);
        let path = folder.path(&name);
        std::fs::write(&path, "#!/bin/sh\nread line\n").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { _folder: folder, path, name }
    }

    fn start(&self, parameters: &[&str]) -> Child {
        loop {
            let child = Command::new(&self.path).args(parameters).stdin(Stdio::piped()).spawn();
            match child {
                Ok(child) => return child,
                // Another test's child has inherited the open file until it runs its own program.
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy => std::thread::yield_now(),
                Err(error) => panic!("{error}"),
            }
        }
    }
}

async fn says(native: &Native, health: Health, text: &str) {
    assert_verdict(&native.probe.probe(PATIENT).await, health, text);
}

/// Waits until the check gives this verdict, asking only when it says that there may be another.
async fn becomes(native: &Native, health: Health, text: &str) {
    let turned = async {
        loop {
            native.probe.changed().await;
            let verdict = native.probe.probe(PATIENT).await;
            if (verdict.health, verdict.text.as_str()) == (health, text) {
                return;
            }
        }
    };
    timeout(PATIENT, turned).await.unwrap();
}

#[tokio::test]
async fn processes_that_come_and_go_are_told_of() {
    if Privilege::is_missing("the process connector") {
        return;
    }
    let program = Program::new("kw-come");
    let name = &program.name;
    let check =
        Check::Process(ProcessCheck { quorum: 2, quorum_max: Some(2), ..ProcessCheck::new(name.as_str()) });
    assert_eq!(check.label(), format!("process {name}"));
    // One that is there before the first look.
    let first = program.start(&[]);
    let native = check.native();
    becomes_first(&native, &format!("{name}: 1 process runs, at least 2 expected")).await;
    let mut second = program.start(&["x"]);
    becomes(&native, Health::Pass, &format!("{name}: 2 processes run")).await;
    let mut third = program.start(&[]);
    becomes(&native, Health::Fail, &format!("{name}: 3 processes run, at most 2 expected")).await;
    third.kill().unwrap();
    becomes(&native, Health::Pass, &format!("{name}: 2 processes run")).await;
    // Its end counts, whether anybody has asked how it went or not.
    drop(second.stdin.take());
    becomes(&native, Health::Fail, &format!("{name}: 1 process runs, at least 2 expected")).await;
    let again = check.native();
    says(&again, Health::Fail, &format!("{name}: 1 process runs, at least 2 expected")).await;
    for mut child in [first, second, third] {
        let _ = child.kill();
        child.wait().unwrap();
    }
}

/// A script has its name only once the kernel has loaded it.
async fn becomes_first(native: &Native, text: &str) {
    let found = async {
        while native.probe.probe(PATIENT).await.text != text {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENT, found).await.unwrap();
}

#[tokio::test]
async fn a_command_line_with_its_parameters() {
    let program = Program::new("kw-words");
    let path = program.path.display().to_string();
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
    let mut child = program.start(&["-f", "main.cfg", "-D"]);
    let check = |matching: Matching| {
        Check::Process(ProcessCheck { matching, ..ProcessCheck::new("/bin/sh") }).native()
    };
    let right = [
        Matching::Exact(words(&[&path, "-f", "main.cfg", "-D"])),
        Matching::Partial(words(&[&path, "-f", "main.cfg"])),
        Matching::Initial(words(&[&path, "-f", "main"])),
    ];
    let wrong = [
        Matching::Exact(words(&[&path, "-f", "main.cfg"])),
        Matching::Partial(words(&[&path, "-f", "main"])),
    ];
    for matching in right {
        let native = check(matching);
        let found = async {
            while native.probe.probe(PATIENT).await.health != Health::Pass {
                tokio::task::yield_now().await;
            }
        };
        timeout(PATIENT, found).await.unwrap();
    }
    for matching in wrong {
        let verdict = check(matching).probe.probe(PATIENT).await;
        assert!(
            verdict.text.starts_with("/bin/sh: 0 processes run, at least 1 expected"),
            "{}",
            verdict.text
        );
    }
    child.kill().unwrap();
    child.wait().unwrap();
}

#[tokio::test]
async fn a_restart_within_the_delay_makes_no_difference() {
    if Privilege::is_missing("the process connector") {
        return;
    }
    let program = Program::new("kw-anew");
    let name = &program.name;
    let delay = Duration::from_secs(2);
    let check = ProcessCheck { terminate_delay: delay, ..ProcessCheck::new(name.as_str()) };
    let mut child = program.start(&[]);
    let native = Check::Process(check).native();
    becomes_first(&native, &format!("{name}: 1 process runs")).await;
    child.kill().unwrap();
    child.wait().unwrap();
    timeout(PATIENT, native.probe.changed()).await.unwrap();
    let verdict = native.probe.probe(PATIENT).await;
    let begins = format!("{name}: 0 processes run, at least 1 expected; counts in ");
    assert!(verdict.health == Health::Pass && verdict.text.starts_with(&begins), "{}", verdict.text);
    becomes(&native, Health::Fail, &format!("{name}: 0 processes run, at least 1 expected")).await;
    let mut child = program.start(&[]);
    becomes(&native, Health::Pass, &format!("{name}: 1 process runs")).await;
    child.kill().unwrap();
    child.wait().unwrap();
}
