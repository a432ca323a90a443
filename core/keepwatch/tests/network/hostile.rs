//! Plugins that loop, trap, hang, grow, log, emit, hoard and leak, in both languages, as checks and as handlers of events, beside
//! adverts every 10 ms: no advert is late for it, nobody takes over, and those that behave go on.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;
use serde_json::Value;

use crate::site::{Site, ensure, explain, stop_it, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[Case {
    name: "hostile::plugins_delay_no_advert",
    needs: &[Need::Solitude],
    run: plugins_delay_no_advert,
}];

/// How long is watched at a time.
const WATCHED: Duration = Duration::from_secs(4);
/// How many windows of each kind.
const WINDOWS: usize = 5;
/// How long h2, with priority 100, waits for one: three intervals and its skew, as RFC 9568 6.1 has it.
const MASTER_DOWN: Duration = Duration::from_micros(36_090);
/// What the machine may add by itself to all but one of a hundred gaps.
const NOISE: Duration = Duration::from_millis(10);
/// How often in a window the good check must be asked at least: a sixteenth of what it is without the others. (The good
/// hook is told of every change of a switch, or the test ends there.)
const AT_LEAST: u64 = 5;

/// The machine may stall by itself: windows with hostile plugins are held against windows without, in turn.
fn plugins_delay_no_advert() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let peaceful = peaceful(site.folder())?;
    let hostile = format!("{peaceful}{}", hostile(site.folder())?);
    let native = site.folder().join("keepwatch.toml");
    fs::write(&native, &peaceful)?;

    let mut h2 = site.keepwatch(2, &quick(100))?;
    wait_for_line(&h2, "Entering MASTER STATE")?;
    let mut h1 = site.keepwatch_at(1, &native, &[])?;
    site.wait_for_holder(1, vip())?;
    let recorded = site.folder().join("events.jsonl");
    let mut command = site.asking(1);
    let mut recording =
        Daemon::start(&site.host(1).namespace, command.args(["events", "record"]).arg(&recorded))?;
    wait("the recording to begin", || recorded.exists())?;

    let (mut with, mut without) = (Vec::new(), Vec::new());
    for _ in 0..WINDOWS {
        for (text, windows) in [(&peaceful, &mut without), (&hostile, &mut with)] {
            fs::write(&native, text)?;
            reload(&site)?;
            windows.push(Window::watch(&site, &h1, &h2)?);
        }
    }
    let seen = || missing(&site, &recorded);
    wait("all of them to be known for it", || seen().is_ok_and(|all| all.is_empty()))
        .map_err(|failed| explain(failed, &format!("{:#?}", seen())))?;
    Window::compare(&with, &without)?;
    let status = String::from_utf8(site.asking(1).arg("status").output()?.stdout)?;
    ensure(status.contains("loops"), || status.clone())?;
    stop_it(&mut h1)?;
    ensure(h1.said("good heard VI_1 stop"), || h1.output().join("\n"))?;
    // It ends with the daemon.
    recording.wait(crate::site::PATIENCE)?;
    stop_it(&mut h2)
}

/// Again, until all plugins run: where the machine is busy, one may take longer to begin than it may take to answer.
fn reload(site: &Site) -> Result<(), Failed> {
    let reload = || site.asking(1).arg("reload").output();
    wait("all plugins to run", || reload().is_ok_and(|output| output.status.success()))
        .map_err(|failed| explain(failed, &format!("{:?}", reload())))
}

/// What was seen in a window of [`WATCHED`].
#[derive(Clone, Copy, Debug)]
struct Window {
    /// h1's adverts.
    adverts: usize,
    /// Of the gaps between them the 99th of a hundred, and the longest.
    p99: Duration,
    longest: Duration,
    /// How often h2 became MASTER.
    take_overs: usize,
    /// How often the good check was asked.
    asked: u64,
    /// How many changes the good hook was told of, one after the other.
    told: usize,
}

