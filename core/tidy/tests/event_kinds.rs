//! The book's table of the kinds of events against the code.

use std::collections::HashMap;
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

/// What destinations hear each kind under, by `on`.
fn topics() -> HashMap<String, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins/notify/src/route.rs");
    let source = std::fs::read_to_string(path).unwrap();
    let (_, arms) = source.split_once("pub const fn topic(").expect("the topics");
    let (arms, _) = arms.split_once("_ => return None").expect("the end of the topics");
    let name =
        |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default().to_owned();
    let (mut topics, mut kinds) = (HashMap::new(), Vec::new());
    for word in arms.split_whitespace() {
        if let Some(kind) = word.strip_prefix("Kind::") {
            kinds.push(in_json(&name(kind)));
        } else if let Some(topic) = word.strip_prefix("Topic::") {
            topics.extend(kinds.drain(..).map(|kind| (kind, in_json(&name(topic)))));
        }
    }
    assert!(topics.len() > 20 && kinds.is_empty(), "{topics:?} {kinds:?}");
    topics
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
    let topics = topics();
    let topic = |kind: &str| topics.get(kind).map_or_else(String::new, |topic| format!("`{topic}`"));
    let row = |(kind, about): &(&str, String)| format!("| `{kind}` | {about} | {} |\n", topic(kind));
    let rows: String = kinds().iter().map(row).collect();
    let expected = format!("\n| kind | what it tells | told `on` |\n|---|---|---|\n{rows}");
    if std::env::var_os("KEEPWATCH_WRITE_BOOK").is_some() {
        std::fs::write(&path, format!("{before}{BEGIN}{expected}")).unwrap();
    } else {
        assert!(
            table == expected,
            "run: KEEPWATCH_WRITE_BOOK=1 cargo test -p keepwatch-tidy --test event_kinds"
        );
    }
}
