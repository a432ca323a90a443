//! Plugins in a daemon that serves.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::{Duration, Instant};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::site::{Site, ensure, seed, stop_it, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[
    Case { name: "plugins::a_hook_hears_all_of_it", needs: &[], run: a_hook_hears_all_of_it },
    Case { name: "plugins::reload_says_what_came_of_it", needs: &[], run: reload_says_what_came_of_it },
    Case {
        name: "plugins::hostile_ones_delay_no_advert",
        needs: &[Need::Solitude],
        run: hostile_ones_delay_no_advert,
    },
];

/// How long is watched at a time.
const WATCHED: Duration = Duration::from_secs(4);

fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn ensure_code(output: &Output, code: i32) -> Result<(), Failed> {
    ensure(output.status.code() == Some(code), || {
        format!("{}\n{}{}", output.status, printed(output), errors(output))
    })
}

/// A script dropped into the folder of hooks, with a bare keepalived.conf.
fn a_hook_hears_all_of_it() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let hooks = site.folder().join("hooks.d");
    std::fs::create_dir(&hooks)?;
    let script = |version: u32| {
        format!(
            "fn on_backup(event) {{ info(`{version}: BACKUP, initial ${{event.initial}}`); }}\n\
             fn on_master(event) {{ info(`{version}: ${{event.instance}} is MASTER: ${{event.reason}}`); }}\n\
             fn on_stop(event) {{ info(`{version}: STOPPED`); }}\n"
        )
    };
    let path = hooks.join("tell.rhai");
    std::fs::write(&path, script(1))?;
    let config = site.file(1, "bare", &seed("h1.conf")?)?;
    let folder = hooks.display().to_string();
    let mut h1 = site.keepwatch_at(1, &config, &["--hooks", &folder])?;
    wait_for_line(&h1, "[tell] 1: BACKUP, initial true")?;
    wait_for_line(&h1, "[tell] 1: VI_1 is MASTER: no advert heard for 3.6")?;

    // Saved by halves, then whole.
    std::fs::write(&path, "fn on_master(event) {")?;
    wait_for_line(&h1, "plugin tell not reloaded, the version before runs on: error")?;
    std::fs::write(&path, script(2))?;
    wait_for_line(&h1, "plugin tell reloaded: ")?;
    std::fs::write(hooks.join("more.rhai"), "fn on_event(event) {}\n")?;
    wait_for_line(&h1, "plugin more loaded: handler, ")?;

    let list = printed(&site.asking(1).args(["plugin", "list"]).output()?);
    ensure(list.contains("tell") && list.contains("more"), || list)?;
    stop_it(&mut h1)?;
    let lines = h1.output();
    let told = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    ensure(told("[tell] 2: STOPPED") == 1 && told("[tell] 1: STOPPED") == 0, || lines.join("\n"))
}

fn reload_says_what_came_of_it() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let folder = site.folder().to_owned();
    let (conf, native) = (folder.join("k.conf"), folder.join("keepwatch.toml"));
    std::fs::write(&conf, seed("h1.conf")?)?;
    std::fs::write(&native, "keepalived = \"k.conf\"\n")?;
    let mut h1 = site.keepwatch_at(1, &native, &[])?;
    site.wait_for_holder(1, vip())?;
    let reload = || site.asking(1).arg("reload").output();

    // A plugin that asks for more than it is granted.
    std::fs::write(folder.join("act.rhai"), "fn on_master(event) { run(\"mark\"); }\n")?;
    let table = "keepalived = \"k.conf\"\n[plugin.act]\nfile = \"act.rhai\"\n";
    std::fs::write(&native, table)?;
    let output = reload()?;
    ensure_code(&output, 1)?;
    let said = printed(&output) + &errors(&output);
    ensure(said.contains("may not run the action \"mark\""), || said.clone())?;
    ensure(said.contains("under [plugin.act]:  grants = [\"run:mark\"]"), || said.clone())?;

    // The same with the line that the message says.
    let mark = folder.join("mark");
    let action = format!("[action.mark]\nexec = [\"/usr/bin/touch\", \"{}\"]\n", mark.display());
    std::fs::write(&native, format!("{table}grants = [\"run:mark\"]\n{action}"))?;
    let output = reload()?;
    ensure_code(&output, 0)?;
    ensure(printed(&output).contains("plugin act loaded"), || printed(&output))?;

    // What this version cannot take over is named, and the rest is done; a mistake changes nothing.
    std::fs::write(&conf, seed("h1.conf")?.replace("priority 101", "priority 102"))?;
    let output = reload()?;
    ensure_code(&output, 1)?;
    ensure((printed(&output) + &errors(&output)).contains("when keepwatch is restarted"), || {
        printed(&output) + &errors(&output)
    })?;
    std::fs::write(&native, "keepalived = \"k.conf\"\n[plugin.act]\ngrant = []\n")?;
    let output = reload()?;
    ensure_code(&output, 3)?;
    ensure((printed(&output) + &errors(&output)).contains("did you mean `grants`?"), || errors(&output))?;
    ensure(site.host(1).has(vip()), || "the address was removed".to_owned())?;
    let list = printed(&site.asking(1).args(["plugin", "list"]).output()?);
    ensure(list.contains("act"), || list)?;
    stop_it(&mut h1)
}

