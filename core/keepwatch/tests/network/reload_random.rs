//! Random pairs of configurations: a reload from one to the other ends where a fresh start with the other ends, in the
//! kernel, in what the daemon says, and in what it would tell an exporter; and a reload of what is in force does nothing.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::peers::IP;
use crate::reload::Reloaded;
use crate::site::{Site, ensure, explain, stop, wait};
use crate::{Case, Need};

const NFT: Need = Need::Program("/usr/sbin/nft", "nftables");
const SYSCTL: Need = Need::Program("/usr/sbin/sysctl", "procps");

pub(crate) const CASES: &[Case] = &[
    Case { name: "reload_random::alone_1", needs: &[IP, NFT, SYSCTL], run: || pairs(1, Company::None) },
    Case { name: "reload_random::alone_2", needs: &[IP, NFT, SYSCTL], run: || pairs(2, Company::None) },
    Case {
        name: "reload_random::beside_a_better_one_1",
        needs: &[IP, NFT, SYSCTL],
        run: || pairs(3, Company::Better),
    },
    Case {
        name: "reload_random::beside_a_better_one_2",
        needs: &[IP, NFT, SYSCTL],
        run: || pairs(4, Company::Better),
    },
];

/// What is compared, by name.
type Compared = Vec<(&'static str, BTreeSet<String>)>;

/// Pairs of one case; each configuration but the first and the last stands in two of them.
const PAIRS: u32 = 4;

/// Who else is there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Company {
    None,
    /// A host that is MASTER of VRID 51 and 52.
    Better,
}

/// Numbers that look random (xorshift), the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % count
    }

    /// With a chance of one to so many.
    fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        let place = usize::try_from(self.below(all.len() as u64)).unwrap_or_default();
        all.get(place).copied().unwrap_or_default()
    }
}

/// A configuration. The files that are tracked hold numbers.
fn text(dice: &mut Dice, folder: &Path) -> String {
    let mut vrids: Vec<u64> = vec![51, 52, 53];
    vrids.retain(|_| !dice.one_in(4));
    if vrids.is_empty() {
        vrids.push(51);
    }
    let mut text = format!(
        "global_defs {{\n state_dump_file {0}/data\n vrrp_garp_master_delay 1\n {1}\n}}\n\
         vrrp_track_file number {{\n file {0}/number\n}}\n",
        folder.display(),
        dice.pick(&["", "vrrp_version 3", "nftables vips"])
    );
    text += &statics(dice);
    // Of whom the better one has both: a group that is split among hosts depends on who was there first.
    if vrids.starts_with(&[51, 52]) && dice.one_in(2) {
        let names: Vec<String> = vrids.iter().map(|vrid| name(*vrid, dice.one_in(8))).collect();
        let grouped: Vec<&String> = names.iter().take(2).collect();
        text +=
            &format!("vrrp_sync_group together {{\n group {{\n  {}\n  {}\n }}\n}}\n", grouped[0], grouped[1]);
        for (vrid, name) in vrids.iter().zip(&names) {
            text += &instance(dice, *vrid, name, "eth0");
        }
        return text;
    }
    for vrid in vrids {
        let name = name(vrid, dice.one_in(3));
        let interface = dice.pick(&["eth0", "eth0", "eth0", "eth1"]);
        text += &instance(dice, vrid, &name, interface);
    }
    text
}

/// What is always in place, or nothing.
fn statics(dice: &mut Dice) -> String {
    let some = |dice: &mut Dice, name: &str, all: &[&str]| {
        let chosen: Vec<&str> = all.iter().copied().filter(|_| dice.one_in(2)).collect();
        if chosen.is_empty() { String::new() } else { format!("{name} {{\n {}\n}}\n", chosen.join("\n ")) }
    };
    let metric = format!("10.8.0.0/24 via 10.1.1.254 dev eth0 metric {}", 5 + dice.below(2));
    let label = dice.pick(&["10.61.0.1/32 dev eth0", "10.61.0.1/32 dev eth0 label eth0:x"]);
    let addresses = ["10.60.0.1/24 dev eth0", "10.60.1.1/24 dev eth1", label, "fd00:60::1/64 dev eth0"];
    let rules = ["from 10.7.0.0/24 table 101 priority 700", "to 10.7.0.0/24 table 102 priority 701"];
    some(dice, "static_ipaddress", &addresses)
        + &some(dice, "static_routes", &[&metric, "blackhole 10.66.0.0/16", "10.8.1.0/24 dev eth1"])
        + &some(dice, "static_rules", &rules)
}

fn name(vrid: u64, is_renamed: bool) -> String {
    format!("{}_{vrid}", if is_renamed { "OTHER" } else { "VI" })
}

