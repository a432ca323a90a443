//! Virtual MACs: the traffic goes where the MAC was last heard from, and only the one MASTER may be heard.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use keepwatch_lab::{Capture, Daemon, Prober};
use keepwatch_vrrp::MacAddress;
use libtest_mimic::Failed;

use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::site::{PATIENCE, Site, config, ensure, explain, ip, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const NFT: Need = Need::Program("/usr/sbin/nft", "nftables");
const SYSCTL: Need = Need::Program("/usr/sbin/sysctl", "procps");

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "vmac::everything_bears_the_virtual_mac",
        needs: &[IP],
        run: everything_bears_the_virtual_mac,
    },
    Case { name: "vmac::adverts_from_the_base", needs: &[], run: adverts_from_the_base },
    Case { name: "vmac::stop_loses_nothing", needs: &[], run: || stop_loses_nothing(&V4) },
    Case { name: "vmac::yield_loses_nothing", needs: &[], run: || yield_loses_nothing(&V4) },
    Case { name: "vmac::stop_loses_nothing_v6", needs: &[], run: || stop_loses_nothing(&V6) },
    Case { name: "vmac::yield_loses_nothing_v6", needs: &[], run: || yield_loses_nothing(&V6) },
    Case { name: "vmac::a_mac_of_ones_own", needs: &[], run: || stop_loses_nothing(&OWN) },
    Case { name: "vmac::a_backup_is_mute", needs: &[IP, NFT], run: a_backup_is_mute },
    Case {
        name: "vmac::mute_once_there_is_a_successor",
        needs: &[IP, NFT],
        run: mute_once_there_is_a_successor,
    },
    Case { name: "vmac::a_backup_forwards_nothing", needs: &[SYSCTL], run: a_backup_forwards_nothing },
    Case {
        name: "vmac::clients_are_answered_while_it_leaves",
        needs: &[IP],
        run: clients_are_answered_while_it_leaves,
    },
    Case {
        name: "vmac::neighbours_are_asked_by_the_host",
        needs: &[IP],
        run: neighbours_are_asked_by_the_host,
    },
    Case { name: "vmac::keepalived_over_us", needs: &[KEEPALIVED], run: || story(keepalived, ours) },
    Case { name: "vmac::keepalived_under_us", needs: &[KEEPALIVED], run: || story(ours, keepalived) },
    Case { name: "vmac::interface_deleted_and_created", needs: &[], run: interface_deleted_and_created },
    Case { name: "vmac::interface_renamed", needs: &[IP], run: interface_renamed },
    Case { name: "vmac::taken_away_by_hand", needs: &[IP], run: taken_away_by_hand },
    Case { name: "vmac::nothing_is_left", needs: &[SYSCTL], run: nothing_is_left },
    Case {
        name: "vmac::nothing_is_left_by_a_killed_one",
        needs: &[SYSCTL],
        run: nothing_is_left_by_a_killed_one,
    },
    Case { name: "vmac::the_name_is_taken", needs: &[IP], run: the_name_is_taken },
];

/// A pair's common configuration.
pub(crate) struct Pair {
    more: &'static str,
    addresses: &'static str,
    /// The address that is pinged.
    address: &'static str,
    device: &'static str,
    mac: MacAddress,
}

pub(crate) const V4: Pair = Pair {
    more: "use_vmac",
    addresses: "10.1.1.30\n        10.1.1.31",
    address: "10.1.1.30",
    device: "vrrp.51",
    mac: MacAddress([0x00, 0x00, 0x5e, 0x00, 0x01, 51]),
};
pub(crate) const V6: Pair = Pair {
    addresses: "fe80::30/64\n        fd00:1::30/64",
    address: "fd00:1::30",
    mac: MacAddress([0x00, 0x00, 0x5e, 0x00, 0x02, 51]),
    ..V4
};
const OWN: Pair = Pair {
    more: "use_vmac vip0 02:00:00:00:77",
    device: "vip0",
    mac: MacAddress([0x02, 0x00, 0x00, 0x00, 0x77, 51]),
    ..V4
};

