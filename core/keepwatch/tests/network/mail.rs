//! Mails end to end: a server that is away during the fail-over, keepalived's own mails, and a trial.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use keepwatch_lab::{Daemon, MailServer, MailStep, TakenMail};
use libtest_mimic::Failed;

use crate::Case;
use crate::notify::Start;
use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, explain, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "mail::the_server_is_away_during_the_fail_over", needs: &[], run: away },
    Case { name: "mail::put_off_and_refused", needs: &[], run: put_off_and_refused },
    Case { name: "mail::keepalived_s_own_mails", needs: &[], run: smtp_alert },
    Case { name: "mail::beside_keepalived", needs: &[KEEPALIVED], run: beside_keepalived },
];

/// Longer than a mail is not called late.
const AWAY: Duration = Duration::from_secs(33);

/// Where the server listens.
const PORT: u16 = 2525;

/// What it has taken, each as it came.
pub(crate) fn texts(server: &MailServer) -> Vec<String> {
    server.mails().into_iter().map(|mail| mail.text).collect()
}

fn subjects(server: &MailServer) -> Vec<String> {
    server.mails().iter().filter_map(|mail| mail.header("Subject")).collect()
}

fn wait_for(server: &MailServer, count: usize) -> Result<(), Failed> {
    wait(&format!("{count} mails"), || server.mails().len() >= count)
        .map_err(|failed| explain(failed, &texts(server).join("\n---\n")))
}

/// A host's configuration; its mails say which letters are in them, and whether they are late.
fn native(site: &Site, host: usize, priority: u8) -> Result<PathBuf, Failed> {
    let named = format!("global_defs {{\n router_id h{host}\n}}\n");
    let instances = site.file(host, "k", &(named + &config(priority, "", "10.1.1.30")))?;
    let path = site.folder().join(format!("h{host}.toml"));
    let text = format!(
        "keepalived = \"{}\"\n[notify.admins]\nsmtp = \"{}:{PORT}\"\ntls = \"none\"\n\
         from = \"k@example.com\"\nto = \"admin@example.com\"\ngroup_wait = \"100ms\"\n\
         text = \"{{% for event in events %}}letter {{{{ event.id }}}}\\n{{% endfor %}}{{% if late %}}it is late{{% endif %}}\"\n",
        instances.display(),
        site.lan.client.address
    );
    fs::write(&path, text)?;
    Ok(path)
}

/// Two hosts, a fail-over and a fail-back, all without a mail server, one host killed meanwhile: nothing is lost, the order
/// stays, and each mail says that it is late.
fn away() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let (one, two) = (native(&site, 1, 150)?, native(&site, 2, 100)?);
    let (mut h1, mut h2) = (site.keepwatch_at(1, &one, &[])?, site.keepwatch_at(2, &two, &[])?);
    site.wait_for_holder(1, vip()).map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    for daemon in [&h1, &h2] {
        wait_for_line(daemon, "admins cannot be told: 10.1.1.200:2525: ")?;
    }
    // h1 is killed. What it says to wait is on disk: BACKUP, MASTER.
    wait_for_waiting(&site, 1, 2)?;
    trouble_in_status(&site)?;
    h1.kill()?;
    wait("h2 to take over", || site.host(2).has(vip()))?;
    let mut h1 = site.keepwatch_at(1, &one, &[])?;
    site.wait_for_holder(1, vip())?;
    wait_for_waiting(&site, 1, 4)?;
    wait_for_waiting(&site, 2, 3)?;
    let expected = [waiting(&site, 1)?, waiting(&site, 2)?];
    let last = Instant::now();
    wait("all of them to be late", || last.elapsed() > AWAY)?;

    let server = MailServer::start(&site.lan.client, PORT)?;
    for host in [1, 2] {
        let output = site.asking(host).args(["spool", "retry", "admins"]).output()?;
        ensure(output.status.success(), || format!("{output:?}"))?;
        wait("nothing to wait", || waiting(&site, host).is_ok_and(|waiting| waiting.is_empty()))
            .map_err(|failed| explain(failed, &[h1.output(), h2.output()].concat().join("\n")))?;
    }
    let mails = server.mails();
    let all = texts(&server).join("\n---\n");
    for (host, expected) in [1, 2].into_iter().zip(expected) {
        let of_host = |mail: &&TakenMail| {
            mail.header("Subject").is_some_and(|subject| subject.starts_with(&format!("[h{host}] VI_1 is ")))
        };
        let got: Vec<String> = mails.iter().filter(of_host).flat_map(letters).collect();
        ensure(got == expected, || format!("h{host}: {got:?}, but {expected:?} waited:\n{all}"))?;
    }
    ensure(mails.iter().all(|mail| mail.plain().contains("it is late")), || format!("not late:\n{all}"))?;
    let ids: BTreeSet<String> = mails.iter().filter_map(|mail| mail.header("Message-ID")).collect();
    ensure(ids.len() == mails.len(), || format!("twice:\n{all}"))?;
    // Its end is told, too, before it ends.
    for (daemon, host) in [(&mut h2, "h2"), (&mut h1, "h1")] {
        stop_it(daemon)?;
        let last = server.mails().pop().and_then(|mail| mail.header("Subject"));
        let expected = format!("[{host}] VI_1 is STOPPED");
        ensure(last.is_some_and(|last| last.starts_with(&expected)), || texts(&server).join("\n---\n"))?;
    }
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
        third.starts_with("admins cannot be told: 10.1.1.200:2525: ") && third.contains("letters waiting"),
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

