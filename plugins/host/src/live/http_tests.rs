//! HTTP requests against servers, and names, that do as they like.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::client::Client;
use super::connection::tcp;
use super::http::send;
use super::names::Names;
use crate::effects::{HttpRequest, HttpResponse, Question};
use crate::error::{ErrorKind, HostError};
use crate::grant::{Grants, HostPort};
use crate::permit::Permit;
use crate::plugin::Work;

/// A server that gives everybody the same answer and remembers what it was asked.
struct Server {
    origin: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start(answer: impl Into<String>) -> Self {
        let answer = answer.into();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = vec![0; 64 << 10];
                let mut length = 0;
                while !request[..length].windows(4).any(|end| end == b"\r\n\r\n") {
                    length += stream.read(&mut request[length..]).await.unwrap();
                }
                known.lock().unwrap().push(String::from_utf8_lossy(&request[..length]).into_owned());
                // Whoever asked may have had enough.
                let _ = stream.write_all(answer.as_bytes()).await;
                if answer.is_empty() {
                    std::future::pending::<()>().await;
                }
            }
        });
        Self { origin, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Each name has these addresses.
struct Named(&'static [&'static str]);

impl Names for Named {
    fn look_up<'a>(&'a self, host: &'a str, port: u16) -> Work<'a, io::Result<Vec<SocketAddr>>> {
        assert!(host.ends_with(".example"), "an address is not looked up: {host}");
        let found = self.0.iter().map(|ip| SocketAddr::new(ip.parse().unwrap(), port)).collect();
        Box::pin(async { Ok(found) })
    }
}

fn get(url: String) -> HttpRequest {
    let headers =
        vec![("Authorization".to_owned(), "Bearer x".to_owned()), ("X-A".to_owned(), "b".to_owned())];
    let (method, body, within) = ("GET".to_owned(), Vec::new(), Duration::from_secs(30));
    HttpRequest { method, url, headers, body, within, redirects: 3 }
}

async fn ask(request: HttpRequest, granted: &[&Server]) -> Result<HttpResponse, HostError> {
    let origins: Vec<&str> = granted.iter().map(|server| server.origin.as_str()).collect();
    ask_named(request, &origins, &[]).await
}

/// The same where each name has these addresses.
async fn ask_named(
    request: HttpRequest,
    granted: &[&str],
    addresses: &'static [&'static str],
) -> Result<HttpResponse, HostError> {
    let grants = Grants::new(granted.iter().map(|origin| origin.parse().unwrap()).collect());
    send(&Client::new(Box::new(Named(addresses))), request, &Permit::new("check.web", grants)).await
}

fn redirect(to: &str) -> String {
    format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
}

#[tokio::test]
async fn an_answer_is_given_as_it_came() {
    let server = Server::start("HTTP/1.1 503 Busy\r\nX-Why: later\r\nContent-Length: 4\r\n\r\nwait").await;
    let answer = ask(get(format!("{}/a?b", server.origin)), &[&server]).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (503, &b"wait"[..]));
    assert!(answer.headers.contains(&("x-why".to_owned(), "later".to_owned())));
    let asked = server.asked().remove(0).to_ascii_lowercase();
    let host = server.origin.trim_start_matches("http://");
    assert!(asked.starts_with("get /a?b http/1.1\r\n"), "{asked}");
    for line in [format!("host: {host}"), "x-a: b".to_owned(), "authorization: bearer x".to_owned()] {
        assert!(asked.contains(&line), "{line} in {asked}");
    }
}

#[tokio::test]
async fn a_redirect_out_of_the_grants_is_refused_before_anybody_is_asked() {
    let outside = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let port = outside.origin.rsplit(':').next().unwrap().to_owned();
    for target in [
        outside.origin.clone(),
        format!("//127.0.0.1:{port}/"),
        format!("http://[::ffff:127.0.0.1]:{port}/"),
        format!("http://2130706433:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        "http://169.254.169.254/latest/meta-data".to_owned(),
    ] {
        let server = Server::start(redirect(&target)).await;
        let error = ask(get(server.origin.clone()), &[&server]).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied, "{target}: {error}");
        assert!(error.text.contains("a redirect leads to"), "{error}");
        let remedy = format!("in keepwatch.toml, under [check.web]:  grants = [\"{}\", \"", server.origin);
        assert!(error.text.contains(&remedy), "{error}");
    }
    assert!(outside.asked().is_empty());
}

