//! A client that asks a web server all the time, and keeps count.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::host::Host;
use crate::web_report::{WebAnswer, WebReport, WebRequest};

/// How long an answer may take; a host that has just lost its address gives none.
const PATIENCE: Duration = Duration::from_millis(250);

/// Asks for `/` each period, one request after the other, each with a connection of its own.
#[derive(Debug)]
pub struct WebClient {
    report: Arc<Mutex<WebReport>>,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WebClient {
    /// Asks `server` from `host`.
    #[must_use]
    pub fn start(host: &Host, server: SocketAddr, period: Duration) -> Self {
        let (report, ended) = (Arc::new(Mutex::new(WebReport::default())), Arc::new(AtomicBool::new(false)));
        let thread = std::thread::spawn({
            let (report, ended, namespace) =
                (Arc::clone(&report), Arc::clone(&ended), host.namespace.clone());
            move || {
                if namespace.enter().is_ok() {
                    run(server, period, &report, &ended);
                }
            }
        });
        Self { report, ended, thread: Some(thread) }
    }

    /// What became of the requests so far.
    #[must_use]
    pub fn report(&self) -> WebReport {
        self.report.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Ends after the request that is under way.
    #[must_use]
    pub fn finish(mut self) -> WebReport {
        self.end();
        self.report()
    }

    fn end(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for WebClient {
    fn drop(&mut self) {
        self.end();
    }
}

fn run(server: SocketAddr, period: Duration, report: &Mutex<WebReport>, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        let began = Instant::now();
        let answer = ask(server).ok();
        let request = WebRequest { began, ended: Instant::now(), answer };
        report.lock().unwrap_or_else(PoisonError::into_inner).requests.push(request);
        std::thread::sleep(period.saturating_sub(began.elapsed()));
    }
}

/// Who answers, if the answer says so, and what.
fn ask(server: SocketAddr) -> io::Result<WebAnswer> {
    let until = Instant::now() + PATIENCE;
    let mut stream = TcpStream::connect_timeout(&server, PATIENCE)?;
    let request = format!("GET / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", server.ip());
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let (mut answer, mut buffer) = (Vec::new(), [0; 1024]);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer)? {
            0 => break,
            count => answer.extend_from_slice(buffer.get(..count).unwrap_or(&[])),
        }
    }
    read(&String::from_utf8_lossy(&answer)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// Who answers, and what; nothing if it is no answer, or says that it is none.
fn read(answer: &str) -> Option<WebAnswer> {
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    if lines.next()?.split(' ').nth(1) != Some("200") {
        return None;
    }
    let fields = lines.filter_map(|line| line.split_once(':'));
    let by = fields.rev().find(|(name, _)| name.eq_ignore_ascii_case("X-Answered-By"));
    Some(WebAnswer { by: by.map(|(_, value)| value.trim().to_owned()), text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_from_others() {
        let by =
            |host: Option<&str>| Some(WebAnswer { by: host.map(str::to_owned), text: "text".to_owned() });
        assert_eq!(read("HTTP/1.1 200 OK\r\nx-answered-by: h1\r\n\r\ntext"), by(Some("h1")));
        assert_eq!(read("HTTP/1.1 200 OK\r\n\r\ntext"), by(None));
        assert_eq!(read("HTTP/1.1 503 Service Unavailable\r\nX-Answered-By: h1\r\n\r\ntext"), None);
        assert_eq!(read("HTTP/1.1 200 OK\r\nX-Answered-By: h1\r\n"), None);
        assert_eq!(read(""), None);
    }
}
