//! Addresses at which a MASTER accepts no packets (`no_accept`), beside keepalived: found by neighbours, and silent.

use std::net::{IpAddr, SocketAddr, SocketAddrV6, TcpStream};
use std::time::Duration;

use keepwatch_lab::{Daemon, Prober, TcpServer};
use libtest_mimic::Failed;

use crate::Case;
use crate::one_way::NFT;
use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::reload::Reloaded;
use crate::site::{self, Site, config, ensure, ip, stop, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "accept::the_same_as_keepalived",
        needs: &[KEEPALIVED, NFT, IP],
        run: the_same_as_keepalived,
    },
    Case { name: "accept::with_a_virtual_mac", needs: &[NFT], run: with_a_virtual_mac },
    Case { name: "accept::only_while_master", needs: &[NFT], run: only_while_master },
    Case { name: "accept::what_a_killed_daemon_left", needs: &[NFT], run: what_a_killed_daemon_left },
    Case { name: "accept::a_reload_decides_anew", needs: &[NFT], run: a_reload_decides_anew },
    Case { name: "accept::flushed_rules_come_back", needs: &[NFT], run: flushed_rules_come_back },
    Case { name: "accept::a_refusal_stops_nothing", needs: &[NFT], run: a_refusal_stops_nothing },
    Case { name: "accept::one_table_for_each_daemon", needs: &[NFT], run: one_table_for_each_daemon },
];

const PORT: u16 = 80;
/// Addresses of the other family, one of them of link-local scope.
const MORE: &str = "virtual_ipaddress_excluded {
        fd00:1::30/64
        fe80::30/64
    }";
/// How long a client waits for somebody who does not answer.
const IN_VAIN: Duration = Duration::from_millis(500);

/// What becomes of a client's connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Connected,
    /// Somebody said no.
    Refused,
    Nothing,
}

fn connect(site: &Site, address: IpAddr) -> Result<Answer, Failed> {
    let client = &site.lan.client;
    let target = match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddrV6::new(address, PORT, 0, client.interface_index()?).into()
        }
        address => SocketAddr::new(address, PORT),
    };
    let outcome = client.namespace.run(|| Ok(TcpStream::connect_timeout(&target, IN_VAIN)))?;
    Ok(match outcome {
        Ok(_) => Answer::Connected,
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => Answer::Nothing,
        Err(_) => Answer::Refused,
    })
}

fn ensure_answer(site: &Site, address: IpAddr, expected: Answer) -> Result<(), Failed> {
    let found = connect(site, address)?;
    ensure(found == expected, || format!("{address}: {found:?} instead of {expected:?}"))
}

/// The host's ruleset.
fn rules(site: &Site, host: usize) -> Result<String, Failed> {
    Ok(site.host(host).run("nft", "list ruleset")?)
}

/// The addresses in the sets of a host's ruleset, sorted.
fn dropped(site: &Site, host: usize) -> Result<Vec<String>, Failed> {
    let rules = rules(site, host)?;
    let lists = rules.split("elements = {").skip(1).filter_map(|rest| rest.split('}').next());
    let elements = lists.flat_map(|list| list.split(',')).map(|element| element.trim().to_owned());
    // keepalived has a set of what it lets through.
    let mut elements: Vec<String> = elements.filter(|element| !element.starts_with("nd-")).collect();
    elements.sort();
    Ok(elements)
}

fn wait_for_dropped(site: &Site, host: usize, expected: &[&str]) -> Result<(), Failed> {
    wait(&format!("h{host} to drop packets to {expected:?}"), || {
        dropped(site, host).is_ok_and(|dropped| dropped == expected)
    })
}

/// What a client and an administrator see.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    /// At each address, while the daemon is MASTER.
    answers: Vec<Answer>,
    /// Whether the client has found the host behind each.
    neighbours: Vec<bool>,
    dropped: Vec<String>,
    /// The ruleset when the daemon has stopped.
    left: String,
}

fn story(
    site: &Site,
    more: &str,
    start: impl FnOnce(&Site, &str) -> Result<Daemon, Failed>,
) -> Result<Seen, Failed> {
    const ADDRESSES: [&str; 3] = ["10.1.1.30", "fd00:1::30", "fe80::30"];
    let text = config(100, &format!("version 3\n    {more}\n    {MORE}"), "10.1.1.30/24");
    let daemon = start(site, &text)?;
    for address in ADDRESSES {
        site.wait_for_holder(1, ip(address))?;
    }
    let (mut answers, mut neighbours) = (Vec::new(), Vec::new());
    let mac = site.host(1).mac()?.to_string();
    for address in ADDRESSES {
        site.lan.client.run("ip", "neigh flush all")?;
        answers.push(connect(site, ip(address))?);
        let known = site.lan.client.run("ip", &format!("neigh show to {address}"))?;
        neighbours.push(known.contains(&mac));
    }
    let dropped = dropped(site, 1)?;
    stop(daemon)?;
    Ok(Seen { answers, neighbours, dropped, left: rules(site, 1)? })
}

