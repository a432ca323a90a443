//! Reads statements and their arguments, and reports what is wrong with them as keepalived would.

use std::collections::HashSet;
use std::ops::{Range, RangeInclusive};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::keywords::{Level, Status, takes_block};
use super::super::number::{self, Number};
use super::super::parser::Statement;
use super::super::token::{Comment, Word};
use super::super::unknown::unknown;
use super::checks::Kind;
use super::routing::iproute::Iproute;
use crate::diagnostic::{Diagnostic, Findings};
use crate::similar::{choice, shown};

/// After so many unknown keywords nobody reads on, and each costs a search.
const MOST_UNKNOWN: usize = 100;

/// Findings, and what is to be said once for the whole file.
pub(super) struct Reader<'f> {
    findings: &'f mut Findings,
    unknown: usize,
    /// The last unknown keyword that was not reported.
    last_unknown: Option<Range<usize>>,
    /// Keywords that are misspelt: what is missing because of them is not said again.
    misspelt: Vec<Misspelt>,
    /// What a tracker names, whatever then becomes of the tracker.
    pub(super) tracked: HashSet<(Kind, String)>,
    /// Where names of routing tables and the like are listed.
    pub(super) iproute: Iproute,
    /// Statements about load balancing: where the first stands, and how many there are.
    load_balancing: Option<(Range<usize>, usize)>,
}

/// A keyword that was misspelt, and reported.
pub(super) struct Misspelt {
    level: Level,
    /// What was meant.
    pub(super) keyword: &'static str,
    /// The word behind it: the name of a block.
    name: Option<String>,
    pub(super) span: Range<usize>,
}

impl<'f> Reader<'f> {
    pub(super) fn new(findings: &'f mut Findings) -> Self {
        Self {
            findings,
            unknown: 0,
            last_unknown: None,
            misspelt: Vec::new(),
            tracked: HashSet::new(),
            iproute: Iproute::default(),
            load_balancing: None,
        }
    }

    /// How many findings there are.
    pub(super) fn count(&self) -> usize {
        self.findings.len()
    }

    /// What is misspelt in the block of this level that has just been read.
    pub(super) fn take_misspelt(&mut self, level: Level) -> Vec<Misspelt> {
        self.misspelt.extract_if(.., |misspelt| misspelt.level == level).collect()
    }

    /// Blocks outside all others whose keyword is misspelt so far.
    pub(super) fn misspelt_blocks(&self, keyword: &str) -> impl Iterator<Item = &Misspelt> {
        let is_it = move |block: &&Misspelt| block.level == Level::Root && block.keyword == keyword;
        self.misspelt.iter().filter(is_it)
    }

    /// Whether there is such a block of this name.
    pub(super) fn has_misspelt_block(&self, keyword: &str, name: &str) -> bool {
        self.misspelt_blocks(keyword).any(|block| block.name.as_deref() == Some(name))
    }

    fn misspelt(&mut self, level: Level, statement: &Statement<'_>, keyword: &'static str) {
        if let Some(kind) = Kind::of_tracker(keyword).filter(|_| level != Level::Root) {
            let names = statement.entries().iter().map(|entry| (kind, entry.keyword().to_owned()));
            self.tracked.extend(names);
        }
        let name = statement.argument(0).map(|word| word.text.clone().into_owned());
        let span = statement.line.keyword.span.clone();
        self.misspelt.push(Misspelt { level, keyword, name, span });
    }

    pub(super) fn report(&mut self, finding: Diagnostic) {
        self.findings.push(finding);
    }

    /// A warning about something keepalived logs; `outcome` says what it then does, after "keepalived".
    pub(super) fn survived(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        outcome: &str,
    ) {
        self.report(Self::survivor(span, message, label, outcome));
    }

    /// The same, for whoever has more to say of it.
    pub(super) fn survivor(
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        outcome: &str,
    ) -> Diagnostic {
        let note = format!("keepalived logs this and {outcome}; keepwatch does the same");
        Diagnostic::warning(span, message, label).note(note)
    }

    /// A path as keepalived finds it, whose folder is `/` as that of all daemons.
    pub(super) fn below_root(&mut self, word: &Word<'_>) -> PathBuf {
        let written = word.text.as_ref();
        let taken: PathBuf = Path::new("/").join(written).components().collect();
        if !written.starts_with('/') {
            let message = format!("{} is taken for {}", shown(written), taken.display());
            self.report(
                Diagnostic::warning(&word.span, message, "")
                    .note("keepalived looks for it from its own folder, `/`; keepwatch does the same")
                    .help(format!("write {}", taken.display())),
            );
            return taken;
        }
        written.into()
    }