fn instance(dice: &mut Dice, vrid: u64, name: &str, interface: &str) -> String {
    let is_v6 = vrid == 53 && dice.one_in(2);
    let address =
        |last: u64| if is_v6 { format!("fd00:{vrid}::{last}") } else { format!("10.{vrid}.0.{last}") };
    let whole = if is_v6 { 64 } else { 24 };
    let mut lines = vec![
        format!("interface {interface}\n virtual_router_id {vrid}"),
        format!("priority {}", 100 + dice.below(5) * 10),
        format!("advert_int {}", dice.pick(&["0.1", "0.1", "0.2"])),
        "version 3".to_owned(),
    ];
    let mut addresses: Vec<String> = if is_v6 { vec!["fe80::53".to_owned()] } else { Vec::new() };
    let prefix = if dice.one_in(2) { format!("/{whole}") } else { String::new() };
    addresses.push(format!("{}{prefix}", address(1)));
    addresses.extend((2..5).filter(|_| dice.one_in(2)).map(|last| format!("{}{prefix}", address(last))));
    lines.push(format!("virtual_ipaddress {{\n  {}\n }}", addresses.join("\n  ")));
    if dice.one_in(3) {
        lines.push(format!("virtual_ipaddress_excluded {{\n  10.{vrid}.9.1/32\n }}"));
    }
    if dice.one_in(3) {
        lines.push(dice.pick(&["use_vmac", "use_vmac\n vmac_xmit_base"]).to_owned());
    }
    if dice.one_in(4) {
        lines.push("no_accept".to_owned());
    }
    if dice.one_in(3) {
        lines.push("promote_secondaries".to_owned());
    }
    if dice.one_in(3) {
        lines.push(dice.pick(&["nopreempt", "preempt_delay 60"]).to_owned());
    }
    if dice.one_in(3) && !is_v6 {
        lines.push(format!(
            "virtual_routes {{\n  192.0.2.{vrid}/32 via 10.1.1.200 metric {}\n }}",
            10 + dice.below(2)
        ));
    }
    if dice.one_in(3) && !is_v6 {
        lines.push(format!(
            "virtual_rules {{\n  from 10.9.{vrid}.0/24 table 100 priority {}\n }}",
            1000 + vrid
        ));
    }
    if dice.one_in(3) {
        lines.push(format!("track_file {{\n  number weight {}\n }}", 1 + dice.below(2)));
    }
    if dice.one_in(3) {
        lines.push(format!("track_interface {{\n  lo weight {}\n }}", 1 + dice.below(5)));
    }
    if dice.one_in(4) {
        lines.push(format!("garp_master_refresh {}", 60 + dice.below(2)));
    }
    format!("vrrp_instance {name} {{\n {}\n}}\n", lines.join("\n "))
}

/// Lines of a tool, without what differs from run to run, in order.
fn lines(text: &str, strip: impl Fn(&str) -> String) -> BTreeSet<String> {
    text.lines().map(|line| strip(line.trim())).filter(|line| !line.is_empty()).collect()
}

/// What there is on h1: what is compared.
fn state(site: &Site, h1: &Reloaded<'_>) -> Result<Compared, Failed> {
    let host = site.host(1);
    let without_number =
        |line: &str| line.split_once(": ").map_or_else(String::new, |(_, rest)| rest.to_owned());
    // The addresses that the kernel makes for a new interface come when they come.
    let plain = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let links = lines(&host.run("ip", "-o -d link show type macvlan")?, |line| {
        without_number(line).split(" qlen ").next().unwrap_or_default().replace("tentative ", "")
    });
    let addresses = lines(&host.run("ip", "-o addr show")?, |line| plain(&without_number(line)));
    let routes = lines(&host.run("ip", "route show table all")?, plain);
    let routes_v6 = lines(&host.run("ip", "-6 route show table all")?, plain);
    let rules = lines(&host.run("ip", "rule show")?, plain);
    let settings = lines(&host.run("sysctl", r"-a -r ^net\.ipv[46]\.conf\.")?, plain);
    let filter = lines(&host.run("nft", "list ruleset")?, plain);
    let said: BTreeSet<String> = instances(&h1.status()?).iter().map(said_of).collect();
    let data = site.folder().join("data");
    let _ = std::fs::remove_file(&data);
    h1.daemon.signal(Signal::SIGUSR1)?;
    let dump = || std::fs::read_to_string(&data).unwrap_or_default();
    // It is put in place as a whole.
    wait("the data for exporters", || !dump().is_empty())?;
    let differs =
        ["Last transition", "time", "Time", "ifindex", "Index", "index", "PID", "fd_in", "fd_out", "Read"];
    let dumped = lines(&dump(), |line| {
        let is_kept = !differs.iter().any(|word| line.contains(word));
        if is_kept { plain(line) } else { String::new() }
    });
    Ok(vec![
        ("interfaces", links),
        ("addresses", addresses),
        ("routes", routes),
        ("IPv6 routes", routes_v6),
        ("rules", rules),
        ("settings of interfaces", settings),
        ("packet filter", filter),
        ("instances", said),
        ("data", dumped),
    ])
}

/// What `status` says of an instance, without moments, and without troubles, which are of the last while.
fn said_of(instance: &Value) -> String {
    const KEYS: [&str; 10] = [
        "name",
        "interface",
        "virtual_router_id",
        "version",
        "advert_interval_seconds",
        "base_priority",
        "priority",
        "addresses",
        "held",
        "state",
    ];
    let mut instance = instance.clone();
    // In the order in which they have come.
    if let Some(held) = instance["held"].as_array_mut() {
        held.sort_by_key(ToString::to_string);
    }
    let said: Vec<String> = KEYS.iter().map(|key| format!("{key} {}", instance[key])).collect();
    said.join(", ")
}

