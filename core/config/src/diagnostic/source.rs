//! The text that findings are about.

use std::borrow::Cow;
use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::traced::{Origin, Traced};
use crate::similar::nearest;

/// A text with the name it is known by.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// What is shown before the line number: the file's name without its directory.
    pub name: String,
    /// The text; of a keepalived.conf as it is after its includes, conditions, variables and repetitions, of a native file with
    /// those that it includes behind it.
    pub text: String,
    /// Where it is, if it is a file, and where those are that it names.
    whereabouts: Option<Box<Whereabouts>>,
    /// Where it comes from; nothing if it is a file as it stands.
    assembly: Option<Box<Assembly>>,
}

/// Where a file is, and where those are that it names.
#[derive(Clone, Default, PartialEq, Eq)]
struct Whereabouts {
    /// Nowhere, if it is no file.
    path: Option<Box<Path>>,
    /// Where files that it names were looked for, patterns among them.
    named: Vec<PathBuf>,
}

/// How a text was put together.
#[derive(Clone, PartialEq, Eq)]
struct Assembly {
    files: Vec<File>,
    /// The same text with where each part comes from.
    traced: Traced,
}

/// A file that was read.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct File {
    /// Its name as shown.
    pub(crate) name: String,
    /// Where it is.
    pub(crate) path: Option<Box<Path>>,
    pub(crate) text: String,
}

impl Source {
    /// A text that is a file as it stands.
    #[must_use]
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), whereabouts: None, assembly: None }
    }

    /// The same text, of the file at `path`.
    #[must_use]
    pub fn at(mut self, path: impl Into<PathBuf>) -> Self {
        self.whereabouts.get_or_insert_default().path = Some(path.into().into_boxed_path());
        self
    }

    /// What was put together from this file and others that it includes.
    pub(crate) fn assembled(self, files: Vec<File>, traced: Traced) -> Self {
        let text = traced.text.clone();
        Self { text, assembly: Some(Box::new(Assembly { files, traced })), ..self }
    }

    /// The file that this text is.
    pub(crate) fn file(&self) -> File {
        File { name: self.name.clone(), path: self.own_path().map(Into::into), text: self.text.clone() }
    }

    /// The same text, which names these files, there or not.
    pub(crate) fn naming(mut self, files: Vec<PathBuf>) -> Self {
        if !files.is_empty() {
            self.whereabouts.get_or_insert_default().named.extend(files);
        }
        self
    }

    /// Whether it is one file as it stands, and not put together from several, or from lines with variables.
    #[must_use]
    pub fn is_one_file(&self) -> bool {
        self.assembly.is_none()
    }

    fn own_path(&self) -> Option<&Path> {
        self.whereabouts.as_ref()?.path.as_deref()
    }

    /// Where the files are that it was put together from, and those that it names.
    pub(crate) fn paths(&self) -> Vec<&Path> {
        let included = self.assembly.iter().flat_map(|assembly| &assembly.files);
        let read = self.own_path().into_iter().chain(included.filter_map(|file| file.path.as_deref()));
        let named = self.whereabouts.iter().flat_map(|whereabouts| &whereabouts.named);
        read.chain(named.map(PathBuf::as_path)).collect()
    }

    /// The path of the file with this number, or what it is called if it is none.
    pub(super) fn path(&self, number: usize) -> Cow<'_, str> {
        let file = self.assembly.as_ref().and_then(|assembly| assembly.files.get(number));
        let (name, path) =
            file.map_or_else(|| (&self.name, self.own_path()), |file| (&file.name, file.path.as_deref()));
        path.map_or_else(|| name.as_str().into(), Path::to_string_lossy)
    }

    /// The file, line and column at which octet `at` of the text is written: the last two counted from 1, the column in characters.
    #[must_use]
    pub fn position(&self, at: usize) -> (&str, usize, usize) {
        let origin = self.origin(&(at..at));
        let (name, text) = self.numbered(origin.file);
        let before = text.get(..text.floor_char_boundary(origin.span.start)).unwrap_or_default();
        let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
        (name, before.matches('\n').count() + 1, column)
    }

    /// Where `span` of the text is written.
    pub(super) fn origin(&self, span: &Range<usize>) -> Origin {
        let traced = self.assembly.as_ref().and_then(|assembly| assembly.traced.origin(span));
        traced.unwrap_or_else(|| Origin { file: 0, span: span.clone() })
    }

    /// Name and text of each file.
    pub(super) fn files(&self) -> Vec<(&str, &str)> {
        match &self.assembly {
            None => vec![(&self.name, &self.text)],
            Some(assembly) => {
                assembly.files.iter().map(|file| (file.name.as_str(), file.text.as_str())).collect()
            }
        }
    }

    fn numbered(&self, index: usize) -> (&str, &str) {
        let file = self.assembly.as_ref().and_then(|assembly| assembly.files.get(index));
        file.map_or((&self.name, &self.text), |file| (&file.name, &file.text))
    }
}