impl Pair {
    pub(crate) fn config(&self, priority: u8) -> String {
        config(priority, self.more, self.addresses)
    }

    pub(crate) fn address(&self) -> IpAddr {
        ip(self.address)
    }

    fn has(&self, site: &Site, host: usize) -> bool {
        site.host(host).has_on(self.device, self.address())
    }

    /// Waits until of both hosts only this one has the address.
    pub(crate) fn wait_for_holder(&self, site: &Site, host: usize) -> Result<(), Failed> {
        let is_it = || (1..=2).all(|number| self.has(site, number) == (number == host));
        wait(&format!("h{host} alone to hold {} on {}", self.address, self.device), is_it)
    }

    /// Waits until the switch has the MAC behind this host's port.
    fn wait_for_port(&self, site: &Site, host: usize) -> Result<(), Failed> {
        let ports = || site.lan.ports_of(self.mac).unwrap_or_default();
        wait(&format!("the switch to know {} behind h{host}", self.mac), || ports() == [format!("h{host}")])
            .map_err(|failed| explain(failed, &format!("it is behind {:?}", ports())))
    }

    /// Pings each millisecond, and is answered already.
    fn ping(&self, site: &Site) -> Result<Prober, Failed> {
        let prober = Prober::start(&site.lan.client, self.address(), Duration::from_millis(1))?;
        wait("answers", || prober.probes().answered() > 100)?;
        Ok(prober)
    }
}

fn ours(site: &Site, host: usize, config: &str) -> Result<Daemon, Failed> {
    site.keepwatch(host, config)
}

/// A setting of the kernel on a host: `ipv4/conf/eth0/arp_ignore`.
fn setting(site: &Site, host: usize, path: &str) -> Result<String, Failed> {
    Ok(site.host(host).run("cat", &format!("/proc/sys/net/{path}"))?.trim().to_owned())
}

fn has_device(site: &Site, host: usize, device: &str) -> bool {
    setting(site, host, &format!("ipv4/conf/{device}/arp_ignore")).is_ok()
}

fn everything_bears_the_virtual_mac() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    let h2 = site.keepwatch(2, &V4.config(100))?;
    V4.wait_for_holder(&site, 1)?;
    wait_for_line(&h2, "10.1.1.10 is MASTER with priority 150")?;
    wait("adverts and announcements", || {
        capture.adverts().len() > 1 && capture.announcements(vip()).len() > 2
    })?;
    let adverts = capture.adverts();
    let is_right = |mac: &MacAddress| *mac == V4.mac;
    ensure(adverts.iter().all(|a| is_right(&a.mac) && a.source == ip("10.1.1.10")), || {
        format!("{adverts:?}")
    })?;
    ensure(capture.announcements(vip()).iter().all(|(_, mac)| is_right(mac)), || {
        format!("{:?}", capture.announcements(vip()))
    })?;
    V4.wait_for_port(&site, 1)?;
    let link = site.host(1).run("ip", "-d link show vrrp.51")?;
    ensure(link.contains("macvlan mode bridge") && link.contains("00:00:5e:00:01:33"), || link.clone())?;
    ensure(!site.host(1).has(vip()), || "the address is on the interface below".to_owned())?;
    stop(h2)?;
    stop(h1)
}

/// `vmac_xmit_base`: adverts have the host's own MAC, announcements the virtual one.
fn adverts_from_the_base() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &config(100, "use_vmac\n    vmac_xmit_base", "10.1.1.30"))?;
    wait("an advert and an announcement", || {
        !capture.adverts().is_empty() && !capture.announcements(vip()).is_empty()
    })?;
    let own = site.host(1).mac()?;
    ensure(capture.adverts().iter().all(|advert| advert.mac == own), || format!("{:?}", capture.adverts()))?;
    ensure(capture.announcements(vip()).iter().all(|(_, mac)| *mac == V4.mac), || {
        format!("{:?}", capture.announcements(vip()))
    })?;
    stop(h1)
}

