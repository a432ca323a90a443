//! What instances track, in keepalived's words.

use std::time::Duration;

use keepwatch_config::model::{Check, CheckKind, ProcessMatch};
use keepwatch_event::Health;
use keepwatch_vrrp::TrackStart;

use crate::page::Page;
use crate::scene::Scene;
use crate::words;

pub(super) fn write(page: &mut Page, scene: Scene<'_>) {
    section(page, scene, "VRRP Scripts", is_script, script);
    section(page, scene, "VRRP Track files", |check| matches!(check.what, CheckKind::TrackFile(_)), file);
    section(
        page,
        scene,
        "VRRP Track processes",
        |check| matches!(check.what, CheckKind::Process(_)),
        process,
    );
}

/// To keepalived whatever passes or fails is a script; so are the checks that it does not have.
const fn is_script(check: &Check) -> bool {
    !matches!(check.what, CheckKind::TrackFile(_) | CheckKind::Process(_))
}

fn section(
    page: &mut Page,
    scene: Scene<'_>,
    heading: &str,
    belongs: fn(&Check) -> bool,
    write: fn(&mut Page, Scene<'_>, &Check),
) {
    let mut checks = scene.config.checks.iter().filter(|check| belongs(check)).peekable();
    if checks.peek().is_none() {
        return;
    }
    page.line(format_args!("------< {heading} >------"));
    for check in checks {
        write(page, scene, check);
    }
}

fn script(page: &mut Page, scene: Scene<'_>, check: &Check) {
    page.line(format_args!(" VRRP Script = {}", check.name));
    if let CheckKind::Script(script) = &check.what {
        page.set("Command", words::command(&script.command));
    }
    page.set("Interval", seconds(check.interval));
    page.set("Timeout", seconds(check.timeout));
    page.set("Weight", words::weight(check.weight));
    page.set("Rise", check.policy.rise);
    page.set("Fall", check.policy.fall);
    let health = scene.health(&check.name);
    // keepalived's words for what has begun are "unknown".
    let start = match (health, check.policy.start) {
        (Health::Unknown, TrackStart::Pending) => "INIT",
        (Health::Unknown, TrackStart::Down) => "INIT/FAILED",
        (Health::Pass | Health::Fail, _) => "unknown",
    };
    page.set("Init state", start);
    page.set("Status", if health == Health::Pass { "GOOD" } else { "BAD" });
    trackers(page, scene, check);
    // An exporter wants one of keepalived's words here; whether it runs at this very moment is not told.
    page.set("State", "idle");
}

fn file(page: &mut Page, scene: Scene<'_>, check: &Check) {
    let CheckKind::TrackFile(file) = &check.what else { return };
    page.line(format_args!(" Track file = {}", check.name));
    page.set("File", file.path.display());
    page.set("Weight", words::weight(check.weight));
    trackers(page, scene, check);
}

fn process(page: &mut Page, scene: Scene<'_>, check: &Check) {
    let CheckKind::Process(process) = &check.what else { return };
    page.line(format_args!(" VRRP Track process = {}", check.name));
    page.set("Process", &process.program);
    let parameters = match &process.matching {
        ProcessMatch::Name | ProcessMatch::Program => None,
        ProcessMatch::Exactly(words) => Some(("", words)),
        ProcessMatch::First(words) => Some((" = partial", words)),
        ProcessMatch::Beginning(words) => Some((" = initial", words)),
    };
    if let Some((how, parameters)) = parameters {
        page.set("Parameters", parameters.join(" "));
        page.line(format_args!("   Param match{how}"));
    }
    page.set("Min processes", process.quorum);
    if let Some(most) = process.quorum_max {
        page.set("Max processes", most);
    }
    page.set("Have quorum", scene.health(&check.name) == Health::Pass);
    page.set("Weight", words::weight(check.weight));
    page.set("Terminate delay", format_args!("{:.6}s", process.terminate_delay.as_secs_f64()));
    page.set("Fork delay", format_args!("{:.6}s", process.fork_delay.as_secs_f64()));
    page.set("Full command", !matches!(process.matching, ProcessMatch::Name));
    trackers(page, scene, check);
}

/// Who tracks it, and by how much.
fn trackers(page: &mut Page, scene: Scene<'_>, check: &Check) {
    let entries = scene.config.instances.iter().filter_map(|instance| {
        let track = instance.track_checks.iter().find(|track| track.check == check.name)?;
        Some(format!("{}, weight {}", instance.name, words::weight(track.weight)))
    });
    page.list("Tracking instances ", entries);
}

fn seconds(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} sec", time.as_secs()),
        millis => format!("{}.{millis:03} sec", time.as_secs()),
    }
}
