//! Why a socket has given no answer.

use keepwatch_event::{Health, Rounded};
use keepwatch_host::HostError;
use keepwatch_net::{is_ours, plain};

use crate::address::Address;
use crate::deadline::Deadline;
use crate::info::Info;

/// Why HAProxy has given no answer, or none that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Trouble {
    /// Of which sort.
    pub cause: Cause,
    /// What happened, where, and what to do, for people.
    pub text: String,
}

/// Sorts of [`Trouble`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Nobody listens there.
    Absent,
    /// We may not ask.
    Denied,
    /// This host has not what it takes to ask: descriptors, memory.
    Unable,
    /// No answer in time.
    Late,
    /// The connection broke off before its end.
    Broken,
    /// The answer is none that we understand.
    Strange,
    /// The master process has no worker.
    Idle,
    /// The master process hears nobody while it loads its configuration.
    Loading,
    /// The worker takes no new connections and ends with its last one.
    Leaving,
}

impl Trouble {
    pub(crate) fn new(cause: Cause, text: impl Into<String>) -> Self {
        Self { cause, text: text.into() }
    }

    pub(crate) fn late(address: &Address, deadline: Deadline) -> Self {
        let within = Rounded(deadline.within);
        Self::new(Cause::Late, format!("HAProxy did not answer on {address} within {within}"))
    }

    pub(crate) fn connecting(address: &Address, error: &std::io::Error) -> Self {
        use std::io::ErrorKind::{ConnectionRefused, NotFound, PermissionDenied};

        let (cause, text) = match error.kind() {
            PermissionDenied => {
                (Cause::Denied, "permission denied; keepwatch must be in the socket's group".to_owned())
            }
            NotFound => (
                Cause::Absent,
                "there is no such socket; HAProxy is not running, or has another one".to_owned(),
            ),
            ConnectionRefused => (Cause::Absent, "nobody listens there; HAProxy is not running".to_owned()),
            _ if is_ours(error) => (Cause::Unable, plain(error)),
            _ => (Cause::Absent, plain(error)),
        };
        Self::new(cause, format!("cannot connect to {address}: {text}"))
    }

    pub(crate) fn loading(master: u32, deadline: Deadline) -> Self {
        let within = Rounded(deadline.within);
        let text = format!(
            "HAProxy's master, process {master}, loads its configuration and has heard nobody for {within}"
        );
        Self::new(Cause::Loading, text)
    }

    /// That the worker which says this of itself is on its way out.
    pub(crate) fn leaving(info: &Info) -> Self {
        Self::new(Cause::Leaving, format!("haproxy {} is stopping", info.version))
    }

    pub(crate) fn talking(address: &Address, error: &std::io::Error) -> Self {
        let why = plain(error);
        if is_ours(error) {
            return Self::new(Cause::Unable, format!("HAProxy cannot be asked on {address}: {why}"));
        }
        Self::new(Cause::Broken, format!("HAProxy broke off on {address}: {why}"))
    }

    /// What it says about HAProxy's health: that we may not ask, or cannot, or have asked the wrong one, says nothing;
    /// and while another configuration is loaded, the worker goes on.
    pub(crate) fn health(&self) -> Health {
        match self.cause {
            Cause::Absent | Cause::Late | Cause::Broken | Cause::Idle | Cause::Leaving => Health::Fail,
            Cause::Denied | Cause::Unable | Cause::Strange | Cause::Loading => Health::Unknown,
        }
    }
}

impl From<Trouble> for HostError {
    fn from(trouble: Trouble) -> Self {
        match trouble.cause {
            Cause::Late => Self::timeout(trouble.text),
            Cause::Absent
            | Cause::Denied
            | Cause::Unable
            | Cause::Broken
            | Cause::Strange
            | Cause::Idle
            | Cause::Loading
            | Cause::Leaving => Self::unavailable(trouble.text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Error, ErrorKind};

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn what_this_host_lacks_says_nothing_of_haproxy() {
        let address = Address::Unix("/run/haproxy/admin.sock".into());
        for errno in [Errno::MFILE, Errno::NFILE, Errno::NOMEM, Errno::NOBUFS] {
            let error = Error::from(errno);
            for trouble in [Trouble::connecting(&address, &error), Trouble::talking(&address, &error)] {
                assert_eq!(trouble.health(), Health::Unknown, "{errno}");
            }
        }
        let trouble = Trouble::connecting(&address, &Errno::MFILE.into());
        assert_eq!(trouble.text, "cannot connect to /run/haproxy/admin.sock: Too many open files");
    }

    #[test]
    fn errors_are_in_words() {
        let address = Address::Unix("/run/haproxy/admin.sock".into());
        for (kind, health, text) in [
            (
                ErrorKind::PermissionDenied,
                Health::Unknown,
                "cannot connect to /run/haproxy/admin.sock: permission denied; keepwatch must be in the socket's group",
            ),
            (
                ErrorKind::NotFound,
                Health::Fail,
                "cannot connect to /run/haproxy/admin.sock: there is no such socket; HAProxy is not running, or has another \
                 one",
            ),
            (
                ErrorKind::ConnectionRefused,
                Health::Fail,
                "cannot connect to /run/haproxy/admin.sock: nobody listens there; HAProxy is not running",
            ),
        ] {
            let trouble = Trouble::connecting(&address, &Error::from(kind));
            assert_eq!((trouble.health(), trouble.to_string().as_str()), (health, text));
        }
    }
}
