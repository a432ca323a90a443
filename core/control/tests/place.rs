//! Where the socket is, and who may use it.

#[allow(dead_code)]
mod common;

use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use common::{Daemon, Folder};
use keepwatch_control::{BindError, Client, ClientError, Code, Limits, ReloadRequest, Request, Server};

/// Tells the test below that it is the other user.
const AS_ANOTHER: &str = "KEEPWATCH_TEST_SOCKET";

#[test]
fn the_socket_is_for_its_owner_and_group_and_goes_with_the_server() {
    let mut daemon = Daemon::start(Limits::default());
    let found = std::fs::metadata(daemon.path()).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.mode() & 0o7777, 0o660);
    daemon.stop();
    assert!(!daemon.path().exists());
}

#[test]
fn a_missing_folder_is_made() {
    let folder = Folder::new();
    let path = folder.0.join("run/keepwatch/control.sock");
    let _server = Server::bind(&path).unwrap();
    assert_eq!(std::fs::metadata(path.parent().unwrap()).unwrap().mode() & 0o7777, 0o755);
}

#[test]
fn a_socket_on_which_nobody_answers_is_replaced() {
    let folder = Folder::new();
    drop(UnixListener::bind(folder.socket()).unwrap());
    assert!(matches!(Client::connect(&folder.socket()).unwrap_err(), ClientError::NotRunning(_)));
    let server = Server::bind(&folder.socket()).unwrap();
    assert!(Client::connect(&folder.socket()).is_ok());
    drop(server);
    assert!(!folder.socket().exists());
}

#[test]
fn a_socket_on_which_somebody_answers_is_left_alone() {
    let daemon = Daemon::start(Limits::default());
    assert!(matches!(Server::bind(&daemon.path()).unwrap_err(), BindError::Taken(_)));
    assert!(Client::connect(&daemon.path()).unwrap().ask(&Request::Status, None).is_ok());
}

#[test]
fn a_daemon_that_is_too_busy_to_answer_counts_as_one() {
    let folder = Folder::new();
    let _listener = UnixListener::bind(folder.socket()).unwrap();
    rustix::net::listen(&_listener, 0).unwrap();
    let _waits = std::os::unix::net::UnixStream::connect(folder.socket()).unwrap();
    assert!(matches!(Server::bind(&folder.socket()).unwrap_err(), BindError::Taken(_)));
}

#[test]
fn of_many_that_start_at_once_one_gets_the_socket() {
    let folder = Folder::new();
    drop(UnixListener::bind(folder.socket()).unwrap());
    let attempts: Vec<_> = (0..8)
        .map(|_| {
            let path = folder.socket();
            std::thread::spawn(move || Server::bind(&path))
        })
        .collect();
    let servers: Vec<_> = attempts.into_iter().map(|attempt| attempt.join().unwrap()).collect();
    assert_eq!(servers.iter().filter(|server| server.is_ok()).count(), 1);
    assert!(Client::connect(&folder.socket()).is_ok());
}

#[test]
fn what_is_no_socket_is_not_removed() {
    let folder = Folder::new();
    std::fs::write(folder.socket(), "precious").unwrap();
    assert!(matches!(Server::bind(&folder.socket()).unwrap_err(), BindError::NoSocket(_)));
    assert_eq!(std::fs::read_to_string(folder.socket()).unwrap(), "precious");
    let file = folder.socket().join("control.sock");
    assert!(matches!(Server::bind(&file).unwrap_err(), BindError::Folder(..)));
}

#[test]
fn a_socket_that_has_become_anothers_is_left_alone() {
    let folder = Folder::new();
    let first = Server::bind(&folder.socket()).unwrap();
    std::fs::remove_file(folder.socket()).unwrap();
    let _second = Server::bind(&folder.socket()).unwrap();
    drop(first);
    assert!(Client::connect(&folder.socket()).is_ok());
}

/// A user of the socket's group may read and nothing else; one who is not in it may not even connect.
#[test]
fn another_user_may_read_if_he_is_in_the_group() {
    if !rustix::process::geteuid().is_root() {
        eprintln!("not run: only root can become another user");
        return;
    }
    let daemon = Daemon::start(Limits::default());
    std::fs::set_permissions(&daemon.folder.0, PermissionsExt::from_mode(0o755)).unwrap();
    // This program lies where he need not get.
    let program = daemon.folder.0.join("other-user");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    for (group, expected) in [(0, "reads only"), (65534, "may not connect")] {
        let output = Command::new(&program)
            .args(["--exact", "the_other_user", "--nocapture", "--test-threads=1"])
            .env(AS_ANOTHER, daemon.path())
            .uid(65534)
            .gid(group)
            .output()
            .unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && text.contains(expected), "{group}: {text}");
    }
}

/// What the other user does; on its own, nothing.
#[test]
fn the_other_user() {
    let Some(path) = std::env::var_os(AS_ANOTHER).map(PathBuf::from) else { return };
    match Client::connect(&path) {
        Ok(mut client) => {
            client.ask(&Request::Status, None).unwrap();
            client.ask(&Request::Plugins, None).unwrap();
            let ClientError::Refused(refusal) =
                client.ask(&Request::Reload(ReloadRequest::default()), None).unwrap_err()
            else {
                panic!()
            };
            assert_eq!(refusal.code, Code::NotPermitted);
            client.ask(&Request::Status, None).unwrap();
            println!("reads only");
        }
        Err(ClientError::Permission(_)) => println!("may not connect"),
        Err(error) => panic!("{error}"),
    }
}
