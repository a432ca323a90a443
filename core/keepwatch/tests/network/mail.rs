//! Mails end to end: a server that is away during the fail-over, keepalived's own mails, and a trial.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, config, ensure, explain, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "mail::the_server_is_away_during_the_fail_over", needs: &[], run: away },
    Case { name: "mail::keepalived_s_own_mails", needs: &[], run: smtp_alert },
];

/// Longer than a mail is not called late.
const AWAY: Duration = Duration::from_secs(33);

/// An SMTP server that keeps what it takes, a file for each mail. (No more than a test needs: one dialogue at a time.)
const SERVER: &str = r#"
import socket, sys, os
folder = sys.argv[1]
listener = socket.create_server(("127.0.0.1", 2525))
print("listening", flush=True)
number = 0
while True:
    connection, _ = listener.accept()
    stream = connection.makefile("rwb")
    say = lambda text: (stream.write(text + b"\r\n"), stream.flush())
    say(b"220 test")
    while True:
        line = stream.readline()
        if not line: break
        word = line.split(b":")[0].split()[0].upper()
        if word == b"DATA":
            say(b"354 go on")
            mail = b""
            while True:
                line = stream.readline()
                if line in (b".\r\n", b""): break
                mail += line
            number += 1
            path = os.path.join(folder, "%03d" % number)
            open(path + ".new", "wb").write(mail)
            os.rename(path + ".new", path)
            say(b"250 kept as %d" % number)
        elif word == b"QUIT":
            say(b"221 bye")
            break
        else:
            say(b"250 ok")
    connection.close()
"#;

/// A server, and what it has taken.
pub(crate) struct Server {
    daemon: Daemon,
    folder: PathBuf,
}

impl Server {
    pub(crate) fn start(site: &Site) -> Result<Self, Failed> {
        let folder = site.folder().join("mails");
        fs::create_dir_all(&folder)?;
        let mut command = Command::new("python3");
        command.args(["-c", SERVER]).arg(&folder);
        let daemon = Daemon::start(&site.host(1).namespace, &mut command)?;
        wait_for_line(&daemon, "listening")?;
        Ok(Self { daemon, folder })
    }

    pub(crate) fn mails(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        paths.retain(|path| path.extension().is_none());
        paths.sort();
        paths.iter().filter_map(|path| fs::read_to_string(path).ok()).collect()
    }

    fn subjects(&self) -> Vec<String> {
        let subject =
            |mail: &String| mail.lines().find_map(|line| Some(line.strip_prefix("Subject: ")?.to_owned()));
        self.mails().iter().filter_map(subject).collect()
    }

    fn wait_for(&self, count: usize) -> Result<(), Failed> {
        wait(&format!("{count} mails"), || self.mails().len() >= count)
            .map_err(|failed| explain(failed, &self.mails().join("\n---\n")))
    }
}

fn native(site: &Site, more: &str) -> Result<PathBuf, Failed> {
    fs::write(site.folder().join("k.conf"), config(150, "", "10.1.1.30"))?;
    let path = site.folder().join("keepwatch.toml");
    let text = format!(
        "keepalived = \"k.conf\"\n[notify.admins]\nsmtp = \"127.0.0.1:2525\"\ntls = \"none\"\nfrom = \"k@example.com\"\n\
         to = \"admin@example.com\"\n{more}"
    );
    fs::write(&path, text)?;
    Ok(path)
}