    /// Reports a keyword of which the first one counts.
    pub(super) fn there_already(&mut self, statement: &Statement<'_>, keyword: &str) {
        let message = format!("`{keyword}` is there already");
        self.survived(&statement.line.span, message, "", "uses the first one");
    }

    /// Whether the statement is one to be read at this level; reports it otherwise.
    pub(super) fn accepts(&mut self, level: Level, statement: &Statement<'_>) -> bool {
        let keyword = statement.keyword();
        let span = &statement.line.keyword.span;
        match level.status(keyword) {
            Some(Status::Supported | Status::Partly(_)) => self.has_right_form(statement),
            Some(Status::Always(_)) => false,
            Some(Status::Ignored(reason)) => {
                let message = format!("`{keyword}` is not supported by this version");
                self.report(Diagnostic::remark(span, message, "").note(reason));
                false
            }
            Some(Status::Ipvs) => {
                self.load_balancing.get_or_insert_with(|| (statement.line.span.clone(), 0)).1 += 1;
                false
            }
            Some(Status::Refused(reason)) => {
                let message = format!("`{keyword}` is not supported by this version");
                self.report(Diagnostic::error(span, message, "").note(reason));
                false
            }
            Some(Status::Unsupported(reason)) => {
                let message = format!("`{keyword}` is not supported by this version");
                self.report(Diagnostic::warning(span, message, "").note(reason));
                false
            }
            Some(Status::Deprecated(new)) => {
                let mut finding =
                    Diagnostic::warning(span, format!("`{keyword}` is deprecated"), format!("now `{new}`"));
                if let Some(Status::Unsupported(reason)) = level.status(new) {
                    finding = finding.note(format!("it is not supported by this version either: {reason}"));
                }
                self.report(finding);
                matches!(level.status(new), Some(Status::Supported | Status::Partly(_)))
                    && self.has_right_form(statement)
            }
            None => {
                self.unknown += 1;
                if self.unknown <= MOST_UNKNOWN {
                    let (finding, meant) = unknown(level, statement);
                    self.report(finding);
                    if let Some(keyword) = meant {
                        self.misspelt(level, statement, keyword);
                    }
                } else {
                    self.last_unknown = Some(span.clone());
                }
                false
            }
        }
    }

    fn has_right_form(&mut self, statement: &Statement<'_>) -> bool {
        let keyword = statement.keyword();
        let span = &statement.line.keyword.span;
        match (&statement.block, takes_block(keyword)) {
            (Some(_), true) | (None, false) => true,
            (Some(block), false) => {
                let open = block.open..block.open + 1;
                let message = format!("`{keyword}` has no block");
                self.report(Diagnostic::error(&open, message, "this `{` is one too many").and(span, ""));
                false
            }
            (None, true) => {
                let message = format!("`{keyword}` needs a block");
                self.report(
                    Diagnostic::error(span, message, "no `{` follows")
                        .help(format!("write `{keyword} ... {{`, then what belongs to it, then `}}`")),
                );
                false
            }
        }
    }

    /// Says what is said once for the whole file.
    pub(super) fn finish(&mut self) {
        if let Some(span) = self.last_unknown.take() {
            let count = self.unknown - MOST_UNKNOWN;
            let message = match count {
                1 => "another unknown keyword is not shown".to_owned(),
                _ => format!("{count} more unknown keywords are not shown"),
            };
            self.report(Diagnostic::warning(&span, message, "the last of them"));
        }
        let Some((span, count)) = self.load_balancing.take() else { return };
        let many = if count == 1 { "this is".to_owned() } else { format!("this and {} more are", count - 1) };
        self.report(
            Diagnostic::warning(
                &span,
                "load balancing (IPVS) is not part of keepwatch",
                format!("{many} left out"),
            )
            .note("keepalived would distribute connections to real servers; keepwatch moves addresses only"),
        );
    }

    /// The one name behind a block's keyword. keepalived skips the block without it.
    pub(super) fn name<'s, 'a>(&mut self, statement: &'s Statement<'a>) -> Option<&'s Word<'a>> {
        if let [name] = statement.line.arguments.as_slice() {
            return Some(name);
        }
        let message = format!("`{}` needs one name", statement.keyword());
        self.survived(&statement.line.span, message, "", "skips the block");
        None
    }

    /// The first argument; keepalived refuses to start without it.
    pub(super) fn value<'s, 'a>(&mut self, statement: &'s Statement<'a>) -> Option<&'s Word<'a>> {
        if let Some(word) = statement.argument(0) {
            return Some(word);
        }
        let message = format!("`{}` needs a value", statement.keyword());
        let mut finding = Diagnostic::error(&statement.line.keyword.span, message, "nothing follows")
            .note("keepalived refuses to start");
        if statement.line.comment != Comment::None {
            finding =
                finding.help("`#` and `!` begin a comment: put a value that holds one in double quotes");
        }
        self.report(finding);
        None
    }

