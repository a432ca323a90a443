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
    ("keepwatch-control", &["keepwatch-bus", "keepwatch-event"]),
    (
        "keepwatch-engine",
        &["keepwatch-bus", "keepwatch-config", "keepwatch-event", "keepwatch-system", "keepwatch-vrrp"],
    ),
    ("keepwatch-dump", &["keepwatch-config", "keepwatch-event", "keepwatch-vrrp"]),
    ("keepwatch-lab", &["keepwatch-system", "keepwatch-vrrp"]),
    (
        "keepwatch",
        &[
            "keepwatch-bus",
            "keepwatch-checks",
            "keepwatch-config",
            "keepwatch-control",
            "keepwatch-dump",
            "keepwatch-engine",
            "keepwatch-event",
            "keepwatch-exec",
            "keepwatch-haproxy",
            "keepwatch-host",
            "keepwatch-lab",
            "keepwatch-notify",
            "keepwatch-rhai",
            "keepwatch-smtp",
            "keepwatch-wasm",
            "keepwatch-webhook",
            "keepwatch-workshop",
        ],
    ),
    // Of the configuration it sees the findings only; no plugin sees more than it.
    (
        "keepwatch-host",
        &["keepwatch-bus", "keepwatch-config", "keepwatch-disk", "keepwatch-event", "keepwatch-net"],
    ),
    ("keepwatch-disk", &[]),
    ("keepwatch-net", &[]),
    ("keepwatch-exec", &["keepwatch-bus", "keepwatch-event", "keepwatch-host", "keepwatch-system"]),
    ("keepwatch-haproxy", &["keepwatch-event", "keepwatch-host", "keepwatch-net"]),
    ("keepwatch-checks", &["keepwatch-event", "keepwatch-host", "keepwatch-net"]),
    ("keepwatch-workshop", &["keepwatch-bus", "keepwatch-event", "keepwatch-host"]),
    // Of the configuration it sees the findings only.
    ("keepwatch-notify", &["keepwatch-bus", "keepwatch-config", "keepwatch-disk", "keepwatch-event"]),
    ("keepwatch-smtp", &["keepwatch-event", "keepwatch-net", "keepwatch-notify"]),
    ("keepwatch-webhook", &["keepwatch-event", "keepwatch-net", "keepwatch-notify"]),
    ("keepwatch-sdk", &["keepwatch-sdk-macros"]),
    ("keepwatch-sdk-macros", &[]),
    ("keepwatch-rhai", &["keepwatch-event", "keepwatch-host"]),
    ("keepwatch-sim", &["keepwatch-vrrp"]),
    ("keepwatch-wasm", &["keepwatch-event", "keepwatch-host", "keepwatch-system"]),
    ("keepwatch-tidy", &[]),
];

/// Libraries that only these crates of ours may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("libc", &["keepwatch-system"]),
    ("caps", &["keepwatch-system"]),
    ("rtnetlink", &["keepwatch-lab", "keepwatch-system"]),
    ("socket2", &["keepwatch-checks", "keepwatch-lab", "keepwatch-system"]),
    (
        "tokio",
        &[
            "keepwatch",
            "keepwatch-checks",
            "keepwatch-control",
            "keepwatch-exec",
            "keepwatch-haproxy",
            "keepwatch-host",
            "keepwatch-lab",
            "keepwatch-notify",
            "keepwatch-rhai",
            "keepwatch-smtp",
            "keepwatch-wasm",
            "keepwatch-webhook",
            "keepwatch-workshop",
        ],
    ),
    ("ring", &["keepwatch-webhook"]),
    ("hyper", &["keepwatch-checks", "keepwatch-host", "keepwatch-webhook"]),
    ("notify", &["keepwatch-checks", "keepwatch-host"]),
    ("lettre", &["keepwatch-smtp"]),
    ("minijinja", &["keepwatch-notify"]),
    ("redb", &["keepwatch-disk", "keepwatch-host", "keepwatch-notify"]),
    (
        "rustls",
        &["keepwatch-checks", "keepwatch-host", "keepwatch-net", "keepwatch-smtp", "keepwatch-webhook"],
    ),
    ("rustls-native-certs", &["keepwatch-net"]),
    ("simple-dns", &["keepwatch-checks"]),
    ("toml", &["keepwatch-config"]),
    ("wit-component", &["keepwatch-workshop"]),
    ("rhai", &["keepwatch-rhai"]),
    ("clap", &["keepwatch"]),
    ("tracing", &["keepwatch"]),
    ("tracing-subscriber", &["keepwatch"]),
    ("annotate-snippets", &["keepwatch-config"]),
    ("wit-bindgen", &["keepwatch-sdk"]),
    ("syn", &["keepwatch-sdk-macros"]),
    ("quote", &["keepwatch-sdk-macros"]),
    ("proc-macro2", &["keepwatch-sdk-macros"]),
    ("wasmtime", &["keepwatch-wasm"]),
    ("zbus", &["keepwatch-checks"]),
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
        let directory = package.manifest_path.parent().unwrap();
        let room = directory.parent().unwrap().file_name().unwrap();
        let expected = match (room, directory.file_name().unwrap()) {
            (_, "keepwatch") => "keepwatch".to_owned(),
            // The SDK is what it is for most who use it; another language would have `sdk/LANGUAGE`.
            ("sdk", "rust") => "keepwatch-sdk".to_owned(),
            ("sdk", other) => format!("keepwatch-sdk-{other}"),
            (_, other) => format!("keepwatch-{other}"),
        };
        assert_eq!(package.name.as_str(), expected);
    }
}

/// The SDK's directories are copied into plugin projects: they must be whole without the workspace.
#[test]
fn the_sdk_builds_elsewhere() {
    for directory in ["sdk/rust", "sdk/macros"] {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(directory).join("Cargo.toml");
        let manifest = std::fs::read_to_string(manifest).unwrap();
        for line in manifest.lines().filter(|line| !line.starts_with('#')) {
            assert!(!line.contains("workspace"), "{directory}: inherits from the workspace: {line}");
            let path = line.split("path = \"").nth(1);
            assert!(path.is_none_or(|path| path.starts_with("../macros\"")), "{directory}: {line}");
        }
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
    let declared = section.lines().filter_map(|line| line.split_once(" = ").map(|(name, _)| name.to_owned()));
    // The SDK's crates inherit nothing from the workspace.
    let of_sdk = dependencies().into_iter().filter(|(name, _)| name.starts_with("keepwatch-sdk"));
    let declared: BTreeSet<String> = declared
        .chain(of_sdk.flat_map(|(_, targets)| targets))
        .filter(|name| !name.starts_with("keepwatch"))
        .collect();
    let listed: BTreeSet<String> = listed.into_iter().map(str::to_owned).collect();
    assert!(declared.len() > 10);
    assert_eq!(listed, declared, "book/src/dependencies.md and [workspace.dependencies]");
}
