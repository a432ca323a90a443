//! What a running daemon says on its control socket.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Instant;

use libtest_mimic::Failed;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::Case;
use crate::site::{PATIENCE, Site, config, ensure, explain, keepwatch, seed, stop, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "status::a_pair", needs: &[], run: a_pair },
    Case { name: "status::a_take_over_in_order", needs: &[], run: a_take_over_in_order },
    Case { name: "status::what_is_wrong", needs: &[], run: what_is_wrong },
    Case { name: "status::recorded_until_told_to_stop", needs: &[], run: recorded_until_told_to_stop },
    Case { name: "status::a_reader_that_has_had_enough", needs: &[], run: a_reader_that_has_had_enough },
    Case { name: "status::reload", needs: &[], run: reload },
    Case { name: "status::no_daemon", needs: &[], run: no_daemon },
    Case { name: "status::no_socket", needs: &[], run: no_socket },
];

/// `keepwatch events | head -1` ends with head, though nothing happens any more.
fn a_reader_that_has_had_enough() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let mut events = site.asking(1).arg("events").stdout(Stdio::piped()).spawn()?;
    let mut first = String::new();
    let mut pipe = BufReader::new(events.stdout.take().ok_or("no pipe")?);
    pipe.read_line(&mut first)?;
    drop(pipe);
    let until = Instant::now() + PATIENCE;
    let status = loop {
        match events.try_wait()? {
            Some(status) => break status,
            None if Instant::now() > until => {
                events.kill()?;
                return Err("it goes on though nobody reads".into());
            }
            None => std::thread::sleep(std::time::Duration::from_millis(5)),
        }
    };
    ensure(status.success(), || format!("{status} after {first}"))?;
    stop(h1)
}

/// Standard output of a command that must end with this exit code.
fn said(command: &mut Command, code: i32) -> Result<String, Failed> {
    let output = command.output()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure(output.status.code() == Some(code), || format!("{}: {text}{}", output.status, errors(&output)))?;
    Ok(text)
}

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ensure_lines(text: &str, expected: &[&str]) -> Result<(), Failed> {
    expected.iter().try_for_each(|line| ensure(text.contains(line), || format!("no \"{line}\" in:\n{text}")))
}

/// `keepwatch events` on a host, line by line.
pub(crate) struct Events {
    child: Child,
    lines: Receiver<String>,
}

impl Events {
    pub(crate) fn start(site: &Site, host: usize, arguments: &[&str]) -> Result<Self, Failed> {
        let mut command = site.asking(host);
        command
            .arg("events")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = command.spawn()?;
        let stream = child.stdout.take().ok_or("no output")?;
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, lines })
    }

    /// Reads up to a line with this text, and gives all of them.
    pub(crate) fn up_to(&self, text: &str) -> Result<Vec<String>, Failed> {
        let until = Instant::now() + PATIENCE;
        let mut seen: Vec<String> = Vec::new();
        while seen.last().is_none_or(|line| !line.contains(text)) {
            let left = until.saturating_duration_since(Instant::now());
            let line = self.lines.recv_timeout(left);
            seen.push(line.map_err(|_| explain(format!("no \"{text}\" in:").into(), &seen.join("\n")))?);
        }
        Ok(seen)
    }

    /// Its exit code, and the lines that were left.
    fn end(mut self) -> Result<(Option<i32>, Vec<String>), Failed> {
        let code = self.child.wait()?.code();
        Ok((code, self.lines.iter().collect()))
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn a_pair() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    wait_for_line(&h2, "10.1.1.10 is MASTER with priority 101")?;
    let master = said(site.asking(1).args(["status", "--check"]), 0)?;
    let expected = [
        concat!("keepwatch ", env!("CARGO_PKG_VERSION"), ", up "),
        "h1-keepwatch.conf, loaded ",
        "VI_1   MASTER for ",
        " (no advert heard for ",
        "       eth0, VRID 51, VRRPv2 every 1 s, priority 101\n",
        "       10.1.1.30 present, last announced ",
        "\nNothing is wrong.\n",
    ];
    ensure_lines(&master, &expected)?;
    let backup = said(site.asking(2).arg("status"), 0)?;
    let expected = [
        "VI_1   BACKUP for ",
        " (started)\n",
        "       10.1.1.30 not on this host\n",
        "       hears 10.1.1.10 as MASTER with priority 101, for ",
        "\nNothing is wrong.\n",
    ];
    ensure_lines(&backup, &expected)?;
    let json: Value = serde_json::from_str(&said(site.asking(1).args(["status", "--json"]), 0)?)?;
    let instance = &json["snapshot"]["instances"][0];
    ensure(instance["state"] == "MASTER" && json["pid"] == h1.id(), || json.to_string())?;
    ensure(said(site.asking(1).args(["plugin", "list"]), 0)? == "No plugins are loaded.\n", String::new)?;
    ensure(said(site.asking(1).args(["plugin", "list", "--json"]), 0)? == "[]\n", String::new)?;
    stop(h1)?;
    stop(h2)?;
    ensure(!site.control(1).exists() && !site.control(2).exists(), || "a socket was left".to_owned())
}

