//! `authentication`: the password of version 2.

use std::ops::Range;

use super::super::keywords::Level;
use super::super::parser::Statement;
use super::super::token::Comment;
use super::reader::Reader;
use super::twice::Twice;
use crate::diagnostic::{Diagnostic, is_auth_type};
use crate::model::Password;
use crate::similar::{choice, shown};

/// What the block says.
#[derive(Clone, Default)]
pub(super) struct Authentication {
    kind: Option<(Kind, Range<usize>)>,
    password: Option<Password>,
    /// Where the password stands.
    password_at: Option<Range<usize>>,
    /// Whether a line without value has been reported as an error.
    incomplete: bool,
    /// Keywords that are there, but misspelt or with a value that cannot be: that has been reported.
    misspelt: Vec<&'static str>,
    twice: Twice,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Pass,
    Header,
}

/// Why an instance has no authentication whatever is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Impossible {
    /// Version 3 has none.
    Version3,
    /// `vrrp_strict` forbids it.
    Strict,
}

impl Authentication {
    pub(super) fn read(&mut self, block: &Statement<'_>, reader: &mut Reader<'_>) {
        for statement in block.entries() {
            if reader.accepts(Level::Authentication, statement) {
                let before = reader.count();
                self.setting(statement, reader);
                self.twice.check(statement, before, reader);
            }
        }
        let misspelt = reader.take_misspelt(Level::Authentication);
        self.misspelt.extend(misspelt.into_iter().map(|misspelt| misspelt.keyword));
    }

    fn setting(&mut self, statement: &Statement<'_>, reader: &mut Reader<'_>) {
        let Some(word) = reader.value(statement) else {
            self.incomplete = true;
            return;
        };
        if statement.keyword() == "auth_pass" {
            if word.text.len() > 8 {
                let label = format!("{} octets, of which 8 are used", word.text.len());
                reader.survived(&word.span, "the password is too long", label, "uses its first 8 octets");
            }
            let is_alone = statement.argument(1).is_none() && !statement.line.raw.trim_end().ends_with('"');
            if statement.line.comment == Comment::WithinWord && is_alone {
                let message = "the password ends where a comment begins";
                let label = format!("{} octets", word.text.len());
                reader.report(
                    Diagnostic::remark(&word.span, message, label)
                        .note(
                            "`#` and `!` begin a comment within a word, too, under keepalived and keepwatch",
                        )
                        .help(
                            "put the password in double quotes if it goes on, or a blank before the comment",
                        ),
                );
            }
            if word.text == "=" && statement.argument(1).is_some() {
                let message = "the password is the `=`, and not what stands behind it";
                reader.report(Diagnostic::remark(
                    &word.span,
                    message,
                    "a keepalived.conf has none: remove it",
                ));
            }
            self.password = password(&word.text);
            self.password_at = Some(word.span.clone());
            return;
        }
        match word.text.as_ref() {
            "PASS" => self.kind = Some((Kind::Pass, word.span.clone())),
            "AH" => self.kind = Some((Kind::Header, word.span.clone())),
            other => {
                // Whoever wrote the password there is not to find it in a log.
                let what = if is_auth_type(other) { shown(other) } else { "this".to_owned() };
                let message = format!("{what} is no kind of authentication");
                let label = choice(other, &["PASS"], "must be PASS");
                reader.survived(&word.span, message, label, "ignores the line");
                self.misspelt.push("auth_type");
            }
        }
    }

    /// The password that adverts carry.
    pub(super) fn complete(
        self,
        impossible: Option<Impossible>,
        reader: &mut Reader<'_>,
    ) -> Option<Password> {
        if self.incomplete {
            return None;
        }
        let Some((kind, span)) = self.kind else {
            if let Some(span) = self.password_at
                && !self.misspelt.contains(&"auth_type")
            {
                let label = "unused without `auth_type PASS`";
                reader.survived(&span, "a password without `auth_type`", label, "sends no password");
            }
            return None;
        };
        match impossible {
            Some(Impossible::Version3) => {
                reader.survived(&span, "VRRP version 3 has no authentication", "", "sends no password");
                return None;
            }
            Some(Impossible::Strict) => {
                reader.survived(&span, "`vrrp_strict` forbids authentication", "", "sends no password");
                return None;
            }
            None => {}
        }
        if self.password.is_none() {
            if !self.misspelt.contains(&"auth_pass") {
                reader.survived(&span, "authentication without a password", "", "sends no password");
            }
            return None;
        }
        if kind == Kind::Header {
            reader.report(
                Diagnostic::error(&span, "`auth_type AH` is not supported by this version", "")
                    .note("keepalived would sign adverts, and its peers refuse unsigned ones")
                    .help("use `auth_type PASS` on all routers, or none"),
            );
            return None;
        }
        self.password
    }
}

/// The first eight octets; `None` for an empty password.
fn password(text: &str) -> Option<Password> {
    let mut octets = [0; 8];
    octets.iter_mut().zip(text.bytes()).for_each(|(slot, octet)| *slot = octet);
    (octets != [0; 8]).then_some(Password(octets))
}
