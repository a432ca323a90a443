//! A folder with scripts, and questions to them, for one test.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keepwatch_event::Health;
use keepwatch_exec::{Accounts, Launcher, Reading, Script, Start, Weight};
use keepwatch_host::{Probe, Verdict};
use tokio::runtime::{Builder, Runtime};

/// How long a condition may take to come true on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) launcher: Launcher,
    pub(crate) asker: Runtime,
    /// What scripts have written.
    pub(crate) lines: Arc<Mutex<Vec<(Weight, String)>>>,
}

impl Place {
    pub(crate) fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("keepwatch-exec-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        chmod(&folder, "0755");
        let launcher = Launcher::new(Accounts::new()).unwrap();
        let asker = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        Self { folder, launcher, asker, lines: Arc::default() }
    }

    /// Writes a program. Another process does: had this one it open, one that is started meanwhile would have, too, and
    /// it could not be executed.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        let mut install = Command::new("install");
        install.args(["-m", "755", "/dev/stdin"]).arg(&path).stdin(Stdio::piped());
        let mut child = install.spawn().unwrap();
        child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
        path
    }

    /// A script for `/bin/sh`.
    pub(crate) fn sh(&self, text: &str) -> Start {
        Start::new(self.write("script", &format!("#!/bin/sh\n{text}\n")), Vec::new())
    }

    pub(crate) fn script(&self, start: Start, reading: Reading) -> Arc<Script> {
        let lines = Arc::clone(&self.lines);
        let sink = Arc::new(move |weight, line: &str| lines.lock().unwrap().push((weight, line.to_owned())));
        Arc::new(Script::new("script", start, reading, sink, self.launcher.clone()))
    }

    pub(crate) fn ask(&self, script: &Script, within: Duration) -> Verdict {
        self.asker.block_on(script.probe(within))
    }

    /// Asks once, and waits as long as it takes.
    pub(crate) fn asked(&self, start: Start) -> (Health, String) {
        let verdict = self.ask(&self.script(start, Reading::Status), PATIENCE);
        (verdict.health, verdict.text)
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().iter().map(|(_, line)| line.clone()).collect()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

pub(crate) fn chmod(path: &Path, mode: &str) {
    assert!(Command::new("chmod").arg(mode).arg(path).status().unwrap().success());
}

pub(crate) fn chown(path: &Path, owner: &str) {
    assert!(Command::new("chown").arg("-h").arg(owner).arg(path).status().unwrap().success());
}

pub(crate) fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// How many processes live in whose command line this stands.
pub(crate) fn alive(mark: &str) -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let line = std::fs::read_to_string(entry.ok()?.path().join("cmdline")).ok()?;
        line.contains(mark).then_some(())
    });
    processes.count()
}

pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "{what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
