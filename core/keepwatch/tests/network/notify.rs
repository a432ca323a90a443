//! Notify scripts and FIFOs, alone and beside keepalived.

use std::fs;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};

use keepwatch_lab::{Daemon, Direction};
use libtest_mimic::Failed;

use crate::Case;
use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{PATIENCE, Site, config, ensure, explain, ip, stop, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "notify::scripts", needs: &[], run: scripts },
    Case { name: "notify::a_stop_waits_for_its_scripts", needs: &[], run: a_stop_waits_for_its_scripts },
    Case { name: "notify::a_group_stops_once", needs: &[], run: a_group_stops_once },
    Case { name: "notify::a_reload_takes_scripts_over", needs: &[], run: a_reload_takes_scripts_over },
    Case { name: "notify::a_lower_master_is_told", needs: &[], run: || a_lower_master(Site::keepwatch) },
    Case {
        name: "notify::a_lower_master_is_told_as_keepalived_does",
        needs: &[KEEPALIVED],
        run: || a_lower_master(keepalived),
    },
    Case { name: "notify::beside_keepalived", needs: &[KEEPALIVED], run: beside_keepalived },
];

/// A folder with a script that writes down how it was called, and where lines of FIFOs go.
pub(crate) struct Desk(PathBuf);

impl Desk {
    /// `more` is done first by each run of the script.
    pub(crate) fn new(site: &Site, name: &str, more: &str) -> Result<Self, Failed> {
        let desk = Self(site.folder().join(name));
        fs::create_dir(&desk.0)?;
        let called = desk.at("called").display().to_string();
        desk.program("told", &format!("{more}\necho \"$*\" >> {called}"))?;
        Ok(desk)
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn program(&self, name: &str, text: &str) -> Result<(), Failed> {
        let (new, path) = (self.at("new"), self.at(name));
        fs::write(&new, format!("#!/bin/sh\n{text}\n"))?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
        Ok(fs::rename(new, path)?)
    }

    /// What the script was called with, run by run.
    pub(crate) fn called(&self) -> Vec<String> {
        lines(&self.at("called"))
    }

    /// The settings for an instance or a group, each script with its own first word.
    pub(crate) fn settings(&self, of: &str) -> String {
        let program = self.at("told").display().to_string();
        let state = |state: &str| format!(" notify_{state} \"{program} {of} {state}\"\n");
        let states: String = ["master", "backup", "fault", "stop"].map(state).concat();
        format!("{states} notify \"{program} {of} any\"\n")
    }
}

pub(crate) fn lines(path: &Path) -> Vec<String> {
    fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

/// Waits for exactly these lines.
fn wait_for(what: &str, lines: impl Fn() -> Vec<String>, expected: &[&str]) -> Result<(), Failed> {
    wait(what, || lines().len() >= expected.len()).map_err(|failed| explain(failed, &lines().join("\n")))?;
    ensure(lines() == expected, || format!("{what}, but not these:\n{}", lines().join("\n")))
}

/// Environment and standard input are there; and after a hand-over scripts run when no address is left.
fn scripts() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let desk = Desk::new(&site, "h1", "")?;
    let (seen, holds) = (desk.at("seen").display().to_string(), desk.at("holds").display().to_string());
    desk.program(
        "look",
        &format!(
            "read -r event\necho \"$KEEPWATCH_INSTANCE $KEEPWATCH_STATE $KEEPWATCH_PREVIOUS $KEEPWATCH_PRIORITY \
             $KEEPWATCH_INTERFACE $KEEPWATCH_VIRTUAL_ROUTER_ID $KEEPWATCH_EVENT\" >> {seen}\necho \"$event\" >> {seen}\n\
             ip -o address show dev eth0 | grep -c 10.1.1.30/ >> {holds}\n\
             echo heard; echo odd >&2; test $KEEPWATCH_STATE != MASTER"
        ),
    )?;
    let text = config(100, &format!("advert_int 1\n notify {}", desk.at("look").display()), "10.1.1.30/24");
    let mut h1 = site.keepwatch(1, &text)?;
    site.wait_for_holder(1, vip())?;
    wait_for("two runs", || lines(Path::new(&holds)), &["0", "1"])?;
    wait_for_line(&h1, "(VI_1) notify ")?;
    wait("how the second one ended", || {
        let output = h1.output();
        output.iter().any(|line| line.contains("exited with status 1") && line.contains("heard"))
    })
    .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    // The other host takes over, and h1 gives its address up when that one has announced it.
    let h2 = site.keepwatch(2, &config(150, "advert_int 1", "10.1.1.30/24"))?;
    site.wait_for_holder(2, vip())?;
    wait_for("a third run, without the address", || lines(Path::new(&holds)), &["0", "1", "0"])
        .map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    stop_it(&mut h1)?;
    wait_for("a fourth run", || lines(Path::new(&holds)), &["0", "1", "0", "0"])?;
    let (environment, events): (Vec<String>, Vec<String>) =
        lines(Path::new(&seen)).into_iter().partition(|line| !line.starts_with('{'));
    let expected = [
        "VI_1 BACKUP INIT 100 eth0 51 transition",
        "VI_1 MASTER BACKUP 100 eth0 51 transition",
        "VI_1 BACKUP MASTER 100 eth0 51 transition",
        "VI_1 STOP BACKUP 100 eth0 51 transition",
    ];
    ensure(environment == expected, || environment.join("\n"))?;
    ensure(events.len() == 4, || events.join("\n"))?;
    for event in &events {
        let event: serde_json::Value = serde_json::from_str(event)?;
        ensure(event["kind"] == "transition" && event["instance"] == "VI_1", || event.to_string())?;
    }
    stop(h2)
}

/// `notify_stop` of a MASTER runs to its end, after the addresses are gone, before the daemon ends; and so does what waits
/// before it.
fn a_stop_waits_for_its_scripts() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let desk = Desk::new(
        &site,
        "h1",
        "sleep 0.3; ip -o address show dev eth0 | grep -c 10.1.1.30/ >> $(dirname $0)/holds",
    )?;
    let mut h1 = site.keepwatch(1, &config(150, &desk.settings("VI_1"), "10.1.1.30/24"))?;
    site.wait_for_holder(1, vip())?;
    stop_it(&mut h1)?;
    // At once: nothing may come later.
    let expected = [
        "VI_1 backup",
        "VI_1 any INSTANCE VI_1 BACKUP 150",
        "VI_1 master",
        "VI_1 any INSTANCE VI_1 MASTER 150",
        "VI_1 stop",
        "VI_1 any INSTANCE VI_1 STOP 150",
    ];
    ensure(desk.called() == expected, || format!("{:#?}\n{}", desk.called(), h1.output().join("\n")))?;
    let holds = lines(&desk.at("holds"));
    ensure(holds.ends_with(&["0".to_owned(), "0".to_owned()]), || format!("{holds:?}"))
}

