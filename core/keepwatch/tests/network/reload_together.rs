//! What two hosts have to agree on, changed on both, one after the other, beside real keepalived: nobody takes over.

use std::time::{Duration, Instant};

use keepwatch_lab::{Capture, Daemon, SeenAdvert};
use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::peers::{KEEPALIVED, keepalived};
use crate::reload::{Reloaded, ping, wait_for_answers};
use crate::site::{Site, config, ensure, ip, stop, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "reload_together::a_master_beside_keepalived",
        needs: &[KEEPALIVED],
        run: a_master_beside_keepalived,
    },
    Case {
        name: "reload_together::a_backup_beside_keepalived",
        needs: &[KEEPALIVED],
        run: a_backup_beside_keepalived,
    },
];

/// Something that both have to know: the lines, what the reload says of it, and what an advert looks like then.
struct Change {
    version: u8,
    lines: &'static str,
    said: &'static str,
    shows: fn(&SeenAdvert) -> bool,
}

const PASSWORD: &str = "authentication {\n auth_type PASS\n auth_pass 1111\n }";
const OTHER_PASSWORD: &str = "authentication {\n auth_type PASS\n auth_pass 2222\n }";

const V2: &[Change] = &[
    Change { version: 2, lines: PASSWORD, said: "password", shows: |advert| advert.simple_auth },
    Change { version: 2, lines: OTHER_PASSWORD, said: "password", shows: |advert| advert.simple_auth },
    Change { version: 2, lines: "", said: "password", shows: |advert| !advert.simple_auth },
    Change {
        version: 2,
        lines: "advert_int 2",
        said: "advert interval 1s -> 2s",
        shows: |advert| lasts(advert, 2_000),
    },
    Change { version: 2, lines: "", said: "advert interval 2s -> 1s", shows: |advert| lasts(advert, 1_000) },
];

const V3: &[Change] = &[
    Change {
        version: 3,
        lines: "advert_int 0.2",
        said: "advert interval 1s -> 200ms",
        shows: |advert| lasts(advert, 200),
    },
    Change {
        version: 3,
        lines: "advert_int 2",
        said: "advert interval 200ms -> 2s",
        shows: |advert| lasts(advert, 2_000),
    },
    Change {
        version: 3,
        lines: "unicast_peer {\n 10.1.1.PEER\n }",
        said: "multicast -> unicast",
        shows: |advert| advert.destination.to_string().starts_with("10.1.1."),
    },
    Change {
        version: 3,
        lines: "",
        said: "unicast -> multicast",
        shows: |advert| advert.destination == ip("224.0.0.18"),
    },
    Change { version: 3, lines: "mcast_src_ip 10.1.1.OWN", said: "source address", shows: |_| true },
];

fn lasts(advert: &SeenAdvert, millis: u64) -> bool {
    advert.interval == Duration::from_millis(millis)
}

/// A host's configuration with a change.
fn text(host: u8, priority: u8, version: u8, lines: &str) -> String {
    let (own, peer) = (host * 10, (3 - host) * 10);
    let lines = lines.replace("PEER", &peer.to_string()).replace("OWN", &own.to_string());
    config(priority, &format!("version {version}\n{lines}"), "10.1.1.30")
}

fn reload_keepalived(site: &Site, peer: &Daemon, text: &str) -> Result<(), Failed> {
    let reloads = |daemon: &Daemon| daemon.output().iter().filter(|line| line.contains("Reloading")).count();
    let before = reloads(peer);
    site.file(2, "keepalived", text)?;
    peer.signal(Signal::SIGHUP)?;
    wait("keepalived to reload", || reloads(peer) > before)
}

/// So many adverts of a host, which look like this.
fn wait_for_adverts(capture: &Capture, host: &str, change: &Change) -> Result<(), Failed> {
    let first = capture.adverts().len();
    wait(&format!("adverts after {:?}", change.said), || {
        let adverts = capture.adverts();
        let new = adverts.iter().skip(first).filter(|advert| advert.source == ip(host));
        // The first may be from before, or tell the interval of before.
        new.skip(2).filter(|advert| (change.shows)(advert)).count() >= 3
    })
}

/// Longer than a backup that hears nothing waits.
fn let_time_pass(change: &Change) -> Result<(), Failed> {
    let seconds = if change.lines == "advert_int 2" { 7 } else { 4 };
    let until = Instant::now() + Duration::from_secs(seconds);
    wait("time to pass", || Instant::now() >= until)
}

fn a_master_beside_keepalived() -> Result<(), Failed> {
    for changes in [V2, V3] {
        let site = Site::new(2)?;
        let version = changes.first().map_or(2, |change| change.version);
        let h1 = Reloaded::start(&site, 1, &text(1, 150, version, ""))?;
        h1.wait_for_state("VI_1", "MASTER")?;
        let peer = keepalived(&site, 2, &text(2, 100, version, ""))?;
        wait_for_line(&peer, "Entering BACKUP STATE")?;
        let capture = site.capture()?;
        let prober = ping(&site, vip())?;
        let term = h1.term("VI_1")?;
        for change in changes {
            reload_keepalived(&site, &peer, &text(2, 100, version, change.lines))?;
            h1.follow(&text(1, 150, version, change.lines), &[change.said, "stays MASTER"])?;
            // Unicast is not for the client to hear.
            if !change.said.ends_with("-> unicast") {
                wait_for_adverts(&capture, "10.1.1.10", change)?;
            }
            let_time_pass(change)?;
            wait_for_answers(&prober)?;
            ensure(h1.term("VI_1")? == term, || {
                format!("{}: {}", change.said, h1.daemon.output().join("\n"))
            })?;
            ensure(!peer.said("Entering MASTER STATE"), || {
                format!("{}: {}", change.said, peer.output().join("\n"))
            })?;
        }
        let probes = prober.finish();
        ensure(probes.lost() == 0, || format!("{:?}", probes.lost_runs()))?;
        stop(h1.daemon)?;
        stop(peer)?;
    }
    Ok(())
}

fn a_backup_beside_keepalived() -> Result<(), Failed> {
    for changes in [V2, V3] {
        let site = Site::new(2)?;
        let version = changes.first().map_or(2, |change| change.version);
        let peer = keepalived(&site, 2, &text(2, 150, version, ""))?;
        wait_for_line(&peer, "Entering MASTER STATE")?;
        let h1 = Reloaded::start(&site, 1, &text(1, 100, version, ""))?;
        h1.wait_for_state("VI_1", "BACKUP")?;
        let capture = site.capture()?;
        let term = h1.term("VI_1")?;
        // keepalived itself resigns when it gets other peers.
        for change in changes.iter().filter(|change| !change.said.contains("unicast")) {
            h1.follow(&text(1, 100, version, change.lines), &[change.said, "stays BACKUP"])?;
            reload_keepalived(&site, &peer, &text(2, 150, version, change.lines))?;
            wait_for_adverts(&capture, "10.1.1.20", change)?;
            let_time_pass(change)?;
            ensure(h1.term("VI_1")? == term, || {
                format!("{}: {}", change.said, h1.daemon.output().join("\n"))
            })?;
            ensure(site.host(2).has(vip()), || format!("{}: {}", change.said, peer.output().join("\n")))?;
        }
        stop(h1.daemon)?;
        stop(peer)?;
    }
    Ok(())
}
