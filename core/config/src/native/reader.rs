//! Values of a native file, with findings where they are not what they should be.

use std::net::IpAddr;
use std::ops::{Range, RangeInclusive};
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::keys::{Key, home, names, of_kind};
use crate::diagnostic::{Diagnostic, Findings};
use crate::lint::{self, Unread};
use crate::model::{FileAt, InterfaceName, Place, Written};
use crate::similar::{choice, shown, there_is};

/// The longest duration that a key may have: a year. What is longer is a mistake, and clocks could not count so far.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 60 * 60);

/// Reads values, and keeps what is to be said about them.
pub(super) struct Reader<'f> {
    pub(super) findings: &'f mut Findings,
}

/// What stands under a key, if it stands there and is right.
pub(super) fn optional<T>(
    table: &DeTable<'_>,
    key: &str,
    read: impl FnOnce(Entry<'_, '_>) -> Option<T>,
) -> Option<T> {
    table.get(key).and_then(|value: &Spanned<DeValue<'_>>| read(value))
}

pub(super) type Entry<'v, 'i> = &'v Spanned<DeValue<'i>>;

impl Reader<'_> {
    pub(super) fn error(
        &mut self,
        span: &Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
    ) {
        self.findings.push(Diagnostic::error(span, message, label));
    }

    /// Refuses keys that are none of these.
    pub(super) fn only(&mut self, table: &DeTable<'_>, known: &[&[Key]], place: &str) {
        self.only_named(table, &names(known), place);
    }

    /// Refuses keys that have none of these names.
    pub(super) fn only_named(&mut self, table: &DeTable<'_>, known: &[&str], place: &str) {
        table.keys().for_each(|key| self.known(key, known, place));
    }

    /// Refuses a key that has none of these names.
    pub(super) fn known(&mut self, key: &Spanned<DeString<'_>>, known: &[&str], place: &str) {
        let word = key.get_ref().as_ref();
        if !known.contains(&word) {
            let otherwise = || of_kind(word, place).unwrap_or_else(|| there_is(known));
            let label = home(word, place).unwrap_or_else(|| choice(word, known, &otherwise()));
            self.unknown(key, place, label);
        }
    }

    /// Refuses a key.
    pub(super) fn unknown(&mut self, key: &Spanned<DeString<'_>>, place: &str, label: impl Into<String>) {
        self.error(&key.span(), format!("unknown key {} in {place}", shown(key.get_ref())), label);
    }

    pub(super) fn wrong(&mut self, value: Entry<'_, '_>, what: &str) {
        let message = format!("this is {}, not {what}", with_article(value.get_ref().type_str()));
        self.error(&value.span(), message, "");
    }

    pub(super) fn text(&mut self, value: Entry<'_, '_>) -> Option<String> {
        let text = value.get_ref().as_str().map(str::to_owned);
        if text.is_none() {
            self.wrong(value, "a text in quotes");
        }
        text
    }

    pub(super) fn table<'v, 'i>(&mut self, value: Entry<'v, 'i>, what: &str) -> Option<&'v DeTable<'i>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong(value, what);
        }
        table
    }

    pub(super) fn texts(&mut self, value: Entry<'_, '_>, what: &str) -> Option<Vec<Written>> {
        let Some(array) = value.get_ref().as_array() else {
            self.wrong(value, what);
            return None;
        };
        let texts = array.iter().map(|item| {
            let span = item.span();
            self.text(item).map(|text| Written { text, span })
        });
        texts.collect()
    }

    /// A path; one that is not absolute counts from `folder`.
    pub(super) fn path(&mut self, value: Entry<'_, '_>, folder: &std::path::Path) -> Option<PathBuf> {
        self.text(value).map(|text| folder.join(text))
    }

    /// The same, for a file that is looked at later.
    pub(super) fn file(&mut self, value: Entry<'_, '_>, folder: &std::path::Path) -> Option<FileAt> {
        let path = self.path(value, folder)?;
        Some(FileAt { path, place: Place::native(value.span()) })
    }

    /// `"10s"`, `"1m 30s"`, `"500ms"`; more than zero, and no longer than [`LONGEST`].
    pub(super) fn duration(&mut self, value: Entry<'_, '_>) -> Option<Duration> {
        let Some(text) = value.get_ref().as_str() else {
            let label = "write a text with a unit: \"500ms\", \"10s\", \"2m\"";
            self.error(&value.span(), "a duration has a unit", label);
            return None;
        };
        match humantime::parse_duration(text) {
            Ok(Duration::ZERO) => {
                self.error(&value.span(), "this is no time at all", "more than zero");
                None
            }
            Ok(duration) if duration > LONGEST => {
                self.error(&value.span(), "this is longer than a year", "at most \"1year\"");
                None
            }
            Ok(duration) => Some(duration),
            Err(_) => {
                let label = "a number and a unit: \"500ms\", \"10s\", \"2m\"";
                self.error(&value.span(), format!("{} is no duration", shown(text)), label);
                None
            }
        }
    }

    /// A duration that may also be none at all: `"0s"`.
    pub(super) fn pause(&mut self, value: Entry<'_, '_>) -> Option<Duration> {
        match value.get_ref().as_str().map(humantime::parse_duration) {
            Some(Ok(Duration::ZERO)) => Some(Duration::ZERO),
            _ => self.duration(value),
        }
    }

    /// The same, as long as keepalived and the kernel have it for some: seconds of 32 bits.
    pub(super) fn long_pause(&mut self, value: Entry<'_, '_>) -> Option<Duration> {
        match value.get_ref().as_str().map(humantime::parse_duration) {
            Some(Ok(long)) if long <= Duration::from_secs(u32::MAX.into()) => Some(long),
            _ => self.pause(value),
        }
    }

    /// `"32 MiB"`: octets.
    pub(super) fn size(&mut self, value: Entry<'_, '_>) -> Option<u64> {
        const UNITS: [(&str, u64); 4] = [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1)];
        let read = value.get_ref().as_str().and_then(|text| {
            let (number, unit) =
                UNITS.iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)))?;
            number.trim().parse::<u64>().ok()?.checked_mul(*unit)
        });
        if read.is_none() {
            self.error(&value.span(), "this is no size", "a number and a unit: \"32 MiB\"");
        }
        read
    }

    pub(super) fn count(&mut self, value: Entry<'_, '_>) -> Option<u32> {
        let number = value.get_ref().as_integer();
        let read = number.and_then(|number| u32::from_str_radix(number.as_str(), number.radix()).ok());
        if read.is_none_or(|number| number == 0) {
            self.error(&value.span(), "this is no count", "a whole number from 1 on");
            return None;
        }
        read
    }

    /// A whole number within bounds.
    pub(super) fn whole(&mut self, value: Entry<'_, '_>, bounds: RangeInclusive<i64>) -> Option<i64> {
        let number = value.get_ref().as_integer();
        let read = number.and_then(|number| i64::from_str_radix(number.as_str(), number.radix()).ok());
        let read = read.filter(|number| bounds.contains(number));
        if read.is_none() {
            let label = format!("a whole number from {} to {}", bounds.start(), bounds.end());
            self.error(&value.span(), "this number cannot be", label);
        }
        read
    }

    pub(super) fn flag(&mut self, value: Entry<'_, '_>) -> Option<bool> {
        let truth = value.get_ref().as_bool();
        if truth.is_none() {
            self.wrong(value, "true or false");
        }
        truth
    }

    /// One of a few words.
    pub(super) fn one_of<T: Copy>(&mut self, value: Entry<'_, '_>, choices: &[(&str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
        let write = format!("write {}", quoted.join(" or "));
        let Some(text) = value.get_ref().as_str() else {
            let found = with_article(value.get_ref().type_str());
            self.error(&value.span(), format!("{found} cannot be here"), write);
            return None;
        };
        let found = choices.iter().find(|(word, _)| *word == text).map(|(_, meaning)| *meaning);
        if found.is_none() {
            let label = choice(text, &words, &write);
            self.error(&value.span(), format!("{} cannot be here", shown(text)), label);
        }
        found
    }

    /// The address of a host.
    pub(super) fn ip(&mut self, value: Entry<'_, '_>) -> Option<IpAddr> {
        let text = self.text(value)?;
        let address = text.parse().ok();
        if address.is_none() {
            self.error(&value.span(), format!("{} is no IP address", shown(&text)), "such as 10.1.1.1");
        }
        address
    }

    pub(super) fn interface(&mut self, value: Entry<'_, '_>) -> Option<InterfaceName> {
        let text = self.text(value)?;
        let name = InterfaceName::new(&text);
        if name.is_none() {
            let message = format!("{} cannot be the name of an interface", shown(&text));
            self.error(&value.span(), message, "must be 1 to 15 octets without `/` and `:`");
        }
        name
    }

    /// A text, or several.
    pub(super) fn some_texts(&mut self, value: Entry<'_, '_>, what: &str) -> Option<Vec<Written>> {
        if let Some(text) = value.get_ref().as_str() {
            return Some(vec![Written { text: text.to_owned(), span: value.span() }]);
        }
        self.texts(value, what)
    }

    /// A program by its absolute path, and its arguments, which no shell reads.
    pub(super) fn program(&mut self, value: Entry<'_, '_>) -> Option<Vec<String>> {
        let argv = self.command(value)?;
        if !argv.first().is_some_and(|program| program.starts_with('/')) {
            let first = value.get_ref().as_array().and_then(|words| words.first());
            let place = first.map_or_else(|| value.span(), Spanned::span);
            let label = "no shell looks for it in PATH: write where it is, /usr/bin/...";
            self.error(&place, "a program is named by its absolute path", label);
            return None;
        }
        Some(argv)
    }

    /// A program and its arguments, which no shell reads. As in a keepalived.conf it may be a name alone, which is looked for, or a
    /// redirection, which a shell does read: what it comes to only the host knows.
    pub(super) fn command(&mut self, value: Entry<'_, '_>) -> Option<Vec<String>> {
        let words = self.texts(value, "a list: [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]")?;
        if words.first().is_none_or(|word| word.text.is_empty()) {
            let place = words.first().map_or_else(|| value.span(), |word| word.span.clone());
            self.error(&place, "the command is empty", "a list: [\"/PATH/TO/PROGRAM\", \"ARGUMENT\"]");
            return None;
        }
        let argv: Vec<String> = words.iter().map(|word| word.text.clone()).collect();
        if let Some(Unread { word, program }) = lint::for_no_shell(&argv) {
            let place = words.iter().find(|written| written.text.ends_with(word));
            let span = place.map_or_else(|| value.span(), |written| written.span.clone());
            let message =
                format!("no shell reads this command: {} is handed to {}", shown(word), shown(program));
            let finding = Diagnostic::warning(&span, message, "")
                .help("to have a shell read it, name one: [\"/bin/sh\", \"-c\", \"COMMAND | COMMAND\"]");
            self.findings.push(finding);
        }
        Some(argv)
    }

    /// Any value, for a plugin.
    pub(super) fn json(&mut self, value: Entry<'_, '_>) -> Value {
        match value.get_ref() {
            DeValue::String(text) => Value::String(text.to_string()),
            DeValue::Boolean(truth) => Value::Bool(*truth),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => number.into(),
                Err(_) => self.no_number(value),
            },
            DeValue::Float(number) => {
                let read = number.as_str().parse::<f64>().ok();
                read.and_then(serde_json::Number::from_f64)
                    .map_or_else(|| self.no_number(value), Value::Number)
            }
            DeValue::Datetime(time) => Value::String(time.to_string()),
            DeValue::Array(items) => Value::Array(items.iter().map(|item| self.json(item)).collect()),
            DeValue::Table(table) => Value::Object(self.object(table)),
        }
    }

    pub(super) fn object(&mut self, table: &DeTable<'_>) -> serde_json::Map<String, Value> {
        table.iter().map(|(key, value)| (key.get_ref().to_string(), self.json(value))).collect()
    }

    fn no_number(&mut self, value: Entry<'_, '_>) -> Value {
        self.error(&value.span(), "this number is too large, or none", "");
        Value::Null
    }
}

/// `an array`, `a table`.
fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) { "an" } else { "a" };
    format!("{article} {noun}")
}