/// A group whose members leave one after the other, for their successors do not take over at the same time, is MASTER until
/// it is stopped: it never becomes BACKUP.
fn a_group_stops_once() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let desk = Desk::new(&site, "h1", "")?;
    let instances = |priority: u8| {
        let slow = config(priority, "version 3\n advert_int 2", "10.1.1.30/24");
        let fast = config(priority, "version 3\n advert_int 0.2", "10.1.1.31/24");
        slow + &fast.replace("VI_1", "VI_2").replace("virtual_router_id 51", "virtual_router_id 52")
    };
    let group = format!("vrrp_sync_group G {{\n group {{\n VI_1\n VI_2\n }}\n{}}}\n", desk.settings("G"));
    let mut h1 = site.keepwatch(1, &(group + &instances(150)))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &instances(100))?;
    let heard = || h2.output().iter().filter(|line| line.contains("is MASTER with priority 150")).count();
    wait("h2 to hear h1", || heard() == 2)?;
    stop_it(&mut h1)?;
    let expected = [
        "G backup",
        "G any GROUP G BACKUP 0",
        "G master",
        "G any GROUP G MASTER 0",
        "G stop",
        "G any GROUP G STOP 0",
    ];
    ensure(desk.called() == expected, || format!("{:#?}\n{}", desk.called(), h1.output().join("\n")))?;
    stop(h2)
}

