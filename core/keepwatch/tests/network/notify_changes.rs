//! What FIFOs and scripts hear of changes of priority and of instances that are removed, beside keepalived.

use std::fs;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::Case;
use crate::notify::{Desk, Start, lines};
use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{PATIENCE, Site, ensure, explain, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "notify::changes_of_priority_beside_keepalived", needs: &[KEEPALIVED], run: priorities },
    Case { name: "notify::a_removed_instance_of_keepalived", needs: &[KEEPALIVED], run: removed },
];

/// Where the lines of a FIFO go, and the settings for it.
fn recorded(desk: &Desk) -> Result<String, Failed> {
    // keepalived sends its readers SIGTERM before the last lines, and starts them anew when it reloads.
    let file = desk.at("lines");
    desk.program(
        "reader",
        &format!("trap '' TERM\nwhile IFS= read -r line; do echo \"$line\" >> {}; done < $1", file.display()),
    )?;
    let (fifo, reader) = (desk.at("fifo"), desk.at("reader"));
    Ok(format!(
        " script_user root\n notify_fifo {}\n notify_fifo_script {}\n",
        fifo.display(),
        reader.display()
    ))
}

/// An instance on its own network.
fn instance(number: u8, more: &str) -> String {
    format!(
        "vrrp_instance VI_{number} {{\n state BACKUP\n interface eth{}\n virtual_router_id 5{number}\n priority 15{number}\n \
         advert_int 1\n{more} virtual_ipaddress {{\n  10.1.{number}.30/24\n }}\n}}\n",
        number - 1
    )
}

fn wait_for_line(desk: &Desk, daemon: &Daemon, line: &str, times: usize) -> Result<(), Failed> {
    let told = || lines(&desk.at("lines"));
    wait(&format!("{line}, time {times}"), || told().iter().filter(|told| *told == line).count() == times)
        .map_err(|failed| explain(failed, &format!("{}\n{}", told().join("\n"), daemon.output().join("\n"))))
}

/// The same story under keepalived and under keepwatch is told in the same lines, and to no script.
fn priorities() -> Result<(), Failed> {
    let theirs = story(keepalived)?;
    let ours = story(|site: &Site, host: usize, config: &str| site.keepwatch(host, config))?;
    ensure(theirs == ours, || format!("keepalived: {theirs:#?}\nkeepwatch: {ours:#?}"))
}

/// A check of two instances passes, fails while they are MASTER and while they are in FAULT, and passes. The lines of each
/// of them, and how its script was called.
fn story(start: Start) -> Result<[Vec<String>; 3], Failed> {
    let site = Site::with_networks(1, 2)?;
    let desk = Desk::new(&site, "desk", "")?;
    let well = desk.at("well");
    fs::write(&well, "")?;
    let tracks = " track_script {\n  well\n }\n";
    let script = format!(" notify \"{} any\"\n", desk.at("told").display());
    let text = format!(
        "global_defs {{\n{} vrrp_notify_priority_changes\n}}\nvrrp_script well {{\n script \"/usr/bin/test -e {}\"\n \
         interval 1\n weight 20\n}}\n{}{}",
        recorded(&desk)?,
        well.display(),
        instance(1, &format!("{tracks}{script}")),
        instance(2, &format!("{tracks} notify_priority_changes off\n")),
    );
    let mut daemon = start(&site, 1, &text)?;
    // When the first answer of a check comes is the daemon's own: from here on.
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_1\" MASTER 171", 1)?;
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_2\" MASTER 172", 1)?;
    let before = lines(&desk.at("lines")).len();
    fs::remove_file(&well)?;
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_1\" MASTER_PRIORITY 151", 1)?;
    site.host(1).run("ip", "link set eth0 down")?;
    site.host(1).run("ip", "link set eth1 down")?;
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_1\" FAULT 151", 1)?;
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_2\" FAULT 152", 1)?;
    fs::write(&well, "")?;
    let changed = "INSTANCE \"VI_1\" BACKUP_PRIORITY 171";
    wait(changed, || lines(&desk.at("lines")).iter().skip(before).any(|line| line == changed))?;
    daemon.terminate()?;
    let status = daemon.wait(PATIENCE)?;
    ensure(status.is_some_and(|status| status.success()), || daemon.output().join("\n"))?;
    // Readers and scripts of keepalived may still be at work.
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_2\" STOP 172", 1)?;
    wait("the last script", || desk.called().iter().any(|call| call.contains("STOP")))?;
    let of = |name: &str| -> Vec<String> {
        let about = format!("INSTANCE \"{name}\"");
        lines(&desk.at("lines")).into_iter().skip(before).filter(|line| line.starts_with(&about)).collect()
    };
    let calls = desk.called().into_iter().filter(|call| !call.contains("BACKUP 1")).collect();
    Ok([of("VI_1"), of("VI_2"), calls])
}

/// What both say of instances that a reload removes.
fn removed() -> Result<(), Failed> {
    removed_from("keepalived", |site, config| keepalived(site, 1, config))?;
    removed_from("keepwatch", |site, config| site.keepwatch(1, config))
}

/// `file` is what the program's configuration is called.
fn removed_from(file: &str, start: fn(&Site, &str) -> Result<Daemon, Failed>) -> Result<(), Failed> {
    let site = Site::with_networks(1, 3)?;
    let desk = Desk::new(&site, "desk", "")?;
    let told = desk.at("told").display().to_string();
    let scripts = |of: &str| format!(" notify_fault \"{told} {of} fault\"\n notify \"{told} {of} any\"\n");
    let deleted = format!(" notify_deleted \"{told} VI_1 deleted\"\n");
    let globals = format!("global_defs {{\n{}}}\n", recorded(&desk)?);
    let left = instance(3, "");
    let both = instance(1, &(scripts("VI_1") + &deleted)) + &instance(2, &scripts("VI_2"));
    let mut daemon = start(&site, &format!("{globals}{both}{left}"))?;
    for number in 1..=3 {
        wait_for_line(&desk, &daemon, &format!("INSTANCE \"VI_{number}\" MASTER 15{number}"), 1)?;
    }
    site.file(1, file, &format!("{globals}{left}"))?;
    site.host(1).run("kill", &format!("-HUP {}", daemon.id()))?;
    wait("what scripts are told", || desk.called().iter().filter(|call| !is_usual(call)).count() >= 3)
        .map_err(|failed| {
            explain(failed, &format!("{:#?}\n{}", desk.called(), daemon.output().join("\n")))
        })?;
    let mut calls: Vec<String> = desk.called().into_iter().filter(|call| !is_usual(call)).collect();
    calls.sort();
    let expected = ["VI_1 any INSTANCE VI_1 DELETED 151", "VI_1 deleted", "VI_2 any INSTANCE VI_2 FAULT 152"];
    ensure(calls == expected, || format!("{calls:#?}"))?;
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_1\" DELETED 151", 1)?;
    wait_for_line(&desk, &daemon, "INSTANCE \"VI_2\" FAULT 152", 1)?;
    daemon.terminate()?;
    daemon.wait(PATIENCE)?;
    Ok(())
}

/// What was said before the reload.
fn is_usual(call: &str) -> bool {
    call.contains("BACKUP") || call.contains("MASTER")
}