/// The hand-over of a stop: answered all the time, and the switch follows.
fn stop_loses_nothing(pair: &Pair) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &pair.config(150))?;
    pair.wait_for_holder(&site, 1)?;
    let h2 = site.keepwatch(2, &pair.config(100))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let prober = pair.ping(&site)?;
    stop(h1)?;
    pair.wait_for_holder(&site, 2)?;
    settled(&site, pair, prober, 2)?;
    stop(h2)
}

/// The hand-over to a higher priority.
fn yield_loses_nothing(pair: &Pair) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &pair.config(100))?;
    pair.wait_for_holder(&site, 1)?;
    let prober = pair.ping(&site)?;
    let h2 = site.keepwatch(2, &pair.config(150))?;
    wait_for_line(&h1, "with higher priority 150, ours 100")?;
    pair.wait_for_holder(&site, 2)?;
    settled(&site, pair, prober, 2)?;
    stop(h1)?;
    stop(h2)
}

/// After a hand-over to `host`: hardly a ping was lost, and the switch sends there, also after a while.
fn settled(site: &Site, pair: &Pair, prober: Prober, host: usize) -> Result<(), Failed> {
    pair.wait_for_port(site, host)?;
    let before = prober.probes().answered();
    wait("answers from the successor", || prober.probes().answered() > before + 1_500)?;
    pair.wait_for_port(site, host)?;
    let probes = prober.finish();
    ensure(probes.lost() <= 5, || format!("{} lost: {:?}", probes.lost(), probes.lost_runs()))
}

/// How many packets the switch has counted under a name.
pub(crate) fn packets(site: &Site, counter: &str) -> Result<u64, Failed> {
    let said = site.lan.run_on_switch("nft", &format!("list counter bridge vmac {counter}"))?;
    let mut words = said.split_whitespace().skip_while(|word| *word != "packets").skip(1);
    Ok(words.next().ok_or("no count")?.parse()?)
}

/// Lets the switch count the frames with virtual MACs from each host under its name.
pub(crate) fn count_frames(site: &Site) -> Result<(), Failed> {
    let nft = |commands: &str| site.lan.run_on_switch("nft", commands);
    nft(
        "add table bridge vmac ; add chain bridge vmac heard { type filter hook prerouting priority -300 ; }",
    )?;
    for host in ["h1", "h2"] {
        nft(&format!("add counter bridge vmac {host}"))?;
        for mac in [V4.mac, V6.mac] {
            nft(&format!("add rule bridge vmac heard iifname {host} ether saddr {mac} counter name {host}"))?;
        }
    }
    Ok(())
}

/// An instance of each family.
pub(crate) fn both(priority: u8) -> String {
    format!("{}{}", V4.config(priority), V6.config(priority).replace("VI_1", "VI_2"))
}

/// Not one frame while it stands by: neither when it starts, nor when its link comes back, nor when somebody else uses
/// its interfaces.
fn a_backup_is_mute() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &both(150))?;
    V4.wait_for_holder(&site, 1)?;
    wait("h1 to hold both", || site.host(1).has_on("vrrp6.51", V6.address()))?;
    count_frames(&site)?;
    let capture = site.capture()?;
    let h2 = site.keepwatch(2, &both(100))?;
    let heard = || h2.output().iter().filter(|line| line.contains("is MASTER with priority 150")).count();
    wait("h2 to hear h1", || heard() == 2)?;
    site.host(2).pull_cable()?;
    wait_for_line(&h2, "(VI_1) Entering FAULT STATE")?;
    site.host(2).plug_cable()?;
    wait("h2 to hear h1 again", || heard() == 4)?;
    // The kernel tells routers and switches of these.
    site.host(2).run("ip", "addr add fd00:1::77/64 dev vrrp6.51")?;
    site.host(2).run("ip", "addr add 10.1.1.77/24 dev vrrp.51")?;
    let before = capture.adverts().len();
    wait("eight more adverts", || capture.adverts().len() >= before + 8)?;
    let (from_h1, from_h2) = (packets(&site, "h1")?, packets(&site, "h2")?);
    ensure(from_h1 >= 8, || format!("only {from_h1} frames of h1 were counted"))?;
    ensure(from_h2 == 0, || format!("h2 sent {from_h2} frames with a virtual MAC"))?;
    stop(h2)?;
    ensure(packets(&site, "h2")? == 0, || "h2 sent frames with a virtual MAC when it stopped".to_owned())?;
    stop(h1)
}

