//! Web servers that do as they like.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use keepwatch_checks::{Check, HttpCheck};
use keepwatch_event::Health;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{HASTY, PATIENT, ask, assert_pass, assert_verdict, closed_port, serve, silent};

/// Reads a request up to its empty line.
pub(crate) async fn request(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut said = Vec::new();
    while !said.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        if stream.read(&mut octet).await.unwrap_or(0) == 0 {
            break;
        }
        said.extend(octet);
    }
    String::from_utf8(said).unwrap()
}

/// A server that gives everybody the same answer. Gives its origin.
async fn server(answer: &str) -> String {
    let answer: Arc<str> = answer.into();
    let address = serve(move |mut stream: TcpStream| {
        let answer = Arc::clone(&answer);
        async move {
            request(&mut stream).await;
            // Whoever asked may have had enough.
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
            let _ = stream.read(&mut [0]).await;
        }
    })
    .await;
    format!("http://{address}")
}

fn get(url: &str) -> HttpCheck {
    HttpCheck::new(url)
}

#[test]
fn it_says_what_it_is_without_secrets() {
    let check = Check::Http(get("https://a.example/health?token=secret#x"));
    assert_eq!(check.label(), "http https://a.example/health");
    assert_eq!(Check::Http(get("http://me:secret@a.example")).label(), "http http://a.example");
}