/// Plugins that loop, trap, hang, grow, log and hoard, in both languages, beside adverts every 10 ms. The machine may
/// stall by itself: windows with them are held against windows without, in turn.
fn hostile_ones_delay_no_advert() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let folder = site.folder().to_owned();
    std::fs::create_dir(folder.join("hooks.d"))?;
    let good = "fn on_stop(event) { info(`good heard ${event.instance} stop`); }\n";
    std::fs::write(folder.join("hooks.d/good.rhai"), good)?;
    std::fs::write(folder.join("pair.conf"), quick(150))?;
    let native = folder.join("keepwatch.toml");
    let (peaceful, hostile) = ("keepalived = \"pair.conf\"\n".to_owned(), hostile(&folder)?);
    std::fs::write(&native, &peaceful)?;

    let mut h2 = site.keepwatch(2, &quick(100))?;
    wait_for_line(&h2, "Entering MASTER STATE")?;
    let mut h1 = site.keepwatch_at(1, &native, &[])?;
    site.wait_for_holder(1, vip())?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        for (text, windows) in [(&peaceful, &mut without), (&hostile, &mut with)] {
            std::fs::write(&native, text)?;
            ensure_code(&site.asking(1).arg("reload").output()?, 0)?;
            windows.push(Window::watch(&site, &h2)?);
        }
        at_work(&site)?;
    }
    let (with, without) = (Window::middle(with), Window::middle(without));
    let shown = || format!("with hostile plugins {with:?}, without {without:?}");
    // Of those due in a window a tenth less at most; the rest is the machine's own.
    ensure(with.adverts * 10 >= without.adverts * 9, shown)?;
    ensure(with.take_overs <= without.take_overs + 1, shown)?;
    stop_it(&mut h1)?;
    ensure(h1.said("good heard VI_1 stop"), || h1.output().join("\n"))?;
    stop_it(&mut h2)
}

/// How many windows of each kind.
const WINDOWS: usize = 3;

/// What was seen in a window of [`WATCHED`].
#[derive(Clone, Copy, Debug)]
struct Window {
    adverts: usize,
    take_overs: usize,
}

impl Window {
    fn watch(site: &Site, backup: &Daemon) -> Result<Self, Failed> {
        let elections =
            || backup.output().iter().filter(|line| line.contains("Entering MASTER STATE")).count();
        let before = elections();
        let capture = site.capture()?;
        let began = Instant::now();
        wait("a window to pass", || began.elapsed() > WATCHED)?;
        Ok(Self { adverts: capture.adverts().len(), take_overs: elections() - before })
    }

    /// The medians.
    fn middle(windows: Vec<Self>) -> Self {
        let median = |of: fn(&Self) -> usize| {
            let mut numbers: Vec<usize> = windows.iter().map(of).collect();
            numbers.sort_unstable();
            numbers[numbers.len() / 2]
        };
        Self { adverts: median(|window| window.adverts), take_overs: median(|window| window.take_overs) }
    }
}

