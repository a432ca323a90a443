//! `promote_secondaries`: set on an interface for as long as an instance there wants it, whatever comes between.

use std::process::Command;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::reload::Reloaded;
use crate::site::{Site, ensure, explain, keepwatch, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

const SYSCTL: Need = Need::Program("/usr/sbin/sysctl", "procps");

pub(crate) const CASES: &[Case] = &[
    Case { name: "secondaries::set_while_it_runs", needs: &[SYSCTL], run: set_while_it_runs },
    Case { name: "secondaries::a_reload_ends_as_a_start", needs: &[SYSCTL], run: a_reload_ends_as_a_start },
    Case { name: "secondaries::what_is_left_by_a_kill", needs: &[SYSCTL], run: what_is_left_by_a_kill },
    Case { name: "secondaries::the_hosts_own_stays", needs: &[SYSCTL], run: the_hosts_own_stays },
    Case { name: "secondaries::anothers_stays", needs: &[SYSCTL], run: anothers_stays },
    Case { name: "secondaries::an_interface_is_renamed", needs: &[SYSCTL], run: an_interface_is_renamed },
];

const WORD: &str = "promote_secondaries";
/// What it is where nobody has set it, where keepwatch has, and where the host has.
const NO: &str = "0";
const YES: &str = "107";
const HOSTS: &str = "1";

fn instance(name: &str, interface: &str, vrid: u8, more: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n version 3\n advert_int 0.1\n {more}\n \
         virtual_ipaddress {{\n 10.1.1.{}/24\n }}\n}}\n",
        vrid - 21
    )
}

fn one(interface: &str, more: &str) -> String {
    instance("VI_1", interface, 51, more)
}

fn value(site: &Site, interface: &str) -> Result<String, Failed> {
    let name = format!("-n net.ipv4.conf.{interface}.{WORD}");
    Ok(site.host(1).run("sysctl", &name)?.trim().to_owned())
}

fn set(site: &Site, interface: &str, to: &str) -> Result<(), Failed> {
    site.host(1).run("sysctl", &format!("-qw net.ipv4.conf.{interface}.{WORD}={to}"))?;
    Ok(())
}

fn wait_for(site: &Site, expected: &[(&str, &str)]) -> Result<(), Failed> {
    for (interface, expected) in expected {
        let found = || value(site, interface).unwrap_or_default();
        wait(&format!("{WORD} of {interface} to be {expected}"), || found() == *expected)
            .map_err(|failed| explain(failed, &found()))?;
    }
    Ok(())
}

/// One host on two networks, where nobody has set anything.
fn site() -> Result<Site, Failed> {
    let site = Site::with_networks(1, 2)?;
    for interface in ["eth0", "eth1"] {
        set(&site, interface, NO)?;
    }
    Ok(site)
}

fn set_while_it_runs() -> Result<(), Failed> {
    let site = site()?;
    let daemon = site.keepwatch(1, &one("eth0", WORD))?;
    site.wait_for_holder(1, vip())?;
    wait_for(&site, &[("eth0", YES), ("eth1", NO)])?;
    stop(daemon)?;
    wait_for(&site, &[("eth0", NO)])
}

fn a_reload_ends_as_a_start() -> Result<(), Failed> {
    let two = |first: &str| format!("{first}{}", instance("VI_2", "eth0", 52, ""));
    let steps = [
        (one("eth0", WORD), [YES, NO]),
        (one("eth0", ""), [NO, NO]),
        (one("eth0", WORD), [YES, NO]),
        (one("eth1", WORD), [NO, YES]),
        (one("eth0", WORD), [YES, NO]),
        // The interface with the virtual MAC has it anyway.
        (one("eth0", &format!("{WORD}\n use_vmac")), [NO, NO]),
        (two(&one("eth0", WORD)), [YES, NO]),
        // Without the instance that has the word.
        (two(""), [NO, NO]),
        (two(&one("eth0", WORD)), [YES, NO]),
        (two(&instance("VI_1", "eth0", 53, WORD)), [YES, NO]),
    ];
    let site = site()?;
    let h1 = Reloaded::start(&site, 1, &steps[0].0)?;
    h1.wait_for_state("VI_1", "MASTER")?;
    for (text, [eth0, eth1]) in &steps {
        h1.follow(text, &[])?;
        h1.wait_for_state(if text.contains("VI_1") { "VI_1" } else { "VI_2" }, "MASTER")?;
        wait_for(&site, &[("eth0", eth0), ("eth1", eth1)]).map_err(|failed| explain(failed, text))?;
    }
    stop(h1.daemon)?;
    wait_for(&site, &[("eth0", NO), ("eth1", NO)])?;
    for (text, [eth0, eth1]) in &steps {
        let h1 = Reloaded::start(&site, 1, text)?;
        h1.wait_for_state(if text.contains("VI_1") { "VI_1" } else { "VI_2" }, "MASTER")?;
        wait_for(&site, &[("eth0", eth0), ("eth1", eth1)]).map_err(|failed| explain(failed, text))?;
        stop(h1.daemon)?;
    }
    wait_for(&site, &[("eth0", NO), ("eth1", NO)])
}

