//! {stop, yield} x {keepwatch, keepalived, FRR} x {version 2, 3, 3 at 10 ms, IPv6} x {1, 20 addresses, virtual MAC}.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use keepwatch_lab::Capture;
use keepwatch_vrrp::MacAddress;
use libtest_mimic::{Failed, Trial};

use super::scene::{Program, Running, Seen, Speech, Watch, bare};
use crate::Need;
use crate::peers::{FRR, IP, KEEPALIVED};
use crate::site::{Site, ensure, wait};

/// How the first host leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leaves {
    Stop,
    Yield,
}

/// What it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Load {
    One,
    Twenty,
    /// One address, on a virtual MAC at the successor.
    Vmac,
    /// One address, on the same virtual MAC at both: the switch moves the traffic, and clients turn to nobody.
    VmacBoth,
}

/// One test.
#[derive(Clone, Copy, Debug)]
struct Row {
    leaves: Leaves,
    peer: Program,
    speech: Speech,
    load: Load,
}

/// Probes that may be lost: a client's own millisecond at the flip.
const LOST_AT_MOST: usize = 2;
/// A successor with a virtual MAC draws the switch's traffic with its advert, before it has the address.
const LOST_AT_MOST_VMAC: usize = 5;
/// keepalived announces an IPv6 address before its kernel answers for it: 20 ms on a busy machine.
const USABLE: Duration = Duration::from_millis(50);

pub(super) fn trials() -> Vec<Trial> {
    let mut rows = Vec::new();
    for leaves in [Leaves::Stop, Leaves::Yield] {
        for peer in [Program::Keepwatch, Program::Keepalived, Program::Frr] {
            for speech in [Speech::V2, Speech::V3, Speech::V3Quick, Speech::V6] {
                for load in [Load::One, Load::Twenty, Load::Vmac, Load::VmacBoth] {
                    rows.push(Row { leaves, peer, speech, load });
                }
            }
        }
    }
    rows.retain(Row::is_distinct);
    rows.into_iter().map(|row| crate::trial_of(row.name(), row.needs(), move || row.run())).collect()
}

impl Row {
    /// FRR always has a virtual MAC.
    fn is_distinct(&self) -> bool {
        !(self.peer == Program::Frr && matches!(self.load, Load::Vmac | Load::VmacBoth))
    }

    fn name(&self) -> String {
        format!("handover::matrix::{:?}_{:?}_{:?}_{:?}", self.leaves, self.peer, self.speech, self.load)
            .to_lowercase()
    }

