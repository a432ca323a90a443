//! Who becomes MASTER, and who follows.

use std::time::{Duration, Instant};

use keepwatch_lab::Prober;
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, config, ensure, ip, seed, stop, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "election::the_seeds_pair", needs: &[], run: the_seeds_pair },
    Case { name: "election::three_nodes", needs: &[], run: three_nodes },
    Case { name: "election::nopreempt", needs: &[], run: nopreempt },
    Case { name: "election::equal_priorities", needs: &[], run: equal_priorities },
    Case { name: "election::version_3_at_10_ms", needs: &[], run: version_3_at_10_ms },
    Case { name: "election::ipv6", needs: &[], run: ipv6 },
    Case { name: "election::unicast", needs: &[], run: unicast },
    Case { name: "election::owner", needs: &[], run: owner },
    Case { name: "election::owners_of_each_others_backup", needs: &[], run: owners_of_each_others_backup },
    Case { name: "election::one_vrid_for_two_pairs", needs: &[], run: one_vrid_for_two_pairs },
    Case { name: "election::two_vrids_for_one_address", needs: &[], run: two_vrids_for_one_address },
    Case { name: "election::overlapping_address_lists", needs: &[], run: overlapping_address_lists },
];

/// h1 serves, stops, h2 takes over, h1 comes back; a client pings all the while.
fn the_seeds_pair() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h1, "(VI_1) Entering MASTER STATE")?;
    wait_for_line(&h2, "(VI_1) Entering BACKUP STATE (init)")?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(10))?;
    let answered = |more: usize| {
        let before = prober.probes().answered();
        wait("answers", || prober.probes().answered() >= before + more)
    };
    answered(20)?;
    let stopped = Instant::now();
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    wait_for_line(&h2, "(VI_1) Backup received priority 0 advertisement")?;
    wait_for_line(&h2, "(VI_1) Entering MASTER STATE")?;
    answered(20)?;
    // The seed's own loss: skew is 0.61 s. A whole master-down time would be 3.6 s.
    let outage = prober.probes().longest_outage(stopped);
    ensure(outage.duration < Duration::from_secs(3), || format!("{outage:?}"))?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h2, "(VI_1) Master received advert from 10.1.1.10 with higher priority 101, ours 100")?;
    answered(20)?;
    stop(h1)?;
    stop(h2)?;
    site.wait_for_nobody(vip())
}

fn three_nodes() -> Result<(), Failed> {
    let site = Site::new(3)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    let h3 = site.keepwatch(3, &config(50, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    stop(h2)?;
    site.wait_for_holder(3, vip())?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h3, "(VI_1) Entering BACKUP STATE")?;
    stop(h3)?;
    stop(h1)
}

fn nopreempt() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h2 = site.keepwatch(2, &config(100, "nopreempt", "10.1.1.30"))?;
    site.wait_for_holder(2, vip())?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &config(150, "nopreempt", "10.1.1.30"))?;
    wait_for_line(&h1, "10.1.1.20 is MASTER with priority 100")?;
    // A preempting backup would have taken over after 3.4 s: watch five adverts.
    let heard = capture.adverts().len();
    wait("five more adverts", || capture.adverts().len() >= heard + 5)?;
    ensure(capture.adverts().iter().all(|advert| advert.source == ip("10.1.1.20")), || {
        "h1 preempted".to_owned()
    })?;
    stop(h2)?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

/// The higher address wins, and the lower one gives way without both serving for long.
fn equal_priorities() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "10.1.1.10 is MASTER with priority 100")?;
    // h2 accepts an equal MASTER while it is heard.
    site.wait_for_holder(1, vip())?;
    site.host(1).pull_cable()?;
    wait("h2 to take over", || site.host(2).has(vip()))?;
    site.host(1).plug_cable()?;
    wait_for_line(&h1, "10.1.1.20 is MASTER with priority 100")?;
    site.wait_for_holder(2, vip())?;
    stop(h1)?;
    stop(h2)
}

fn version_3_at_10_ms() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let quick = "version 3\n    advert_int 0.01";
    let capture = site.capture()?;
    let mut h1 = site.keepwatch(1, &config(150, quick, "10.1.1.30"))?;
    let h2 = site.keepwatch(2, &config(100, quick, "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    wait("a hundred adverts", || capture.adverts().len() > 100)?;
    let adverts = capture.adverts();
    ensure(adverts[5].interval == Duration::from_millis(10), || format!("{:?}", adverts[5]))?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    wait("answers", || prober.probes().answered() > 50)?;
    h1.kill()?;
    site.host(1).remove_address(vip(), 32)?;
    site.wait_for_holder(2, vip())?;
    wait_for_line(&h2, "(VI_1) Receive advertisement timeout")?;
    stop(h2)
}

fn ipv6() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let (link_local, global) = (ip("fe80::30"), ip("fd00:1::30"));
    let addresses = "fe80::30/64\n        fd00:1::30/64";
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &config(150, "", addresses))?;
    let h2 = site.keepwatch(2, &config(100, "", addresses))?;
    site.wait_for_holder(1, global)?;
    site.wait_for_holder(1, link_local)?;
    let prober = Prober::start(&site.lan.client, global, Duration::from_millis(10))?;
    wait("answers", || prober.probes().answered() > 20)?;
    let advert = capture.adverts().pop().ok_or("no advert was heard")?;
    ensure(advert.version == 3 && advert.destination == ip("ff02::12"), || format!("{advert:?}"))?;
    ensure(matches!(advert.source, std::net::IpAddr::V6(v6) if v6.is_unicast_link_local()), || {
        format!("{advert:?}")
    })?;
    ensure(advert.source != link_local, || "the virtual address is never the source".to_owned())?;
    ensure(!capture.announcements(global).is_empty(), || "no neighbour advertisement".to_owned())?;
    stop(h1)?;
    site.wait_for_holder(2, global)?;
    let before = prober.probes().answered();
    wait("answers from h2", || prober.probes().answered() > before + 20)?;
    // A link that goes takes all IPv6 addresses along; they come back with it.
    site.host(2).pull_cable()?;
    wait_for_line(&h2, "(VI_1) Entering FAULT STATE")?;
    site.host(2).plug_cable()?;
    site.wait_for_holder(2, global)?;
    stop(h2)?;
    site.wait_for_nobody(global)
}

