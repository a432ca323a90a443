//! The words behind an address, as the kernel has them: the same as with keepalived.

use std::collections::BTreeSet;
use std::time::Duration;

use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::beside::{Both, Program, beside};
use crate::peers::{IP, KEEPALIVED};
use crate::site::{Site, config, ensure, explain, ip, stop, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "addresses::of_an_instance", needs: &[KEEPALIVED, IP], run: of_an_instance },
    Case { name: "addresses::of_an_ipv6_instance", needs: &[KEEPALIVED, IP], run: of_an_ipv6_instance },
    Case { name: "addresses::with_another_end", needs: &[], run: with_another_end },
    Case { name: "addresses::static_ones", needs: &[KEEPALIVED, IP], run: static_ones },
    Case {
        name: "addresses::secondaries_are_promoted",
        needs: &[KEEPALIVED, IP],
        run: secondaries_are_promoted,
    },
    Case {
        name: "addresses::an_added_one_comes_last",
        needs: &[KEEPALIVED, IP],
        run: an_added_one_comes_last,
    },
];

const V4: &[&str] = &[
    "10.1.1.30/24",
    "10.1.1.31/24 brd 10.1.1.255",
    "10.1.1.32/24 broadcast 10.1.1.127 dev eth0",
    "10.1.1.33/24 brd +",
    // In a network of its own: the kernel would keep a route otherwise.
    "10.7.10.1/24 brd -",
    "10.1.1.35/32 scope link",
    "10.1.1.36 scope host label eth0:six",
    "10.7.1.1/24 scope site label eth0:seven",
    "10.7.2.1/24 dev eth1 label eth1:7",
    "10.7.3.1 peer 10.7.3.2",
    "10.7.4.1 peer 10.7.4.2/24",
    "10.7.5.1/24 noprefixroute",
    "10.7.5.2/24 dev eth1 noprefixroute scope link",
    "10.7.6.1/24 scope nowhere",
    "10.7.11.1/24 scope global brd 10.7.11.255 label eth0:x dev eth0",
    "10.7.7.1/24 dev lo scope host",
    "10.7.8.1/24 preferred_lft 3600",
    "10.7.8.2/24 preferred_lft 0",
    "10.7.8.3/24 preferred_lft forever",
    "10.7.9.1/31",
];

const V6: &[&str] = &[
    "fd00:7::1/64",
    "fd00:7::2",
    "fd00:7:1::1/64 -nodad",
    "fd00:7:2::1/64 home",
    "fd00:7:3::1/64 noprefixroute",
    "fd00:7:3::2/64 noprefixroute home -nodad",
    "fd00:7:4::1/64 mngtmpaddr",
    "fd00:7:5::1/64 preferred_lft 0",
    "fd00:7:6::1/64 preferred_lft 3600",
    "fd00:7:6::2/64 preferred_lft forever",
    "fd00:7:7::1/64 dev eth1",
    "fd00:7:7::2/64 dev lo",
    "fd00:7:8::1 peer fd00:7:8::2",
    "fe80::77/64 dev eth1",
    "fd00:1::30/64",
];

fn block(name: &str, addresses: &[&str]) -> String {
    format!("{name} {{\n {}\n }}", addresses.join("\n "))
}

fn of_an_instance() -> Result<(), Failed> {
    let excluded = block("virtual_ipaddress_excluded", V6);
    compare(&config(100, &excluded, &V4.join("\n ")), "10.7.9.1", V4.len() + V6.len())
}

/// The other way round.
fn of_an_ipv6_instance() -> Result<(), Failed> {
    let excluded = block("virtual_ipaddress_excluded", V4);
    let listed = format!("fe80::30/64\n {}", V6.join("\n "));
    compare(&config(100, &excluded, &listed), "10.7.9.1", V4.len() + V6.len() + 1)
}

fn static_ones() -> Result<(), Failed> {
    let all: Vec<&str> = V4[1..].iter().chain(V6).copied().collect();
    let text = format!("{}\n{}", block("static_ipaddress", &all), config(100, "", "10.1.1.30/24"));
    compare(&text, "10.1.1.30", all.len() + 1)
}