/// From the successor's first frame on whoever leaves sends nothing with the virtual MAC, though it still has an address
/// that the successor does not announce, and is asked for it.
fn mute_once_there_is_a_successor() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    V4.wait_for_holder(&site, 1)?;
    let h2 = site.keepwatch(2, &config(100, "use_vmac", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let nft = |commands: &str| site.lan.run_on_switch("nft", commands);
    nft("add table bridge vmac ; add set bridge vmac taken { type ether_addr ; size 8 ; flags dynamic ; }")?;
    nft("add counter bridge vmac before ; add counter bridge vmac after ; add counter bridge vmac asked")?;
    nft("add chain bridge vmac heard { type filter hook prerouting priority -300 ; }")?;
    let mac = V4.mac;
    for rule in [
        format!("iifname h2 ether saddr {mac} add @taken {{ ether saddr }}"),
        "iifname h1 ether saddr @taken counter name after".to_owned(),
        format!("iifname h1 ether saddr {mac} counter name before"),
        "iifname client ether type arp counter name asked".to_owned(),
    ] {
        nft(&format!("add rule bridge vmac heard {rule}"))?;
    }
    let prober = Prober::start(&site.lan.client, ip("10.1.1.31"), Duration::from_millis(1))?;
    let done = AtomicBool::new(false);
    let (until_left, asked) = std::thread::scope(|scope| -> Result<_, Failed> {
        let forget = scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // Whatever it knew must be asked for again.
                let _ = site.lan.client.run("ip", "neigh flush dev eth0");
            }
        });
        let outcome = (|| {
            wait("h1 to answer", || packets(&site, "before").is_ok_and(|frames| frames > 20))?;
            let before = packets(&site, "asked")?;
            stop(h1)?;
            Ok((packets(&site, "after")?, packets(&site, "asked")? - before))
        })();
        done.store(true, Ordering::Relaxed);
        forget.join().map_err(|_| "the client could not forget")?;
        outcome
    })?;
    drop(prober);
    // Those that were under way when the successor spoke.
    ensure(until_left <= 3, || {
        format!("h1 sent {until_left} frames after its successor's first; {asked} questions")
    })?;
    ensure(asked > 20, || format!("it was asked {asked} times only"))?;
    V4.wait_for_port(&site, 2)?;
    stop(h2)
}

/// RFC 9568 §6.4.2: a backup discards what comes for the virtual MAC. Only a MASTER passes it on.
fn a_backup_forwards_nothing() -> Result<(), Failed> {
    let site = Site::new(2)?;
    for host in [1, 2] {
        site.host(host).run("sysctl", "-qw net.ipv4.conf.all.forwarding=1 net.ipv6.conf.all.forwarding=1")?;
    }
    let forwards = |host: usize| {
        let of = |path: &str| setting(&site, host, path).unwrap_or_default();
        of("ipv4/conf/vrrp.51/forwarding") + &of("ipv6/conf/vrrp6.51/forwarding")
    };
    let h1 = site.keepwatch(1, &both(150))?;
    wait("h1 to forward", || forwards(1) == "11")?;
    let h2 = site.keepwatch(2, &both(100))?;
    wait("h2 to hear h1", || h2.output().iter().filter(|line| line.contains("is MASTER with")).count() == 2)?;
    ensure(forwards(2) == "00", || format!("h2 forwards: {}", forwards(2)))?;
    stop(h1)?;
    wait("h2 to forward", || forwards(2) == "11")?;
    stop(h2)
}