/// Neighbours find the addresses, and no packet to them is answered; nothing is left behind.
fn the_same_as_keepalived() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let _server = TcpServer::start(site.host(1), PORT)?;
    for (more, answer, count) in [("no_accept", Answer::Nothing, 3), ("accept", Answer::Connected, 0)] {
        let theirs = story(&site, more, |site, text| keepalived(site, 1, text))?;
        let ours = story(&site, more, |site, text| site.keepwatch(1, text))?;
        ensure(ours == theirs, || format!("{more}: ours {ours:?}, theirs {theirs:?}"))?;
        let is_it = ours.answers == [answer; 3]
            && ours.neighbours == [true; 3]
            && ours.dropped.len() == count
            && ours.left.is_empty();
        ensure(is_it, || format!("{more}: {ours:?}"))?;
    }
    Ok(())
}

/// A link-local address counts on the interface that has it, which is another one with each start.
fn with_a_virtual_mac() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let _server = TcpServer::start(site.host(1), PORT)?;
    for (accept, answer) in [("accept", Answer::Connected), ("no_accept", Answer::Nothing)] {
        let more = format!("version 3\n    use_vmac vmac6\n    {accept}");
        let h1 = site.keepwatch(1, &config(100, &more, "fe80::30/64\n        fd00:1::30/64"))?;
        for address in ["fe80::30", "fd00:1::30"] {
            wait(address, || site.host(1).has_on("vmac6", ip(address)))?;
            ensure_answer(&site, ip(address), answer)?;
        }
        let expected: &[&str] =
            if answer == Answer::Nothing { &["fd00:1::30", "fe80::30 . \"vmac6\""] } else { &[] };
        wait_for_dropped(&site, 1, expected)?;
        stop(h1)?;
    }
    Ok(())
}

