//! Taking servers out of service and back.

use std::time::Duration;

use keepwatch_haproxy::{Address, Socket, Then, To, Turn};
use keepwatch_host::{HostError, Ran};

use crate::server::get;
use crate::site::{LONG, Site, until};

async fn turn(socket: Socket, server: &str, to: To, within: Duration) -> Result<Ran, HostError> {
    Turn { socket, server: server.parse().unwrap(), to }.native().deed.run(within).await
}

fn ran(exit_code: i32, output: &str) -> Result<Ran, HostError> {
    Ok(Ran { exit_code: Some(exit_code), output: output.to_owned() })
}

#[tokio::test]
async fn a_server_goes_and_comes_back() {
    let site = Site::new().await;
    for socket in [site.stats(), site.master()] {
        until("the server is up", async || site.server("a").await.status == "UP").await;
        for (to, output, status) in [
            (To::Maintenance, "server web/a is in maintenance", "MAINT"),
            (To::Ready, "server web/a is in service", "UP"),
            (To::Drain(Then::GoOn), "server web/a drains", "DRAIN"),
            (To::Ready, "server web/a is in service", "UP"),
            (To::Drain(Then::WaitUntilIdle), "server web/a drains and has no session", "DRAIN"),
            (To::Ready, "server web/a is in service", "UP"),
        ] {
            assert_eq!(turn(socket.clone(), "web/a", to, LONG).await, ran(0, output));
            until(status, async || site.server("a").await.status == status).await;
        }
    }
}

#[tokio::test]
async fn a_drain_waits_for_the_last_session() {
    let site = Site::new().await;
    assert_eq!(turn(site.stats(), "web/b", To::Maintenance, LONG).await.unwrap().exit_code, Some(0));
    let held = site.a.hold().await;
    let request = tokio::spawn(get(site.port));
    until("the request is at the server", async || site.server("a").await.sessions == 1).await;

    let drain = To::Drain(Then::WaitUntilIdle);
    let early = turn(site.stats(), "web/a", drain, Duration::from_secs(1)).await;
    assert_eq!(early, ran(1, "server web/a drains, but still has 1 session after 900 ms"));

    let drained = tokio::spawn(turn(site.stats(), "web/a", drain, LONG));
    until("the server drains", async || site.server("a").await.status == "DRAIN").await;
    assert!(!drained.is_finished());
    drop(held);
    assert_eq!(drained.await.unwrap(), ran(0, "server web/a drains and has no session"));
    assert!(request.await.unwrap().ends_with("ok"));
}

#[tokio::test]
async fn refusals_are_in_words() {
    let site = Site::new().await;
    for socket in [site.stats(), site.master()] {
        for (server, text) in [
            ("web/c", "there is no server in backend web called c; there are a, b"),
            ("wbe/a", "there is no backend wbe; there is web"),
        ] {
            for to in [To::Ready, To::Maintenance, To::Drain(Then::WaitUntilIdle)] {
                assert_eq!(turn(socket.clone(), server, to, LONG).await, ran(1, text));
            }
        }
    }
    let user = site.path("user.sock");
    let text = format!(
        "HAProxy does not allow this on {}: the socket needs `level admin` in HAProxy's configuration",
        user.display()
    );
    let user = Socket::Stats(Address::Unix(user));
    assert_eq!(turn(user, "web/a", To::Maintenance, LONG).await, ran(1, &text));
    assert_ne!(site.server("a").await.status, "MAINT");
}

#[tokio::test]
async fn one_that_has_ended_is_an_error() {
    let mut site = Site::new().await;
    site.kill().await;
    let error = turn(site.stats(), "web/a", To::Ready, LONG).await.unwrap_err();
    assert!(error.text.ends_with("nobody listens there; HAProxy is not running"), "{error}");
}
