//! TCP connections.

use std::time::Duration;

use keepwatch_checks::{Check, HostPort, TcpCheck};
use keepwatch_event::Health;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::support::{
    HASTY, PATIENT, Privilege, ask, assert_pass, assert_verdict, at, closed_port, echo, in_namespace, serve,
    silent,
};

fn text(check: TcpCheck, send: &str, expect: &str) -> Check {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Check::Tcp(TcpCheck { send: some(send), expect: some(expect), ..check })
}

#[test]
fn it_says_what_it_is() {
    let check = TcpCheck::new(HostPort { host: "::1".to_owned(), port: 80 });
    let native = Check::Tcp(TcpCheck { send: Some("secret".to_owned()), ..check.clone() }).native();
    assert_eq!(native.label, "tcp [::1]:80");
    assert!(native != Check::Tcp(check.clone()).native());
    assert!(Check::Tcp(check.clone()).native() == Check::Tcp(check).native());
}

#[tokio::test]
async fn whoever_listens_passes() {
    let server = serve(silent).await;
    let verdict = ask(&Check::Tcp(TcpCheck::new(at(server))), PATIENT).await;
    assert_pass(&verdict, &format!("{server} answered in "));
    let named = HostPort { host: "localhost".to_owned(), port: server.port() };
    let verdict = ask(&Check::Tcp(TcpCheck::new(named)), PATIENT).await;
    assert_pass(&verdict, &format!("localhost:{} answered in ", server.port()));
}

