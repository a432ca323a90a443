//! `vip_lifetime`: addresses go by themselves when nobody renews them.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use keepwatch_lab::Prober;
use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::peers::IP;
use crate::site::{Site, ensure, ip, stop, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "lifetimes::renewed", needs: &[IP], run: renewed },
    Case { name: "lifetimes::of_many_addresses", needs: &[IP], run: many },
    Case { name: "lifetimes::of_a_daemon_that_hangs", needs: &[IP], run: hangs },
    Case { name: "lifetimes::of_a_daemon_that_was_killed", needs: &[IP], run: killed },
    Case { name: "lifetimes::taken_out_and_put_in_again", needs: &[IP], run: taken_out },
];

const V4: &str = "10.1.1.30";
const V6: &str = "fd00:1::30";
/// The network of `V6`, which the host is in itself.
const NETWORK: &str = "fd00:1::/64 dev eth0";

fn native(site: &Site, priority: u8, lifetime: &str) -> Result<PathBuf, Failed> {
    let path = site.folder().join(format!("{priority}.toml"));
    let text = format!(
        "{lifetime}\n[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\npriority = {priority}\n\
         advert_interval = \"100ms\"\nvirtual_addresses = [\"{V4}/24\", \"fe80::30/64\", \"{V6}/64\"]\n"
    );
    std::fs::write(&path, text)?;
    Ok(path)
}

fn holds(site: &Site, host: usize) -> [bool; 2] {
    [V4, V6].map(|address| site.host(host).has(ip(address)))
}

fn reload(site: &Site, host: usize) -> Result<(), Failed> {
    let output = site.asking(host).arg("reload").output()?;
    ensure(output.status.success(), || format!("{output:?}"))
}

/// How long the kernel keeps an address: `2sec`, `forever`.
fn lifetime(site: &Site, address: &str) -> String {
    let shown = site.host(1).run("ip", &format!("addr show dev eth0 to {address}")).unwrap_or_default();
    let after = shown.split("valid_lft ").nth(1).and_then(|rest| rest.split_whitespace().next());
    after.unwrap_or_default().to_owned()
}

fn is_limited(site: &Site) -> bool {
    [V4, V6].iter().all(|address| ["1sec", "2sec"].contains(&lifetime(site, address).as_str()))
}

/// The route of the host's own network, which must never expire with an address of ours.
fn ensure_network_stays(site: &Site) -> Result<(), Failed> {
    let routes = site.host(1).run("ip", "-6 route show")?;
    let own: Vec<&str> = routes.lines().filter(|line| line.starts_with(NETWORK)).collect();
    ensure(!own.is_empty() && own.iter().all(|line| !line.contains("expires")), || routes.clone())
}

/// What `ip monitor` says of addresses on h1.
struct AddressesAdded(Child);

impl AddressesAdded {
    fn watch(site: &Site) -> Result<Self, Failed> {
        let mut command = Command::new("ip");
        command.args(["monitor", "address"]).stdout(Stdio::piped());
        let child = site.host(1).namespace.spawn(&mut command)?;
        // It listens as soon as it has a socket of rtnetlink's.
        let sockets = format!("/proc/{}/net/netlink", child.id());
        wait("ip to listen", || {
            let listens = |line: &str| line.split_whitespace().nth(2) == Some(&child.id().to_string());
            std::fs::read_to_string(&sockets).is_ok_and(|text| text.lines().any(listens))
        })?;
        Ok(Self(child))
    }