/// A reload takes other scripts and FIFOs over, with no restart.
fn a_reload_takes_scripts_over() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let (before, after) = (Desk::new(&site, "before", "")?, Desk::new(&site, "after", "")?);
    let text = |desk: &Desk| {
        let fifo = format!("global_defs {{\n notify_fifo {}\n}}\n", desk.at("fifo").display());
        fifo + &config(150, &desk.settings("VI_1"), "10.1.1.30/24")
    };
    let mut h1 = site.keepwatch(1, &text(&before))?;
    site.wait_for_holder(1, vip())?;
    wait("four runs", || before.called().len() == 4)?;
    site.file(1, "keepwatch", &text(&after))?;
    let output = site.asking(1).arg("reload").output()?;
    ensure(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
    wait("the new FIFO instead of the old one", || after.at("fifo").exists() && !before.at("fifo").exists())?;
    stop_it(&mut h1)?;
    ensure(after.called() == ["VI_1 stop", "VI_1 any INSTANCE VI_1 STOP 150"], || h1.output().join("\n"))?;
    ensure(before.called().len() == 4, || format!("{:?}", before.called()))?;
    ensure(!after.at("fifo").exists(), || "the FIFO is left".to_owned())
}

/// A MASTER that hears another one of lower priority says so, to a script without arguments and to the FIFO, and goes on.
fn a_lower_master(start: Start) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let desk = Desk::new(&site, "h1", "")?;
    desk.program("reader", &format!("cat < $1 > {}", desk.at("lines").display()))?;
    let settings = format!(
        "global_defs {{\n script_user root\n notify_fifo {}\n notify_fifo_script {}\n}}\n",
        desk.at("fifo").display(),
        desk.at("reader").display()
    );
    let script = format!("notify_master_rx_lower_pri \"{} lower\"", desk.at("told").display());
    let h1 = start(&site, 1, &(settings + &config(150, &script, "10.1.1.30/24")))?;
    site.wait_for_holder(1, vip())?;
    site.host(1).drop_vrrp(Direction::Outgoing)?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30/24"))?;
    let told = || lines(&desk.at("lines"));
    wait("the line", || told().iter().any(|line| line == "INSTANCE \"VI_1\" MASTER_RX_LOWER_PRI 150"))
        .map_err(|failed| explain(failed, &format!("{}\n{}", told().join("\n"), h1.output().join("\n"))))?;
    wait("the script", || !desk.called().is_empty())?;
    ensure(desk.called().iter().all(|call| call == "lower"), || format!("{:?}", desk.called()))?;
    ensure(site.host(1).has(vip()), || "h1 has given its address up".to_owned())?;
    drop(h2);
    Ok(())
}

/// What scripts and readers of FIFOs were told.
struct Told {
    called: Vec<String>,
    lines: Vec<String>,
    vrrp_lines: Vec<String>,
}

/// The same story under keepalived and under keepwatch is told in the same words.
fn beside_keepalived() -> Result<(), Failed> {
    let theirs = story(keepalived)?;
    let ours = story(|site: &Site, host: usize, config: &str| site.keepwatch(host, config))?;
    // keepalived starts scripts and waits for none: which of two writes first is chance. Each has its own first words.
    for of in ["VI_1", "VI_2", "G"] {
        for setting in ["master", "backup", "fault", "stop", "any"] {
            let beginning = format!("{of} {setting}");
            let runs = |told: &Told| -> Vec<String> {
                told.called.iter().filter(|call| call.starts_with(&beginning)).cloned().collect()
            };
            let (theirs, ours) = (runs(&theirs), runs(&ours));
            ensure(theirs == ours, || format!("keepalived ran\n{theirs:#?}\nkeepwatch ran\n{ours:#?}"))?;
            ensure(!ours.is_empty(), || format!("{beginning} was not run"))?;
        }
    }
    // Whether a group is told before its members or after them, and which member is first, is the daemon's own.
    for of in ["INSTANCE \"VI_1\"", "INSTANCE \"VI_2\"", "GROUP \"G\""] {
        let of = |lines: &[String]| -> Vec<String> {
            lines.iter().filter(|line| line.starts_with(of)).cloned().collect()
        };
        let (theirs_of, ours_of) = (of(&theirs.lines), of(&ours.lines));
        ensure(theirs_of == ours_of, || format!("keepalived: {theirs_of:#?}\nkeepwatch: {ours_of:#?}"))?;
        ensure(ours_of.len() >= 5, || format!("{ours_of:?}"))?;
    }
    for told in [&theirs, &ours] {
        ensure(told.lines == told.vrrp_lines, || format!("{:#?}\n{:#?}", told.lines, told.vrrp_lines))?;
    }
    Ok(())
}

