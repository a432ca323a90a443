//! The files that signals ask for, beside keepalived's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::peers::KEEPALIVED;
use crate::site::{Site, config, ensure, explain, ip, keepwatch, stop, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "dumps::keepalived_over_us", needs: &[KEEPALIVED], run: || story(keepalived, ours) },
    Case { name: "dumps::keepalived_under_us", needs: &[KEEPALIVED], run: || story(ours, keepalived) },
    Case {
        name: "dumps::wrong_passwords_are_counted",
        needs: &[KEEPALIVED],
        run: wrong_passwords_are_counted,
    },
    Case { name: "dumps::files_and_their_places", needs: &[], run: files_and_their_places },
    Case { name: "dumps::two_of_one_pid_file", needs: &[], run: two_of_one_pid_file },
    Case { name: "dumps::numbers_of_signals", needs: &[], run: numbers_of_signals },
];

const DATA: &str = "USR1";
const STATS: &str = "USR2";
const JSON: &str = "36";
const STATS_CLEAR: &str = "63";

/// A daemon with a folder for its files.
struct Node {
    daemon: Daemon,
    folder: PathBuf,
}

impl Node {
    fn signal(&self, signal: &str) -> Result<(), Failed> {
        let status =
            Command::new("kill").arg(format!("-{signal}")).arg(self.daemon.id().to_string()).status()?;
        ensure(status.success(), || format!("kill -{signal}: {status}"))
    }

    /// The file that a signal has it write.
    fn dump(&self, signal: &str, file: &str) -> Result<String, Failed> {
        let path = self.folder.join(file);
        if path.exists() {
            std::fs::remove_file(&path)?;
        }
        self.signal(signal)?;
        let text = || std::fs::read_to_string(&path).unwrap_or_default();
        // keepalived writes bit by bit. There is one instance.
        let is_whole = |text: &str| match signal {
            JSON => text.trim_end().ends_with("}]"),
            STATS | STATS_CLEAR => text.ends_with('\n') && text.lines().count() == 19,
            _ => text.contains("Notify priority changes = false\n"),
        };
        wait(&format!("{file} after SIG{signal}"), || is_whole(&text()))
            .map_err(|failed| explain(failed, &self.daemon.output().join("\n")))?;
        Ok(text())
    }

    fn stats(&self) -> Result<String, Failed> {
        self.dump(STATS, "keepalived.stats")
    }
}

type Start = fn(&Site, usize, &str) -> Result<Node, Failed>;

/// keepwatch, whose configuration says where its files go.
fn ours(site: &Site, host: usize, config: &str) -> Result<Node, Failed> {
    let folder = new_folder(site, host)?;
    let places: String =
        ["state", "stats", "json"].map(|what| format!("{what}_dump_file {}/\n", folder.display())).concat();
    let config = format!("global_defs {{\n{places}}}\n{config}");
    let daemon = site.keepwatch_with(host, &config, &["--pid", &folder.join("pid").display().to_string()])?;
    Ok(Node { daemon, folder })
}

/// keepalived, with the folder for its /tmp.
fn keepalived(site: &Site, host: usize, config: &str) -> Result<Node, Failed> {
    let folder = new_folder(site, host)?;
    std::fs::write(folder.join("k.conf"), config)?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "sh", "-c", "mount --bind \"$0\" /tmp && cd / && exec \"$@\""]).arg(&folder);
    command.args(["/usr/sbin/keepalived", "-P", "-n", "-l", "-D", "-f", "/tmp/k.conf"]);
    command.args(["-p", "/tmp/k.pid", "-r", "/tmp/v.pid"]);
    Ok(Node { daemon: Daemon::start(&site.host(host).namespace, &mut command)?, folder })
}

