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
    /// It does not begin with a number. keepalived takes that for 0, too.
    #[error("has no number")]
    NoNumber,
    /// It cannot be read. keepalived takes that for 0, too.
    #[error("cannot be read: {}", plain(.0))]
    Unreadable(#[source] io::Error),
    /// Beyond 32 bits. keepalived stays with the number it had before.
    #[error("has a number that is too large: it may be from -2147483648 to 2147483647")]
    TooLarge,
}

/// The number at the beginning of a file: decimal, or hexadecimal after `0x`, or octal after `0`. What
/// follows one does not matter. May wait for the disk.
///
/// # Errors
///
/// [`ValueError`].
pub fn value(path: &Path) -> Result<i32, ValueError> {
    let text = read(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => ValueError::Missing,
        _ => ValueError::Unreadable(error),
    })?;
    parse(&text)
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    // A pipe that nobody writes to is not waited for.
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC, Mode::empty())?;
    let mut text = vec![0; LARGEST];
    let length = rustix::io::read(&file, &mut text)?;
    text.truncate(length);
    Ok(text)
}

fn parse(text: &[u8]) -> Result<i32, ValueError> {
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
    let mut digits = digits.iter().map_while(|octet| char::from(*octet).to_digit(base)).peekable();
    // After the 0 that stands for octal nothing need follow.
    if base == 10 && digits.peek().is_none() {
        return Err(ValueError::NoNumber);
    }
    let grown = |number: i64, digit| number.checked_mul(i64::from(base))?.checked_add(i64::from(digit));
    let number = digits.try_fold(0_i64, grown).ok_or(ValueError::TooLarge)?;
    i32::try_from(sign * number).map_err(|_| ValueError::TooLarge)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_as_in_c() {
        const TOO_LARGE: &str = "has a number that is too large: it may be from -2147483648 to 2147483647";
        let table = [
            ("", Err("has no number")),
            ("0\n", Ok(0)),
            ("42\n", Ok(42)),
            (" \t\n-7 and more", Ok(-7)),
            ("+5", Ok(5)),
            ("0x1f", Ok(31)),
            ("-0X1F", Ok(-31)),
            ("0x", Ok(0)),
            ("0xg", Ok(0)),
            ("010", Ok(8)),
            ("08", Ok(0)),
            ("12ab", Ok(12)),
            ("yes", Err("has no number")),
            ("--1", Err("has no number")),
            ("2147483647", Ok(i32::MAX)),
            ("-2147483648", Ok(i32::MIN)),
            ("2147483648", Err(TOO_LARGE)),
            ("99999999999999999999999999", Err(TOO_LARGE)),
        ];
        for (text, number) in table {
            let found = parse(text.as_bytes()).map_err(|error| error.to_string());
            assert_eq!(found, number.map_err(str::to_owned), "{text:?}");
        }
    }
}
