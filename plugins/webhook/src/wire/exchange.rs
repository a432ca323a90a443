//! One request over a stream, and its answer.

use std::error::Error;
use std::io;
use std::time::Duration;

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1;
use hyper::http::response::Parts;
use hyper_util::rt::TokioIo;
use keepwatch_net::in_words;
use tokio::time::{Instant, timeout_at};

use super::{Deadline, Stream};

/// So much of an answer's body is read.
const LARGEST: usize = 64 << 10;
/// How long an answer's body may take once its status is known.
const PATIENCE: Duration = Duration::from_secs(5);

/// A server's answer.
pub(crate) struct Reply {
    pub(crate) head: Parts,
    /// Its beginning.
    pub(crate) body: Vec<u8>,
}

/// Sends a request and reads the answer. The status decides: a body that does not come to its end changes nothing,
/// else the server would be told twice what it has taken. `server` is for the errors.
///
/// # Errors
///
/// What went wrong, in one line.
pub(crate) async fn talk(
    server: &str,
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    deadline: Deadline,
) -> Result<Reply, String> {
    let failed = |error: hyper::Error| failed(server, &error);
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(64 << 10).handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // The connection is driven beside the request and goes with it: nothing of it outlives the delivery.
    let mut connection = std::pin::pin!(connection);
    let exchange = async {
        let answer = timeout_at(deadline.until, sender.send_request(request)).await;
        let answer = answer.map_err(|_| format!("{server} did not answer within {deadline}"))?;
        let (head, body) = answer.map_err(failed)?.into_parts();
        let body = read(body, deadline.until.min(Instant::now() + PATIENCE)).await;
        Ok(Reply { head, body })
    };
    let mut exchange = std::pin::pin!(exchange);
    let mut open = true;
    loop {
        tokio::select! {
            biased;
            reply = &mut exchange => return reply,
            _ = &mut connection, if open => open = false,
        }
    }
}

/// What comes of a body until then.
async fn read(mut incoming: Incoming, until: Instant) -> Vec<u8> {
    let mut body = Vec::new();
    while body.len() < LARGEST
        && let Ok(Some(Ok(frame))) = timeout_at(until, incoming.frame()).await
    {
        if let Some(data) = frame.data_ref() {
            body.extend(data.iter().take(LARGEST - body.len()));
        }
    }
    body
}

/// Why there was no answer, by what lies at the bottom of it.
fn failed(server: &str, error: &hyper::Error) -> String {
    let mut cause = error.source();
    while let Some(found) = cause {
        match found.downcast_ref::<io::Error>() {
            Some(error) => return format!("{server} {}", in_words(error)),
            None => cause = found.source(),
        }
    }
    if error.is_parse() {
        return format!("{server} answers with what is not HTTP");
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return format!("{server} closed the connection before it had answered");
    }
    format!("{server}: {error}")
}
