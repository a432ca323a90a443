//! A web server on a host.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::host::Host;

/// How soon to notice the end.
const LONGEST_WAIT: Timespec = Timespec { tv_sec: 0, tv_nsec: 20_000_000 };
/// How long somebody who has connected may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// No request that is meant for it is longer.
const LONGEST_REQUEST: usize = 16 * 1024;

/// A server that answers every HTTP request with one text. It ends when dropped.
#[derive(Debug)]
pub struct WebServer {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl WebServer {
    /// Answers on a port of a host.
    ///
    /// # Errors
    ///
    /// The kernel's: the port is in use, and the like.
    pub fn start(host: &Host, port: u16, text: &str) -> io::Result<Self> {
        // A socket belongs to the namespace in which it was made, whoever uses it.
        let listener = host.namespace.run(|| TcpListener::bind((Ipv4Addr::UNSPECIFIED, port)))?;
        listener.set_nonblocking(true)?;
        let answer: Arc<str> = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        )
        .into();
        let ended = Arc::new(AtomicBool::new(false));
        let thread = std::thread::spawn({
            let ended = Arc::clone(&ended);
            move || serve(&listener, &answer, &ended)
        });
        Ok(Self { ended, thread: Some(thread) })
    }
}

impl Drop for WebServer {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, text: &Arc<str>, ended: &AtomicBool) {
    while !ended.load(Ordering::Relaxed) {
        // Interrupted or not: it is looked whether somebody is there.
        let _ = poll(&mut [PollFd::new(listener, PollFlags::IN)], Some(&LONGEST_WAIT));
        while let Ok((stream, _)) = listener.accept() {
            let text = Arc::clone(text);
            // One that breaks off is its own affair.
            std::thread::spawn(move || drop(answer(stream, &text)));
        }
    }
}

/// Answers one request, and closes.
fn answer(mut stream: TcpStream, text: &str) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let (mut request, mut buffer) = (Vec::new(), [0; 1024]);
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        let count = stream.read(&mut buffer)?;
        if count == 0 || request.len() > LONGEST_REQUEST {
            return Ok(());
        }
        request.extend_from_slice(buffer.get(..count).unwrap_or(&[]));
    }
    stream.write_all(text.as_bytes())
}