fn new_folder(site: &Site, host: usize) -> Result<PathBuf, Failed> {
    let folder = site.folder().join(format!("h{host}.dumps"));
    std::fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What both run; only the priority is another.
fn instance(priority: u8) -> String {
    let more = "garp_master_delay 2
    authentication {
        auth_type PASS
        auth_pass s3cret78
    }
    virtual_ipaddress_excluded {
        10.1.1.40/24
        fd00:1::40/64
    }
    track_interface {
        lo weight 2
    }
    notify_master \"/usr/bin/true master\"
    notify \"/usr/bin/true\"
    smtp_alert";
    config(priority, more, "10.1.1.30/24\n        10.1.1.31 dev eth0 label eth0:1")
}

/// The higher one serves, loses its link and gets it back, stops: then both have said the same things, in the same order,
/// of what each of them has seen.
fn story(higher: Start, lower: Start) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = higher(&site, 1, &instance(150))?;
    // The lower one begins when the higher one serves: each change is counted.
    site.wait_for_holder(1, vip())?;
    let h2 = lower(&site, 2, &instance(100))?;
    wait_for_line(&h2.daemon, "Entering BACKUP STATE")?;
    site.host(1).pull_cable()?;
    wait("the lower to take over", || site.host(2).has(vip()))?;
    site.host(1).plug_cable()?;
    site.wait_for_holder(1, vip())?;

    let (first, second) = (h1.stats()?, h2.stats()?);
    ensure(labels(&first) == labels(&second), || format!("{first}\n{second}"))?;
    let both = format!("{first}\n{second}");
    let figures = |text: &str, wanted: [&str; 3]| wanted.map(|label| figure(text, label));
    let moves = ["Became master", "Released master", "Failure"];
    ensure(figures(&first, moves) == [2, 1, 0], || both.clone())?;
    ensure(figures(&second, moves) == [1, 1, 0], || both.clone())?;
    ensure(figure(&second, "Received") >= 1 && figure(&second, "Sent") >= 1, || both.clone())?;

    let (first, second) = (h1.dump(JSON, "keepalived.json")?, h2.dump(JSON, "keepalived.json")?);
    ensure(keys(&first) == keys(&second), || format!("{first}\n{second}"))?;
    let parsed: [Value; 2] = [serde_json::from_str(&first)?, serde_json::from_str(&second)?];
    let [master, backup] = parsed.map(|value| value[0]["data"].clone());
    for key in [
        "iname",
        "ifp_ifname",
        "vrid",
        "vips",
        "script_master",
        "script",
        "garp_delay",
        "adver_int",
        "smtp_alert",
    ] {
        // What is in place is marked.
        let plain = |data: &Value| data[key].to_string().replace(" set", "");
        ensure(plain(&master) == plain(&backup), || format!("{key}: {first}\n{second}"))?;
    }
    let states = [&master, &backup].map(|data| (data["state"].as_u64(), data["wantstate"].as_u64()));
    ensure(states == [(Some(2), Some(2)), (Some(1), Some(1))], || format!("{first}\n{second}"))?;
    let priorities = [&master, &backup].map(|data| data["effective_priority"].as_u64());
    ensure(priorities == [Some(152), Some(102)], || format!("{first}\n{second}"))?;
    ensure(backup["master_priority"] == 152, || second.clone())?;

    let (first, second) = (h1.dump(DATA, "keepalived.data")?, h2.dump(DATA, "keepalived.data")?);
    let of_exporters = ["State", "Wantstate", "Interface", "Gratuitous ARP delay", "Virtual Router ID"];
    for label in of_exporters {
        let expected = |state: &'static str| match label {
            "State" | "Wantstate" => state,
            "Interface" => "eth0",
            "Gratuitous ARP delay" => "2",
            _ => "51",
        };
        let found = [(&first, "MASTER"), (&second, "BACKUP")]
            .map(|(text, state)| value(text, label) == Some(expected(state)));
        ensure(found == [true, true], || format!("{label}:\n{first}\n{second}"))?;
    }
    let addresses = [&first, &second].map(|text| lists(text));
    ensure(addresses[0] == addresses[1] && addresses[0].len() == 6, || format!("{addresses:?}"))?;

    stop(h1.daemon)?;
    site.wait_for_holder(2, vip())?;
    let text = h2.stats()?;
    let zero = text.split("Priority Zero:").nth(1).unwrap_or_default();
    ensure(figure(zero, "Received") >= 1 && figure(&text, "Became master") == 2, || text.clone())?;
    stop(h2.daemon)
}

/// Each of two that do not trust each other counts the other's adverts. One is enough: keepalived falls silent while it gets ours.
fn wrong_passwords_are_counted() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = keepalived(&site, 1, &instance(150))?;
    let h2 = ours(&site, 2, &instance(100).replace("s3cret78", "another"))?;
    wait("both to serve", || site.host(1).has(vip()) && site.host(2).has(vip()))?;
    for node in [&h1, &h2] {
        let counted = || node.stats().is_ok_and(|text| (1..u64::MAX).contains(&figure(&text, "Failure")));
        wait("a wrong password", counted)
            .map_err(|failed| explain(failed, &node.stats().unwrap_or_default()))?;
        let text = node.stats()?;
        ensure(figure(&text, "Received") == 0, || text.clone())?;
    }
    stop(h1.daemon)?;
    stop(h2.daemon)
}

