//! Plugins in a daemon that serves.

use std::process::Output;

use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::site::{Site, config, ensure, seed, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "plugins::a_hook_hears_all_of_it", needs: &[], run: a_hook_hears_all_of_it },
    Case { name: "plugins::reload_says_what_came_of_it", needs: &[], run: reload_says_what_came_of_it },
    Case {
        name: "plugins::a_folder_of_hooks_goes_and_comes",
        needs: &[],
        run: a_folder_of_hooks_goes_and_comes,
    },
    Case { name: "plugins::no_reload_waits_for_a_check", needs: &[], run: no_reload_waits_for_a_check },
];

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

/// Moved away for a moment, with a hook in it; and named, but never there.
fn a_folder_of_hooks_goes_and_comes() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let (hooks, away) = (site.folder().join("hooks.d"), site.folder().join("away"));
    let config = site.file(1, "bare", &seed("h1.conf")?)?;
    let folder = hooks.display().to_string();
    let mut h1 = site.keepwatch_at(1, &config, &["--hooks", &folder])?;
    wait_for_line(&h1, &format!("the folder of hooks, {folder}, cannot be read: No such file"))?;
    std::fs::create_dir(&hooks)?;
    std::fs::write(hooks.join("tell.rhai"), "fn on_degraded(event) { info(event.text); }\n")?;
    wait_for_line(&h1, "plugin tell loaded: ")?;

    std::fs::rename(&hooks, &away)?;
    wait_for_line(&h1, &format!("hooks: {folder} is gone; those that run go on as they are"))?;
    let status = printed(&site.asking(1).arg("status").output()?);
    ensure(status.contains("hooks.d is gone"), || status)?;
    // It runs: it hears of that itself.
    wait_for_line(&h1, &format!("[tell] hooks: {folder} is gone"))?;
    std::fs::rename(&away, &hooks)?;
    wait_for_line(&h1, "hooks: works again")?;
    let status = printed(&site.asking(1).arg("status").output()?);
    ensure(!status.contains("hooks.d is gone"), || status)?;

    let letters = |plugin: &str| site.asking(1).args(["plugin", "letters", plugin]).output();
    let output = letters("tel")?;
    ensure_code(&output, 1)?;
    ensure(errors(&output).contains("there is no plugin `tel`"), || errors(&output))?;
    ensure(errors(&output).contains("did you mean `tell`?"), || errors(&output))?;
    let output = letters("tell")?;
    ensure_code(&output, 0)?;
    ensure(printed(&output) == "No event is kept from tell.\n", || printed(&output))?;
    stop_it(&mut h1)?;
    let lines = h1.output();
    let unloaded = lines.iter().any(|line| line.contains("unloaded") || line.contains("not reloaded"));
    ensure(!unloaded, || lines.join("\n"))
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

    // Instances follow as well; a mistake changes nothing.
    std::fs::write(&conf, seed("h1.conf")?.replace("priority 101", "priority 102"))?;
    let output = reload()?;
    ensure_code(&output, 0)?;
    ensure(printed(&output) == "VI_1: priority 101 -> 102, stays MASTER\n", || printed(&output))?;
    std::fs::write(&native, "keepalived = \"k.conf\"\n[plugin.act]\ngrant = []\n")?;
    let output = reload()?;
    ensure_code(&output, 3)?;
    ensure((printed(&output) + &errors(&output)).contains("did you mean `grants`?"), || errors(&output))?;
    ensure(site.host(1).has(vip()), || "the address was removed".to_owned())?;
    let list = printed(&site.asking(1).args(["plugin", "list"]).output()?);
    ensure(list.contains("act"), || list)?;
    stop_it(&mut h1)
}

/// A check that would take an hour to answer: neither a reload that changes it, nor what else that changes, nor the end of the
/// daemon waits for it.
fn no_reload_waits_for_a_check() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let script = "fn check(config) {\n info(`asked by ${config.version}`);\n sleep(3000);\n true\n}\n";
    std::fs::write(site.folder().join("slow.rhai"), script)?;
    std::fs::write(site.folder().join("k.conf"), config(150, "", "10.1.1.30"))?;
    let path = site.folder().join("keepwatch.toml");
    let write = |version: u32, more: &str| {
        let slow = format!(
            "[check.slow]\nplugin = \"slow.rhai\"\nconfig = {{ version = {version} }}\ninterval = \"1h\"\ntimeout = \"1h\"\n"
        );
        std::fs::write(&path, format!("keepalived = \"k.conf\"\n{slow}{more}"))
    };
    write(1, "")?;
    let mut h1 = site.keepwatch_at(1, &path, &[])?;
    wait_for_line(&h1, "asked by 1")?;
    write(2, "[check.beside]\ninterface = \"eth0\"\n")?;
    h1.signal(Signal::SIGHUP)?;
    let loaded = || h1.output().iter().filter(|line| line.contains(" loaded: 1 instance")).count();
    wait("the reload to be done", || loaded() == 2)?;
    wait_for_line(&h1, "asked by 2")?;
    wait_for_line(&h1, "check beside passes")?;
    stop_it(&mut h1)
}