/// The backup's events show the take-over, and the master's all of its leaving, up to a clean end.
fn a_take_over_in_order() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    wait_for_line(&h2, "10.1.1.10 is MASTER with priority 101")?;
    let leaver = Events::start(&site, 1, &["--json"])?;
    let successor = Events::start(&site, 2, &["--filter", "instance=VI_1"])?;
    ensure_lines(&leaver.up_to("snapshot")?.concat(), &["{\"snapshot\":{\"seq\":", "\"state\":\"MASTER\""])?;
    ensure_lines(&successor.up_to("VI_1")?.concat(), &["  so far   VI_1: BACKUP: started"])?;
    stop(h1)?;
    let lines = successor.up_to("announcing")?.join("\n");
    let mut rest = lines.as_str();
    for next in [
        "  info     VI_1: 10.1.1.10 resigned",
        "  info     VI_1: BACKUP -> MASTER: 10.1.1.10 resigned",
        "  info     VI_1: announcing 10.1.1.30 on eth0",
    ] {
        let place = rest.find(next).ok_or_else(|| format!("no \"{next}\" at its place in:\n{lines}"))?;
        rest = &rest[place..];
    }
    let (code, lines) = leaver.end()?;
    ensure(code == Some(0), || format!("{code:?}"))?;
    let events: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line)).collect::<Result<_, _>>()?;
    let seqs: Vec<u64> = events.iter().filter_map(|event| event["seq"].as_u64()).collect();
    ensure(seqs.windows(2).all(|pair| pair[1] == pair[0] + 1), || format!("{seqs:?}"))?;
    let last = events.last().ok_or("no events")?;
    ensure(last["kind"] == "transition" && last["to"] == "STOPPED", || lines.join("\n"))?;
    kill(Pid::from_raw(i32::try_from(successor.child.id())?), Signal::SIGINT)?;
    let (code, _) = successor.end()?;
    ensure(code == Some(0), || format!("Ctrl-C: {code:?}"))?;
    stop(h2)
}

fn what_is_wrong() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    site.host(1).pull_cable()?;
    wait_for_line(&h1, "Entering FAULT STATE")?;
    let text = said(site.asking(1).args(["status", "--check"]), 5)?;
    let second = text.lines().nth(2).unwrap_or_default();
    ensure(second.starts_with("VI_1 is in FAULT for ") && second.ends_with(": interface eth0 down"), || {
        text.clone()
    })?;
    ensure(!text.contains("Nothing is wrong"), || text.clone())?;
    said(site.asking(1).arg("status"), 0)?;
    said(site.asking(1).args(["status", "--json", "--check"]), 5)?;
    let text = said(site.asking(1).args(["events", "--no-follow"]), 0)?;
    ensure_lines(&text, &["  so far   VI_1: FAULT: interface eth0 down\n"])?;
    stop(h1)
}

