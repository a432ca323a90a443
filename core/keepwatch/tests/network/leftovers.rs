//! What a killed run has left is taken away by the next one, also if its file is another one.

use std::process::Command;

use keepwatch_lab::Daemon;
use libtest_mimic::Failed;

use crate::peers::IP;
use crate::reload::Reloaded;
use crate::routing::listed;
use crate::site::{Site, ensure, explain, ip, keepwatch, stop, wait};
use crate::{Case, Need};

const SYSCTL: Need = Need::Program("/usr/sbin/sysctl", "procps");

pub(crate) const CASES: &[Case] = &[
    Case { name: "leftovers::of_another_file", needs: &[IP, SYSCTL], run: of_another_file },
    Case { name: "leftovers::anothers_stay", needs: &[IP], run: anothers_stay },
    Case { name: "leftovers::of_the_same_file", needs: &[IP], run: of_the_same_file },
];

const STATICS: &str = "
static_ipaddress {
    10.7.7.1/24 dev eth0
    fd00:7::1/64 dev eth0
}
static_routes {
    10.8.0.0/24 dev eth0 metric 9
    blackhole 10.66.0.0/16 metric 7
    10.9.0.0/24 nexthop dev eth0 weight 3 nexthop dev eth1
    10.9.8.0/24 dev eth0 mtu lock 1300 table 1077
    fd00:8::/64 dev eth0
}
static_rules {
    from 10.8.0.0/24 table 100 priority 1000
    from fd00:66::/32 iif eth0 table main priority 702
    not from 10.5.0.0/16 fwmark 0x10/0xff table 1077 priority 703
}
";
const VIRTUAL: &str = "virtual_routes {
        10.80.0.0/24 dev eth0 metric 7
        unreachable fd00:80::/32
    }
    virtual_rules {
        from 10.80.0.0/24 table 77 priority 500
    }";

fn instance(name: &str, interface: &str, vrid: u8, more: &str, addresses: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface {interface}\n virtual_router_id {vrid}\n version 3\n advert_int 0.1\n {more}\n \
         virtual_ipaddress {{\n {addresses}\n }}\n}}\n"
    )
}

/// Something of each kind.
fn rich() -> String {
    format!(
        "{STATICS}{}{}",
        instance("VI_1", "eth0", 51, &format!("use_vmac\n {VIRTUAL}"), "10.1.1.30/32"),
        instance("VI_2", "eth0", 52, "", "10.3.0.1/24\n 10.4.0.1/24 dev eth1"),
    )
}

/// All that a host has: addresses, routes, rules, interfaces, and settings of one.
fn all(site: &Site) -> Result<Vec<String>, Failed> {
    let mut lines = listed(site, 1)?;
    let links = site.host(1).run("ip", "-o link show")?;
    lines.extend(links.lines().filter_map(|line| line.split_whitespace().nth(1)).map(str::to_owned));
    for setting in ["arp_ignore", "arp_filter", "arp_announce"] {
        lines.push(site.host(1).run("sysctl", &format!("net.ipv4.conf.eth0.{setting}"))?);
    }
    Ok(lines)
}

/// What a host has, but for its interfaces' numbers: one that is created anew has another one.
fn numberless(site: &Site) -> Result<Vec<String>, Failed> {
    let without = |line: &String| -> String {
        let is_number = |word: &&str| word.strip_suffix(':').is_some_and(|word| word.parse::<u32>().is_ok());
        line.split(' ')
            .filter(|word| !line.starts_with("o addr") || !is_number(word))
            .collect::<Vec<_>>()
            .join(" ")
    };
    Ok(listed(site, 1)?.iter().map(without).collect())
}

fn differing<'a>(one: &'a [String], other: &'a [String]) -> Vec<&'a String> {
    let lacks = |lines: &'a [String], than: &'a [String]| lines.iter().filter(|line| !than.contains(line));
    lacks(one, other).chain(lacks(other, one)).collect()
}

fn is_there(site: &Site) -> bool {
    let has_rule = site.host(1).run("ip", "rule show").is_ok_and(|rules| rules.contains("500:"));
    has_rule && site.host(1).has_on("eth1", ip("10.4.0.1")) && site.host(1).has_on("vrrp.51", ip("10.1.1.30"))
}

/// On the same interface, on another one, and on none.
fn of_another_file() -> Result<(), Failed> {
    let site = Site::with_networks(1, 2)?;
    let clean = all(&site)?;
    for interface in ["eth1", "eth0", "eth7"] {
        let mut killed = site.keepwatch(1, &rich())?;
        wait("everything", || is_there(&site))
            .map_err(|failed| explain(failed, &killed.output().join("\n")))?;
        killed.kill()?;
        ensure(is_there(&site), || "a killed daemon cannot have removed it".to_owned())?;
        let h1 = Reloaded::start(&site, 1, &instance("Z", interface, 99, "", "10.9.9.99/24"))?;
        h1.wait_for_state("Z", if interface == "eth7" { "FAULT" } else { "MASTER" })?;
        stop(h1.daemon)?;
        let left = all(&site)?;
        ensure(left == clean, || format!("{interface}: {:#?}", differing(&left, &clean)))?;
    }
    Ok(())
}

/// A keepwatch that starts leaves alone what another one has that runs, wherever it is.
fn anothers_stay() -> Result<(), Failed> {
    let site = Site::with_networks(1, 2)?;
    let path = site.file(1, "other", &rich())?;
    let mut command: Command = keepwatch();
    command.args(["run", "-v", "--config"]).arg(path);
    for (variable, ending) in [("KEEPWATCH_STATE_DIR", "state"), ("KEEPWATCH_CACHE_DIR", "cache")] {
        command.env(variable, site.folder().join(format!("other.{ending}")));
    }
    let other = Daemon::start(&site.host(1).namespace, &mut command)?;
    wait("everything", || is_there(&site)).map_err(|failed| explain(failed, &other.output().join("\n")))?;
    let before = listed(&site, 1)?;
    let h1 = Reloaded::start(&site, 1, &instance("Z", "eth9", 99, "", "10.9.9.99/24"))?;
    h1.wait_for_state("Z", "FAULT")?;
    let after = listed(&site, 1)?;
    ensure(after == before, || format!("{:#?}", differing(&after, &before)))?;
    ensure(!other.said("something else removed"), || other.output().join("\n"))?;
    stop(h1.daemon)?;
    stop(other)
}

/// Everything is as it was before the kill.
fn of_the_same_file() -> Result<(), Failed> {
    let site = Site::with_networks(1, 2)?;
    let clean = numberless(&site)?;
    let mut killed = site.keepwatch(1, &rich())?;
    wait("everything", || is_there(&site))?;
    let during = numberless(&site)?;
    killed.kill()?;
    let h1 = Reloaded::start(&site, 1, &rich())?;
    h1.wait_for_state("VI_1", "MASTER")?;
    h1.wait_for_state("VI_2", "MASTER")?;
    wait("everything again", || numberless(&site).is_ok_and(|again| again == during)).map_err(|failed| {
        let again = numberless(&site).unwrap_or_default();
        explain(failed, &format!("{:#?}", differing(&again, &during)))
    })?;
    stop(h1.daemon)?;
    let left = numberless(&site)?;
    ensure(left == clean, || format!("{:#?}", differing(&left, &clean)))
}
