//! Check scripts that behave as badly as scripts do, beside an instance that must not feel it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use keepwatch_lab::Capture;
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, config, ensure, explain, stop_it, vip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "scripts::bad_ones_delay_no_advert_and_leave_nothing", needs: &[], run: bad_ones },
    Case { name: "scripts::replaced_by_a_reload_while_one_runs", needs: &[], run: replaced_while_it_runs },
    Case { name: "scripts::ends_with_the_check_or_the_daemon", needs: &[], run: ends_with_the_check },
];

/// Between adverts.
const INTERVAL: Duration = Duration::from_millis(250);
/// Adverts that are counted at least.
const COUNTED: usize = 40;

/// A script: its name, what it does, how long it may take (in seconds), and what `status` says of it in the end.
/// `$here` is the folder of scripts; the programs in it are the system's, by names that can be told from others'.
struct Bad {
    name: &'static str,
    text: &'static str,
    timeout: u32,
    said: &'static str,
}

const BAD: &[Bad] = &[
    Bad { name: "hangs", text: "exec $here/sleep 3600", timeout: 1, said: "check hangs fails for " },
    Bad {
        name: "stubborn",
        text: "trap '' TERM\n$here/sleep 3600 &\nwhile :; do $here/sleep 3600; done",
        timeout: 1,
        said: "check stubborn fails for ",
    },
    // Who waited for the end of its output would wait longer than it may take. What such a script leaves behind when it
    // has ended may be a daemon, so that nobody ends it.
    Bad {
        name: "forks",
        text: "$here/sleep 8 &\n$here/sleep 8 &\necho started",
        timeout: 4,
        said: "check forks: passes for ",
    },
    Bad {
        name: "floods",
        text: "$here/yes 'much ado about nothing' | head -c 3000000\n$here/yes | head -c 3000000 >&2",
        timeout: 30,
        said: "check floods: passes for ",
    },
    Bad { name: "dies", text: "kill -SEGV $$", timeout: 5, said: "check dies fails for " },
    Bad {
        name: "replaced",
        text: "touch $here/began\nuntil test -e $here/go; do $here/sleep 0.05; done\necho the old one\nexit 1",
        timeout: 60,
        said: "check replaced: passes for ",
    },
];

/// Two that cannot run. What they would be like is not known, so the priority stays.
const NO_USER: &str = "check no_user cannot tell for ";
const NO_PROGRAM: &str = "check no_program cannot tell for ";

/// Three of them take 1 off each.
const PRIORITY: &str = ", priority 147 (configured: 150)\n";

fn bad_ones() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let scripts = Scripts::new(site.folder())?;
    let h2 = site.keepwatch(2, &config(100, "version 3\n advert_int 0.25", "10.1.1.30"))?;
    site.wait_for_holder(2, vip())?;
    let mut h1 = site.keepwatch(1, &scripts.configuration())?;
    let status = || -> String {
        let output = site.asking(1).arg("status").output();
        output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default()
    };
    let told = |failed| explain(failed, &format!("{}\nh1:\n{}", status(), h1.output().join("\n")));
    site.wait_for_holder(1, vip()).map_err(told)?;

    let capture = site.capture()?;
    wait("the script to run that will be replaced", || scripts.at("began").exists()).map_err(told)?;
    scripts.replace("replaced", "exit 0")?;
    fs::write(scripts.at("go"), "")?;
    let says = |text: &str| status().contains(text);
    for bad in BAD {
        wait(&format!("\"{}\" in the status", bad.said), || says(bad.said)).map_err(told)?;
    }
    for text in [NO_USER, NO_PROGRAM, PRIORITY] {
        wait(&format!("\"{text}\" in the status"), || says(text)).map_err(told)?;
    }
    // It is not run while it is being stopped.
    let is_skipped =
        |line: &str| line.starts_with("check stubborn: fails for ") && line.ends_with(" skipped");
    wait("the one that does not end to be skipped", || status().lines().any(is_skipped)).map_err(told)?;
    let text = status();
    for part in [
        "there is no user kw-nobody-here (create it: useradd --system kw-nobody-here; or name another one)",
        "/nowhere/check does not exist: there is no /nowhere (install it, or correct the path)",
    ] {
        ensure(text.contains(part), || format!("no \"{part}\" in:\n{text}"))?;
    }
    for (line, what) in [
        ("did not end within 1 s and was stopped", "a script that hangs"),
        ("died by signal 11 (SIGSEGV)", "a script that dies"),
        ("exited with status 1: the old one", "the script that was replaced"),
        ("before it too many", "the flood"),
    ] {
        wait(&format!("a word about {what}"), || h1.said(line)).map_err(told)?;
    }
    in_time(&site, &capture).map_err(told)?;
    let others = h2.output().iter().filter(|line| line.contains("Entering MASTER STATE")).count();
    ensure(others == 1, || format!("h2 took over beside h1:\n{}", h2.output().join("\n")))?;

    // At least one of them is in the middle of its run, one does not want to end.
    wait("scripts that run", || !scripts.running().is_empty())?;
    stop_it(&mut h1)?;
    wait("nothing of the scripts to be left", || scripts.running().is_empty())
        .map_err(|failed| explain(failed, &format!("{:?}", scripts.running())))
}

