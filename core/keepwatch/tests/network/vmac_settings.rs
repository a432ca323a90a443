//! `arp_announce` of an interface that a virtual MAC stands on while addresses leave it: both need it, and the host's own value is what
//! it is afterwards.

use libtest_mimic::Failed;

use crate::reload::Reloaded;
use crate::site::{Site, ensure, explain, ip, stop, wait};
use crate::{Case, Need};

const SYSCTL: Need = Need::Program("/usr/sbin/sysctl", "procps");

pub(crate) const CASES: &[Case] = &[
    Case { name: "vmac_settings::it_comes_while_another_leaves", needs: &[SYSCTL], run: it_comes },
    Case { name: "vmac_settings::it_goes_while_another_leaves", needs: &[SYSCTL], run: it_goes },
];

const NAME: &str = "net.ipv4.conf.eth0.arp_announce";
/// What the host has, and what it is for a virtual MAC and for addresses that leave.
const HOSTS: &str = "1";
const NEEDED: &str = "2";

fn instance(vrid: u8, more: &str) -> String {
    format!(
        "vrrp_instance VI_{vrid} {{\n interface eth0\n virtual_router_id {vrid}\n version 3\n {more}\n \
         virtual_ipaddress {{\n 10.1.1.{vrid}/24\n }}\n}}\n"
    )
}

fn value(site: &Site) -> Result<String, Failed> {
    Ok(site.host(1).run("sysctl", &format!("-n {NAME}"))?.trim().to_owned())
}

fn wait_for(site: &Site, expected: &str) -> Result<(), Failed> {
    let found = || value(site).unwrap_or_default();
    wait(&format!("{NAME} to be {expected}"), || found() == expected)
        .map_err(|failed| explain(failed, &found()))
}

fn wait_until_gone(h1: &Reloaded<'_>, name: &str) -> Result<(), Failed> {
    let is_there =
        || h1.status().is_ok_and(|status| status["snapshot"]["instances"].to_string().contains(name));
    wait(&format!("{name} to go"), || !is_there())
}

fn site() -> Result<Site, Failed> {
    let site = Site::new(1)?;
    site.host(1).run("sysctl", &format!("-qw {NAME}={HOSTS}"))?;
    Ok(site)
}

fn it_comes() -> Result<(), Failed> {
    let site = site()?;
    let h1 = Reloaded::start(&site, 1, &instance(51, "advert_int 0.1"))?;
    h1.wait_for_state("VI_51", "MASTER")?;
    h1.follow(&instance(52, "advert_int 0.1\n use_vmac"), &["VI_51: removed, hands over"])?;
    h1.wait_for_state("VI_52", "MASTER")?;
    wait_until_gone(&h1, "VI_51")?;
    let found = value(&site)?;
    ensure(found == NEEDED, || format!("{found} below a virtual MAC"))?;
    stop(h1.daemon)?;
    wait_for(&site, HOSTS)
}

fn it_goes() -> Result<(), Failed> {
    let site = site()?;
    // A MASTER leaves for an interval, if nobody takes over.
    let both = format!("{}{}", instance(51, "advert_int 3"), instance(52, "advert_int 0.1\n use_vmac"));
    let h1 = Reloaded::start(&site, 1, &both)?;
    h1.wait_for_state("VI_51", "MASTER")?;
    h1.wait_for_state("VI_52", "MASTER")?;
    h1.follow(
        &instance(53, "advert_int 0.1"),
        &["VI_51: removed, hands over", "VI_52: removed, hands over"],
    )?;
    wait_until_gone(&h1, "VI_52")?;
    let found = value(&site)?;
    ensure(site.host(1).has(ip("10.1.1.51")), || "VI_51 has left too early for this test".to_owned())?;
    ensure(found == NEEDED, || format!("{found} while an address leaves"))?;
    wait("10.1.1.51 to go", || !site.host(1).has(ip("10.1.1.51")))?;
    wait_for(&site, HOSTS)?;
    stop(h1.daemon)?;
    wait_for(&site, HOSTS)
}
