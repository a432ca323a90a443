//! A BACKUP with a virtual MAC for a whole minute, on a LAN that asks much and a host that does much: not one frame.

use std::time::{Duration, Instant};

use keepwatch_lab::{Prober, Querier};
use libtest_mimic::Failed;

use crate::peers::IP;
use crate::reload::Reloaded;
use crate::site::{Site, ensure, stop, wait};
use crate::vmac::{NFT, V4, V6, both, count_frames, packets};
use crate::{Case, Need};

const PING: Need = Need::Program("/usr/bin/ping", "iputils-ping");

pub(crate) const CASES: &[Case] =
    &[Case { name: "vmac_standby::mute_for_a_minute", needs: &[IP, NFT, PING], run: mute_for_a_minute }];

/// How long it is watched at least.
const MINUTE: Duration = Duration::from_secs(60);
/// What a host that stands by pings as often.
const PERIOD: Duration = Duration::from_millis(20);

/// A part of one instance's configuration and what it becomes by a reload; in the end all is as it was.
const RELOADS: &[(&str, &str)] = &[
    // Of both instances.
    ("priority 100", "priority 110"),
    ("10.1.1.31", "10.1.1.31\n        10.1.1.32/24"),
    ("fd00:1::30/64", "fd00:1::30/64\n        fd00:1::31/64\n        fd00:1::32/128"),
    ("10.1.1.31\n        10.1.1.32/24", "10.1.1.33"),
    ("fd00:1::30/64\n        fd00:1::31/64", "fd00:1::30/64"),
    ("priority 110", "priority 90\n    garp_master_refresh 1"),
    // These begin anew, on interfaces that are made anew.
    ("use_vmac", "use_vmac other.51"),
    ("use_vmac other.51", "use_vmac\n    vmac_xmit_base"),
    ("priority 90\n    garp_master_refresh 1", "priority 100"),
    ("use_vmac\n    vmac_xmit_base", "use_vmac"),
    ("10.1.1.33", "10.1.1.31"),
    ("fd00:1::30/64\n        fd00:1::32/128", "fd00:1::30/64"),
];

/// What somebody at work on the standby host does with what is there. The kernel tells routers and switches of much of it.
/// What fails, for an interface has another name at the moment, does not matter.
const WORK: &[(&str, &str)] = &[
    ("ip", "addr add 10.1.1.77/24 dev vrrp.51"),
    ("ip", "addr add fd00:1::77/64 dev vrrp6.51"),
    ("ping", "-n -c 1 -W 1 -I vrrp.51 10.1.1.200"),
    ("ping", "-n -c 1 -W 1 -I vrrp6.51 ff02::1"),
    ("ip", "neigh flush dev eth0"),
    ("ip", "link set vrrp6.51 down"),
    ("ip", "addr del 10.1.1.77/24 dev vrrp.51"),
    ("ip", "addr del fd00:1::77/64 dev vrrp6.51"),
    ("ip", "link set vrrp.51 down"),
    ("ip", "link set eth0 promisc on"),
    ("ip", "link set eth0 promisc off"),
];

fn mute_for_a_minute() -> Result<(), Failed> {
    let site = Site::new(2)?;
    // Routers and switches ask all the time, and whoever gets an address asks whether it is taken.
    site.lan.snoop(Querier::Present { membership: Duration::from_secs(3) })?;
    site.host(2).detect_duplicates()?;
    let h1 = site.keepwatch(1, &both(150))?;
    V4.wait_for_holder(&site, 1)?;
    wait("h1 to hold both", || site.host(1).has_on("vrrp6.51", V6.address()))?;
    count_frames(&site)?;
    count_claims(&site)?;
    let mut text = both(100);
    let h2 = Reloaded::start(&site, 2, &text)?;
    let until = Instant::now() + MINUTE;
    for instance in ["VI_1", "VI_2"] {
        h2.wait_for_state(instance, "BACKUP")?;
    }

    let (client, standby) = (&site.lan.client, site.host(2));
    let own: [_; 2] = [standby.address.into(), standby.address_v6.into()];
    let theirs: [_; 2] = [client.address.into(), client.address_v6.into()];
    let virtual_ones = [V4.address(), V6.address()];
    let asked = own.into_iter().chain(virtual_ones).map(|address| Prober::start(client, address, PERIOD));
    let asking =
        theirs.into_iter().chain(virtual_ones).map(|address| Prober::start(standby, address, PERIOD));
    let probers: Vec<Prober> = asked.chain(asking).collect::<Result<_, _>>()?;

    let mut reloads = RELOADS.iter();
    while Instant::now() < until || reloads.len() > 0 {
        for (program, arguments) in WORK {
            let _ = standby.run(program, arguments);
            silent(&site, &format!("{program} {arguments}\n{text}"))?;
        }
        // Who has forgotten asks again.
        client.run("ip", "neigh flush dev eth0")?;
        if let Some((before, after)) = reloads.next() {
            ensure(text.contains(before), || format!("no {before} in\n{text}"))?;
            text = text.replace(before, after);
            h2.follow(&text, &[])?;
            for instance in ["VI_1", "VI_2"] {
                h2.wait_for_state(instance, "BACKUP")?;
            }
            silent(&site, &text)?;
        }
    }
    ensure(text == both(100), || text.clone())?;
    ensure(probers.iter().all(|prober| prober.probes().answered() > 100), || {
        format!("{:?}", probers.iter().map(|prober| prober.probes().answered()).collect::<Vec<_>>())
    })?;
    let from_h1 = packets(&site, "h1")?;
    ensure(from_h1 >= 2 * MINUTE.as_secs(), || format!("only {from_h1} frames of h1 were counted"))?;
    ensure(!h2.daemon.said("Entering MASTER STATE"), || h2.daemon.output().join("\n"))?;
    stop(h2.daemon)?;
    silent(&site, "the stop")?;
    stop(h1)
}

/// Lets the switch count also what comes from the standby host in the name of a virtual address, with whatever MAC.
fn count_claims(site: &Site) -> Result<(), Failed> {
    let nft = |commands: &str| site.lan.run_on_switch("nft", commands);
    nft("add counter bridge vmac claims")?;
    for what in ["arp saddr ip 10.1.1.30", "ip saddr 10.1.1.30", "ip6 saddr fd00:1::30"] {
        nft(&format!("add rule bridge vmac heard iifname h2 {what} counter name claims"))?;
    }
    Ok(())
}

/// Fails if the standby host has sent a frame that only a MASTER may.
fn silent(site: &Site, after: &str) -> Result<(), Failed> {
    let counts = (packets(site, "h2")?, packets(site, "claims")?);
    ensure(counts == (0, 0), || format!("{counts:?} frames with the virtual MAC or address after {after}"))
}
