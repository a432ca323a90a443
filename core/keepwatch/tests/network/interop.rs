//! Beside keepalived and FRR, each as MASTER in turn: fail-over and fail-back both ways.

use std::net::IpAddr;

use keepwatch_lab::{Capture, Daemon};
use libtest_mimic::Failed;

use crate::peers::{FRR, Frr, IP, KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, ip, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[
    Case { name: "interop::keepalived_v2_pass_over_us", needs: &[KEEPALIVED], run: || over_us(&V2_PASS) },
    Case { name: "interop::keepalived_v2_pass_under_us", needs: &[KEEPALIVED], run: || under_us(&V2_PASS) },
    Case { name: "interop::keepalived_v3_over_us", needs: &[KEEPALIVED], run: || over_us(&V3) },
    Case { name: "interop::keepalived_v3_under_us", needs: &[KEEPALIVED], run: || under_us(&V3) },
    Case { name: "interop::keepalived_v6_over_us", needs: &[KEEPALIVED], run: || over_us(&V6) },
    Case { name: "interop::keepalived_v6_under_us", needs: &[KEEPALIVED], run: || under_us(&V6) },
    Case { name: "interop::keepalived_unicast_over_us", needs: &[KEEPALIVED], run: || over_us(&UNICAST) },
    Case { name: "interop::keepalived_unicast_under_us", needs: &[KEEPALIVED], run: || under_us(&UNICAST) },
    Case { name: "interop::keepalived_wrong_password", needs: &[KEEPALIVED], run: wrong_password },
    Case {
        name: "interop::frr_v4_over_us",
        needs: &[FRR, IP, Need::RealRoot],
        run: || frr_over_us("10.1.1.30/24"),
    },
    Case {
        name: "interop::frr_v4_under_us",
        needs: &[FRR, IP, Need::RealRoot],
        run: || frr_under_us("10.1.1.30/24"),
    },
    Case {
        name: "interop::frr_v6_over_us",
        needs: &[FRR, IP, Need::RealRoot],
        run: || frr_over_us("fe80::30/64"),
    },
    Case {
        name: "interop::frr_v6_under_us",
        needs: &[FRR, IP, Need::RealRoot],
        run: || frr_under_us("fe80::30/64"),
    },
];

/// A way to configure both sides.
struct Kind {
    /// What goes into the instance; `OURS` and `THEIRS` stand for the hosts' own addresses.
    more: &'static str,
    addresses: &'static str,
    /// The address that moves.
    address: &'static str,
}

const V2_PASS: Kind = Kind {
    more: "authentication {\n        auth_type PASS\n        auth_pass s3cret78\n    }",
    addresses: "10.1.1.30",
    address: "10.1.1.30",
};
const V3: Kind = Kind { more: "version 3\n    advert_int 0.5", ..V2_PASS };
const V6: Kind =
    Kind { more: "advert_int 1", addresses: "fe80::30\n        fd00:1::30", address: "fd00:1::30" };
const UNICAST: Kind =
    Kind { more: "version 3\n    unicast_src_ip OURS\n    unicast_peer {\n        THEIRS\n    }", ..V2_PASS };

impl Kind {
    fn config(&self, host: usize, priority: u8) -> String {
        let (ours, theirs) = if host == 1 { ("10.1.1.10", "10.1.1.20") } else { ("10.1.1.20", "10.1.1.10") };
        config(priority, &self.more.replace("OURS", ours).replace("THEIRS", theirs), self.addresses)
    }
}

/// Starts a daemon with a configuration on a host.
type Start = fn(&Site, usize, &str) -> Result<Daemon, Failed>;

fn ours(site: &Site, host: usize, config: &str) -> Result<Daemon, Failed> {
    site.keepwatch(host, config)
}

fn over_us(kind: &Kind) -> Result<(), Failed> {
    story(kind, keepalived, ours)
}

fn under_us(kind: &Kind) -> Result<(), Failed> {
    story(kind, ours, keepalived)
}

/// The higher one serves, stops, comes back, loses its link and gets it back.
fn story(kind: &Kind, higher: Start, lower: Start) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let address = ip(kind.address);
    let h1 = higher(&site, 1, &kind.config(1, 150))?;
    let h2 = lower(&site, 2, &kind.config(2, 100))?;
    site.wait_for_holder(1, address)?;
    wait_for_line(&h2, "Entering BACKUP STATE")?;
    stable(&site, 1, address)?;
    stop(h1)?;
    site.wait_for_holder(2, address)?;
    let h1 = higher(&site, 1, &kind.config(1, 150))?;
    site.wait_for_holder(1, address)?;
    site.host(1).pull_cable()?;
    wait("the lower to take over", || site.host(2).has(address))?;
    site.host(1).plug_cable()?;
    site.wait_for_holder(1, address)?;
    stable(&site, 1, address)?;
    stop(h1)?;
    site.wait_for_holder(2, address)?;
    stop(h2)
}

