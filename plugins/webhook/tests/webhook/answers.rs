//! What becomes of a message, by what the server does.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use keepwatch_notify::{Outcome, Scope};
use keepwatch_webhook::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Ear, HASTY, OK, Server, assert_unreachable, deliver, deliver_heard, read, serve, to};

fn answer(status: &str, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

#[tokio::test]
async fn what_is_taken_is_delivered() {
    let server = Server::start(OK).await;
    assert_eq!(deliver(to(&server.url())).await, Outcome::Delivered { said: "200 OK: ok".to_owned() });
    server.asked_once();
    let server = Server::start("HTTP/1.1 204 No Content\r\n\r\n").await;
    assert_eq!(deliver(to(&server.url())).await, Outcome::Delivered { said: "204 No Content".to_owned() });
}

#[tokio::test]
async fn each_answer_has_its_outcome() {
    let why = |server: &Server, text: &str| format!("http://{}/... answers {text}", server.address);
    let later = |why: String, after: Option<u64>, scope| {
        let after = after.map(Duration::from_secs);
        Outcome::Later { why, after, scope }
    };
    let server = Server::start(answer("429 Slow down", "Retry-After: 7\r\n", "slow\r\ndown")).await;
    let expected = later(why(&server, "429 Too Many Requests: slow"), Some(7), Scope::Destination);
    assert_eq!(deliver(to(&server.url())).await, expected);

    let server = Server::start(answer("500 Oops", "", "")).await;
    let expected = later(why(&server, "500 Internal Server Error"), None, Scope::Parcel);
    assert_eq!(deliver(to(&server.url())).await, expected);

    let server = Server::start(answer("410 Gone", "", "channel_is_archived")).await;
    let expected = Outcome::Gone { why: why(&server, "410 Gone: channel_is_archived") };
    assert_eq!(deliver(to(&server.url())).await, expected);

    let server = Server::start(answer("400 Bad", "", "\n \x1b[1minvalid_payload\nline 3")).await;
    let expected = Outcome::Refused { why: why(&server, "400 Bad Request: [1minvalid_payload") };
    assert_eq!(deliver(to(&server.url())).await, expected);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Server::start(OK).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("Location: {}\r\n", other.url());
        let server = Server::start(answer(&format!("{status} Moved"), &location, "")).await;
        let Outcome::Refused { why } = deliver(to(&server.url())).await else { panic!("{status}") };
        let there = format!("redirects to http://{}/...; webhooks follow no redirects", other.address);
        assert!(why.contains(&there), "{why}");
    }
    assert!(other.asked().is_empty());
}

#[tokio::test]
async fn servers_that_are_not_there() {
    // Taken, so that nobody else gets the port, but not listened on.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let outcome = deliver(to(&format!("http://{address}/secret"))).await;
    assert_unreachable(&outcome, &format!("127.0.0.1 ({address}) refused the connection"));

    // A label has 63 characters at most: no name server is asked.
    let name = format!("{}.invalid", "x".repeat(64));
    let outcome = deliver(to(&format!("http://{name}/secret"))).await;
    let Outcome::Later { why, scope: Scope::Destination, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.starts_with(&format!("{name} has no address: ")) && !why.contains("secret"), "{why}");
}

#[tokio::test]
async fn servers_that_say_nothing_or_stop_in_the_middle() {
    let hasty = |url: String| Settings { timeout: HASTY, ..to(&url) };
    for said in ["", "HTTP/1.1 200 OK\r\nContent-Le"] {
        let server = Server::start(said).await;
        let outcome = deliver(hasty(server.url())).await;
        assert_unreachable(&outcome, &format!("http://{}/... did not answer within 300 ms", server.address));
        server.asked_once();
    }
    let rude = serve(|mut stream| async move { drop(read(&mut stream).await) }).await;
    let outcome = deliver(to(&format!("http://{rude}"))).await;
    assert_unreachable(&outcome, &format!("http://{rude}/... closed the connection before it had answered"));
    let other = Server::start("220 mail.example.com ESMTP\r\n\r\n").await;
    let outcome = deliver(to(&other.url())).await;
    assert_unreachable(&outcome, &format!("http://{}/... answers with what is not HTTP", other.address));
}

/// The status has been said: the server has taken the message, or has not. Asking again would tell it twice.
#[tokio::test]
async fn an_answer_that_stops_after_its_status_is_one() {
    let half = |status: &str| format!("HTTP/1.1 {status}\r\nContent-Length: 50\r\n\r\nhalf");
    let stalls = Server::start(half("200 OK")).await;
    let outcome = deliver(Settings { timeout: HASTY, ..to(&stalls.url()) }).await;
    assert_eq!(outcome, Outcome::Delivered { said: "200 OK: half".to_owned() });
    let breaks = serve(|mut stream| async move {
        read(&mut stream).await;
        let said = "HTTP/1.1 403 Forbidden\r\nContent-Length: 50\r\n\r\nhalf";
        stream.write_all(said.as_bytes()).await.unwrap();
    })
    .await;
    let outcome = deliver(to(&format!("http://{breaks}"))).await;
    let why = format!("http://{breaks}/... answers 403 Forbidden: half");
    assert_eq!(outcome, Outcome::Refused { why });
}

