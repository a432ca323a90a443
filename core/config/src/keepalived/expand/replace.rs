//! Values in place of names.

use std::path::PathBuf;

use super::super::names::name_at;
use super::Expander;
use super::definitions::{Value, used};
use crate::diagnostic::{Diagnostic, Traced};
use crate::similar::shown;

/// More replacements in one line mean that a definition needs itself.
const MOST: usize = 256;

impl Expander<'_> {
    /// A line with values in place of names, and the lines that follow from a definition of several.
    pub(super) fn replace(&mut self, line: &Traced) -> (Traced, Vec<Traced>) {
        let mut line = line.clone();
        let mut rest = Vec::new();
        let mut count = 0;
        let mut at = 0;
        while let Some(next) = line.text.get(at..).and_then(|text| text.find('$')) {
            at += next;
            let text = line.text.get(at..).unwrap_or_default();
            let Some(usage) = used(text) else {
                self.report_unreplaced(&line, at);
                at += 1;
                continue;
            };
            let (name, length) = (usage.name.to_owned(), usage.length);
            let ends_line = text.len() == length;
            let value = match self.definitions.get(&name).cloned() {
                None => None,
                Some(Value::Text(value)) => usage.parameters.is_empty().then_some(value),
                Some(Value::Own(own)) => {
                    let folder = self.folder.clone().unwrap_or_else(|| PathBuf::from("."));
                    match self.definitions.own(own, &usage.parameters, &folder) {
                        Ok(value) => Some(value),
                        Err(label) => {
                            self.report(&line, at, length, format!("{} has no value", shown(&name)), label);
                            None
                        }
                    }
                }
                Some(Value::Lines(lines)) if ends_line => {
                    let mut lines = lines.into_iter();
                    let before = line.slice(0..at);
                    line = before;
                    if let Some(first) = lines.next() {
                        line.append(&first);
                    }
                    // Those of a definition within a definition come first.
                    rest.splice(0..0, lines);
                    count += 1;
                    if count > MOST {
                        self.end(&line, "a definition needs itself", "");
                        return (Traced::default(), Vec::new());
                    }
                    continue;
                }
                Some(Value::Lines(_)) => {
                    let label = "nothing may follow a definition of several lines";
                    self.report(
                        &line,
                        at,
                        length,
                        format!("{} is not replaced here", shown(&name)),
                        label.to_owned(),
                    );
                    None
                }
            };
            let Some(value) = value else {
                at += length;
                continue;
            };
            count += 1;
            if count > MOST || line.text.len() > super::LONGEST {
                self.end(&line, "a definition needs itself", "");
                return (Traced::default(), Vec::new());
            }
            line = put(&line, at, length, &value);
        }
        (line, rest)
    }

    /// The same of a text that is not kept. What is wrong with it is not reported.
    pub(super) fn replaced_text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        let mut at = 0;
        for _ in 0..MOST {
            let Some(next) = text.get(at..).and_then(|text| text.find('$')) else { break };
            at += next;
            let found =
                text.get(at..).and_then(used).map(|usage| (usage.length, self.definitions.get(usage.name)));
            match found {
                Some((length, Some(Value::Text(value)))) => text.replace_range(at..at + length, value),
                Some((length, _)) => at += length,
                None => at += 1,
            }
        }
        text
    }

    /// A name that is defined, but stands where keepalived does not see it.
    fn report_unreplaced(&mut self, line: &Traced, at: usize) {
        let name = line.text.get(at + 1..).map(name_at).unwrap_or_default().to_owned();
        if !name.is_empty() && self.definitions.get(&name).is_some() {
            let label = format!("write `${{{name}}}` before anything but a blank");
            self.report(line, at, 1 + name.len(), format!("`${name}` is not replaced here"), label);
        }
    }

    fn report(&mut self, line: &Traced, at: usize, length: usize, message: String, label: String) {
        let origin = line.origin(&(at..at + length));
        if origin.is_some_and(|origin| !self.said.insert((origin.file, origin.span.start))) {
            return;
        }
        let span = self.comment_at(&line.slice(at..at + length));
        let note = "keepalived leaves it as it stands; keepwatch does the same";
        self.findings.push(Diagnostic::warning(&span, message, label).note(note));
    }
}

/// The line with `value` in place of what stands at `at`. A `#` or `!` of the value begins no comment.
fn put(line: &Traced, at: usize, length: usize, value: &str) -> Traced {
    let mut out = line.slice(0..at);
    let name = line.slice(at..at + length);
    let mut quoted = out.text.matches('"').count() % 2 == 1;
    let mut text = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' => quoted = !quoted,
            '#' | '!' if !quoted => text.push('\\'),
            _ => {}
        }
        text.push(c);
    }
    if let Some(origin) = name.origin(&(0..name.text.len())) {
        out.push(&text, origin);
    }
    out.append(&line.slice(at + length..line.text.len()));
    out
}