#[tokio::test]
async fn a_right_answer() {
    let asked = Arc::new(Mutex::new(String::new()));
    let heard = Arc::clone(&asked);
    let address = serve(move |mut stream: TcpStream| {
        let heard = Arc::clone(&heard);
        async move {
            *heard.lock().unwrap() = request(&mut stream).await;
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nready").await.unwrap();
            let _ = stream.read(&mut [0]).await;
        }
    })
    .await;
    let headers = vec![("X-Check".to_owned(), "yes".to_owned())];
    let check = HttpCheck {
        headers,
        contains: Some("ready".to_owned()),
        ..get(&format!("http://{address}/health?full"))
    };
    let verdict = ask(&Check::Http(check), PATIENT).await;
    assert_pass(&verdict, &format!("http://{address}: status 200 in "));
    let asked = asked.lock().unwrap().clone();
    let expected = format!(
        "GET /health?full HTTP/1.1\r\nx-check: yes\r\nhost: {address}\r\nuser-agent: keepwatch/{}\r\n\r\n",
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(asked, expected);
}

#[tokio::test]
async fn a_status_that_is_not_expected() {
    let at = server("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n").await;
    let verdict = ask(&Check::Http(get(&at)), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{at}: status 503, expected 200-399"));
    let check = HttpCheck { status: vec![200..=200, 501..=504], ..get(&at) };
    assert_pass(&ask(&Check::Http(check), PATIENT).await, &format!("{at}: status 503 in "));
    let check = HttpCheck { status: vec![200..=200, 404..=404, 500..=502], ..get(&at) };
    let verdict = ask(&Check::Http(check), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{at}: status 503, expected 200 or 404 or 500-502"));
}

#[tokio::test]
async fn a_body_that_is_not_expected() {
    let at = server("HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nstarting").await;
    let check = HttpCheck { contains: Some("ready".to_owned()), ..get(&at) };
    let verdict = ask(&Check::Http(check.clone()), PATIENT).await;
    let text = format!("{at}: status 200, but no `ready` in the answer: the body begins with `starting`");
    assert_verdict(&verdict, Health::Fail, &text);
    let at = server("HTTP/1.1 204 Empty\r\n\r\n").await;
    let verdict = ask(&Check::Http(HttpCheck { url: at.clone(), ..check }), PATIENT).await;
    let text = format!("{at}: status 204, but no `ready` in the answer: the body is empty");
    assert_verdict(&verdict, Health::Fail, &text);
}

#[tokio::test]
async fn only_the_first_mebibyte_of_a_body_is_read() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n";
    let at = server(&format!("{head}{}ready{}", "x".repeat(1 << 20), "x".repeat(2_000_000))).await;
    assert_pass(&ask(&Check::Http(get(&at)), PATIENT).await, &format!("{at}: status 200 in "));
    let check = HttpCheck { contains: Some("ready".to_owned()), ..get(&at) };
    let verdict = ask(&Check::Http(check), PATIENT).await;
    let begins = format!("the body begins with `{}...`", "x".repeat(60));
    let text = format!("{at}: status 200, but no `ready` in the first MiB of the answer: {begins}");
    assert_verdict(&verdict, Health::Fail, &text);
}

#[tokio::test]
async fn redirects_are_answers_unless_they_are_to_be_followed() {
    let end = server("HTTP/1.1 404 None\r\nContent-Length: 0\r\n\r\n").await;
    let at = server(&format!("HTTP/1.1 302 Found\r\nLocation: {end}\r\nContent-Length: 0\r\n\r\n")).await;
    assert_pass(&ask(&Check::Http(get(&at)), PATIENT).await, &format!("{at}: status 302 in "));
    let check = HttpCheck { redirects: 3, ..get(&at) };
    let verdict = ask(&Check::Http(check), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{end}: status 404, expected 200-399"));

    let round = server("HTTP/1.1 301 Moved\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n").await;
    let check = HttpCheck { redirects: 3, status: vec![200..=299], ..get(&round) };
    let verdict = ask(&Check::Http(check), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{round}: status 301, expected 200-299"));
}

#[tokio::test]
async fn servers_that_are_not_there_or_not_web_servers() {
    let (_taken, address) = closed_port();
    let verdict = ask(&Check::Http(get(&format!("http://{address}"))), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{address} refused the connection"));

    let quiet = format!("http://{}", serve(silent).await);
    let verdict = ask(&Check::Http(get(&quiet)), HASTY).await;
    assert_verdict(&verdict, Health::Fail, &format!("{quiet} did not answer within 200 ms"));

    let other = server("220 mail ESMTP\r\n\r\n").await;
    let verdict = ask(&Check::Http(get(&other)), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{other} answers with what is not HTTP"));

    for short in ["", "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nx"] {
        let short = server(short).await;
        let verdict = ask(&Check::Http(get(&short)), PATIENT).await;
        let text = format!("{short} closed the connection before its answer was complete");
        assert_verdict(&verdict, Health::Fail, &text);
    }
}

#[tokio::test]
async fn a_server_that_drips_has_no_more_time_than_others() {
    let address = serve(|mut stream: TcpStream| async move {
        request(&mut stream).await;
        let mut text = "HTTP/1.1 200 OK\r\n".to_owned();
        loop {
            if stream.write_all(text.as_bytes()).await.is_err() {
                return;
            }
            "X: y\r\n".clone_into(&mut text);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    let verdict = ask(&Check::Http(get(&format!("http://{address}"))), HASTY).await;
    assert_verdict(&verdict, Health::Fail, &format!("http://{address} did not answer within 200 ms"));
}

#[tokio::test]
async fn settings_that_cannot_be() {
    let table = [
        (
            get("ftp://a.example/"),
            "\"ftp://a.example\" is no URL to send requests to: its scheme is neither http nor https",
        ),
        (
            HttpCheck { method: "GE T".to_owned(), ..get("http://127.0.0.1:9/") },
            "http://127.0.0.1:9: the method in the settings cannot be sent",
        ),
        (
            HttpCheck {
                headers: vec![("X".to_owned(), "a\r\nB: c".to_owned())],
                ..get("http://127.0.0.1:9/")
            },
            "http://127.0.0.1:9: the value of a header in the settings cannot be sent",
        ),
    ];
    for (check, text) in table {
        assert_verdict(&ask(&Check::Http(check), PATIENT).await, Health::Unknown, text);
    }
}