/// All addresses, and the routes that came with them.
fn listed(site: &Site) -> Result<BTreeSet<String>, Failed> {
    let mut lines = BTreeSet::new();
    for arguments in ["-d -o addr show", "-4 route show table all", "-6 route show table all"] {
        let text = site.host(1).run("ip", arguments)?;
        lines.extend(text.lines().map(|line| {
            let mut words: Vec<&str> = line.split(|c: char| c.is_whitespace() || c == '\\').collect();
            words.retain(|word| !word.is_empty());
            // Who put it there, which keepwatch says and keepalived 2.2.7 does not; and time goes by.
            if let Some(place) = words.iter().position(|word| *word == "0x6b") {
                words.drain(place - 1..=place);
            }
            for place in 1..words.len() {
                let counts_down = words[place - 1] == "preferred_lft" || words[place - 1] == "expires";
                if counts_down && words[place].ends_with("sec") && words[place] != "0sec" {
                    words[place] = "sometime";
                }
            }
            words.join(" ")
        }));
    }
    Ok(lines)
}

/// What is there while MASTER is the same. keepwatch leaves nothing of it; keepalived 2.2.7 does: addresses with `peer`.
fn compare(config: &str, last: &str, count: usize) -> Result<(), Failed> {
    let both = beside(|program| {
        let site = Site::with_networks(1, 2)?;
        let before = listed(&site)?;
        // The interfaces' own link-local addresses, which come of their MACs.
        let own = before.iter().flat_map(|line| line.split(' ')).map(|word| word.trim_end_matches("/64"));
        let own: BTreeSet<&str> =
            own.filter(|word| word.starts_with("fe80::") && *word != "fe80::").collect();
        let daemon = program.start(&site, 1, config)?;
        wait("the last addresses", || site.host(1).has(ip(last)) && site.host(1).has(ip("fd00:1::30")))
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        let settled = || {
            let first = listed(&site);
            std::thread::sleep(Duration::from_millis(300));
            matches!((first, listed(&site)), (Ok(first), Ok(second)) if first == second)
        };
        wait("all of them", settled)?;
        let mut during = listed(&site)?;
        stop(daemon)?;
        let after = listed(&site)?;
        ensure(after == before || program == Program::Keepalived, || {
            format!("left {}, took {}", difference(&after, &before), difference(&before, &after))
        })?;
        during.retain(|line| !before.contains(line) && !own.iter().any(|own| line.contains(own)));
        Ok(during)
    })?;
    let Both { keepalived: theirs, keepwatch: ours } = both;
    ensure(ours == theirs, || {
        format!("ours alone:\n{}\ntheirs alone:\n{}", difference(&ours, &theirs), difference(&theirs, &ours))
    })?;
    let added = ours.iter().filter(|line| line.contains(" inet")).count();
    ensure(added == count, || format!("{added} addresses, not {count}: {ours:#?}"))
}

/// The lines of the first that the second has not.
fn difference(one: &BTreeSet<String>, other: &BTreeSet<String>) -> String {
    one.difference(other).cloned().collect::<Vec<_>>().join("\n")
}

/// An address with `peer` goes with mastership, and what a killed run left of it with the next start.
fn with_another_end() -> Result<(), Failed> {
    let (site, address) = (Site::new(2)?, ip("10.7.3.1"));
    let text = |priority| config(priority, "", "10.7.3.1 peer 10.7.3.2");
    let mut h1 = site.keepwatch(1, &text(100))?;
    site.wait_for_holder(1, address)?;
    let h2 = site.keepwatch(2, &text(200))?;
    site.wait_for_holder(2, address)?;
    stop(h2)?;
    site.wait_for_holder(1, address)?;
    h1.kill()?;
    let h2 = site.keepwatch(2, &text(200))?;
    wait("both to hold it", || site.host(2).has(address) && site.host(1).has(address))?;
    let h1 = site.keepwatch(1, &text(100))?;
    site.wait_for_holder(2, address)?;
    stop(h1)?;
    stop(h2)
}