fn recorded_until_told_to_stop() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let file = site.folder().join("recorded.jsonl");
    let recording = Events::start(&site, 1, &["record", file.to_str().ok_or("a path")?])?;
    let text = || std::fs::read_to_string(&file).unwrap_or_default();
    wait("the snapshot in the file", || text().contains("snapshot"))?;
    site.host(1).pull_cable()?;
    wait("the transition in the file", || text().contains("\"to\":\"FAULT\""))?;
    kill(Pid::from_raw(i32::try_from(recording.child.id())?), Signal::SIGTERM)?;
    ensure(recording.end()?.0 == Some(0), || "it did not end well".to_owned())?;
    let lines: Vec<Value> = text().lines().map(serde_json::from_str).collect::<Result<_, _>>()?;
    ensure(
        lines[0].get("snapshot").is_some() && lines[1..].iter().all(|line| line["kind"].is_string()),
        text,
    )?;
    tried_with(&site, &file)?;
    let output = site.asking(1).args(["events", "record"]).arg(&file).output()?;
    ensure(output.status.code() == Some(1) && errors(&output).contains("is there already"), || {
        errors(&output)
    })?;
    let other = site.folder().join("timed.jsonl");
    said(site.asking(1).args(["events", "record", "--for", "10ms"]).arg(&other), 0)?;
    ensure(std::fs::read_to_string(&other)?.starts_with("{\"snapshot\""), || "no snapshot".to_owned())?;
    stop(h1)
}

/// Whoever writes a plugin tries it with what was recorded.
fn tried_with(site: &Site, recording: &Path) -> Result<(), Failed> {
    let hook = site.folder().join("tried.rhai");
    std::fs::write(&hook, "fn on_fault(event) { info(`${event.instance} on ${event.node}`) }\n")?;
    let told = said(keepwatch().args(["plugin", "test"]).arg(&hook).arg("--events").arg(recording), 0)?;
    ensure_lines(&told, &["on_fault  ok in ", "  info          VI_1 on "])?;
    said(keepwatch().args(["plugin", "bench", "--calls=2"]).arg(&hook).arg("--events").arg(recording), 0)
        .map(drop)
}

/// An unchanged file changes nothing, a changed one waits, a broken one is refused; the address stays all the while.
fn reload() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    ensure(said(site.asking(1).arg("reload"), 0)? == "Nothing has changed.\n", || {
        "something has".to_owned()
    })?;
    site.file(1, "keepwatch", &seed("h1.conf")?.replace("priority 101", "priority 90"))?;
    let output = site.asking(1).arg("reload").output()?;
    ensure(output.status.code() == Some(0), || errors(&output))?;
    wait("what is in force in the status", || {
        said(site.asking(1).args(["status", "--check"]), 0).is_ok_and(|text| text.contains("priority 90"))
    })?;
    site.file(1, "keepwatch", "vrrp_instance VI_1 {\n")?;
    let output = site.asking(1).arg("reload").output()?;
    ensure(output.status.code() == Some(3), || output.status.to_string())?;
    ensure(errors(&output).starts_with("error: ") && !errors(&output).contains("error: error"), || {
        errors(&output)
    })?;
    wait("the refusal in the status", || {
        said(site.asking(1).args(["status", "--check"]), 5)
            .is_ok_and(|text| text.contains("h1-keepwatch.conf was not taken over at "))
    })?;
    site.file(1, "keepwatch", &seed("h1.conf")?)?;
    said(site.asking(1).arg("reload"), 0)?;
    wait("nothing to be wrong", || said(site.asking(1).args(["status", "--check"]), 0).is_ok())?;
    ensure(site.host(1).has(vip()), || "the address was removed".to_owned())?;
    stop(h1)
}

fn no_daemon() -> Result<(), Failed> {
    for arguments in [&["status"][..], &["events"], &["plugin", "list"], &["reload"]] {
        let output = keepwatch().args(arguments).output()?;
        ensure(output.status.code() == Some(1), || output.status.to_string())?;
        ensure(errors(&output).starts_with("error: keepwatch does not answer: nobody listens on /"), || {
            errors(&output)
        })?;
        ensure(errors(&output).contains("is keepwatch running?"), || errors(&output))?;
    }
    Ok(())
}

/// A daemon without a control socket serves as any other, and says what is missing.
fn no_socket() -> Result<(), Failed> {
    let site = Site::new(1)?;
    std::fs::write(site.control(1), "something else")?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h1, "WARN control socket: ")?;
    wait_for_line(&h1, "is there already and is no socket; `keepwatch status` and the like cannot ask")?;
    stop(h1)?;
    ensure(std::fs::read_to_string(site.control(1))? == "something else", || "it was removed".to_owned())
}
