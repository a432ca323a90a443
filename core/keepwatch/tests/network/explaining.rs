//! `keepwatch explain` says what would have to happen; then it is made to happen, beside keepalived.

use std::process::Output;

use libtest_mimic::Failed;
use serde_json::Value;

use crate::Case;
use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, seed, stop, stop_it, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "explaining::a_check_and_its_weight", needs: &[KEEPALIVED], run: a_check_and_its_weight },
    Case { name: "explaining::nopreempt", needs: &[KEEPALIVED], run: nopreempt },
    Case { name: "explaining::an_instance_that_there_is_not", needs: &[], run: no_such_instance },
];

/// What `keepwatch explain` says on a host.
fn explained(site: &Site, host: usize, arguments: &[&str]) -> Result<Output, Failed> {
    Ok(site.asking(host).arg("explain").args(arguments).output()?)
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Waits until it says all of this.
fn wait_until_it_says(site: &Site, host: usize, expected: &[&str]) -> Result<(), Failed> {
    let said = || explained(site, host, &["VI_1"]).map(|output| text(&output)).unwrap_or_default();
    let missing = |said: &str| expected.iter().find(|line| !said.contains(**line)).copied();
    wait("what explain should say", || missing(&said()).is_none()).map_err(|_| {
        let said = said();
        format!("it does not say {:?} in:\n{said}", missing(&said)).into()
    })
}

/// A MASTER whose check fails falls below its peer, and comes back when the check passes: first said, then done.
fn a_check_and_its_weight() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let file = site.folder().join("well");
    std::fs::write(&file, "")?;
    let script = format!(
        "global_defs {{\n script_user root\n}}\nvrrp_script chk {{\n script \"/usr/bin/test -e {}\"\n interval 1\n fall 2\n \
         rise 2\n weight -20\n}}\n",
        file.display()
    );
    let track = "track_script {\n chk\n }";
    let h1 = site.keepwatch(1, &format!("{script}{}", config(101, track, "10.1.1.30")))?;
    site.wait_for_holder(1, vip())?;
    let mut h2 = keepalived(&site, 2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "Entering BACKUP STATE")?;
    let unknown =
        "chk fails 2 times in a row: its priority becomes 81, and a backup with a higher one takes over";
    wait_until_it_says(
        &site,
        1,
        &["VI_1 is MASTER on eth0, VRID 51, ", "+   0  chk passes (weight -20)", "= 101\n", unknown],
    )?;

    std::fs::remove_file(&file)?;
    site.wait_for_holder(2, vip())?;
    wait_until_it_says(
        &site,
        1,
        &[
            "VI_1 is BACKUP on eth0, VRID 51, ",
            ": it hears 10.1.1.20 as MASTER with priority 100.\n",
            "-  20  chk fails (weight -20)",
            "skew time 684 ms, (256 - 81) / 256 of a second; master-down time 3.68 s",
            "- its own priority, 81, rises above 100, or that of 10.1.1.20 falls below 81; ",
            "chk passes 2 times in a row: 101, enough",
        ],
    )?;
    let json: Value = serde_json::from_str(&text(&explained(&site, 1, &["--json"])?))?;
    let instance = &json["instances"][0];
    ensure(instance["priority"] == 81 && instance["trackers"][0]["effect"]["adds"] == -20, || {
        json.to_string()
    })?;
    ensure(instance["last_heard"]["source"] == "10.1.1.20", || json.to_string())?;

    std::fs::write(&file, "")?;
    site.wait_for_holder(1, vip())?;
    wait_until_it_says(
        &site,
        1,
        &[
            "VI_1 is MASTER on eth0, VRID 51, ",
            "(10.1.1.20 was last heard with priority 100, ",
            "chk fails 2 times in a row: its priority becomes 81, below 100: 10.1.1.20 takes over unless it has nopreempt",
        ],
    )?;
    std::fs::remove_file(&file)?;
    site.wait_for_holder(2, vip())?;
    // It resigns: that alone is enough, whatever the priority.
    stop_it(&mut h2)?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

/// With nopreempt a higher priority changes nothing until the MASTER falls silent or resigns.
fn nopreempt() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let mut h2 = keepalived(&site, 2, &config(90, "", "10.1.1.30"))?;
    site.wait_for_holder(2, vip())?;
    let h1 = site.keepwatch(1, &config(150, "nopreempt", "10.1.1.30"))?;
    wait_until_it_says(
        &site,
        1,
        &[
            ": it hears 10.1.1.20 as MASTER with priority 90.\n",
            "- 10.1.1.20 sends priority 0: 414 ms later (the skew time)",
            "While 10.1.1.20 is heard, its own priority changes nothing: nopreempt.",
        ],
    )?;
    let capture = site.capture()?;
    // A preempting backup would have taken over after 3.4 s.
    wait("five adverts", || capture.adverts().len() >= 5)?;
    ensure(site.host(2).has(vip()) && !site.host(1).has(vip()), || h1.output().join("\n"))?;
    stop_it(&mut h2)?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

fn no_such_instance() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    for (name, expected) in [
        ("VI1", "error: there is no instance `VI1`; did you mean `VI_1`?\n"),
        ("other", "error: there is no instance `other`; there are: VI_1\n"),
    ] {
        let output = explained(&site, 1, &[name])?;
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        ensure(output.status.code() == Some(1) && errors == expected, || errors.clone())?;
    }
    let all = text(&explained(&site, 1, &[])?);
    ensure(all.starts_with("VI_1 is MASTER on eth0, VRID 51, for "), || all.clone())?;
    stop(h1)
}
