//! `vrrp_garp_interval`, `vrrp_gna_interval` and `garp_group`: announcements leave some time apart, beside keepalived.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::time::{Duration, SystemTime};

use keepwatch_lab::Capture;
use libtest_mimic::Failed;

use crate::Case;
use crate::beside::{Forged, Program, beside};
use crate::peers::KEEPALIVED;
use crate::reload::Reloaded;
use crate::site::{Site, ensure, explain, ip, stop, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "spacing::on_an_interface", needs: &[KEEPALIVED], run: on_an_interface },
    Case { name: "spacing::on_several_together", needs: &[KEEPALIVED], run: on_several_together },
    Case {
        name: "spacing::what_waits_ends_with_mastership",
        needs: &[],
        run: what_waits_ends_with_mastership,
    },
    Case { name: "spacing::what_waits_follows_a_reload", needs: &[], run: what_waits_follows_a_reload },
];

/// Between announcements of IPv4 addresses, and of IPv6 addresses.
const GARP: Duration = Duration::from_millis(100);
const GNA: Duration = Duration::from_millis(150);
/// How often each address is to be announced.
const ROUNDS: usize = 2;
/// The kernel notes when a packet arrives, which may be a moment later for one than for the next.
const EARLY: Duration = Duration::from_millis(10);
/// What a busy machine may add, from the first announcement to the last one.
const LATE: Duration = Duration::from_secs(3);
/// How long an advert may come after the first announcement: with it, if the machine has time.
const AT_ONCE: Duration = Duration::from_millis(400);

/// An instance that announces each of its addresses so often when it becomes MASTER, and not again.
fn instance(vrid: u8, interface: &str, rounds: usize, addresses: &[IpAddr]) -> String {
    let [first, more @ ..] = addresses else { return String::new() };
    let more: String = more.iter().map(|address| format!("{address}\n ")).collect();
    format!(
        "vrrp_instance VI_{vrid} {{\n state BACKUP\n interface {interface}\n virtual_router_id {vrid}\n priority 200\n \
         version 3\n garp_master_repeat {rounds}\n garp_master_delay 0\n virtual_ipaddress {{\n {first}\n }}\n \
         virtual_ipaddress_excluded {{\n {more}}}\n}}\n"
    )
}

fn addresses<const N: usize>(all: [&str; N]) -> [IpAddr; N] {
    all.map(ip)
}

/// When each of these addresses was announced, all of them in order.
fn seen(captures: &[&Capture], addresses: &[IpAddr]) -> Vec<(SystemTime, IpAddr)> {
    let of = |address: &IpAddr| {
        let all = captures.iter().flat_map(|capture| capture.announcements(*address));
        all.map(|(at, _)| (at, *address)).collect::<Vec<_>>()
    };
    let mut all: Vec<_> = addresses.iter().flat_map(of).collect();
    all.sort();
    all
}

/// How often each of them is announced: keepalived 2.2.7 does not count how often one is due that waits already; 2.4 does.
const fn rounds(program: Program) -> RangeInclusive<usize> {
    match program {
        Program::Keepalived => 1..=ROUNDS,
        Program::Keepwatch => ROUNDS..=ROUNDS,
    }
}

/// Whether they were announced so often each, so far apart, and all of them in good time.
fn ensure_spaced(
    all: &[(SystemTime, IpAddr)],
    every: Duration,
    rounds: RangeInclusive<usize>,
) -> Result<(), Failed> {
    let offsets = || {
        let since = |at: &SystemTime| at.duration_since(all.first()?.0).ok();
        all.iter().map(|(at, address)| format!("{:?} {address}", since(at))).collect::<Vec<_>>().join("\n")
    };
    for (_, address) in all {
        let count = all.iter().filter(|(_, other)| other == address).count();
        ensure(rounds.contains(&count), || format!("{address} was announced {count} times\n{}", offsets()))?;
    }
    for (before, after) in all.iter().zip(all.iter().skip(1)) {
        let apart = after.0.duration_since(before.0)?;
        ensure(apart + EARLY >= every, || format!("{apart:?} apart\n{}", offsets()))?;
    }
    let (Some(first), Some(last)) = (all.first(), all.last()) else { return Err("nothing announced".into()) };
    let took = last.0.duration_since(first.0)?;
    let most = every * u32::try_from(all.len())? + LATE;
    ensure(took < most, || format!("took {took:?}, not {most:?}\n{}", offsets()))
}