/// The next run sets back what is not wanted any more, and does not take it for the host's own.
fn what_is_left_by_a_kill() -> Result<(), Failed> {
    let site = site()?;
    let killed = |text: &str| -> Result<(), Failed> {
        let mut daemon = site.keepwatch(1, text)?;
        wait_for(&site, &[("eth0", YES)])?;
        daemon.kill()?;
        wait_for(&site, &[("eth0", YES)])
    };
    let next = [
        (one("eth0", WORD), [YES, NO]),
        (one("eth0", ""), [NO, NO]),
        (one("eth1", WORD), [NO, YES]),
        (one("eth0", "use_vmac"), [NO, NO]),
    ];
    for (text, [eth0, eth1]) in next {
        killed(&one("eth0", WORD))?;
        let daemon = site.keepwatch(1, &text)?;
        wait_for_line(&daemon, "MASTER")?;
        wait_for(&site, &[("eth0", eth0), ("eth1", eth1)]).map_err(|failed| explain(failed, &text))?;
        stop(daemon)?;
        wait_for(&site, &[("eth0", NO), ("eth1", NO)]).map_err(|failed| explain(failed, &text))?;
    }
    Ok(())
}

/// What the host has set stays, whatever becomes of the instance.
fn the_hosts_own_stays() -> Result<(), Failed> {
    let site = site()?;
    set(&site, "eth0", HOSTS)?;
    let h1 = Reloaded::start(&site, 1, &one("eth0", WORD))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    for text in [one("eth0", ""), one("eth0", WORD), one("eth1", WORD), one("eth0", WORD)] {
        h1.follow(&text, &[])?;
        h1.wait_for_state("VI_1", "MASTER")?;
        ensure(value(&site, "eth0")? == HOSTS, || format!("it is not the host's own after\n{text}"))?;
    }
    wait_for(&site, &[("eth1", NO)])?;
    stop(h1.daemon)?;
    ensure(value(&site, "eth0")? == HOSTS, || "it is not the host's own at the end".to_owned())?;
    // Also if the host sets it while keepwatch has it set.
    set(&site, "eth0", NO)?;
    let daemon = site.keepwatch(1, &one("eth0", WORD))?;
    wait_for(&site, &[("eth0", YES)])?;
    set(&site, "eth0", HOSTS)?;
    stop(daemon)?;
    ensure(value(&site, "eth0")? == HOSTS, || "what the host has set meanwhile is gone".to_owned())
}

/// A keepwatch that starts leaves alone what another one has set that runs on another interface.
fn anothers_stays() -> Result<(), Failed> {
    let site = site()?;
    let another = |interface: &str| -> Result<Daemon, Failed> {
        let path = site.file(1, interface, &instance(interface, interface, 52, WORD))?;
        let mut command: Command = keepwatch();
        command.args(["run", "-v", "--config"]).arg(path);
        for (variable, ending) in [("KEEPWATCH_STATE_DIR", "state"), ("KEEPWATCH_CACHE_DIR", "cache")] {
            command.env(variable, site.folder().join(format!("{interface}.{ending}")));
        }
        Ok(Daemon::start(&site.host(1).namespace, &mut command)?)
    };
    let mut other = another("eth1")?;
    wait_for(&site, &[("eth1", YES)])?;
    let h1 = Reloaded::start(&site, 1, &one("eth0", WORD))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    wait_for(&site, &[("eth0", YES)])?;
    ensure(value(&site, "eth1")? == YES, || "it has set back what another one has set".to_owned())?;
    // One that runs takes over the interface of one that was killed.
    other.kill()?;
    ensure(value(&site, "eth1")? == YES, || "nobody has set it back".to_owned())?;
    h1.follow(&one("eth1", ""), &[])?;
    h1.wait_for_state("VI_1", "MASTER")?;
    wait_for(&site, &[("eth0", NO), ("eth1", NO)])?;
    stop(h1.daemon)
}

/// Under its new name it is the host's again.
fn an_interface_is_renamed() -> Result<(), Failed> {
    let site = site()?;
    let daemon = site.keepwatch(1, &one("eth0", WORD))?;
    site.wait_for_holder(1, vip())?;
    wait_for(&site, &[("eth0", YES)])?;
    site.host(1).rename_interface("eth9")?;
    wait_for(&site, &[("eth9", NO)])?;
    site.host(1).rename_interface_back("eth9")?;
    wait_for(&site, &[("eth0", YES)])?;
    stop(daemon)?;
    wait_for(&site, &[("eth0", NO)])
}
