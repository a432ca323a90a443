//! The number at the beginning of a file, read as keepalived does.

use std::io;
use std::path::Path;

use rustix::fs::{Mode, OFlags};

use crate::io_text::plain;

/// No more of a file is looked at.
const LARGEST: usize = 127;

/// Why a file gives no number.
#[derive(Debug, thiserror::Error)]
pub enum ValueError {
    /// There is no such file. keepalived takes that for 0.
    #[error("does not exist")]
    Missing,
    /// It cannot be read. keepalived takes that for 0, too.
    #[error("cannot be read: {}", plain(.0))]
    Unreadable(#[source] io::Error),
    /// Beyond 32 bits. keepalived stays with the number it had before.
    #[error("has a number that is too large: it may be from -2147483648 to 2147483647")]
    TooLarge,
}

/// The number at the beginning of a file: decimal, or hexadecimal after `0x`, or octal after `0`. What is no number is 0,
/// and what follows one does not matter. May wait for the disk.
///
/// # Errors
///
/// [`ValueError`].
pub fn value(path: &Path) -> Result<i32, ValueError> {
    let text = read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ValueError::Missing,
        _ => ValueError::Unreadable(error),
    })?;
    parse(&text).ok_or(ValueError::TooLarge)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe that nobody writes to is not waited for.
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = vec![0; LARGEST];
    let length = rustix::io::read(&file, &mut text)?;
    text.truncate(length);
    Ok(text)
}

/// The number, if it is small enough.
fn parse(text: &[u8]) -> Option<i32> {
    let blank = |octet: &u8| matches!(octet, b' ' | b'\t'..=b'\r');
    let text: Vec<u8> = text.iter().copied().skip_while(blank).collect();
    let (sign, digits) = match text.as_slice() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] if rest.first().is_some_and(u8::is_ascii_hexdigit) => (16, rest),
        [b'0', rest @ ..] => (8, rest),
        rest => (10, rest),
    };
    let mut number: i64 = 0;
    for digit in digits.iter().map_while(|octet| char::from(*octet).to_digit(base)) {
        number = number.checked_mul(i64::from(base))?.checked_add(i64::from(digit))?;
    }
    i32::try_from(sign * number).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_in_c() {
        let table = [
            ("", Some(0)),
            ("0\n", Some(0)),
            ("42\n", Some(42)),
            (" \t\n-7 and more", Some(-7)),
            ("+5", Some(5)),
            ("0x1f", Some(31)),
            ("-0X1F", Some(-31)),
            ("0x", Some(0)),
            ("0xg", Some(0)),
            ("010", Some(8)),
            ("08", Some(0)),
            ("12ab", Some(12)),
            ("yes", Some(0)),
            ("--1", Some(0)),
            ("2147483647", Some(i32::MAX)),
            ("-2147483648", Some(i32::MIN)),
            ("2147483648", None),
            ("99999999999999999999999999", None),
        ];
        for (text, number) in table {
            assert_eq!(parse(text.as_bytes()), number, "{text:?}");
        }
    }
}