/// What was granted by name leads to this host, by a name server that is not ours to trust.
#[tokio::test]
async fn a_granted_name_that_leads_here_is_refused_before_anybody_is_asked() {
    let inside = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let port = inside.origin.rsplit(':').next().unwrap();
    let named = format!("http://hooks.example:{port}");
    let server = Server::start(redirect(&format!("{named}/there"))).await;
    let granted = [server.origin.as_str(), &named];
    for addresses in [&["127.0.0.1"][..], &["::ffff:127.0.0.1"], &["169.254.169.254", "fd00:ec2::254"]] {
        // Asked for at once, and by a redirect.
        for url in [&named, &server.origin] {
            let error = ask_named(get(url.clone()), &granted, addresses).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::Denied, "{url}: {error}");
            let leads = format!("hooks.example leads to {}, which no grant by name covers", addresses[0]);
            assert!(error.text.starts_with(&leads), "{error}");
        }
        let at = HostPort::parse(&format!("hooks.example:{port}"), None).unwrap();
        let question = Question { send: Vec::new(), receive: 0, within: Duration::from_secs(30) };
        let error = tcp(&Named(addresses), &at, question).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Denied, "{error}");
    }
    assert!(inside.asked().is_empty());
    // What is granted as an address is reached.
    assert_eq!(ask(get(inside.origin.clone()), &[&inside]).await.unwrap().status, 200);
}

#[tokio::test]
async fn a_redirect_may_have_a_url_in_its_query() {
    let server = Server::start(redirect("/login?next=https://x.example/")).await;
    assert_eq!(ask(get(server.origin.clone()), &[&server]).await.unwrap().status, 302);
    assert!(server.asked()[1].starts_with("GET /login?next=https://x.example/ "), "{:?}", server.asked());
}

#[tokio::test]
async fn a_redirect_within_the_grants_is_followed_without_secrets() {
    let second = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").await;
    let first = Server::start(redirect(&format!("{}/there", second.origin))).await;
    let answer = ask(get(first.origin.clone()), &[&first, &second]).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (200, &b"hi"[..]));
    let asked = second.asked().remove(0).to_ascii_lowercase();
    assert!(asked.starts_with("get /there"), "{asked}");
    assert!(!asked.contains("x-a: b") && !asked.contains("bearer"), "{asked}");
    let none = HttpRequest { redirects: 0, ..get(first.origin.clone()) };
    assert_eq!(ask(none, &[&first, &second]).await.unwrap().status, 302);
}

#[tokio::test]
async fn redirects_end() {
    let server = Server::start(redirect("/again")).await;
    assert_eq!(ask(get(server.origin.clone()), &[&server]).await.unwrap().status, 302);
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn servers_that_say_too_much_or_nothing() {
    let length = 2 << 20;
    let large = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{}", "x".repeat(length));
    let server = Server::start(large).await;
    let error = ask(get(server.origin.clone()), &[&server]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Limit, "{error}");

    let silent = Server::start("").await;
    let hasty = HttpRequest { within: Duration::from_millis(50), ..get(silent.origin.clone()) };
    let error = ask(hasty, &[&silent]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Timeout, "{error}");

    let garbage = Server::start("hello\r\n\r\n").await;
    let error = ask(get(garbage.origin.clone()), &[&garbage]).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable, "{error}");
}

#[tokio::test]
async fn a_header_cannot_carry_another() {
    let server = Server::start("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let mut request = get(server.origin.clone());
    request.headers.push(("X-B".to_owned(), "c\r\nX-Evil: d".to_owned()));
    assert_eq!(ask(request, &[&server]).await.unwrap_err().kind, ErrorKind::Invalid);
    let request = HttpRequest { method: "GET / HTTP/1.1\r\nX: ".to_owned(), ..get(server.origin.clone()) };
    assert_eq!(ask(request, &[&server]).await.unwrap_err().kind, ErrorKind::Invalid);
    assert!(server.asked().is_empty());
}
