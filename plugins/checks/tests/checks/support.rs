//! What the tests share: asking a check, servers that behave in one way.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use keepwatch_checks::{Check, HostPort};
use keepwatch_event::Health;
use keepwatch_host::Verdict;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Long enough for any answer on a busy machine.
pub(crate) const PATIENT: Duration = Duration::from_secs(30);
/// For those who will never answer.
pub(crate) const HASTY: Duration = Duration::from_millis(200);

pub(crate) async fn ask(check: &Check, within: Duration) -> Verdict {
    check.native().probe.probe(within).await
}

#[track_caller]
pub(crate) fn assert_verdict(verdict: &Verdict, health: Health, text: &str) {
    assert_eq!((verdict.health, verdict.text.as_str()), (health, text));
}

/// That it passes, with a text that ends in how long it took.
#[track_caller]
pub(crate) fn assert_pass(verdict: &Verdict, beginning: &str) {
    assert_eq!(verdict.health, Health::Pass, "{}", verdict.text);
    let took = verdict.text.strip_prefix(beginning);
    let took = took.unwrap_or_else(|| panic!("{:?} does not begin with {beginning:?}", verdict.text));
    let (number, unit) = took.split_once(' ').unwrap();
    assert!(number.parse::<f64>().is_ok() && ["us", "ms", "s"].contains(&unit), "{took}");
}

pub(crate) fn at(address: SocketAddr) -> HostPort {
    HostPort { host: address.ip().to_string(), port: address.port() }
}

/// A server on loopback that treats each connection in the same way.
pub(crate) async fn serve<F>(treat: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    address
}

/// Accepts and never speaks.
pub(crate) async fn silent(stream: TcpStream) {
    let _open = stream;
    std::future::pending::<()>().await;
}

/// Reads a line and gives it back behind a sign of its own, in two pieces, and waits for the other side to close.
pub(crate) async fn echo(mut stream: TcpStream) {
    let mut line = vec![0; 100];
    let read = stream.read(&mut line).await.unwrap();
    let (first, second) = line[..read].split_at(read / 2);
    stream.write_all(b"you said: ").await.unwrap();
    for piece in [first, second] {
        stream.write_all(piece).await.unwrap();
        stream.flush().await.unwrap();
        tokio::task::yield_now().await;
    }
    let _ = stream.read(&mut line).await;
}

/// A port of loopback where nobody listens: taken, so that nobody else gets it, but not listened on.
pub(crate) fn closed_port() -> (socket2::Socket, SocketAddr) {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&"127.0.0.1:0".parse::<SocketAddr>().unwrap().into()).unwrap();
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

/// A folder of a test's own, which goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keepwatch-checks-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// What some tests need, and CI has.
pub(crate) struct Privilege;

impl Privilege {
    /// Says so when the test cannot be done.
    pub(crate) fn is_missing(what: &str) -> bool {
        let missing = !rustix::process::geteuid().is_root();
        if missing {
            eprintln!("not done: needs root for {what}");
        }
        missing
    }
}

/// Takes a privilege from this thread.
pub(crate) fn give_up(capability: caps::Capability) {
    caps::drop(None, caps::CapSet::Effective, capability).unwrap();
}

/// Does something in a network namespace of its own, in which the loopback interface is up.
pub(crate) fn in_namespace<F: Future<Output = ()>>(work: impl FnOnce() -> F + Send + 'static) {
    let thread = std::thread::spawn(move || {
        nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).unwrap();
        let up = std::process::Command::new("ip").args(["link", "set", "lo", "up"]).status();
        assert!(up.unwrap().success());
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(work());
    });
    thread.join().unwrap();
}