/// Two instances, one with a virtual MAC and one of IPv6 on one interface: addresses of a family wait for each other, and no
/// advert for them.
fn on_an_interface() -> Result<(), Failed> {
    let v4 = addresses(["10.1.1.100", "10.1.1.110", "10.1.1.111", "10.1.1.101", "10.1.1.112", "10.1.1.103"]);
    let v6 = addresses(["fe80::102", "fd00:1::102", "fd00:1::103"]);
    let globals = format!(
        "global_defs {{\n vrrp_garp_interval {}\n vrrp_gna_interval {}\n}}\n",
        GARP.as_secs_f64(),
        GNA.as_secs_f64()
    );
    let text = [
        globals,
        instance(100, "eth0", ROUNDS, &v4[..3]),
        instance(101, "eth0", ROUNDS, &v4[3..5]),
        instance(102, "eth0", ROUNDS, &v6),
        instance(103, "eth0\n use_vmac", ROUNDS, &v4[5..]),
    ]
    .concat();
    let scene = |program: Program| {
        let site = Site::new(1)?;
        let capture = site.capture()?;
        let daemon = program.start(&site, 1, &text)?;
        let count = |addresses: &[IpAddr]| seen(&[&capture], addresses).len();
        let least = *rounds(program).start();
        wait("all announcements", || count(&v4) >= v4.len() * least && count(&v6) >= v6.len() * least)
            .map_err(|failed| {
                let all = [seen(&[&capture], &v4), seen(&[&capture], &v6)];
                explain(failed, &format!("{all:?}\n{}", daemon.output().join("\n")))
            })?;
        // None more come, or those of keepalived that it counts.
        std::thread::sleep(GNA * 8);
        let both = (seen(&[&capture], &v4), seen(&[&capture], &v6));
        let first =
            |vrid: u8| capture.adverts().iter().find(|advert| advert.vrid == vrid).map(|advert| advert.at);
        let adverts = [100, 101, 102, 103].map(first);
        stop(daemon)?;
        Ok((both, adverts))
    };
    let both = beside(scene)?;
    for (program, ((v4, v6), adverts)) in
        [(Program::Keepalived, both.keepalived), (Program::Keepwatch, both.keepwatch)]
    {
        let told = |failed| explain(failed, &format!("{program:?}"));
        ensure_spaced(&v4, GARP, rounds(program)).map_err(told)?;
        ensure_spaced(&v6, GNA, rounds(program)).map_err(told)?;
        let begin = v4.first().map(|(at, _)| *at).ok_or("no announcement")?;
        let in_time = |advert: &Option<SystemTime>| advert.is_some_and(|at| at < begin + AT_ONCE);
        ensure(adverts.iter().all(in_time), || format!("{program:?}: adverts at {adverts:?}, {begin:?}"))?;
    }
    Ok(())
}

/// A `garp_group` of two interfaces, beside which a third one does as the global settings say.
fn on_several_together() -> Result<(), Failed> {
    let first = addresses(["10.1.1.100", "10.1.1.110"]);
    let second = addresses(["10.1.2.101", "10.1.2.111"]);
    let third = addresses(["10.1.3.102", "10.1.3.112", "10.1.3.113"]);
    let text = [
        format!("global_defs {{\n vrrp_garp_interval {}\n}}\n", GNA.as_secs_f64()),
        format!(
            "garp_group {{\n garp_interval {}\n interfaces {{\n eth0 eth1\n }}\n}}\n",
            GARP.as_secs_f64()
        ),
        instance(100, "eth0", ROUNDS, &first),
        instance(101, "eth1", ROUNDS, &second),
        instance(102, "eth2", ROUNDS, &third),
    ]
    .concat();
    let scene = |program: Program| {
        let site = Site::with_networks(1, 3)?;
        let on = |interface| Capture::start_on(&site.lan.client, interface);
        let captures = [on("eth0")?, on("eth1")?, on("eth2")?];
        let daemon = program.start(&site, 1, &text)?;
        let group = || {
            let [one, other, _] = &captures;
            seen(&[one, other], &[first, second].concat())
        };
        let alone = || seen(&[&captures[2]], &third);
        let least = *rounds(program).start();
        wait("all announcements", || group().len() >= 4 * least && alone().len() >= 3 * least)
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        std::thread::sleep(GNA * 8);
        let all = (group(), alone());
        stop(daemon)?;
        Ok(all)
    };
    let both = beside(scene)?;
    for (program, (group, alone)) in
        [(Program::Keepalived, both.keepalived), (Program::Keepwatch, both.keepwatch)]
    {
        let told = |failed| explain(failed, &format!("{program:?}"));
        ensure_spaced(&group, GARP, rounds(program)).map_err(told)?;
        ensure_spaced(&alone, GNA, rounds(program)).map_err(told)?;
    }
    Ok(())
}

