//! `keepwatch events`: what happens, as it happens.

mod filter;
mod record;
mod render;
mod until;

use std::process::ExitCode;

use keepwatch_control::{Answer, Because, Client, ClientError, EventsRequest, Line, Request};

use crate::cli::{Events, EventsCommand, Selection};
use crate::terminal::{self, Paint};
use crate::{ask, exit};

pub(crate) use filter::Filter;

pub(crate) fn events(arguments: &Events) -> ExitCode {
    if let Some(EventsCommand::Record(record)) = &arguments.command {
        return record::record(record);
    }
    let paint = Paint::for_output();
    let request = EventsRequest { follow: !arguments.no_follow, ..request(&arguments.selection) };
    let client = match ask::connect() {
        Ok(client) => client,
        Err(error) => return ask::failed(&error),
    };
    let heard = hear(client, &request, None, |line| {
        let text = if arguments.json { json(line) } else { render::render(line, &request, paint) };
        terminal::print(&text)
    });
    match heard {
        Ok(Ended::ByDaemon) => {
            eprintln!("keepwatch is stopping: no more events follow");
            exit::with(exit::OK)
        }
        Ok(Ended::Complete) => exit::with(exit::OK),
        Err(error) => ask::failed(&error),
    }
}

/// What to ask for.
fn request(selection: &Selection) -> EventsRequest {
    let mut request = EventsRequest { telemetry: selection.plugin_logs, ..EventsRequest::default() };
    for filter in &selection.filter {
        request.kinds.extend(filter.kinds.iter().cloned());
        request.instances.extend(filter.instances.iter().cloned());
        request.severity = filter.severity.or(request.severity);
    }
    request
}

/// How hearing ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// The daemon stops.
    ByDaemon,
    /// The reader, the signal, the time or the request wanted no more.
    Complete,
}

/// Why hearing failed.
#[derive(Debug, thiserror::Error)]
enum HearError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("keepwatch ended without a word, or this program read too slowly; see its log")]
    BrokenOff,
    #[error("cannot write: {0}")]
    Write(#[source] std::io::Error),
}

/// Hears lines until the daemon ends, `limit` is over, a signal comes or nobody wants to read any more.
fn hear(
    mut client: Client,
    request: &EventsRequest,
    limit: Option<std::time::Duration>,
    mut each: impl FnMut(&Line) -> std::io::Result<()>,
) -> Result<Ended, HearError> {
    let enough = until::Enough::watch(client.stopper()?, limit).map_err(HearError::Write)?;
    let mut next = Some(client.ask(&Request::Events(request.clone()), None));
    loop {
        let line = match next
            .take()
            .unwrap_or_else(|| client.next_line().and_then(|line| line.ok_or_else(|| client.closed())))
        {
            Ok(line) => line,
            Err(_) if enough.is_enough() => return Ok(Ended::Complete),
            Err(ClientError::Closed(_)) => return Err(HearError::BrokenOff),
            Err(error) => return Err(error.into()),
        };
        if let Answer::End(end) = &line.answer {
            return Ok(if end.because == Because::Complete { Ended::Complete } else { Ended::ByDaemon });
        }
        match each(&line) {
            Ok(()) => {}
            Err(error) if terminal::nobody_reads(&error) => return Ok(Ended::Complete),
            Err(error) => return Err(HearError::Write(error)),
        }
    }
}

/// A line as the daemon wrote it.
fn json(line: &Line) -> String {
    format!("{}\n", line.text)
}
