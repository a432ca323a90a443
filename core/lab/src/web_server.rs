//! A web server on a host.

use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use crate::accepting::Accepting;
use crate::host::Host;

/// How long somebody who has connected may take.
const PATIENCE: Duration = Duration::from_secs(2);
/// No request that is meant for it is longer.
const LONGEST_REQUEST: usize = 16 * 1024;

/// A server that answers every HTTP request with one text. It ends when dropped.
#[derive(Debug)]
pub struct WebServer {
    _accepting: Accepting,
}

impl WebServer {
    /// Answers on a port of a host.
    ///
    /// # Errors
    ///
    /// The kernel's: the port is in use, and the like.
    pub fn start(host: &Host, port: u16, text: &str) -> io::Result<Self> {
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
            text.len()
        );
        let accepting = Accepting::start(host, port, move |stream| self::answer(stream, &answer))?;
        Ok(Self { _accepting: accepting })
    }
}

/// Answers one request, and closes.
fn answer(mut stream: TcpStream, text: &str) -> io::Result<()> {
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