/// Announcements that are to take ten seconds.
const SLOW: Duration = Duration::from_millis(500);
const MANY: usize = 10;

fn slow(vrids: &[u8]) -> (String, Vec<IpAddr>) {
    let of = |vrid: &u8| [ip(&format!("10.1.1.{vrid}")), ip(&format!("10.1.1.1{vrid}"))];
    let all = vrids.iter().flat_map(of).collect();
    let instances: String = vrids.iter().map(|vrid| instance(*vrid, "eth0", MANY, &of(vrid))).collect();
    (format!("global_defs {{\n vrrp_garp_interval {}\n}}\n{instances}", SLOW.as_secs_f64()), all)
}

/// A MASTER that yields announces nothing that it has not announced by then.
fn what_waits_ends_with_mastership() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let (text, all) = slow(&[51]);
    let h1 = site.keepwatch(1, &text)?;
    wait("two announcements", || seen(&[&capture], &all).len() >= 2)?;
    Forged::new(51, 250, all[0]).send(&site.lan.client)?;
    wait("h1 to yield", || !site.host(1).has(all[0]))?;
    let left = SystemTime::now();
    // It waits longer for the next advert of the other one. There would have been three.
    std::thread::sleep(SLOW * 3);
    let late: Vec<_> = seen(&[&capture], &all).into_iter().filter(|(at, _)| *at > left).collect();
    ensure(late.is_empty(), || format!("{late:?}\n{}", h1.output().join("\n")))?;
    // When it is MASTER again all begins anew.
    site.wait_for_holder(1, all[0])?;
    wait("announcements", || seen(&[&capture], &all).iter().filter(|(at, _)| *at > left).count() >= 3)?;
    stop(h1)
}

/// Another time between announcements is for those that wait as well; and those of an instance that goes do not wait any more.
fn what_waits_follows_a_reload() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let (text, all) = slow(&[51, 52]);
    let h1 = Reloaded::start(&site, 1, &text)?;
    wait("announcements", || seen(&[&capture], &all).len() >= 4)?;
    let (alone, of_51) = slow(&[51]);
    h1.follow(&alone, &["VI_52: "])?;
    let gone = SystemTime::now();
    std::thread::sleep(SLOW * 4);
    let late = |addresses: &[IpAddr], since: SystemTime| {
        seen(&[&capture], addresses).into_iter().filter(|(at, _)| *at > since).collect::<Vec<_>>()
    };
    let of_52: Vec<IpAddr> = all.iter().filter(|address| !of_51.contains(address)).copied().collect();
    ensure(late(&of_52, gone).is_empty(), || format!("{:?}", late(&of_52, gone)))?;
    ensure(late(&of_51, gone).len() >= 2, || format!("{:?}", late(&of_51, gone)))?;

    let before = SystemTime::now();
    let quick =
        alone.replace(&format!("vrrp_garp_interval {}", SLOW.as_secs_f64()), "vrrp_garp_interval 0.001");
    ensure(quick != alone, || alone.clone())?;
    h1.follow(&quick, &["the time between announcements"])?;
    wait("the rest of them", || seen(&[&capture], &of_51).len() >= of_51.len() * MANY)?;
    let rest = late(&of_51, before);
    let (Some(first), Some(last)) = (rest.first(), rest.last()) else { return Err("none".into()) };
    let took = last.0.duration_since(first.0)?;
    // Four and more that were to come.
    ensure(rest.len() > 4 && took < SLOW * 2, || format!("{} in {took:?}", rest.len()))?;
    stop(h1.daemon)
}
