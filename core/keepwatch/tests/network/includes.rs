//! A keepalived.conf of many files: `include` with wildcards and braces, and its strict variants, beside keepalived.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::beside::{Program, address, beside, vrid};
use crate::peers::KEEPALIVED;
use crate::reload::Reloaded;
use crate::site::{Site, config, ensure, explain, ip, keepwatch, stop, wait};
use crate::trackers::priorities;

pub(crate) const CASES: &[Case] = &[
    Case { name: "includes::how_strict", needs: &[KEEPALIVED], run: how_strict },
    Case { name: "includes::in_many_folders", needs: &[KEEPALIVED], run: in_many_folders },
    Case { name: "includes::refused_by_a_reload", needs: &[], run: refused_by_a_reload },
];

/// What both make of a configuration that includes what is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Runs,
    Refused,
}

use Fate::{Refused, Runs};

/// How keepalived 2.2.7 ends when an `include` is refused, and keepwatch with any error.
const THEIR_REFUSAL: i32 = 6;
const OUR_REFUSAL: i32 = 3;

/// Files that are there.
const STRICT_FILES: &[(&str, &str)] = &[
    ("d/a.conf", "# nothing"),
    ("lax/gone.conf", "include gone/too.conf"),
    ("lax/checks.conf", "include_check"),
    ("strict/gone.conf", "includem gone/too.conf"),
];

/// What stands in `global_defs`, what is included, and what becomes of it.
const STRICT: &[(&str, &str, Fate)] = &[
    ("", "include gone.conf", Runs),
    ("", "includer gone.conf", Runs),
    ("", "includem gone.conf", Refused),
    ("", "includew gone.conf", Refused),
    ("", "includeb gone.conf", Runs),
    ("", "includea gone.conf", Refused),
    ("", "include z*.conf", Runs),
    ("", "includer z*.conf", Runs),
    ("", "includem z*.conf", Runs),
    ("", "includew z*.conf", Refused),
    ("", "includeb z*.conf", Runs),
    ("", "includea z*.conf", Refused),
    ("", "include d/{a,b}.conf", Runs),
    ("", "includer d/{a,b}.conf", Runs),
    ("", "includem d/{a,b}.conf", Runs),
    ("", "includew d/{a,b}.conf", Runs),
    ("", "includeb d/{a,b}.conf", Refused),
    ("", "includea d/{a,b}.conf", Refused),
    ("", "include d", Runs),
    ("", "includer d", Refused),
    ("", "includem d", Refused),
    ("", "includeb d", Refused),
    ("", "includea d/a.conf", Runs),
    // How strict the file is that includes does not matter to the one that is included, and the other way round.
    ("", "includea lax/gone.conf", Runs),
    ("", "include strict/gone.conf", Refused),
    ("include lax/checks.conf", "include gone.conf", Runs),
    ("include_check", "include lax/gone.conf", Refused),
    ("include_check", "include d/a.conf", Runs),
    ("include_check", "include z*.conf", Refused),
    ("include_check", "include d/{a,b}.conf", Refused),
    ("include_check +match", "include gone.conf", Refused),
    ("include_check +match", "include z*.conf", Runs),
    ("include_check match", "include gone.conf", Refused),
    ("include_check match", "include d/{a,b}.conf", Runs),
    ("include_check +wildcard_match", "include z*.conf", Refused),
    ("include_check +brace_match", "include d/{a,b}.conf", Refused),
    ("include_check -brace_match", "include d/{a,b}.conf", Runs),
    ("include_check\n include_check -match", "include gone.conf", Runs),
    ("include_check\n include_check -match", "include z*.conf", Refused),
];

/// Writes a file of a folder, and the folders on the way to it.
fn write(folder: &Path, name: &str, text: &str) -> Result<(), Failed> {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().ok_or("no folder")?)?;
    Ok(fs::write(path, text.replace("DIR", &folder.display().to_string()))?)
}

fn how_strict() -> Result<(), Failed> {
    let site = Site::new(1)?;
    for (name, text) in STRICT_FILES {
        write(site.folder(), name, text)?;
    }
    for (globals, line, fate) in STRICT {
        let text = format!("global_defs {{\n {globals}\n}}\n{line}\n{}", config(100, "", "10.1.1.30"));
        let path = site.file(1, "strict", &text)?;
        let ended = |mut command: Command| -> Result<(i32, String), Failed> {
            let output = site.host(1).namespace.run(|| command.output())?;
            let said = [output.stdout, output.stderr].concat();
            Ok((output.status.code().ok_or("killed")?, String::from_utf8_lossy(&said).into_owned()))
        };
        let mut theirs = Command::new("/usr/sbin/keepalived");
        theirs.args(["--config-test", "--use-file"]).arg(&path);
        let mut ours = keepwatch();
        ours.arg("check").arg(&path);
        for (refusal, (code, said)) in [(THEIR_REFUSAL, ended(theirs)?), (OUR_REFUSAL, ended(ours)?)] {
            let seen = if code == refusal { Refused } else { Runs };
            ensure(seen == *fate, || format!("{globals:?}, {line:?}: ended with {code}:\n{said}"))?;
        }
    }
    Ok(())
}

