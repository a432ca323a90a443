//! A configuration that is loaded again: what is as it was goes on, and what is not follows without a lost packet.

use std::net::IpAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use keepwatch_lab::{Daemon, Prober};
use libtest_mimic::Failed;
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, ip, stop, vip, wait, wait_for_line};
use crate::{Case, Need};

pub(crate) const CASES: &[Case] = &[
    Case {
        name: "reload::in_place_beside_keepalived",
        needs: &[KEEPALIVED],
        run: in_place_beside_keepalived,
    },
    Case { name: "reload::both_sides_one_after_the_other", needs: &[], run: both_sides },
    Case { name: "reload::an_unchanged_file", needs: &[], run: an_unchanged_file },
    Case { name: "reload::instances_come_and_go", needs: &[], run: instances_come_and_go },
    Case { name: "reload::what_cannot_follow_begins_anew", needs: &[], run: begins_anew },
    Case { name: "reload::the_first_of_a_network_goes", needs: &[], run: the_first_of_a_network_goes },
    Case { name: "reload::an_address_moves", needs: &[], run: an_address_moves },
    Case { name: "reload::a_refused_address_goes", needs: &[], run: a_refused_address_goes },
    Case { name: "reload::groups", needs: &[], run: groups },
    Case { name: "reload::bad_files", needs: &[], run: bad_files },
    Case { name: "reload::of_250_instances", needs: &[Need::Solitude], run: of_250_instances },
];

/// A daemon with a configuration that can be written anew.
pub(crate) struct Reloaded<'a> {
    site: &'a Site,
    host: usize,
    pub(crate) path: PathBuf,
    pub(crate) daemon: Daemon,
}

impl<'a> Reloaded<'a> {
    pub(crate) fn start(site: &'a Site, host: usize, text: &str) -> Result<Self, Failed> {
        let path = site.file(host, "reloaded", text)?;
        let daemon = site.keepwatch_at(host, &path, &[])?;
        Ok(Self { site, host, path, daemon })
    }

    /// Runs `keepwatch reload`: its exit code and what it printed.
    pub(crate) fn reload(&self, arguments: &[&str]) -> Result<(Option<i32>, String), Failed> {
        let output = self.site.asking(self.host).arg("reload").args(arguments).output()?;
        let text = [output.stdout, output.stderr].concat();
        Ok((output.status.code(), String::from_utf8_lossy(&text).into_owned()))
    }

    /// Goes on with another text, and expects this to be said.
    pub(crate) fn follow(&self, text: &str, expected: &[&str]) -> Result<(), Failed> {
        std::fs::write(&self.path, text)?;
        let (code, said) = self.reload(&[])?;
        let lacks = expected.iter().find(|line| !said.contains(*line));
        ensure(code == Some(0) && lacks.is_none(), || format!("{code:?}, no {lacks:?} in:\n{said}\n{text}"))
    }

    pub(crate) fn status(&self) -> Result<Value, Failed> {
        let output = self.site.asking(self.host).args(["status", "--json"]).output()?;
        Ok(serde_json::from_slice(&output.stdout)?)
    }

    fn state(&self, instance: &str) -> Option<String> {
        let status = self.status().ok()?;
        let all = status["snapshot"]["instances"].as_array()?;
        let found = all.iter().find(|known| known["name"] == instance)?;
        found["state"].as_str().map(str::to_owned)
    }

    pub(crate) fn wait_for_state(&self, instance: &str, state: &str) -> Result<(), Failed> {
        wait(&format!("{instance} of h{} to be {state}", self.host), || {
            self.state(instance).as_deref() == Some(state)
        })
    }

    /// How often an instance has changed its state.
    pub(crate) fn term(&self, instance: &str) -> Result<u64, Failed> {
        let status = self.status()?;
        let all = status["snapshot"]["instances"].as_array().ok_or("no instances")?;
        let found = all.iter().find(|known| known["name"] == instance).ok_or("it is gone")?;
        Ok(found["term"].as_u64().unwrap_or_default())
    }
}

