//! The book's table of the kinds of events against the code.

use std::path::Path;

use keepwatch_event::KINDS;

const BEGIN: &str =
    "<!-- kinds: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test event_kinds writes them -->\n";

/// The kinds in the order of [`KINDS`], each with what its documentation says.
fn kinds() -> Vec<(&'static str, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../event/src/kind.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let (_, variants) = source.split_once("pub enum EventKind {\n").expect("the kinds");
    let (mut known, mut words) = (Vec::new(), Vec::new());
    // Fields stand deeper.
    for line in variants.lines().filter_map(|line| line.strip_prefix("    ")) {
        if let Some(text) = line.strip_prefix("/// ") {
            words.push(text);
        } else if line.starts_with(|c: char| c.is_ascii_uppercase()) {
            let name = line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            known.push((in_json(name), links_as_names(&words.join(" "))));
            words.clear();
        }
    }
    let about = |kind: &&'static str| {
        let found = known.iter().find(|(name, _)| name == kind);
        let (_, about) = found.unwrap_or_else(|| panic!("{kind} is no variant"));
        assert!(!about.is_empty(), "{kind} is not documented");
        (*kind, about.clone())
    };
    KINDS.iter().map(about).collect()
}

/// `PeerLost` as `peer_lost`.
fn in_json(variant: &str) -> String {
    let mut name = String::new();
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

/// ``[`Self::PeerLost`]`` as `` `peer_lost` ``.
fn links_as_names(text: &str) -> String {
    let mut parts = text.split("[`Self::");
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (variant, rest) = part.split_once("`]").expect("the end of a link");
        plain += &format!("`{}`{rest}", in_json(variant));
    }
    plain
}

/// `KEEPWATCH_WRITE_BOOK=1` writes the table instead.
#[test]
fn the_book_has_every_kind_of_event() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/rhai-hooks.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, table) = page.split_once(BEGIN).expect("the place of the table");
    let rows: String = kinds().iter().map(|(kind, about)| format!("| `{kind}` | {about} |\n")).collect();
    let expected = format!("\n| kind | what it tells |\n|---|---|\n{rows}");
    if std::env::var_os("KEEPWATCH_WRITE_BOOK").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}")).unwrap();
    } else {
        assert!(
            table == expected,
            "run: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test event_kinds"
        );
    }
}