fn unicast() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let more = |ours: &str, theirs: &str| {
        format!("version 3\n    unicast_src_ip {ours}\n    unicast_peer {{\n        {theirs}\n    }}")
    };
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &config(150, &more("10.1.1.10", "10.1.1.20"), "10.1.1.30"))?;
    let h2 = site.keepwatch(2, &config(100, &more("10.1.1.20", "10.1.1.10"), "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h2, "10.1.1.10 is MASTER with priority 150")?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    let multicast = capture.adverts().iter().filter(|advert| advert.destination.is_multicast()).count();
    ensure(multicast == 0, || format!("{multicast} adverts went to the group"))?;
    stop(h2)
}

/// An owner is MASTER without waiting, and its own address is neither removed at the start nor at the end.
fn owner() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let own = site.host(1).address.into();
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.10"))?;
    let text = config(255, "", "10.1.1.10").replace("state BACKUP", "state MASTER");
    let h1 = site.keepwatch(1, &text)?;
    wait_for_line(&h1, "(VI_1) Entering MASTER STATE")?;
    wait_for_line(&h2, "10.1.1.10 is MASTER with priority 255")?;
    ensure(site.host(1).has(own), || "the owner lost its own address at the start".to_owned())?;
    stop(h1)?;
    ensure(site.host(1).has(own), || "the owner lost its own address at the end".to_owned())?;
    stop(h2)
}

/// The RFC's own layout (RFC 9568 §4.2): each host owns its address and backs the other's up.
fn owners_of_each_others_backup() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let instance = |name: &str, vrid: &str, priority: u8, address: &str| {
        config(priority, "", address)
            .replace("VI_1", name)
            .replace("virtual_router_id 51", &format!("virtual_router_id {vrid}"))
    };
    let both = |first: u8, second: u8| {
        let (a, b) = (instance("A", "1", first, "10.1.1.10"), instance("B", "2", second, "10.1.1.20"));
        format!("{a}{b}").replace("    state BACKUP\n", "")
    };
    let h1 = site.keepwatch(1, &both(255, 100))?;
    let h2 = site.keepwatch(2, &both(100, 255))?;
    wait_for_line(&h1, "(A) Entering MASTER STATE")?;
    wait_for_line(&h2, "(B) Entering MASTER STATE")?;
    wait_for_line(&h1, "(B) 10.1.1.20 is MASTER with priority 255")?;
    wait_for_line(&h2, "(A) 10.1.1.10 is MASTER with priority 255")?;
    stop(h2)?;
    site.host(2).pull_cable()?;
    wait("h1 to hold both", || site.host(1).has(ip("10.1.1.10")) && site.host(1).has(ip("10.1.1.20")))?;
    stop(h1)?;
    ensure(site.host(1).has(ip("10.1.1.10")) && !site.host(1).has(ip("10.1.1.20")), || {
        format!("{:?}", site.host(1).addresses())
    })
}

/// Two pairs that share nothing but the VRID do not silence each other, and say what is wrong.
fn one_vrid_for_two_pairs() -> Result<(), Failed> {
    let site = Site::new(4)?;
    let (ours, others) = (vip(), ip("10.1.1.130"));
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    let h3 = site.keepwatch(3, &config(200, "", "10.1.1.130"))?;
    let h4 = site.keepwatch(4, &config(90, "", "10.1.1.130"))?;
    site.wait_for_holder(1, ours)?;
    site.wait_for_holder(3, others)?;
    wait_for_line(&h1, "virtual router uses VRID 51 too")?;
    wait_for_line(&h4, "virtual router uses VRID 51 too")?;
    stop(h1)?;
    site.wait_for_holder(2, ours)?;
    site.wait_for_holder(3, others)?;
    stop(h2)?;
    stop(h3)?;
    stop(h4)
}

/// A slip that makes two MASTERs: each says which, and what to do.
fn two_vrids_for_one_address() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    let other = config(100, "", "10.1.1.30").replace("virtual_router_id 51", "virtual_router_id 52");
    let h2 = site.keepwatch(2, &other)?;
    wait_for_line(&h1, "it lists our 10.1.1.30 under VRID 52, ours is 51")?;
    wait_for_line(&h2, "it lists our 10.1.1.30 under VRID 51, ours is 52")?;
    stop(h1)?;
    stop(h2)
}

/// During a rolling change one side lists an address more: still one MASTER, and a word about it.
fn overlapping_address_lists() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30\n        10.1.1.31"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "it lists other addresses than ours, though some are the same")?;
    site.wait_for_holder(1, ip("10.1.1.31"))?;
    ensure(!h2.said("Entering MASTER STATE"), || h2.output().join("\n"))?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    stop(h2)
}