impl Window {
    /// Watches, and gives those who hear of it something to do: a check's health changes as fast as the good hook is told.
    fn watch(site: &Site, master: &Daemon, backup: &Daemon) -> Result<Self, Failed> {
        let count =
            |daemon: &Daemon, text: &str| daemon.output().iter().filter(|line| line.contains(text)).count();
        let elections = || count(backup, "Entering MASTER STATE");
        let (before, asked) = (elections(), asked(site)?);
        let capture = site.capture()?;
        let (began, start) = (Instant::now(), SystemTime::now());
        let mut told = 0;
        while began.elapsed() < WATCHED {
            let heard = count(master, GOOD_HOOK_SAYS);
            toggle(&site.folder().join("switch"))?;
            wait("the good hook to be told", || count(master, GOOD_HOOK_SAYS) > heard)?;
            told += 1;
            std::thread::sleep(PAUSE);
        }
        let end = SystemTime::now();
        let source = site.host(1).address;
        // What has arrived may not have been read yet, but all of it has its time.
        wait("what arrived to be read", || capture.adverts().last().is_some_and(|advert| advert.at >= end))?;
        let adverts = capture.adverts();
        let ours =
            adverts.iter().filter(|advert| advert.source == source && (start..end).contains(&advert.at));
        // From its beginning to its end: it would be a gap, too, if there were none at all.
        let times: Vec<SystemTime> =
            [start].into_iter().chain(ours.map(|advert| advert.at)).chain([end]).collect();
        let mut gaps: Vec<Duration> =
            times.windows(2).map(|pair| pair[1].duration_since(pair[0]).unwrap_or_default()).collect();
        gaps.sort_unstable();
        Ok(Self {
            adverts: times.len() - 2,
            p99: gaps[gaps.len() * 99 / 100],
            longest: gaps[gaps.len() - 1],
            take_overs: elections() - before,
            asked: self::asked(site)? - asked,
            told,
        })
    }

    /// By the medians: no gap is so long that h2 takes over, and none of a hundred comes near to it. Where those without have
    /// such gaps the machine is busy with something else, and only a multiple of them is the plugins'.
    fn compare(with: &[Self], without: &[Self]) -> Result<(), Failed> {
        let shown = || format!("with hostile plugins {with:#?}, without {without:#?}");
        let (gap, base) = (middle(with, |window| window.longest), middle(without, |window| window.longest));
        ensure(gap <= MASTER_DOWN.max(base * 3), shown)?;
        let (gap, base) = (middle(with, |window| window.p99), middle(without, |window| window.p99));
        ensure(gap <= base * 2 + NOISE, shown)?;
        let take_overs = |windows| middle(windows, |window: &Self| window.take_overs);
        ensure(take_overs(with) <= take_overs(without), shown)?;
        let adverts = |windows| middle(windows, |window: &Self| window.adverts);
        ensure(adverts(with) * 20 >= adverts(without) * 19, shown)?;
        let go_on = |window: &Self| window.asked >= AT_LEAST && window.told > 0;
        ensure(with.iter().chain(without).all(go_on), shown)
    }
}

/// The median.
fn middle<T: Ord + Copy>(windows: &[Window], of: impl Fn(&Window) -> T) -> T {
    let mut values: Vec<T> = windows.iter().map(of).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

/// Between two changes of the switch. A plugin may log 20 lines a second.
const PAUSE: Duration = Duration::from_millis(100);

/// Makes a file, or removes it.
fn toggle(file: &Path) -> Result<(), Failed> {
    if file.exists() {
        fs::remove_file(file)?
    } else {
        fs::write(file, "")?
    }
    Ok(())
}

/// How each plugin does.
fn reports(site: &Site) -> Result<Vec<Value>, Failed> {
    let list = site.asking(1).args(["plugin", "list", "--json"]).output()?;
    ensure(list.status.success(), || String::from_utf8_lossy(&list.stderr).into_owned())?;
    Ok(serde_json::from_slice(&list.stdout)?)
}

/// How often the good check has been asked so far.
fn asked(site: &Site) -> Result<u64, Failed> {
    let reports = reports(site)?;
    let good = reports.iter().find(|report| report["name"] == "good-check");
    Ok(good.and_then(|report| report["calls"].as_u64()).ok_or("no calls of good-check")?)
}

/// What is not to be seen yet of what the hostile ones are there for: in the list of plugins, and in the recorded events.
fn missing(site: &Site, recorded: &Path) -> Result<Vec<String>, Failed> {
    let reports = reports(site)?;
    // The last line may be half written.
    let events = fs::read_to_string(recorded)?;
    let events = events.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let told: BTreeSet<(String, String)> = events
        .filter_map(|event| Some((event["plugin"].as_str()?.to_owned(), event["kind"].as_str()?.to_owned())))
        .collect();
    let mut missing = Vec::new();
    for Hostile { name, counted, told: kinds, .. } in HOSTILE {
        let Some(report) = reports.iter().find(|report| report["name"] == *name) else {
            missing.push(format!("{name} in the list"));
            continue;
        };
        let counts = counted.iter().filter(|count| report[**count].as_u64().is_none_or(|count| count == 0));
        missing.extend(counts.map(|count| format!("{count} of {name}: {report}")));
        let kinds = kinds.iter().filter(|kind| !told.contains(&((*name).to_owned(), (**kind).to_owned())));
        missing.extend(kinds.map(|kind| format!("{kind} of {name}: {report}")));
    }
    Ok(missing)
}

/// A plugin that does what it should not.
struct Hostile {
    name: &'static str,
    does: Does,
    limits: &'static str,
    /// What must be counted of it in the list of plugins, and the kinds of events that must tell of it.
    counted: &'static [&'static str],
    told: &'static [&'static str],
}

