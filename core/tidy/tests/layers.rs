//! The arrows between crates: who may depend on whom, and who may use which library.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};

/// Ours that a crate of ours may depend on. Arrows point to the quieter crate.
const ARROWS: &[(&str, &[&str])] = &[
    ("keepwatch-vrrp", &[]),
    ("keepwatch-event", &[]),
    ("keepwatch-system", &[]),
    ("keepwatch-config", &["keepwatch-vrrp"]),
    ("keepwatch-bus", &["keepwatch-event"]),
    (
        "keepwatch-engine",
        &["keepwatch-bus", "keepwatch-config", "keepwatch-event", "keepwatch-system", "keepwatch-vrrp"],
    ),
    ("keepwatch-lab", &["keepwatch-system", "keepwatch-vrrp"]),
    (
        "keepwatch",
        &["keepwatch-bus", "keepwatch-config", "keepwatch-engine", "keepwatch-event", "keepwatch-lab"],
    ),
    ("keepwatch-sim", &["keepwatch-vrrp"]),
    ("keepwatch-host", &["keepwatch-bus", "keepwatch-config", "keepwatch-event"]),
    ("keepwatch-wasm", &["keepwatch-event", "keepwatch-host", "keepwatch-system"]),
    ("keepwatch-tidy", &[]),
];

/// Libraries that only these crates of ours may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("libc", &["keepwatch-system"]),
    ("caps", &["keepwatch-system"]),
    ("rtnetlink", &["keepwatch-lab", "keepwatch-system"]),
    ("socket2", &["keepwatch-lab", "keepwatch-system"]),
    ("tokio", &["keepwatch", "keepwatch-host", "keepwatch-lab", "keepwatch-wasm"]),
    ("clap", &["keepwatch"]),
    ("tracing", &["keepwatch"]),
    ("tracing-subscriber", &["keepwatch"]),
    ("annotate-snippets", &["keepwatch-config"]),
    ("wasmtime", &["keepwatch-wasm"]),
];

fn metadata() -> Metadata {
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    MetadataCommand::new().manifest_path(manifest).no_deps().exec().unwrap()
}

/// Each crate of ours with its dependencies that are not for development only.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = metadata();
    let packages = metadata.workspace_packages();
    let entry = |package: &&cargo_metadata::Package| {
        let normal =
            package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        (package.name.to_string(), normal.map(|dependency| dependency.name.clone()).collect())
    };
    packages.iter().map(entry).collect()
}

#[test]
fn arrows_point_to_the_quieter_crate() {
    let allowed: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(name, targets)| (*name, targets.iter().copied().collect())).collect();
    let dependencies = dependencies();
    assert!(dependencies.len() >= 9);
    for (name, targets) in &dependencies {
        let expected =
            allowed.get(name.as_str()).unwrap_or_else(|| panic!("{name} has no line in the table"));
        let ours: BTreeSet<&str> =
            targets.iter().map(String::as_str).filter(|target| target.starts_with("keepwatch")).collect();
        assert_eq!(&ours, expected, "{name}");
    }
}

#[test]
fn libraries_stay_in_their_rooms() {
    for (name, targets) in dependencies() {
        for (library, owners) in OWNERS {
            assert!(!targets.contains(*library) || owners.contains(&name.as_str()), "{name} uses {library}");
        }
    }
}

#[test]
fn directories_and_crates_have_one_name() {
    for package in metadata().workspace_packages() {
        let directory = package.manifest_path.parent().unwrap().file_name().unwrap();
        let expected = match directory {
            "keepwatch" => "keepwatch".to_owned(),
            other => format!("keepwatch-{other}"),
        };
        assert_eq!(package.name.as_str(), expected);
    }
}

#[test]
fn each_dependency_has_its_line_in_the_book() {
    let book = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/dependencies.md");
    let book = std::fs::read_to_string(book).unwrap();
    let listed: BTreeSet<&str> =
        book.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next()).collect();
    let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../Cargo.toml");
    let manifest = std::fs::read_to_string(manifest).unwrap();
    let section = manifest.split("[workspace.dependencies]").nth(1).unwrap().split("\n[").next().unwrap();
    let declared: BTreeSet<&str> = section
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(name, _)| name))
        .filter(|name| !name.starts_with("keepwatch"))
        .collect();
    assert!(declared.len() > 10);
    assert_eq!(listed, declared, "book/src/dependencies.md and [workspace.dependencies]");
}
