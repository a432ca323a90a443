//! Lines that keepalived rewrites before it reads them: `include`, conditions, variables and repetition.
//! None of these is supported yet, and leaving one out would change what the file means: each is an error.

use super::lexer::is_blank;
use crate::diagnostic::{Diagnostic, Findings};

/// Names that keepalived defines itself.
const PREDEFINED: [&str; 6] = ["_PWD", "_INSTANCE", "_RANDOM", "_ENV", "_HASH", "_BANG"];

const INCLUDES: [&str; 6] = ["include", "includer", "includem", "includew", "includeb", "includea"];

/// Whether `content`, a line that begins at `start`, is one of these; reports it, and names that keepalived
/// would replace.
pub(super) fn is_special(content: &str, start: usize, findings: &mut Findings) -> bool {
    let first = content.split(is_blank).next().unwrap_or_default();
    let span = start..start + first.len();
    let found = if INCLUDES.contains(&first) {
        Some(("`include` is not supported yet by this version", "these files would be read here"))
    } else if first.starts_with('@') {
        Some(("conditional lines (`@id`) are not supported yet by this version", "only for some hosts"))
    } else if first.starts_with("~SEQ") || first.starts_with("~LST") {
        Some(("repetition (`~SEQ`, `~LST`) is not supported yet by this version", "would be repeated"))
    } else if is_definition(content) {
        Some(("variables (`$NAME=value`) are not supported yet by this version", "defined here"))
    } else {
        None
    };
    if let Some((message, label)) = found {
        findings.push(
            Diagnostic::error(&span, message, label).help("write out what keepalived would make of it"),
        );
        return true;
    }
    report_names(content, start, findings);
    false
}

/// Names that keepalived replaces itself, and names nobody defines: the sign of a template that was not
/// filled in. Outside quotes their braces would tear the line apart under keepalived.
fn report_names(content: &str, start: usize, findings: &mut Findings) {
    let mut quoted = false;
    let mut skip_to = 0;
    for (at, c) in content.char_indices() {
        let rest = content.get(at..).unwrap_or_default();
        if c == '"' {
            quoted = !quoted;
        }
        if c != '$' || at < skip_to {
            continue;
        }
        let after = rest.strip_prefix('$').unwrap_or(rest);
        let name = name_at(after.strip_prefix('{').unwrap_or(after));
        let length = variable_length(rest).unwrap_or(1 + name.len());
        let span = start + at..start + at + length;
        skip_to = at + length;
        let written = content.get(at..at + length).unwrap_or_default();
        if PREDEFINED.contains(&name) {
            let message = "variables are not supported yet by this version";
            findings.push(
                Diagnostic::error(&span, message, "keepalived puts a value here")
                    .help("write the value itself"),
            );
        } else if variable_length(rest).is_some() && !quoted {
            findings.push(
                Diagnostic::error(&span, format!("`{written}` is not defined in this file"), "")
                    .help("if the file is a template, fill it in first"),
            );
        }
    }
}

/// The length of a `${NAME}` or `${NAME parameters}` at the beginning of `text`.
pub(super) fn variable_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("${")?;
    let close = inner.find(['}', '"', '{']).filter(|&at| inner.get(at..=at) == Some("}"))?;
    (!name_at(inner).is_empty()).then_some("${".len() + close + 1)
}

/// `$NAME=` with no white space before `=`.
fn is_definition(content: &str) -> bool {
    let Some(rest) = content.strip_prefix('$') else { return false };
    let name = name_at(rest);
    !name.is_empty() && rest.get(name.len()..).is_some_and(|after| after.starts_with('='))
}

/// The name at the beginning of `text`: `[A-Za-z_][A-Za-z0-9_]*`, or nothing.
fn name_at(text: &str) -> &str {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_is_an_error_at_its_first_word() {
        let table = [
            ("include conf.d/*.conf", "`include` is not supported yet by this version", 0..7),
            ("includer x", "`include` is not supported yet by this version", 0..8),
            ("@main priority 100", "conditional lines (`@id`) are not supported yet by this version", 0..5),
            ("@^main priority 90", "conditional lines (`@id`) are not supported yet by this version", 0..6),
            ("$VIP=10.0.0.1", "variables (`$NAME=value`) are not supported yet by this version", 0..13),
            ("~SEQ(v,1,9) x $v", "repetition (`~SEQ`, `~LST`) is not supported yet by this version", 0..11),
            ("~LST(v,a,b) x", "repetition (`~SEQ`, `~LST`) is not supported yet by this version", 0..11),
            ("interface ${IF}", "`${IF}` is not defined in this file", 10..15),
            ("script \"${_PWD}/x\"", "variables are not supported yet by this version", 8..15),
            ("script \"$_PWD x\"", "variables are not supported yet by this version", 8..13),
            ("x ${_RANDOM 1 3}", "variables are not supported yet by this version", 2..16),
        ];
        for (line, message, span) in table {
            let mut findings = Findings::default();
            is_special(line, 0, &mut findings);
            let found: Vec<_> =
                findings.iter().map(|f| (f.message.as_str(), f.primary.span.clone())).collect();
            assert_eq!(found, [(message, span)], "{line}");
        }
    }

    #[test]
    fn what_keepalived_leaves_alone_is_left_alone() {
        for line in
            ["auth_pass pa$word", "script \"echo ${HOME} $1\"", "includes x", "a @b", "$VAR = x", "cost $5"]
        {
            let mut findings = Findings::default();
            assert!(!is_special(line, 0, &mut findings), "{line}");
            assert!(findings.is_empty(), "{line}");
        }
    }
}