/// Files of a configuration in many folders.
const MANY: &[(&str, &str)] = &[
    (
        "etc/keepalived.conf",
        "include globals/*.conf\nincluder scripts/all.conf\nincludem instances/{100,101}.conf\n\
         includew more/[0-9]*.conf\ninclude DIR/elsewhere/last.conf\ninclude optional.conf\n",
    ),
    ("etc/globals/version.conf", "global_defs {\n vrrp_version 3\n}\n"),
    // Not the first of a folder: what follows is looked for where this file is, again.
    ("etc/scripts/all.conf", "include deeper/script.conf\nincludea ../common/file.conf\n"),
    (
        "etc/scripts/deeper/script.conf",
        "vrrp_script s {\n script \"/usr/bin/test -e DIR/s\"\n include timing.inc\n}\n",
    ),
    ("etc/scripts/deeper/timing.inc", "interval 1\nfall 1\nrise 1\n"),
    ("etc/common/file.conf", "track_file f {\n file DIR/f\n}\n"),
    ("etc/common/instance.inc", "state BACKUP\ninterface eth0\nadvert_int 0.2\n"),
    (
        "etc/instances/100.conf",
        "vrrp_instance VI_100 {\n include ../common/instance.inc\n virtual_router_id 100\n priority 200\n \
         track_script {\n s weight 10\n }\n virtual_ipaddress {\n include ../addresses/100*.inc\n }\n}\n",
    ),
    ("etc/addresses/100a.inc", "10.1.1.100/24\n"),
    ("etc/instances/101.conf", "INSTANCE 101 track_file {\n f\n }"),
    ("etc/more/1.conf", "INSTANCE 102"),
    ("etc/more/2.conf", "INSTANCE 103"),
    ("etc/more/x.conf", "this is not read"),
    ("elsewhere/last.conf", "include own.inc\n"),
    ("elsewhere/own.inc", "INSTANCE 104"),
    ("etc/optional.conf", "INSTANCE 105"),
    ("s", ""),
    ("f", "3"),
];

/// `INSTANCE VRID LINES` stands for an instance.
fn filled(text: &str, folder: &str) -> String {
    let Some((vrid, lines)) =
        text.strip_prefix("INSTANCE ").map(|rest| rest.split_once(' ').unwrap_or((rest, "")))
    else {
        return text.to_owned();
    };
    format!(
        "vrrp_instance VI_{vrid} {{\n include {folder}/etc/common/instance.inc\n virtual_router_id {vrid}\n priority 200\n \
         {lines}\n virtual_ipaddress {{\n 10.1.1.{vrid}/24\n }}\n}}\n"
    )
}

