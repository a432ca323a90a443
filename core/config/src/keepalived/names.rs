//! Names of variables that are still there when everything that is defined has been replaced.

use crate::diagnostic::{Diagnostic, Findings};

/// Reports names that nobody defines: the sign of a template that was not filled in. Their braces would tear the line apart
/// under keepalived, unless they are quoted.
pub(super) fn report_undefined(content: &str, start: usize, findings: &mut Findings) {
    let mut quoted = false;
    for (at, c) in content.char_indices() {
        if c == '"' {
            quoted = !quoted;
        }
        if c != '$' || quoted {
            continue;
        }
        let Some(length) = content.get(at..).and_then(variable_length) else { continue };
        let written = content.get(at..at + length).unwrap_or_default();
        let span = start + at..start + at + length;
        findings.push(
            Diagnostic::error(&span, format!("`{written}` is not defined in this file"), "")
                .help("if the file is a template, fill it in first"),
        );
    }
}

/// The length of a `${NAME}` or `${NAME parameters}` at the beginning of `text`.
pub(super) fn variable_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix("${")?;
    let close = inner.find(['}', '"', '{']).filter(|&at| inner.get(at..=at) == Some("}"))?;
    (!name_at(inner).is_empty()).then_some("${".len() + close + 1)
}

/// The name at the beginning of `text`: `[A-Za-z_][A-Za-z0-9_]*`, or nothing.
pub(super) fn name_at(text: &str) -> &str {
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
    fn only_what_would_tear_a_line_apart_is_reported() {
        let table = [
            ("interface ${IF}", vec![(10..15, "`${IF}` is not defined in this file")]),
            (
                "x ${A}${_B 1 3}",
                vec![
                    (2..6, "`${A}` is not defined in this file"),
                    (6..15, "`${_B 1 3}` is not defined in this file"),
                ],
            ),
            ("auth_pass pa$word", vec![]),
            ("script \"echo ${HOME} $1\"", vec![]),
            ("cost $5 ${5}", vec![]),
        ];
        for (line, expected) in table {
            let mut findings = Findings::default();
            report_undefined(line, 0, &mut findings);
            let found: Vec<_> =
                findings.iter().map(|f| (f.primary.span.clone(), f.message.as_str())).collect();
            assert_eq!(found, expected, "{line}");
        }
    }
}