/// A client that has never heard of the address is answered also while there is no successor yet; here none comes.
fn clients_are_answered_while_it_leaves() -> Result<(), Failed> {
    let site = Site::new(1)?;
    // It waits for a successor for 2.3 s.
    let mut h1 = site.keepwatch(1, &config(254, "use_vmac\n    version 3\n    advert_int 2", "10.1.1.30"))?;
    wait("h1 to serve", || h1.said("Entering MASTER STATE"))?;
    h1.terminate()?;
    wait_for_line(&h1, "leaving; keeping the addresses")?;
    site.lan.client.run("ip", "neigh flush dev eth0")?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    wait("answers", || prober.probes().answered() > 20)?;
    let neighbour = site.lan.client.run("ip", "neigh show 10.1.1.30")?;
    ensure(neighbour.contains("00:00:5e:00:01:33"), || neighbour.clone())?;
    let status = h1.wait(PATIENCE)?.ok_or("it did not stop")?;
    ensure(status.success(), || h1.output().join("\n"))
}

/// The host asks for its neighbours in its own name. In the name of the virtual address, and with its own MAC, it would
/// draw them away from the virtual one.
fn neighbours_are_asked_by_the_host() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = Capture::start(&site.lan.client)?;
    let h1 = site.keepwatch(1, &config(100, "use_vmac", "10.1.1.30"))?;
    wait("h1 to serve", || h1.said("Entering MASTER STATE"))?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    for _ in 0..3 {
        // Linux believes nobody else within a second of the last news.
        let before = prober.probes().answered();
        wait("answers", || prober.probes().answered() > before + 1_500)?;
        site.host(1).run("ip", "neigh flush dev eth0")?;
    }
    let before = prober.probes().answered();
    wait("answers", || prober.probes().answered() > before + 100)?;
    let used = capture.neighbours_used(vip());
    ensure(used.iter().all(|(_, mac)| *mac == V4.mac), || format!("{used:?}"))?;
    stop(h1)
}

/// Starts a daemon with a configuration on a host.
type Start = fn(&Site, usize, &str) -> Result<Daemon, Failed>;

/// Beside keepalived, which calls its interface the same: the higher one serves, stops, comes back, loses its link and
/// gets it back. The switch follows each time.
fn story(higher: Start, lower: Start) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = higher(&site, 1, &V4.config(150))?;
    V4.wait_for_holder(&site, 1)?;
    let h2 = lower(&site, 2, &V4.config(100))?;
    wait_for_line(&h2, "Entering BACKUP STATE")?;
    V4.wait_for_port(&site, 1)?;
    stop(h1)?;
    V4.wait_for_holder(&site, 2)?;
    V4.wait_for_port(&site, 2)?;
    let h1 = higher(&site, 1, &V4.config(150))?;
    V4.wait_for_holder(&site, 1)?;
    V4.wait_for_port(&site, 1)?;
    site.host(1).pull_cable()?;
    wait("the lower to take over", || V4.has(&site, 2))?;
    site.host(1).plug_cable()?;
    V4.wait_for_holder(&site, 1)?;
    V4.wait_for_port(&site, 1)?;
    let prober = V4.ping(&site)?;
    drop(prober);
    stop(h1)?;
    V4.wait_for_holder(&site, 2)?;
    V4.wait_for_port(&site, 2)?;
    stop(h2)
}

fn interface_deleted_and_created() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    V4.wait_for_holder(&site, 1)?;
    let h2 = site.keepwatch(2, &V4.config(100))?;
    site.host(1).delete_interface()?;
    wait_for_line(&h1, "Netlink reports eth0 deleted")?;
    wait_for_line(&h1, "(VI_1) Entering FAULT STATE")?;
    V4.wait_for_holder(&site, 2)?;
    site.host(1).create_interface()?;
    V4.wait_for_holder(&site, 1)?;
    V4.wait_for_port(&site, 1)?;
    ensure(setting(&site, 1, "ipv4/conf/eth0/arp_ignore")? == "1", || "eth0 answers for vrrp.51".to_owned())?;
    ensure(!h1.said("cannot set"), || h1.output().join("\n"))?;
    stop(h1)?;
    stop(h2)
}

/// A renamed interface is gone for us: the one on it goes, too, and leaves no setting behind.
fn interface_renamed() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    wait("h1 to hold the address", || V4.has(&site, 1))?;
    site.host(1).rename_interface("eth9")?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (interface eth0 does not exist)")?;
    wait("vrrp.51 to go", || !has_device(&site, 1, "vrrp.51"))?;
    wait("the settings of eth9 to be as they were", || {
        setting(&site, 1, "ipv4/conf/eth9/arp_ignore").is_ok_and(|value| value == "0")
    })?;
    site.host(1).rename_interface_back("eth9")?;
    wait("h1 to hold it again", || V4.has(&site, 1))?;
    stop(h1)
}

