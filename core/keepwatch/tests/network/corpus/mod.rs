//! Files as they are found in the wild, read by keepwatch and by keepalived: what both made of them, as keepalived's own dump of
//! its data (SIGUSR1) says it.

mod dump;
mod model;
mod routing;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use keepwatch_config::{Loaded, Severity, Style};
use keepwatch_lab::{Daemon, Namespace};
use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::peers::{IP, KEEPALIVED};
use crate::site::{PATIENCE, Site, ensure, wait};

pub(crate) const CASES: &[Case] =
    &[Case { name: "corpus::both_make_the_same_of_each_file", needs: &[KEEPALIVED, IP], run: compare_all }];

/// What `@` lines ask for.
const ID: &str = "main";
/// The interfaces that files name.
const INTERFACES: [&str; 4] = ["eth0", "eth1", "eth2", "eth3"];
/// Files read at once.
const AT_ONCE: usize = 4;

/// What `keepalived -t` says about this host rather than the file, and keywords that 2.2.7 does not know yet.
const NOT_ABOUT_THE_FILE: &[&str] = &[
    "SECURITY VIOLATION",
    "since not found/accessible",
    "Unable to set uid/gid",
    "Unknown keyword 'v3_checksum_as_v2'",
    "Unknown keyword 'no_virtual_ipaddress'",
    // It takes the mark for a word and goes on.
    "Unknown keyword '\u{feff}'",
    // 2.2.7 counts a script's time in whole seconds; it follows that the script is not there.
    "invalid number '0.5'",
    "vrrp script interval '0.5'",
    "track script check haproxy not found",
];

/// Where both may differ, and why: the file, and what the line about it says.
const DIFFERENCES: &[(&str, &str, &str)] = &[
    (
        "address-options",
        "holds 10.1.1.30/24 dev eth0 scope global",
        "2.2.7 adds an address that is there already",
    ),
    ("escaped-hash", "password ab#c!d", "2.2.7 does not know the escape"),
    ("escaped-hash", "password ab", "the same"),
    ("long-line", "notify master echo xxx", "keepalived loses a part of the line, and its command"),
    ("no-accept", "VI_2: accept enabled", "an owner accepts; keepalived dumps what is written"),
    ("no-accept", "VI_2: accept disabled", "the same"),
    ("quoted-script-name", "check haproxy", "2.2.7 refuses intervals below a second"),
    ("script-with-pipe", "runs ss -ltn | grep -q :80", "the dump is read without the blank at the end"),
    (
        "unclosed-then-shell-script",
        "refused by keepwatch alone",
        "it says where the brace is missing; keepalived runs",
    ),
    (
        "unknown-keywords",
        "holds 10.1.1.30/32 dev eth0 scope global",
        "keepalived loses what follows an unknown block",
    ),
    ("unicast-ttl", "peer 10.1.1.20 min_ttl 0 max_ttl 255", "2.2.7 has a peer twice"),
    ("weights", "weight 253", "2.2.7 keeps a weight that is more than any priority"),
    ("weights", "weight 300", "the same"),
];

fn compare_all() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/tests/corpus");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&corpus)?.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "conf"));
    files.sort();
    ensure(files.len() >= 80, || format!("only {} files", files.len()))?;
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
                    let folder = site.folder().join(&name);
                    let found = Both::read(path, &folder).and_then(|both| both.compare(&name));
                    if let Err(failed) = found {
                        let text = failed.message().unwrap_or_default().to_owned();
                        wrong
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner)
                            .push(format!("== {name}\n{text}"));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    wrong.sort();
    ensure(wrong.is_empty(), || wrong.join("\n"))
}

/// What both say about a file.
struct Both {
    ours: Option<Loaded>,
    /// What `keepalived -t` says, and whether it accepts the file.
    test: (String, bool),
    /// What keepalived runs with, if it starts.
    theirs: Option<BTreeSet<String>>,
}

