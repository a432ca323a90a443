//! One client.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{ReadHalf, UCred, WriteHalf};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::answer::Answer;
use crate::backend::Backend;
use crate::limits::Limits;
use crate::lines::{Lines, Read};
use crate::refusal::{Code, Refusal};
use crate::request::Request;
use crate::rights::permit;
use crate::spool::Done;
use crate::stream::{self, Stream};

/// One client.
pub(crate) struct Connection {
    pub(crate) stream: UnixStream,
    /// Who it is.
    pub(crate) client: UCred,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) limits: Limits,
    /// The daemon's own user.
    pub(crate) own: u32,
    /// True when the server was told to stop.
    pub(crate) ending: watch::Receiver<bool>,
}

impl Connection {
    /// Answers until the client goes, says something that is no request, or leaves an answer unread.
    pub(crate) async fn serve(self) {
        let Self { mut stream, client, backend, limits, own, ending } = self;
        let (mut reader, mut writer) = stream.split();
        let mut lines = Lines::new(limits.request_bytes);
        let mut answered = false;
        loop {
            let request = match next(&mut lines, &mut reader, limits, answered, ending.clone()).await {
                Some(request) => request.and_then(|request| {
                    permit(&request, client.uid(), own)?;
                    Ok(request)
                }),
                None => return,
            };
            answered = true;
            let answer = match request {
                Ok(Request::Events(request)) => {
                    let name = client.pid().map_or_else(
                        || "a client of the control socket".to_owned(),
                        |pid| format!("a client of the control socket (process {pid})"),
                    );
                    let delivery = stream::delivery(&request);
                    let subscription = backend.subscribe(&name, delivery, limits.events);
                    // The bus ends when nobody holds it.
                    drop(backend);
                    let stream = Stream { reader, writer, subscription, request, limits, ending };
                    // Whatever ended it, there is nobody left to tell.
                    let _ = stream.serve().await;
                    return;
                }
                Ok(Request::Status) => Answer::Status(Box::new(backend.status().await)),
                Ok(Request::Explain(which)) => match backend.explain(which).await {
                    Ok(explanation) => Answer::Explanation(explanation),
                    Err(why) => Answer::Done(Done::refused(why)),
                },
                Ok(Request::Plugins) => Answer::Plugins(backend.plugins()),
                Ok(Request::Reload(how)) => Answer::Reload(backend.reload(how).await),
                Ok(Request::DeadLetters(plugin)) => match backend.dead_letters(plugin).await {
                    Ok(letters) => Answer::DeadLetters(letters),
                    Err(why) => Answer::Done(Done::refused(why)),
                },
                Ok(Request::Spool) => Answer::Spool(backend.spool().await),
                Ok(Request::SpoolRetry(letters)) => Answer::Done(backend.spool_retry(letters).await),
                Ok(Request::SpoolPurge(letters)) => Answer::Done(backend.spool_purge(letters).await),
                Ok(Request::Silences) => Answer::Silences(backend.silences().await),
                Ok(Request::Silence(silence)) => Answer::Done(backend.silence(silence).await),
                Ok(Request::SilenceEnd(name)) => Answer::Done(backend.silence_end(name).await),
                Err(refusal) => Answer::Error(refusal),
            };
            let last = matches!(&answer, Answer::Error(refusal) if refusal.is_final());
            let mut line = Vec::new();
            answer.write(&mut line);
            if send(&mut writer, &line, limits.write_time).await.is_err() || last {
                return;
            }
        }
    }
}

/// The next request or the refusal of what came instead; `None` if the client has gone, or has had its answer and asks
/// no more, or the server stops.
async fn next(
    lines: &mut Lines,
    reader: &mut ReadHalf<'_>,
    limits: Limits,
    answered: bool,
    mut ending: watch::Receiver<bool>,
) -> Option<Result<Request, Refusal>> {
    let line = tokio::select! {
        _ = ending.wait_for(|ending| *ending) => return None,
        line = timeout(limits.request_time, lines.next(reader)) => match line {
            Ok(Read::Line(line)) => return Some(Request::parse(line)),
            Ok(Read::End) => return None,
            Ok(Read::TooLong) => Some(()),
            Err(_) => None,
        },
    };
    if line.is_some() {
        let text = format!("the request is longer than {} bytes", limits.request_bytes);
        return Some(Err(Refusal::new(Code::TooLong, text)));
    }
    if answered && lines.is_empty() {
        return None;
    }
    let text = format!("no request came within {} s", limits.request_time.as_secs_f64());
    Some(Err(Refusal::new(Code::TooSlow, text)))
}

/// Writes all of it, unless the client reads nothing for too long.
pub(crate) async fn send(writer: &mut WriteHalf<'_>, bytes: &[u8], limit: Duration) -> io::Result<()> {
    let mut rest = bytes;
    while !rest.is_empty() {
        // Each time anew: one that reads slowly reads.
        let written = timeout(limit, writer.write(rest)).await.map_err(io::Error::from)??;
        rest = rest.get(written..).unwrap_or_default();
        if written == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use tokio::time::{Instant, sleep};

    use super::*;

    const LIMIT: Duration = Duration::from_secs(30);
    /// Many times what a socket holds.
    const LENGTH: usize = 8 << 20;

    #[tokio::test(start_paused = true)]
    async fn one_that_reads_slowly_is_waited_for() {
        let (mut ours, theirs) = UnixStream::pair().unwrap();
        let reader = tokio::spawn(async move {
            let (mut heard, mut buffer) = (0, vec![0; 1 << 20]);
            while heard < LENGTH {
                sleep(LIMIT / 2).await;
                while let Ok(more @ 1..) = theirs.try_read(&mut buffer) {
                    heard += more;
                }
            }
        });
        let began = Instant::now();
        let (_, mut writer) = ours.split();
        send(&mut writer, &vec![b'x'; LENGTH], LIMIT).await.unwrap();
        reader.await.unwrap();
        assert!(began.elapsed() > LIMIT, "it took long, in all");
    }

    #[tokio::test(start_paused = true)]
    async fn one_that_does_not_read_is_not() {
        let (mut ours, _theirs) = UnixStream::pair().unwrap();
        let (_, mut writer) = ours.split();
        let error = send(&mut writer, &vec![b'x'; LENGTH], LIMIT).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
