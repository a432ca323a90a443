//! Names that the administrator gives.

/// Whether this can be a name of the administrator's, which stands in grants, in paths and on terminals: letters, digits,
/// `-`, `_` and `.`, 64 octets at most.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let valid = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !text.is_empty() && text.len() <= 64 && text.chars().all(valid)
}

/// Whether this can be the name of what keepalived knows, too: instances, groups and checks. It stands in lines of logs, of FIFOs
/// and of mails, and keepalived takes any that is one line.
pub(crate) fn is_line(text: &str) -> bool {
    !text.is_empty() && !text.contains(['\n', '\0'])
}

/// A part of a key as TOML writes it: bare if it can be.
pub(crate) fn key(name: &str) -> String {
    let is_bare =
        !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A text in quotes as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_can_stand_in_a_path() {
        for name in ["web", "web-1_a.b", "prüfung", &"a".repeat(64)] {
            assert!(is_name(name) && is_line(name), "{name}");
        }
        for text in ["a b", "a/b", "a\t", "a:b", &"a".repeat(65)] {
            assert!(!is_name(text) && is_line(text), "{text:?}");
        }
        for text in ["", "a\n", "a\0b"] {
            assert!(!is_name(text) && !is_line(text), "{text:?}");
        }
    }
}
