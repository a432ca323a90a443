//! Values as TOML writes them.

use std::time::Duration;

pub(super) use crate::name::{key, quoted as text};

/// A comment with a `#` before it. TOML has no control characters there but tabulators.
pub(super) fn comment(text: &str) -> String {
    let mut line = "#".to_owned();
    for c in text.chars() {
        if c.is_control() && c != '\t' { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

/// `"1m 30s"`
pub(super) fn duration(duration: Duration) -> String {
    text(&humantime::format_duration(duration).to_string())
}

/// `["a", "b"]`, on one line, or on several if that is long.
pub(super) fn list(values: &[String]) -> String {
    const LONGEST: usize = 90;
    let on_one = format!("[{}]", values.join(", "));
    if on_one.len() <= LONGEST {
        return on_one;
    }
    let lines: Vec<String> = values.iter().map(|value| format!("    {value},\n")).collect();
    format!("[\n{}]", lines.concat())
}

/// A list of texts.
pub(super) fn texts(values: &[String]) -> String {
    list(&values.iter().map(|value| text(value)).collect::<Vec<_>>())
}

/// `{ a = 1, b = 2 }`
pub(super) fn inline(entries: &[(&str, String)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(key, value)| format!("{key} = {value}")).collect();
    format!("{{ {} }}", entries.join(", "))
}
