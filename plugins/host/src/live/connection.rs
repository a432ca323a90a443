//! Connections to ask whether somebody answers.

use std::net::SocketAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::{timeout, timeout_at};

use super::address::resolve;
use super::names::Names;
use crate::effects::{Answer, Question};
use crate::error::HostError;
use crate::grant::HostPort;

/// Connects, says what is to be said, and reads the answer.
pub(crate) async fn tcp(names: &dyn Names, to: &HostPort, question: Question) -> Result<Answer, HostError> {
    let name = to.to_string();
    let until = until(question.within);
    let connect = async {
        let addresses = resolve(names, to).await?;
        connect_to_any(&name, &addresses, until).await
    };
    ask(&name, connect, question).await
}

/// The same over a Unix socket.
pub(crate) async fn unix(to: &Path, question: Question) -> Result<Answer, HostError> {
    let name = to.display().to_string();
    let connect = async {
        UnixStream::connect(to).await.map_err(|error| HostError::unavailable(format!("{name}: {error}")))
    };
    ask(&name, connect, question).await
}

/// Connects to the first of these addresses that answers. Each has its share of the time: one that is silent leaves the
/// others theirs.
pub(crate) async fn connect_to_any(
    name: &str,
    addresses: &[SocketAddr],
    until: Instant,
) -> Result<TcpStream, HostError> {
    let mut last = HostError::unavailable(format!("{name} has no address"));
    for (number, address) in addresses.iter().enumerate() {
        let shown = if address.to_string() == name { String::new() } else { format!(" ({address})") };
        let left = u32::try_from(addresses.len() - number).unwrap_or(u32::MAX);
        let share = until.saturating_duration_since(Instant::now()) / left;
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => HostError::unavailable(format!("{name}{shown}: {error}")),
            Err(_) => HostError::timeout(format!("{name}{shown} did not answer in time")),
        }
    }
    Err(last)
}

/// The end of a time that begins now.
pub(crate) fn until(within: Duration) -> Instant {
    Instant::now() + within
}

async fn ask<S: AsyncRead + AsyncWrite + Unpin>(
    name: &str,
    connect: impl Future<Output = Result<S, HostError>>,
    question: Question,
) -> Result<Answer, HostError> {
    let began = Instant::now();
    let until = tokio::time::Instant::from_std(began + question.within);
    let silent = || HostError::timeout(format!("{name} did not answer in time"));
    let mut stream = timeout_at(until, connect).await.map_err(|_| silent())??;
    let connected_after = began.elapsed();
    let failed = |error: std::io::Error| HostError::unavailable(format!("{name}: {error}"));
    if !question.send.is_empty() {
        timeout_at(until, stream.write_all(&question.send)).await.map_err(|_| silent())?.map_err(failed)?;
    }
    let mut received = Vec::new();
    while received.len() < question.receive {
        let mut piece = [0; 4096];
        let wanted = piece.len().min(question.receive - received.len());
        let Some(room) = piece.get_mut(..wanted) else { break };
        match timeout_at(until, stream.read(room)).await {
            Ok(Ok(0)) => break,
            Ok(Ok(read)) => received.extend(room.iter().take(read)),
            Ok(Err(error)) => return Err(failed(error)),
            // What has come is an answer; nothing is none.
            Err(_) if received.is_empty() => return Err(silent()),
            Err(_) => break,
        }
    }
    Ok(Answer { received, connected_after })
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    /// An address that answers nobody: nothing is accepted there, and no more can wait. Open as long as it is kept.
    async fn silent() -> (SocketAddr, (TcpListener, Vec<TcpStream>)) {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0)).unwrap();
        let listener = socket.listen(0).unwrap();
        let address = listener.local_addr().unwrap();
        let mut waiting = Vec::new();
        while let Ok(Ok(stream)) = timeout(Duration::from_millis(200), TcpStream::connect(address)).await {
            waiting.push(stream);
            assert!(waiting.len() < 100, "everybody is let in");
        }
        (address, (listener, waiting))
    }

    #[tokio::test]
    async fn a_silent_address_leaves_the_others_their_time() {
        let (silent, _open) = silent().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let until = until(Duration::from_secs(3));
        let stream = connect_to_any("db.example:1", &[silent, address], until).await.unwrap();
        assert_eq!(stream.peer_addr().unwrap(), address);
        assert!(Instant::now() < until);

        let until = self::until(Duration::from_millis(100));
        let error = connect_to_any("db.example:1", &[silent, silent], until).await.unwrap_err();
        assert_eq!(error.kind, crate::error::ErrorKind::Timeout);
        assert_eq!(error.text, format!("db.example:1 ({silent}) did not answer in time"));
    }
}