/// Pings an address each millisecond.
pub(crate) fn ping(site: &Site, address: IpAddr) -> Result<Prober, Failed> {
    let prober = Prober::start(&site.lan.client, address, Duration::from_millis(1))?;
    wait_for_answers(&prober)?;
    Ok(prober)
}

pub(crate) fn wait_for_answers(prober: &Prober) -> Result<(), Failed> {
    let before = prober.probes().answered();
    wait("answers", || prober.probes().answered() >= before + 100)
}

fn ensure_lost(prober: Prober, at_most: usize, of: &str) -> Result<(), Failed> {
    let probes = prober.finish();
    ensure(probes.lost() <= at_most, || {
        format!("{} of {} probes to {of} lost: {:?}", probes.lost(), probes.sent(), probes.lost_runs())
    })
}

fn instance(name: &str, vrid: u8, priority: u8, more: &str, addresses: &str) -> String {
    format!(
        "vrrp_instance {name} {{\n interface eth0\n virtual_router_id {vrid}\n priority {priority}\n {more}\n \
         virtual_ipaddress {{\n {addresses}\n }}\n}}\n"
    )
}

/// Each of these changes leaves mastership, the other addresses and a client's packets alone, and keepalived hears no
/// difference but in the priority.
fn in_place_beside_keepalived() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = Reloaded::start(&site, 1, &config(150, "", "10.1.1.30"))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    let peer = keepalived(&site, 2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&peer, "Entering BACKUP STATE")?;
    let capture = site.capture()?;
    let prober = ping(&site, vip())?;
    let term = h1.term("VI_1")?;

    let excluded = "virtual_ipaddress_excluded {\n 10.1.1.40\n 10.1.1.41\n }";
    let changes: &[(&str, &[&str])] = &[
        (&config(140, "", "10.1.1.30"), &["VI_1: priority 150 -> 140, stays MASTER"]),
        (&config(140, "nopreempt", "10.1.1.30"), &["VI_1: does not preempt, stays MASTER"]),
        (
            &config(140, excluded, "10.1.1.30"),
            &["address 10.1.1.40/32 added", "address 10.1.1.41/32 added, stays MASTER"],
        ),
        (
            &config(140, "virtual_ipaddress_excluded {\n 10.1.1.41\n }", "10.1.1.30"),
            &["VI_1: address 10.1.1.40/32 removed, stays MASTER"],
        ),
        (&config(140, "track_interface {\n lo\n }", "10.1.1.30"), &["tracked interface lo added"]),
        (&config(140, "track_interface {\n lo weight 5\n }", "10.1.1.30"), &["VI_1: weights, stays MASTER"]),
        (
            &config(140, "garp_master_refresh 1", "10.1.1.30"),
            &["tracked interface lo removed", "when addresses are announced"],
        ),
        (
            &format!(
                "vrrp_script ok {{\n script \"/bin/true\"\n interval 1\n}}\n{}",
                config(140, "track_script {\n ok\n }", "10.1.1.30")
            ),
            &["VI_1: when addresses are announced, tracked check ok added, stays MASTER", "check ok: added"],
        ),
        (&config(140, "", "10.1.1.30").replace("VI_1", "VI_A"), &["VI_A: VI_1 is called VI_A now"]),
        (&config(150, "", "10.1.1.30"), &["VI_A is called VI_1 now, priority 140 -> 150, stays MASTER"]),
    ];
    for (text, expected) in changes {
        h1.follow(text, expected)?;
        let has = |address| site.host(1).has(ip(address));
        for address in ["10.1.1.40", "10.1.1.41"] {
            let wanted = text.contains(address);
            wait(&format!("{address} to be there: {wanted}"), || has(address) == wanted)?;
            ensure(!wanted || !capture.announcements(ip(address)).is_empty(), || {
                format!("{address} is not announced")
            })
            .or_else(|_| {
                wait(&format!("{address} to be announced"), || !capture.announcements(ip(address)).is_empty())
            })?;
        }
        // A few adverts under it.
        let adverts = capture.adverts().len();
        wait("adverts", || capture.adverts().len() >= adverts + 2)?;
        wait_for_answers(&prober)?;
    }
    ensure(h1.term("VI_1")? == term, || "it changed its state".to_owned())?;
    ensure_lost(prober, 0, "10.1.1.30")?;
    ensure(!peer.said("Entering MASTER STATE"), || peer.output().join("\n"))?;
    let adverts = capture.adverts();
    ensure(adverts.iter().all(|advert| advert.source == ip("10.1.1.10") && advert.priority != 0), || {
        format!("{adverts:?}")
    })?;
    stop(h1.daemon)?;
    stop(peer)
}

