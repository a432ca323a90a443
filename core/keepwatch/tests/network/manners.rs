//! How the program behaves towards those who run it.

use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::site::{Site, config, ensure, keepwatch, seed, stop, vip, wait, wait_for_line};
use crate::{Case, HAPROXY};

pub(crate) const CASES: &[Case] = &[
    Case { name: "manners::sigint_stops_cleanly", needs: &[], run: sigint_stops_cleanly },
    Case { name: "manners::sighup_changes_nothing", needs: &[], run: sighup_changes_nothing },
    Case { name: "manners::other_signals_change_nothing", needs: &[], run: other_signals_change_nothing },
    Case { name: "manners::demo_that_is_interrupted", needs: &[], run: demo_that_is_interrupted },
    Case { name: "manners::process_1_of_a_container", needs: &[], run: process_1_of_a_container },
    Case { name: "manners::one_engine_for_an_interface", needs: &[], run: one_engine_for_an_interface },
    Case { name: "manners::missing_privileges", needs: &[], run: missing_privileges },
    Case { name: "manners::refused_configurations", needs: &[], run: refused_configurations },
    Case { name: "manners::check", needs: &[], run: check },
    Case { name: "manners::demo_that_is_kept", needs: &[], run: demo_that_is_kept },
    Case { name: "manners::demo_of_the_rfcs_way", needs: &[], run: demo_of_the_rfcs_way },
    Case { name: "manners::demo_of_haproxy", needs: &[HAPROXY], run: demo_of_haproxy },
    Case {
        name: "manners::demo_of_haproxy_that_is_interrupted",
        needs: &[HAPROXY],
        run: demo_of_haproxy_that_is_interrupted,
    },
    Case { name: "manners::demo_without_haproxy", needs: &[HAPROXY], run: demo_without_haproxy },
];

fn sigint_stops_cleanly() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let mut h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    h1.signal(Signal::SIGINT)?;
    let status = h1.wait(Duration::from_secs(10))?.ok_or("it did not stop")?;
    ensure(status.success(), || format!("{status}: {}", h1.output().join("\n")))?;
    ensure(!site.host(1).has(vip()), || "the address was left".to_owned())?;
    wait("two resignations", || capture.adverts().iter().filter(|advert| advert.priority == 0).count() == 2)
}

fn sighup_changes_nothing() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    h1.signal(Signal::SIGHUP)?;
    let loaded = || h1.output().iter().filter(|line| line.contains(" loaded: 1 instance")).count();
    wait("the file to be read again", || loaded() == 2)?;
    ensure(site.host(1).has(vip()), || "the address was removed".to_owned())?;
    stop(h1)
}

/// Fingers and scripts know them from keepalived: they must not end us with the address in place.
fn other_signals_change_nothing() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    for (signal, name) in [("ALRM", "SIGALRM"), ("64", "SIGRTMAX")] {
        let status = Command::new("kill").arg(format!("-{signal}")).arg(h1.id().to_string()).status()?;
        ensure(status.success(), || format!("kill -{signal}: {status}"))?;
        wait_for_line(&h1, &format!("{name} does nothing in this version"))?;
    }
    ensure(site.host(1).has(vip()), || "the address was removed".to_owned())?;
    stop(h1)
}

/// Ctrl-C ends the demo and everything it started, at once.
fn demo_that_is_interrupted() -> Result<(), Failed> {
    interrupt_demo(&["demo"])
}

/// HAProxy's processes, which are a group of their own, too.
fn demo_of_haproxy_that_is_interrupted() -> Result<(), Failed> {
    interrupt_demo(&["demo", "--haproxy"])
}

fn interrupt_demo(arguments: &[&str]) -> Result<(), Failed> {
    let site = Site::new(1)?;
    let mut command = keepwatch();
    command.args(arguments).env_remove("KEEPWATCH_ENCLOSED").env("TMPDIR", site.folder());
    let mut demo = keepwatch_lab::Daemon::start(&site.host(1).namespace, &mut command)?;
    wait("the first host to serve", || demo.said("h1 is MASTER"))?;
    demo.signal(Signal::SIGINT)?;
    let status = demo.wait(Duration::from_secs(10))?.ok_or("it went on")?;
    ensure(status.code() == Some(130), || format!("{status}"))?;
    wait("a last word", || demo.said("interrupted; nothing is left running"))?;
    let left = std::fs::read_dir(site.folder())?.count();
    ensure(left == 0, || format!("{left} files are left"))?;
    let folder = site.folder().display().to_string();
    wait("every process to be gone", || {
        !Command::new("pgrep").args(["-f", &folder]).output().is_ok_and(|found| found.status.success())
    })
}

