//! Unix sockets.

use keepwatch_checks::{Check, UnixCheck};
use keepwatch_event::Health;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixListener;

use crate::support::{Folder, HASTY, PATIENT, ask, assert_pass, assert_verdict};

#[tokio::test]
async fn a_socket_is_asked_and_answers() {
    let folder = Folder::new("unix");
    let path = folder.path("sock");
    let shown = path.display().to_string();
    let check = UnixCheck::new(&path);
    let verdict = ask(&Check::Unix(check.clone()), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{shown} does not exist"));

    let listener = UnixListener::bind(&path).unwrap();
    assert_eq!(Check::Unix(check.clone()).label(), format!("unix {shown}"));
    assert_pass(&ask(&Check::Unix(check.clone()), PATIENT).await, &format!("{shown} answered in "));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut said = vec![0; 100];
            let read = stream.read(&mut said).await.unwrap();
            if said.starts_with(b"show") {
                stream.write_all(b"Uptime_sec: 5\n").await.unwrap();
            } else if read > 0 {
                std::future::pending::<()>().await;
            }
        }
    });
    let asking = |send: &str, expect: &str| {
        Check::Unix(UnixCheck {
            send: Some(send.to_owned()),
            expect: Some(expect.to_owned()),
            ..check.clone()
        })
    };
    let verdict = ask(&asking("show info\n", "Uptime"), PATIENT).await;
    assert_pass(&verdict, &format!("{shown} said `Uptime` in "));
    let verdict = ask(&asking("show info\n", "Maxconn"), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{shown} said `Uptime_sec: 5`, not `Maxconn`"));
    let verdict = ask(&asking("?", "Maxconn"), HASTY).await;
    assert_verdict(&verdict, Health::Fail, &format!("{shown} said nothing within 200 ms"));
}

#[tokio::test]
async fn a_socket_that_a_dead_server_left() {
    let folder = Folder::new("unix-dead");
    let path = folder.path("sock");
    drop(UnixListener::bind(&path).unwrap());
    let verdict = ask(&Check::Unix(UnixCheck::new(&path)), PATIENT).await;
    assert_verdict(&verdict, Health::Fail, &format!("{} refused the connection", path.display()));
}