/// What both must agree upon is changed at the backup and at the MASTER, one right after the other.
fn both_sides() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let of =
        |priority, more: &str, addresses: &str| config(priority, &format!("version 3\n{more}"), addresses);
    let h1 = Reloaded::start(&site, 1, &of(150, "", "10.1.1.30"))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    let h2 = Reloaded::start(&site, 2, &of(100, "", "10.1.1.30"))?;
    h2.wait_for_state("VI_1", "BACKUP")?;
    let prober = ping(&site, vip())?;
    let terms = (h1.term("VI_1")?, h2.term("VI_1")?);
    let changes = [
        ("advert_int 0.1", "10.1.1.30", "advert interval 1s -> 100ms"),
        ("advert_int 2", "10.1.1.30", "advert interval 100ms -> 2s"),
        ("", "10.1.1.30\n 10.1.1.31", "address 10.1.1.31/32 added"),
        ("", "10.1.1.31\n 10.1.1.30", "the order of addresses"),
        ("unicast_peer {\n 10.1.1.PEER\n }", "10.1.1.30", "multicast -> unicast"),
        ("", "10.1.1.30", "unicast -> multicast"),
        ("mcast_src_ip 10.1.1.OWN", "10.1.1.30", "source address the interface's own -> "),
    ];
    for (more, addresses, expected) in changes {
        let of_host = |own: u8, other: u8| {
            more.replace("PEER", &(other * 10).to_string()).replace("OWN", &(own * 10).to_string())
        };
        h2.follow(&of(100, &of_host(2, 1), addresses), &[expected, "stays BACKUP"])?;
        h1.follow(&of(150, &of_host(1, 2), addresses), &[expected, "stays MASTER"])?;
        let heard =
            || h2.status().is_ok_and(|status| status["snapshot"]["instances"][0]["peer"]["heard"] == true);
        wait("h2 to hear h1", heard)?;
        wait_for_answers(&prober)?;
        // Longer than a backup that hears nothing waits.
        let until = Instant::now() + Duration::from_secs(if more == "advert_int 2" { 7 } else { 4 });
        wait("time to pass", || Instant::now() >= until)?;
    }
    ensure((h1.term("VI_1")?, h2.term("VI_1")?) == terms, || {
        format!("{}\n{}", h1.daemon.output().join("\n"), h2.daemon.output().join("\n"))
    })?;
    ensure_lost(prober, 0, "10.1.1.30")?;
    stop(h1.daemon)?;
    stop(h2.daemon)
}

/// No packet beside the adverts that are due, and no address is touched.
fn an_unchanged_file() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let text = config(150, "", "10.1.1.30/24\n 10.1.1.31/24");
    let h1 = Reloaded::start(&site, 1, &text)?;
    h1.wait_for_state("VI_1", "MASTER")?;
    // The last announcement of the first schedule comes after five seconds.
    let capture = site.capture()?;
    wait("the last announcement", || !capture.announcements(vip()).is_empty())?;
    let until = Instant::now() + Duration::from_secs(6);
    wait("it to be calm", || Instant::now() >= until)?;
    let seq = || h1.status().ok().and_then(|status| status["snapshot"]["seq"].as_u64());
    let announced = capture.announcements(vip()).len();
    let (before, begun, adverts) = (seq(), Instant::now(), capture.adverts().len());
    for count in 1..=50_u64 {
        std::fs::write(&h1.path, &text)?;
        let (code, said) = h1.reload(&[])?;
        ensure((code, said.as_str()) == (Some(0), "Nothing has changed.\n"), || format!("{code:?} {said}"))?;
        // Only that it was loaded is told.
        wait("it to be told", || seq() == before.map(|before| before + count))?;
    }
    let seconds = usize::try_from(begun.elapsed().as_secs()).unwrap_or(usize::MAX);
    let more = capture.adverts().len() - adverts;
    ensure(more <= seconds + 2, || format!("{more} adverts within {seconds} s"))?;
    ensure(capture.announcements(vip()).len() == announced, || "announced again".to_owned())?;
    stop(h1.daemon)
}

