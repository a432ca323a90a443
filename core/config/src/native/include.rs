//! `include`: the files that a native configuration is written in.
//!
//! ```text
//!   file, those it includes, those they include ...  --> one text, in which each has its place
//!   each of them --toml, moved to its place-->  tables --added up-->  one table
//! ```
//!
//! So what reads the table need not know of files, and findings point into the right one.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys;
use super::reader::Reader;
use crate::diagnostic::{Diagnostic, File, Findings, Origin, Source, Traced};
use crate::glob::{Matches, glob, has_wildcard};
use crate::load;
use crate::model::Written;
use crate::similar::shown;

/// All files together are no longer than one may be.
const LONGEST: usize = 16 << 20;
/// Files that include files, deeper than any configuration goes.
const DEEPEST: usize = 64;

/// The files of a configuration, in the order in which they are read.
#[derive(Default)]
pub(super) struct Files {
    files: Vec<File>,
    places: Vec<Place>,
    /// All of them, one behind the other.
    text: Traced,
    /// Where files to include were looked for.
    named: Vec<PathBuf>,
}

/// Where a file stands in the whole text.
struct Place {
    start: usize,
    /// Where paths in it count from.
    folder: PathBuf,
    /// Where the file is, without symbolic links.
    real: PathBuf,
    /// Where it is included; nothing of the first one.
    included: Option<Range<usize>>,
}

impl Files {
    /// The file itself, in its folder, and all that it includes.
    pub(super) fn read(source: &Source, path: &Path, folder: PathBuf, findings: &mut Findings) -> Self {
        let mut files = Self::default();
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let place = Place { start: 0, folder, real, included: None };
        files.add(source.file(), place, &mut Vec::new(), findings);
        files
    }

    /// Where paths count from that are written at this place of the text.
    pub(super) fn folder(&self, span: &Range<usize>) -> &Path {
        let after = self.places.partition_point(|place| place.start <= span.start);
        let place = after.checked_sub(1).and_then(|index| self.places.get(index));
        place.map_or_else(|| Path::new("/"), |place| &place.folder)
    }

    /// What all files say together; spans are those of the whole text. Nothing if one of them is not TOML, or is missing: what
    /// stands behind a mistake need not mean what it seems to, and what is missing elsewhere may stand there.
    pub(super) fn table(&self, findings: &mut Findings) -> Option<DeTable<'_>> {
        let mut tables = Vec::new();
        for (file, place) in self.files.iter().zip(&self.places) {
            let (table, errors) = DeTable::parse_recoverable(&file.text);
            let mut said: Option<(&str, usize)> = None;
            for error in &errors {
                let span = error.span().unwrap_or(0..0);
                let (message, at) = (error.message(), span.start);
                // A row of brackets that are not closed is one mistake.
                let is_said = said.is_some_and(|(known, before)| {
                    let between = file.text.get(before.min(at)..before.max(at)).unwrap_or_default();
                    known == message && !between.contains('\n')
                });
                said = Some((message, at));
                if is_said {
                    continue;
                }
                let span = place.start + span.start..place.start + span.end;
                let finding = Diagnostic::error(&span, error.message().to_owned(), "");
                findings.push(finding.note("this is not TOML"));
            }
            tables.push(moved_table(table.into_inner(), place.start));
        }
        if findings.has_errors() {
            return None;
        }
        let mut root = DeTable::new();
        for table in tables {
            add_up(&mut root, table, findings);
        }
        Some(root)
    }

    /// The text that findings point into.
    pub(super) fn into_source(self, source: Source) -> Source {
        let source = source.naming(self.named);
        if self.files.len() == 1 { source } else { source.assembled(self.files, self.text) }
    }

    /// Adds a file and what it includes; `open` are the numbers of those that include it.
    fn add(&mut self, file: File, place: Place, open: &mut Vec<usize>, findings: &mut Findings) {
        let (number, folder) = (self.files.len(), place.folder.clone());
        let patterns = patterns(&file.text, place.start, findings);
        self.text.push(&file.text, Origin { file: number, span: 0..file.text.len() });
        // A finding at the end of a file is not one at the beginning of the next.
        self.text.close("\n");
        self.files.push(file);
        self.places.push(place);
        open.push(number);
        for pattern in &patterns {
            self.include(pattern, &folder, open, findings);
        }
        open.pop();
    }

    fn include(&mut self, pattern: &Written, folder: &Path, open: &mut Vec<usize>, findings: &mut Findings) {
        let Written { text, span } = pattern;
        if text.is_empty() {
            findings.push(Diagnostic::error(span, "this names no file", "such as \"conf.d/*.toml\""));
            return;
        }
        self.named.push(folder.join(text));
        let Matches { paths, missing, unlisted } = glob(text, folder);
        for message in unlisted {
            findings.push(Diagnostic::error(span, message, ""));
        }
        for name in &missing {
            let finding = Diagnostic::error(span, format!("there is no file {}", shown(name)), "")
                .help("write it, or take it out; a pattern, such as \"conf.d/*.toml\", may match nothing");
            findings.push(finding);
        }
        if paths.is_empty() && missing.is_empty() {
            let within = folder_of(text);
            if !folder.join(within).is_dir() {
                let message = format!("there is no folder {}", shown(within));
                let finding = Diagnostic::error(span, message, "");
                findings.push(finding.help("make it, even if nothing is in it, or take this out"));
            }
        }
        for path in paths {
            if let Err(refusal) = self.file(&path, folder, span, open, findings) {
                findings.push(*refusal);
            }
        }
    }

    /// Adds the file at a path that is written at `span`.
    fn file(
        &mut self,
        path: &Path,
        folder: &Path,
        span: &Range<usize>,
        open: &mut Vec<usize>,
        findings: &mut Findings,
    ) -> Result<(), Box<Diagnostic>> {
        let (name, whole) = (path.display().to_string(), folder.join(path));
        let refused = |message: String, label: &str| Box::new(Diagnostic::error(span, message, label));
        let real = std::fs::canonicalize(&whole).unwrap_or_else(|_| whole.clone());
        if let Some(known) = self.places.iter().position(|place| place.real == real) {
            return Err(Box::new(self.again(known, &name, span, open)));
        }
        // A device or a FIFO may never end.
        if whole.metadata().is_ok_and(|about| !about.is_file()) {
            return Err(refused(format!("{name} is not a file"), ""));
        }
        let text =
            load::read_included(&whole).map_err(|error| refused(error.to_string(), "included here"))?;
        if open.len() >= DEEPEST {
            return Err(refused(format!("{name} is included too deep"), "64 files include each other"));
        }
        if self.text.text.len() + text.len() > LONGEST {
            return Err(refused("all files together are larger than 16 MiB".to_owned(), "from here on"));
        }
        let folder = whole.parent().map_or_else(|| folder.to_owned(), PathBuf::from);
        let start = self.text.text.len();
        let place = Place { start, folder, real, included: Some(span.clone()) };
        self.add(File { name, path: Some(whole.into_boxed_path()), text }, place, open, findings);
        Ok(())
    }

    /// Why a file is not read once more.
    fn again(&self, known: usize, name: &str, span: &Range<usize>, open: &[usize]) -> Diagnostic {
        let is_open = open.contains(&known);
        let (message, label) = if is_open {
            (format!("{name} includes itself"), "the circle closes here")
        } else {
            (format!("{name} is included already"), "the second time")
        };
        let finding = Diagnostic::error(span, message, label);
        match self.places.get(known).and_then(|place| place.included.as_ref()) {
            Some(first) if first != span => finding.and(first, "the first time"),
            _ => finding,
        }
    }
}

