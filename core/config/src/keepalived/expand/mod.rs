//! What keepalived does to its lines before it reads them: `include`, conditions (`@id`), definitions (`$NAME=value`) and
//! repetition (`~SEQ`, `~LST`).
//!
//! The result is one text that has none of these, in which every part knows where it was written. Lines that are used up
//! stand in it as comments, so that findings can point at them.

mod definitions;
mod files;
mod repeat;
mod replace;
mod strictness;

use std::collections::HashSet;
use std::ops::Range;
use std::path::PathBuf;

use self::definitions::{Definitions, Value, defined};
use self::repeat::{Repeat, is_repeat};
use self::strictness::{Strictness, include};
use super::lexer::{is_blank, significant};
use super::names::variable_length;
use crate::diagnostic::{Diagnostic, File, Findings, Origin, Source, Traced};
use crate::similar::shown;

/// A text does not grow beyond this.
const LONGEST: usize = 16 << 20;
/// Nor is one line repeated more often.
const MOST_ROUNDS: u64 = 100_000;
/// Lines within lines, and files within files: deeper than any configuration goes.
const DEEPEST: usize = 64;

/// Where a text is read.
#[derive(Clone, Copy)]
pub(crate) struct Surroundings<'a> {
    /// The name of this host in the configuration, which `@` asks for.
    pub(crate) config_id: &'a str,
    /// The folder of the text, if it is a file: without, nothing can be included.
    pub(crate) folder: Option<&'a std::path::Path>,
}

/// The text after all of it.
pub(crate) fn expand(source: Source, surroundings: Surroundings<'_>, findings: &mut Findings) -> Source {
    // Most files have nothing of the kind.
    if !source.text.contains(['$', '@', '~']) && !source.text.contains("include") {
        return source;
    }
    let mut expander = Expander {
        definitions: Definitions::new(surroundings.config_id),
        said: HashSet::new(),
        folder: surroundings.folder.map(PathBuf::from),
        files: vec![source.file()],
        named: Vec::new(),
        strictness: Strictness::default(),
        out: Traced::default(),
        open: None,
        depth: 0,
        rounds: 0,
        has_ended: false,
        findings,
    };
    expander.file(0);
    let Expander { files, named, out, .. } = expander;
    let source = source.naming(named);
    if out.text == source.text { source } else { source.assembled(files, out) }
}

struct Expander<'f> {
    definitions: Definitions,
    /// Places of names about which something has been said: once is enough, however often a line is repeated.
    said: HashSet<(usize, usize)>,
    /// Where the file is that is being read.
    folder: Option<PathBuf>,
    files: Vec<File>,
    /// Where files to include were looked for.
    named: Vec<PathBuf>,
    /// `include_check`.
    strictness: Strictness,
    out: Traced,
    /// A definition of several lines that is not complete.
    open: Option<Open>,
    depth: usize,
    /// Repetitions so far.
    rounds: u64,
    /// Whether something has been reported that makes going on pointless.
    has_ended: bool,
    /// What they point at is the text that comes out.
    findings: &'f mut Findings,
}

/// A definition of several lines, as far as it has been read.
struct Open {
    name: String,
    lines: Vec<Traced>,
}