    /// The first argument as a whole number. Rubbish behind it is survived; out of range it is ignored, and
    /// `outcome` says what keepalived then does.
    pub(super) fn whole(
        &mut self,
        statement: &Statement<'_>,
        range: RangeInclusive<u32>,
        outcome: &str,
    ) -> Option<u32> {
        let word = self.value(statement)?;
        let number = number::whole(&word.text);
        let value = u32::try_from(number.value).ok().filter(|value| range.contains(value));
        let Some(value) = value else {
            let label = format!("must be {} to {}", range.start(), range.end());
            self.out_of_range(statement, word, label, outcome);
            return None;
        };
        self.check_clean(word, number, || value.to_string());
        Some(value)
    }

    /// The first argument as a whole number with nothing behind it. Otherwise `None`, and nothing reported
    /// but its absence.
    pub(super) fn exact(&mut self, statement: &Statement<'_>, range: RangeInclusive<u32>) -> Option<u32> {
        let number = number::whole(&self.value(statement)?.text);
        u32::try_from(number.value).ok().filter(|value| number.clean && range.contains(value))
    }

    /// The first argument as seconds with up to `places` decimal places.
    pub(super) fn seconds(
        &mut self,
        statement: &Statement<'_>,
        range: RangeInclusive<Duration>,
        places: usize,
        outcome: &str,
    ) -> Option<Duration> {
        let word = self.value(statement)?;
        let unit = if places == 3 { Duration::from_millis(1) } else { Duration::from_micros(1) };
        let number = number::decimal(&word.text, places);
        let time = |number: Number| u32::try_from(number.value).ok().map(|count| unit.saturating_mul(count));
        let value = number.and_then(time).filter(|value| range.contains(value));
        let (Some(number), Some(value)) = (number, value) else {
            let (least, most) = (range.start().as_secs_f64(), range.end().as_secs_f64());
            self.out_of_range(statement, word, format!("must be {least} to {most} seconds"), outcome);
            return None;
        };
        self.check_clean(word, number, || format!("{} s", value.as_secs_f64()));
        Some(value)
    }

    pub(super) fn out_of_range(
        &mut self,
        statement: &Statement<'_>,
        word: &Word<'_>,
        label: String,
        outcome: &str,
    ) {
        let what =
            if number::whole(&word.text).clean || number::decimal(&word.text, 6).is_some_and(|n| n.clean) {
                "is out of range"
            } else {
                "is not a number"
            };
        self.survived(&word.span, format!("`{}` {what}", statement.keyword()), label, outcome);
    }

    /// Reports rubbish behind a number that is used all the same.
    pub(super) fn check_clean(&mut self, word: &Word<'_>, number: Number, used: impl FnOnce() -> String) {
        if !number.clean {
            let message = format!("{} is not a plain number", shown(&word.text));
            self.survived(&word.span, message, "", &format!("reads {}", used()));
        }
    }

    /// An optional `on`, `true`, `yes`, `off`, `false` or `no`; nothing means on.
    pub(super) fn switch(&mut self, statement: &Statement<'_>) -> Option<bool> {
        let Some(word) = statement.argument(0) else { return Some(true) };
        match word.text.as_ref() {
            "on" | "true" | "yes" => Some(true),
            "off" | "false" | "no" => Some(false),
            _ => {
                let message = format!("`{}` can be on or off only", statement.keyword());
                let choices = ["on", "off", "true", "false", "yes", "no"];
                let label = choice(&word.text, &choices, "must be on, true, yes, off, false or no");
                self.survived(&word.span, message, label, "ignores the line");
                None
            }
        }
    }

    /// The entries of a list block, of which none may have a block itself.
    pub(super) fn entries<'s, 'a>(&mut self, statement: &'s Statement<'a>) -> Vec<&'s Statement<'a>> {
        let mut entries = Vec::new();
        for entry in statement.entries() {
            if let Some(block) = &entry.block {
                let open = block.open..block.open + 1;
                let message = format!("an entry of `{}` has no block", statement.keyword());
                self.report(Diagnostic::error(&open, message, "this `{` is one too many"));
            } else {
                entries.push(entry);
            }
        }
        entries
    }

    /// All words of a list block in which each word is an entry.
    pub(super) fn words<'s, 'a>(&mut self, statement: &'s Statement<'a>) -> Vec<&'s Word<'a>> {
        let words =
            |entry: &'s Statement<'a>| std::iter::once(&entry.line.keyword).chain(&entry.line.arguments);
        self.entries(statement).into_iter().flat_map(words).collect()
    }
}
