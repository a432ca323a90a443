//! What TCP connections see: new ones, and one that is open.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use keepwatch_lab::{Attempt, Ending, TcpClient, TcpReport, TcpServer};
use libtest_mimic::Failed;

use crate::Case;
use crate::site::{Site, config, ensure, stop, vip, wait, wait_for_line};

pub(super) const CASES: &[Case] = &[
    Case { name: "handover::tcp::connections_through_a_stop", needs: &[], run: through_a_stop },
    Case { name: "handover::tcp::connections_through_the_rfcs_stop", needs: &[], run: through_the_rfcs_stop },
];

const PORT: u16 = 8080;
/// A lost SYN is sent again after a second.
const RETRANSMISSION: Duration = Duration::from_millis(990);

/// No connection waits for a retransmission, and the open one hears at once that its host has changed.
fn through_a_stop() -> Result<(), Failed> {
    let (report, stopped) = connect_through("lossless")?;
    print("lossless", &report, stopped);
    let slowest = report.slowest().ok_or("no connection was tried")?;
    let took = greeted_after(slowest);
    ensure(took < RETRANSMISSION, || format!("the slowest took {took:?}"))?;
    // One may be caught between its SYN at the old host and its ACK at the new one.
    ensure(report.failed().len() <= 2, || format!("{:?}", report.failed()))?;
    let (at, how) = report.kept.ended.ok_or("the open connection was never ended")?;
    ensure(how == Ending::Failed(ErrorKind::ConnectionReset), || format!("it ended by {how:?}"))?;
    let silent = report.kept.last_answer.map_or(Duration::MAX, |last| at - last);
    ensure(silent < Duration::from_millis(500), || format!("it was silent for {silent:?} before"))
}

/// The control: connections wait for a retransmission.
fn through_the_rfcs_stop() -> Result<(), Failed> {
    let (report, stopped) = connect_through("rfc")?;
    print("rfc", &report, stopped);
    let slowest = report.slowest().map(greeted_after).ok_or("no connection was tried")?;
    ensure(slowest >= RETRANSMISSION, || format!("the slowest took only {slowest:?}"))
}

fn greeted_after(attempt: &Attempt) -> Duration {
    attempt.greeting.as_ref().map_or(Duration::MAX, |greeting| greeting.after)
}

/// Stops h1 while a client connects each 3 ms.
fn connect_through(mode: &str) -> Result<(TcpReport, Instant), Failed> {
    let site = Site::new(2)?;
    let servers = [TcpServer::start(site.host(1), PORT)?, TcpServer::start(site.host(2), PORT)?];
    let h1 = site.keepwatch_with(1, &config(150, "", "10.1.1.30"), &["--stop-mode", mode])?;
    site.wait_for_holder(1, vip())?;
    let h2 = site.keepwatch(2, &config(100, "", "10.1.1.30"))?;
    wait_for_line(&h2, "is MASTER with priority 150")?;
    let target = SocketAddr::new(vip(), PORT);
    let client = TcpClient::start(&site.lan.client, target, Duration::from_millis(3))?;
    wait("h1 to greet", || client.greeted_by("h1") > 100)?;
    let stopped = Instant::now();
    stop(h1)?;
    wait("h2 to greet", || client.greeted_by("h2") > 100)?;
    wait("the open connection to end", || client.kept().ended.is_some())?;
    let report = client.finish();
    drop(servers);
    stop(h2)?;
    Ok((report, stopped))
}

fn print(mode: &str, report: &TcpReport, stopped: Instant) {
    let slowest = report.slowest().map(greeted_after);
    let since = |at: Instant| at.saturating_duration_since(stopped);
    println!(
        "TCP through a stop ({mode}): {} connections, {} failed, the slowest answered after {:.1?}; the open one was last \
         answered after {:.0?} and ended after {:.0?}",
        report.attempts.len(),
        report.failed().len(),
        slowest.unwrap_or_default(),
        report.kept.last_answer.map(since).unwrap_or_default(),
        report.kept.ended.map(|(at, _)| since(at)).unwrap_or_default(),
    );
}