/// A server that begins so and goes on without end. Gives its URL, and how much it could say.
async fn endless(beginning: &'static str) -> (String, Arc<AtomicUsize>) {
    let said = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&said);
    let address = serve(move |mut stream| {
        let counted = Arc::clone(&counted);
        async move {
            read(&mut stream).await;
            let _ = stream.write_all(beginning.as_bytes()).await;
            while stream.write_all(&[b'x'; 64 << 10]).await.is_ok() {
                counted.fetch_add(64 << 10, Ordering::Relaxed);
            }
        }
    })
    .await;
    (format!("http://{address}/..."), said)
}

#[tokio::test]
async fn answers_without_end() {
    let (url, said) = endless("HTTP/1.1 200 OK\r\n\r\n").await;
    let long = format!("200 OK: {}...", "x".repeat(200));
    assert_eq!(deliver(to(&url)).await, Outcome::Delivered { said: long });
    // What was not read lies in the sockets' buffers.
    assert!(said.load(Ordering::Relaxed) < 32 << 20, "{said:?}");
    let (url, said) = endless("HTTP/1.1 200 OK\r\nX: ").await;
    let outcome = deliver(to(&url)).await;
    assert_unreachable(&outcome, &format!("{url} answers with what is not HTTP"));
    assert!(said.load(Ordering::Relaxed) < 32 << 20, "{said:?}");
}

/// Interim answers (RFC 9110, 15.2) are none, however many there are.
#[tokio::test]
async fn interim_answers_do_not_stretch_the_time() {
    let address = serve(|mut stream| async move {
        read(&mut stream).await;
        while stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await.is_ok() {}
    })
    .await;
    let url = format!("http://{address}/...");
    let outcome = deliver(Settings { timeout: HASTY, ..to(&url) }).await;
    assert_unreachable(&outcome, &format!("{url} did not answer within 300 ms"));
}

/// Whoever delivers may have waited long enough: nothing of it lives on.
#[tokio::test]
async fn breaking_off_closes_the_connection() {
    let (told, mut hears) = tokio::sync::mpsc::unbounded_channel();
    let server = serve(move |mut stream| {
        let told = told.clone();
        async move {
            read(&mut stream).await;
            told.send("asked").unwrap();
            assert_eq!(stream.read(&mut [0]).await.unwrap_or(0), 0);
            told.send("closed").unwrap();
        }
    })
    .await;
    let delivery = tokio::spawn(deliver(to(&format!("http://{server}"))));
    assert_eq!(hears.recv().await, Some("asked"));
    delivery.abort();
    assert_eq!(hears.recv().await, Some("closed"));
}

/// A server may answer before it has read all, and close.
#[tokio::test]
async fn an_early_answer_counts() {
    let early = serve(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n").await;
        let _ = stream.read(&mut [0; 16]).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let outcome = deliver(to(&format!("http://{early}"))).await;
    let why = format!("http://{early}/... answers 413 Payload Too Large");
    assert_eq!(outcome, Outcome::Refused { why });
}

#[tokio::test]
async fn the_dialogue_is_told() {
    let server = Server::start(answer("202 Accepted", "X-Request: 7\r\nSet-Cookie: a=b\r\n", "queued")).await;
    let ear = Ear::default();
    let parcel = keepwatch_notify::sample::transition();
    deliver_heard(to(&server.url()), &parcel, &ear).await;
    let length = server.asked_once().body.len();
    let address = server.address;
    let expected = [
        format!("* connected to 127.0.0.1 at {address}"),
        "* without TLS: whoever is on the way can read it".to_owned(),
        "> POST /... HTTP/1.1".to_owned(),
        format!("> host: {address}"),
        "> content-type: application/cloudevents+json".to_owned(),
        format!("> webhook-id: {}", parcel.id),
        "> webhook-timestamp: 1772973477".to_owned(),
        format!("> user-agent: keepwatch/{}", env!("CARGO_PKG_VERSION")),
        format!("> ({length} octets)"),
        "< HTTP/1.1 202".to_owned(),
        "< x-request: 7".to_owned(),
        "< set-cookie: ***".to_owned(),
        "< content-length: 6".to_owned(),
        "< queued".to_owned(),
    ];
    assert_eq!(ear.lines(), expected);
}