fn instances_come_and_go() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let first = |priority| instance("VI_1", 51, priority, "", "10.1.1.30");
    let second = |priority| instance("VI_2", 52, priority, "", "10.1.1.40");
    let deleted = site.folder().join("deleted");
    let notifies = format!("notify_deleted \"/usr/bin/touch {}\"", deleted.display());
    let told = instance("VI_2", 52, 150, &notifies, "10.1.1.40");
    let h1 = Reloaded::start(&site, 1, &(first(150) + &told))?;
    h1.wait_for_state("VI_2", "MASTER")?;
    let h2 = Reloaded::start(&site, 2, &(first(100) + &second(100)))?;
    h2.wait_for_state("VI_2", "BACKUP")?;
    // Somebody has left an address here that VI_1 is to have: it is taken away, as at the start.
    site.host(2).run("ip", "addr add 10.1.1.45/32 dev eth0")?;
    h2.follow(
        &(instance("VI_1", 51, 100, "virtual_ipaddress_excluded {\n 10.1.1.45\n }", "10.1.1.30")
            + &second(100)),
        &["stays BACKUP"],
    )?;
    wait("what is left to be taken away", || !site.host(2).has(ip("10.1.1.45")))?;
    h2.follow(&(first(100) + &second(100)), &["VI_1: address 10.1.1.45/32 removed, stays BACKUP"])?;
    let (stays, moves) = (ping(&site, vip())?, ping(&site, ip("10.1.1.40"))?);
    let term = h1.term("VI_1")?;

    let said = h1.site.asking(1).args(["events", "--json"]).stdout(std::process::Stdio::piped()).spawn()?;
    h1.follow(&first(150), &["VI_2: removed, hands over and stops"])?;
    site.wait_for_holder(2, ip("10.1.1.40"))?;
    wait("VI_2 to be gone", || h1.state("VI_2").is_none())?;
    wait("notify_deleted to run", || deleted.exists())?;
    wait_for_line(&h1.daemon, "(VI_2) removed")?;

    // Back again at once after it has gone, and gone again before it has begun to serve.
    h1.follow(&(first(150) + &second(150)), &["VI_2: added, begins as BACKUP"])?;
    h1.wait_for_state("VI_2", "MASTER")?;
    site.wait_for_holder(1, ip("10.1.1.40"))?;
    // Removed and added while it leaves: it begins when it has left.
    h1.follow(&first(150), &["VI_2: removed"])?;
    h1.follow(&(first(150) + &second(150)), &["VI_2: added"])?;
    let removed = || h1.daemon.output().iter().filter(|line| line.ends_with("(VI_2) removed")).count();
    wait("VI_2 to have left once more", || removed() == 2)?;
    h1.wait_for_state("VI_2", "MASTER")?;
    site.wait_for_holder(1, ip("10.1.1.40"))?;
    wait_for_answers(&moves)?;

    let mut said = said;
    said.kill()?;
    let events = String::from_utf8_lossy(&said.wait_with_output()?.stdout).into_owned();
    for kind in ["instance_removed", "instance_added"] {
        let count = events.lines().filter(|line| line.contains(&format!("\"kind\":\"{kind}\""))).count();
        ensure(count == 2, || format!("{count} {kind} in:\n{events}"))?;
    }
    ensure(h1.term("VI_1")? == term, || "VI_1 changed its state".to_owned())?;
    ensure_lost(stays, 0, "10.1.1.30")?;
    // Four flips, a client's own millisecond each.
    ensure_lost(moves, 8, "10.1.1.40")?;
    stop(h1.daemon)?;
    stop(h2.daemon)
}

