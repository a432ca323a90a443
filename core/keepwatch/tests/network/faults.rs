//! What may go wrong on a host, and how it ends well.

use std::time::{Duration, Instant, SystemTime};

use keepwatch_lab::{Prober, SeenAdvert};
use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::notify::Start;
use crate::peers::{KEEPALIVED, keepalived};
use crate::site::{Site, config, ensure, explain, ip, seed, stop, vip, wait, wait_for_line};

pub(crate) const CASES: &[Case] = &[
    Case { name: "faults::link_lost_and_back", needs: &[], run: link_lost_and_back },
    Case { name: "faults::killed_and_started_again", needs: &[], run: killed_and_started_again },
    Case { name: "faults::interface_deleted_and_created", needs: &[], run: interface_deleted_and_created },
    Case { name: "faults::interface_renamed", needs: &[], run: interface_renamed },
    Case { name: "faults::notifications_lost", needs: &[], run: notifications_lost },
    Case { name: "faults::started_before_its_interface", needs: &[], run: started_before_its_interface },
    Case { name: "faults::address_removed_by_hand", needs: &[], run: address_removed_by_hand },
    Case {
        name: "faults::address_removed_again_and_again",
        needs: &[],
        run: address_removed_again_and_again,
    },
    Case {
        name: "faults::an_address_the_kernel_refuses",
        needs: &[],
        run: || refused_address(Site::keepwatch),
    },
    Case {
        name: "faults::an_address_the_kernel_refuses_keepalived",
        needs: &[KEEPALIVED],
        run: || refused_address(keepalived),
    },
    Case { name: "faults::own_address_lost_and_back", needs: &[], run: own_address_lost_and_back },
    Case {
        name: "faults::the_hosts_only_address_as_virtual",
        needs: &[],
        run: the_hosts_only_address_as_virtual,
    },
    Case { name: "faults::stopped_for_five_seconds", needs: &[], run: stopped_for_five_seconds },
    Case { name: "faults::hardware_address_changed", needs: &[], run: hardware_address_changed },
    Case { name: "faults::tracked_interface_down", needs: &[], run: tracked_interface_down },
    Case { name: "faults::a_backups_link_flaps", needs: &[], run: a_backups_link_flaps },
    Case { name: "faults::link_local_still_tentative", needs: &[], run: link_local_still_tentative },
    Case { name: "faults::ipv6_address_in_use_elsewhere", needs: &[], run: ipv6_address_in_use_elsewhere },
    Case { name: "faults::nobody_reads_the_log", needs: &[], run: nobody_reads_the_log },
];

fn link_lost_and_back() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    site.host(1).pull_cable()?;
    wait_for_line(&h1, "Netlink reports eth0 down")?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (interface eth0 down)")?;
    site.wait_for_holder(2, vip())?;
    site.host(1).plug_cable()?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    stop(h2)
}

/// `kill -9` leaves the address; the next start removes it first, and a stranger's address stays.
fn killed_and_started_again() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let mut h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let strangers = ip("10.1.1.77");
    site.host(1).add_address(strangers, 32)?;
    h1.kill()?;
    wait("h2 to take over", || site.host(2).has(vip()))?;
    ensure(site.host(1).has(vip()), || "a killed daemon cannot have removed its address".to_owned())?;
    let h1 = site
        .keepwatch(1, &config(50, "authentication {\n auth_type PASS\n auth_pass 1111\n }", "10.1.1.30"))?;
    wait_for_line(&h1, "10.1.1.30/32 was on eth0 already")?;
    site.wait_for_holder(2, vip())?;
    ensure(site.host(1).has(strangers), || "a stranger's address was removed".to_owned())?;
    stop(h1)?;
    stop(h2)
}

fn interface_deleted_and_created() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    site.host(1).delete_interface()?;
    wait_for_line(&h1, "Netlink reports eth0 deleted")?;
    wait_for_line(&h1, "(VI_1) Entering FAULT STATE")?;
    site.wait_for_holder(2, vip())?;
    site.host(1).create_interface()?;
    site.wait_for_holder(1, vip())?;
    wait_for_line(&h2, "(VI_1) removing VIPs.")?;
    stop(h1)?;
    stop(h2)
}

/// A renamed interface is gone for us, and must not keep our address.
fn interface_renamed() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    site.host(1).rename_interface("eth9")?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (interface eth0 does not exist)")?;
    wait("the address to go", || !site.host(1).has_anywhere(vip()))?;
    site.wait_for_holder(2, vip())?;
    site.host(1).rename_interface_back("eth9")?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    stop(h2)
}

/// More changes than the kernel keeps for a daemon that does not run: everything is read anew, and what was lost
/// meanwhile is noticed.
fn notifications_lost() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    h1.signal(Signal::SIGSTOP)?;
    site.host(1).churn_addresses(15_000)?;
    site.host(1).remove_address(vip(), 32)?;
    h1.signal(Signal::SIGCONT)?;
    wait_for_line(&h1, "the kernel dropped notifications; its state was read anew")?;
    wait_for_line(&h1, "10.1.1.30/32 is back on eth0")?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

