//! Networks that pass packets one way only: two MASTERs, who say so and of whom.

use std::time::Duration;

use keepwatch_lab::{Daemon, Direction, Querier};
use libtest_mimic::Failed;

use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, ip, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const NFT: Need = Need::Program("/usr/sbin/nft", "nftables");

pub(crate) const CASES: &[Case] = &[
    Case { name: "one_way::a_backup_that_hears_no_adverts", needs: &[NFT], run: deaf_backup },
    Case { name: "one_way::a_master_whose_adverts_are_lost", needs: &[NFT], run: mute_master },
    Case {
        name: "one_way::a_deaf_backup_of_keepalived",
        needs: &[NFT, KEEPALIVED],
        run: deaf_beside_keepalived,
    },
    Case { name: "one_way::an_interface_that_hears_nothing", needs: &[NFT], run: nothing_received },
    Case { name: "one_way::snooping_with_a_querier", needs: &[IP], run: snooping_with_a_querier },
    Case { name: "one_way::snooping_without_a_querier", needs: &[IP], run: snooping_without_a_querier },
];

/// h1 is MASTER with 150, h2 its backup.
fn pair() -> Result<(Site, Daemon, Daemon), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    Ok((site, h1, h2))
}

/// What both say while each takes itself for MASTER, and that it ends when the filter does.
fn both_say_so(site: &Site, h1: Daemon, h2: Daemon, host: usize) -> Result<(), Failed> {
    let (first, second) = (site.host(1).mac()?, site.host(2).mac()?);
    wait_for_line(
        &h2,
        &format!("two hosts hold the addresses: {first} (probably 10.1.1.10) goes on announcing them"),
    )?;
    wait_for_line(
        &h1,
        &format!("advert from 10.1.1.20: it also claims to be MASTER (at {second}, priority 100"),
    )?;
    site.host(host).stop_dropping()?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    stop(h2)
}

fn deaf_backup() -> Result<(), Failed> {
    let (site, h1, h2) = pair()?;
    site.host(2).drop_vrrp(Direction::Incoming)?;
    both_say_so(&site, h1, h2, 2)
}

fn mute_master() -> Result<(), Failed> {
    let (site, h1, h2) = pair()?;
    site.host(1).drop_vrrp(Direction::Outgoing)?;
    both_say_so(&site, h1, h2, 1)
}

fn deaf_beside_keepalived() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = keepalived(&site, 1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let first = site.host(1).mac()?;
    site.host(2).drop_vrrp(Direction::Incoming)?;
    wait_for_line(
        &h2,
        &format!("two hosts hold the addresses: {first} (probably 10.1.1.10) goes on announcing them"),
    )?;
    site.host(2).stop_dropping()?;
    site.wait_for_holder(1, vip())?;
    stop(h2)?;
    stop(h1)
}

/// Longer than a switch remembers a member that does not report itself.
const MEMBERSHIP: Duration = Duration::from_secs(3);
/// Ten times as long.
const WATCHED: Duration = Duration::from_secs(30);

fn snooping_with_a_querier() -> Result<(), Failed> {
    adverts_pass_for_long(Querier::Present { membership: MEMBERSHIP })
}

fn snooping_without_a_querier() -> Result<(), Failed> {
    adverts_pass_for_long(Querier::Absent { membership: MEMBERSHIP })
}

/// The switch passes adverts of both families only to those who report themselves: backups stay backups.
fn adverts_pass_for_long(querier: Querier) -> Result<(), Failed> {
    let site = Site::new(2)?;
    site.lan.snoop(querier)?;
    let both = |priority| {
        let v6 = config(priority, "", "fe80::30/64\n        fd00:1::30/64").replace("VI_1", "VI_2");
        format!("{}{v6}", config(priority, "", "10.1.1.30"))
    };
    let h1 = site.keepwatch(1, &both(150))?;
    site.wait_for_holder(1, vip())?;
    site.wait_for_holder(1, ip("fd00:1::30"))?;
    let h2 = site.keepwatch(2, &both(100))?;
    wait_for_line(&h2, "(VI_1) 10.1.1.10 is MASTER with priority 150")?;
    wait("h2 to hear IPv6, too", || {
        h2.output().iter().any(|line| line.contains("(VI_2)") && line.contains("is MASTER with priority 150"))
    })?;
    std::thread::sleep(WATCHED);
    ensure(!h2.said("Entering MASTER STATE") && !h2.said("not heard for"), || h2.output().join("\n"))?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    site.wait_for_holder(2, vip())?;
    site.wait_for_holder(2, ip("fd00:1::30"))?;
    stop(h2)
}

/// The link is up, and nothing comes through it: the switch has stopped passing frames to h2.
fn nothing_received() -> Result<(), Failed> {
    let (site, h1, h2) = pair()?;
    site.lan.run_on_switch("nft", "add table bridge deaf")?;
    site.lan
        .run_on_switch("nft", "add chain bridge deaf out { type filter hook postrouting priority 0 ; }")?;
    site.lan.run_on_switch("nft", "add rule bridge deaf out oifname h2 drop")?;
    wait_for_line(&h2, "eth0 is up but has received nothing since the take-over")?;
    site.lan.run_on_switch("nft", "delete table bridge deaf")?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    stop(h2)
}
