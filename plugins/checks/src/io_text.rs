//! The kernel's errors in words, and which of them say nothing of the target.

use std::io;

use keepwatch_host::Verdict;
use rustix::io::Errno;

use crate::verdict::{fail, unknown};

/// What an error says, in words that follow the name of the target: `refused the connection`.
pub(crate) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused the connection".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            "broke the connection off".to_owned()
        }
        io::ErrorKind::HostUnreachable => "cannot be reached: no route to host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "cannot be reached: no route to its network".to_owned(),
        io::ErrorKind::TimedOut => "did not answer".to_owned(),
        io::ErrorKind::UnexpectedEof => "closed the connection too early".to_owned(),
        io::ErrorKind::NotFound => "does not exist".to_owned(),
        _ => format!("failed: {}", plain(error)),
    }
}

/// An error as the kernel names it, without its number.
pub(crate) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}

/// Whether an error is about this host, not about the target: no permission, no more descriptors, no such facility.
pub(crate) fn is_ours(error: &io::Error) -> bool {
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

/// The verdict on a target with which something has failed.
pub(crate) fn failed(target: &str, error: &io::Error) -> Verdict {
    if is_ours(error) {
        return unknown(format!("{target} cannot be asked: {}", plain(error)));
    }
    fail(format!("{target} {}", in_words(error)))
}
