//! The command line's end of the control socket.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;

use crate::answer::Answer;
use crate::refusal::{Code, Refusal};
use crate::request::Request;

/// Why the daemon cannot be asked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "keepwatch does not answer: nobody listens on {}\n  is keepwatch running? `keepwatch run` starts it; if it \
         listens elsewhere, set KEEPWATCH_CONTROL to that path", .0.display()
    )]
    NotRunning(PathBuf),
    /// This user may not connect.
    #[error("no permission to talk to keepwatch on {}\n  ask as root, or as a member of the socket's group", .0.display())]
    Permission(PathBuf),
    /// The path names no socket.
    #[error("{} is no control socket: {}\n  KEEPWATCH_CONTROL names it; the default is /run/keepwatch/control.sock", .0.display(), .1)]
    Path(PathBuf, #[source] io::Error),
    /// The connection broke.
    #[error("the connection to keepwatch on {} broke off: {}", .0.display(), .1)]
    Broken(PathBuf, #[source] io::Error),
    /// The daemon went away without an answer.
    #[error("keepwatch closed {} without an answer: it is stopping, or it crashed; see its log", .0.display())]
    Closed(PathBuf),
    /// The daemon takes too long.
    #[error("keepwatch did not answer on {} within {:?}\n  the process may be paused or the machine too busy", .0.display(), .1)]
    Slow(PathBuf, Duration),
    /// The daemon says no.
    #[error("keepwatch refuses: {}{}", .0.text, help(.0))]
    Refused(Refusal),
    /// It answers something else.
    #[error(
        "keepwatch on {} answers in a way that this program does not understand\n  it is probably of a later \
         version; ask it with the `keepwatch` of its own version", .0.display()
    )]
    NotUnderstood(PathBuf),
}

/// What to do about a refusal.
fn help(refusal: &Refusal) -> &'static str {
    match refusal.code {
        Code::NotPermitted => "\n  ask as root",
        Code::UnsupportedVersion | Code::UnknownRequest => {
            "\n  the running keepwatch is of another version than this program; restart it, or use its own program"
        }
        _ => "",
    }
}

/// A line of the daemon, as it came and as it is understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// As it came, without its end.
    pub text: String,
    /// As it is understood.
    pub answer: Answer,
}

/// The command line's end of the control socket.
#[derive(Debug)]
pub struct Client {
    stream: BufReader<UnixStream>,
    path: PathBuf,
}

/// Ends a client's connection from another thread.
#[derive(Debug)]
pub struct Stopper(UnixStream);

impl Stopper {
    /// Ends the connection: the client finds no more lines.
    pub fn stop(&self) {
        // It may have ended already.
        let _ = self.0.shutdown(Shutdown::Both);
    }
}

impl Client {
    /// Connects to the daemon that listens on `path`.
    ///
    /// # Errors
    ///
    /// Nobody listens there, or this user may not connect.
    pub fn connect(path: &Path) -> Result<Self, ClientError> {
        let stream = UnixStream::connect(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => ClientError::NotRunning(path.to_owned()),
            ErrorKind::PermissionDenied => ClientError::Permission(path.to_owned()),
            _ => ClientError::Path(path.to_owned(), error),
        })?;
        Ok(Self { stream: BufReader::new(stream), path: path.to_owned() })
    }

    /// Asks, and waits for one answer; at most for `limit`, if there is one.
    ///
    /// # Errors
    ///
    /// The daemon refuses, is too slow or goes away.
    pub fn ask(&mut self, request: &Request, limit: Option<Duration>) -> Result<Line, ClientError> {
        self.stream.get_ref().set_read_timeout(limit).map_err(|error| self.broken(error))?;
        self.send(request);
        let line = self.next_line().map_err(|error| match (error, limit) {
            (ClientError::Broken(path, error), Some(limit)) if error.kind() == ErrorKind::WouldBlock => {
                ClientError::Slow(path, limit)
            }
            (error, _) => error,
        })?;
        let line = line.ok_or_else(|| self.closed())?;
        match line.answer {
            Answer::Error(refusal) => Err(ClientError::Refused(refusal)),
            _ => Ok(line),
        }
    }

    /// Waits for the next line; `None` when the connection has ended.
    ///
    /// # Errors
    ///
    /// The connection broke, or the line is no answer.
    pub fn next_line(&mut self) -> Result<Option<Line>, ClientError> {
        let mut text = String::new();
        match self.stream.read_line(&mut text) {
            Ok(0) => return Ok(None),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::ConnectionReset => return Ok(None),
            Err(error) => return Err(self.broken(error)),
        }
        // Half a line was cut off by the end of the connection.
        let Some(line) = text.strip_suffix('\n') else { return Ok(None) };
        let answer = serde_json::from_str(line).map_err(|_| self.not_understood())?;
        Ok(Some(Line { text: line.to_owned(), answer }))
    }

    /// What ends this connection from another thread.
    ///
    /// # Errors
    ///
    /// The kernel's, if there is no descriptor left.
    pub fn stopper(&self) -> Result<Stopper, ClientError> {
        self.stream.get_ref().try_clone().map(Stopper).map_err(|error| self.broken(error))
    }

    /// The error for an answer that is none to what was asked.
    #[must_use]
    pub fn not_understood(&self) -> ClientError {
        ClientError::NotUnderstood(self.path.clone())
    }

    /// The error for a connection that has ended before it should.
    #[must_use]
    pub fn closed(&self) -> ClientError {
        ClientError::Closed(self.path.clone())
    }

    /// If it cannot be sent, the daemon may have said why.
    fn send(&self, request: &Request) {
        let _ = self.stream.get_ref().write_all(request.line().as_bytes());
    }

    fn broken(&self, error: io::Error) -> ClientError {
        ClientError::Broken(self.path.clone(), error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_happened_where_and_what_to_do() {
        let nowhere = Path::new("/nowhere/control.sock");
        assert_eq!(
            Client::connect(nowhere).unwrap_err().to_string(),
            "keepwatch does not answer: nobody listens on /nowhere/control.sock\n  is keepwatch running? `keepwatch run` \
             starts it; if it listens elsewhere, set KEEPWATCH_CONTROL to that path"
        );
        let refused = |code| {
            let text = "no".to_owned();
            ClientError::Refused(Refusal { code, text, versions: None }).to_string()
        };
        assert_eq!(refused(Code::NotPermitted), "keepwatch refuses: no\n  ask as root");
        assert_eq!(refused(Code::Busy), "keepwatch refuses: no");
        let long = format!("/{}", "x".repeat(200));
        assert!(matches!(Client::connect(Path::new(&long)).unwrap_err(), ClientError::Path(..)));
    }
}
