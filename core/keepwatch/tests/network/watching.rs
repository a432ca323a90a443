//! `run --watch`: the configuration is taken over when its files say something else, and not otherwise.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::reload::swap;
use crate::site::{Site, config, ensure, explain, stop, vip, wait};
use crate::{Case, Need};

const SETPRIV: Need = Need::Program("/usr/bin/setpriv", "util-linux");

pub(crate) const CASES: &[Case] = &[
    Case { name: "watching::files_that_change", needs: &[], run: files_that_change },
    Case { name: "watching::files_that_are_named", needs: &[], run: files_that_are_named },
    Case { name: "watching::permission_lost", needs: &[SETPRIV], run: permission_lost },
];

fn status(site: &Site) -> Value {
    let output = site.asking(1).args(["status", "--json"]).output();
    output.ok().and_then(|output| serde_json::from_slice(&output.stdout).ok()).unwrap_or_default()
}

fn wait_for_priority(site: &Site, priority: u8) -> Result<(), Failed> {
    wait(&format!("priority {priority}"), || {
        let status = status(site);
        status["snapshot"]["instances"][0]["base_priority"] == priority
            && status["config"]["rejected"].is_null()
    })
}

/// A file that is none is told, and what was in force goes on.
fn wait_for_refusal(site: &Site, priority: u8) -> Result<(), Failed> {
    wait("status to know of a refusal", || status(site)["config"]["rejected"].is_object())?;
    let instance = &status(site)["snapshot"]["instances"][0];
    ensure(instance["base_priority"] == priority && instance["state"] == "MASTER", || instance.to_string())
}

const LOADED: &str = "watched.conf loaded: ";

/// How often a configuration has been loaded, and refused.
fn counts(daemon: &Daemon) -> [usize; 2] {
    [LOADED, "watched.conf not loaded: "]
        .map(|text| daemon.output().iter().filter(|line| line.contains(text)).count())
}

/// Waits until it has been said that a configuration was loaded that changed this. The engine has the new one before that.
fn wait_for_loaded(daemon: &Daemon, change: &str) -> Result<(), Failed> {
    let is_said = || {
        let lines = daemon.output();
        let changed = lines.iter().rposition(|line| line.contains(change));
        changed.is_some_and(|at| lines.iter().skip(at).any(|line| line.contains(LOADED)))
    };
    wait(&format!("\"{LOADED}\" behind \"{change}\""), is_said)
        .map_err(|failed| explain(failed, &daemon.output().join("\n")))
}

fn files_that_change() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().join("etc");
    fs::create_dir(&folder)?;
    let (file, part) = (folder.join("real.conf"), folder.join("part.inc"));
    let text = |priority: u8| config(priority, &format!("include {}", part.display()), "10.1.1.30");
    let write = |path: &Path, text: &str| -> Result<(), Failed> { Ok(fs::write(path, text)?) };
    write(&part, "")?;
    write(&file, &text(150))?;
    let link = site.folder().join("watched.conf");
    std::os::unix::fs::symlink(&file, &link)?;
    let h1 = site.keepwatch_at(1, &link, &["--watch"])?;
    site.wait_for_holder(1, vip())?;

    // In place, in two pieces with a pause that is longer than any wait for quiet.
    write(&file, text(140).get(..60).ok_or("too short")?)?;
    wait_for_refusal(&site, 150)?;
    write(&file, &text(140))?;
    wait_for_priority(&site, 140)?;
    // By an editor that puts a new file in its place.
    let new = folder.join("real.conf~");
    write(&new, &text(130))?;
    fs::rename(&new, &file)?;
    wait_for_priority(&site, 130)?;
    // By a link that leads elsewhere, into another folder.
    let other = site.folder().join("other.conf");
    write(&other, &text(120))?;
    swap(&other, &link)?;
    wait_for_priority(&site, 120)?;
    // There, too.
    write(&other, &text(110))?;
    wait_for_priority(&site, 110)?;
    // An included file.
    write(&part, "nopreempt\npriority 90\n")?;
    wait("the included file to count", || status(&site)["snapshot"]["instances"][0]["base_priority"] == 90)?;
    write(&part, "")?;
    wait_for_priority(&site, 110)?;
    // Gone, and there again.
    fs::remove_file(&other)?;
    wait_for_refusal(&site, 110)?;
    write(&other, &text(100))?;
    wait_for_priority(&site, 100)?;

    // The same text again is nothing new, nor is a neighbour: until after the next real change nothing else was told.
    wait_for_loaded(&h1, "priority 110 -> 100")?;
    let before = counts(&h1);
    write(&other, &text(100))?;
    write(&folder.join("neighbour"), "x")?;
    std::thread::sleep(std::time::Duration::from_secs(1));
    write(&other, &text(99))?;
    wait_for_loaded(&h1, "priority 100 -> 99")?;
    let after = counts(&h1);
    ensure(after == [before[0] + 1, before[1]], || h1.output().join("\n"))?;
    let entries = h1.output().iter().filter(|line| line.contains("Entering")).count();
    ensure(entries == 2, || h1.output().join("\n"))?;
    stop(h1)
}