/// From here on, h1's adverts come as often as they should. One of ten may be missing: the machine stalls, too, though
/// seldom for as long as an interval.
fn in_time(site: &Site, capture: &Capture) -> Result<(), Failed> {
    let source = site.host(1).address;
    let times = || -> Vec<SystemTime> {
        let adverts = capture.adverts();
        adverts.iter().filter(|advert| advert.source == source).map(|advert| advert.at).collect()
    };
    wait(&format!("{COUNTED} adverts"), || times().len() >= COUNTED)?;
    let times = times();
    let (Some(first), Some(last)) = (times.first(), times.last()) else { return Err("no adverts".into()) };
    let due = last.duration_since(*first)?.as_millis() / INTERVAL.as_millis();
    let sent = times.len() - 1;
    ensure(u128::try_from(sent)? * 10 >= due * 9, || format!("{sent} adverts of {due} that were due"))
}

/// A folder with scripts.
struct Scripts(PathBuf);

impl Scripts {
    fn new(site: &Path) -> Result<Self, Failed> {
        let scripts = Self(site.join("scripts"));
        fs::create_dir(&scripts.0)?;
        for (name, program) in [("sleep", "/bin/sleep"), ("yes", "/usr/bin/yes")] {
            symlink(program, scripts.at(name))?;
        }
        for bad in BAD {
            scripts.replace(bad.name, bad.text)?;
        }
        Ok(scripts)
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a script into place as a whole, as `mv` does.
    fn replace(&self, name: &str, text: &str) -> Result<(), Failed> {
        let (new, here) = (self.at("new"), self.0.display());
        fs::write(&new, format!("#!/bin/sh\nhere={here}\n{text}\n"))?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755))?;
        Ok(fs::rename(new, self.at(name))?)
    }

    /// An instance that tracks all of them, and two that cannot run.
    fn configuration(&self) -> String {
        let (mut text, mut tracked) = ("global_defs {\n script_user root\n}\n".to_owned(), String::new());
        let mut add = |name: &str, program: &Path, timeout: u32, more: &str| {
            let program = program.display();
            let _ = writeln!(
                text,
                "vrrp_script {name} {{\n script \"{program}\"\n interval 1\n timeout {timeout}\n weight -1\n {more}\n}}"
            );
            let _ = writeln!(tracked, "  {name}");
        };
        for bad in BAD {
            add(bad.name, &self.at(bad.name), bad.timeout, "");
        }
        add("no_user", &self.at("dies"), 1, "user kw-nobody-here");
        add("no_program", Path::new("/nowhere/check"), 1, "");
        let more = format!("version 3\n advert_int 0.25\n track_script {{\n{tracked} }}");
        text + &config(150, &more, "10.1.1.30")
    }

    /// The command lines of all that lives and was started from here.
    fn running(&self) -> Vec<String> {
        let here = format!("{}/", self.0.display());
        let Ok(processes) = fs::read_dir("/proc") else { return Vec::new() };
        let lines = processes.flatten().filter_map(|process| fs::read(process.path().join("cmdline")).ok());
        let lines = lines.map(|line| String::from_utf8_lossy(&line).replace('\0', " "));
        lines.filter(|line| line.contains(&here)).collect()
    }
}