impl Both {
    fn read(path: &Path, folder: &Path) -> Result<Self, Failed> {
        // Everything in one folder, which keepalived sees as /tmp: it dumps there.
        copy(path.parent().unwrap_or_else(|| Path::new(".")), folder)?;
        let namespace = Namespace::create()?;
        for (number, interface) in INTERFACES.iter().enumerate() {
            for arguments in [
                format!("link add {interface} type veth peer name p{number}"),
                format!("link set p{number} up"),
                format!("addr add 10.1.{0}.10/24 dev {interface}", number + 1),
                format!("addr add fd00:{0}::10/64 dev {interface} nodad", number + 1),
                format!("link set {interface} up"),
            ] {
                let mut command = Command::new("ip");
                command.args(arguments.split_whitespace());
                let status = namespace.spawn(&mut command)?.wait()?;
                ensure(status.success(), || format!("ip {arguments}: {status}"))?;
            }
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut test = Daemon::start(&namespace, &mut keepalived(folder, &name, &["-t"]))?;
        let status = test.wait(PATIENCE)?.ok_or("keepalived -t does not end")?;
        let accepted = status.success();
        let said = test.output().join("\n");
        let theirs = run(&namespace, folder, &name)?;
        Ok(Self { ours: keepwatch_config::load_as(path, ID).ok(), test: (said, accepted), theirs })
    }

    fn compare(&self, name: &str) -> Result<(), Failed> {
        let (said, accepted) = &self.test;
        let ours = self.ours.as_ref().and_then(|loaded| loaded.config.as_ref());
        let findings = self.ours.as_ref().map(|loaded| loaded.findings.render(&loaded.source, Style::Plain));
        let findings = findings.unwrap_or_else(|| "refused: no text".to_owned());
        let is_warned = self.ours.as_ref().is_none_or(|loaded| {
            loaded.findings.count(Severity::Error) + loaded.findings.count(Severity::Warning) > 0
        });
        let about_the_file =
            said.lines().any(|line| !NOT_ABOUT_THE_FILE.iter().any(|text| line.contains(text)));
        if !accepted && about_the_file {
            ensure(is_warned, || format!("keepalived -t does not accept it, and nothing warns:\n{said}"))?;
        }
        let mut differences = BTreeSet::new();
        match (ours, &self.theirs) {
            (None, None) => {}
            (None, Some(_)) => {
                differences.insert("refused by keepwatch alone".to_owned());
            }
            (Some(_), None) => {
                differences.insert("refused by keepalived alone".to_owned());
            }
            (Some(config), Some(theirs)) => {
                let ours = model::digest(config);
                differences.extend(ours.difference(theirs).map(|line| format!("ours   {line}")));
                differences.extend(theirs.difference(&ours).map(|line| format!("theirs {line}")));
            }
        }
        let listed = DIFFERENCES.iter().filter(|(file, _, _)| *file == name);
        let stale: Vec<&str> = listed
            .clone()
            .filter(|(_, text, _)| !differences.iter().any(|line| line.contains(text)))
            .map(|(_, text, _)| *text)
            .collect();
        ensure(stale.is_empty(), || format!("listed as differences, and are none: {stale:?}"))?;
        differences.retain(|line| !listed.clone().any(|(_, text, _)| line.contains(text)));
        let differences: Vec<String> = differences.into_iter().collect();
        ensure(differences.is_empty(), || {
            format!("{}\n-- keepalived -t:\n{said}\n-- keepwatch:\n{findings}", differences.join("\n"))
        })
    }
}

/// keepalived with the folder for its /tmp.
fn keepalived(folder: &Path, name: &str, more: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$0\" /tmp && cd / && exec \"$@\""]).arg(folder);
    command.args(["/usr/sbin/keepalived", "-P", "-i", ID, "-p", "/tmp/k.pid", "-r", "/tmp/v.pid", "-f"]);
    command.arg(format!("/tmp/{name}")).args(more);
    command
}

/// What keepalived runs with; `None` if it refuses to.
fn run(namespace: &Namespace, folder: &Path, name: &str) -> Result<Option<BTreeSet<String>>, Failed> {
    let mut daemon = Daemon::start(namespace, &mut keepalived(folder, name, &["-n", "-l", "-D"]))?;
    let until = Instant::now() + PATIENCE;
    while !daemon.said("Startup complete") {
        if daemon.wait(Duration::ZERO)?.is_some() || daemon.said("has no configuration to run") {
            return Ok(None);
        }
        ensure(Instant::now() < until, || {
            format!("keepalived does not start:\n{}", daemon.output().join("\n"))
        })?;
        std::thread::sleep(Duration::from_millis(10));
    }
    daemon.signal(Signal::SIGUSR1)?;
    let path = folder.join("keepalived.data");
    let text = || std::fs::read_to_string(&path).unwrap_or_default();
    wait("keepalived's dump", || text().contains("------< Interfaces"))?;
    let digest = dump::digest(&text());
    daemon.terminate()?;
    daemon.wait(PATIENCE)?;
    Ok(Some(digest))
}

/// A folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let path = entry?.path();
        let target = to.join(path.file_name().unwrap_or_default());
        if path.is_dir() {
            copy(&path, &target)?;
        } else {
            std::fs::copy(&path, &target)?;
        }
    }
    Ok(())
}
