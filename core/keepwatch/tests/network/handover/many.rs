//! Many instances that leave in one moment.

use std::fmt::Write;
use std::net::IpAddr;

use libtest_mimic::Failed;

use super::scene::Watch;
use crate::Case;
use crate::peers::IP;
use crate::site::{Site, ensure, ip, wait};

pub(super) const CASES: &[Case] = &[Case {
    name: "handover::many::two_hundred_and_fifty_instances",
    needs: &[IP],
    run: two_hundred_and_fifty_instances,
}];

const INSTANCES: u8 = 250;

/// One instance for each VRID, each with an address of its own.
fn config(priority: u8) -> String {
    let mut text = String::new();
    for vrid in 1..=INSTANCES {
        let _ = writeln!(
            text,
            "vrrp_instance V{vrid} {{\n    version 3\n    advert_int 0.2\n    interface eth0\n    \
             virtual_router_id {vrid}\n    priority {priority}\n    virtual_ipaddress {{\n        10.10.0.{vrid}\n    \
             }}\n}}"
        );
    }
    text
}

fn holds_all(site: &Site, host: usize) -> bool {
    let held = site.host(host).addresses().unwrap_or_default();
    held.iter().filter(|(_, line)| line.contains("10.10.0.")).count() == usize::from(INSTANCES)
}

fn two_hundred_and_fifty_instances() -> Result<(), Failed> {
    let site = Site::new(2)?;
    site.lan.client.run("ip", "route add 10.10.0.0/16 dev eth0")?;
    let h1 = site.keepwatch(1, &config(150))?;
    wait("h1 to hold all", || holds_all(&site, 1))?;
    let h2 = site.keepwatch(2, &config(100))?;
    wait("h2 to follow all", || {
        h2.output().iter().filter(|line| line.contains("is MASTER with priority 150")).count()
            == usize::from(INSTANCES)
    })?;
    let watched: Vec<IpAddr> = ["10.10.0.1", "10.10.0.125", "10.10.0.250"].map(ip).into();
    let watch = Watch::begin(&site, &watched)?;
    crate::site::stop(h1)?;
    wait("h2 to hold all", || holds_all(&site, 2))?;
    watch.wait_for_answers(200)?;
    let none_left = site.host(1).addresses()?.iter().all(|(_, line)| !line.contains("10.10.0."));
    ensure(none_left, || "h1 still holds some".to_owned())?;
    for seen in watch.finish() {
        seen.ensure_lossless(&site, 2)?;
    }
    crate::site::stop(h2)
}