/// What the server puts off comes again as the same mail; what it refuses is kept for people, who can have it tried again.
fn put_off_and_refused() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let answer: Arc<Mutex<Option<&str>>> = Arc::new(Mutex::new(Some("451 4.7.1 not now")));
    let answers = Arc::clone(&answer);
    let server = MailServer::attended(&site.lan.client, PORT, move |step| {
        (step == MailStep::Taken).then(|| *answers.lock().unwrap()).flatten()
    })?;
    let mut h1 = site.keepwatch_at(1, &native(&site, 1, 150)?, &[])?;
    wait_for_line(&h1, "admins cannot be told: 10.1.1.200:2525: 451 4.7.1 not now")?;
    site.wait_for_holder(1, vip())?;
    ensure(server.mails().is_empty(), || texts(&server).join("\n---\n"))?;
    *answer.lock().unwrap() = None;
    wait("nothing to wait", || waiting(&site, 1).is_ok_and(|waiting| waiting.is_empty()))
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    wait_for_line(&h1, "admins has it, at attempt ")?;
    let before = server.mails().len();

    *answer.lock().unwrap() = Some("550 5.7.1 we know you not");
    // Something to tell.
    site.host(1).pull_cable()?;
    wait_for_line(&h1, "(VI_1) Entering FAULT STATE")?;
    site.host(1).plug_cable()?;
    wait("a dead letter", || !dead(&site).unwrap_or_default().is_empty())
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    let refused = dead(&site)?;
    let expected = format!("10.1.1.200:{PORT}: 550 5.7.1 we know you not");
    ensure(refused.iter().all(|(_, why)| *why == expected), || format!("{refused:?}"))?;
    ensure(server.mails().len() == before, || texts(&server).join("\n---\n"))?;
    wait("the instance to serve again", || site.host(1).has(vip()))?;
    wait("nothing to wait", || waiting(&site, 1).is_ok_and(|waiting| waiting.is_empty()))?;

    *answer.lock().unwrap() = None;
    let refused: Vec<String> = dead(&site)?.into_iter().map(|(id, _)| id).collect();
    let output = site.asking(1).args(["spool", "retry", "admins"]).output()?;
    ensure(output.status.success(), || format!("{output:?}"))?;
    let got = || -> Vec<String> { server.mails().split_off(before).iter().flat_map(letters).collect() };
    wait("what was refused", || refused.iter().all(|id| got().contains(id)))
        .map_err(|failed| explain(failed, &format!("{refused:?}, {:?}", got())))?;
    ensure(dead(&site)?.is_empty(), || "a dead letter is left".to_owned())?;
    stop_it(&mut h1)
}

/// What was given up on h1, and why.
fn dead(site: &Site) -> Result<Vec<(String, String)>, Failed> {
    let output = site.asking(1).args(["spool", "list", "--dead", "--json"]).output()?;
    let destinations: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let letters = destinations[0]["dead"].as_array().cloned().unwrap_or_default();
    let text = |letter: &serde_json::Value, name: &str| Some(letter[name].as_str()?.to_owned());
    Ok(letters.iter().filter_map(|letter| Some((text(letter, "id")?, text(letter, "trouble")?))).collect())
}

/// The letters of a mail.
fn letters(mail: &TakenMail) -> Vec<String> {
    mail.plain().lines().filter_map(|line| Some(line.strip_prefix("letter ")?.to_owned())).collect()
}

/// The ids of what waits on a host, in order.
fn waiting(site: &Site, host: usize) -> Result<Vec<String>, Failed> {
    let output = site.asking(host).args(["spool", "list", "--json"]).output()?;
    let destinations: serde_json::Value = serde_json::from_slice(&output.stdout)?;
    let letters = destinations[0]["waiting"].as_array().cloned().unwrap_or_default();
    Ok(letters.iter().filter_map(|letter| Some(letter["id"].as_str()?.to_owned())).collect())
}

fn wait_for_waiting(site: &Site, host: usize, count: usize) -> Result<(), Failed> {
    let waiting = || waiting(site, host);
    wait(&format!("{count} letters to wait"), || waiting().is_ok_and(|waiting| waiting.len() >= count))
        .map_err(|failed| explain(failed, &format!("{:?}", waiting())))
}