/// As the first process it stops on SIGTERM, which the kernel would otherwise not deliver, and collects
/// orphans.
fn process_1_of_a_container() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let path = site.file(1, "keepwatch", &seed("h1.conf")?)?;
    let mut command = Command::new("unshare");
    command.args(["--pid", "--fork", "--kill-child"]).arg(env!("CARGO_BIN_EXE_keepwatch"));
    command.args(["run", "--config"]).arg(path).env("KEEPWATCH_CONTROL", site.control(1));
    let mut outer = keepwatch_lab::Daemon::start(&site.host(1).namespace, &mut command)?;
    site.wait_for_holder(1, vip())?;
    let first = child_of(outer.id())?;
    nix::sys::signal::kill(first, Signal::SIGTERM)?;
    let status = outer.wait(Duration::from_secs(10))?.ok_or("it did not stop")?;
    ensure(status.success(), || format!("{status}: {}", outer.output().join("\n")))?;
    site.wait_for_nobody(vip())
}

fn child_of(parent: u32) -> Result<nix::unistd::Pid, Failed> {
    // /proc shows the process ids of the outermost namespace: find by the one that this process sees.
    let output = Command::new("pgrep").args(["--parent", &parent.to_string()]).output()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    Ok(nix::unistd::Pid::from_raw(text.parse().map_err(|_| format!("no child of {parent}: {text:?}"))?))
}

fn one_engine_for_an_interface() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let mut second = site.keepwatch(1, &seed("h2.conf")?)?;
    let status = second.wait(Duration::from_secs(10))?.ok_or("the second went on")?;
    ensure(status.code() == Some(1), || format!("{status}"))?;
    ensure(second.said("another keepwatch already runs on eth0"), || second.output().join("\n"))?;
    ensure(site.host(1).has(vip()), || "the second disturbed the first".to_owned())?;
    stop(h1)
}

fn missing_privileges() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let path = site.file(1, "keepwatch", &seed("h1.conf")?)?;
    let mut command = Command::new("setpriv");
    command.args(["--bounding-set=-net_raw,-net_admin", "--inh-caps=-net_raw,-net_admin"]);
    command.arg(env!("CARGO_BIN_EXE_keepwatch")).args(["run", "--config"]).arg(path);
    command.env("KEEPWATCH_CONTROL", site.control(1));
    let output = site.host(1).namespace.run(|| command.stdin(Stdio::null()).output())?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure(output.status.code() == Some(4), || format!("{}: {text}", output.status))?;
    for expected in
        ["CAP_NET_ADMIN", "CAP_NET_RAW", "setcap cap_net_admin,cap_net_raw+ep", "AmbientCapabilities"]
    {
        ensure(text.contains(expected), || format!("no {expected} in: {text}"))?;
    }
    Ok(())
}

fn refused_configurations() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let half = seed("h1.conf")?.replace("virtual_ipaddress {\n        10.1.1.30\n    }\n}\n", "");
    for (name, text) in [("half", half), ("empty", String::new()), ("binary", "\0\u{1}".to_owned())] {
        let mut daemon = site.keepwatch(1, &text)?;
        let status = daemon.wait(Duration::from_secs(10))?.ok_or("it went on")?;
        ensure(status.code() == Some(3), || format!("{name}: {status}: {}", daemon.output().join("\n")))?;
        wait("a reason", || daemon.said("error"))?;
    }
    let output = keepwatch().args(["run", "--config", "/nowhere/keepalived.conf"]).output()?;
    ensure(output.status.code() == Some(3), || format!("{output:?}"))
}

fn check() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let path = site.file(1, "keepalived", &seed("h1.conf")?)?;
    let output = keepwatch().arg("check").arg(&path).output()?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    ensure(output.status.success(), || format!("{output:?}"))?;
    ensure(out.contains("is valid: 1 instance (VI_1), 1 remark."), || out.clone().into_owned())?;
    ensure(err.contains("mail is configured, but nothing here asks for mail"), || err.clone().into_owned())?;
    ensure(!err.contains('\u{1b}'), || "colour without a terminal".to_owned())?;
    let bad = site.file(1, "bad", &config(100, "", "10.1.1.30").replace("virtual_router_id 51", ""))?;
    let output = keepwatch().arg("check").arg(bad).output()?;
    ensure(output.status.code() == Some(3), || format!("{output:?}"))?;
    let odd = site.file(1, "odd", &config(100, "priorty 5", "10.1.1.30"))?;
    let code = |strict: &[&str]| -> Result<Option<i32>, Failed> {
        Ok(keepwatch().arg("check").args(strict).arg(&odd).output()?.status.code())
    };
    let codes = (code(&[])?, code(&["--strict"])?);
    ensure(codes == (Some(0), Some(3)), || format!("{codes:?}"))
}