    fn end(mut self) -> Result<String, Failed> {
        self.0.kill()?;
        let output = self.0.wait_with_output()?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

/// Through several lifetimes, of which none is noticed.
fn renewed() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch_at(1, &native(&site, 150, "vip_lifetime = \"2s\"")?, &[])?;
    wait("h1 to hold both", || holds(&site, 1) == [true; 2])?;
    let start = |address| Prober::start(&site.lan.client, ip(address), Duration::from_millis(1));
    let probers = [start(V4)?, start(V6)?];
    for prober in &probers {
        wait("answers", || prober.probes().answered() >= 100)?;
    }
    ensure(is_limited(&site), || lifetime(&site, V6))?;
    wait("six seconds of probes", || probers.iter().all(|prober| prober.probes().answered() >= 6_000))?;
    ensure(is_limited(&site), || lifetime(&site, V6))?;
    ensure_network_stays(&site)?;
    ensure(!h1.said("removed"), || h1.output().join("\n"))?;
    stop(h1)?;
    ensure(holds(&site, 1) == [false; 2], || "an address stayed".to_owned())?;
    ensure_network_stays(&site)
}

/// The other one serves alone while it hangs, and it does not interfere when it comes to.
fn hangs() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch_at(1, &native(&site, 150, "vip_lifetime = \"2s\"")?, &[])?;
    wait("h1 to hold both", || holds(&site, 1) == [true; 2])?;
    let h2 = site.keepwatch_at(2, &native(&site, 100, "")?, &[])?;
    wait_for_line(&h2, "(web) Entering BACKUP STATE")?;
    h1.signal(Signal::SIGSTOP)?;
    wait("h2 to take over", || holds(&site, 2) == [true; 2])?;
    wait("the kernel to remove h1's", || holds(&site, 1) == [false; 2])?;
    ensure_network_stays(&site)?;
    // What it does before it has heard of the better one would be heard here.
    let capture = site.capture()?;
    let better = native(&site, 200, "")?;
    std::fs::rename(better, site.folder().join("100.toml"))?;
    reload(&site, 2)?;
    wait("adverts of h2", || capture.adverts().iter().filter(|advert| advert.priority == 200).count() >= 6)?;
    // Every address that comes to h1 from now on, by the kernel's own word.
    let added = AddressesAdded::watch(&site)?;
    h1.signal(Signal::SIGCONT)?;
    let backups = || h1.output().iter().filter(|line| line.contains("Entering BACKUP STATE")).count();
    // Two of them are from the start.
    wait("both families to be backups", || backups() == 4)?;
    let mac = site.host(1).mac()?;
    let by_h1 = |address| capture.announcements(ip(address)).into_iter().filter(|(_, by)| *by == mac).count();
    let announced = [by_h1(V4), by_h1(V6)];
    ensure(announced == [0; 2], || format!("{announced:?}\n{}", h1.output().join("\n")))?;
    ensure(holds(&site, 1) == [false; 2], || "h1 has an address again".to_owned())?;
    let added = added.end()?;
    ensure(!added.contains(V4) && !added.contains(V6), || format!("h1 had addresses again:\n{added}"))?;
    stop(h1)?;
    stop(h2)
}

fn killed() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let mut h1 = site.keepwatch_at(1, &native(&site, 150, "vip_lifetime = \"2s\"")?, &[])?;
    wait("h1 to hold both", || holds(&site, 1) == [true; 2])?;
    h1.kill()?;
    ensure(site.host(1).has(ip(V4)), || "it went at once".to_owned())?;
    wait("the kernel to remove them", || holds(&site, 1) == [false; 2])?;
    ensure_network_stays(&site)
}

/// In place, while the addresses are in use.
fn taken_out() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let path = native(&site, 150, "vip_lifetime = \"2s\"")?;
    let h1 = site.keepwatch_at(1, &path, &[])?;
    wait("h1 to hold both", || holds(&site, 1) == [true; 2])?;
    native(&site, 150, "")?;
    reload(&site, 1)?;
    wait("no lifetimes", || [V4, V6].iter().all(|address| lifetime(&site, address) == "forever"))?;
    native(&site, 150, "vip_lifetime = \"2s\"")?;
    reload(&site, 1)?;
    wait("lifetimes", || is_limited(&site))?;
    ensure_network_stays(&site)?;
    let entries = h1.output().iter().filter(|line| line.contains("Entering")).count();
    ensure(entries == 4, || h1.output().join("\n"))?;
    stop(h1)
}

/// More than are renewed in one go: none of them goes, through several lifetimes.
fn many() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let path = site.folder().join("many.toml");
    let addresses: Vec<String> =
        (1..=50).map(|number| format!("\"10.3.0.{number}/24\", \"fd00:3::{number}/64\"")).collect();
    let text = format!(
        "vip_lifetime = \"2s\"\n[instance.web]\ninterface = \"eth0\"\nvirtual_router_id = 51\nadvert_interval = \"100ms\"\n\
         virtual_addresses = [\"fe80::30/64\", {}]\n",
        addresses.join(", ")
    );
    std::fs::write(&path, text)?;
    let h1 = site.keepwatch_at(1, &path, &[])?;
    let shown = || site.host(1).run("ip", "addr show dev eth0").unwrap_or_default();
    let lines = |text: &str, wanted: &str| text.lines().filter(|line| line.contains(wanted)).count();
    let ours = |text: &str| lines(text, "10.3.0.") + lines(text, "fd00:3::");
    wait("h1 to hold all", || ours(&shown()) == 100)?;
    let until = Instant::now() + Duration::from_secs(7);
    wait("three lifetimes", || Instant::now() >= until)?;
    let text = shown();
    // With the link-local one; 0 s is the last moment before it goes.
    let limited = lines(&text, "valid_lft 2sec") + lines(&text, "valid_lft 1sec");
    ensure((ours(&text), limited) == (100, 101), || text.clone())?;
    ensure(!h1.said("removed") && !h1.said("lifetime"), || h1.output().join("\n"))?;
    stop(h1)
}
