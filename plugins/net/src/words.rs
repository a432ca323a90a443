//! The kernel's errors in words.

use std::fmt::{Debug, Write};
use std::io::{Error, ErrorKind};

use rustix::io::Errno;

/// Whether an error is about this host, not about whom it asked: no permission, no more descriptors or memory, no such
/// facility.
#[must_use]
pub fn is_ours(error: &Error) -> bool {
    let ours = [
        Errno::PERM,
        Errno::ACCESS,
        Errno::MFILE,
        Errno::NFILE,
        Errno::NOBUFS,
        Errno::NOMEM,
        Errno::ADDRNOTAVAIL,
        Errno::AFNOSUPPORT,
        Errno::PROTONOSUPPORT,
        Errno::INVAL,
    ];
    Errno::from_io_error(error).is_some_and(|error| ours.contains(&error))
}

/// What an error says, in words that follow the name of whom it is about: `refused the connection`.
#[must_use]
pub fn in_words(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "refused the connection".to_owned(),
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe | ErrorKind::ConnectionAborted => {
            "broke the connection off".to_owned()
        }
        ErrorKind::HostUnreachable => "cannot be reached: no route to host".to_owned(),
        ErrorKind::NetworkUnreachable => "cannot be reached: no route to its network".to_owned(),
        ErrorKind::TimedOut => "did not answer".to_owned(),
        ErrorKind::UnexpectedEof => "closed the connection too early".to_owned(),
        ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("failed: {}", plain(error)),
    }
}

/// An error as the kernel names it, without its number.
#[must_use]
pub fn plain(error: &Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// A name that only programs know, as words: `HandshakeFailure` as `handshake failure`.
pub(crate) fn spelt(name: &dyn Debug) -> String {
    let mut words = String::new();
    for letter in format!("{name:?}").chars() {
        if letter.is_uppercase() && words.ends_with(|last: char| last.is_alphanumeric()) {
            words.push(' ');
        }
        // Writing to a string does not fail.
        let _ = write!(words, "{}", letter.to_lowercase());
    }
    words
}
