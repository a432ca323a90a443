//! Files that change under the daemon, as editors, packages and Kubernetes change them.

use std::os::unix::fs::symlink;

use keepwatch_event::EventKind;
use keepwatch_host::Plan;

use crate::site::{PATIENCE, Site, seqs};

/// Puts the folder's scripts in force, and watches them.
fn begin(site: &mut Site) {
    let plan = Plan { hooks: Some(site.folder.clone()), ..Plan::default() };
    site.plugins.begin(plan);
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { .. }));
}

fn reloaded(site: &mut Site) {
    site.wait_for(|kind| matches!(kind, EventKind::PluginReloaded { plugin, .. } if plugin == "a"));
}

#[test]
fn saved_by_an_editor_that_renames() {
    let mut site = Site::new("editor");
    site.write("a.rhai", &["version 1"]);
    begin(&mut site);
    site.write("a.rhai~", &["version 2"]);
    std::fs::rename(site.folder.join("a.rhai~"), site.folder.join("a.rhai")).unwrap();
    reloaded(&mut site);
    site.publish(1);
    site.wait_until("a", |lines| seqs(lines).len() == 1);
    site.stop();
}

#[test]
fn written_in_place_by_halves() {
    let mut site = Site::new("halves");
    let path = site.write("a.rhai", &["version 1"]);
    begin(&mut site);
    std::fs::write(&path, "version ").unwrap();
    site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { kept: true, .. }));
    site.publish(1);
    site.wait_until("a", |lines| seqs(lines).len() == 1);
    std::fs::write(&path, "version 2\nend\n").unwrap();
    reloaded(&mut site);
    site.stop();
}

#[test]
fn added_to_the_folder_and_taken_away() {
    let mut site = Site::new("added");
    site.write("a.rhai", &[]);
    begin(&mut site);
    site.write("b.rhai", &[]);
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { plugin, .. } if plugin == "b"));
    std::fs::remove_file(site.folder.join("b.rhai")).unwrap();
    site.wait_for(|kind| matches!(kind, EventKind::PluginUnloaded { plugin } if plugin == "b"));
    site.stop();
}

#[test]
fn swapped_by_links_as_kubernetes_does() {
    let mut site = Site::new("kubernetes");
    for (version, word) in [("..1", "version 1"), ("..2", "version 2")] {
        std::fs::create_dir(site.folder.join(version)).unwrap();
        site.write(&format!("{version}/a.rhai"), &[word]);
    }
    symlink("..1", site.folder.join("..data")).unwrap();
    symlink("..data/a.rhai", site.folder.join("a.rhai")).unwrap();
    begin(&mut site);
    symlink("..2", site.folder.join("..data_tmp")).unwrap();
    std::fs::rename(site.folder.join("..data_tmp"), site.folder.join("..data")).unwrap();
    reloaded(&mut site);
    site.stop();
}

#[test]
fn the_whole_folder_replaced() {
    let mut site = Site::new("folder");
    let hooks = site.folder.join("hooks.d");
    std::fs::create_dir(&hooks).unwrap();
    site.write("hooks.d/a.rhai", &["version 1"]);
    let plan = Plan { hooks: Some(hooks.clone()), ..Plan::default() };
    site.plugins.begin(plan);
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { .. }));
    std::fs::create_dir(site.folder.join("new")).unwrap();
    site.write("new/a.rhai", &["version 2"]);
    std::fs::rename(&hooks, site.folder.join("old")).unwrap();
    std::fs::rename(site.folder.join("new"), &hooks).unwrap();
    // Whether it was seen to be away for a moment or not.
    site.wait_until("a", |lines| lines.iter().filter(|line| line.starts_with("init")).count() == 2);
    site.stop();
}

#[test]
fn an_imported_file_that_was_missing_or_wrong_is_mended() {
    let mut site = Site::new("imported");
    let path = site.write("a.rhai", &["import lib/b"]);
    let plan = Plan { hooks: Some(site.folder.clone()), ..Plan::default() };
    site.plugins.begin(plan);
    site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { kept: false, .. }));
    std::fs::create_dir(site.folder.join("lib")).unwrap();
    std::fs::write(site.folder.join("lib/b"), "good").unwrap();
    site.wait_for(|kind| matches!(kind, EventKind::PluginLoaded { .. }));
    std::fs::write(site.folder.join("lib/b"), "bad").unwrap();
    site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { kept: true, .. }));
    // As it is when it was refused by the first version that imports it.
    std::fs::write(&path, "import lib/b\nimport lib/c\nend\n").unwrap();
    site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { kept: true, .. }));
    std::fs::write(site.folder.join("lib/b"), "good").unwrap();
    site.wait_for(|kind| {
        matches!(kind, EventKind::PluginRefused { reason, .. } if reason.contains("lib/c is not good"))
    });
    std::fs::write(site.folder.join("lib/c"), "good").unwrap();
    reloaded(&mut site);
    site.stop();
}