/// A script that ends when it wants to, and says whether another run of it was under way when it began. `$here` is the
/// folder of scripts.
const STUBBORN: &str = "trap '' TERM
for other in $here/runs/*; do
    test -e $other && kill -0 ${other##*/} 2>/dev/null && echo $other >> $here/twice
done
touch $here/runs/$$
until test -e $here/go; do $here/sleep 0.05; done
rm $here/runs/$$
echo $1 >> $here/ended";

/// A check gets other settings while its script runs, and more than once: the new ones wait for the old run's end.
fn replaced_while_it_runs() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let scripts = Scripts::new(site.folder())?;
    fs::create_dir(scripts.at("runs"))?;
    scripts.replace("slow", STUBBORN)?;
    fs::write(site.folder().join("k.conf"), config(150, "", "10.1.1.30"))?;
    let native = |version: u32| {
        let program = scripts.at("slow").display().to_string();
        format!(
            "keepalived = \"k.conf\"\n[check.slow]\nscript = [\"{program}\", \"{version}\"]\ninterval = \"100ms\"\n\
             timeout = \"30s\"\n"
        )
    };
    let path = site.folder().join("keepwatch.toml");
    fs::write(&path, native(1))?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    let running = || fs::read_dir(scripts.at("runs")).map(Iterator::count).unwrap_or_default();
    wait("the script to run", || running() == 1)?;
    for version in 2..5 {
        fs::write(&path, native(version))?;
        let output = site.asking(1).arg("reload").output()?;
        ensure(output.status.success(), || String::from_utf8_lossy(&output.stderr).into_owned())?;
        // Several times what there is between two runs.
        std::thread::sleep(INTERVAL * 2);
        ensure(!scripts.at("twice").exists(), || format!("two at once after reload {version}"))?;
    }
    fs::write(scripts.at("go"), "")?;
    let ended = || fs::read_to_string(scripts.at("ended")).unwrap_or_default();
    wait("the last settings to be in force", || {
        ended().lines().filter(|version| *version == "4").count() > 2
    })
    .map_err(|failed| explain(failed, &format!("{}\n{}", ended(), h1.output().join("\n"))))?;
    ensure(!scripts.at("twice").exists(), || format!("two at once:\n{}", ended()))?;
    stop_it(&mut h1)
}

/// A script that would run for an hour. Nobody waits for it: not a reload that takes its check away, for which the instance
/// has waited, and not the end of the daemon. It is asked to end, and not just killed.
fn ends_with_the_check() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let scripts = Scripts::new(site.folder())?;
    scripts
        .replace("long", "trap 'touch $here/asked; exit' TERM\ntouch $here/began\n$here/sleep 3600 & wait")?;
    fs::write(site.folder().join("k.conf"), config(150, "", "10.1.1.30"))?;
    let text = |more: &str| format!("keepalived = \"k.conf\"\n{more}");
    let program = scripts.at("long").display().to_string();
    let checked = text(&format!(
        "[check.long]\nscript = [\"{program}\"]\ninterval = \"1h\"\ntimeout = \"1h\"\n[instance.VI_1]\n\
         track = [{{ check = \"long\", weight = -5 }}]\n"
    ));
    let path = site.folder().join("keepwatch.toml");
    fs::write(&path, &checked)?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    let reload = |text: &str| -> Result<String, Failed> {
        fs::write(&path, text)?;
        let output = site.asking(1).arg("reload").output()?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        ensure(output.status.success(), || said.clone())?;
        Ok(said)
    };
    wait("the script to run", || scripts.at("began").exists())?;
    let said = reload(&text(""))?;
    ensure(said.contains("check long: removed") && !said.contains("stays FAULT"), || said)?;
    wait("the script to be asked to end", || scripts.at("asked").exists())?;
    site.wait_for_holder(1, vip())?;

    for mark in ["began", "asked"] {
        fs::remove_file(scripts.at(mark))?;
    }
    reload(&checked)?;
    wait("the script to run again", || scripts.at("began").exists())?;
    stop_it(&mut h1)?;
    ensure(scripts.at("asked").exists(), || "the script was killed without a word".to_owned())
}
