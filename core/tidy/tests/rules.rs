//! Rules about the sources: what may stand where.

use std::path::{Path, PathBuf};

/// The project's root.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files with this ending below a folder, with their text. Never empty: a check that passes on nothing is
/// none.
fn files(folder: &str, ending: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let is_build = path.ends_with("target") || path.ends_with("book/book");
            if path.is_dir() && !is_build {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == ending) {
                let name = path.strip_prefix(root()).unwrap().display().to_string();
                found.push((name, std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(!found.is_empty(), "no .{ending} files in {folder}");
    found
}

/// All sources that people have written: not those that a tool writes for the SDK.
fn written() -> Vec<(String, String)> {
    let mut sources: Vec<(String, String)> =
        ["core", "plugins", "sdk", "examples"].into_iter().flat_map(|folder| files(folder, "rs")).collect();
    sources.retain(|(name, _)| !name.starts_with("sdk/rust/src/bindings/"));
    assert!(sources.len() > 300);
    sources
}

/// Sources that are shipped: without tests, benches, and the dev-only crates.
fn shipped() -> Vec<(String, String)> {
    let mut sources = written();
    sources.retain(|(name, _)| {
        let test = name.contains("/tests/") || name.ends_with("tests.rs") || name.contains("/benches/");
        let dev_only = ["core/sim/", "core/tidy/", "core/fuzz/"].iter().any(|dev| name.starts_with(dev));
        !test && !dev_only
    });
    assert!(sources.len() > 50);
    sources
}

/// The part of a file before the tests that stand in it. (A `mod tests;` that names another file is no end.)
fn code(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or(text)
}

fn fail_on(found: Vec<String>, rule: &str) {
    assert!(found.is_empty(), "{rule}:\n  {}", found.join("\n  "));
}

/// Lines of shipped code, comments and tests left out, that contain one of these words.
fn lines_with(sources: &[(String, String)], words: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (name, text) in sources {
        for (number, line) in code(text).lines().enumerate() {
            let line = line.split("//").next().unwrap_or(line);
            if words.iter().any(|word| line.contains(word)) {
                found.push(format!("{name}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn every_source_file_says_what_it_is() {
    let found = written().into_iter().filter(|(_, text)| !text.starts_with("//!")).map(|(name, _)| name);
    fail_on(found.collect(), "the first line of a file says what it is, with //!");
}

#[test]
fn files_can_be_read_in_a_sitting() {
    let found = written()
        .into_iter()
        .filter(|(_, text)| text.lines().count() > 600)
        .map(|(name, text)| format!("{name}: {} lines", text.lines().count()));
    fail_on(found.collect(), "at most 600 lines, better 400");
}

#[test]
fn unsafe_stands_only_in_system() {
    let mut sources = written();
    sources.retain(|(name, _)| !name.starts_with("core/system/") && !name.starts_with("core/tidy/"));
    let found = lines_with(&sources, &["unsafe {", "unsafe fn", "unsafe impl"]);
    fail_on(found, "unsafe code belongs into core/system, or the SDK's generated bindings");
}

#[test]
fn each_unsafe_block_has_its_reason() {
    let mut blocks = 0;
    for (name, text) in files("core/system", "rs") {
        let lines: Vec<&str> = text.lines().collect();
        for (number, _) in lines.iter().enumerate().filter(|(_, line)| line.contains("unsafe {")) {
            blocks += 1;
            let before = lines[number.saturating_sub(4)..number].iter();
            assert!(before.clone().any(|line| line.contains("SAFETY:")), "{name}:{}", number + 1);
        }
    }
    assert!(blocks > 0, "no unsafe block: the rule can go");
}

#[test]
fn vrrp_touches_nothing_outside() {
    let mut sources = shipped();
    sources.retain(|(name, _)| name.starts_with("core/vrrp/"));
    assert!(sources.iter().any(|(_, text)| text.contains("#![no_std]")), "core/vrrp is no_std");
    let found = lines_with(&sources, &["std::", "extern crate std", "libc", "tokio"]);
    let found = found.into_iter().filter(|line| !line.contains("no_std")).collect();
    fail_on(found, "core/vrrp has no clock, thread, file or socket");
}

#[test]
fn the_state_machine_spells_every_pair_out() {
    let mut sources = shipped();
    sources.retain(|(name, _)| name.starts_with("core/vrrp/src/router"));
    assert!(sources.len() >= 6);
    fail_on(lines_with(&sources, &["_ =>", "_ if "]), "no wildcard arm in the state machine");
}

#[test]
fn only_the_doors_assign_a_state() {
    let mut sources = shipped();
    sources.retain(|(name, _)| name.starts_with("core/vrrp/src/router/"));
    let mut doors = 0;
    for (name, text) in &sources {
        let mut function = "";
        for line in code(text).lines() {
            if let Some(rest) = line.trim_start().split("fn ").nth(1) {
                function = rest.split('(').next().unwrap_or(rest);
            }
            if line.contains("self.state = ") {
                doors += 1;
                // `reconsider` replaces a hindrance by another one within the same state.
                let allowed = function.starts_with("enter_") || function == "reconsider";
                assert!(allowed, "{name}: {function} assigns the state");
            }
        }
    }
    assert!(doors >= 5, "only {doors} assignments found");
}

#[test]
fn what_is_tested_is_what_ships() {
    let found = lines_with(&shipped(), &["feature = \"test", "cfg(not(test))", "cfg!(test)"]);
    fail_on(found, "no test-only behaviour in shipped code");
}

#[test]
fn nothing_is_left_half_done() {
    let words = ["todo!(", "unimplemented!(", "dbg!(", "FIXME", "XXX"];
    let mut sources = written();
    sources.retain(|(name, _)| !name.starts_with("core/tidy/"));
    let found = sources.iter().flat_map(|(name, text)| {
        let bad = text.lines().enumerate().filter(|(_, line)| words.iter().any(|word| line.contains(word)));
        bad.map(move |(number, line)| format!("{name}:{}: {}", number + 1, line.trim()))
    });
    fail_on(found.collect(), "nothing is left half done");
}

#[test]
fn the_engine_waits_for_nobody() {
    let sources = shipped();
    // Other threads tell there how tracked things are. The engine reads numbers of it, and a text if nobody writes just then.
    // And they keep the locks of interfaces there, which the engine takes before it runs.
    let of_others = ["core/engine/src/tracks.rs", "core/engine/src/locks.rs"];
    let (others, sources): (Vec<_>, Vec<_>) = sources
        .into_iter()
        .filter(|(name, _)| name.starts_with("core/engine/"))
        .partition(|(name, _)| of_others.contains(&name.as_str()));
    assert!(others.iter().any(|(_, text)| text.contains("try_lock()")), "{of_others:?} have changed");
    let calls = ["report", "forget", "watch", "follow", "places_of", "standings"]
        .map(|call| format!("tracks.{call}("));
    let calls: Vec<&str> = calls.iter().map(String::as_str).chain(["locks."]).collect();
    // What begins the thread, what is done before it runs, and what others do to make something ready for it.
    let before = ["move || tracks.watch()", "= parts.tracks.standings()", "self.parts.locks.clone()"];
    let by_others = ["core/engine/src/setup.rs", "core/engine/src/reconfiguration.rs"];
    let is_fine = |line: &String| {
        before.iter().any(|fine| line.contains(fine)) || by_others.iter().any(|file| line.starts_with(file))
    };
    let calls = lines_with(&sources, &calls).into_iter().filter(|line| !is_fine(line)).collect();
    fail_on(calls, "the engine's thread only looks at what others have told");
    let words = [
        "std::fs",
        "println!",
        "eprintln!",
        "tracing",
        "sleep(",
        ".lock()",
        "Mutex",
        "tokio",
        "to_socket_addrs",
    ];
    fail_on(lines_with(&sources, &words), "no file, log, lock, sleep or name server on the engine's thread");
}

#[test]
fn no_test_is_switched_off() {
    let mut sources = written();
    sources.retain(|(name, _)| !name.starts_with("core/tidy/"));
    fail_on(lines_with(&sources, &["#[ignore"]), "a flaky test is a bug, not to be ignored");
}