fn instances(status: &Value) -> Vec<Value> {
    status["snapshot"]["instances"].as_array().cloned().unwrap_or_default()
}

/// Waits until every instance is where it stays, and nothing changes any more.
fn settled(site: &Site, h1: &Reloaded<'_>) -> Result<Compared, Failed> {
    let rests = || {
        let Ok(status) = h1.status() else { return false };
        let all = instances(&status);
        !all.is_empty()
            && all.iter().all(|instance| {
                let state = instance["state"].as_str().unwrap_or_default();
                matches!(state, "MASTER" | "BACKUP" | "FAULT") && instance["leaving"] == false
            })
    };
    let end = Instant::now() + Duration::from_secs(40);
    let mut last = Vec::new();
    while Instant::now() < end {
        wait("all instances to rest", rests)
            .map_err(|failed| explain(failed, &h1.daemon.output().join("\n")))?;
        let now = state(site, h1)?;
        if now == last && rests() {
            return Ok(now);
        }
        last = now;
        // Longer than the slowest backup waits that hears nobody.
        std::thread::sleep(Duration::from_millis(1_200));
    }
    Err(format!("it never rests: {last:#?}").into())
}

/// KEEPWATCH_SEED=1, 2, ... are other pairs.
fn pairs(seed: u64, company: Company) -> Result<(), Failed> {
    let more = std::env::var("KEEPWATCH_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0_u64);
    let seed = seed + 10 * more;
    let site = Site::with_networks(2, 2)?;
    std::fs::write(site.folder().join("number"), "3\n")?;
    let mut dice = Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let other = match company {
        Company::None => None,
        Company::Better => {
            let better = |vrid: u8| {
                format!(
                    "vrrp_instance better_{vrid} {{\n interface eth0\n virtual_router_id {vrid}\n priority 250\n version 3\n \
                     advert_int 0.1\n virtual_ipaddress {{\n  10.{vrid}.0.1\n }}\n}}\n"
                )
            };
            let better = [51, 52].map(better).concat();
            Some(site.keepwatch(2, &better)?)
        }
    };
    let mut before = text(&mut dice, site.folder());
    for pair in 0..PAIRS {
        let after = text(&mut dice, site.folder());
        let both = || format!("seed {seed}, pair {pair}, from\n{before}to\n{after}");
        compare(&site, &before, &after).map_err(|failed| {
            Failed::from(format!("{}\n{}", failed.message().unwrap_or("it failed"), both()))
        })?;
        before = after;
    }
    match other {
        Some(other) => stop(other),
        None => Ok(()),
    }
}

fn compare(site: &Site, before: &str, after: &str) -> Result<(), Failed> {
    let h1 = Reloaded::start(site, 1, before)?;
    settled(site, &h1)?;
    h1.follow(after, &[])?;
    let reloaded = settled(site, &h1)?;
    let log = h1.daemon.output().join("\n");
    stop(h1.daemon)?;
    let h1 = Reloaded::start(site, 1, after)?;
    let fresh = settled(site, &h1)?;
    for ((what, reloaded), (_, fresh)) in reloaded.iter().zip(&fresh) {
        let more: Vec<_> = reloaded.difference(fresh).collect();
        let less: Vec<_> = fresh.difference(reloaded).collect();
        ensure(more.is_empty() && less.is_empty(), || {
            format!("{what}: after the reload there is {more:#?}, after a fresh start {less:#?}\n{log}")
        })?;
    }
    nothing_for_the_same(site, &h1, after)?;
    stop(h1.daemon)
}

/// A reload of what is in force: the kernel has nothing to tell, and no instance changes.
fn nothing_for_the_same(site: &Site, h1: &Reloaded<'_>, text: &str) -> Result<(), Failed> {
    let terms = || -> Result<Vec<Value>, Failed> {
        Ok(instances(&h1.status()?).iter().map(|instance| instance["term"].clone()).collect())
    };
    let before = terms()?;
    let mut command = std::process::Command::new("ip");
    // Neighbours come and go by themselves.
    command.args(["monitor", "link", "address", "route", "rule"]).stdout(Stdio::piped());
    let mut monitor = site.host(1).namespace.spawn(&mut command)?;
    std::thread::sleep(Duration::from_millis(200));
    std::fs::write(&h1.path, text)?;
    let (code, said) = h1.reload(&["--json"])?;
    std::thread::sleep(Duration::from_millis(300));
    monitor.kill()?;
    let told = monitor.wait_with_output()?.stdout;
    let report: Value = serde_json::from_str(&said)?;
    let keeps =
        report["plan"].as_array().is_some_and(|plan| plan.iter().all(|change| change["deed"] == "keep"));
    ensure(code == Some(0) && keeps, || said.clone())?;
    ensure(told.is_empty(), || String::from_utf8_lossy(&told).into_owned())?;
    ensure(terms()? == before, || "an instance has changed".to_owned())
}