/// Over four adverts of the MASTER the other stays quiet and the address where it is. Unicast adverts do not
/// come by the client; there the address alone is watched.
fn stable(site: &Site, host: usize, address: IpAddr) -> Result<(), Failed> {
    let capture = Capture::start(site.host(host))?;
    let ours =
        |source: IpAddr| site.host(host).addresses().is_ok_and(|held| held.iter().any(|(a, _)| *a == source));
    wait("four adverts", || capture.adverts().len() >= 4)?;
    let strangers: Vec<_> = capture.adverts().into_iter().filter(|advert| !ours(advert.source)).collect();
    ensure(strangers.is_empty(), || format!("{strangers:?}"))?;
    site.wait_for_holder(host, address)
}

/// Two passwords: both are MASTER, as with keepalived, and we say why.
fn wrong_password() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = keepalived(&site, 1, &V2_PASS.config(1, 150))?;
    let other = V2_PASS.config(2, 100).replace("s3cret78", "different");
    let h2 = site.keepwatch(2, &other)?;
    wait("both to serve", || site.host(1).has(vip()) && site.host(2).has(vip()))?;
    wait_for_line(
        &h2,
        "10.1.1.10 is MASTER too, and both hosts hold the addresses, because its adverts are dropped: its password is not ours",
    )?;
    ensure(!h2.said("different") && !h2.said("differen"), || "the password was logged".to_owned())?;
    stop(h2)?;
    stop(h1)
}

/// Who advertised last.
fn last_source(capture: &Capture) -> Option<IpAddr> {
    capture.adverts().last().filter(|advert| advert.priority != 0).map(|advert| advert.source)
}

/// Waits until three adverts in a row come from `ours`, or from anybody else.
fn wait_for_master(capture: &Capture, what: &str, is_it: impl Fn(IpAddr) -> bool) -> Result<(), Failed> {
    wait(what, || {
        let adverts = capture.adverts();
        let last: Vec<_> = adverts.iter().rev().take(3).collect();
        last.len() == 3 && last.iter().all(|advert| advert.priority != 0 && is_it(advert.source))
    })
    .map_err(|failed| crate::site::explain(failed, &format!("last advert from {:?}", last_source(capture))))
}

fn frr_address(address: &str) -> IpAddr {
    ip(address.split('/').next().unwrap_or(address))
}

/// The addresses that a host sends adverts from.
fn own(site: &Site, host: usize) -> Vec<IpAddr> {
    site.host(host).addresses().unwrap_or_default().into_iter().map(|(address, _)| address).collect()
}

fn frr_over_us(address: &str) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let h2 = site.keepwatch(2, &config(100, "version 3", address))?;
    let frr = Frr::start(&site, 1, 150, address)?;
    let sources = own(&site, 2);
    wait_for_master(&capture, "FRR to be MASTER", |source| !sources.contains(&source))?;
    wait("us to give way", || !site.host(2).has(frr_address(address)))?;
    frr.stop()?;
    wait_for_line(&h2, "(VI_1) Backup received priority 0 advertisement")?;
    wait_for_master(&capture, "us to take over", |source| sources.contains(&source))?;
    let frr = Frr::start(&site, 1, 150, address)?;
    wait_for_master(&capture, "FRR to preempt", |source| !sources.contains(&source))?;
    site.host(1).pull_cable()?;
    wait("us to hold the address", || site.host(2).has(frr_address(address)))?;
    site.host(1).plug_cable()?;
    wait_for_master(&capture, "FRR to preempt again", |source| !sources.contains(&source))?;
    wait("us to give way again", || !site.host(2).has(frr_address(address)))?;
    stop(h2)?;
    frr.stop()
}

fn frr_under_us(address: &str) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let frr = Frr::start(&site, 2, 100, address)?;
    let h1 = site.keepwatch(1, &config(150, "version 3", address))?;
    let sources = own(&site, 1);
    wait_for_master(&capture, "us to be MASTER", |source| sources.contains(&source))?;
    stop(h1)?;
    wait_for_master(&capture, "FRR to take over", |source| !sources.contains(&source))?;
    let h1 = site.keepwatch(1, &config(150, "version 3", address))?;
    wait_for_master(&capture, "us to preempt", |source| sources.contains(&source))?;
    wait("us to hold the address", || site.host(1).has(frr_address(address)))?;
    site.host(1).pull_cable()?;
    wait_for_master(&capture, "FRR to take over again", |source| !sources.contains(&source))?;
    site.host(1).plug_cable()?;
    let sources_again = || own(&site, 1);
    wait("us to preempt again", || {
        last_source(&capture).is_some_and(|source| sources_again().contains(&source))
    })?;
    stop(h1)?;
    frr.stop()
}
