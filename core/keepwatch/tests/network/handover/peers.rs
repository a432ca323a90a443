//! Peers with their own ideas about taking over.

use std::net::IpAddr;

use libtest_mimic::Failed;

use super::scene::{Program, Running, Speech, Watch};
use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, ip, stop, wait, wait_for_line};
use crate::{Case, beside};

pub(super) const CASES: &[Case] = &[
    Case {
        name: "handover::peers::keepalived_nopreempt",
        needs: &[KEEPALIVED],
        run: || one_peer(Program::Keepalived, "nopreempt"),
    },
    Case {
        name: "handover::peers::keepwatch_nopreempt",
        needs: &[],
        run: || one_peer(Program::Keepwatch, "nopreempt"),
    },
    Case {
        name: "handover::peers::keepalived_preempt_delay",
        needs: &[KEEPALIVED],
        run: || one_peer(Program::Keepalived, "preempt_delay 30"),
    },
    Case {
        name: "handover::peers::keepwatch_preempt_delay",
        needs: &[],
        run: || one_peer(Program::Keepwatch, "preempt_delay 30"),
    },
    Case {
        name: "handover::peers::two_equal_standbys_keepalived",
        needs: &[KEEPALIVED],
        run: || two_equal_standbys(Program::Keepalived),
    },
    Case {
        name: "handover::peers::two_equal_standbys_keepwatch",
        needs: &[],
        run: || two_equal_standbys(Program::Keepwatch),
    },
    Case {
        name: "handover::peers::sync_group_stop",
        needs: &[KEEPALIVED],
        run: || sync_group_stop([100, 100]),
    },
    Case {
        name: "handover::peers::sync_group_stop_with_a_slow_member",
        needs: &[KEEPALIVED],
        run: || sync_group_stop([100, 50]),
    },
    Case { name: "handover::peers::sync_group_yield", needs: &[KEEPALIVED], run: sync_group_yield },
    Case { name: "handover::peers::a_shorter_list", needs: &[KEEPALIVED], run: a_shorter_list },
    Case {
        name: "handover::peers::slow_announcements_keepalived",
        needs: &[KEEPALIVED],
        run: || slow_announcements(beside::Program::Keepalived),
    },
    Case {
        name: "handover::peers::slow_announcements_keepwatch",
        needs: &[],
        run: || slow_announcements(beside::Program::Keepwatch),
    },
    Case { name: "handover::peers::excluded_addresses", needs: &[KEEPALIVED], run: excluded_addresses },
    Case { name: "handover::peers::unicast", needs: &[KEEPALIVED], run: unicast },
];

const VIP: &str = "10.1.1.30";

fn vips() -> Vec<String> {
    vec![VIP.to_owned()]
}

/// A MASTER is stopped beside a standby that says something about preemption: a resignation is no preemption.
fn one_peer(peer: Program, more: &str) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = Program::Keepwatch.start(&site, 1, 150, Speech::V2, &vips(), "")?;
    site.wait_for_holder(1, ip(VIP))?;
    let h2 = peer.start(&site, 2, 100, Speech::V2, &vips(), more)?;
    let watch = Watch::begin(&site, &[ip(VIP)])?;
    let heard = watch.capture().adverts().len();
    wait("three more adverts", || watch.capture().adverts().len() >= heard + 3)?;
    h1.stop()?;
    site.wait_for_holder(2, ip(VIP))?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lossless(&site, 2)?;
    }
    h2.stop()
}

/// Both may become MASTER for a moment, and the client may turn more than once; it is answered all the while.
fn two_equal_standbys(program: Program) -> Result<(), Failed> {
    let site = Site::new(3)?;
    let h1 = Program::Keepwatch.start(&site, 1, 150, Speech::V3Quick, &vips(), "")?;
    site.wait_for_holder(1, ip(VIP))?;
    let h2 = program.start(&site, 2, 100, Speech::V3Quick, &vips(), "")?;
    let h3 = program.start(&site, 3, 100, Speech::V3Quick, &vips(), "")?;
    let watch = Watch::begin(&site, &[ip(VIP)])?;
    let heard = watch.capture().adverts().len();
    wait("more adverts", || watch.capture().adverts().len() >= heard + 50)?;
    h1.stop()?;
    wait("one standby alone to hold it", || {
        [1, 2, 3].map(|host| site.host(host).has(ip(VIP))).iter().filter(|holds| **holds).count() == 1
            && !site.host(1).has(ip(VIP))
    })?;
    watch.wait_for_answers(200)?;
    let adverts = watch.capture().adverts();
    let both =
        ["10.1.1.20", "10.1.1.40"].map(|source| adverts.iter().any(|advert| advert.source == ip(source)));
    for seen in watch.finish() {
        if program == Program::Keepalived && both == [true, true] {
            // Two keepaliveds that take over in one moment do not repeat their announcements when one gives way: the
            // client may be left with that one for five seconds, whatever the leaver does.
            println!("both keepaliveds took over: {} probes lost", seen.probes.lost());
            continue;
        }
        seen.ensure_lost(2)?;
    }
    h2.stop()?;
    h3.stop()
}

/// Two networks, an instance on each, both in a group.
fn grouped(priorities: [u8; 2], more: &str) -> String {
    let inside = config(priorities[0], more, "10.1.1.30").replace("VI_1", "VI_A");
    let outside = config(priorities[1], more, "10.1.2.30").replace("VI_1", "VI_B").replace("eth0", "eth1");
    format!("vrrp_sync_group VG {{\n    group {{\n        VI_A\n        VI_B\n    }}\n}}\n{inside}{outside}")
}