/// They are where the configuration says, whole, readable by all; links are not followed, and what cannot be is said once.
fn files_and_their_places() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = new_folder(&site, 1)?;
    let victim = folder.join("victim");
    std::fs::write(&victim, "precious")?;
    std::os::unix::fs::symlink(&victim, folder.join("keepalived.data"))?;
    let mut h1 = ours(&site, 1, &instance(150))?;
    site.wait_for_holder(1, vip())?;
    let pid = std::fs::read_to_string(folder.join("pid"))?;
    ensure(pid == format!("{}\n", h1.daemon.id()), || pid.clone())?;

    h1.signal(DATA)?;
    let data = folder.join("keepalived.data");
    wait_for_line(&h1.daemon, &format!("{} written", data.display()))?;
    ensure(std::fs::read_to_string(&victim)? == "precious", || "the link was followed".to_owned())?;
    ensure(mode(&data)? == 0o644, || format!("{:o}", mode(&data).unwrap_or_default()))?;
    let text = std::fs::read_to_string(&data)?;
    ensure(text.contains("Virtual IP (2):") && !text.contains("s3cret78"), || text.clone())?;

    wait("three adverts", || h1.stats().is_ok_and(|text| figure(&text, "Sent") >= 3))?;
    let status = site.asking(1).args(["status", "--json"]).output()?;
    let status: Value = serde_json::from_slice(&status.stdout)?;
    let counters = &status["snapshot"]["instances"][0]["counters"];
    let sent = counters["adverts_sent"].as_u64().unwrap_or_default();
    ensure(sent >= 3 && counters["became_master"] == 1, || status.to_string())?;

    // Counting begins at zero for those who read the files, and goes on for the others.
    let before = h1.dump(STATS_CLEAR, "keepalived.stats")?;
    ensure(figure(&before, "Became master") == 1, || before.clone())?;
    wait("counters at zero", || {
        h1.stats().is_ok_and(|text| figure(&text, "Became master") == 0 && figure(&text, "Sent") < sent)
    })?;

    // A folder stands in the way.
    let json = folder.join("keepalived.json");
    std::fs::create_dir_all(json.join("full"))?;
    for _ in 0..3 {
        h1.signal(JSON)?;
        wait_for_line(&h1.daemon, &format!("{} cannot be written", json.display()))?;
    }
    std::fs::remove_dir_all(&json)?;
    let text = h1.dump(JSON, "keepalived.json")?;
    ensure(text.starts_with("[{\"data\":{\"iname\":\"VI_1\""), || text.clone())?;
    wait_for_line(&h1.daemon, &format!("{} written", json.display()))?;
    let failures = h1.daemon.output().iter().filter(|line| line.contains("cannot be written")).count();
    ensure(failures == 1, || h1.daemon.output().join("\n"))?;
    // The last wishes may still be carried out.
    let names = || std::fs::read_dir(&folder).map_or(0, Iterator::count);
    wait("nothing but the files themselves", || names() == 5)?;

    stop_it(&mut h1.daemon)?;
    ensure(!folder.join("pid").exists(), || "the file of --pid is left".to_owned())
}

fn mode(path: &Path) -> Result<u32, Failed> {
    Ok(std::os::unix::fs::PermissionsExt::mode(&std::fs::symlink_metadata(path)?.permissions()) & 0o7777)
}

/// As keepalived, the second one says so and does not start.
fn two_of_one_pid_file() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let pid = site.folder().join("pid").display().to_string();
    let h1 = site.keepwatch_with(1, &instance(150), &["-p", &pid])?;
    site.wait_for_holder(1, ip("10.1.1.30"))?;
    let mut second = site.keepwatch_with(2, &instance(100), &["-p", &pid])?;
    let status = second.wait(crate::site::PATIENCE)?.ok_or("the second went on")?;
    ensure(status.code() == Some(1), || format!("{status}"))?;
    wait_for_line(&second, "another process that runs has it")?;
    ensure(std::fs::read_to_string(&pid)? == format!("{}\n", h1.id()), || "the file was changed".to_owned())?;
    stop(h1)
}

/// Exporters run `keepalived` for them, and ask it whether it writes JSON: a link of that name answers.
fn numbers_of_signals() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let link = site.folder().join("keepalived");
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_keepwatch"), &link)?;
    for (word, number) in
        [("DATA", "10\n"), ("STATS", "12\n"), ("JSON", "36\n"), ("RELOAD", "1\n"), ("STOP", "15\n")]
    {
        let output = Command::new(&link).arg(format!("--signum={word}")).output()?;
        ensure(output.status.success() && output.stdout == number.as_bytes(), || format!("{output:?}"))?;
    }
    let version = Command::new(&link).arg("--version").output()?;
    let says_so = String::from_utf8_lossy(&version.stdout).contains("--enable-json");
    ensure(version.status.success() && says_so, || format!("{version:?}"))?;
    let output = keepwatch().arg("--signum=TDUMP").output()?;
    ensure(output.status.code() == Some(2), || format!("{output:?}"))
}

/// A file's lines without their numbers.
fn labels(text: &str) -> Vec<&str> {
    text.lines().map(|line| line.trim_end_matches(|c: char| c.is_ascii_digit())).collect()
}

/// The number behind the first such label.
fn figure(text: &str, label: &str) -> u64 {
    let line = text.lines().find_map(|line| line.trim_start().strip_prefix(label)?.strip_prefix(": "));
    line.and_then(|number| number.parse().ok()).unwrap_or(u64::MAX)
}

/// What stands behind `label = `.
fn value<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    text.lines().find_map(|line| line.strip_prefix("   ")?.strip_prefix(label)?.strip_prefix(" = "))
}

/// Headings of addresses with what stands below them, as exporters take them.
fn lists(text: &str) -> Vec<String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("   Virtual IP (")).peekable();
    let mut found = Vec::new();
    while let Some(line) =
        lines.next_if(|line| line.starts_with("   Virtual IP") || line.starts_with("     "))
    {
        found.push(line.trim_end_matches(" set").to_owned());
    }
    found
}

/// All keys of a JSON text, in order.
fn keys(text: &str) -> Vec<&str> {
    let parts: Vec<&str> = text.split('"').collect();
    parts.windows(2).filter(|pair| pair[1].starts_with(':')).map(|pair| pair[0]).collect()
}
