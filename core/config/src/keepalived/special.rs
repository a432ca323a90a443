//! Lines that keepalived rewrites before it reads them: `include`, conditions, variables and repetition.
//! None of these is supported yet, and leaving one out would change what the file means: each is an error.

use std::collections::HashSet;

use super::lexer::is_blank;
use crate::diagnostic::{Diagnostic, Findings};
use crate::similar::shown;

/// Names that keepalived defines itself.
const PREDEFINED: [&str; 6] = ["_PWD", "_INSTANCE", "_RANDOM", "_ENV", "_HASH", "_BANG"];

const INCLUDES: [&str; 6] = ["include", "includer", "includem", "includew", "includeb", "includea"];

/// Whether `content`, a line that begins at `start`, is one of these; reports it, and names that keepalived
/// would replace. `names` are those that variables have so far.
pub(super) fn is_special<'a>(
    content: &'a str,
    start: usize,
    names: &mut HashSet<&'a str>,
    findings: &mut Findings,
) -> bool {
    let first = content.split(is_blank).next().unwrap_or_default();
    let span = start..start + first.len();
    let (message, label, help) = if INCLUDES.contains(&first) {
        let message = "`include` is not supported yet by this version";
        let files = content.get(first.len()..).unwrap_or_default().trim_matches([' ', '\t', '"']);
        (message, "these files would be read here", included(files))
    } else if first.starts_with('@') {
        let message = "conditional lines (`@id`) are not supported yet by this version";
        let help = format!(
            "keep the line, without {}, on the host it is meant for and drop it on the others",
            shown(first)
        );
        (message, "only for some hosts", help)
    } else if first.starts_with("~SEQ") || first.starts_with("~LST") {
        let message = "repetition (`~SEQ`, `~LST`) is not supported yet by this version";
        (message, "would be repeated", "write out what keepalived would make of it".to_owned())
    } else if let Some(name) = defined(content) {
        let message = "variables (`$NAME=value`) are not supported yet by this version";
        let help = format!("replace each `${name}` by its value, and remove this line");
        names.insert(name);
        (message, "defined here", help)
    } else {
        report_names(content, start, names, findings);
        return false;
    };
    findings.push(Diagnostic::error(&span, message, label).help(help));
    true
}

fn included(files: &str) -> String {
    if files.is_empty() {
        return "paste the contents of the file here".to_owned();
    }
    // In full, however long: it is a name to be copied.
    format!("paste the contents of `{files}` here")
}

/// Names that keepalived replaces itself, and names nobody defines: the sign of a template that was not
/// filled in. Outside quotes their braces would tear the line apart under keepalived.
fn report_names(content: &str, start: usize, names: &HashSet<&str>, findings: &mut Findings) {
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
        } else if variable_length(rest).is_some() && !quoted && !names.contains(name) {
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

/// The name in `$NAME=` with no white space before `=`.
fn defined(content: &str) -> Option<&str> {
    let rest = content.strip_prefix('$')?;
    let name = name_at(rest);
    let is_definition = !name.is_empty() && rest.get(name.len()..)?.starts_with('=');
    is_definition.then_some(name)
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
            is_special(line, 0, &mut HashSet::new(), &mut findings);
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
            assert!(!is_special(line, 0, &mut HashSet::new(), &mut findings), "{line}");
            assert!(findings.is_empty(), "{line}");
        }
    }
}
