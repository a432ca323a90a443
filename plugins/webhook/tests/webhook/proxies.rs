//! Through proxies.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use keepwatch_notify::Outcome;
use keepwatch_webhook::{Auth, Proxy, Settings, Tls};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::certificates::{Authority, start};
use crate::support::{HASTY, OK, Server, assert_unreachable, deliver, inline, read, serve, to};

fn through(address: SocketAddr, url: &str) -> Settings {
    let auth = Some(Auth::Basic { user: "us".to_owned(), password: inline("p4ssword") });
    Settings { proxy: Proxy::At { url: format!("http://{address}"), auth }, ..to(url) }
}

/// A proxy that connects to whom it is told to. Gives its address and what it was asked.
async fn tunnel() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let known = Arc::clone(&asked);
    let address = serve(move |mut stream| {
        let known = Arc::clone(&known);
        async move {
            let head = read(&mut stream).await.head;
            let target = head.split(' ').nth(1).unwrap().to_owned();
            known.lock().unwrap().push(head);
            let mut server = TcpStream::connect(target).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut server).await;
        }
    })
    .await;
    (address, asked)
}

#[tokio::test]
async fn https_goes_through_a_tunnel() {
    let authority = Authority::new("tunnel");
    let (url, taken) = start(authority.localhost()).await;
    let (proxy, asked) = tunnel().await;
    let tls = Tls { ca: Some(authority.ca()), identity: None };
    let outcome = deliver(Settings { tls, ..through(proxy, &url) }).await;
    assert_eq!(outcome, Outcome::Delivered { said: "200 OK: ok".to_owned() });
    assert_eq!(taken.lock().unwrap().len(), 1);
    let host = url.trim_start_matches("https://").split('/').next().unwrap();
    let expected = format!(
        "CONNECT {host} HTTP/1.1\r\nhost: {host}\r\nuser-agent: keepwatch/{}\r\n\
         proxy-authorization: Basic dXM6cDRzc3dvcmQ=\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    // The path, which may be a secret, is none of the proxy's business.
    assert_eq!(asked.lock().unwrap().as_slice(), [expected]);
}

/// The proxy is not the server: its certificate is not asked for, the server's is.
#[tokio::test]
async fn a_tunnel_is_not_trusted() {
    let (authority, other) = (Authority::new("tunnelled"), Authority::new("another"));
    let (url, taken) = start(authority.localhost()).await;
    let (proxy, _) = tunnel().await;
    let tls = Tls { ca: Some(other.ca()), identity: None };
    let outcome = deliver(Settings { tls, ..through(proxy, &url) }).await;
    let why = "localhost: its certificate is signed by nobody who is trusted; `ca_file` can say who else is";
    assert_unreachable(&outcome, why);
    assert!(taken.lock().unwrap().is_empty());
}

#[tokio::test]
async fn http_is_sent_on() {
    let proxy = Server::start(OK).await;
    let outcome = deliver(through(proxy.address, "http://a.example:8080/hook?k=v")).await;
    assert_eq!(outcome, Outcome::Delivered { said: "200 OK: ok".to_owned() });
    let asked = proxy.asked_once();
    assert!(asked.head.starts_with("POST http://a.example:8080/hook?k=v HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!(asked.header("host"), "a.example:8080");
    assert_eq!(asked.header("proxy-authorization"), "Basic dXM6cDRzc3dvcmQ=");
}

#[tokio::test]
async fn proxies_that_do_not() {
    let (url, target) = ("https://a.example/s3cret", "a.example:443");
    for (answer, why) in [
        (
            "HTTP/1.1 407 Who\r\nContent-Length: 0\r\n\r\n",
            "answers 407 Proxy Authentication Required: set a user and a password for it",
        ),
        (
            "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n",
            &format!("answers 502 Bad Gateway to CONNECT {target}") as &str,
        ),
    ] {
        let proxy = Server::start(answer).await;
        let outcome = deliver(through(proxy.address, url)).await;
        assert_unreachable(&outcome, &format!("the proxy {} {why}", proxy.address));
    }
    let rude = serve(|mut stream| async move { drop(stream.read(&mut [0; 4096]).await) }).await;
    let outcome = deliver(through(rude, url)).await;
    let Outcome::Later { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.starts_with(&format!("the proxy {rude} gave no answer that can be used: ")), "{why}");
    let silent = Server::start("").await;
    let outcome = deliver(Settings { timeout: HASTY, ..through(silent.address, url) }).await;
    assert_unreachable(&outcome, "https://a.example/... could not be reached within 300 ms");
}