/// A client pings all the time, and not one packet is answered: the drop comes before the address and goes after it.
fn only_while_master() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    let h1 = site.keepwatch(1, &config(150, "no_accept", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    wait_for_dropped(&site, 1, &["10.1.1.30"])?;
    let h2 = site.keepwatch(2, &config(100, "no_accept", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    wait_for_dropped(&site, 2, &[])?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    wait_for_dropped(&site, 2, &["10.1.1.30"])?;
    let left = rules(&site, 1)?;
    ensure(left.is_empty(), || format!("it left:\n{left}"))?;
    // It yields: a backup again.
    let h1 = site.keepwatch(1, &config(150, "no_accept", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    wait_for_dropped(&site, 2, &[])?;
    stop(h2)?;
    stop(h1)?;
    let probes = prober.finish();
    ensure(probes.answered() == 0 && probes.sent() > 100, || {
        format!("{} of {} pings answered", probes.answered(), probes.sent())
    })
}

/// The drop stays while the address does; the next start, as a backup, takes both away.
fn what_a_killed_daemon_left() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let mut h1 = site.keepwatch(1, &config(150, "no_accept", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "no_accept", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    h1.kill()?;
    h1.wait(site::PATIENCE)?;
    wait("h2 to take over", || site.host(2).has(vip()))?;
    let left = dropped(&site, 1)?;
    ensure(site.host(1).has(vip()) && left == ["10.1.1.30"], || {
        format!("left by a killed daemon: {left:?}")
    })?;
    let h1 = site.keepwatch(1, &config(50, "no_accept", "10.1.1.30"))?;
    site.wait_for_holder(2, vip())?;
    wait_for_dropped(&site, 1, &[])?;
    let tables = site.host(1).run("nft", "list tables")?;
    ensure(tables == "table inet keepwatch\n", || tables)?;
    // Killed again, and started with a configuration that needs no table.
    let mut h1 = h1;
    h1.kill()?;
    h1.wait(site::PATIENCE)?;
    let h1 = site.keepwatch(1, &config(50, "", "10.1.1.30"))?;
    wait("the table to go", || rules(&site, 1).is_ok_and(|rules| rules.is_empty()))?;
    stop(h1)?;
    stop(h2)
}

fn a_reload_decides_anew() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let _server = TcpServer::start(site.host(1), PORT)?;
    let h1 = Reloaded::start(&site, 1, &config(150, "", "10.1.1.30"))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    let term = h1.term("VI_1")?;
    ensure_answer(&site, vip(), Answer::Connected)?;
    ensure(rules(&site, 1)?.is_empty(), || "a table that nobody needs".to_owned())?;

    let silent = config(150, "no_accept", "10.1.1.30");
    h1.follow(&silent, &["VI_1: drops packets to its addresses, stays MASTER"])?;
    wait_for_dropped(&site, 1, &["10.1.1.30"])?;
    ensure_answer(&site, vip(), Answer::Nothing)?;

    let more = config(150, "no_accept", "10.1.1.30\n 10.1.1.31");
    h1.follow(&more, &["VI_1: address 10.1.1.31/32 added, stays MASTER"])?;
    wait_for_dropped(&site, 1, &["10.1.1.30", "10.1.1.31"])?;

    let named = "global_defs {\n nftables vips\n nftables_priority -150\n nftables_counters\n}\n";
    h1.follow(&format!("{named}{more}"), &["the nftables table"])?;
    wait("the other table", || {
        site.host(1).run("nft", "list tables").is_ok_and(|tables| tables == "table inet vips\n")
    })?;
    let rules_now = rules(&site, 1)?;
    for text in ["hook input priority mangle", "ip daddr @vips counter packets", "10.1.1.31"] {
        ensure(rules_now.contains(text), || format!("no \"{text}\" in:\n{rules_now}"))?;
    }
    ensure_answer(&site, vip(), Answer::Nothing)?;

    h1.follow(&config(150, "", "10.1.1.30"), &["VI_1: accepts packets to its addresses"])?;
    wait("the table to go", || rules(&site, 1).is_ok_and(|rules| rules.is_empty()))?;
    ensure_answer(&site, vip(), Answer::Connected)?;
    ensure(h1.term("VI_1")? == term, || "it changed its state meanwhile".to_owned())?;
    stop(h1.daemon)
}

/// As `systemctl reload nftables` does.
fn flushed_rules_come_back() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let _server = TcpServer::start(site.host(1), PORT)?;
    let h1 = site.keepwatch(1, &config(150, "no_accept", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    for command in ["flush ruleset", "delete table inet keepwatch", "flush set inet keepwatch vips"] {
        wait_for_dropped(&site, 1, &["10.1.1.30"])?;
        site.host(1).run("nft", command)?;
    }
    wait_for_dropped(&site, 1, &["10.1.1.30"])?;
    ensure_answer(&site, vip(), Answer::Nothing)?;
    stop(h1)
}

/// The table of this name is somebody else's: it stays, that is said, the address is held all the same, and dropped as soon
/// as it can be.
fn a_refusal_stops_nothing() -> Result<(), Failed> {
    let site = Site::new(1)?;
    site.host(1).run("nft", "add table inet keepwatch")?;
    site.host(1).run("nft", "add chain inet keepwatch theirs")?;
    let h1 = site.keepwatch(1, &config(150, "no_accept", "10.1.1.30"))?;
    let said = "cannot set the nftables table keepwatch: another program has a table of this name; virtual addresses answer \
                that should not (`no_accept`): name another one by `nftables NAME`";
    wait_for_line(&h1, said)?;
    site.wait_for_holder(1, vip())?;
    let theirs = rules(&site, 1)?;
    ensure(theirs.contains("chain theirs") && !theirs.contains("vips"), || theirs)?;
    site.host(1).run("nft", "delete table inet keepwatch")?;
    wait_for_dropped(&site, 1, &["10.1.1.30"])?;
    let told = h1.output().iter().filter(|line| line.contains("the nftables table keepwatch")).count();
    ensure(told == 1, || format!("told {told} times:\n{}", h1.output().join("\n")))?;
    stop(h1)
}

fn one_table_for_each_daemon() -> Result<(), Failed> {
    let site = Site::with_networks(1, 2)?;
    let h1 = site.keepwatch(1, &config(150, "no_accept", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let second = config(150, "no_accept", "10.1.2.30").replace("eth0", "eth1");
    let run = |text: &str| -> Result<Daemon, Failed> {
        let mut command = site::keepwatch();
        command.args(["run", "-v", "--config"]).arg(site.file(1, "second", text)?);
        command.env("KEEPWATCH_STATE_DIR", site.folder().join("second.state"));
        Ok(Daemon::start(&site.host(1).namespace, &mut command)?)
    };
    let mut refused = run(&second)?;
    let status = refused.wait(site::PATIENCE)?;
    ensure(status.is_some_and(|status| !status.success()), || format!("ended with {status:?}"))?;
    wait_for_line(&refused, "another keepwatch has the nftables table keepwatch")?;
    let second = run(&format!("global_defs {{\n nftables second\n}}\n{second}"))?;
    wait_for_dropped(&site, 1, &["10.1.1.30", "10.1.2.30"])?;
    stop(second)?;
    wait_for_dropped(&site, 1, &["10.1.1.30"])?;
    stop(h1)
}
