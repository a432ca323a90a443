//! From a server's name to its answer: one connection, one request.

mod dial;
mod exchange;
mod tls;

use std::fmt;
use std::io;
use std::time::Duration;

use keepwatch_event::Rounded;
use tokio::time::Instant;

pub(crate) use dial::{Stream, open};
pub(crate) use exchange::{Reply, talk};

/// When there must be an end. Shown as the time that there was.
#[derive(Clone, Copy)]
pub(crate) struct Deadline {
    pub(crate) until: Instant,
    within: Duration,
}

impl Deadline {
    /// The end of a time that begins now.
    pub(crate) fn new(within: Duration) -> Self {
        Self { until: Instant::now() + within, within }
    }
}

impl fmt::Display for Deadline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Rounded(self.within).fmt(f)
    }
}

/// What an error says, in words that follow the name of whom it is about: `refused the connection`.
fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "refused the connection".to_owned(),
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            "broke the connection off".to_owned()
        }
        io::ErrorKind::HostUnreachable => "cannot be reached: no route to host".to_owned(),
        io::ErrorKind::NetworkUnreachable => "cannot be reached: no route to its network".to_owned(),
        io::ErrorKind::TimedOut => "did not answer".to_owned(),
        io::ErrorKind::UnexpectedEof => "closed the connection too early".to_owned(),
        _ => format!("failed: {}", plain(error)),
    }
}

/// An error as the kernel names it, without its number.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_owned()
}