    fn needs(&self) -> &'static [Need] {
        match self.peer {
            Program::Keepwatch => &[IP],
            Program::Keepalived => &[IP, KEEPALIVED],
            Program::Frr => &[IP, FRR, Need::RealRoot],
        }
    }

    fn has_virtual_mac(&self) -> bool {
        self.peer == Program::Frr || matches!(self.load, Load::Vmac | Load::VmacBoth)
    }

    /// The successor's hardware address.
    fn successors_mac(&self, site: &Site) -> Result<MacAddress, Failed> {
        Ok(match (self.has_virtual_mac(), self.speech) {
            (false, _) => site.host(2).mac()?,
            (true, Speech::V6) => MacAddress([0, 0, 0x5e, 0, 2, 51]),
            (true, Speech::V2 | Speech::V3 | Speech::V3Quick) => MacAddress([0, 0, 0x5e, 0, 1, 51]),
        })
    }

    fn run(self) -> Result<(), Failed> {
        let site = Site::new(2)?;
        let count = if self.load == Load::Twenty { 20 } else { 2 };
        let addresses = self.speech.addresses(count);
        let (ours_more, theirs_more) = match self.load {
            Load::One | Load::Twenty => ("", ""),
            Load::Vmac => ("", "use_vmac"),
            Load::VmacBoth => ("use_vmac", "use_vmac"),
        };
        let (ours, theirs) = match self.leaves {
            Leaves::Stop => (150, 100),
            Leaves::Yield => (100, 150),
        };
        // IPv6 has its link-local address first; the last one is what clients use.
        let watched = [bare(addresses.last().ok_or("no address")?)];
        let start_peer = || self.peer.start(&site, 2, theirs, self.speech, &addresses, theirs_more);
        let h1 = Program::Keepwatch.start(&site, 1, ours, self.speech, &addresses, ours_more)?;
        wait("h1 to hold the addresses", || site.host(1).has_anywhere(watched[0]))?;
        let mut peer = None;
        if self.leaves == Leaves::Stop {
            peer = Some(start_peer()?);
            self.wait_for_standby(&site, &peer)?;
        }
        let watch = Watch::begin(&site, &watched)?;
        if self.leaves == Leaves::Yield {
            peer = Some(start_peer()?);
            wait("h1 to give the address up", || !site.host(1).has_anywhere(watched[0]))?;
        }
        // On a busy machine either may miss the other's adverts for 30 ms and be MASTER once more, rightly.
        let log = h1.stop_and_read()?;
        let masterships = log.iter().filter(|line| line.contains("Entering MASTER STATE")).count();
        let at_most = if self.speech == Speech::V3Quick { 3 } else { 1 };
        ensure((1..=at_most).contains(&masterships), || format!("h1 was MASTER {masterships} times"))?;
        wait("h2 to hold the address", || site.host(2).has_anywhere(watched[0]))?;
        watch.wait_for_answers(300)?;
        let successor = self.successors_mac(&site)?;
        let gap = self.switched_without_address(&site, watch.capture(), watched[0]);
        for seen in watch.finish() {
            self.judge(&seen, masterships, gap)?;
            if self.load != Load::VmacBoth {
                seen.ensure_one_turn(&site, at_most)?;
            }
        }
        for address in addresses.iter().map(|address| bare(address)) {
            ensure(!site.host(1).has_anywhere(address), || format!("h1 still holds {address}"))?;
            ensure(site.host(2).has_anywhere(address), || format!("h2 does not hold {address}"))?;
        }
        let ports = site.lan.ports_of(successor)?;
        ensure(ports == ["h2"], || format!("the switch has {successor} at {ports:?}"))?;
        peer.map_or(Ok(()), Running::stop)
    }

    /// Loses nothing; what another program loses after the client has turned to it is told. (Nothing in our power: it
    /// announces addresses before they are usable, and its virtual MAC draws the switch's traffic sooner still.)
    fn judge(
        &self,
        seen: &Seen,
        masterships: usize,
        gap: Option<(SystemTime, SystemTime)>,
    ) -> Result<(), Failed> {
        let at_most = if self.has_virtual_mac() { LOST_AT_MOST_VMAC } else { LOST_AT_MOST } * masterships;
        let lost = seen.probes.lost();
        if self.peer == Program::Keepwatch || lost <= at_most {
            return seen.ensure_lost(at_most);
        }
        if self.load == Load::VmacBoth {
            let (from, to) = gap.ok_or("the peer announced nothing")?;
            let ours = seen.lost_outside(from, to);
            println!(
                "{}: {lost} lost, {ours} of them not between the peer's advert and its announcement",
                self.name()
            );
            return ensure(ours <= at_most, || {
                format!("from {from:?} to {to:?} it is the peer's: {:?}", seen.probes.lost_runs())
            });
        }
        let ours = seen.lost_by_leaver();
        println!("{}: {lost} lost, {ours} of them before the client turned to the peer", self.name());
        ensure(ours <= at_most, || format!("{:?}", seen.probes.lost_runs()))
    }

    /// From the peer's first advert, which draws the switch's traffic to the virtual MAC, to its announcement, and until its
    /// kernel answers for the address.
    fn switched_without_address(
        &self,
        site: &Site,
        capture: &Capture,
        address: IpAddr,
    ) -> Option<(SystemTime, SystemTime)> {
        let theirs = match self.leaves {
            Leaves::Stop => 100,
            Leaves::Yield => 150,
        };
        let own = site.host(1).mac().ok();
        let adverts = capture.adverts();
        let first = adverts.iter().find(|advert| advert.priority == theirs && Some(advert.mac) != own)?.at;
        let announcements = capture.announcements(address);
        let announced = announcements.iter().find(|(at, _)| *at >= first)?.0;
        Some((first - Duration::from_millis(2), announced + USABLE))
    }

    /// Waits until the peer has heard us, so that it knows what it takes over from.
    fn wait_for_standby(&self, site: &Site, peer: &Option<Running>) -> Result<(), Failed> {
        let (Some(Running::Daemon(daemon)), Program::Keepwatch) = (peer, self.peer) else {
            // keepalived and FRR say nothing of a MASTER they follow: three of our adverts are enough.
            let capture = site.capture()?;
            return wait("three more adverts", || capture.adverts().len() >= 3);
        };
        wait("the peer to hear us", || daemon.said("is MASTER with priority 150"))
    }
}
