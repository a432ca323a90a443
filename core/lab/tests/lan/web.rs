//! Requests to a web server.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use keepwatch_lab::{Lan, WebClient, WebServer};
use libtest_mimic::Failed;

use crate::Case;
use crate::support::{ensure, wait};

pub(crate) const CASES: &[Case] =
    &[Case { name: "web::answers_and_silences", needs: None, run: answers_and_silences }];

const PORT: u16 = 80;
const EVERY: Duration = Duration::from_millis(5);

fn answers_and_silences() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let (host, began) = (&lan.hosts[0], Instant::now());
    let server = WebServer::start(host, PORT, "here\n")?;
    let client = WebClient::start(&lan.client, SocketAddr::new(host.address.into(), PORT), EVERY);
    wait("answers", || client.report().answered() >= 20)?;
    drop(server);
    let unanswered =
        || client.report().requests.iter().rev().take_while(|request| request.answer.is_none()).count();
    wait("a silence", || unanswered() >= 10)?;
    let answered = client.report().answered();
    let _server = WebServer::start(host, PORT, "again\n")?;
    wait("answers again", || client.report().answered() >= answered + 5)?;
    let report = client.finish();
    let last = report.last_answer().ok_or("no answer")?;
    ensure(last.text == "again\n" && last.by.is_none(), || format!("{last:?}"))?;
    ensure(report.answered_by("h1") == 0, || "nobody said who it was".to_owned())?;
    // Ten requests, begun a period apart at least.
    let silence = report.longest_silence(began, Instant::now());
    ensure(silence >= EVERY * 9, || format!("{silence:?}"))
}