/// The hostile ones have done what they are there for, and all of it is counted and shown.
fn at_work(site: &Site) -> Result<(), Failed> {
    let list = site.asking(1).args(["plugin", "list", "--json"]).output()?;
    ensure_code(&list, 0)?;
    let reports: Value = serde_json::from_slice(&list.stdout)?;
    for (name, count) in TROUBLED {
        let report = reports.as_array().and_then(|all| all.iter().find(|report| report["name"] == *name));
        let report = report.ok_or_else(|| format!("no {name} in {reports:#}"))?;
        ensure(report[count].as_u64() > Some(0), || format!("{name} has no {count}: {report:#}"))?;
    }
    let status = printed(&site.asking(1).arg("status").output()?);
    ensure(status.contains("loops"), || status.clone())
}

/// The hostile ones, and what must have been counted of them.
const TROUBLED: &[(&str, &str)] = &[
    ("loops", "failures"),
    ("traps", "failures"),
    ("grows", "failures"),
    ("dozes", "failures"),
    ("logs", "failures"),
    ("rhai-loops", "failures"),
    ("rhai-sleeps", "failures"),
    ("rhai-grows", "failures"),
    ("rhai-recurses", "errors"),
    ("rhai-logs", "failures"),
    ("rhai-throws", "errors"),
];

/// A native configuration with all of them. Some are stopped soon, and left alone after a few times; others may work
/// as long as they are watched.
fn hostile(folder: &Path) -> Result<String, Failed> {
    let guests = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wasm/tests/guests");
    let component = guests.join("hostile-checker.wasm").canonicalize()?.display().to_string();
    let mut text = "keepalived = \"pair.conf\"\n[action.none]\nexec = [\"/bin/true\"]\n".to_owned();
    // They import everything.
    let grants = "grants = [\"http://127.0.0.1:1\", \"tcp:127.0.0.1:1\", \"run:none\", \"track:none\"]\n";
    let soon = "interval = \"50ms\"\ntimeout = \"100ms\"\ncpu = \"50ms\"\nmemory = \"8 MiB\"\n";
    let long = "interval = \"50ms\"\ntimeout = \"10s\"\ncpu = \"10s\"\nmemory = \"8 MiB\"\n";
    let deeds = [
        ("loops", "loop", soon),
        ("loops-long", "loop", long),
        ("traps", "trap", soon),
        ("grows", "grow", soon),
        ("dozes", "doze", soon),
        ("logs", "log", soon),
        ("hoards", "fill-kv", long),
        ("emits", "emit", long),
    ];
    for (name, deed, limits) in deeds {
        let config = format!("config = {{ do = \"{deed}\", bytes = 500 }}\n");
        writeln!(text, "[check.{name}]\nplugin = \"{component}\"\n{grants}{config}{limits}")?;
    }
    let scripts = [
        ("rhai-loops", "loop { }", soon),
        ("rhai-loops-long", "loop { }", long),
        ("rhai-sleeps", "sleep(3600);", soon),
        ("rhai-grows", "let text = \"x\"; loop { text += text; }", soon),
        ("rhai-recurses", "deeper(0)", soon),
        ("rhai-logs", "loop { info(\"x\"); }", soon),
        ("rhai-throws", "throw \"no\";", long),
    ];
    for (name, body, limits) in scripts {
        let script = format!("fn deeper(n) {{ deeper(n + 1) }}\nfn check() {{ {body} }}\n");
        std::fs::write(folder.join(format!("{name}.rhai")), script)?;
        writeln!(text, "[check.{name}]\nplugin = \"{name}.rhai\"\n{limits}")?;
    }
    Ok(text)
}

/// An instance with adverts every 10 ms.
fn quick(priority: u8) -> String {
    format!(
        "vrrp_instance VI_1 {{\n version 3\n interface eth0\n virtual_router_id 51\n priority {priority}\n advert_int \
         0.01\n virtual_ipaddress {{\n  10.1.1.30\n }}\n}}\n"
    )
}