#[test]
fn what_runs_from_a_folder_that_cannot_be_read_runs_on() {
    let mut site = Site::new("unreadable");
    let hooks = site.folder.join("hooks.d");
    std::fs::create_dir(&hooks).unwrap();
    site.write("hooks.d/a.rhai", &[]);
    let plan = Plan { hooks: Some(hooks.clone()), ..Plan::default() };
    assert_eq!(site.plugins.apply(plan.clone()).unwrap().loaded, ["a"]);
    // Root reads what nobody else may; a file in its place nobody can read as a folder.
    std::fs::rename(&hooks, site.folder.join("away")).unwrap();
    std::fs::write(&hooks, "").unwrap();
    let applied = site.plugins.apply(plan.clone()).unwrap();
    assert!(applied.unloaded.is_empty(), "{applied:?}");
    let told = site.wait_for(|kind| matches!(kind, EventKind::Degraded { .. })).kind.to_string();
    assert!(told.starts_with("hooks: ") && told.contains("hooks.d cannot be read"), "{told}");
    site.publish(1);
    // It hears of the folder, too.
    site.wait_until("a", |lines| seqs(lines).len() == 2);
    std::fs::remove_file(&hooks).unwrap();
    std::fs::create_dir(&hooks).unwrap();
    assert_eq!(site.plugins.apply(plan).unwrap().unloaded, ["a"], "a folder that is empty");
    site.wait_for(|kind| matches!(kind, EventKind::Recovered { part } if part == "hooks"));
    site.stop();
}

#[test]
fn what_runs_from_a_folder_that_is_gone_runs_on() {
    let mut site = Site::new("gone");
    let (hooks, away) = (site.folder.join("hooks.d"), site.folder.join("away"));
    let plan = Plan { hooks: Some(hooks.clone()), ..Plan::default() };
    // One that nobody has made yet is empty, and nothing to tell.
    assert!(site.plugins.apply(plan.clone()).unwrap().refused.is_empty());
    std::fs::create_dir(&hooks).unwrap();
    site.write("hooks.d/a.rhai", &[]);
    site.write("hooks.d/b.rhai", &[]);
    assert_eq!(site.plugins.apply(plan.clone()).unwrap().loaded, ["a", "b"]);

    std::fs::rename(&hooks, &away).unwrap();
    for _ in 0..2 {
        let applied = site.plugins.apply(plan.clone()).unwrap();
        assert_eq!((applied.unloaded.len(), applied.refused.len()), (0, 0), "{applied:?}");
    }
    let told = site.wait_for(|kind| matches!(kind, EventKind::Degraded { .. })).kind.to_string();
    assert!(told.starts_with("hooks: ") && told.contains("hooks.d is gone"), "{told}");
    site.bus.flush(PATIENCE);
    assert_eq!(site.bus.snapshot().troubles.len(), 1, "status says so");
    site.publish(1);
    site.wait_until("a", |lines| !seqs(lines).is_empty());

    std::fs::rename(&away, &hooks).unwrap();
    std::fs::remove_file(hooks.join("b.rhai")).unwrap();
    let applied = site.plugins.apply(plan.clone()).unwrap();
    assert_eq!(
        (applied.unloaded, applied.unchanged),
        (vec!["b".to_owned()], 1),
        "nothing was lost meanwhile"
    );
    site.wait_for(|kind| matches!(kind, EventKind::Recovered { part } if part == "hooks"));
    site.bus.flush(PATIENCE);
    assert!(site.bus.snapshot().troubles.is_empty(), "{:?}", site.bus.snapshot().troubles);

    // Of another folder's trouble nothing is left.
    std::fs::rename(&hooks, &away).unwrap();
    let _ = site.plugins.apply(plan);
    assert_eq!(site.plugins.apply(Plan::default()).unwrap().unloaded, ["a"]);
    site.wait_for(|kind| matches!(kind, EventKind::Recovered { part } if part == "hooks"));
    let lines = site.stop().of("a");
    assert_eq!(lines.last().map(String::as_str), Some("stop taken away"), "{lines:?}");
}

/// Whoever may make a file may not write lines of the log, or move the cursor of a terminal.
#[test]
fn a_file_whose_name_is_no_line_is_told_in_one_and_not_loaded() {
    let mut site = Site::new("odd-names");
    site.write("x\n2026-11-29T03:00:00Z ERROR y\u{1b}[31m.rhai", &[]);
    site.write("fine one.rhai", &[]);
    let plan = Plan { hooks: Some(site.folder.clone()), ..Plan::default() };
    let applied = site.plugins.apply(plan).unwrap();
    let name = "x\\n2026-11-29T03:00:00Z ERROR y\\u{1b}[31m";
    assert_eq!(applied.loaded, ["fine one"]);
    assert_eq!(applied.refused.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), [name]);
    assert!(applied.refused[0].1.contains("control characters"), "{applied:?}");
    let told = site.wait_for(|kind| matches!(kind, EventKind::PluginRefused { .. }));
    let EventKind::PluginRefused { plugin, path, reason, .. } = &told.kind else { unreachable!() };
    let shown = site.plugins.reports().iter().map(|report| report.spec.made.to_string()).collect::<String>();
    for text in [plugin, path, &shown] {
        assert!(text.contains(name) && !text.contains(char::is_control), "{text:?}");
    }
    assert!(reason.lines().all(|line| line.starts_with("error: ") || line.starts_with("  = ")), "{reason}");
    assert!(!reason.contains('\u{1b}'), "{reason:?}");
    site.stop();
}