/// Another VRID, version, interface: that instance alone leaves and begins anew, and ends as it would have begun.
fn begins_anew() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let other = instance("VI_2", 52, 150, "", "10.1.1.40");
    let text = |first: &str| format!("{first}{other}");
    let h1 = Reloaded::start(&site, 1, &text(&instance("VI_1", 51, 150, "", "10.1.1.30")))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    h1.wait_for_state("VI_2", "MASTER")?;
    let stays = ping(&site, ip("10.1.1.40"))?;
    let term = h1.term("VI_2")?;
    let capture = site.capture()?;
    let changes = [
        (instance("VI_1", 61, 150, "", "10.1.1.30"), "VI_1: VRID 51 -> 61, hands over, then begins anew"),
        (instance("VI_1", 61, 150, "version 3", "10.1.1.30"), "VI_1: version 2 -> 3, hands over"),
        (
            instance("VI_1", 61, 150, "version 3\n use_vmac", "10.1.1.30"),
            "VI_1: virtual MAC 00:00:5e:00:01:3d",
        ),
        (instance("VI_1", 61, 150, "version 3", "10.1.1.30"), "VI_1: virtual MAC off"),
    ];
    for (first, expected) in changes {
        let before = h1.term("VI_1")?;
        h1.follow(&text(&first), &[expected])?;
        wait("VI_1 to be MASTER again", || {
            h1.state("VI_1").as_deref() == Some("MASTER") && h1.term("VI_1").is_ok_and(|term| term > before)
        })?;
        drop(ping(&site, vip())?);
    }
    let vrids: std::collections::BTreeSet<u8> = capture.adverts().iter().map(|advert| advert.vrid).collect();
    ensure(vrids == [51, 52, 61].into(), || format!("{vrids:?}"))?;
    ensure(h1.term("VI_2")? == term, || "VI_2 changed its state".to_owned())?;
    ensure_lost(stays, 0, "10.1.1.40")?;
    stop(h1.daemon)?;
    site.wait_for_nobody(vip())
}

/// The kernel would take the others of its network along.
fn the_first_of_a_network_goes() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = Reloaded::start(&site, 1, &config(150, "", "10.3.0.1/24\n 10.3.0.2/24\n 10.3.0.3/24"))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    site.lan.client.run("ip", "addr add 10.3.0.99/24 dev eth0")?;
    let prober = ping(&site, ip("10.3.0.2"))?;
    h1.follow(
        &config(150, "", "10.3.0.2/24\n 10.3.0.3/24"),
        &["VI_1: address 10.3.0.1/24 removed, stays MASTER"],
    )?;
    wait("it to be gone", || !site.host(1).has(ip("10.3.0.1")))?;
    wait_for_answers(&prober)?;
    ensure(site.host(1).has(ip("10.3.0.2")) && site.host(1).has(ip("10.3.0.3")), || {
        "others are gone".to_owned()
    })?;
    ensure(!h1.daemon.said("something else removed"), || h1.daemon.output().join("\n"))?;
    ensure_lost(prober, 0, "10.3.0.2")?;
    stop(h1.daemon)
}