/// Something that happens to the files.
#[derive(Clone, Copy, Debug)]
enum Deed {
    Write(&'static str, &'static str),
    Remove(&'static str),
}

use Deed::{Remove, Write};

/// Instances that may be there: VRIDs 100 to 107.
const COUNT: usize = 8;

const fn p(priority: u8) -> Option<u8> {
    Some(priority)
}

/// What happens before each reload, and what the instances advertise then.
const STEPS: &[(&[Deed], [Option<u8>; COUNT])] = &[
    (&[], [p(210), p(203), p(200), p(200), p(200), p(200), None, None]),
    // What is included says something else, at whatever depth.
    (
        &[Write("elsewhere/own.inc", "INSTANCE 104 priority 190")],
        [p(210), p(203), p(200), p(200), p(190), p(200), None, None],
    ),
    (
        &[
            Write(
                "etc/common/file.conf",
                "vrrp_track_file f {\n file DIR/f\n weight 2\n}\ninclude *.none\ninclude none\n",
            ),
            Remove("etc/scripts/deeper/timing.inc"),
        ],
        [p(210), p(206), p(200), p(200), p(190), p(200), None, None],
    ),
    // Others match.
    (
        &[Write("etc/more/3.conf", "INSTANCE 106"), Remove("etc/more/2.conf")],
        [p(210), p(206), p(200), None, p(190), p(200), p(200), None],
    ),
    (
        &[Write("etc/addresses/100b.inc", "10.1.1.110/24\n"), Write("etc/more/2.conf", "INSTANCE 103")],
        [p(210), p(206), p(200), p(200), p(190), p(200), p(200), None],
    ),
    // One that is not there is not needed, and may come again; as something else, too.
    (&[Remove("etc/optional.conf")], [p(210), p(206), p(200), p(200), p(190), None, p(200), None]),
    (
        &[Write("etc/optional.conf", "INSTANCE 107")],
        [p(210), p(206), p(200), p(200), p(190), None, p(200), p(200)],
    ),
];

/// How long a reload may take to show.
const SETTLED: Duration = Duration::from_secs(20);

fn in_many_folders() -> Result<(), Failed> {
    beside(many).map(drop)
}

fn many(program: Program) -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let folder = site.folder();
    let text = |text: &str| filled(text, &folder.display().to_string());
    for (name, content) in MANY {
        write(folder, name, &text(content))?;
    }
    let above = folder.join("etc/keepalived.conf");
    let daemon = program.start(&site, 1, &format!("include {}\n", above.display()))?;
    for (number, (deeds, shows)) in STEPS.iter().enumerate() {
        for deed in *deeds {
            match deed {
                Write(name, content) => write(folder, name, &text(content))?,
                Remove(name) => fs::remove_file(folder.join(name))?,
            }
        }
        if number > 0 {
            daemon.signal(Signal::SIGHUP)?;
        }
        let until = Instant::now() + SETTLED;
        while priorities(&capture, COUNT) != *shows {
            let seen = priorities(&capture, COUNT);
            ensure(Instant::now() < until, || {
                let log = daemon.output().join("\n");
                format!("{program:?} after {deeds:?}:\n{seen:?}, not\n{shows:?}\n{log}")
            })?;
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    let held = |row: usize| site.host(1).has(address(row).into());
    let all = || -> Vec<u8> { (0..COUNT).filter(|row| held(*row)).map(vrid).collect() };
    wait("the addresses of all that are there", || all() == [100, 101, 102, 103, 104, 106, 107])
        .map_err(|failed| explain(failed, &format!("{program:?} holds {:?}", all())))?;
    ensure(site.host(1).has(ip("10.1.1.110")), || format!("{program:?} lacks 10.1.1.110"))?;
    ensure(!daemon.said("VI_100) Entering FAULT"), || daemon.output().join("\n"))?;
    stop(daemon)
}

/// A reload that lacks what must be there leaves all as it was, and says where it was looked for.
fn refused_by_a_reload() -> Result<(), Failed> {
    const TEXT: &str = "includem parts/a.conf\nincludew parts/*.inc\nincludeb parts/{b,c}.conf\n";
    let site = Site::new(1)?;
    let folder = site.folder();
    let instance = |vrid: &str| filled(&format!("INSTANCE {vrid}"), &folder.display().to_string());
    write(folder, "etc/common/instance.inc", "state BACKUP\ninterface eth0\nadvert_int 0.2\nversion 3\n")?;
    let parts =
        [("parts/a.conf", "100"), ("parts/b.conf", "101"), ("parts/c.conf", "102"), ("parts/d.inc", "103")];
    for (name, vrid) in parts {
        write(folder, name, &instance(vrid))?;
    }
    let capture = site.capture()?;
    let h1 = Reloaded::start(&site, 1, TEXT)?;
    let serves = |h1: &Daemon| {
        wait("all four", || priorities(&capture, 4) == [Some(200); 4])
            .map_err(|failed| explain(failed, &h1.output().join("\n")))
    };
    serves(&h1.daemon)?;
    let file = h1.path.file_name().ok_or("no name")?.to_string_lossy();
    for (name, place, message) in [
        ("parts/a.conf", "1:1", "there is no file `parts/a.conf`"),
        ("parts/d.inc", "2:1", "no file matches `parts/*.inc`"),
        ("parts/b.conf", "3:1", "there is no file `parts/b.conf`"),
    ] {
        let path = folder.join(name);
        let text = fs::read_to_string(&path)?;
        fs::remove_file(&path)?;
        let (code, said) = h1.reload(&[])?;
        let named = format!("{file}:{place}");
        ensure(code == Some(3) && said.contains(message) && said.contains(&named), || {
            format!("{name}: {code:?}\n{said}")
        })?;
        serves(&h1.daemon)?;
        write(folder, name, &text)?;
        h1.follow(TEXT, &["Nothing has changed."])?;
    }
    let entries = h1.daemon.output().iter().filter(|line| line.contains("Entering")).count();
    ensure(entries == 8, || h1.daemon.output().join("\n"))?;
    stop(h1.daemon)
}