impl Expander<'_> {
    /// Reads a whole file, line by line.
    fn file(&mut self, file: usize) {
        let Some(text) = self.files.get(file).map(|file| file.text.clone()) else { return };
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            let start = offset;
            offset += line.len();
            if self.has_ended {
                return;
            }
            let end = significant(line).end;
            let content = line.get(..end).unwrap_or_default();
            let skipped = content.len() - content.trim_start_matches([' ', '\t', '\u{feff}']).len();
            let content = content.get(skipped..).unwrap_or_default();
            if self.open.is_none() && !is_special(content) {
                self.out.push(line, Origin { file, span: start..offset });
                continue;
            }
            self.keep_comment(line, end, Origin { file, span: start..offset });
            let mut traced = Traced::default();
            let from = start + skipped;
            traced.push(content, Origin { file, span: from..from + content.len() });
            let is_blank_line = line.trim_end_matches(['\n', '\r']).is_empty();
            match self.open.take() {
                Some(open) => self.go_on(open, traced, is_blank_line, start..offset, file),
                None => self.line(traced),
            }
        }
        if let Some(open) = self.open.take() {
            self.define(open);
        }
        if file != 0 && !self.out.text.ends_with('\n') {
            self.out.close("\n");
        }
    }

    /// Keeps what a line ends in that begins at `at`, for those who read comments.
    fn keep_comment(&mut self, line: &str, at: usize, Origin { file, span }: Origin) {
        let rest = line.get(at..).unwrap_or_default();
        let comment = rest.trim();
        if !comment.is_empty() {
            let from = span.start + at + (rest.len() - rest.trim_start().len());
            self.out.push(comment, Origin { file, span: from..from + comment.len() });
            self.out.close("\n");
        }
    }

    /// One more line of a definition of several.
    fn go_on(&mut self, mut open: Open, line: Traced, is_blank_line: bool, span: Range<usize>, file: usize) {
        if is_blank_line {
            let at = self.out.text.len();
            self.out.push("\n", Origin { file, span: span.start..span.start + 1 });
            let message = format!("an empty line ends the definition of {}", shown(&open.name));
            self.findings.push(
                Diagnostic::warning(&(at..at), message, "the line above ends in a backslash")
                    .note("keepalived ends it here, too; what follows is read as if it stood by itself"),
            );
            return self.define(open);
        }
        self.comment(&line);
        if line.text.is_empty() {
            // keepalived does not see a comment at all.
            self.open = Some(open);
            return;
        }
        let (line, goes_on) = continued(line);
        if !line.text.is_empty() {
            open.lines.push(unescaped(&line));
        }
        if goes_on { self.open = Some(open) } else { self.define(open) }
    }

    fn define(&mut self, Open { name, lines }: Open) {
        let value = if lines.is_empty() { Value::Text(String::new()) } else { Value::Lines(lines) };
        self.definitions.set(&name, value);
    }

    /// Works through one line, without comment and white space around it.
    fn line(&mut self, line: Traced) {
        if self.depth > DEEPEST {
            let message = "definitions, repetitions or includes are nested too deep";
            return self.end(&line, message, "one of them needs itself, or there are too many");
        }
        if self.out.text.len() > LONGEST {
            return self.end(&line, "this grows beyond 16 MiB", "from here on");
        }
        self.depth += 1;
        self.work_through(line);
        self.depth -= 1;
    }

    fn work_through(&mut self, mut line: Traced) {
        if line.text.starts_with('@') {
            match self.condition(&line.text) {
                Some(begin) => line = line.slice(begin..line.text.len()),
                None => return self.comment(&line),
            }
        }
        if let Some((name, begin)) = defined(&line.text) {
            return self.definition(&line, name, begin);
        }
        if is_repeat(&line.text) {
            return self.repeat(&line);
        }
        let (replaced, rest) = self.replace(&line);
        // Like this only after something was put in place of a name: keepalived's manual has it so, its code does not.
        if replaced.text != line.text && (replaced.text.starts_with('@') || is_repeat(&replaced.text)) {
            self.line(replaced);
        } else if let Some((begin, strictness)) = include(&replaced.text) {
            self.include(&replaced, begin, strictness);
        } else {
            self.settle(replaced);
        }
        for line in rest {
            if self.has_ended {
                return;
            }
            self.line(line);
        }
    }

    /// What holds for this host of a line behind its `@id`: where it begins.
    fn condition(&self, line: &str) -> Option<usize> {
        let (negated, word) = match line.strip_prefix("@^") {
            Some(rest) => (true, rest),
            None => (false, line.strip_prefix('@')?),
        };
        let end = word.find([' ', '\t'])?;
        let (id, rest) = word.split_at_checked(end)?;
        let is_met = (id == self.definitions.config_id) != negated;
        is_met.then(|| line.len() - rest.trim_start_matches([' ', '\t']).len())
    }

    fn definition(&mut self, line: &Traced, name: &str, begin: usize) {
        self.comment(line);
        let (value, goes_on) = continued(line.slice(begin..line.text.len()));
        let value = unescaped(&value);
        if goes_on {
            let lines = if value.text.is_empty() { Vec::new() } else { vec![value] };
            self.open = Some(Open { name: name.to_owned(), lines });
        } else {
            self.definitions.set(name, Value::Text(value.text));
        }
    }

    fn repeat(&mut self, line: &Traced) {
        let span = self.comment_at(line);
        let repeat = Repeat::read(&line.text, |text| self.replaced_text(text));
        let repeat = match repeat {
            Ok(repeat) => repeat,
            Err(label) => {
                let message = format!("this is no {}", line.text.get(..4).unwrap_or_default());
                let note = "keepalived logs this and skips the line; keepwatch does the same";
                self.findings.push(Diagnostic::warning(&span, message, label).note(note));
                return;
            }
        };
        self.rounds = self.rounds.saturating_add(repeat.rounds.count());
        if self.rounds > MOST_ROUNDS {
            return self.end(line, "lines are repeated more than 100,000 times", "this may be a mistake");
        }
        let text = line.slice(repeat.text_at..line.text.len());
        for values in repeat.rounds.values() {
            for (name, value) in repeat.names.iter().zip(values) {
                self.definitions.set(name, Value::Text(value));
            }
            if self.has_ended || text.text.is_empty() {
                return;
            }
            self.line(text.clone());
        }
    }

    /// A line without anything special at its beginning. Behind a brace keepalived goes on as if a line began there.
    fn settle(&mut self, line: Traced) {
        self.follow(&line.text);
        if let Some(begin) = special_behind_brace(&line.text) {
            let end = line.text.get(..begin).unwrap_or_default().trim_end_matches(is_blank).len();
            self.out.append(&line.slice(0..end));
            self.out.close("\n");
            return self.line(line.slice(begin..line.text.len()));
        }
        self.out.append(&line);
        self.out.close("\n");
    }

    /// Settings that count while the text is being put together.
    fn follow(&mut self, line: &str) {
        let mut words = line.split(is_blank).filter(|word| !word.is_empty());
        match words.next() {
            Some("random_seed") => {
                let seed = words.next().map(super::number::whole);
                self.definitions.seed = seed.and_then(|seed| u64::try_from(seed.value).ok()).unwrap_or(0);
            }
            Some("include_check") => match self.strictness.checked(words) {
                Ok(strictness) => self.strictness = strictness,
                Err(word) => {
                    let at = self.out.text.len();
                    let message = format!("{} is nothing that `include_check` can check", shown(word));
                    let label = "readable, match, wildcard_match and brace_match are";
                    let note = "keepalived logs this and ignores the word; keepwatch ignores the line";
                    self.findings.push(
                        Diagnostic::warning(&(at..at + "include_check".len()), message, label).note(note),
                    );
                }
            },
            _ => {}
        }
    }

    /// Keeps a line that is used up, for findings to point at.
    fn comment(&mut self, line: &Traced) {
        self.comment_at(line);
    }

    fn comment_at(&mut self, line: &Traced) -> Range<usize> {
        self.out.close("#");
        let start = self.out.text.len();
        self.out.append(line);
        let end = self.out.text.len();
        self.out.close("\n");
        start..end
    }

    /// Reports what makes going on pointless.
    fn end(&mut self, line: &Traced, message: &str, label: &str) {
        let span = self.comment_at(line);
        if !std::mem::replace(&mut self.has_ended, true) {
            self.findings.push(Diagnostic::error(&span, message, label));
        }
    }
}

