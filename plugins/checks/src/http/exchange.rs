//! One request over a connection of its own, and its answer.

use std::error::Error;
use std::io;

use http_body_util::BodyExt;
use hyper::body::{Body, Bytes};
use hyper::client::conn::http1;
use hyper::header::LOCATION;
use hyper::rt::{Read, Write};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use keepwatch_host::{Scheme, Verdict};

use super::HttpProbe;
use super::target::Target;
use crate::deadline::Deadline;
use crate::dial::connect;
use crate::io_text;
use crate::verdict::{Step, fail};

/// So much of a body is read.
pub(super) const LARGEST: usize = 1 << 20;

/// What a server has answered.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    location: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// Where it sends us, if it does.
    pub(super) fn redirect(&self) -> Option<&str> {
        let is_redirect = matches!(self.status, 301 | 302 | 303 | 307 | 308);
        self.location.as_deref().filter(|_| is_redirect)
    }
}

pub(super) async fn exchange(probe: &HttpProbe, target: &Target, deadline: &Deadline) -> Step<Answer> {
    let HttpProbe { check, names, tls } = probe;
    let message = target.message(check)?;
    let stream = connect(&target.origin.at, check.source, names, deadline).await?;
    let late = || format!("{} did not answer", target.origin);
    match target.origin.scheme {
        Scheme::Http => deadline.limit(talk(target, TokioIo::new(stream), message), late).await?,
        Scheme::Https => {
            let stream = tls.begin(target, stream, deadline).await?;
            deadline.limit(talk(target, TokioIo::new(stream), message), late).await?
        }
    }
}

async fn talk<B>(
    target: &Target,
    stream: impl Read + Write + Unpin + Send + 'static,
    message: Request<B>,
) -> Step<Answer>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    let failed = |error: hyper::Error| failed(target, &error);
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(64 << 10).handshake(stream).await.map_err(failed)?;
    // The connection is driven beside the request and goes with it: nothing of it outlives the question.
    let mut connection = std::pin::pin!(connection);
    let exchange = async {
        let response = sender.send_request(message).await.map_err(failed)?;
        read(target, response).await
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

async fn read(target: &Target, response: Response<hyper::body::Incoming>) -> Step<Answer> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION);
    let location = location.and_then(|location| location.to_str().ok()).map(str::to_owned);
    let (mut incoming, mut body) = (response.into_body(), Vec::new());
    while body.len() < LARGEST
        && let Some(frame) = incoming.frame().await
    {
        let frame = frame.map_err(|error| failed(target, &error))?;
        if let Some(data) = frame.data_ref() {
            body.extend(data.iter().take(LARGEST - body.len()));
        }
    }
    Ok(Answer { status, location, body })
}

/// The verdict on a server with which HTTP went wrong, by what lies at the bottom of it.
fn failed(target: &Target, error: &hyper::Error) -> Verdict {
    let at = &target.origin;
    let incomplete = || fail(format!("{at} closed the connection before its answer was complete"));
    let mut cause = error.source();
    while let Some(found) = cause {
        match found.downcast_ref::<io::Error>() {
            Some(error) if error.kind() == io::ErrorKind::UnexpectedEof => return incomplete(),
            Some(error) => return io_text::failed(&at.to_string(), error),
            None => cause = found.source(),
        }
    }
    if error.is_parse() {
        return fail(format!("{at} answers with what is not HTTP"));
    }
    if error.is_incomplete_message() || error.is_canceled() || error.is_closed() {
        return incomplete();
    }
    fail(format!("{at}: {error}"))
}
