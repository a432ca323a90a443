//! HTTP requests. Each origin on the way must have been granted, and so must the address that its name leads to.

use std::sync::Arc;
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue, LOCATION, USER_AGENT};
use hyper::rt::{Read, Write};
use hyper::{Method, Request, Response, Uri};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio_rustls::TlsConnector;

use super::address::resolve;
use super::client::Client;
use super::connection::{connect_to_any, until};
use super::redirect;
use crate::effects::{HttpRequest, HttpResponse};
use crate::error::{ErrorKind, HostError};
use crate::grant::{Grant, Origin, Scheme};
use crate::host::origin;
use crate::permit::Permit;

/// The largest answer.
const LARGEST: usize = 1 << 20;

/// Sends a request, and follows redirects as far as it may.
pub(crate) async fn send(
    client: &Client,
    request: HttpRequest,
    permit: &Permit,
) -> Result<HttpResponse, HostError> {
    let within = request.within;
    // Not the whole URL, which may be a secret.
    let asked = origin(&request.url)?;
    let until = until(within);
    let answer = tokio::time::timeout_at(until.into(), follow(client, request, permit, until)).await;
    answer.unwrap_or_else(|_| {
        Err(HostError::timeout(format!("{asked} did not answer within {}", shown(within))))
    })
}

fn shown(time: Duration) -> String {
    keepwatch_event::Rounded(time).to_string()
}

async fn follow(
    client: &Client,
    mut request: HttpRequest,
    permit: &Permit,
    until: Instant,
) -> Result<HttpResponse, HostError> {
    loop {
        let from = origin(&request.url)?;
        if !permit.has(&Grant::Origin(from.clone())) {
            let remedy = permit.remedy([from.to_string()]);
            return Err(HostError::denied(format!(
                "a redirect leads to {from}, which is not granted; if this is meant, {remedy}"
            )));
        }
        let response = exchange(client, &from, &request, until).await?;
        let is_redirect = matches!(response.status, 301 | 302 | 303 | 307 | 308);
        let location = response.headers.iter().find(|(name, _)| name == LOCATION.as_str());
        let (true, Some((_, location)), 1..) = (is_redirect, location, request.redirects) else {
            return Ok(response);
        };
        let next = redirect::target(&from, &request.url, location)?;
        request.redirects -= 1;
        if origin(&next)? != from {
            // Whom these were meant for is somebody else.
            request.headers.retain(|(name, _)| is_for_anybody(name));
        }
        if response.status == 303 || (matches!(response.status, 301 | 302) && request.method == "POST") {
            "GET".clone_into(&mut request.method);
            request.body.clear();
            request.headers.retain(|(name, _)| !name.to_ascii_lowercase().starts_with("content-"));
        }
        request.url = next;
    }
}

/// Whether another host may have a header, too. Any of them may hold a secret, such as `X-Vault-Token`, but these.
fn is_for_anybody(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    header.starts_with("accept") || header.starts_with("content-") || header == USER_AGENT.as_str()
}

async fn exchange(
    client: &Client,
    to: &Origin,
    request: &HttpRequest,
    until: Instant,
) -> Result<HttpResponse, HostError> {
    let message = message(to, request)?;
    let addresses = resolve(client.names(), &to.at).await?;
    let stream = connect_to_any(&to.at.to_string(), &addresses, until).await?;
    let response = match to.scheme {
        Scheme::Http => talk(to, TokioIo::new(stream), message).await?,
        Scheme::Https => {
            let name = ServerName::try_from(to.at.host.clone())
                .map_err(|_| HostError::invalid(format!("{} is no name for TLS", to.at.host)))?;
            let connector = TlsConnector::from(Arc::clone(&client.tls().await?));
            let stream = connector.connect(name, stream).await;
            let stream = stream.map_err(|error| HostError::unavailable(format!("TLS with {to}: {error}")))?;
            talk(to, TokioIo::new(stream), message).await?
        }
    };
    Ok(response)
}

fn message(to: &Origin, request: &HttpRequest) -> Result<Request<Full<Bytes>>, HostError> {
    let invalid = |what: &str| HostError::invalid(format!("{what} cannot be sent to {to}"));
    let uri: Uri = request.url.parse().map_err(|_| invalid("such a URL"))?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let method = Method::from_bytes(request.method.as_bytes()).map_err(|_| invalid("such a method"))?;
    if method == Method::CONNECT {
        return Err(invalid("CONNECT"));
    }
    let mut message = Request::builder().method(method).uri(path);
    for (name, value) in &request.headers {
        let name = HeaderName::try_from(name.as_str()).map_err(|_| invalid("such a header"))?;
        // How long the message is and where it goes is not the plugin's to say.
        if name == HOST || name == CONTENT_LENGTH || name == "transfer-encoding" || name == "connection" {
            continue;
        }
        let value = HeaderValue::try_from(value.as_str()).map_err(|_| invalid("such a header's value"))?;
        message = message.header(name, value);
    }
    let host = to.to_string();
    let host = host.split_once("://").map_or(host.as_str(), |(_, host)| host);
    message = message.header(HOST, host);
    if !request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case(USER_AGENT.as_str())) {
        message = message.header(USER_AGENT, concat!("keepwatch/", env!("CARGO_PKG_VERSION")));
    }
    message.body(Full::new(Bytes::from(request.body.clone()))).map_err(|_| invalid("this"))
}

async fn talk(
    to: &Origin,
    stream: impl Read + Write + Unpin + Send + 'static,
    message: Request<Full<Bytes>>,
) -> Result<HttpResponse, HostError> {
    let failed = |error: hyper::Error| HostError::unavailable(format!("{to}: {error}"));
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(64 << 10).handshake(stream).await.map_err(failed)?;
    // The connection is driven beside the request and goes with it: nothing of it outlives the call.
    let mut connection = std::pin::pin!(connection);
    let exchange = async {
        let response = sender.send_request(message).await.map_err(failed)?;
        read(to, response).await
    };
    let mut exchange = std::pin::pin!(exchange);
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            answer = &mut exchange => return answer,
            _ = &mut connection, if open => open = false,
        }
    }
}

async fn read(to: &Origin, response: Response<hyper::body::Incoming>) -> Result<HttpResponse, HostError> {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| {
            (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
        })
        .collect();
    let body = Limited::new(response.into_body(), LARGEST).collect().await;
    let body = body.map_err(|error| match error.downcast::<http_body_util::LengthLimitError>() {
        Ok(_) => HostError::new(ErrorKind::Limit, format!("{to} answers with more than 1 MiB")),
        Err(error) => HostError::unavailable(format!("{to}: {error}")),
    })?;
    Ok(HttpResponse { status, headers, body: body.to_bytes().to_vec() })
}
