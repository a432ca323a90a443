//! `auth_pass`, `auth_pass_file` and `auth_pass_credential`: the password of version 2, or where it is.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use keepwatch_vrrp::Version;
use toml::de::DeTable;

use super::include::Files;
use super::notify::secret;
use super::reader::{Entry, Reader};
use crate::diagnostic::Diagnostic;
use crate::model::{Password, SecretAt};
use crate::site::Purpose;

const KEYS: [&str; 3] = ["auth_pass", "auth_pass_file", "auth_pass_credential"];
/// A password has 8 octets at most, and perhaps a line break behind it.
const LONGEST: u64 = 8 + 2;

/// Reads the password, wherever it is. Unlike what destinations need it is read once, with the configuration: adverts cannot wait
/// for it.
pub(super) fn read(
    reader: &mut Reader<'_>,
    table: &DeTable<'_>,
    version: Version,
    folder: &Path,
    purpose: Purpose,
) -> Option<Password> {
    if version == Version::V3 {
        for value in KEYS.iter().filter_map(|key| table.get(*key)) {
            let label = "remove this, or say version = 2";
            reader.error(&value.span(), "VRRP version 3 has no authentication", label);
        }
        return None;
    }
    let elsewhere = secret(reader, table, "auth_pass", folder);
    let Some(value) = table.get("auth_pass") else { return kept(reader, table, &elsewhere?, purpose) };
    if let Some((key, _)) = KEYS.iter().skip(1).find_map(|key| table.get_key_value(*key)) {
        reader.error(&key.span(), "`auth_pass` is the password already", "remove one of them");
        return None;
    }
    written(reader, value)
}

/// Where the files are that instances name, there or not.
pub(super) fn named(root: &DeTable<'_>, files: &Files) -> Vec<PathBuf> {
    let instances = root.get("instance").and_then(|tables| tables.get_ref().as_table());
    let tables = instances.into_iter().flat_map(|tables| tables.values());
    let values = tables.filter_map(|table| table.get_ref().as_table()?.get("auth_pass_file"));
    values.filter_map(|value| Some(files.folder(&value.span()).join(value.get_ref().as_str()?))).collect()
}

fn written(reader: &mut Reader<'_>, value: Entry<'_, '_>) -> Option<Password> {
    let password = password(reader.text(value)?.as_bytes());
    if password.is_none() {
        reader.error(&value.span(), "a password has 1 to 8 octets", "");
    }
    password
}

/// The password that a file or a credential keeps.
fn kept(reader: &mut Reader<'_>, table: &DeTable<'_>, at: &SecretAt, purpose: Purpose) -> Option<Password> {
    let span = KEYS.iter().skip(1).find_map(|key| table.get(*key))?.span();
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY");
    if matches!(at, SecretAt::Credential(_)) && credentials.is_none() {
        return missing(reader, &span, purpose);
    }
    let path = at.within(Path::new(&credentials.unwrap_or_default()));
    let shown = path.display();
    let octets = match octets(&path) {
        Ok(octets) => octets,
        Err(error) => {
            let error = error.to_string();
            let plain = error.split(" (os error").next().unwrap_or(&error);
            let finding = Diagnostic::error(&span, format!("{shown} cannot be read: {plain}"), "");
            let help = "write the password into it, and let root read it; a reload takes another one over";
            reader.findings.push(finding.help(help));
            return None;
        }
    };
    // As of the secrets of destinations, the line break at the end is none of it.
    let is_break = |octet: &u8| matches!(octet, b'\n' | b'\r');
    let end = octets.iter().rposition(|octet| !is_break(octet)).map_or(0, |last| last + 1);
    let line = octets.get(..end).unwrap_or_default();
    if line.iter().any(is_break) {
        let finding = Diagnostic::error(&span, format!("{shown} holds more than one line"), "");
        reader.findings.push(finding.help("a password is the only line of its file"));
        return None;
    }
    let password = password(line);
    if password.is_none() {
        reader.error(&span, format!("{shown} holds no password of 1 to 8 octets"), "");
    }
    password
}

/// A credential where systemd has given none. The daemon cannot do without; somebody else may look at the rest.
fn missing(reader: &mut Reader<'_>, span: &Range<usize>, purpose: Purpose) -> Option<Password> {
    let message = "systemd gives no credentials here";
    let help = "LoadCredential= of the unit gives it to the service";
    let finding = match purpose {
        Purpose::Run => Diagnostic::error(span, message, ""),
        Purpose::Look => Diagnostic::remark(span, message, "so the password is not looked at"),
    };
    reader.findings.push(finding.help(help));
    None
}

/// What is in a file that is one: a FIFO may never end.
fn octets(path: &Path) -> io::Result<Vec<u8>> {
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut octets = Vec::new();
    File::open(path)?.take(LONGEST + 1).read_to_end(&mut octets)?;
    Ok(octets)
}

/// Eight octets at most, the rest zero.
fn password(text: &[u8]) -> Option<Password> {
    let mut octets = [0; 8];
    octets.get_mut(..text.len()).filter(|room| !room.is_empty())?.copy_from_slice(text);
    Some(Password(octets))
}
