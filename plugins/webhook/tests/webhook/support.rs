//! What the tests share: servers that behave in one way, and an ear for the dialogue.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use keepwatch_notify::{Dialogue, Outcome, Parcel, Scope, Transport, sample};
use keepwatch_webhook::{Secret, Settings, Webhook};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
/// For those who will never answer.
pub(crate) const HASTY: Duration = Duration::from_millis(300);

pub(crate) fn inline(text: &str) -> Secret {
    Secret::Inline(text.to_owned())
}

/// Settings for a URL, without anything else.
pub(crate) fn to(url: &str) -> Settings {
    Settings { timeout: Duration::from_secs(30), ..Settings::new(inline(url)) }
}

pub(crate) async fn deliver(settings: Settings) -> Outcome {
    deliver_heard(settings, &sample::transition(), &Ear::default()).await
}

pub(crate) async fn deliver_heard(settings: Settings, parcel: &Parcel, ear: &Ear) -> Outcome {
    Webhook::new(settings).unwrap().deliver(parcel, ear).await
}

/// That it is to be tried again, since the destination as a whole cannot be reached, and why.
#[track_caller]
pub(crate) fn assert_unreachable(outcome: &Outcome, expected: &str) {
    let expected = Outcome::Later { why: expected.to_owned(), after: None, scope: Scope::Destination };
    assert_eq!(outcome, &expected);
}

/// A request as a server has read it.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Asked {
    /// The value of a header that occurs once.
    #[track_caller]
    pub(crate) fn header(&self, name: &str) -> &str {
        let start = format!("{name}: ");
        let mut found = self.head.lines().filter_map(|line| line.strip_prefix(&start));
        let value = found.next().unwrap_or_else(|| panic!("no {name} in {}", self.head));
        assert_eq!(found.next(), None, "{name} occurs twice");
        value
    }
}

/// Reads a request with its body.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Asked {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut octet = [0];
        if stream.read(&mut octet).await.unwrap_or(0) == 0 {
            break;
        }
        head.extend(octet);
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    Asked { head, body: String::from_utf8(body).unwrap() }
}

/// A server that treats each connection in the same way.
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

/// A server that gives everybody the same answer, remembers what it was asked, and waits for the other side to close.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Server {
    pub(crate) async fn start(answer: impl Into<String>) -> Self {
        let answer: Arc<str> = answer.into().into();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&asked);
        let address = serve(move |mut stream| {
            let (answer, known) = (Arc::clone(&answer), Arc::clone(&known));
            async move {
                let asked = read(&mut stream).await;
                known.lock().unwrap().push(asked);
                // Whoever asked may have had enough.
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.read(&mut [0]).await;
            }
        })
        .await;
        Self { address, asked }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// What it was asked, in order.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// What it was asked, once.
    #[track_caller]
    pub(crate) fn asked_once(&self) -> Asked {
        let mut asked = self.asked();
        assert_eq!(asked.len(), 1, "{asked:?}");
        asked.remove(0)
    }
}

/// Remembers a dialogue.
#[derive(Debug, Default)]
pub(crate) struct Ear(Mutex<Vec<String>>);

impl Ear {
    fn push(&self, who: &str, line: &str) {
        assert!(!line.contains(['\r', '\n']), "{line:?}");
        self.0.lock().unwrap().push(format!("{who} {line}"));
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

impl Dialogue for Ear {
    fn said(&self, line: &str) {
        self.push(">", line);
    }

    fn heard(&self, line: &str) {
        self.push("<", line);
    }

    fn note(&self, line: &str) {
        self.push("*", line);
    }
}

/// A folder of a test's own, which goes with it.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("keepwatch-webhook-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file with this text.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
