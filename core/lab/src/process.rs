//! A program on a host, and what it says.

use std::io::{self, BufRead, BufReader};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::namespace::Namespace;

/// A running program whose output is collected. Killed when dropped.
#[derive(Debug)]
pub struct Daemon {
    child: Child,
    output: Arc<Mutex<Vec<String>>>,
}

impl Daemon {
    /// Starts a command in a namespace, collecting the lines of both its outputs.
    ///
    /// # Errors
    ///
    /// The kernel's: no such program, and the like.
    pub fn start(namespace: &Namespace, command: &mut Command) -> io::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = namespace.spawn(command)?;
        let output = Arc::new(Mutex::new(Vec::new()));
        if let Some(stream) = child.stdout.take() {
            collect(stream, &output);
        }
        if let Some(stream) = child.stderr.take() {
            collect(stream, &output);
        }
        Ok(Self { child, output })
    }

    /// What it has said so far, line by line.
    #[must_use]
    pub fn output(&self) -> Vec<String> {
        self.output.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether a line with this text has been said.
    #[must_use]
    pub fn said(&self, text: &str) -> bool {
        self.output().iter().any(|line| line.contains(text))
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    ///
    /// The kernel's; a program that has ended is one.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        let pid = i32::try_from(self.child.id()).map_err(io::Error::other)?;
        Ok(kill(Pid::from_raw(pid), signal)?)
    }

    /// Tells it to end (SIGTERM).
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn terminate(&self) -> io::Result<()> {
        self.signal(Signal::SIGTERM)
    }

    /// Ends it without a word (SIGKILL), and waits until it is gone.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn kill(&mut self) -> io::Result<()> {
        self.child.kill()?;
        self.child.wait().map(drop)
    }

    /// Waits for its end; `None` if it does not come within `timeout`.
    ///
    /// # Errors
    ///
    /// The kernel's.
    pub fn wait(&mut self, timeout: Duration) -> io::Result<Option<ExitStatus>> {
        let until = Instant::now() + timeout;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Some(status));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Collects lines until the stream ends.
fn collect(stream: impl io::Read + Send + 'static, output: &Arc<Mutex<Vec<String>>>) {
    let output = Arc::clone(output);
    std::thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            let Ok(line) = line else { break };
            output.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    });
}