fn started_before_its_interface() -> Result<(), Failed> {
    let site = Site::new(1)?;
    site.host(1).delete_interface()?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    wait_for_line(&h1, "(VI_1) Entering FAULT STATE (init)")?;
    site.host(1).create_interface()?;
    site.wait_for_holder(1, vip())?;
    stop(h1)
}

/// It is put back in place, announced, and the mastership stays.
fn address_removed_by_hand() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    // Past the announcements of becoming MASTER, of which the last comes after 5 s; on a busy machine some of the others fall
    // together.
    wait("the last of them", || {
        let announced = capture.announcements(vip());
        let (first, last) = (announced.first(), announced.last());
        let spread = first.zip(last).and_then(|((first, _), (last, _))| last.duration_since(*first).ok());
        spread.is_some_and(|spread| spread >= Duration::from_millis(4_500))
    })?;
    let removed = SystemTime::now();
    site.host(1).remove_address(vip(), 32)?;
    wait_for_line(&h1, "something else removed 10.1.1.30/32 from eth0; putting it back")?;
    site.wait_for_holder(1, vip())?;
    wait("an announcement", || capture.announcements(vip()).iter().any(|(at, _)| *at > removed))?;
    ensure(!h2.said("Entering MASTER STATE"), || h2.output().join("\n"))?;
    stop(h1)?;
    stop(h2)
}

/// The third time within a minute it gives up, in words, and the other host serves.
fn address_removed_again_and_again() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    for _ in 0..3 {
        wait("h1 to hold it", || site.host(1).has(vip()))?;
        site.host(1).remove_address(vip(), 32)?;
        wait("the loss to be noticed", || !site.host(1).has(vip()) || h1.said("putting it back"))?;
    }
    wait_for_line(&h1, "10.1.1.30/32 does not stay in place: something else removes it")?;
    site.wait_for_holder(2, vip())?;
    stop(h1)?;
    stop(h2)
}

/// Two addresses of one net and of different scope: the kernel refuses the second one, on every host. The first one is served.
fn refused_address(start: Start) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let addresses = "10.1.1.30/24
        10.1.1.31/24 scope link";
    let h1 = start(&site, 1, &config(150, "", addresses))?;
    site.wait_for_holder(1, vip())?;
    let h2 = start(&site, 2, &config(100, "", addresses))?;
    // Long enough for what would give up an address that it cannot keep.
    let is_h1 = |advert: &&SeenAdvert| advert.source == ip("10.1.1.10");
    wait("nine adverts", || capture.adverts().iter().filter(is_h1).count() >= 9)?;
    ensure(capture.adverts().iter().all(|advert| is_h1(&advert)), || "h2 took over".to_owned())?;
    ensure(site.host(1).has(vip()) && !site.host(1).has(ip("10.1.1.31")), || {
        h1.output().join(
            "
",
        )
    })?;
    let told = h1.output().iter().filter(|line| line.contains("cannot be added")).count();
    ensure(told <= 1, || {
        h1.output().join(
            "
",
        )
    })?;
    stop(h1)?;
    stop(h2)
}

fn own_address_lost_and_back() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let own = site.host(1).address.into();
    site.host(1).remove_address(own, 24)?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (no IPv4 address for interface eth0)")?;
    site.wait_for_holder(2, vip())?;
    site.host(1).add_address(own, 24)?;
    site.wait_for_holder(1, vip())?;
    stop(h1)?;
    stop(h2)
}

/// A mistake in the configuration does not cut the host off the network.
fn the_hosts_only_address_as_virtual() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let h1 = site.keepwatch(1, &config(100, "", "10.1.1.10"))?;
    wait_for_line(&h1, "10.1.1.10/24 is this host's only such address on eth0 and stays")?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (no IPv4 address for interface eth0)")?;
    ensure(site.host(1).has(site.host(1).address.into()), || "it was removed".to_owned())?;
    stop(h1)
}

/// A daemon that slept hears first. Here the other, lower, has taken over: one advert of ours, and the client
/// is back.
fn stopped_for_five_seconds() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(5))?;
    h1.signal(Signal::SIGSTOP)?;
    wait_for_line(&h2, "(VI_1) Entering MASTER STATE")?;
    // Its adverts wait in h1's socket.
    let heard = capture.adverts().len();
    wait("adverts of h2", || capture.adverts().len() >= heard + 2)?;
    let resumed = Instant::now();
    h1.signal(Signal::SIGCONT)?;
    wait_for_line(&h1, "(VI_1) did not run for")?;
    wait_for_line(&h2, "(VI_1) Entering BACKUP STATE")?;
    site.wait_for_holder(1, vip())?;
    let before = prober.probes().answered();
    wait("answers", || prober.probes().answered() > before + 20)?;
    let outage = prober.probes().longest_outage(resumed);
    ensure(outage.duration < Duration::from_secs(1), || format!("{outage:?}"))?;
    stop(h1)?;
    stop(h2)
}