/// The text may hold a password, so it is not shown.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Source({:?}, {} octets)", self.name, self.text.len())
    }
}

/// Keys that somebody may write a secret behind, though it belongs into a file.
const SECRET: [&str; 6] = ["key", "pass", "password", "token", "secret", "routing_key"];

/// `line` with every octet of a secret replaced by `*`: what follows `auth_pass`, even in a comment, or the header
/// `Authorization`, or an `auth_type` that is hardly one, the line that gives an `auth_hmac` key or a secret, the value of a variable whose name says that it is
/// one, and the path of a webhook. The length in octets stays, so that positions stay right.
pub(super) fn masked(line: &str) -> String {
    let first = line.split([' ', '\t', '=']).find(|word| !word.is_empty());
    let lower = line.to_ascii_lowercase();
    // Of `auth_pass_file` only the place is written.
    let is_place = |at: &usize| {
        let rest = lower.get(*at..).unwrap_or_default();
        rest.starts_with("_file") || rest.starts_with("_credential")
    };
    let behind =
        |word: &str| lower.match_indices(word).map(|(at, word)| at + word.len()).find(|at| !is_place(at));
    let secret = [behind("auth_pass").or_else(|| behind("authorization")), behind_no_type(&lower)];
    let begin = match (secret.into_iter().flatten().min(), first) {
        (_, Some(name)) if is_secret_variable(name) => line.find('=').map_or(0, |at| at + 1),
        (Some(at), _) => at,
        // Also what is hardly anything but a slip for `auth_pass`.
        (None, Some(word)) if SECRET.contains(&word) || nearest(word, ["auth_pass"]).is_some() => {
            line.find(word).map_or(0, |at| at + word.len())
        }
        // Many services know their users by it; the scheme and the host may be seen, a password before it not.
        (None, Some("webhook" | "url")) => {
            let nth = if line.contains('@') { 1 } else { 2 };
            match line.match_indices('/').nth(nth) {
                Some((at, _)) => at + 1,
                None => return line.to_owned(),
            }
        }
        (None, _) => return line.to_owned(),
    };
    let begin = begin + assignment(line.get(begin..).unwrap_or_default());
    let (before, secret) = line.split_at_checked(begin).unwrap_or((line, ""));
    let mut masked = before.to_owned();
    for c in secret.chars() {
        if c.is_whitespace() || c == '{' || c == '}' {
            masked.push(c);
        } else {
            masked.extend(std::iter::repeat_n('*', c.len_utf8()));
        }
    }
    masked
}

/// Where what follows `auth_type` begins, if that is no type, nor near one: then it may be a password that slipped there.
fn behind_no_type(lower: &str) -> Option<usize> {
    const KEYWORD: &str = "auth_type";
    let begin = lower.find(KEYWORD)? + KEYWORD.len();
    let behind = lower.get(begin..)?;
    let is_around = |c: char| c.is_whitespace() || matches!(c, '=' | '"' | '\'' | '{' | '}');
    let word = behind.trim_start_matches(is_around).split(is_around).next()?;
    (!word.is_empty() && !is_auth_type(word)).then_some(begin)
}

