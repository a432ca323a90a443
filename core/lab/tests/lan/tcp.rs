//! TCP connections.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::time::Duration;

use keepwatch_lab::{Ending, Host, Lan, TcpClient, TcpReport, TcpServer};
use libtest_mimic::Failed;

use crate::Case;
use crate::support::{ensure, ip, wait};

pub(crate) const CASES: &[Case] = &[
    Case { name: "tcp::greeted_and_echoed", needs: None, run: greeted_and_echoed },
    Case { name: "tcp::an_address_that_moves", needs: None, run: an_address_that_moves },
    Case { name: "tcp::nobody_answers", needs: None, run: nobody_answers },
];

const PORT: u16 = 7000;
const EVERY: Duration = Duration::from_millis(3);

fn echoed(client: &TcpClient, more: usize) -> Result<(), Failed> {
    let before = client.kept().answers;
    wait("echoes", || client.kept().answers >= before + more)
}

fn kinds(report: &TcpReport) -> Vec<ErrorKind> {
    report.failed().iter().filter_map(|attempt| attempt.greeting.clone().err()).collect()
}

fn greeted_and_echoed() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let host = &lan.hosts[0];
    for target in [host.address.into(), host.address_v6.into()] {
        let server = TcpServer::start(host, PORT)?;
        let client = TcpClient::start(&lan.client, SocketAddr::new(target, PORT), EVERY)?;
        wait("greetings", || client.greeted_by("h1") >= 100)?;
        echoed(&client, 50)?;
        let report = client.report();
        ensure(report.kept.ended.is_none(), || format!("{:?}", report.kept))?;
        ensure(report.failed().is_empty(), || format!("{:?}", report.failed()))?;
        drop(server);
        wait("the end", || client.kept().ended.is_some())?;
        wait("a refusal", || kinds(&client.report()).contains(&ErrorKind::ConnectionRefused))?;
        let report = client.finish();
        let (_, ending) = report.kept.ended.ok_or("it ended")?;
        let expected = [Ending::Closed, Ending::Failed(ErrorKind::ConnectionReset)];
        ensure(expected.contains(&ending), || format!("{ending:?}"))?;
        ensure(report.kept.last_answer.is_some(), || format!("{:?}", report.kept))?;
        let slowest = report.slowest().ok_or("none was greeted")?;
        let greeting = slowest.greeting.as_ref().map_err(|kind| format!("{kind:?}"))?;
        ensure(slowest.connected.is_some_and(|after| after <= greeting.after), || format!("{slowest:?}"))?;
        ensure(report.attempts.is_sorted_by_key(|attempt| attempt.began), || "not sorted".to_owned())?;
    }
    Ok(())
}

/// Connections begin anew on the other host; the one kept open is unknown there, and reset.
fn an_address_that_moves() -> Result<(), Failed> {
    let lan = Lan::new(2)?;
    let [h1, h2] = &lan.hosts[..] else { return Err("two hosts".into()) };
    let vip = ip("10.1.1.30");
    let _servers = [TcpServer::start(h1, PORT)?, TcpServer::start(h2, PORT)?];
    h1.add_address(vip, 32)?;
    let client = TcpClient::start(&lan.client, SocketAddr::new(vip, PORT), EVERY)?;
    wait("greetings of h1", || client.greeted_by("h1") >= 50)?;
    echoed(&client, 20)?;
    h1.remove_address(vip, 32)?;
    h2.add_address(vip, 32)?;
    announce_by(h2)?;
    wait("greetings of h2", || client.greeted_by("h2") >= 50)?;
    wait("the end", || client.kept().ended.is_some())?;
    let report = client.finish();
    let ending = report.kept.ended.map(|(_, ending)| ending);
    ensure(ending == Some(Ending::Failed(ErrorKind::ConnectionReset)), || format!("{:?}", report.kept))
}

fn announce_by(host: &Host) -> std::io::Result<()> {
    crate::support::announce(host, host.mac()?, std::net::Ipv4Addr::new(10, 1, 1, 30))
}

/// Attempts that hang do not hold up those after them.
fn nobody_answers() -> Result<(), Failed> {
    let lan = Lan::new(1)?;
    let host = &lan.hosts[0];
    let server = TcpServer::start(host, PORT)?;
    let client = TcpClient::start(&lan.client, SocketAddr::new(host.address.into(), PORT), EVERY)?;
    wait("greetings", || client.greeted_by("h1") >= 20)?;
    echoed(&client, 10)?;
    host.pull_cable()?;
    std::thread::sleep(Duration::from_secs(1));
    host.plug_cable()?;
    let before = client.greeted_by("h1");
    wait("greetings again", || client.greeted_by("h1") > before + 100)?;
    echoed(&client, 10)?;
    host.pull_cable()?;
    wait("attempts given up", || client.report().failed().len() > 100 && client.kept().ended.is_some())?;
    let report = client.finish();
    drop(server);
    // A second without a network, and what was lost in it is sent again after a second.
    let slowest =
        report.slowest().and_then(|attempt| attempt.greeting.as_ref().ok()).ok_or("nobody greeted")?;
    ensure(slowest.after > Duration::from_millis(500), || format!("{slowest:?}"))?;
    ensure(report.kept.longest_silence > Duration::from_millis(500), || format!("{:?}", report.kept))?;
    let expected = [ErrorKind::TimedOut, ErrorKind::HostUnreachable];
    let kinds = kinds(&report);
    ensure(kinds.iter().all(|kind| expected.contains(kind)), || format!("{kinds:?}"))?;
    let ended = report.kept.ended.map(|(_, ending)| ending);
    let expected = expected.map(|kind| Some(Ending::Failed(kind)));
    ensure(expected.contains(&ended), || format!("{:?}", report.kept))
}