fn both() -> [IpAddr; 2] {
    [ip("10.1.1.30"), ip("10.1.2.30")]
}

fn holds_both(site: &Site, host: usize) -> bool {
    let [first, second] = both();
    site.host(host).has_on("eth0", first) && site.host(host).has_on("eth1", second)
}

fn holds_none(site: &Site, host: usize) -> bool {
    let [first, second] = both();
    !site.host(host).has_on("eth0", first) && !site.host(host).has_on("eth1", second)
}

/// The peer's group takes over as one, when its slowest member may.
fn sync_group_stop(theirs: [u8; 2]) -> Result<(), Failed> {
    let site = Site::with_networks(2, 2)?;
    let h1 = site.keepwatch(1, &grouped([150, 150], ""))?;
    wait("h1 to hold both", || holds_both(&site, 1))?;
    let h2 = keepalived(&site, 2, &grouped(theirs, ""))?;
    let watch = Watch::begin(&site, &both())?;
    let heard = watch.capture().adverts().len();
    wait("three more adverts", || watch.capture().adverts().len() >= heard + 3)?;
    stop(h1)?;
    wait("h2 to hold both", || holds_both(&site, 2) && holds_none(&site, 1))?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lost(2)?;
    }
    stop(h2)
}

fn sync_group_yield() -> Result<(), Failed> {
    let site = Site::with_networks(2, 2)?;
    let h1 = site.keepwatch(1, &grouped([100, 100], ""))?;
    wait("h1 to hold both", || holds_both(&site, 1))?;
    let watch = Watch::begin(&site, &both())?;
    let h2 = keepalived(&site, 2, &grouped([150, 150], ""))?;
    wait("h2 to hold both", || holds_both(&site, 2) && holds_none(&site, 1))?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lost(2)?;
    }
    stop(h1)?;
    stop(h2)
}

/// An address that the successor does not have ends a second later; the others do not wait for it.
fn a_shorter_list() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30\n        10.1.1.31"))?;
    site.wait_for_holder(1, ip(VIP))?;
    let h2 = keepalived(&site, 2, &config(100, "", VIP))?;
    let watch = Watch::begin(&site, &[ip(VIP)])?;
    let heard = watch.capture().adverts().len();
    wait("three more adverts", || watch.capture().adverts().len() >= heard + 3)?;
    stop(h1)?;
    site.wait_for_holder(2, ip(VIP))?;
    site.wait_for_nobody(ip("10.1.1.31"))?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lossless(&site, 2)?;
    }
    stop(h2)
}

/// The last of twenty addresses is announced 200 ms after the advert.
fn slow_announcements(successor: beside::Program) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let addresses = Speech::V2.addresses(20);
    let h1 = Program::Keepwatch.start(&site, 1, 150, Speech::V2, &addresses, "")?;
    let last = super::scene::bare(&addresses[19]);
    site.wait_for_holder(1, last)?;
    let slow = "global_defs {\n    vrrp_garp_interval 0.01\n}\n";
    let text = format!("{slow}{}", config(100, "", &addresses.join("\n        ")));
    let h2 = successor.start(&site, 2, &text)?;
    let watch = Watch::begin(&site, &[last])?;
    let heard = watch.capture().adverts().len();
    wait("three more adverts", || watch.capture().adverts().len() >= heard + 3)?;
    h1.stop()?;
    site.wait_for_holder(2, last)?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lossless(&site, 2)?;
    }
    stop(h2)
}

/// keepalived announces addresses that it does not list.
fn excluded_addresses() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let excluded = "virtual_ipaddress_excluded {\n        10.1.1.40\n    }";
    let h1 = site.keepwatch(1, &config(150, excluded, VIP))?;
    site.wait_for_holder(1, ip("10.1.1.40"))?;
    let h2 = keepalived(&site, 2, &config(100, excluded, VIP))?;
    let watch = Watch::begin(&site, &[ip("10.1.1.40")])?;
    let heard = watch.capture().adverts().len();
    wait("three more adverts", || watch.capture().adverts().len() >= heard + 3)?;
    stop(h1)?;
    site.wait_for_holder(2, ip("10.1.1.40"))?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lossless(&site, 2)?;
    }
    stop(h2)
}

fn unicast() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let more = |ours: &str, theirs: &str| {
        format!("version 3\n    unicast_src_ip {ours}\n    unicast_peer {{\n        {theirs}\n    }}")
    };
    let h1 = site.keepwatch(1, &config(150, &more("10.1.1.10", "10.1.1.20"), VIP))?;
    site.wait_for_holder(1, ip(VIP))?;
    let h2 = Running::Daemon(keepalived(&site, 2, &config(100, &more("10.1.1.20", "10.1.1.10"), VIP))?);
    let watch = Watch::begin(&site, &[ip(VIP)])?;
    // Its adverts do not come by the client: wait as long as three of them take.
    watch.wait_for_answers(3_500)?;
    h1.terminate()?;
    wait_for_line(&h1, "10.1.1.20 took over after")?;
    site.wait_for_holder(2, ip(VIP))?;
    watch.wait_for_answers(200)?;
    for seen in watch.finish() {
        seen.ensure_lossless(&site, 2)?;
    }
    ensure(!h1.said("nobody took over"), || h1.output().join("\n"))?;
    h2.stop()
}