/// Who does it and what: a component with this setting, or a script with this body.
enum Does {
    Checker(&'static str),
    Handler(&'static str),
    /// A component of its own.
    Component(&'static str),
    CheckScript(&'static str),
    HookScript(&'static str),
}

/// Stopped soon, and left alone after a few times. On a busy machine it takes a while to begin at all.
const SOON: &str = "timeout = \"2s\"\ncpu = \"50ms\"\nmemory = \"8 MiB\"\n";
/// May work as long as they are watched.
const LONG: &str = "timeout = \"10s\"\ncpu = \"10s\"\nmemory = \"8 MiB\"\n";
/// The same, and only one event may wait.
const BUSY: &str = "timeout = \"10s\"\ncpu = \"10s\"\nmemory = \"8 MiB\"\nqueue = 1\n";

const FAILS: &[&str] = &["failures"];
const ERRS: &[&str] = &["errors"];
const CALLED: &[&str] = &["calls"];
/// One that is always stopped.
const DISABLED: &[&str] = &["plugin_failed", "plugin_disabled"];
const DEAD: &[&str] = &["failures", "dead_letters"];
/// The same of one that is stopped at the same event again.
const DEAD_LETTERED: &[&str] = &["plugin_failed", "dead_lettered", "plugin_disabled"];
const REPORTED: &[&str] = &["plugin_error"];
const NOTHING: &[&str] = &[];

use Does::{CheckScript, Checker, Component, Handler, HookScript};

const fn one(
    name: &'static str,
    does: Does,
    limits: &'static str,
    counted: &'static [&'static str],
    told: &'static [&'static str],
) -> Hostile {
    Hostile { name, does, limits, counted, told }
}

const HOSTILE: &[Hostile] = &[
    one("loops", Checker("loop"), SOON, FAILS, DISABLED),
    one("loops-long", Checker("loop"), LONG, NOTHING, NOTHING),
    one("traps", Checker("trap"), SOON, FAILS, DISABLED),
    one("grows", Checker("grow"), SOON, FAILS, DISABLED),
    one("dozes", Checker("doze"), SOON, FAILS, DISABLED),
    one("logs", Checker("log"), SOON, FAILS, DISABLED),
    one("hoards", Checker("fill-kv"), LONG, ERRS, NOTHING),
    one("emits", Checker("emit"), LONG, ERRS, NOTHING),
    one("leaks", Component("leaking-checker.wasm"), SOON, FAILS, DISABLED),
    one("handler-loops", Handler("loop"), SOON, DEAD, DEAD_LETTERED),
    one("handler-traps", Handler("trap"), SOON, DEAD, DEAD_LETTERED),
    one("handler-grows", Handler("grow"), SOON, DEAD, DEAD_LETTERED),
    one("handler-dozes", Handler("doze"), SOON, DEAD, DEAD_LETTERED),
    one("handler-logs", Handler("log"), SOON, DEAD, DEAD_LETTERED),
    one("handler-hoards", Handler("fill-kv"), LONG, ERRS, REPORTED),
    one("handler-emits", Handler("emit"), LONG, ERRS, REPORTED),
    one("handler-lags", Handler("doze"), BUSY, &["conflated"], NOTHING),
    one("rhai-loops", CheckScript("loop { }"), SOON, FAILS, DISABLED),
    one("rhai-loops-long", CheckScript("loop { }"), LONG, NOTHING, NOTHING),
    one("rhai-sleeps", CheckScript("sleep(3600);"), SOON, FAILS, DISABLED),
    one("rhai-grows", CheckScript(GROWS), SOON, FAILS, DISABLED),
    one("rhai-recurses", CheckScript("deeper(0)"), SOON, ERRS, NOTHING),
    one("rhai-logs", CheckScript(LOGS), SOON, FAILS, DISABLED),
    one("rhai-throws", CheckScript("throw \"no\";"), LONG, ERRS, NOTHING),
    one("rhai-hoards", CheckScript(HOARDS), LONG, ERRS, NOTHING),
    one("rhai-emits", CheckScript(EMITS), LONG, CALLED, NOTHING),
    one("hook-loops", HookScript("loop { }"), SOON, DEAD, DEAD_LETTERED),
    one("hook-sleeps", HookScript("sleep(3600);"), SOON, DEAD, DEAD_LETTERED),
    one("hook-grows", HookScript(GROWS), SOON, DEAD, DEAD_LETTERED),
    one("hook-recurses", HookScript("deeper(0)"), SOON, ERRS, REPORTED),
    one("hook-logs", HookScript(LOGS), SOON, DEAD, DEAD_LETTERED),
    one("hook-throws", HookScript("throw \"no\";"), LONG, ERRS, REPORTED),
    one("hook-hoards", HookScript(HOARDS), LONG, ERRS, REPORTED),
    one("hook-emits", HookScript(EMITS), LONG, CALLED, NOTHING),
    one("hook-lags", HookScript("sleep(3600);"), BUSY, &["conflated"], NOTHING),
];

const GROWS: &str = "let text = \"x\"; loop { text += text; }";
const LOGS: &str = "loop { info(\"x\"); }";
const HOARDS: &str = "let text = \"x\"; for n in 0..17 { text += text; }
for n in 0..1000 { kv_set(`fill/${n}`, text); }";
const EMITS: &str = "for n in 0..1000 { try { emit(\"storm\", #{ n: n }); } catch { } }";

/// A native configuration with a check and a hook that behave, and a check whose health the test changes.
fn peaceful(folder: &Path) -> Result<String, Failed> {
    fs::create_dir(folder.join("hooks.d"))?;
    let hook = format!(
        "fn on_health_changed(event) {{ if event.track == \"switch\" {{ info(\"{GOOD_HOOK_SAYS}\"); }} }}\n\
         fn on_stop(event) {{ info(`good heard ${{event.instance}} stop`); }}\n"
    );
    fs::write(folder.join("hooks.d/good.rhai"), hook)?;
    fs::write(folder.join("good-check.rhai"), "fn check(config) { pass(\"well\") }\n")?;
    fs::write(folder.join("pair.conf"), quick(150))?;
    let switch = folder.join("switch").display().to_string();
    Ok(format!(
        "keepalived = \"pair.conf\"\n[action.none]\nexec = [\"/bin/true\"]\n\
         [check.good-check]\nplugin = \"good-check.rhai\"\ninterval = \"50ms\"\ntimeout = \"5s\"\n\
         [check.switch]\nfile = \"{switch}\"\ntest = \"absent\"\ninterval = \"50ms\"\n"
    ))
}

/// What the good hook says when a switch was turned.
const GOOD_HOOK_SAYS: &str = "good heard the switch";

/// The tables of all hostile ones, beneath a peaceful configuration.
fn hostile(folder: &Path) -> Result<String, Failed> {
    let guests =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../plugins/wasm/tests/guests").canonicalize()?;
    let guest = |name: &str| guests.join(name).display().to_string();
    let mut text = String::new();
    for Hostile { name, does, limits, .. } in HOSTILE {
        let script = folder.join(format!("{name}.rhai")).display().to_string();
        let write = |head: &str, body: &str| {
            let text = format!("fn deeper(n) {{ deeper(n + 1) }}\n{head} {{ {body} }}\n");
            fs::write(&script, text)
        };
        let component = |deed: &str| {
            let bytes = if deed == "fill-kv" { HOARDED } else { BYTES };
            format!("{GRANTS}config = {{ do = \"{deed}\", bytes = {bytes} }}\n")
        };
        let (is_check, file, more) = match does {
            Checker(deed) => (true, guest("hostile-checker.wasm"), component(deed)),
            Handler(deed) => (false, guest("hostile-handler.wasm"), component(deed)),
            Component(file) => (true, guest(file), String::new()),
            CheckScript(body) => write("fn check()", body).map(|()| (true, script, String::new()))?,
            HookScript(body) => write("fn on_event(event)", body).map(|()| (false, script, String::new()))?,
        };
        let (table, key, interval) =
            if is_check { ("check", "plugin", "interval = \"50ms\"\n") } else { ("plugin", "file", "") };
        writeln!(text, "[{table}.{name}]\n{key} = \"{file}\"\n{more}{interval}{limits}")?;
    }
    Ok(text)
}

/// Of a line and an event.
const BYTES: usize = 500;
/// Of what a hoarder keeps: a few come up against its share of 1 MiB, however slow the disk is.
const HOARDED: usize = 100_000;
/// They import everything.
const GRANTS: &str = "grants = [\"http://127.0.0.1:1\", \"tcp:127.0.0.1:1\", \"run:none\", \"track:none\"]\n";

/// An instance with adverts every 10 ms.
fn quick(priority: u8) -> String {
    format!(
        "vrrp_instance VI_1 {{\n version 3\n interface eth0\n virtual_router_id 51\n priority {priority}\n advert_int \
         0.01\n virtual_ipaddress {{\n  10.1.1.30\n }}\n}}\n"
    )
}
