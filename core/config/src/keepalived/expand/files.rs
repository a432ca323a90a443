//! `include`: files read in place of a line.

use std::ops::Range;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::strictness::{Fault, Strictness};
use super::{DEEPEST, Expander};
use crate::diagnostic::{Diagnostic, File, Traced};
use crate::glob::{Matches, glob, has_wildcard};
use crate::load;
use crate::similar::shown;

impl Expander<'_> {
    /// Reads the files that the pattern at `begin` of a line names.
    pub(super) fn include(&mut self, line: &Traced, begin: usize, strictness: Strictness) {
        let span = self.comment_at(line);
        let strictness = strictness.and(self.strictness);
        let pattern = line.text.get(begin..).unwrap_or_default();
        let at = span.start + begin..span.end;
        let Some(folder) = self.folder.clone() else {
            let message = "`include` in a text that is no file";
            self.findings.push(Diagnostic::error(&span, message, "there is no folder to look in"));
            return;
        };
        if pattern.is_empty() {
            let message = "`include` names no file";
            let note = "keepalived goes on without; keepwatch does the same";
            self.findings.push(Diagnostic::warning(&span, message, "nothing follows").note(note));
            return;
        }
        if self.depth + self.files.len() > DEEPEST * DEEPEST || self.depth >= DEEPEST {
            return self.end(line, "files include each other without end", "");
        }
        self.named.push(folder.join(pattern));
        let Matches { paths, missing, unlisted } = glob(pattern, &folder);
        for message in unlisted {
            let note = "keepalived would take it for empty";
            self.findings.push(Diagnostic::error(&at, message, "").note(note));
        }
        self.report_missing(pattern, &missing, paths.is_empty(), strictness, &at);
        if !missing.is_empty() && strictness.forbids(Fault::NoAlternative) {
            return;
        }
        for path in paths {
            if self.has_ended {
                return;
            }
            self.read(&path, &folder, strictness, &at);
        }
    }

    fn report_missing(
        &mut self,
        pattern: &str,
        missing: &[String],
        is_nothing: bool,
        strictness: Strictness,
        at: &Range<usize>,
    ) {
        let fault = match missing {
            [] if is_nothing && has_wildcard(pattern) => Fault::NoMatch,
            [] => return,
            [..] if pattern.contains('{') => Fault::NoAlternative,
            [..] => Fault::Missing,
        };
        if fault == Fault::NoMatch {
            // Usual for a folder of files that need not be there: keepalived says nothing.
            if strictness.forbids(fault) {
                self.refuse(at, format!("no file matches {}", shown(pattern)));
            }
            return;
        }
        let names: Vec<String> = missing.iter().map(|name| shown(name)).collect();
        let message = format!("there is no file {}", names.join(", "));
        if strictness.forbids(fault) {
            return self.refuse(at, message);
        }
        let mut finding = Diagnostic::warning(at, message, "")
            .note("keepalived logs this and goes on without; keepwatch does the same");
        if pattern.contains(['"', '\'']) {
            finding = finding.help("write the name without quotes: they are taken for a part of it");
        }
        self.findings.push(finding);
    }

    fn refuse(&mut self, at: &Range<usize>, message: String) {
        self.findings.push(
            Diagnostic::error(at, message, "")
                .note("keepalived refuses to start, as the configuration asks it to"),
        );
    }

    /// Reads one file. Relative names in it are seen from where it is.
    fn read(&mut self, path: &Path, folder: &Path, strictness: Strictness, at: &Range<usize>) {
        let real = folder.join(path);
        let text = match allowed(&real).and_then(|()| load::read_included(&real).map_err(Hindrance::Unusable))
        {
            Ok(text) => text,
            Err(hindrance) => return self.report_hindrance(path, hindrance, strictness, at),
        };
        let number = self.files.len();
        let name = path.display().to_string();
        self.files.push(File { name, path: Some(real.as_path().into()), text });
        let before = (self.folder.clone(), self.strictness);
        self.folder = Some(real.parent().map_or_else(|| folder.to_owned(), PathBuf::from));
        self.depth += 1;
        self.file(number);
        self.depth -= 1;
        (self.folder, self.strictness) = before;
    }

    fn report_hindrance(
        &mut self,
        path: &Path,
        hindrance: Hindrance,
        strictness: Strictness,
        at: &Range<usize>,
    ) {
        let name = path.display();
        let message = match hindrance {
            Hindrance::Directory => format!("{name} is a directory"),
            Hindrance::Odd => format!("{name} is not a regular file without permission to execute it"),
            Hindrance::Unusable(error) => {
                if !error.is_of_the_system() {
                    self.findings.push(Diagnostic::error(at, error.to_string(), "read here"));
                    return;
                }
                error.to_string()
            }
        };
        if strictness.forbids(Fault::Unreadable) {
            return self.refuse(at, message);
        }
        let note = "keepalived logs this and skips the file; keepwatch does the same";
        self.findings.push(Diagnostic::warning(at, message, "").note(note));
    }
}

/// Why a file is not read.
enum Hindrance {
    Directory,
    /// keepalived reads only regular files that nobody may execute.
    Odd,
    Unusable(load::LoadError),
}

fn allowed(path: &Path) -> Result<(), Hindrance> {
    let Ok(about) = path.metadata() else { return Ok(()) };
    if about.is_dir() {
        return Err(Hindrance::Directory);
    }
    let is_program = about.permissions().mode() & 0o111 != 0;
    if about.is_file() && !is_program { Ok(()) } else { Err(Hindrance::Odd) }
}
