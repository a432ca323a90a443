//! What became of a client's TCP connections.

use std::io;
use std::time::{Duration, Instant};

/// What became of a [`TcpClient`](crate::TcpClient)'s connections.
#[derive(Clone, Debug, Default)]
pub struct TcpReport {
    /// The short connections, in the order in which they were begun.
    pub attempts: Vec<Attempt>,
    /// The one that was kept open.
    pub kept: KeptConnection,
}

/// An attempt to connect and be greeted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub began: Instant,
    /// How long until the connection stood; `None` if it never did.
    pub connected: Option<Duration>,
    /// Who greeted, or what kind of error there was: `TimedOut` after 5 s, `ConnectionRefused` where nobody
    /// listens, `ConnectionReset`, `UnexpectedEof` for a connection closed without a greeting, and so on.
    pub greeting: Result<Greeting, io::ErrorKind>,
}

/// A server's greeting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Greeting {
    /// The name of the host that greeted.
    pub host: String,
    /// How long it took from the beginning of the attempt.
    pub after: Duration,
}

/// The connection that is kept open, with a line sent and echoed each period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KeptConnection {
    /// Lines echoed.
    pub answers: usize,
    /// When the last of them came.
    pub last_answer: Option<Instant>,
    /// The longest time between two of them.
    pub longest_silence: Duration,
    /// When and how it ended, if it has, or could not be opened.
    pub ended: Option<(Instant, Ending)>,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The server closed it.
    Closed,
    /// An error: `ConnectionReset`, `TimedOut` when nothing was acknowledged for 5 s, and so on.
    Failed(io::ErrorKind),
}

impl TcpReport {
    /// Of the attempts that were greeted, the one that took longest.
    #[must_use]
    pub fn slowest(&self) -> Option<&Attempt> {
        let greeted = self.attempts.iter().filter(|attempt| attempt.greeting.is_ok());
        greeted
            .max_by_key(|attempt| attempt.greeting.as_ref().map_or(Duration::ZERO, |greeting| greeting.after))
    }

    /// The attempts that were not greeted, in order.
    #[must_use]
    pub fn failed(&self) -> Vec<&Attempt> {
        self.attempts.iter().filter(|attempt| attempt.greeting.is_err()).collect()
    }
}

impl KeptConnection {
    pub(crate) fn note_answers(&mut self, count: usize, now: Instant) {
        if count == 0 {
            return;
        }
        let silence = self.last_answer.map_or(Duration::ZERO, |last| now.duration_since(last));
        self.longest_silence = self.longest_silence.max(silence);
        self.last_answer = Some(now);
        self.answers += count;
    }
}
