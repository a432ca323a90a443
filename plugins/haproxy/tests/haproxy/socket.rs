//! One command, one answer.

use std::time::Duration;

use keepwatch_haproxy::{Address, Cause, ask};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fake::Fake;
use crate::site::{LONG, Site};

#[tokio::test]
async fn both_sockets_answer() {
    let site = Site::new().await;
    let stats = ask(site.stats().address(), "show info", LONG).await.unwrap();
    assert!(stats.contains("\nPid: "), "{stats}");
    let master = ask(&site.master_address(), "show proc", LONG).await.unwrap();
    assert!(master.contains("# workers\n"), "{master}");
}

#[tokio::test]
async fn a_tcp_socket_answers() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Address::Tcp(listener.local_addr().unwrap());
    let serving = async {
        let (mut connection, _) = listener.accept().await.unwrap();
        let mut command = String::new();
        // Ends because whoever asks says that no more will come.
        connection.read_to_string(&mut command).await.unwrap();
        connection.write_all(b"an answer\n").await.unwrap();
        drop(connection);
        command
    };
    let (command, answer) = tokio::join!(serving, ask(&address, "a command", LONG));
    assert_eq!((command.as_str(), answer.unwrap().as_str()), ("a command\n", "an answer\n"));
}

#[tokio::test]
async fn answers_are_bounded() {
    let fake = Fake::new(|command| match command {
        "long" => Some(vec![b'x'; 4 << 20]),
        _ => Some(vec![b'x'; (4 << 20) + 1]),
    });
    assert_eq!(ask(&fake.address(), "long", LONG).await.unwrap().len(), 4 << 20);
    let trouble = ask(&fake.address(), "longer", LONG).await.unwrap_err();
    assert_eq!(trouble.cause, Cause::Strange);
    let expected = format!("HAProxy's answer to `longer` on {} is longer than 4 MiB", fake.address());
    assert_eq!(trouble.text, expected);
}

#[tokio::test]
async fn who_does_not_answer_is_not_waited_for() {
    let fake = Fake::new(|_| None);
    let trouble = ask(&fake.address(), "show info", Duration::from_millis(200)).await.unwrap_err();
    assert_eq!(trouble.cause, Cause::Late);
    assert_eq!(trouble.text, format!("HAProxy did not answer on {} within 200 ms", fake.address()));
}

#[tokio::test]
async fn a_command_is_one_line() {
    let fake = Fake::new(|_| Some(Vec::new()));
    let trouble = ask(&fake.address(), "show info\nshutdown", LONG).await.unwrap_err();
    assert_eq!(trouble.text, "`show info\\nshutdown` is more than one line");
}

#[tokio::test]
async fn errors_are_in_words() {
    let address: Address = "/nowhere/admin.sock".parse().unwrap();
    let trouble = ask(&address, "show info", LONG).await.unwrap_err();
    assert_eq!(trouble.cause, Cause::Absent);
    assert_eq!(
        trouble.text,
        "cannot connect to /nowhere/admin.sock: there is no such socket; HAProxy is not running, or has another one"
    );
    let mut site = Site::new().await;
    site.kill().await;
    let trouble = ask(site.stats().address(), "show info", LONG).await.unwrap_err();
    assert_eq!(trouble.cause, Cause::Absent);
    assert!(trouble.text.ends_with("admin.sock: nobody listens there; HAProxy is not running"), "{trouble}");
}