#[tokio::test]
async fn nobody_there() {
    let (_taken, address) = closed_port();
    let verdict = ask(&Check::Tcp(TcpCheck::new(at(address))), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{address} refused the connection"));
}

#[tokio::test]
async fn a_name_that_is_none() {
    // Too long for a name, so that no name server is asked.
    let host = "x".repeat(64);
    let to = HostPort { host: host.clone(), port: 80 };
    let verdict = ask(&Check::Tcp(TcpCheck::new(to)), PATIENT).await;
    assert_eq!(verdict.health, Health::Fail);
    assert!(verdict.text.starts_with(&format!("{host} has no address: ")), "{}", verdict.text);
}

#[tokio::test]
async fn the_answer_counts_however_many_pieces_it_comes_in() {
    let server = serve(echo).await;
    let check = TcpCheck::new(at(server));
    let verdict = ask(&text(check.clone(), "PING\r\n", "said: PING"), PATIENT).await;
    assert_pass(&verdict, &format!("{server} said `said: PING` in "));
    let verdict = ask(&text(check, "PONG\r\n", "said: PING"), Duration::from_secs(1)).await;
    let expected = format!("{server} said `you said: PONG`, not `said: PING` within 1.00 s");
    assert_verdict(&verdict, Health::Fail, &expected);
}

#[tokio::test]
async fn servers_that_say_nothing_or_leave() {
    let quiet = serve(silent).await;
    let verdict = ask(&text(TcpCheck::new(at(quiet)), "", "hello"), HASTY).await;
    assert_verdict(&verdict, Health::Fail, &format!("{quiet} said nothing within 200 ms"));

    let leaving = serve(|stream| async move { drop(stream) }).await;
    let verdict = ask(&text(TcpCheck::new(at(leaving)), "", "hello"), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{leaving} closed the connection and said nothing"));

    let wrong = serve(|mut stream| async move { stream.write_all(b"-ERR no\r\n").await.unwrap() }).await;
    let verdict = ask(&text(TcpCheck::new(at(wrong)), "", "+OK"), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{wrong} said `-ERR no`, not `+OK`"));

    let resetting = serve(|stream| async move {
        socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO)).unwrap();
    })
    .await;
    let verdict = ask(&text(TcpCheck::new(at(resetting)), "", "hello"), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{resetting} broke the connection off"));
}

#[tokio::test]
async fn a_server_that_never_ends_is_left() {
    let endless =
        serve(|mut stream| async move { while stream.write_all(&[b'x'; 9000]).await.is_ok() {} }).await;
    let verdict = ask(&text(TcpCheck::new(at(endless)), "", "hello"), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{endless} said `{}...`, not `hello`", "x".repeat(60)));
}

#[tokio::test]
async fn the_source_is_as_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = listener.local_addr().unwrap();
    let check = TcpCheck { source: Some("127.0.0.9".parse().unwrap()), ..TcpCheck::new(at(server)) };
    let (verdict, accepted) = {
        let check = Check::Tcp(TcpCheck { send: Some("hello".to_owned()), ..check.clone() });
        tokio::join!(ask(&check, PATIENT), listener.accept())
    };
    assert_pass(&verdict, &format!("{server} answered in "));
    assert_eq!(accepted.unwrap().1.ip().to_string(), "127.0.0.9");

    let elsewhere = TcpCheck { source: Some("192.0.2.1".parse().unwrap()), ..check.clone() };
    let verdict = ask(&Check::Tcp(elsewhere), PATIENT).await;
    let expected = format!("{server} cannot be asked: the source 192.0.2.1 is no address of this host");
    assert_verdict(&verdict, Health::Unknown, &expected);
    let other = TcpCheck { source: Some("::1".parse().unwrap()), ..check };
    let verdict = ask(&Check::Tcp(other), PATIENT).await;
    let expected = format!("{server} has no address of the same family as the source ::1");
    assert_verdict(&verdict, Health::Unknown, &expected);
}

#[tokio::test]
async fn the_end_of_a_connection_is_orderly() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let to = TcpCheck::new(at(listener.local_addr().unwrap()));
    let check = Check::Tcp(TcpCheck { send: Some("hello".to_owned()), ..to });
    let (verdict, accepted) = tokio::join!(ask(&check, PATIENT), listener.accept());
    assert_eq!(verdict.health, Health::Pass);
    // The end of what the other side says, not an error.
    let mut said = String::new();
    accepted.unwrap().0.read_to_string(&mut said).await.unwrap();
    assert_eq!(said, "hello");
}

/// Its program sees neither a connection nor an error.
#[tokio::test]
async fn whoever_only_looks_bothers_nobody() {
    for host in ["127.0.0.1:0", "[::1]:0"] {
        let listener = TcpListener::bind(host).await.unwrap();
        let address = listener.local_addr().unwrap();
        let check = Check::Tcp(TcpCheck::new(at(address)));
        for _ in 0..20 {
            assert_pass(&ask(&check, PATIENT).await, &format!("{address} answered in "));
        }
        let mut real = tokio::net::TcpStream::connect(address).await.unwrap();
        // The kernel acknowledges for a program that is kept from the processor for long.
        let mut seen = 0;
        let mut accepted = loop {
            let (accepted, from) = listener.accept().await.unwrap();
            if from == real.local_addr().unwrap() {
                break accepted;
            }
            seen += 1;
        };
        assert!(seen < 10, "{seen} of 20");
        real.write_all(b"hello").await.unwrap();
        drop(real);
        let mut said = String::new();
        accepted.read_to_string(&mut said).await.unwrap();
        assert_eq!(said, "hello");
    }
}

/// The kernel does not answer for a listener whose queue is full.
#[tokio::test]
async fn a_server_that_is_slow_to_accept() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<std::net::SocketAddr>().unwrap().into()).unwrap();
    socket.listen(0).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    let _first = tokio::net::TcpStream::connect(address).await.unwrap();
    let check = Check::Tcp(TcpCheck::new(at(address)));
    let late = format!("{address} did not answer within 200 ms");
    assert_verdict(&ask(&check, HASTY).await, Health::Fail, &late);
    // It has asked before there is room.
    let accept = async { drop(socket.accept().unwrap()) };
    let (verdict, ()) = tokio::join!(ask(&check, PATIENT), accept);
    assert_pass(&verdict, &format!("{address} answered in "));
}

#[test]
fn an_address_of_a_link_is_asked_on_that_link() {
    if Privilege::is_missing("network namespaces, interfaces") {
        return;
    }
    in_namespace(|| async {
        for arguments in [
            "link add d0 type veth peer name d1",
            "link set d0 up",
            "link set d1 up",
            "address add fe80::7/64 dev d0 nodad",
        ] {
            let ip = std::process::Command::new("ip").args(arguments.split(' ')).status();
            assert!(ip.unwrap().success(), "{arguments}");
        }
        let listener = TcpListener::bind("[::]:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let check = |host: &str| Check::Tcp(TcpCheck::new(HostPort { host: host.to_owned(), port }));
        // Nor does it matter to whoever is asked next, with the same socket.
        for host in ["fe80::7%d0", "::1", "fe80::7%d0", "127.0.0.1", "::1"] {
            let shown = HostPort { host: host.to_owned(), port };
            assert_pass(&ask(&check(host), PATIENT).await, &format!("{shown} answered in "));
        }
        let verdict = ask(&check("fe80::7%d9"), PATIENT).await;
        assert_eq!(verdict.health, Health::Fail, "{}", verdict.text);
    });
}
