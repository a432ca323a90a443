//! Ipvlans: adverts come from an interface and an address of their own, and the virtual addresses stay where they are.
//!
//! Where the kernel has no ipvlans, only that is tested.

use std::net::IpAddr;
use std::time::Duration;

use keepwatch_lab::{Daemon, Prober};
use libtest_mimic::Failed;

use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::reload::Reloaded;
use crate::site::{PATIENCE, Site, config, ensure, explain, ip, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "ipvlan::as_keepalived_has_it",
        needs: &[Need::Ipvlans, IP, KEEPALIVED],
        run: as_keepalived_has_it,
    },
    Case {
        name: "ipvlan::keepalived_over_us",
        needs: &[Need::Ipvlans, IP, KEEPALIVED],
        run: || story(keepalived, ours),
    },
    Case {
        name: "ipvlan::keepalived_under_us",
        needs: &[Need::Ipvlans, IP, KEEPALIVED],
        run: || story(ours, keepalived),
    },
    Case { name: "ipvlan::unicast", needs: &[Need::Ipvlans, IP, KEEPALIVED], run: unicast },
    Case { name: "ipvlan::stop_loses_nothing", needs: &[Need::Ipvlans], run: stop_loses_nothing },
    Case { name: "ipvlan::two_on_one_interface", needs: &[Need::Ipvlans, IP], run: two_on_one_interface },
    Case { name: "ipvlan::an_address_on_it", needs: &[Need::Ipvlans, IP], run: an_address_on_it },
    Case { name: "ipvlan::reloaded", needs: &[Need::Ipvlans, IP], run: reloaded },
    Case { name: "ipvlan::taken_away_by_hand", needs: &[Need::Ipvlans, IP], run: taken_away_by_hand },
    Case {
        name: "ipvlan::left_by_killed_ones",
        needs: &[Need::Ipvlans, IP, KEEPALIVED],
        run: left_by_killed_ones,
    },
    Case { name: "ipvlan::its_address_is_taken", needs: &[Need::Ipvlans, IP], run: its_address_is_taken },
    Case { name: "ipvlan::a_kernel_without", needs: &[Need::NoIpvlans], run: a_kernel_without },
];

fn ours(site: &Site, host: usize, config: &str) -> Result<Daemon, Failed> {
    site.keepwatch(host, config)
}

/// Starts a daemon with a configuration on a host.
type Start = fn(&Site, usize, &str) -> Result<Daemon, Failed>;

/// How `ip` shows what a host has: the kind and mode of the interface, and what stands on it and on eth0.
fn shown(site: &Site, host: usize, device: &str) -> Result<String, Failed> {
    let link = site.host(host).run("ip", &format!("-d link show {device}"))?;
    let kind = link.lines().find(|line| line.trim_start().starts_with("ipvlan ")).unwrap_or_default();
    let mut words: Vec<String> = kind.split_whitespace().take(4).map(str::to_owned).collect();
    let is_up = link.lines().next().is_some_and(|line| line.contains(",UP,"));
    words.push(if is_up { "up" } else { "down" }.to_owned());
    for device in [device, "eth0"] {
        let addresses = site.host(host).run("ip", &format!("-o addr show dev {device}"))?;
        for line in addresses.lines() {
            // "3: ipv0    inet 10.1.1.111/24 scope global ipv0\       valid_lft ...", without what the kernel chose.
            let line = line.split('\\').next().unwrap_or_default();
            let line = line.split_once("inet").map_or("", |(_, rest)| rest);
            if !line.contains("fe80::") || line.contains("fe80::1:") {
                // Not who put it there: only we say so.
                let line = line.replace(" proto 107", "").replace(" proto 0x6b", "");
                let line = line.replace(" proto kernel_ll", "");
                words.push(format!("{device} {}", line.split_whitespace().collect::<Vec<_>>().join(" ")));
            }
        }
    }
    Ok(words.join("; "))
}

fn has_device(site: &Site, host: usize, device: &str) -> bool {
    let path = format!("/proc/sys/net/ipv4/conf/{device}/arp_ignore");
    site.host(host).run("cat", &path).is_ok()
}

