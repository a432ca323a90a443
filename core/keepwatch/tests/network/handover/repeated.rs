//! A hundred stops and a hundred fail-backs, one after another.

use std::time::{Instant, SystemTime};

use keepwatch_lab::{Frame, Hog};
use libtest_mimic::Failed;

use super::scene::{Program, Speech, Watch};
use crate::site::{Site, ensure, ip};
use crate::{Case, Need};

pub(super) const CASES: &[Case] = &[
    Case { name: "handover::repeated::a_hundred_each_way", needs: &[], run: a_hundred_each_way },
    Case {
        name: "handover::repeated::a_hundred_each_way_beside_a_hog",
        needs: &[Need::Solitude],
        run: beside_a_hog,
    },
];

const VIP: &str = "10.1.1.30";
const TIMES: usize = 100;
/// In the median: a client's own milliseconds at the flip.
const LOST_AT_MOST: usize = 2;

/// In a hundred: a busy machine may strand a client once, until the next announcement.
const LOST_IN_ALL: usize = 200;

/// One hand-over.
struct Handover {
    what: &'static str,
    number: usize,
    from: Instant,
    to: Instant,
    /// The wall clock at `from`: frames bear it.
    began: SystemTime,
    lost: usize,
}

fn beside_a_hog() -> Result<(), Failed> {
    let _hog = Hog::start(2);
    measure("beside a CPU hog")
}

fn a_hundred_each_way() -> Result<(), Failed> {
    measure("alone")
}

fn measure(how: &str) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let addresses = [VIP.to_owned()];
    let start =
        |host, priority| Program::Keepwatch.start(&site, host, priority, Speech::V3Quick, &addresses, "");
    let h2 = start(2, 100)?;
    site.wait_for_holder(2, ip(VIP))?;
    let watch = Watch::begin(&site, &[ip(VIP)])?;
    let mut handovers = Vec::new();
    for number in 1..=TIMES {
        let (from, began) = (Instant::now(), SystemTime::now());
        let h1 = start(1, 150)?;
        site.wait_for_holder(1, ip(VIP))?;
        watch.wait_for_answers(20)?;
        let (between, then) = (Instant::now(), SystemTime::now());
        handovers.push(Handover { what: "fail-back", number, from, to: between, began, lost: 0 });
        h1.stop()?;
        site.wait_for_holder(2, ip(VIP))?;
        watch.wait_for_answers(20)?;
        let to = Instant::now();
        handovers.push(Handover { what: "stop", number, from: between, to, began: then, lost: 0 });
    }
    // Late answers.
    watch.wait_for_answers(50)?;
    for handover in &mut handovers {
        handover.lost = watch.lost_between(handover.from, handover.to);
    }
    report(how, &handovers, &watch)?;
    h2.stop()
}

/// Prints the sum and explains the worst.
fn report(how: &str, handovers: &[Handover], watch: &Watch) -> Result<(), Failed> {
    for what in ["stop", "fail-back"] {
        let mut lost: Vec<usize> = handovers.iter().filter(|h| h.what == what).map(|h| h.lost).collect();
        lost.sort_unstable();
        let (sum, median, worst) = (lost.iter().sum::<usize>(), lost[lost.len() / 2], lost[lost.len() - 1]);
        println!("{TIMES} x {what} {how}: {sum} probes lost; median {median}, worst {worst}");
        ensure(median <= LOST_AT_MOST, || format!("{what} {how}: {median} lost in the median"))?;
        ensure(sum <= LOST_IN_ALL, || format!("{what} {how}: {sum} lost in all"))?;
    }
    let worst = handovers.iter().max_by_key(|handover| handover.lost).ok_or("none")?;
    if worst.lost > LOST_AT_MOST {
        let outage = watch.longest_outage(worst.from);
        println!(
            "the worst is {} {}: {} lost, the longest run {} from {:?} after its beginning",
            worst.what,
            worst.number,
            worst.lost,
            outage.lost,
            outage.began.saturating_duration_since(worst.from),
        );
        println!("its frames, in milliseconds:");
        for line in frames_of(worst, watch) {
            println!("    {line}");
        }
    }
    Ok(())
}

/// What went over the wire during a hand-over.
fn frames_of(handover: &Handover, watch: &Watch) -> Vec<String> {
    let took = handover.to - handover.from;
    let frames = watch.capture().frames();
    let line = |frame: &Frame| {
        let (at, what) = match frame {
            Frame::Advert(advert) => (advert.at, format!("{} advertises {}", advert.source, advert.priority)),
            Frame::Announcement { at, address, mac } => (*at, format!("{mac} announces {address}")),
        };
        let since = at.duration_since(handover.began).ok().filter(|since| *since <= took)?;
        Some(format!("{:8.1}  {what}", since.as_secs_f64() * 1e3))
    };
    frames.iter().filter_map(line).collect()
}