/// To an instance before or behind the one that had it, and back: nobody else is blamed, and no packet is lost.
fn an_address_moves() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let text = |first: &str, second: &str| {
        instance("VI_1", 51, 150, "", &format!("10.1.1.30/24{first}"))
            + &instance("VI_2", 52, 150, "", &format!("10.1.1.40/24{second}"))
    };
    let moved = "\n 10.1.1.49/24";
    let h1 = Reloaded::start(&site, 1, &text("", moved))?;
    h1.wait_for_state("VI_1", "MASTER")?;
    h1.wait_for_state("VI_2", "MASTER")?;
    site.lan.client.run("ip", "addr add 10.1.1.99/24 dev eth0")?;
    let prober = ping(&site, ip("10.1.1.49"))?;
    let holder = |status: &Value| -> Vec<String> {
        let all = status["snapshot"]["instances"].as_array().cloned().unwrap_or_default();
        let has = |known: &&Value| known["addresses"].to_string().contains("10.1.1.49");
        all.iter().filter(has).map(|known| known["name"].to_string()).collect()
    };
    let (to_first, to_second) = (text(moved, ""), text("", moved));
    for (text, name) in [(&to_first, "\"VI_1\""), (&to_second, "\"VI_2\""), (&to_first, "\"VI_1\"")] {
        h1.follow(text, &["address 10.1.1.49/24 added", "address 10.1.1.49/24 removed"])?;
        wait(&format!("it to be {name}'s"), || h1.status().is_ok_and(|status| holder(&status) == [name]))?;
        wait_for_answers(&prober)?;
    }
    ensure_lost(prober, 0, "10.1.1.49")?;
    // Put in place otherwise: for a moment it is gone.
    h1.follow(&text("", "\n 10.1.1.49/24 scope link"), &["removed", "added"])?;
    h1.follow(&text(moved, ""), &["removed", "added"])?;
    drop(ping(&site, ip("10.1.1.49"))?);
    // What the kernel tells has been heard: it is read in the order of its telling.
    site.host(1).run("ip", "addr del 10.1.1.40/24 dev eth0")?;
    wait_for_line(&h1.daemon, "something else removed 10.1.1.40/24")?;
    ensure(!h1.daemon.said("something else removed 10.1.1.49"), || h1.daemon.output().join("\n"))?;
    stop(h1.daemon)?;
    site.wait_for_nobody(ip("10.1.1.49"))
}

/// An address that the kernel refuses is not announced; what is wrong with it is over when it is taken out.
fn a_refused_address_goes() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let text = config(150, "", "10.1.1.30/24\n 10.1.1.31/24 scope link");
    let h1 = Reloaded::start(&site, 1, &text)?;
    h1.wait_for_state("VI_1", "MASTER")?;
    let status = || -> Result<String, Failed> {
        Ok(String::from_utf8(site.asking(1).arg("status").output()?.stdout)?)
    };
    wait("the trouble", || status().is_ok_and(|said| said.contains("10.1.1.31/24 cannot be added to eth0")))?;
    wait_for_line(&h1.daemon, "Sending/queueing gratuitous ARPs on eth0 for 10.1.1.30")?;
    ensure(!h1.daemon.said("ARPs on eth0 for 10.1.1.31"), || h1.daemon.output().join("\n"))?;
    h1.follow(&config(150, "", "10.1.1.30/24"), &["VI_1: address 10.1.1.31/24 removed, stays MASTER"])?;
    wait("nothing to be wrong", || status().is_ok_and(|said| said.contains("\nNothing is wrong.\n")))?;
    stop(h1.daemon)
}

/// Instances that come into a group are MASTER together from then on; those that leave it are not.
fn groups() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let both = instance("VI_1", 51, 150, "", "10.1.1.30") + &instance("VI_2", 52, 150, "", "10.1.1.40");
    let group = "vrrp_sync_group G {\n group {\n VI_1\n VI_2\n }\n}\n";
    let tracked = both.replacen("priority 150", "priority 150\n track_interface {\n dummy0\n }", 1);
    let h1 = Reloaded::start(&site, 1, &both)?;
    h1.wait_for_state("VI_1", "MASTER")?;
    h1.wait_for_state("VI_2", "MASTER")?;
    let term = h1.term("VI_2")?;
    h1.follow(&format!("{group}{both}"), &["group G: added"])?;
    wait_for_line(&h1.daemon, "VRRP_Group(G) Syncing instances to MASTER state")?;
    ensure(h1.term("VI_2")? == term, || "VI_2 changed its state".to_owned())?;
    // There is no such interface: a fault of one is one of both.
    h1.follow(&format!("{group}{tracked}"), &["tracked interface dummy0 added"])?;
    h1.wait_for_state("VI_1", "FAULT")?;
    h1.wait_for_state("VI_2", "FAULT")?;
    h1.follow(&tracked, &["group G: removed"])?;
    h1.wait_for_state("VI_2", "MASTER")?;
    ensure(h1.state("VI_1").as_deref() == Some("FAULT"), || "VI_1 has no fault".to_owned())?;
    h1.follow(&both, &["tracked interface dummy0 removed"])?;
    h1.wait_for_state("VI_1", "MASTER")?;
    stop(h1.daemon)
}

