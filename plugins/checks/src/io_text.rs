//! Which of the kernel's errors say nothing of the target.

use std::io;

use keepwatch_host::Verdict;
pub(crate) use keepwatch_net::{in_words, is_ours, plain};

use crate::verdict::{fail, unknown};

/// The verdict on a target with which something has failed.
pub(crate) fn failed(target: &str, error: &io::Error) -> Verdict {
    if is_ours(error) {
        return unknown(format!("{target} cannot be asked: {}", plain(error)));
    }
    fail(format!("{target} {}", in_words(error)))
}

/// The verdict on a host whose addresses could not be found.
pub(crate) fn nowhere(host: &str, error: &io::Error) -> Verdict {
    if is_ours(error) {
        return unknown(format!("the address of {host} cannot be asked for: {}", plain(error)));
    }
    fail(format!("{host} has no address: {}", plain(error)))
}

#[cfg(test)]
mod tests {
    use keepwatch_event::Health::{Fail, Unknown};
    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_this_host_lacks_says_nothing_of_the_target() {
        for (errno, health) in [
            (Errno::MFILE, Unknown),
            (Errno::NFILE, Unknown),
            (Errno::NOMEM, Unknown),
            (Errno::NOBUFS, Unknown),
            (Errno::CONNREFUSED, Fail),
            (Errno::HOSTUNREACH, Fail),
        ] {
            let error = errno.into();
            assert_eq!(failed("web:80", &error).health, health, "{errno}");
            assert_eq!(nowhere("web", &error).health, health, "{errno}");
        }
        let text = "the address of web cannot be asked for: Too many open files";
        assert_eq!(nowhere("web", &Errno::MFILE.into()).text, text);
    }
}
