//! A peer that does as it is told: what real ones do seldom, or never to order.

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::Host;
use keepwatch_system::{AdvertSocket, IpFamily};
use keepwatch_vrrp::wire::{
    ALL_VRRP_ROUTERS_V4, AddressList, Advert, Auth, ChecksumForm, INTERNETWORK_CONTROL, IpSend,
    VRRP_PROTOCOL, emit_ip,
};
use keepwatch_vrrp::{AdvertInterval, Claim, Family, MacAddress, Version, Vrid};
use libtest_mimic::Failed;

use super::scene::Watch;
use crate::peers::{IP, KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, ip, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

const SYSCTL: Need = Need::Program("/usr/sbin/sysctl", "procps");

pub(super) const CASES: &[Case] = &[
    Case { name: "handover::scripted::a_successor_that_gives_up", needs: &[IP, SYSCTL], run: gives_up },
    Case { name: "handover::scripted::a_successor_that_announces_nothing", needs: &[IP], run: silent },
    Case { name: "handover::scripted::a_successor_behind_a_router", needs: &[IP], run: behind_a_router },
    Case {
        name: "handover::scripted::keepwatch_looks_for_duplicates",
        needs: &[IP],
        run: || looks(Site::keepwatch),
    },
    Case {
        name: "handover::scripted::keepalived_looks_for_duplicates",
        needs: &[IP, KEEPALIVED],
        run: || looks(keepalived),
    },
];

/// Sends adverts from a host.
struct Script {
    socket: AdvertSocket,
    source: Ipv4Addr,
}

impl Script {
    fn on(host: &Host) -> Result<Self, Failed> {
        let index = host.interface_index()?;
        let socket = host.namespace.run(|| AdvertSocket::open("eth0", index, IpFamily::V4, &[]))?;
        Ok(Self { socket, source: host.address })
    }

    /// An advert of 10.1.1.30 with a priority; zero resigns.
    fn advertise(&self, priority: u8, destination: Ipv4Addr, ttl: u8) -> Result<(), Failed> {
        let list = [10, 1, 1, 30];
        let advert = Advert {
            version: Version::V2,
            vrid: Vrid::new(51).ok_or("a VRID")?,
            claim: Claim::from_octet(priority),
            interval: AdvertInterval::DEFAULT,
            addresses: AddressList::new(Family::V4, &list),
            auth: Auth::None,
        };
        let (source, destination) = (self.source.into(), IpAddr::V4(destination));
        let mut message = Vec::new();
        advert.emit(&mut message, source, destination, ChecksumForm::MessageOnly);
        let mut packet = Vec::new();
        let header =
            IpSend { source, destination, ttl, class: INTERNETWORK_CONTROL, protocol: VRRP_PROTOCOL };
        emit_ip(&mut packet, &header, message.len());
        packet.extend_from_slice(&message);
        Ok(self.socket.send(&packet, destination)?)
    }
}

/// h1 yields, the other resigns before it has announced anything: h1 is MASTER as before, and nothing is left over.
fn gives_up() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let script = Script::on(site.host(2))?;
    let watch = Watch::begin(&site, &[vip()])?;
    script.advertise(200, ALL_VRRP_ROUTERS_V4, 255)?;
    wait_for_line(&h1, "leaving; keeping the addresses")?;
    // The line of this one address.
    let lifetime = || site.host(1).run("ip", "-4 addr show to 10.1.1.30").unwrap_or_default();
    let announce = || site.host(1).run("sysctl", "-n net.ipv4.conf.eth0.arp_announce").unwrap_or_default();
    wait("a lifetime", || lifetime().contains("valid_lft 3sec") || lifetime().contains("valid_lft 2sec"))?;
    ensure(announce().trim() == "2", announce)?;
    script.advertise(0, ALL_VRRP_ROUTERS_V4, 255)?;
    wait("the address to stay for ever again", || lifetime().contains("valid_lft forever"))?;
    ensure(announce().trim() == "0", announce)?;
    // Past the lifetime that it had.
    let heard = watch.capture().adverts().len();
    wait("five more adverts of h1", || {
        let adverts = watch.capture().adverts();
        adverts.iter().skip(heard).filter(|advert| advert.priority == 100).count() >= 5
    })?;
    let backup = h1.output().iter().filter(|line| line.contains("Entering BACKUP STATE")).count();
    ensure(backup == 1 && !h1.said("something else removed"), || h1.output().join("\n"))?;
    for seen in watch.finish() {
        seen.ensure_lost(2)?;
        ensure(seen.neighbours.len() == 1, || format!("the client turned to {:?}", seen.neighbours))?;
    }
    stop(h1)
}

