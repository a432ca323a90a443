//! Something happens to the leaver, at each step of leaving: in the end exactly one host has the address.

use std::net::Ipv4Addr;
use std::time::Duration;

use keepwatch_lab::{Capture, Daemon, Host};
use keepwatch_system::{FrameSocket, Frames};
use keepwatch_vrrp::wire::gratuitous_arp;
use libtest_mimic::Failed;
use nix::sys::signal::Signal;

use crate::Case;
use crate::site::{PATIENCE, Site, config, ensure, explain, stop, vip, wait, wait_for_line};

pub(super) const CASES: &[Case] = &[
    Case { name: "handover::faults::killed_after_resigning", needs: &[], run: || at(Step::Resigned, killed) },
    Case { name: "handover::faults::killed_after_its_advert", needs: &[], run: || at(Step::Advert, killed) },
    Case { name: "handover::faults::killed_when_announced", needs: &[], run: || at(Step::Announced, killed) },
    Case { name: "handover::faults::killed_when_left", needs: &[], run: || at(Step::Left, killed) },
    Case { name: "handover::faults::asleep_after_resigning", needs: &[], run: || at(Step::Resigned, asleep) },
    Case { name: "handover::faults::asleep_after_its_advert", needs: &[], run: || at(Step::Advert, asleep) },
    Case { name: "handover::faults::asleep_when_announced", needs: &[], run: || at(Step::Announced, asleep) },
    Case {
        name: "handover::faults::cut_off_after_resigning",
        needs: &[],
        run: || at(Step::Resigned, cut_off),
    },
    Case {
        name: "handover::faults::cut_off_after_its_advert",
        needs: &[],
        run: || at(Step::Advert, cut_off),
    },
    Case {
        name: "handover::faults::cut_off_when_announced",
        needs: &[],
        run: || at(Step::Announced, cut_off),
    },
    Case { name: "handover::faults::robbed_after_resigning", needs: &[], run: || at(Step::Resigned, robbed) },
    Case { name: "handover::faults::robbed_after_its_advert", needs: &[], run: || at(Step::Advert, robbed) },
    Case { name: "handover::faults::robbed_when_announced", needs: &[], run: || at(Step::Announced, robbed) },
    Case {
        name: "handover::faults::killed_without_a_successor",
        needs: &[],
        run: killed_without_a_successor,
    },
    Case { name: "handover::faults::a_theft_is_undone", needs: &[], run: a_theft_is_undone },
];

/// A step of leaving, as the wire shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The leaver's priority zero.
    Resigned,
    /// The successor's first advert.
    Advert,
    /// The successor's announcement of the address.
    Announced,
    /// The leaver has given the address up.
    Left,
}

impl Step {
    fn wait(self, site: &Site, capture: &Capture) -> Result<(), Failed> {
        let first = site.host(1).mac()?;
        let has_come = || match self {
            Self::Resigned => capture.adverts().iter().any(|advert| advert.priority == 0),
            Self::Advert => capture.adverts().iter().any(|advert| advert.priority == 100),
            Self::Announced => capture.announcements(vip()).iter().any(|(_, mac)| *mac != first),
            Self::Left => !site.host(1).has(vip()),
        };
        wait(&format!("{self:?}"), has_come)
    }
}

/// What happens to the leaver.
type Fault = fn(&Site, &mut Daemon) -> Result<Then, Failed>;

/// How the leaver ends after that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// It was killed.
    Killed,
    /// By itself, with exit code 0, and leaving nothing behind.
    Well,
}

fn at(step: Step, fault: Fault) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let mut h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let capture = site.capture()?;
    h1.terminate()?;
    step.wait(&site, &capture)?;
    let then = fault(&site, &mut h1)?;
    let outcome = site.wait_for_holder(2, vip());
    outcome.map_err(|failed| explain(failed, &h1.output().join("\n")))?;
    if then == Then::Well {
        let status = h1.wait(PATIENCE)?;
        ensure(status.is_some_and(|status| status.success()), || {
            format!("{status:?}\n{}", h1.output().join("\n"))
        })?;
        let announce = site.host(1).run("sysctl", "-n net.ipv4.conf.eth0.arp_announce")?;
        ensure(announce.trim() == "0", || format!("arp_announce was left at {announce}"))?;
    }
    stop(h2)
}

/// The kernel removes the address when its time is over.
fn killed(_: &Site, h1: &mut Daemon) -> Result<Then, Failed> {
    h1.kill()?;
    Ok(Then::Killed)
}

/// Stopped for five seconds: the kernel has removed the address by then, and the daemon ends when it wakes up.
fn asleep(_: &Site, h1: &mut Daemon) -> Result<Then, Failed> {
    let _ = h1.signal(Signal::SIGSTOP);
    std::thread::sleep(Duration::from_secs(5));
    // It may have ended before.
    let _ = h1.signal(Signal::SIGCONT);
    Ok(Then::Well)
}

fn cut_off(site: &Site, _: &mut Daemon) -> Result<Then, Failed> {
    site.host(1).pull_cable()?;
    Ok(Then::Well)
}

fn robbed(site: &Site, _: &mut Daemon) -> Result<Then, Failed> {
    // It may have left by itself meanwhile.
    let _ = site.host(1).remove_address(vip(), 32);
    Ok(Then::Well)
}

/// Without a successor a killed leaver's address goes by itself.
fn killed_without_a_successor() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let mut h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let capture = site.capture()?;
    h1.terminate()?;
    Step::Resigned.wait(&site, &capture)?;
    h1.kill()?;
    ensure(site.host(1).has(vip()), || "it was gone at once".to_owned())?;
    site.wait_for_nobody(vip())
}

/// Another host announces our address: one announcement of ours turns the neighbours back, and it is told.
fn a_theft_is_undone() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let capture = site.capture()?;
    let (ours, theirs) = (site.host(1).mac()?, site.host(2).mac()?);
    announce(site.host(2), Ipv4Addr::new(10, 1, 1, 30))?;
    wait("the theft", || capture.announcements(vip()).iter().any(|(_, mac)| *mac == theirs))?;
    wait("our answer", || capture.announcements(vip()).last().is_some_and(|(_, mac)| *mac == ours))?;
    let stolen = capture.announcements(vip()).iter().filter(|(_, mac)| *mac == theirs).count();
    ensure(stolen == 1, || "the thief answered back".to_owned())?;
    wait_for_line(&h1, &format!("another host claims 10.1.1.30/32 on eth0: {theirs}"))?;
    stop(h1)
}

/// Sends a gratuitous ARP from a host.
fn announce(host: &Host, address: Ipv4Addr) -> Result<(), Failed> {
    let mut frame = Vec::new();
    gratuitous_arp(&mut frame, host.mac()?, address);
    let index = host.interface_index()?;
    let socket = host.namespace.run(|| FrameSocket::open(index, Frames::None))?;
    Ok(socket.send(&frame)?)
}
