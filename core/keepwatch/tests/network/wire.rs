//! What others see of us on the wire.

use std::process::Command;
use std::time::Duration;

use keepwatch_lab::{Daemon, Frame};
use libtest_mimic::Failed;

use crate::site::{Site, config, ensure, explain, ip, seed, stop, vip, wait};
use crate::{Case, Need};

// It changes to a user of its own, which a user namespace of ours does not have.
pub(crate) const TCPDUMP: Need = Need::Program("/usr/bin/tcpdump", "tcpdump");
const TSHARK: Need = Need::Program("/usr/bin/tshark", "tshark");

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "wire::tcpdump_reads_the_seeds_advert",
        needs: &[TCPDUMP, Need::RealRoot],
        run: tcpdump_reads_the_seeds_advert,
    },
    Case { name: "wire::tshark_finds_no_fault", needs: &[TSHARK], run: tshark_finds_no_fault },
    Case { name: "wire::announced_before_advertised", needs: &[], run: announced_before_advertised },
    Case { name: "wire::announcements_are_spread", needs: &[], run: announcements_are_spread },
    Case { name: "wire::a_backup_is_silent", needs: &[], run: a_backup_is_silent },
];

fn tcpdump_reads_the_seeds_advert() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let mut command = Command::new("tcpdump");
    command.args(["-i", "eth0", "-nn", "-l", "-v", "--immediate-mode", "vrrp"]);
    let tcpdump = Daemon::start(&site.lan.client.namespace, &mut command)?;
    wait("tcpdump to listen", || tcpdump.said("listening on eth0"))?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let line = "VRRPv2, Advertisement, vrid 51, prio 101, authtype simple, intvl 1s, length 20";
    wait("the seed's line", || tcpdump.said(line))
        .map_err(|failed| explain(failed, &tcpdump.output().join("\n")))?;
    ensure(tcpdump.said("tos 0xc0, ttl 255"), || tcpdump.output().join("\n"))?;
    ensure(!tcpdump.output().iter().any(|line| line.contains("bad")), || tcpdump.output().join("\n"))?;
    stop(h1)
}

/// Wireshark's dissector checks lengths and checksums, also of neighbour advertisements.
fn tshark_finds_no_fault() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let mut command = Command::new("tshark");
    command.args(["-i", "eth0", "-l", "-n", "-V", "-f", "proto 112 or arp or icmp6"]);
    command.args(["-o", "ip.check_checksum:TRUE"]);
    // A home that exists, whoever runs the tests.
    command.env("HOME", site.folder());
    let tshark = Daemon::start(&site.lan.client.namespace, &mut command)?;
    wait("tshark to listen", || tshark.said("Capturing on"))?;
    let both = format!(
        "{}{}",
        config(101, "version 3", "10.1.1.30"),
        config(101, "", "fe80::30/64").replace("VI_1", "VI_2")
    );
    let h1 = site.keepwatch(1, &both)?;
    for expected in [
        "Version 3, Packet type 1 (Advertisement)",
        "Target Address: fe80::30",
        "Sender IP address: 10.1.1.30",
    ] {
        wait(expected, || tshark.said(expected))
            .map_err(|failed| explain(failed, &tshark.output().join("\n")))?;
    }
    wait("a good IPv6 advert", || {
        tshark.output().iter().filter(|line| line.contains("[Checksum Status: Good]")).count() > 2
    })
    .map_err(|failed| explain(failed, &tshark.output().join("\n")))?;
    let faults: Vec<String> = tshark
        .output()
        .into_iter()
        .filter(|line| ["Malformed", "Bad", "incorrect"].iter().any(|word| line.contains(word)))
        .collect();
    ensure(faults.is_empty(), || faults.join("\n"))?;
    stop(h1)
}

/// MASTER entry: the announcement first, the advert in the same moment.
fn announced_before_advertised() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30\n        10.1.1.31"))?;
    wait("an advert", || !capture.adverts().is_empty())?;
    let frames: Vec<String> = capture
        .frames()
        .iter()
        .filter_map(|frame| match frame {
            Frame::Advert(advert) => Some(format!("advert {}", advert.priority)),
            Frame::Announcement { address, .. } if *address == vip() || *address == ip("10.1.1.31") => {
                Some(format!("announce {address}"))
            }
            Frame::Announcement { .. } => None,
        })
        .take(3)
        .collect();
    ensure(frames == ["announce 10.1.1.30", "announce 10.1.1.31", "advert 100"], || frames.join(", "))?;
    stop(h1)
}

fn announcements_are_spread() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    let offsets = || -> Vec<Duration> {
        let times: Vec<_> = capture.announcements(vip()).into_iter().map(|(at, _)| at).collect();
        times.iter().map(|at| at.duration_since(times[0]).unwrap_or_default()).collect()
    };
    // The first may have been captured a little late.
    let last = Duration::from_millis(4_900);
    wait("the last announcement", || offsets().iter().any(|offset| *offset >= last))?;
    let offsets = offsets();
    // A busy machine is late, and then does two at once, but never early.
    for (millis, at_most) in [(50, 3), (450, 4), (1_900, 5), (4_900, 6)] {
        let until = Duration::from_millis(millis);
        let count = offsets.iter().filter(|offset| **offset < until).count();
        ensure(count <= at_most, || format!("{count} within {millis} ms: {offsets:?}"))?;
    }
    ensure(offsets.len() >= 4, || format!("{offsets:?}"))?;
    stop(h1)
}

fn a_backup_is_silent() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let capture = site.capture()?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    wait("four adverts of h1", || capture.adverts().len() >= 4)?;
    ensure(capture.adverts().iter().all(|advert| advert.source == ip("10.1.1.10")), || {
        format!("{:?}", capture.adverts())
    })?;
    stop(h2)?;
    let heard = capture.adverts().len();
    wait("another advert of h1", || capture.adverts().len() > heard)?;
    ensure(capture.adverts().iter().all(|advert| advert.priority == 101), || {
        format!("{:?}", capture.adverts())
    })?;
    stop(h1)
}
