//! What fails when it begins, which may pass by itself: a server that is not there yet.

use std::cell::Cell;
use std::sync::Arc;

use keepwatch_event::{Event, EventKind};
use keepwatch_host::Plan;

use crate::site::{Site, seqs};

/// So many failures within a minute, and it is left alone.
const MANY: usize = 6;

fn plan(site: &Site) -> Plan {
    Plan { hooks: Some(site.folder.clone()), ..Plan::default() }
}

fn refused(site: &mut Site) -> Arc<Event> {
    site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { plugin, .. } if plugin == "a"))
}

/// Waits until it is left alone.
fn left_alone(site: &mut Site) -> Arc<Event> {
    for number in 1..MANY {
        let text = refused(site).kind.to_string();
        assert!(text.contains("cannot begin") && !text.contains("too often"), "{number}: {text}");
    }
    let last = refused(site);
    let text = last.kind.to_string();
    assert!(
        text.contains(
            "began, too often: tried again after 60.0 s, at once when its file or its settings change"
        ),
        "{text}"
    );
    last
}

fn attempts(site: &Site) -> usize {
    site.journal.of("a").iter().filter(|line| *line == "refuses").count()
}

#[test]
fn it_is_tried_again_a_few_times_and_then_left_alone() {
    let mut site = Site::new("begins-never");
    site.write("a.rhai", &["refuse"]);
    site.plugins.begin(plan(&site));
    left_alone(&mut site);
    assert_eq!((site.counts("a").failures, site.counts("a").restarts), (6, 0));
    // All files are looked at again.
    site.write("b.rhai", &[]);
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { plugin, .. } if plugin == "b"));
    assert_eq!(attempts(&site), MANY);

    site.write("a.rhai", &["refuse", "another one"]);
    left_alone(&mut site);
    assert_eq!(attempts(&site), 2 * MANY, "another one begins from the beginning");
    site.write("a.rhai", &[]);
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { plugin, .. } if plugin == "a"));
    site.stop();
}

#[test]
fn it_begins_by_itself_when_it_can() {
    let mut site = Site::new("begins-later");
    site.write("a.rhai", &["refuse so often: 3"]);
    site.plugins.begin(plan(&site));
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { .. }));
    let counts = site.counts("a");
    assert_eq!((counts.failures, counts.restarts), (3, 1));
    site.stop();
}

#[test]
fn a_reload_tries_it_at_once() {
    let mut site = Site::new("begins-now");
    let there = std::env::temp_dir().join(format!("keepwatch-host-there-{}", std::process::id()));
    site.write("a.rhai", &[&format!("refuse without {}", there.display())]);
    site.plugins.begin(plan(&site));
    left_alone(&mut site);
    let applied = site.plugins.apply(plan(&site)).unwrap();
    assert_eq!(applied.refused.len(), 1, "{applied:?}");
    std::fs::write(&there, "").unwrap();
    assert_eq!(site.plugins.apply(plan(&site)).unwrap().loaded, ["a"]);
    std::fs::remove_file(there).unwrap();
    site.stop();
}

#[test]
fn one_that_runs_is_not_bothered_for_ever_by_a_version_that_cannot_begin() {
    let mut site = Site::new("begins-over");
    site.write("a.rhai", &["version 1"]);
    site.plugins.begin(plan(&site));
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { .. }));
    site.write("a.rhai", &["refuse"]);
    let last = left_alone(&mut site);
    assert!(matches!(last.kind, EventKind::PluginRefused { kept: true, .. }));
    site.publish(1);
    site.wait_until("a", |lines| seqs(lines).len() == 1);
    assert_eq!(attempts(&site), MANY);
    site.write("a.rhai", &["version 2"]);
    site.wait_for(|kind| matches!(kind, EventKind::PluginReloaded { .. }));
    site.stop();
}

#[test]
fn one_that_begins_again_and_again_has_no_more_lines_of_the_log_for_that() {
    const LINES: usize = 200;
    let mut site = Site::new("begins-loud");
    site.write("a.rhai", &["refuse", &format!("at init log lines: {LINES}")]);
    site.plugins.begin(plan(&site));
    let (lines, refused) = (Cell::new(0), Cell::new(0));
    site.wait_for(|kind| {
        lines.set(lines.get() + usize::from(matches!(kind, EventKind::PluginLog { .. })));
        refused.set(refused.get() + usize::from(matches!(kind, EventKind::PluginRefused { .. })));
        refused.get() == MANY
    });
    // Twenty a second are let through besides, however long it takes.
    let (lines, all) = (lines.get(), MANY * LINES);
    assert!((LINES..all - LINES).contains(&lines), "{lines} lines of {all}");
    site.stop();
}
