//! The prober, and where its requests go.

use std::time::{Duration, Instant};

use keepwatch_lab::{Capture, Hog, Lan, Outage, Prober, Probes};
use keepwatch_vrrp::MacAddress;
use libtest_mimic::Failed;

use crate::Case;
use crate::support::{PATIENCE, announce, ensure, ip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "pings::each_millisecond", needs: None, run: each_millisecond },
    Case { name: "pings::lost_ones", needs: None, run: lost_ones },
    Case { name: "pings::several_probers_of_one_host", needs: None, run: several_probers_of_one_host },
    Case { name: "pings::beside_a_hog", needs: None, run: beside_a_hog },
    Case { name: "pings::an_address_that_moves", needs: None, run: an_address_that_moves },
];

const MS: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);

/// A wait rounded up to the kernel's tick allows 250 a second at most.
fn each_millisecond() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let host = &lan.hosts[0];
    for target in [host.address.into(), host.address_v6.into()] {
        let prober = Prober::start(&lan.client, target, MS)?;
        wait("answers", || prober.probes().answered() > 100)?;
        let until = Instant::now() + PATIENCE;
        loop {
            let began = Instant::now();
            let naps = naps_until(began + SECOND);
            let (sent, answered) = prober.probes().between(began, began + SECOND);
            // A machine that is busy with other things allows less, to everybody.
            let expected = (naps * 17 / 20).min(800);
            if sent > expected && answered * 20 > sent * 19 {
                break;
            }
            ensure(Instant::now() < until, || {
                format!("{target}: in a second {answered} of {sent} were answered, {expected} expected")
            })?;
        }
        let probes = prober.finish();
        let (first, last) = probes.first_and_last().ok_or("nothing was sent")?;
        // The first may have been late, the last not.
        let most = last.duration_since(first).as_millis() + 2;
        ensure(probes.sent() as u128 <= most, || format!("{} sent in {most} ms", probes.sent()))?;
    }
    Ok(())
}

/// How often a thread that does nothing else can sleep for a millisecond.
fn naps_until(end: Instant) -> usize {
    std::iter::repeat_with(|| std::thread::sleep(MS)).take_while(|()| Instant::now() < end).count()
}

fn lost_ones() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let host = &lan.hosts[0];
    let prober = Prober::start(&lan.client, host.address.into(), MS)?;
    wait("answers", || prober.probes().answered() > 100)?;
    let pulled = Instant::now();
    host.pull_cable()?;
    wait("losses", || prober.probes().lost() > 100)?;
    host.plug_cable()?;
    let plugged = Instant::now();
    let before = prober.probes().answered();
    wait("answers again", || prober.probes().answered() > before + 100)?;
    let probes = prober.finish();
    let runs = probes.lost_runs();
    let longest = probes.longest_outage(pulled - MS);
    ensure(runs.contains(&longest) && longest.lost > 50, || format!("{longest:?} in {runs:?}"))?;
    ensure(longest.duration < plugged.duration_since(pulled) + PATIENCE, || format!("{longest:?}"))?;
    ensure(is_consistent(&probes, &runs), || format!("{} lost, {runs:?}", probes.lost()))?;
    let (first, last) = probes.first_and_last().ok_or("nothing was sent")?;
    ensure(probes.lost_between(first, last + MS) == probes.lost(), || "lost_between everything".to_owned())
}

fn is_consistent(probes: &Probes, runs: &[Outage]) -> bool {
    let lost: usize = runs.iter().map(|run| run.lost).sum();
    lost == probes.lost() && probes.sent() == probes.answered() + lost
}

/// A raw socket gets the answers to all of them.
fn several_probers_of_one_host() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let there = Prober::start(&lan.client, lan.hosts[0].address.into(), MS)?;
    let nowhere = Prober::start(&lan.client, ip("10.1.1.99"), MS)?;
    wait("answers", || there.probes().answered() > 200)?;
    let (there, nowhere) = (there.finish(), nowhere.finish());
    ensure(there.duplicated() == 0, || format!("{} answered twice", there.duplicated()))?;
    ensure(nowhere.answered() == 0 && nowhere.lost() == nowhere.sent(), || format!("{nowhere:?}"))
}

fn beside_a_hog() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let hog = Hog::start(2);
    let prober = Prober::start(&lan.client, lan.hosts[0].address.into(), MS)?;
    wait("answers", || prober.probes().answered() > 200)?;
    drop(hog);
    Ok(())
}

/// The client's requests follow a gratuitous ARP.
fn an_address_that_moves() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    let vip = std::net::Ipv4Addr::new(10, 1, 1, 30);
    h1.add_address(vip.into(), 32)?;
    let capture = Capture::start(&lan.client)?;
    let prober = Prober::start(&lan.client, vip.into(), MS)?;
    let answers = |more: usize| {
        let before = prober.probes().answered();
        wait("answers", || prober.probes().answered() >= before + more)
    };
    answers(100)?;
    h1.remove_address(vip.into(), 32)?;
    h2.add_address(vip.into(), 32)?;
    announce(h2, h2.mac()?, vip)?;
    answers(100)?;
    let probes = prober.finish();
    let used = capture.neighbours_used(vip.into());
    let macs: Vec<MacAddress> = used.iter().map(|(_, mac)| *mac).collect();
    ensure(macs == [h1.mac()?, h2.mac()?], || format!("{macs:?}"))?;
    let [(first, _), (change, _)] = used[..] else { return Err("two".into()) };
    let ago = |at: std::time::SystemTime| at.elapsed().unwrap_or_default();
    ensure(ago(first) > ago(change) && ago(first) < PATIENCE * 3, || format!("{used:?}"))?;
    ensure(capture.neighbours_used(ip("10.1.1.77")).is_empty(), || "nobody asked for 10.1.1.77".to_owned())?;
    ensure(probes.duplicated() == 0, || format!("{} answered twice", probes.duplicated()))
}