/// Starts a daemon on a host with a configuration.
pub(crate) type Start = fn(&Site, usize, &str) -> Result<Daemon, Failed>;

/// Two instances in a group: BACKUP, MASTER, FAULT when a link is down, back, and stopped.
fn story(start: Start) -> Result<Told, Failed> {
    let site = Site::with_networks(1, 2)?;
    let desk = Desk::new(&site, "desk", "")?;
    let (fifo, vrrp_fifo) = (desk.at("fifo"), desk.at("vrrp_fifo"));
    // keepalived sends its readers SIGTERM before the last lines.
    desk.program(
        "reader",
        "trap '' TERM\nwhile IFS= read -r line; do printf '%s\\n' \"$line\" >> \"$1\"; done < \"$2\"",
    )?;
    let reader = |name: &str| format!("\"{} {}\"", desk.at("reader").display(), desk.at(name).display());
    let instance = |number: u8| {
        let settings = desk.settings(&format!("VI_{number}"));
        format!(
            "vrrp_instance VI_{number} {{\n state BACKUP\n interface eth{}\n virtual_router_id 5{number}\n priority 15{number}\n \
             advert_int 1\n{settings} virtual_ipaddress {{\n  10.1.{number}.30/24\n }}\n}}\n",
            number - 1
        )
    };
    let text = format!(
        "global_defs {{\n script_user root\n notify_fifo {}\n notify_fifo_script {}\n vrrp_notify_fifo {}\n \
         vrrp_notify_fifo_script {}\n}}\nvrrp_sync_group G {{\n group {{\n  VI_1\n  VI_2\n }}\n{}}}\n{}{}",
        fifo.display(),
        reader("lines"),
        vrrp_fifo.display(),
        reader("vrrp_lines"),
        desk.settings("G"),
        instance(1),
        instance(2)
    );
    let mut daemon = start(&site, 1, &text)?;
    let told = || Told {
        called: desk.called(),
        lines: lines(&desk.at("lines")),
        vrrp_lines: lines(&desk.at("vrrp_lines")),
    };
    // Also for the scripts: keepalived starts the next ones while they run, and which of them writes first is chance.
    let wait_told = |count: usize, state: &str| {
        let told_of = |of: &str, name: &str| {
            let told = told();
            let count_of = |lines: &[String], beginning: String| {
                lines.iter().filter(|line| line.starts_with(&beginning)).count()
            };
            [&told.lines, &told.vrrp_lines]
                .iter()
                .all(|lines| count_of(lines, format!("{of} \"{name}\" {state}")) == count)
                && count_of(&told.called, format!("{name} any {of} {name} {state}")) == count
                && count_of(&told.called, format!("{name} {}", state.to_lowercase())) == count
        };
        wait(&format!("{state}, time {count}"), || {
            told_of("GROUP", "G") && told_of("INSTANCE", "VI_1") && told_of("INSTANCE", "VI_2")
        })
        .map_err(|failed| {
            let told = told();
            explain(failed, &format!("{}\n{}", told.lines.join("\n"), told.called.join("\n")))
        })
    };
    let both_up = || [ip("10.1.1.30"), ip("10.1.2.30")].iter().all(|vip| site.host(1).has_anywhere(*vip));
    wait("both addresses", both_up)?;
    wait_told(1, "MASTER")?;
    for fifo in [&fifo, &vrrp_fifo] {
        ensure(fs::metadata(fifo)?.file_type().is_fifo(), || format!("{} is no FIFO", fifo.display()))?;
    }
    site.host(1).pull_cable()?;
    wait_told(1, "FAULT")?;
    site.host(1).plug_cable()?;
    wait_told(2, "MASTER")?;
    wait("both addresses again", both_up)?;
    daemon.terminate()?;
    let status = daemon.wait(PATIENCE)?;
    ensure(status.is_some_and(|status| status.success()), || daemon.output().join("\n"))?;
    // keepalived's readers and scripts may still be at work.
    wait_told(1, "STOP").map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
    for fifo in [&fifo, &vrrp_fifo] {
        ensure(!fifo.exists(), || format!("{} is left", fifo.display()))?;
    }
    Ok(told())
}