/// The patterns behind `include` of a file that begins at `start` of the text.
fn patterns(text: &str, start: usize, findings: &mut Findings) -> Vec<Written> {
    // Most files have none; a key may be written with escapes, but nobody does.
    if !text.contains(INCLUDE) {
        return Vec::new();
    }
    let (table, errors) = DeTable::parse_recoverable(text);
    let value = table.into_inner().remove(INCLUDE).filter(|_| errors.is_empty());
    let what = "a path, or a list: [\"conf.d/*.toml\"]";
    value.and_then(|value| Reader { findings }.some_texts(&moved(value, start), what)).unwrap_or_default()
}

const INCLUDE: &str = "include";

/// The part of a pattern before the first component with a wildcard: the folder to look in.
fn folder_of(pattern: &str) -> &str {
    let is_plain = |component: &&str| !has_wildcard(component) && !component.contains('{');
    let plain: usize = pattern.split('/').take_while(is_plain).map(|component| component.len() + 1).sum();
    pattern.get(..plain).filter(|folder| !folder.is_empty()).unwrap_or(".")
}

/// Adds the tables of one file to those of the others.
fn add_up<'i>(root: &mut DeTable<'i>, table: DeTable<'i>, findings: &mut Findings) {
    for (key, value) in table {
        let name = key.get_ref().clone();
        if name == INCLUDE {
            continue;
        }
        let Some((first, _)) = root.get_key_value(&key) else {
            root.insert(key, value);
            continue;
        };
        let first = first.span();
        let twice = |what: String, first: &Range<usize>, second: &Range<usize>| {
            Diagnostic::error(second, format!("{what} is there already"), "the second one")
                .and(first, "the first one")
        };
        let known = root.get_mut(&key).filter(|_| keys::is_kind(&name)).map(Spanned::get_mut);
        let (Some(DeValue::Table(known)), DeValue::Table(added)) = (known, value.into_inner()) else {
            let finding = twice(shown(&name), &first, &key.span());
            findings.push(finding.help("it holds for the whole daemon: say it once in all files"));
            continue;
        };
        for (own, value) in added {
            match known.get_key_value(&own) {
                Some((first, _)) => {
                    let what = format!("[{name}.{}]", own.get_ref());
                    findings.push(twice(what, &first.span(), &own.span()));
                }
                None => {
                    known.insert(own, value);
                }
            }
        }
    }
}

/// The same value, of a file that begins at `by` of the text.
fn moved(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let value = match value.into_inner() {
        DeValue::Array(items) => DeValue::Array(items.into_iter().map(|item| moved(item, by)).collect()),
        DeValue::Table(table) => DeValue::Table(moved_table(table, by)),
        plain => plain,
    };
    Spanned::new(by + span.start..by + span.end, value)
}

fn moved_table(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    if by == 0 {
        return table;
    }
    let place = |span: Range<usize>| by + span.start..by + span.end;
    table
        .into_iter()
        .map(|(key, value)| (Spanned::new(place(key.span()), key.into_inner()), moved(value, by)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_pattern() {
        let table = [
            ("conf.d/*.toml", "conf.d/"),
            ("*.toml", "."),
            ("/etc/keepwatch/{a,b}/*.toml", "/etc/keepwatch/"),
            ("/*", "/"),
            ("a/b?/c", "a/"),
        ];
        for (pattern, expected) in table {
            assert_eq!(folder_of(pattern), expected, "{pattern}");
        }
    }
}