fn hardware_address_changed() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let capture = site.capture()?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let mac = [0x02, 0, 0, 0, 0, 0x77];
    site.host(1).set_mac(mac)?;
    wait("an announcement of the new address", || {
        capture.announcements(vip()).iter().any(|(_, seen)| seen.0 == mac)
    })?;
    ensure(!h1.said("FAULT"), || h1.output().join("\n"))?;
    stop(h1)
}

fn tracked_interface_down() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let tracking = "track_interface {\n        lo\n    }";
    let h1 = site.keepwatch(1, &config(150, tracking, "10.1.1.30"))?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    site.host(1).set_loopback_down()?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (tracked interface lo down)")?;
    site.wait_for_holder(2, vip())?;
    stop(h1)?;
    stop(h2)
}

/// After a link came back its groups are joined again: a backup hears the MASTER and stays a backup.
fn a_backups_link_flaps() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &seed("h1.conf")?)?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &seed("h2.conf")?)?;
    let heard = "10.1.1.10 is MASTER with priority 101";
    let times = || h2.output().iter().filter(|line| line.contains(heard)).count();
    wait("h2 to hear h1", || times() == 1)?;
    site.host(2).pull_cable()?;
    wait_for_line(&h2, "(VI_1) Entering FAULT STATE")?;
    site.host(2).plug_cable()?;
    wait("h2 to hear h1 again", || times() == 2)?;
    ensure(!h2.said("Entering MASTER STATE"), || h2.output().join("\n"))?;
    stop(h1)?;
    stop(h2)
}

/// At boot the link-local address is tentative for a second: waited for in INIT, and no fault.
fn link_local_still_tentative() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let global = ip("fd00:1::30");
    site.host(1).delete_interface()?;
    site.host(1).detect_duplicates()?;
    site.host(1).create_interface()?;
    let h1 = site.keepwatch(1, &config(150, "", "fe80::30/64\n        fd00:1::30/64"))?;
    wait_for_line(&h1, "(VI_1) waiting for a usable link-local address on eth0")?;
    site.wait_for_holder(1, global)?;
    ensure(!h1.said("FAULT"), || h1.output().join("\n"))?;
    stop(h1)
}

/// With duplicate detection asked for (`-nodad`) and the address in use elsewhere it is replaced, and the third
/// time given up, in words.
fn ipv6_address_in_use_elsewhere() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let global = ip("fd00:1::30");
    site.lan.client.add_address(global, 64)?;
    site.host(1).delete_interface()?;
    site.host(1).detect_duplicates()?;
    site.host(1).create_interface()?;
    let h1 = site.keepwatch(1, &config(150, "", "fd00:1::30/64 -nodad"))?;
    wait_for_line(&h1, "fd00:1::30/64 on eth0 is in use on another host (dadfailed); replacing it")?;
    wait_for_line(&h1, "(VI_1): entering FAULT state (fd00:1::30/64 does not stay in place")?;
    stop(h1)?;
    ensure(!site.host(1).has(global), || "it was left".to_owned())
}

/// A log pipe that nobody reads holds up no advert.
fn nobody_reads_the_log() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let capture = site.capture()?;
    let quick = "version 3\n    advert_int 0.1";
    let text = format!("unknown_keyword\n{}", config(150, quick, "10.1.1.30"));
    let path = site.file(1, "keepwatch", &text)?;
    let (reader, writer) = std::io::pipe()?;
    // Fill the pipe before the daemon gets it.
    fill(&writer)?;
    let mut command = crate::site::keepwatch();
    command.args(["run", "-v", "--config"]).arg(path).stdout(std::process::Stdio::null()).stderr(writer);
    let mut child = site.host(1).namespace.spawn(&mut command)?;
    let outcome = (|| {
        site.wait_for_holder(1, vip())?;
        for _ in 0..3 {
            // Each of these has something to log.
            site.host(1).pull_cable()?;
            site.wait_for_nobody(vip())?;
            site.host(1).plug_cable()?;
            site.wait_for_holder(1, vip())?;
        }
        let heard = capture.adverts().len();
        wait("twenty more adverts", || capture.adverts().len() >= heard + 20)
    })();
    child.kill()?;
    child.wait()?;
    drop(reader);
    outcome.map_err(|failed: Failed| explain(failed, "with a full log pipe"))
}

fn fill(writer: &std::io::PipeWriter) -> Result<(), Failed> {
    use std::io::Write;
    let flags = rustix::fs::fcntl_getfl(writer)?;
    rustix::fs::fcntl_setfl(writer, flags | rustix::fs::OFlags::NONBLOCK)?;
    let mut pipe = writer;
    while pipe.write(&[b'x'; 4096]).is_ok() {}
    while pipe.write(b"x").is_ok() {}
    rustix::fs::fcntl_setfl(writer, flags)?;
    Ok(())
}