/// The same words, one after the other on one host: the same interface, the same addresses, the same adverts, and nothing
/// left.
fn as_keepalived_has_it() -> Result<(), Failed> {
    let rows = [
        ("use_ipvlan ipv0 10.1.1.111/24", "10.1.1.30/24", "ipv0"),
        ("use_ipvlan 10.1.1.111 private", "10.1.1.30", "vrrp.51"),
        ("use_ipvlan vepa ipv0 10.1.1.111/24\n    mcast_src_ip 10.1.1.10", "10.1.1.30", "ipv0"),
        ("version 3\n    use_ipvlan", "fe80::1:30/64\n        fd00:1::30/64", "vrrp.51"),
        ("version 3\n    use_ipvlan fe80::1:111", "fe80::1:30/64", "vrrp.51"),
    ];
    for (more, addresses, device) in rows {
        let told = |start: Start| -> Result<(String, String), Failed> {
            let site = Site::new(1)?;
            let capture = site.capture()?;
            let address = addresses.split('/').next().map(ip).ok_or("no address")?;
            let h1 = start(&site, 1, &config(100, more, addresses))?;
            wait("the address on eth0", || site.host(1).has_on("eth0", address))?;
            wait("adverts", || capture.adverts().len() > 1)?;
            let shown = shown(&site, 1, device)?;
            let own = site.host(1).mac()?;
            let adverts: Vec<String> = capture
                .adverts()
                .iter()
                .map(|advert| {
                    // The kernel makes the link-local address of a Linux ipvlan from its MAC and number.
                    let on_device = site.host(1).has_on(device, advert.source);
                    let source = if more.ends_with("use_ipvlan") {
                        "its own".to_owned()
                    } else {
                        advert.source.to_string()
                    };
                    format!("{source} {on_device} {}", advert.mac == own)
                })
                .collect();
            stop(h1)?;
            ensure(!has_device(&site, 1, device), || format!("{device} is left"))?;
            ensure(!site.host(1).has_anywhere(address), || format!("{address} is left"))?;
            Ok((shown, adverts.first().cloned().unwrap_or_default()))
        };
        let (theirs, mine) = (told(keepalived)?, told(ours)?);
        ensure(theirs == mine, || format!("{more}:\nkeepalived {theirs:#?}\nkeepwatch {mine:#?}"))?;
        ensure(theirs.0.starts_with("ipvlan; mode; l2"), || theirs.0.clone())?;
    }
    Ok(())
}

/// The address of a host's ipvlan.
fn own(host: usize) -> IpAddr {
    ip(&format!("10.1.1.11{host}"))
}

fn of_host(host: usize, priority: u8) -> String {
    config(priority, &format!("use_ipvlan ipv0 {}/24", own(host)), "10.1.1.30/24")
}

/// Beside each other: the higher one serves, stops, comes back, loses its link and gets it back.
fn story(higher: Start, lower: Start) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let h1 = higher(&site, 1, &of_host(1, 150))?;
    site.wait_for_holder(1, vip())?;
    let h2 = lower(&site, 2, &of_host(2, 100))?;
    wait_for_line(&h2, "Entering BACKUP STATE")?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    ensure(!has_device(&site, 1, "ipv0"), || "ipv0 is left".to_owned())?;
    let h1 = higher(&site, 1, &of_host(1, 150))?;
    site.wait_for_holder(1, vip())?;
    site.host(1).pull_cable()?;
    wait("the lower to take over", || site.host(2).has_on("eth0", vip()))?;
    site.host(1).plug_cable()?;
    site.wait_for_holder(1, vip())?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(5))?;
    wait("answers", || prober.probes().answered() > 100)?;
    drop(prober);
    // Either host only ever spoke from its ipvlan's address.
    let adverts = capture.adverts();
    let strange = adverts.iter().find(|advert| ![own(1), own(2)].contains(&advert.source));
    ensure(strange.is_none(), || format!("{strange:?}"))?;
    for host in [1, 2] {
        let has_spoken = adverts.iter().any(|advert| advert.source == own(host));
        ensure(has_spoken, || format!("no advert of h{host}: {adverts:?}"))?;
    }
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    stop(h2)
}

