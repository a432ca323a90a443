//! From a name to a stream: the name server, the connection, a proxy's tunnel, TLS.

use std::net::{IpAddr, SocketAddr};

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{HOST, PROXY_AUTHORIZATION, USER_AGENT};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use keepwatch_event::Rounded;
use keepwatch_net::{in_words, plain};
use keepwatch_notify::Dialogue;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};

use super::{Deadline, tls};
use crate::draft::{AGENT, authorization, header_value};
use crate::endpoint::{Endpoint, Scheme};
use crate::proxy::{Relay, Way};
use crate::secret::Secrets;
use crate::settings::Tls;

/// Octets to a server and back.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// Opens a stream on which the request can be sent.
///
/// # Errors
///
/// What went wrong, in one line.
pub(crate) async fn open(
    endpoint: &Endpoint,
    way: &Way<'_>,
    settings: &Tls,
    secrets: &Secrets,
    deadline: Deadline,
    heard: &dyn Dialogue,
) -> Result<Box<dyn Stream>, String> {
    let stream: Box<dyn Stream> = match way {
        Way::Straight => Box::new(connect(endpoint, deadline, heard).await?),
        Way::Forward(relay) => Box::new(connect(&relay.at, deadline, heard).await?),
        Way::Tunnel(relay) => {
            let stream = connect(&relay.at, deadline, heard).await?;
            tunnel(stream, relay, endpoint, secrets, heard).await?
        }
    };
    match endpoint.scheme {
        Scheme::Http => Ok(stream),
        Scheme::Https => Ok(Box::new(tls::begin(settings, endpoint, stream, heard).await?)),
    }
}

/// Connects to the first of a host's addresses that answers. Each has its share of the time: one that is silent leaves
/// the others theirs.
async fn connect(to: &Endpoint, deadline: Deadline, heard: &dyn Dialogue) -> Result<TcpStream, String> {
    let addresses = resolve(to).await?;
    let mut last = format!("{} has no address", to.host);
    for (number, address) in addresses.iter().enumerate() {
        let left = u32::try_from(addresses.len() - number).unwrap_or(u32::MAX);
        let share = deadline.until.saturating_duration_since(Instant::now()) / left;
        last = match timeout(share, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                heard.note(&format!("connected to {} at {address}", to.host));
                return Ok(stream);
            }
            Ok(Err(error)) => format!("{} ({address}) {}", to.host, in_words(&error)),
            Err(_) => format!("{} ({address}) did not answer within {}", to.host, Rounded(share)),
        };
        heard.note(&last);
    }
    Err(last)
}

async fn resolve(to: &Endpoint) -> Result<Vec<SocketAddr>, String> {
    if let Ok(address) = to.host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(address, to.port)]);
    }
    let found = tokio::net::lookup_host((to.host.as_str(), to.port)).await;
    Ok(found.map_err(|error| format!("{} has no address: {}", to.host, plain(&error)))?.collect())
}

/// Has a proxy connect to the server (RFC 9110, 9.3.6).
async fn tunnel(
    stream: TcpStream,
    relay: &Relay<'_>,
    to: &Endpoint,
    secrets: &Secrets,
    heard: &dyn Dialogue,
) -> Result<Box<dyn Stream>, String> {
    let proxy = format!("the proxy {}", relay.at.host_and_port());
    let failed = |error: hyper::Error| format!("{proxy} gave no answer that can be used: {error}");
    let target = to.host_and_port();
    let mut request = Request::builder()
        .method(Method::CONNECT)
        .uri(&target)
        .header(HOST, &target)
        .header(USER_AGENT, AGENT);
    if let Some(auth) = relay.auth {
        let name = PROXY_AUTHORIZATION;
        request = request.header(&name, header_value(name.as_str(), &authorization(auth, secrets))?);
    }
    let request = request.body(Empty::<Bytes>::new()).map_err(|_| format!("{proxy} cannot be asked"))?;
    heard.said(&format!("CONNECT {target} HTTP/1.1"));
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(64 << 10).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    let connection = connection.with_upgrades();
    let mut connection = std::pin::pin!(connection);
    let ask = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        heard.heard(&format!("HTTP/1.1 {status}"));
        if status == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(format!("{proxy} answers {status}: set a user and a password for it"));
        }
        if !status.is_success() {
            return Err(format!("{proxy} answers {status} to CONNECT {target}"));
        }
        hyper::upgrade::on(response).await.map_err(failed)
    };
    let mut ask = std::pin::pin!(ask);
    let mut open = true;
    let upgraded = loop {
        tokio::select! {
            biased;
            upgraded = &mut ask => break upgraded?,
            _ = &mut connection, if open => open = false,
        }
    };
    Ok(Box::new(TokioIo::new(upgraded)))
}
