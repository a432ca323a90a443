//! The keywords as the book lists them.

use super::{Level, Status};

/// Every keyword of keepalived 2.4.3 with what becomes of it here: Markdown tables, one for each block. The book holds them, and a
/// test compares.
#[must_use]
pub fn keyword_tables() -> String {
    Level::ALL.into_iter().map(table).collect::<Vec<_>>().join("\n")
}

fn table(level: Level) -> String {
    let mut out = format!("### {}\n\n| keyword | here |\n|---|---|\n", capitalised(level.place()));
    for (name, status) in level.keywords() {
        out.push_str(&format!("| `{name}` | {} |\n", words(*status)));
    }
    out
}

fn words(status: Status) -> String {
    match status {
        Status::Supported => "yes".to_owned(),
        Status::Partly(but) => format!("yes, but {but}"),
        Status::Always(reason) => format!("nothing to do: {reason}"),
        Status::Ignored(reason) => format!("left out, with a remark: {reason}"),
        Status::Unsupported(reason) => format!("left out, with a warning: {reason}"),
        Status::Refused(reason) => format!("refused: {reason}"),
        Status::Deprecated(new) => format!("old word for `{new}`"),
        Status::Ipvs => "load balancing: left out".to_owned(),
    }
}

pub(super) fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