/// Nothing is lost, the order stays, it is told how late it is, and a restart in between changes nothing.
fn away() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let path = native(&site, "group_wait = \"100ms\"\n")?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h1, "admins cannot be told: 127.0.0.1:2525: ")?;
    // The daemon is killed meanwhile. What it says to wait is on disk.
    wait("both letters to wait", || waiting(&site).is_ok_and(|waiting| waiting.len() >= 2))
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    trouble_in_status(&site)?;
    h1.kill()?;
    let began = std::time::Instant::now();
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    wait("letters of both runs to wait", || waiting(&site).is_ok_and(|waiting| waiting.len() >= 4))
        .map_err(|failed| explain(failed, &format!("{:?}\n{}", waiting(&site), h1.output().join("\n"))))?;
    let expected = waiting(&site)?;
    wait("them to be late", || began.elapsed() > AWAY)?;
    let server = Server::start(&site)?;
    let output = site.asking(1).args(["spool", "retry", "admins"]).output()?;
    ensure(output.status.success(), || format!("{output:?}"))?;
    wait("nothing to wait", || waiting(&site).is_ok_and(|waiting| waiting.is_empty()))
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    let mails = server.mails();
    let all = mails.join("\n---\n");
    // Each line of each letter, in their order.
    let mut from = 0;
    for line in &expected {
        let text = line.split_once(": ").map_or(line.as_str(), |(_, text)| text);
        let words = text.split(' ').next().unwrap_or_default();
        let found = all[from..].find(words).ok_or_else(|| format!("{words} is missing in\n{all}"))?;
        from += found;
    }
    ensure(mails.iter().all(|mail| mail.contains("late")), || format!("not late:\n{all}"))?;
    ensure(mails.iter().any(|mail| mail.contains("MASTER")), || all.clone())?;
    let ids: std::collections::BTreeSet<&str> =
        mails.iter().flat_map(|mail| mail.lines().find(|line| line.starts_with("Message-ID: "))).collect();
    ensure(ids.len() == mails.len(), || format!("twice:\n{all}"))?;
    stop_it(&mut h1)?;
    // Its end is told, too, before it ends.
    ensure(server.mails().len() == mails.len() + 1, || server.mails().join("\n---\n"))?;
    drop(server.daemon);
    Ok(())
}

/// What is wrong stands first, and for programs.
fn trouble_in_status(site: &Site) -> Result<(), Failed> {
    let status = |arguments: &[&str]| site.asking(1).arg("status").args(arguments).output();
    let output = status(&["--check"])?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure(output.status.code() == Some(5), || format!("{output:?}"))?;
    let third = text.lines().nth(2).unwrap_or_default();
    ensure(
        third.starts_with("admins cannot be told: 127.0.0.1:2525: ") && third.contains("letters waiting"),
        || text.clone(),
    )?;
    ensure(text.contains("\ndestination admins: mail to admin@example.com"), || text.clone())?;
    let json: serde_json::Value = serde_json::from_slice(&status(&["--json"])?.stdout)?;
    let admins = &json["destinations"][0];
    ensure(admins["name"] == "admins" && admins["waiting"].as_u64() >= Some(2), || admins.to_string())?;
    ensure(admins["trouble"].is_string() && admins["next"].is_string() && admins["dead"] == 0, || {
        admins.to_string()
    })
}

/// The lines of what waits for the admins.
fn waiting(site: &Site) -> Result<Vec<String>, Failed> {
    let output = site.asking(1).args(["spool", "list", "--json"]).output()?;
    let destinations: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let letters = destinations[0]["waiting"].as_array().cloned().unwrap_or_default();
    Ok(letters.iter().filter_map(|letter| Some(letter["line"].as_str()?.to_owned())).collect())
}

/// A keepalived.conf alone: its subjects, its server, each transition a mail. And a trial of it.
fn smtp_alert() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let server = Server::start(&site)?;
    let text = format!(
        "global_defs {{\n notification_email {{\n  admin@example.com\n }}\n notification_email_from k@example.com\n \
         smtp_server 127.0.0.1 2525\n router_id R1\n smtp_alert\n}}\n{}",
        config(150, "", "10.1.1.30")
    );
    let mut h1 = site.keepwatch(1, &text)?;
    site.wait_for_holder(1, vip())?;
    server.wait_for(2)?;
    let path = site.file(1, "trial", &text)?;
    let mut trial = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    trial.args(["notify", "test", "smtp_alert", "--config"]).arg(&path);
    let mut trial = Daemon::start(&site.host(1).namespace, &mut trial)?;
    let status = trial.wait(crate::site::PATIENCE)?;
    ensure(status.is_some_and(|status| status.success()), || trial.output().join("\n"))?;
    ensure(trial.said("> MAIL FROM:<k@example.com>"), || trial.output().join("\n"))?;
    stop_it(&mut h1)?;
    server.wait_for(4)?;
    let subjects = server.subjects();
    let expected = [
        "[R1] VRRP Instance VI_1 - Entering BACKUP state",
        "[R1] VRRP Instance VI_1 - Entering MASTER state",
        "[R1] a trial of keepwatch",
        "[R1] VRRP Instance VI_1 - Stopping",
    ];
    ensure(subjects == expected, || subjects.join("\n"))?;
    drop(server.daemon);
    Ok(())
}