/// Half-written, deleted, no file at all: what is in force goes on, and `status` says so until a good one is there. A
/// symbolic link that is made to name another file is followed.
fn bad_files() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let link = site.folder().join("current.conf");
    let good = site.file(1, "good", &config(150, "", "10.1.1.30"))?;
    symlink(&good, &link)?;
    let daemon = site.keepwatch_at(1, &link, &[])?;
    let h1 = Reloaded { site: &site, host: 1, path: link.clone(), daemon };
    h1.wait_for_state("VI_1", "MASTER")?;
    let prober = ping(&site, vip())?;
    let hash = |h1: &Reloaded<'_>| -> Result<String, Failed> {
        Ok(h1.status()?["config"]["hash"].as_str().unwrap_or_default().to_owned())
    };
    let first = hash(&h1)?;
    ensure(first.len() == 32, || first.clone())?;

    let text = config(140, "", "10.1.1.30");
    let half = site.file(1, "half", text.get(..text.len() / 2).ok_or("too short")?)?;
    let folder = site.folder().join("folder.conf");
    std::fs::create_dir(&folder)?;
    let gone = site.folder().join("gone.conf");
    let fifo = site.folder().join("fifo.conf");
    ensure(Command::new("mkfifo").arg(&fifo).status()?.success(), || "no FIFO".to_owned())?;
    for target in [&half, &folder, &gone, &fifo] {
        swap(target, &link)?;
        let (code, said) = h1.reload(&["--dry-run"])?;
        ensure(code == Some(3) && !said.is_empty(), || format!("{code:?} {said}"))?;
        let (code, said) = h1.reload(&[])?;
        ensure(code == Some(3) && said.starts_with("error: "), || format!("{code:?} {said}"))?;
        ensure(hash(&h1)? == first, || "another configuration is in force".to_owned())?;
        let rejected = || h1.status().is_ok_and(|status| status["config"]["rejected"].is_object());
        wait("status to know of it", rejected)?;
        ensure(h1.state("VI_1").as_deref() == Some("MASTER"), || "it does not go on".to_owned())?;
    }
    let better = site.file(1, "better", &text)?;
    swap(&better, &link)?;
    let (code, said) = h1.reload(&["--dry-run"])?;
    let expected = "VI_1: priority 150 -> 140, stays MASTER\nNothing was done: this was a dry run.\n";
    ensure((code, said.as_str()) == (Some(0), expected), || format!("{code:?} {said}"))?;
    ensure(h1.status()?["snapshot"]["instances"][0]["base_priority"] == 150, || "it was done".to_owned())?;
    let (code, said) = h1.reload(&["--json"])?;
    let report: Value = serde_json::from_str(&said)?;
    let expected = serde_json::json!([{
        "object": "instance", "name": "VI_1", "deed": "update", "effect": "priority 150 -> 140, stays MASTER",
    }]);
    ensure(code == Some(0) && report["plan"] == expected, || said.clone())?;
    let follows = || {
        h1.status().is_ok_and(|status| {
            let instance = &status["snapshot"]["instances"][0];
            (&instance["base_priority"], &instance["priority"]) == (&140.into(), &140.into())
                && status["config"]["rejected"].is_null()
        })
    };
    wait("status to follow", follows)?;
    ensure(hash(&h1)? != first, || "the hash is as it was".to_owned())?;
    ensure_lost(prober, 0, "10.1.1.30")?;
    stop(h1.daemon)
}