/// Whether there is something to do to this line, or to learn from it.
fn is_special(line: &str) -> bool {
    let begins = line.starts_with('@') || is_repeat(line) || include(line).is_some();
    let is_setting = line.contains("include_check") || line.contains("random_seed");
    begins || is_setting || line.contains('$') || special_behind_brace(line).is_some()
}

/// A line without the backslash that says that it goes on, and whether there was one.
fn continued(line: Traced) -> (Traced, bool) {
    match line.text.strip_suffix('\\') {
        Some(before) => (line.slice(0..before.trim_end_matches([' ', '\t']).len()), true),
        None => (line, false),
    }
}

/// `\#` and `\!` outside quotes become the characters themselves, as in keepalived's memory.
fn unescaped(line: &Traced) -> Traced {
    let mut out = Traced::default();
    let (mut from, mut quoted, mut escaped) = (0, false, false);
    for (at, c) in line.text.char_indices() {
        match c {
            '#' | '!' if escaped && !quoted => {
                out.append(&line.slice(from..at - 1));
                from = at;
            }
            '"' if !escaped => quoted = !quoted,
            _ => {}
        }
        escaped = c == '\\' && !escaped;
    }
    out.append(&line.slice(from..line.text.len()));
    out
}

/// Where something special begins right behind a brace outside quotes.
fn special_behind_brace(line: &str) -> Option<usize> {
    let mut quoted = false;
    let mut skip_to = 0;
    for (at, c) in line.char_indices() {
        match c {
            _ if at < skip_to => {}
            '"' => quoted = !quoted,
            '$' => skip_to = at + line.get(at..).and_then(variable_length).unwrap_or(1),
            '{' | '}' if !quoted => {
                let rest = line.get(at + 1..)?.trim_start_matches(is_blank);
                let begins = rest.starts_with('@') || is_repeat(rest);
                if begins || defined(rest).is_some() || include(rest).is_some() {
                    return Some(line.len() - rest.len());
                }
            }
            _ => {}
        }
    }
    None
}

#[cfg(test)]
#[path = "../expand_tests.rs"]
mod tests;