/// Unicast adverts go from ipvlan to ipvlan, also from and to keepalived's.
fn unicast() -> Result<(), Failed> {
    let of = |host: usize, priority: u8| {
        let more = format!(
            "use_ipvlan ipv0 {}/24\n    unicast_peer {{\n        {}\n    }}\n    check_unicast_src",
            own(host),
            own(3 - host)
        );
        config(priority, &more, "10.1.1.30")
    };
    let rows: [(Start, Start); 3] = [(ours, ours), (ours, keepalived), (keepalived, ours)];
    for (higher, lower) in rows {
        let site = Site::new(2)?;
        let h1 = higher(&site, 1, &of(1, 150))?;
        site.wait_for_holder(1, vip())?;
        let h2 = lower(&site, 2, &of(2, 100))?;
        wait_for_line(&h2, "Entering BACKUP STATE")?;
        // Longer than it would wait for adverts that it does not hear.
        std::thread::sleep(Duration::from_secs(5));
        ensure(!h2.said("Entering MASTER STATE"), || h2.output().join("\n"))?;
        stop(h1)?;
        site.wait_for_holder(2, vip())?;
        let h1 = higher(&site, 1, &of(1, 150))?;
        site.wait_for_holder(1, vip())?;
        stop(h1)?;
        stop(h2)?;
    }
    Ok(())
}

/// The hand-over of a stop, as without ipvlans.
fn stop_loses_nothing() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &of_host(1, 150))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &of_host(2, 100))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    wait("answers", || prober.probes().answered() > 100)?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    let before = prober.probes().answered();
    wait("answers from the successor", || prober.probes().answered() > before + 1_500)?;
    let probes = prober.finish();
    ensure(probes.lost() <= 5, || format!("{} lost: {:?}", probes.lost(), probes.lost_runs()))?;
    stop(h2)
}

/// Two routers of a host: neither takes the other's adverts for somebody else's.
fn two_on_one_interface() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let second =
        of_host(2, 100).replace("VI_1", "VI_2").replace("ipv0", "ipv1").replace("10.1.1.30", "10.1.1.31");
    let second = second.replace("virtual_router_id 51", "virtual_router_id 52");
    let h1 = site.keepwatch(1, &format!("{}{second}", of_host(1, 150)))?;
    let capture = site.capture()?;
    wait("both addresses", || site.host(1).has(vip()) && site.host(1).has(ip("10.1.1.31")))?;
    wait("adverts", || capture.adverts().len() >= 6)?;
    for (source, priority) in [(own(1), 150), (own(2), 100)] {
        let adverts = capture.adverts();
        let right = adverts.iter().any(|advert| (advert.source, advert.priority) == (source, priority));
        ensure(right, || format!("{adverts:?}"))?;
    }
    ensure(!h1.said("warning"), || h1.output().join("\n"))?;
    stop(h1)
}

/// `dev ipv0`: a virtual address can stand on it, and is answered from there.
fn an_address_on_it() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &of_host(1, 150).replace("10.1.1.30/24", "10.1.1.30/24 dev ipv0"))?;
    wait("the address on ipv0", || site.host(1).has_on("ipv0", vip()))?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(5))?;
    wait("answers", || prober.probes().answered() > 100)?;
    drop(prober);
    stop(h1)?;
    ensure(!has_device(&site, 1, "ipv0"), || "ipv0 is left".to_owned())
}

/// Another address is another ipvlan, and nothing of the one before is left. Other changes leave it alone.
fn reloaded() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = Reloaded::start(&site, 1, &of_host(1, 150))?;
    wait("h1 to serve", || site.host(1).has_on("eth0", vip()))?;
    // "3: ipv0@eth0: ...": its number.
    let link = || site.host(1).run("ip", "-o link show ipv0").unwrap_or_default();
    let number = || link().split(':').next().unwrap_or_default().to_owned();
    let before = number();
    h1.follow(&of_host(1, 151), &["VI_1: priority 150 -> 151, stays MASTER"])?;
    ensure(number() == before, || format!("{before}: {}", link()))?;
    h1.follow(&of_host(2, 151), &["address of the ipvlan 10.1.1.111/24 -> 10.1.1.112/24"])?;
    wait("another address", || site.host(1).has_on("ipv0", own(2)) && !site.host(1).has_anywhere(own(1)))?;
    wait("h1 to serve again", || site.host(1).has_on("eth0", vip()))?;
    h1.follow(&config(151, "", "10.1.1.30/24"), &["ipvlan off"])?;
    wait("ipv0 to go", || !has_device(&site, 1, "ipv0"))?;
    wait("h1 to serve again", || site.host(1).has_on("eth0", vip()))
}