/// As programs do that write configurations: never is there none.
pub(crate) fn swap(target: &Path, link: &Path) -> Result<(), Failed> {
    let new = link.with_extension("new");
    symlink(target, &new)?;
    std::fs::rename(new, link)?;
    Ok(())
}

/// An unchanged file, one with another priority, and a hundred reloads a second: adverts are on time, and the other host's
/// instances, which wait for a third of a second, do not take over.
fn of_250_instances() -> Result<(), Failed> {
    const COUNT: u8 = 250;
    let site = Site::new(2)?;
    let text = |priority: u8, first: u8| -> String {
        let of = |vrid: u8| {
            let priority = if vrid == 1 { first } else { priority };
            let address = format!("10.2.{vrid}.1");
            instance(&format!("VI_{vrid}"), vrid, priority, "version 3\n advert_int 0.1", &address)
        };
        (1..=COUNT).map(of).collect()
    };
    let h1 = Reloaded::start(&site, 1, &text(150, 150))?;
    wait("all of h1 to be MASTER", || {
        site.host(1).has(ip("10.2.250.1")) && site.host(1).has(ip("10.2.1.1"))
    })?;
    let h2 = Reloaded::start(&site, 2, &text(100, 100))?;
    h2.wait_for_state("VI_250", "BACKUP")?;
    let transitions = |host: &Reloaded<'_>| -> Result<u64, Failed> {
        let status = host.status()?;
        let all = status["snapshot"]["instances"].as_array().ok_or("no instances")?;
        Ok(all.iter().filter_map(|instance| instance["term"].as_u64()).sum())
    };
    let before = (transitions(&h1)?, transitions(&h2)?);
    let capture = site.capture()?;
    let begun = Instant::now();

    for count in 0..20_u8 {
        let first = if count % 2 == 0 { 150 } else { 151 };
        std::fs::write(&h1.path, text(150, first))?;
        let (code, said) = h1.reload(&["--json"])?;
        let report: Value = serde_json::from_str(&said)?;
        ensure(code == Some(0), || said.clone())?;
        let changed =
            report["plan"].as_array().map(|all| all.iter().filter(|change| change["deed"] != "keep").count());
        ensure(changed == Some(usize::from(count > 0)), || said.clone())?;
        if count == 1 {
            eprintln!("the engine was busy with one of 250 for {} s", report["busy_seconds"]);
        }
    }
    // As fast as signals can be told apart; what comes while one is read is read once more.
    let until = Instant::now() + Duration::from_secs(10);
    let mut signals = 0;
    while Instant::now() < until {
        h1.daemon.signal(Signal::SIGHUP)?;
        signals += 1;
        std::thread::sleep(Duration::from_millis(10));
    }
    let (elapsed, adverts) = (begun.elapsed(), capture.adverts());
    let ours = adverts.iter().filter(|advert| advert.source == ip("10.1.1.10")).count();
    let expected = elapsed.as_secs_f64() * 10.0 * f64::from(COUNT);
    #[allow(clippy::cast_precision_loss, reason = "a count of some ten thousands")]
    let share = ours as f64 / expected;
    let longest = (1..=COUNT).filter_map(|vrid| {
        let times = adverts.iter().filter(|advert| advert.vrid == vrid).map(|advert| advert.at);
        let times: Vec<_> = times.collect();
        times.windows(2).filter_map(|pair| pair[1].duration_since(pair[0]).ok()).max()
    });
    eprintln!("the longest gap between two adverts of an instance is {:?}", longest.max());
    eprintln!("{signals} SIGHUP, {ours} adverts of {expected:.0} within {elapsed:?}: {:.1} %", share * 100.0);
    ensure((transitions(&h1)?, transitions(&h2)?) == before, || {
        format!("somebody took over:\n{}", h2.daemon.output().join("\n"))
    })?;
    let strangers = adverts.iter().filter(|advert| advert.source != ip("10.1.1.10")).count();
    ensure(strangers == 0, || format!("{strangers} adverts of h2"))?;
    ensure(share > 0.97, || format!("{ours} adverts of {expected:.0}"))?;
    stop(h1.daemon)?;
    stop(h2.daemon)
}