/// A keepwatch.toml with a keepalived.conf in another folder, which is not there for a while; a folder for more, empty at first; a
/// link far above; and what was only tried.
fn files_that_are_named() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let base = site.folder();
    for folder in ["kw/conf.d", "releases/1/ka", "releases/2/ka"] {
        fs::create_dir_all(base.join(folder))?;
    }
    let current = base.join("current");
    std::os::unix::fs::symlink("releases/1", &current)?;
    let conf = current.join("ka/keepalived.conf");
    fs::write(&conf, config(150, "", "10.1.1.30"))?;
    fs::write(base.join("releases/2/ka/keepalived.conf"), config(120, "", "10.1.1.30"))?;
    let native = base.join("kw/keepwatch.toml");
    fs::write(&native, format!("keepalived = \"{}\"\ninclude = \"conf.d/*.toml\"\n", conf.display()))?;
    let h1 = site.keepwatch_at(1, &native, &["--watch"])?;
    site.wait_for_holder(1, vip())?;

    fs::remove_file(&conf)?;
    wait_for_refusal(&site, 150)?;
    fs::write(&conf, config(140, "", "10.1.1.30"))?;
    wait_for_priority(&site, 140)?;

    let instances = || status(&site)["snapshot"]["instances"].as_array().map_or(0, Vec::len);
    let more = base.join("kw/conf.d/more.toml");
    let text = "[instance.more]\ninterface = \"eth0\"\nvirtual_router_id = 52\nvirtual_addresses = [\"10.1.1.31\"]\n";
    fs::write(&more, text)?;
    wait("the first file of a folder", || instances() == 2)?;
    fs::remove_file(&more)?;
    wait("it to go again", || instances() == 1)?;
    fs::write(&more, text)?;
    wait("it to come again", || instances() == 2)?;
    // The whole folder is gone: nothing is taken away for that.
    fs::rename(base.join("kw/conf.d"), base.join("kw/conf.old"))?;
    wait_for_refusal(&site, 140)?;
    ensure(instances() == 2, || "an instance was taken away".to_owned())?;
    fs::rename(base.join("kw/conf.old"), base.join("kw/conf.d"))?;
    wait_for_priority(&site, 140)?;

    // What is tried is not taken for seen.
    fs::write(&conf, config(130, "", "10.1.1.30"))?;
    let tried = site.asking(1).args(["reload", "--dry-run"]).output()?;
    ensure(tried.status.success(), || format!("{tried:?}"))?;
    wait_for_priority(&site, 130)?;
    swap(Path::new("releases/2"), &current)?;
    wait_for_priority(&site, 120)?;
    ensure(instances() == 2, || h1.output().join("\n"))?;
    stop(h1)
}

/// Of a daemon that, other than root as a rule, may not read what it has no permission for: the file, and the folder of more.
fn permission_lost() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().join("conf.d");
    fs::create_dir(&folder)?;
    fs::write(folder.join("more.conf"), config(150, "", "10.1.1.30"))?;
    let file = site.file(1, "permission", &format!("include {}/*.conf\n", folder.display()))?;
    let mut command = std::process::Command::new("/usr/bin/setpriv");
    command.args([
        "--bounding-set",
        "-dac_override,-dac_read_search",
        env!("CARGO_BIN_EXE_keepwatch"),
        "run",
        "--watch",
    ]);
    command.arg("--config").arg(&file);
    let h1 = site.start(1, command)?;
    site.wait_for_holder(1, vip())?;
    let allow = |path: &Path, mode: u32| fs::set_permissions(path, fs::Permissions::from_mode(mode));
    for path in [&file, &folder] {
        let before = fs::metadata(path)?.permissions().mode();
        allow(path, 0)?;
        wait_for_refusal(&site, 150)?;
        let output = site.asking(1).arg("reload").output()?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure(output.status.code() == Some(3) && said.contains("Permission denied"), || said.clone())?;
        allow(path, before)?;
        wait_for_priority(&site, 150)?;
    }
    let entries = h1.output().iter().filter(|line| line.contains("Entering")).count();
    ensure(entries == 2, || h1.output().join("\n"))?;
    stop(h1)
}