/// Deleted, or set down, by somebody else: it is back at once, and the mastership stays.
fn taken_away_by_hand() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    V4.wait_for_holder(&site, 1)?;
    let h2 = site.keepwatch(2, &V4.config(100))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    site.host(1).run("ip", "link del vrrp.51")?;
    wait_for_line(&h1, "something else removed 10.1.1.30/32 from vrrp.51; putting it back")?;
    V4.wait_for_holder(&site, 1)?;
    V4.wait_for_port(&site, 1)?;
    site.host(1).run("ip", "link set vrrp.51 down")?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(5))?;
    wait("answers", || prober.probes().answered() > 100)?;
    ensure(!h2.said("Entering MASTER STATE"), || h2.output().join("\n"))?;
    stop(h1)?;
    stop(h2)
}

/// The settings of eth0 that a virtual MAC needs otherwise.
fn settings(site: &Site) -> Result<[String; 3], Failed> {
    let of = |name: &str| setting(site, 1, &format!("ipv4/conf/eth0/{name}"));
    Ok([of("arp_ignore")?, of("arp_filter")?, of("arp_announce")?])
}

fn nothing_is_left() -> Result<(), Failed> {
    let site = Site::new(1)?;
    site.host(1).run("sysctl", "-qw net.ipv4.conf.eth0.arp_announce=1")?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    wait("h1 to hold the address", || V4.has(&site, 1))?;
    ensure(settings(&site)? == ["1", "1", "2"], || format!("{:?}", settings(&site)))?;
    stop(h1)?;
    ensure(!has_device(&site, 1, "vrrp.51"), || "vrrp.51 is left".to_owned())?;
    ensure(settings(&site)? == ["0", "0", "1"], || format!("{:?}", settings(&site)))
}

/// The next run takes away what a killed one has left, also under another name, and knows what the settings were.
fn nothing_is_left_by_a_killed_one() -> Result<(), Failed> {
    let site = Site::new(2)?;
    site.host(1).run("sysctl", "-qw net.ipv4.conf.eth0.arp_announce=1")?;
    let mut h1 = site.keepwatch(1, &V4.config(150).replace("use_vmac", "use_vmac old0"))?;
    wait("h1 to hold the address", || site.host(1).has_on("old0", vip()))?;
    let h2 = site.keepwatch(2, &V4.config(100))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    h1.kill()?;
    wait("h2 to take over", || V4.has(&site, 2))?;
    ensure(site.host(1).has_on("old0", vip()), || "a killed daemon cannot have removed it".to_owned())?;
    let h1 = site.keepwatch(1, &V4.config(50))?;
    wait_for_line(&h1, "10.1.1.20 is MASTER with priority 100")?;
    ensure(!has_device(&site, 1, "old0"), || "old0 is left".to_owned())?;
    V4.wait_for_holder(&site, 2)?;
    V4.wait_for_port(&site, 2)?;
    stop(h1)?;
    ensure(!has_device(&site, 1, "vrrp.51"), || "vrrp.51 is left".to_owned())?;
    ensure(settings(&site)? == ["0", "0", "1"], || format!("{:?}", settings(&site)))?;
    stop(h2)
}

/// Somebody else's interface of that name is not touched; the instance takes part once it is gone.
fn the_name_is_taken() -> Result<(), Failed> {
    let site = Site::new(1)?;
    site.host(1).run("ip", "link add vrrp.51 type veth peer name other")?;
    let h1 = site.keepwatch(1, &V4.config(150))?;
    wait_for_line(
        &h1,
        "cannot set the interface vrrp.51 up: another interface has this name; VI_1 cannot take part",
    )?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (tracked interface vrrp.51 down)")?;
    site.host(1).run("ip", "link del vrrp.51")?;
    wait("h1 to hold the address", || V4.has(&site, 1))?;
    stop(h1)
}
