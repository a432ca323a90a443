//! The way to a relay: its addresses, a connection to one of them.

use std::net::SocketAddr;
use std::time::Duration;

use keepwatch_net::{in_words, plain};
use lettre::transport::smtp::Error;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bounded::Bounded;
use crate::dialogue::Followed;
use crate::reply::why;
use crate::settings::{Relay, Tls};

/// Why there is no connection.
pub(crate) enum Unreached {
    /// A server is there and does not want us: what it said.
    Unwanted(String),
    /// Anything else.
    Failed(String),
}

impl From<Error> for Unreached {
    fn from(error: Error) -> Self {
        let why = why(&error);
        if error.status().is_some() { Self::Unwanted(why) } else { Self::Failed(why) }
    }
}

/// The relay's addresses.
pub(crate) async fn look_up(relay: &Relay, heard: &Followed<'_>) -> Result<Vec<SocketAddr>, String> {
    heard.begin("the address of its name");
    let addresses = tokio::net::lookup_host((relay.host.as_str(), relay.port)).await;
    addresses
        .map(Iterator::collect)
        .map_err(|error| format!("its name cannot be looked up: {}", plain(&error)))
}

/// Connects to one of them, as far as EHLO; with TLS if that comes first.
pub(crate) async fn reach(
    relay: &Relay,
    address: SocketAddr,
    patience: Duration,
    tls: Option<TlsParameters>,
    hello: &ClientId,
) -> Result<AsyncSmtpConnection, Unreached> {
    if relay.tls == Tls::Implicit {
        // Who talks here has shown his certificate first: what he says need not be bounded.
        return Ok(AsyncSmtpConnection::connect_tokio1(address, Some(patience), hello, tls, None).await?);
    }
    let failed = |why: String| Unreached::Failed(why);
    let stream = timeout(patience, TcpStream::connect(address)).await;
    let stream = stream.map_err(|_| failed(format!("no connection within {} s", patience.as_secs_f64())))?;
    let stream = stream.map_err(|error| failed(in_words(&error)))?;
    Ok(AsyncSmtpConnection::connect_with_transport(Box::new(Bounded::new(stream)), hello).await?)
}