/// The address leaves a second after the advert, and not before.
fn silent() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let script = Script::on(site.host(2))?;
    let watch = Watch::begin(&site, &[vip()])?;
    let sent = Instant::now();
    script.advertise(200, ALL_VRRP_ROUTERS_V4, 255)?;
    wait("h1 to give the address up", || !site.host(1).has(vip()))?;
    let until = sent + Duration::from_secs(1);
    ensure(Instant::now() >= until, || format!("it was gone after {:?}", sent.elapsed()))?;
    let outage = watch.longest_outage(sent);
    ensure(outage.began + Duration::from_millis(5) >= until, || format!("{outage:?}, {sent:?}"))?;
    wait_for_line(&h1, "(VI_1) Entering BACKUP STATE")?;
    // It hears nothing more, and is MASTER again after the master-down time.
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

/// Unicast with a TTL that a router has lowered: no announcement can come, a tenth of a second is enough.
fn behind_a_router() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let unicast = "unicast_src_ip 10.1.1.10\n    unicast_peer {\n        10.1.1.20\n    }";
    let h1 = site.keepwatch(1, &config(100, unicast, "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let script = Script::on(site.host(2))?;
    let sent = SystemTime::now();
    script.advertise(200, Ipv4Addr::new(10, 1, 1, 10), 254)?;
    wait_for_line(&h1, "took over after 0 us")?;
    let took = sent.elapsed().unwrap_or_default();
    ensure(took >= Duration::from_millis(100), || format!("it left after {took:?}"))?;
    ensure(!site.host(1).has(vip()) || h1.said("Entering BACKUP STATE"), || h1.output().join("\n"))?;
    stop(h1)
}

/// Starts a daemon with a configuration on a host.
type Start = fn(&Site, usize, &str) -> Result<keepwatch_lab::Daemon, Failed>;

/// How a look for duplicates ended.
enum Look {
    /// The successor may use the address.
    Clear,
    /// Its first probe came while the leaver lingered, and the leaver's kernel has answered it.
    MetTheLeaver,
}

/// A successor that probes for duplicates (`-nodad`, which turns detection on) must not find a leaver that has left: the
/// address would be unusable there for good. The kernel probes at a random time within a second: one probe of a hundred
/// meets a leaver in the 10 ms for which it lingers.
fn looks(start: Start) -> Result<(), Failed> {
    for _ in 0..4 {
        if matches!(look(start)?, Look::Clear) {
            return Ok(());
        }
    }
    Err("four of four successors met the leaver".into())
}

fn look(start: Start) -> Result<Look, Failed> {
    let site = Site::new(2)?;
    let address = ip("fd00:1::30");
    site.host(2).delete_interface()?;
    site.host(2).detect_duplicates()?;
    site.host(2).create_interface()?;
    let h1 = site.keepwatch(1, &config(150, "", "fe80::30/64\n        fd00:1::30/64"))?;
    site.wait_for_holder(1, address)?;
    let probing = config(100, "", "fe80::30/64 -nodad\n        fd00:1::30/64 -nodad");
    let h2 = start(&site, 2, &probing)?;
    let watch = Watch::begin(&site, &[address])?;
    let heard = watch.capture().adverts().len();
    wait("five more adverts", || watch.capture().adverts().len() >= heard + 5)?;
    let stopped = Instant::now();
    let announced = watch.capture().announcements(address).len();
    stop(h1)?;
    wait("h2 to hold it", || site.host(2).has(address))?;
    let state = || site.host(2).run("ip", &format!("-6 addr show dev eth0 to {address}")).unwrap_or_default();
    wait("h2 to have looked", || !state().contains("tentative") || state().contains("dadfailed"))?;
    if state().contains("dadfailed") {
        let seen = watch.capture().announcements(address).split_off(announced);
        ensure(answered_while_lingering(&seen), || format!("{seen:?}, {}", state()))?;
        stop(h2)?;
        return Ok(Look::MetTheLeaver);
    }
    watch.wait_for_answers(200)?;
    let outage = watch.longest_outage(stopped);
    println!("a successor that looks for duplicates answers after {:.0?}", outage.duration);
    stop(h2)?;
    Ok(Look::Clear)
}

/// Whether the leaver's kernel defended the address while it was kept: within 10 ms of the successor's announcement, and
/// what a busy machine adds.
fn answered_while_lingering(seen: &[(SystemTime, MacAddress)]) -> bool {
    let Some((announced, successor)) = seen.first() else { return false };
    let until = *announced + Duration::from_millis(50);
    seen.iter().any(|(at, mac)| mac != successor && *at <= until)
}