/// A keepalived.conf alone: its subjects, its server, each transition a mail. And a trial of it.
fn smtp_alert() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let server = MailServer::start(site.host(1), PORT)?;
    let text = format!(
        "global_defs {{\n notification_email {{\n  admin@example.com\n }}\n notification_email_from k@example.com\n \
         smtp_server 127.0.0.1 2525\n router_id R1\n smtp_alert\n}}\n{}",
        config(150, "", "10.1.1.30")
    );
    let mut h1 = site.keepwatch(1, &text)?;
    site.wait_for_holder(1, vip())?;
    wait_for(&server, 2)?;
    let path = site.file(1, "trial", &text)?;
    let mut trial = Command::new(env!("CARGO_BIN_EXE_keepwatch"));
    trial.args(["notify", "test", "smtp_alert", "--config"]).arg(&path);
    let mut trial = Daemon::start(&site.host(1).namespace, &mut trial)?;
    let status = trial.wait(crate::site::PATIENCE)?;
    ensure(status.is_some_and(|status| status.success()), || trial.output().join("\n"))?;
    ensure(trial.said("> MAIL FROM:<k@example.com>"), || trial.output().join("\n"))?;
    // The host's name, not the router's.
    let host = nix::unistd::gethostname()?.to_string_lossy().into_owned();
    ensure(trial.said(&format!("> EHLO {host}")), || trial.output().join("\n"))?;
    stop_it(&mut h1)?;
    wait_for(&server, 4)?;
    let subjects = subjects(&server);
    let expected = [
        "[R1] VRRP Instance VI_1 - Entering BACKUP state",
        "[R1] VRRP Instance VI_1 - Entering MASTER state",
        "[R1] a trial of keepwatch",
        "[R1] VRRP Instance VI_1 - Stopping",
    ];
    ensure(subjects == expected, || subjects.join("\n"))
}

/// The same story under keepalived and under keepwatch: the same mails, subject and body.
fn beside_keepalived() -> Result<(), Failed> {
    let theirs = mails_of_a_story(keepalived)?;
    let ours = mails_of_a_story(|site: &Site, host: usize, config: &str| site.keepwatch(host, config))?;
    // keepalived sends them side by side: which comes first of two about different things is chance.
    for (of, count) in [("VRRP Instance VI_1 ", 4), ("VRRP Instance VI_2 ", 4), ("VRRP Group G ", 4)] {
        let of = |mails: &[(String, String)]| -> Vec<(String, String)> {
            mails.iter().filter(|(subject, _)| subject.contains(of)).cloned().collect()
        };
        let (theirs, mut ours) = (of(&theirs), of(&ours));
        // keepalived has one for it, too, but ends before it is sent.
        let last = ours.pop();
        ensure(last.as_ref().is_some_and(|(subject, _)| subject.ends_with(" - Stopping")), || {
            format!("{last:?}")
        })?;
        ensure(theirs == ours, || format!("keepalived: {theirs:#?}\nkeepwatch: {ours:#?}"))?;
        ensure(ours.len() == count, || format!("{ours:#?}"))?;
    }
    Ok(())
}

/// Two instances in a group: FAULT as the link is down, BACKUP, MASTER, FAULT again, and stopped. Subjects and bodies.
fn mails_of_a_story(start: Start) -> Result<Vec<(String, String)>, Failed> {
    let site = Site::new(1)?;
    let server = MailServer::start(site.host(1), PORT)?;
    let instance = |number: u8| {
        format!(
            "vrrp_instance VI_{number} {{\n state BACKUP\n interface eth0\n virtual_router_id 5{number}\n priority 150\n \
             advert_int 1\n smtp_alert\n virtual_ipaddress {{\n  10.1.1.3{number}/24\n }}\n}}\n"
        )
    };
    let text = format!(
        "global_defs {{\n notification_email {{\n  admin@example.com\n }}\n notification_email_from k@example.com\n \
         smtp_server 127.0.0.1 {PORT}\n router_id R1\n}}\nvrrp_sync_group G {{\n group {{\n  VI_1\n  VI_2\n }}\n \
         smtp_alert\n}}\n{}{}",
        instance(1),
        instance(2)
    );
    site.host(1).pull_cable()?;
    let mut daemon = start(&site, 1, &text)?;
    // Of each state all three, so that two of one thing are not on their way at once.
    let told = |count: usize, doing: &str| {
        wait(&format!("{doing}, time {count}"), || {
            let subjects = subjects(&server);
            ["VRRP Instance VI_1", "VRRP Instance VI_2", "VRRP Group G"].iter().all(|of| {
                subjects.iter().filter(|subject| **subject == format!("[R1] {of} - {doing}")).count() == count
            })
        })
        .map_err(|failed| explain(failed, &subjects(&server).join("\n")))
    };
    told(1, "Entering FAULT state")?;
    site.host(1).plug_cable()?;
    told(1, "Entering BACKUP state")?;
    told(1, "Entering MASTER state")?;
    site.host(1).pull_cable()?;
    told(2, "Entering FAULT state")?;
    daemon.terminate()?;
    let status = daemon.wait(crate::site::PATIENCE)?;
    ensure(status.is_some_and(|status| status.success()), || daemon.output().join("\n"))?;
    let body = |mail: &TakenMail| {
        let text = mail.text.replace("\r\n", "\n");
        text.split_once("\n\n").map(|(_, body)| body.trim().to_owned()).unwrap_or_default()
    };
    Ok(server.mails().iter().map(|mail| (mail.header("Subject").unwrap_or_default(), body(mail))).collect())
}
