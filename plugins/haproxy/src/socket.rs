//! One command, one answer.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout_at;

use crate::address::Address;
use crate::deadline::Deadline;
use crate::trouble::{Cause, Trouble};

/// The longest answer. `show stat` has about 400 octets for each server.
const LONGEST: u64 = 4 << 20;

/// Sends one command and gives back the whole answer.
///
/// # Errors
///
/// If HAProxy cannot be asked, breaks off, takes longer than this, or says more than 4 MiB.
pub async fn ask(address: &Address, command: &str, within: Duration) -> Result<String, Trouble> {
    ask_until(address, command, Deadline::after(within)).await
}

pub(crate) async fn ask_until(
    address: &Address,
    command: &str,
    deadline: Deadline,
) -> Result<String, Trouble> {
    let asking = async {
        match address {
            Address::Unix(path) => {
                let stream = UnixStream::connect(path).await;
                talk(address, stream.map_err(|error| Trouble::connecting(address, &error))?, command).await
            }
            Address::Tcp(tcp) => {
                let stream = TcpStream::connect(tcp).await;
                talk(address, stream.map_err(|error| Trouble::connecting(address, &error))?, command).await
            }
        }
    };
    timeout_at(deadline.at, asking).await.map_err(|_| Trouble::late(address, deadline))?
}

async fn talk(
    address: &Address,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    command: &str,
) -> Result<String, Trouble> {
    let broken = |error: std::io::Error| Trouble::talking(address, &error);
    if command.contains(['\n', '\r']) {
        return Err(Trouble::new(
            Cause::Strange,
            format!("`{}` is more than one line", command.escape_debug()),
        ));
    }
    stream.write_all(format!("{command}\n").as_bytes()).await.map_err(broken)?;
    // The master keeps the connection open for further commands, unless it sees that none will come.
    stream.shutdown().await.map_err(broken)?;
    let mut answer = Vec::new();
    (&mut stream).take(LONGEST + 1).read_to_end(&mut answer).await.map_err(broken)?;
    if answer.len() as u64 > LONGEST {
        let text = format!("HAProxy's answer to `{command}` on {address} is longer than 4 MiB");
        return Err(Trouble::new(Cause::Strange, text));
    }
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