/// The demo comes back while its hosts go on, says how to enter them, and how to end them.
fn demo_that_is_kept() -> Result<(), Failed> {
    // These tests are enclosed already; the demo must not think that it is.
    let output = keepwatch().args(["demo", "--json", "--keep"]).env_remove("KEEPWATCH_ENCLOSED").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure(output.status.success(), || format!("{output:?}"))?;
    let scenes: Vec<serde_json::Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let summary = scenes.iter().find(|scene| scene["scene"] == "summary").ok_or("no summary")?;
    ensure(summary["ok"] == true, || summary.to_string())?;
    let lost = summary["takeover_outage_seconds"].as_f64().ok_or("no outage")?;
    ensure(lost < 0.1, || summary.to_string())?;
    let kept = scenes.last().filter(|scene| scene["scene"] == "kept").ok_or("nothing kept")?;
    let process = kept["process"].as_i64().and_then(|id| i32::try_from(id).ok()).ok_or("no process")?;
    let enter = kept["enter"][0]["command"].as_str().ok_or("no command")?;
    let inside = Command::new("sh").arg("-c").arg(format!("{enter} ip -4 addr show eth0")).output()?;
    let folder = std::path::Path::new(kept["folder"].as_str().ok_or("no folder")?);
    let status = keepwatch().arg("status").env("KEEPWATCH_CONTROL", folder.join("h1.sock")).output()?;
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(process), Signal::SIGKILL)?;
    std::fs::remove_dir_all(folder)?;
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    ensure(status.contains("VI_1   MASTER"), || status.clone())?;
    let inside = String::from_utf8_lossy(&inside.stdout).into_owned();
    ensure(inside.contains("10.1.1.10/24") && inside.contains("10.1.1.30/32"), || inside)
}

/// What a stop costs otherwise: the successor's skew time.
fn demo_of_the_rfcs_way() -> Result<(), Failed> {
    let output = keepwatch().args(["demo", "--json", "--rfc"]).env_remove("KEEPWATCH_ENCLOSED").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure(output.status.success(), || text.clone())?;
    let summary: serde_json::Value = serde_json::from_str(text.lines().last().ok_or("nothing was said")?)?;
    let lost = summary["takeover_outage_seconds"].as_f64().ok_or("no outage")?;
    ensure(summary["ok"] == true && lost > 0.3, || summary.to_string())
}

/// HAProxy dies on a host that is well otherwise, and the other host serves the client until it runs again.
fn demo_of_haproxy() -> Result<(), Failed> {
    let output =
        keepwatch().args(["demo", "--json", "--haproxy"]).env_remove("KEEPWATCH_ENCLOSED").output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure(output.status.success(), || format!("{text}{}", String::from_utf8_lossy(&output.stderr)))?;
    let scenes: Vec<serde_json::Value> = text.lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    let summary = scenes.last().filter(|scene| scene["scene"] == "summary").ok_or("no summary")?;
    let steps = summary["steps"].as_array().ok_or("no steps")?;
    ensure(summary["ok"] == true && steps.len() == 8, || summary.to_string())?;
    let by = |host: &str| summary["answered_by"][host].as_u64().unwrap_or_default();
    ensure(by("h1") >= 20 && by("h2") >= 10, || summary.to_string())?;
    // From priority 0 to the successor's skew time, (256 - 100) / 256 s, nobody has the address.
    let silence = summary["takeover_outage_seconds"].as_f64().ok_or("no outage")?;
    ensure(silence > 0.6, || summary.to_string())?;
    let masters: Vec<&serde_json::Value> =
        scenes.iter().filter(|scene| scene["scene"] == "master").map(|scene| &scene["host"]).collect();
    ensure(masters == ["h1", "h2", "h1"], || format!("{masters:?}"))?;
    let logged = scenes.iter().find(|scene| scene["scene"] == "log").ok_or("no log")?.to_string();
    ensure(logged.contains("check haproxy fails: cannot connect to"), || logged.clone())
}

/// Where there is no HAProxy, it says so before it sets anything up, and what to do.
fn demo_without_haproxy() -> Result<(), Failed> {
    let mut command = Command::new("unshare");
    // In a mount namespace of its own, an empty folder lies over the one with HAProxy.
    let hide =
        format!("mount -t tmpfs none /usr/sbin && exec {} demo --haproxy", env!("CARGO_BIN_EXE_keepwatch"));
    command.args(["--mount", "sh", "-c", &hide]).env_remove("KEEPWATCH_ENCLOSED");
    let output = command.stdin(Stdio::null()).output()?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    ensure(output.status.code() == Some(1) && output.stdout.is_empty(), || format!("{output:?}"))?;
    ensure(said.contains("there is no /usr/sbin/haproxy: install it with apt-get install haproxy"), || {
        said.clone()
    })
}
