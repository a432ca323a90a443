//! Which of the kernel's errors say nothing of the target.

use std::io;

use keepwatch_host::Verdict;
pub(crate) use keepwatch_net::{in_words, plain};
use rustix::io::Errno;

use crate::verdict::{fail, unknown};

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
