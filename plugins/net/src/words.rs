//! The kernel's errors in words.

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
