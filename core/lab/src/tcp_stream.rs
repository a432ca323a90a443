//! Reading and writing a TCP connection.

use std::io;
use std::time::Duration;

use tokio::net::TcpStream;

/// How long an attempt, or an answer on a connection, may take.
pub(crate) const PATIENCE: Duration = Duration::from_secs(5);

/// Reads what is there, waiting until there is something; 0 at the end.
pub(crate) async fn read(stream: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        stream.readable().await?;
        match stream.try_read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
    }
}

/// Writes all of it, waiting for room.
pub(crate) async fn write_all(stream: &TcpStream, mut octets: &[u8]) -> io::Result<()> {
    while !octets.is_empty() {
        stream.writable().await?;
        match stream.try_write(octets) {
            Ok(count) => octets = octets.get(count..).unwrap_or(&[]),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads up to the first newline.
pub(crate) async fn read_line(stream: &TcpStream) -> io::Result<String> {
    let (mut line, mut buffer) = (Vec::new(), [0; 256]);
    loop {
        let count = read(stream, &mut buffer).await?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        line.extend_from_slice(buffer.get(..count).unwrap_or(&[]));
        if let Some(end) = line.iter().position(|octet| *octet == b'\n') {
            line.truncate(end);
            return Ok(String::from_utf8_lossy(&line).into_owned());
        }
    }
}
