//! Nobody takes over: the address is served to the end, and then somebody else may have it.

use std::time::{Duration, Instant};

use keepwatch_lab::Prober;
use libtest_mimic::Failed;

use crate::Case;
use crate::peers::KEEPALIVED;
use crate::site::{Site, config, ensure, explain, stop, vip, wait, wait_for_line};

pub(super) const CASES: &[Case] = &[
    Case { name: "handover::refused::no_peer", needs: &[], run: no_peer },
    Case { name: "handover::refused::asked_twice_it_ends_at_once", needs: &[], run: asked_twice },
    Case { name: "handover::refused::the_rfcs_way_loses", needs: &[], run: the_rfcs_way_loses },
    Case { name: "handover::refused::the_silent_way_loses_more", needs: &[], run: the_silent_way },
    Case { name: "handover::refused::peer_in_fault", needs: &[], run: peer_in_fault },
    Case { name: "handover::refused::priority_zero_lost", needs: &[KEEPALIVED], run: priority_zero_lost },
];

/// It serves for the second and a bit that a successor could take, and says that there was none.
fn no_peer() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let mut h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    wait("answers", || prober.probes().answered() > 100)?;
    let told = Instant::now();
    crate::site::stop_it(&mut h1)?;
    let ended = Instant::now();
    ensure(h1.said("nobody took over"), || h1.output().join("\n"))?;
    let probes = prober.finish();
    // Its last moments are the address's removal and the end of the process.
    let lost = probes.lost_between(told, told + Duration::from_millis(1_290));
    ensure(lost <= 2, || format!("{lost} lost while it waited: {:?}", probes.lost_runs()))?;
    ensure(ended - told >= Duration::from_millis(1_300), || format!("ended after {:?}", ended - told))?;
    site.wait_for_nobody(vip())
}

fn asked_twice() -> Result<(), Failed> {
    let site = Site::new(1)?;
    // It would wait for 20 s.
    let mut h1 = site.keepwatch(1, &config(150, "version 3\n    advert_int 20", "10.1.1.30"))?;
    wait("h1 to listen", || h1.said("Entering BACKUP STATE"))?;
    // Nobody waits for three intervals here: an owner is MASTER at once.
    h1.kill()?;
    let text = config(255, "version 3\n    advert_int 20", "10.1.1.30").replace("BACKUP", "MASTER");
    let mut h1 = site.keepwatch(1, &text)?;
    site.wait_for_holder(1, vip())?;
    let told = Instant::now();
    h1.terminate()?;
    wait_for_line(&h1, "leaving; keeping the addresses")?;
    ensure(site.host(1).has(vip()), || "it let go".to_owned())?;
    // Not in one breath: that is one request, sent to the process and to its group.
    std::thread::sleep(Duration::from_millis(300));
    h1.terminate()?;
    let status = h1.wait(Duration::from_secs(15))?;
    ensure(status.is_some_and(|status| status.success()), || {
        format!("{status:?} after {:?}", told.elapsed())
    })?;
    site.wait_for_nobody(vip())
}

/// The control to all other tests here: what the RFC's way costs a client.
fn the_rfcs_way_loses() -> Result<(), Failed> {
    loses("rfc", 300, "(VI_1) sent 0 priority")
}

fn the_silent_way() -> Result<(), Failed> {
    loses("silent", 1_500, "(VI_1) Stopped")
}

/// Stops h1 in some way beside a standby, and expects so many probes lost at least.
fn loses(mode: &str, at_least: usize, line: &str) -> Result<(), Failed> {
    let site = Site::new(2)?;
    let mut h1 = site.keepwatch_with(1, &config(150, "", "10.1.1.30"), &["--stop-mode", mode])?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let prober = Prober::start(&site.lan.client, vip(), Duration::from_millis(1))?;
    wait("answers", || prober.probes().answered() > 100)?;
    crate::site::stop_it(&mut h1)?;
    ensure(h1.said(line), || h1.output().join("\n"))?;
    ensure(!h1.said("keeping the addresses"), || h1.output().join("\n"))?;
    site.wait_for_holder(2, vip())?;
    let before = prober.probes().answered();
    wait("answers again", || prober.probes().answered() > before + 100)?;
    let lost = prober.finish().lost();
    ensure(lost >= at_least, || format!("only {lost} lost"))?;
    stop(h2)
}

fn peer_in_fault() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    site.host(2).set_loopback_down()?;
    let tracking = "track_interface {\n        lo\n    }";
    let h2 = site.keepwatch(2, &config(100, tracking, "10.1.1.30"))?;
    wait_for_line(&h2, "entering FAULT state")?;
    h1.terminate()?;
    wait_for_line(&h1, "nobody took over")?;
    site.wait_for_nobody(vip())?;
    site.host(2).run("ip", "link set lo up")?;
    site.wait_for_holder(2, vip())?;
    stop(h2)
}

/// Both copies are lost: the standby waits for the whole master-down time, as if the MASTER had died when it left.
fn priority_zero_lost() -> Result<(), Failed> {
    let site = Site::new(2)?;
    let h1 = site.keepwatch(1, &config(150, "", "10.1.1.30"))?;
    site.wait_for_holder(1, vip())?;
    let h2 = crate::peers::keepalived(&site, 2, &config(100, "", "10.1.1.30"))?;
    let capture = site.capture()?;
    wait("three adverts", || capture.adverts().len() >= 3)?;
    site.host(1).drop_priority_zero()?;
    h1.terminate()?;
    wait_for_line(&h1, "nobody took over")
        .map_err(|failed| explain(failed, &format!("{:?}", capture.adverts())))?;
    site.wait_for_holder(2, vip())?;
    ensure(capture.adverts().iter().all(|advert| advert.priority != 0), || {
        format!("one was heard: {:?}", capture.adverts())
    })?;
    stop(h2)
}
