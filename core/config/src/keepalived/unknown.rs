//! Keywords that keepalived does not know, and what may have been meant.

use super::keywords::Level;
use super::parser::Statement;
use crate::diagnostic::Diagnostic;
use crate::similar::{LONGEST, did_you_mean, nearest, shown, synonym};

/// The warning about an unknown keyword at `level`, and the keyword of this level that was meant, if it is
/// misspelt.
pub(super) fn unknown(level: Level, statement: &Statement<'_>) -> (Diagnostic, Option<&'static str>) {
    let keyword = &statement.line.keyword;
    if let "<<<<<<<" | "=======" | ">>>>>>>" = keyword.text.as_ref() {
        let finding =
            Diagnostic::warning(&keyword.span, "the mark of a merge conflict", "both sides are read")
                .note("keepalived logs this and the last setting wins; keepwatch does the same")
                .help("resolve the conflict");
        return (finding, None);
    }
    let (label, misspelt) = match meant(level, &keyword.text) {
        Some(Meant::Spelt(name)) => (did_you_mean(name), Some(name)),
        Some(Meant::Elsewhere(level)) => (format!("it belongs {}", level.place()), None),
        None => (String::new(), None),
    };
    let note = match statement.block {
        Some(_) => "keepalived logs this and reads on within the block; keepwatch skips all of it",
        None => "keepalived logs this and skips the line; keepwatch does the same",
    };
    let message = format!("unknown keyword {}", shown(&keyword.text));
    (Diagnostic::warning(&keyword.span, message, label).note(note), misspelt)
}

#[derive(Debug, PartialEq, Eq)]
enum Meant {
    /// This keyword, misspelt.
    Spelt(&'static str),
    /// The same keyword at another level.
    Elsewhere(Level),
}

fn meant(level: Level, word: &str) -> Option<Meant> {
    if word.len() > LONGEST {
        return None;
    }
    let global = level.keywords().iter().find(|(name, _)| name.strip_prefix("vrrp_") == Some(word));
    if let Some((name, _)) = global {
        return Some(Meant::Spelt(name));
    }
    if let Some(other) = Level::ALL.into_iter().find(|other| other.status(word).is_some()) {
        return Some(Meant::Elsewhere(other));
    }
    let names = || level.keywords().iter().map(|(name, _)| *name);
    nearest(word, names()).or_else(|| synonym(word, names())).map(Meant::Spelt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_meant() {
        let table = [
            (Level::Root, "vvrp_script", Some(Meant::Spelt("vrrp_script"))),
            (Level::Instance, "virtual_ipadress", Some(Meant::Spelt("virtual_ipaddress"))),
            (Level::Instance, "prioirty", Some(Meant::Spelt("priority"))),
            (Level::Root, "priority", Some(Meant::Elsewhere(Level::Instance))),
            (Level::Globals, "garp_master_delay", Some(Meant::Spelt("vrrp_garp_master_delay"))),
            (Level::Instance, "garp_interval", Some(Meant::Elsewhere(Level::GarpGroup))),
            (Level::Instance, "advert_interval", Some(Meant::Spelt("advert_int"))),
            (Level::Instance, "virtual_addresses", Some(Meant::Spelt("virtual_ipaddress"))),
            (Level::Instance, "vrid", Some(Meant::Spelt("virtual_router_id"))),
            // Of several one does not know which.
            (Level::Instance, "track", None),
            (Level::Root, "lvs_id", None),
            (Level::Root, "}", None),
        ];
        for (level, word, expected) in table {
            assert_eq!(meant(level, word), expected, "{word}");
        }
    }
}