/// Whether a word is a kind of authentication, or a slip for one. Of another one nobody knows whether it is a secret.
pub(crate) fn is_auth_type(word: &str) -> bool {
    ["PASS", "AH", "none"].iter().any(|kind| kind.eq_ignore_ascii_case(word))
        || nearest(word, ["PASS"]).is_some()
}

/// How many octets of what stands behind a key of TOML are no value: ` = ` before it. A word of a keepalived.conf may begin with
/// `=`, too, and then is all secret.
fn assignment(behind: &str) -> usize {
    let after = behind.trim_start().strip_prefix('=').unwrap_or_default();
    let value = after.trim_start();
    let stands_alone = after.len() > value.len();
    let is_value = value.starts_with(['"', '\'', '[', '{']) || (stands_alone && !value.is_empty());
    if is_value { behind.len() - value.len() } else { 0 }
}

/// Whether a word is a `$NAME` that holds a password or a key, as far as its name says.
fn is_secret_variable(word: &str) -> bool {
    let name = word.to_ascii_lowercase();
    name.starts_with('$') && ["pass", "key", "secret"].iter().any(|part| name.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_follows_auth_pass_is_masked_octet_by_octet() {
        let table = [
            ("   auth_pass 1111", "   auth_pass ****"),
            (
                "authentication { auth_type PASS auth_pass \"a b\" }",
                "authentication { auth_type PASS auth_pass ** ** }",
            ),
            ("auth_pass pä#ss # old one", "auth_pass ****** * *** ***"),
            ("  key 1 hex:0011", "  key * ********"),
            ("password = \"open\"", "password = ******"),
            ("headers = { Authorization = \"Bearer x\" }", "headers = { Authorization = ******* ** }"),
            ("url = \"https://a.example/T0\"", "url = \"https://a.example/***"),
            ("password_file = \"a\"", "password_file = \"a\""),
            ("auth_pass_file = \"a\"", "auth_pass_file = \"a\""),
            ("auth_pass_file = \"a\" # auth_pass = \"b\"", "auth_pass_file = \"a\" # auth_pass = ***"),
            (
                "web = { auth_pass_file = \"p\", auth_pass = \"b\" }",
                "web = { auth_pass_file = \"p\", auth_pass = *** }",
            ),
            ("auth_pas 1111", "auth_pas ****"),
            ("auht_pass = \"b\"", "auht_pass = ***"),
            ("pass = \"b\"", "pass = ***"),
            ("auth_type PASS", "auth_type PASS"),
            ("auth_type Pas", "auth_type Pas"),
            ("  auth_type hushhush", "  auth_type ********"),
            ("authentication { auth_type x auth_pass y }", "authentication { auth_type * ********* * }"),
            ("auth_type = \"hushhush\"", "auth_type = **********"),
            ("auth_type", "auth_type"),
            ("auth_pass_phrase 1111", "auth_pass******* ****"),
            ("webhook = \"https://a.example/T0/B0\"", "webhook = \"https://a.example/******"),
            ("webhook=\"https://a.example\"", "webhook=\"https://a.example\""),
            ("auth_pass=\"1111\"", "auth_pass=******"),
            ("auth_pass = 1 # 1", "auth_pass = * * *"),
            ("auth_pass =1", "auth_pass **"),
            ("auth_pass =", "auth_pass *"),
            ("$VRRP_PASS=1111", "$VRRP_PASS=****"),
            ("$VIP=10.0.0.1", "$VIP=10.0.0.1"),
            ("  interface eth0", "  interface eth0"),
            ("auth_pass", "auth_pass"),
        ];
        for (line, expected) in table {
            assert_eq!(masked(line), expected);
            assert_eq!(masked(line).len(), line.len());
        }
    }

    #[test]
    fn debug_does_not_show_the_text() {
        let source = Source::new("a.conf", "auth_pass 1111\n");
        assert_eq!(format!("{source:?}"), "Source(\"a.conf\", 15 octets)");
    }
}