/// Deleted, or its address removed, by somebody else: both are back, and adverts go on.
fn taken_away_by_hand() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &of_host(1, 150))?;
    wait("h1 to serve", || site.host(1).has_on("eth0", vip()))?;
    site.host(1).run("ip", "addr del 10.1.1.111/24 dev ipv0")?;
    wait("the address to be back", || site.host(1).has_on("ipv0", own(1)))?;
    site.host(1).run("ip", "link del ipv0")?;
    wait("ipv0 to be back", || site.host(1).has_on("ipv0", own(1)))?;
    let before = capture.adverts().len();
    wait("more adverts", || capture.adverts().len() > before + 2)?;
    wait("h1 to serve", || site.host(1).has_on("eth0", vip()))?;
    let strange = capture.adverts().into_iter().find(|advert| advert.source != own(1));
    ensure(strange.is_none(), || format!("{strange:?}"))?;
    stop(h1)
}

/// What a killed run has left is taken away, or used in its place.
fn left_by_killed_ones() -> Result<(), Failed> {
    for start in [ours as Start, keepalived] {
        let site = Site::new(1)?;
        let mut left = start(&site, 1, &of_host(1, 150))?;
        wait("it to serve", || site.host(1).has_on("eth0", vip()))?;
        left.kill()?;
        ensure(site.host(1).has_on("ipv0", own(1)), || "a killed daemon cannot have removed it".to_owned())?;
        let h1 = site.keepwatch(1, &of_host(1, 150))?;
        wait_for_line(&h1, "Entering MASTER STATE")?;
        wait("h1 to serve", || site.host(1).has_on("eth0", vip()) && site.host(1).has_on("ipv0", own(1)))?;
        stop(h1)?;
        ensure(!has_device(&site, 1, "ipv0"), || "ipv0 is left".to_owned())?;
    }
    Ok(())
}

/// An address that another ipvlan has: one clear error, and none in its own place.
fn its_address_is_taken() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let other = [
        "link add other link eth0 type ipvlan mode l2",
        "link set other up",
        "addr add 10.1.1.111/24 dev other",
    ];
    for command in other {
        site.host(1).run("ip", command)?;
    }
    let h1 = site.keepwatch(1, &of_host(1, 150))?;
    wait_for_line(&h1, "cannot set the interface ipv0 up: its address 10.1.1.111/24 cannot be there: ")?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (tracked interface ipv0 down)")?;
    site.host(1).run("ip", "link del other")?;
    wait("h1 to serve", || site.host(1).has_on("eth0", vip()))?;
    stop(h1)
}

/// One error says what is missing; the instance cannot take part, and all else goes on.
fn a_kernel_without() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let other = config(100, "", "10.1.1.31").replace("VI_1", "VI_2").replace("router_id 51", "router_id 52");
    let mut h1 = site.keepwatch(1, &format!("{}{other}", of_host(1, 150)))?;
    let error = "cannot set the interface ipv0 up: this kernel has no ipvlan (module `ipvlan`, CONFIG_IPVLAN); \
                 VI_1 cannot take part until it can be";
    wait_for_line(&h1, error)?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (tracked interface ipv0 down)")?;
    wait("the other one to serve", || site.host(1).has(ip("10.1.1.31")))?;
    // It tries each second, and says so once.
    std::thread::sleep(Duration::from_millis(2_500));
    let said = h1.output().iter().filter(|line| line.contains("ipv0 up")).count();
    ensure(said == 1, || h1.output().join("\n"))?;
    h1.terminate()?;
    let status = h1.wait(PATIENCE)?.ok_or("it did not stop")?;
    ensure(status.success(), || h1.output().join("\n")).map_err(|failed| explain(failed, "at the end"))
}
