//! How the kernel runs the engine, as it says itself.

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::site::{Site, config, ensure, stop, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[
    Case { name: "scheduling::by_itself", needs: &[Need::RealRoot], run: by_itself },
    Case { name: "scheduling::as_configured", needs: &[Need::RealRoot], run: as_configured },
    Case { name: "scheduling::what_cannot_be_had", needs: &[], run: what_cannot_be_had },
];

/// The policy, real-time priority and nice value of the engine's thread, and the processors that it may run on. Policy 2 is
/// `SCHED_RR`.
fn of_engine(daemon: &Daemon) -> Option<(String, String, String, String)> {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", daemon.id())).ok()?;
    let is_it = |folder: &std::path::PathBuf| {
        std::fs::read_to_string(folder.join("comm")).is_ok_and(|name| name.trim() == "vrrp")
    };
    let folder = tasks.filter_map(|task| Some(task.ok()?.path())).find(is_it)?;
    let stat = std::fs::read_to_string(folder.join("stat")).ok()?;
    // Behind the name comes field 3.
    let fields: Vec<&str> = stat.rsplit(") ").next()?.split_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).map(|text| (*text).to_owned());
    let status = std::fs::read_to_string(folder.join("status")).ok()?;
    let processors = status.lines().find_map(|line| line.strip_prefix("Cpus_allowed_list:"))?;
    Some((field(41)?, field(40)?, field(19)?, processors.trim().to_owned()))
}

/// How much of the process's memory cannot be swapped out, in KiB.
fn locked(daemon: &Daemon) -> Option<u64> {
    memory(daemon, "VmLck:")
}

/// What `/proc/PID/status` says of the process's memory, in KiB.
fn memory(daemon: &Daemon, name: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daemon.id())).ok()?;
    status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
}

fn with_globals(globals: &str) -> String {
    format!("global_defs {{\n{globals}\n}}\n{}", config(100, "", "10.1.1.30"))
}

/// Nobody has asked for anything: real-time with the lowest priority, and memory as it comes. That of the start goes again.
fn by_itself() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h1, "Entering MASTER STATE")?;
    let found = of_engine(&h1).ok_or("there is no thread `vrrp`")?;
    ensure((&*found.0, &*found.1, &*found.2) == ("2", "1", "0"), || format!("{found:?}"))?;
    ensure(locked(&h1) == Some(0), || format!("{:?} KiB are locked", locked(&h1)))?;
    let of_files = || memory(&h1, "RssFile:");
    let started = of_files().ok_or("no RssFile")?;
    wait("pages of the program to be given back", || of_files().is_some_and(|now| now < started / 4 * 3))?;
    stop(h1)
}

fn as_configured() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let globals = "vrrp_rt_priority 7\nvrrp_priority -3\nvrrp_cpu_affinity 0\nvrrp_no_swap";
    let h1 = site.keepwatch(1, &with_globals(globals))?;
    wait_for_line(&h1, "Entering MASTER STATE")?;
    let found = of_engine(&h1).ok_or("there is no thread `vrrp`")?;
    let expected = ("2".to_owned(), "7".to_owned(), "-3".to_owned(), "0".to_owned());
    ensure(found == expected, || format!("{found:?}"))?;
    ensure(locked(&h1).is_some_and(|locked| locked > 1_000), || format!("{:?} KiB are locked", locked(&h1)))?;
    ensure(!h1.said("cannot set"), || h1.output().join("\n"))?;
    stop(h1)
}

/// It is said, and the instance serves.
fn what_cannot_be_had() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &with_globals("vrrp_cpu_affinity 1000"))?;
    wait_for_line(&h1, "cannot set the engine to run on processor 1000 only: ")?;
    wait("h1 to serve", || h1.said("Entering MASTER STATE"))?;
    stop(h1)
}
