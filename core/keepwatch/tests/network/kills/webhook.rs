//! Killed while it calls a webhook.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, PoisonError};

use keepwatch_lab::Accepting;
use libtest_mimic::Failed;
use serde_json::Value;

use super::Field;
use super::ledger::Got;
use super::trap::{Passed, Seen, Step, Trap};
use crate::site::{PATIENCE, Site};

const PORT: u16 = 8080;
const WAY: &str = "webhook = \"http://127.0.0.1:8080/hook\"\n";

/// A step of a request, as a server sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum WebStep {
    /// Somebody has connected.
    Connected,
    /// The request's header has come.
    Head,
    /// All of the request has come.
    Taken,
    /// Half of the answer's header is on its way.
    HalfTold,
    /// All of the answer is.
    Told,
}

impl Step for WebStep {
    const ALL: &'static [Self] = &[Self::Connected, Self::Head, Self::Taken, Self::HalfTold, Self::Told];

    fn seen(self) -> Seen {
        match self {
            Self::Connected | Self::Head => Seen::NotTaken,
            Self::Taken | Self::HalfTold => Seen::Never,
            Self::Told => Seen::Perhaps,
        }
    }
}

pub(super) fn kills() -> Result<(), Failed> {
    let site = Site::new(1)?;
    let (trap, all) = (Arc::new(Trap::new()), Arc::new(Mutex::new(Vec::new())));
    let (attend, keep) = (Arc::clone(&trap), Arc::clone(&all));
    let server = Accepting::start(site.host(1), PORT, move |stream| serve(stream, &attend, &keep))?;
    let got = move || -> Vec<Got> {
        let _running = &server;
        all.lock().unwrap_or_else(PoisonError::into_inner).clone()
    };
    Field::new(site, WAY, trap, Box::new(got))?.play("kills::webhook")
}

/// One request.
fn serve(stream: TcpStream, trap: &Trap<WebStep>, all: &Mutex<Vec<Got>>) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut stream = BufReader::new(stream);
    let is_shut = trap.is_shut();
    // All of the request may have been sent already: it is not looked at.
    if !is_shut && trap.pass(WebStep::Connected) == Passed::Dead {
        return Ok(());
    }
    let (mut id, mut length) = (String::new(), 0);
    for line in stream.by_ref().lines() {
        let line = line?;
        if line.is_empty() {
            break;
        }
        match line.split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("webhook-id") => value.clone_into(&mut id),
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().map_err(io::Error::other)?;
            }
            _ => {}
        }
    }
    if is_shut {
        return stream.get_mut().write_all(b"HTTP/1.1 503 Not Now\r\nContent-Length: 0\r\n\r\n");
    }
    if trap.pass(WebStep::Head) == Passed::Dead {
        return Ok(());
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body)?;
    trap.pass(WebStep::Taken);
    let number = {
        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(Got { id, letters: letters(&body)? });
        all.len()
    };
    let said = format!("taken as {number}");
    stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\nContent-")?;
    trap.pass(WebStep::HalfTold);
    stream.get_mut().write_all(format!("Length: {}\r\n\r\n{said}", said.len()).as_bytes())?;
    trap.pass(WebStep::Told);
    Ok(())
}

/// The ids of the events in a body: one, or a list.
fn letters(body: &[u8]) -> io::Result<Vec<String>> {
    let value: Value = serde_json::from_slice(body)?;
    let events = if let Value::Array(events) = value { events } else { vec![value] };
    Ok(events.iter().filter_map(|event| Some(event["id"].as_str()?.to_owned())).collect())
}