/// An address that a reload adds to a network comes behind those of it that are in service, wherever the file has it: they are not
/// taken away for it. After a start all are as in the file.
fn an_added_one_comes_last() -> Result<(), Failed> {
    const LINES: &str = "version 3\n advert_int 0.1";
    let before = config(100, LINES, "10.51.0.1/24\n 10.51.0.3/24");
    let after = config(100, LINES, "10.51.0.2/24\n 10.51.0.1/24\n 10.51.0.3/24");
    let both = beside(|program| {
        let site = Site::new(1)?;
        let daemon = program.start(&site, 1, &before)?;
        site.wait_for_holder(1, ip("10.51.0.3"))?;
        let name = match program {
            Program::Keepalived => "keepalived",
            Program::Keepwatch => "keepwatch",
        };
        site.file(1, name, &after)?;
        daemon.signal(Signal::SIGHUP)?;
        site.wait_for_holder(1, ip("10.51.0.2"))
            .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
        let reloaded = in_order(&site)?;
        stop(daemon)?;
        let daemon = program.start(&site, 1, &after)?;
        site.wait_for_holder(1, ip("10.51.0.3"))?;
        let started = in_order(&site)?;
        stop(daemon)?;
        Ok([reloaded, started])
    })?;
    let expected =
        ["10.51.0.1 10.51.0.3 10.51.0.2, from 10.51.0.1", "10.51.0.2 10.51.0.1 10.51.0.3, from 10.51.0.2"];
    ensure(both.keepalived == expected && both.keepwatch == expected, || format!("{both:#?}"))
}

/// The addresses of a network in the kernel's order, and which of them the host sends from there.
fn in_order(site: &Site) -> Result<String, Failed> {
    let all = site.host(1).run("ip", "-o -4 addr show dev eth0")?;
    let addresses = all.lines().filter_map(|line| line.split_whitespace().nth(3)?.strip_suffix("/24"));
    let addresses: Vec<&str> = addresses.filter(|address| address.starts_with("10.51.")).collect();
    let route = site.host(1).run("ip", "route show 10.51.0.0/24 dev eth0")?;
    let source = route.split_whitespace().skip_while(|word| *word != "src").nth(1).unwrap_or("nowhere");
    Ok(format!("{}, from {source}", addresses.join(" ")))
}

/// How a MASTER ends to be one.
#[derive(Clone, Copy, Debug)]
enum End {
    Stop,
    LinkLoss,
}

/// `promote_secondaries`: when the first address of a network goes, the others stay. When keepwatch stops, they do anyway.
fn secondaries_are_promoted() -> Result<(), Failed> {
    const PROMOTED: &str = "promote_secondaries";
    let both = beside(|program| {
        let mut stayed = Vec::new();
        for (line, end) in
            [("", End::Stop), ("", End::LinkLoss), (PROMOTED, End::Stop), (PROMOTED, End::LinkLoss)]
        {
            stayed.push(stays(program, line, end)?);
        }
        Ok(stayed)
    })?;
    let Both { keepalived: theirs, keepwatch: ours } = &both;
    ensure(*theirs == [false, false, true, true] && *ours == [true, false, true, true], || {
        format!("{both:?}")
    })
}

/// Whether an address that was added to the virtual address's network stays when that one goes.
fn stays(program: Program, line: &str, end: End) -> Result<bool, Failed> {
    let site = Site::new(1)?;
    let virtual_address = ip("10.9.9.30");
    let daemon = program.start(&site, 1, &config(100, line, "10.9.9.30/24"))?;
    site.wait_for_holder(1, virtual_address)
        .map_err(|failed| explain(failed, &daemon.output().join("\n")))?;
    site.host(1).add_address(ip("10.9.9.10"), 24)?;
    let daemon = match end {
        End::Stop => {
            stop(daemon)?;
            None
        }
        End::LinkLoss => {
            site.host(1).pull_cable()?;
            Some(daemon)
        }
    };
    site.wait_for_nobody(virtual_address)?;
    let stays = site.host(1).has(ip("10.9.9.10"));
    daemon.map_or(Ok(()), stop)?;
    Ok(stays)
}
