//! A real server, aiosmtpd, with TLS and AUTH. Where it is missing the tests say so and do nothing; with CI=1 or
//! CI=true in the environment they fail instead.

use std::process::Stdio;

use keepwatch_notify::{Content, Letter, Outcome, Parcel, Scope, sample};
use keepwatch_smtp::{Mail, Mechanism, Secret, Settings, SignIn, Tls};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::support::{Authority, PATIENT, again, at, hand_over, settings};

/// Debian's; one of a version manager would not see Debian's packages.
const PYTHON: &str = "/usr/bin/python3";

/// A server that ends with it.
struct Server {
    port: u16,
    mails: Lines<BufReader<ChildStdout>>,
    _child: Child,
}

impl Server {
    /// None where aiosmtpd is missing.
    async fn start(mode: &str, authority: Option<&Authority>) -> Option<Self> {
        if !is_there().await {
            return None;
        }
        let mut command = Command::new(PYTHON);
        command
            .args(["-W", "ignore"])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/server.py"))
            .arg(mode);
        if let Some(authority) = authority {
            authority.sign("localhost");
            command.arg(authority.path("localhost.pem")).arg(authority.path("localhost.key"));
        }
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap();
        let mut mails = BufReader::new(child.stdout.take().unwrap()).lines();
        let port =
            timeout(PATIENT, mails.next_line()).await.unwrap().unwrap().expect("the server did not start");
        Some(Self { port: port.parse().unwrap(), mails, _child: child })
    }

    /// The next mail that it has got.
    async fn mail(&mut self) -> Value {
        let line = timeout(PATIENT, self.mails.next_line()).await.unwrap().unwrap();
        serde_json::from_str(&line.expect("the server ended")).unwrap()
    }
}

async fn is_there() -> bool {
    let imported = Command::new(PYTHON).args(["-c", "import aiosmtpd"]).stderr(Stdio::null()).status().await;
    let is_there = imported.is_ok_and(|status| status.success());
    let in_ci = std::env::var("CI").is_ok_and(|value| value == "1" || value == "true");
    let missing = "aiosmtpd is not installed (apt-get install python3-aiosmtpd)";
    assert!(is_there || !in_ci, "{missing}");
    if !is_there {
        eprintln!("not done: {missing}");
    }
    is_there
}

fn signed_in(settings: Settings, password: &str) -> Settings {
    Settings { sign_in: Some(SignIn::with_password("kw", Secret::given(password))), ..settings }
}

#[track_caller]
fn assert_queued(outcome: &Outcome) {
    assert_eq!(*outcome, Outcome::Delivered { said: "250 OK queued as real".to_owned() });
}

#[tokio::test]
async fn in_the_clear() {
    let Some(mut server) = Server::start("plain", None).await else { return };
    let mail = Mail::new(settings(vec![at(server.port, Tls::None)]));
    let (outcome, _) = again(&mail, &sample::transition()).await;
    assert_queued(&outcome);
    let got = server.mail().await;
    assert_eq!(got["from"], "keepwatch@example.com");
    assert_eq!(got["to"], serde_json::json!(["a@example.com", "b@example.com"]));
    assert_eq!(got["helo"], "h1.example.com");
    let content = got["content"].as_str().unwrap();
    assert!(content.contains("Subject: [h1] VI_1 is MASTER: no advert heard for 3.61 s\r\n"), "{content}");

    // The same at another attempt, but for what belongs to it.
    let mut late = sample::transition();
    late.attempt.number = 2;
    assert_queued(&again(&mail, &late).await.0);
    let again = server.mail().await;
    let id = |mail: &Value| {
        let content = mail["content"].as_str().unwrap().to_owned();
        content.lines().find(|line| line.starts_with("Message-ID: ")).unwrap().to_owned()
    };
    assert_eq!(id(&again), id(&got));
}

#[tokio::test]
async fn a_text_with_dots_arrives_as_it_is() {
    let Some(mut server) = Server::start("plain", None).await else { return };
    let text = ".\n..\n.one\nlast".to_owned();
    let content = Content::Mail { plugin: "shop".to_owned(), subject: "dots".to_owned(), text, html: None };
    let letter = Letter::of_plugin(content, None, std::time::SystemTime::UNIX_EPOCH);
    let parcel = Parcel { letters: vec![letter], now: None, ..sample::transition() };
    let (outcome, _) = again(&Mail::new(settings(vec![at(server.port, Tls::None)])), &parcel).await;
    assert_queued(&outcome);
    let got = server.mail().await;
    let (_, body) = got["content"].as_str().unwrap().split_once("\r\n\r\n").unwrap();
    assert_eq!(body.trim_end(), ".\r\n..\r\n.one\r\nlast");
}

#[tokio::test]
async fn with_tls_and_a_user() {
    let authority = Authority::new("real");
    for (mode, tls) in [("starttls", Tls::StartTls), ("implicit", Tls::Implicit)] {
        let Some(mut server) = Server::start(mode, Some(&authority)).await else { return };
        let known =
            Settings { ca_file: Some(authority.path("ca.pem")), ..settings(vec![at(server.port, tls)]) };
        let (outcome, heard) = hand_over(signed_in(known.clone(), "open sesame")).await;
        assert_queued(&outcome);
        let got = server.mail().await;
        assert_eq!((&got["user"], &got["tls"]), (&"kw".into(), &true.into()), "{got}");
        assert!(!heard.text().contains("sesame"), "{}", heard.text());

        let with_token = |token| {
            let mut settings = signed_in(known.clone(), token);
            settings.sign_in.as_mut().unwrap().mechanisms = vec![Mechanism::Xoauth2];
            settings
        };
        let (outcome, heard) = hand_over(with_token("open sesame")).await;
        assert_queued(&outcome);
        assert_eq!(server.mail().await["user"], "kw");
        assert!(heard.text().contains("> AUTH XOAUTH2 ***"), "{}", heard.text());
        let (outcome, _) = hand_over(with_token("expired")).await;
        let Outcome::Later { why, scope: Scope::Destination, .. } = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("does not accept user and password: 535"), "{why}");

        let (outcome, _) = hand_over(signed_in(known.clone(), "wrong")).await;
        let Outcome::Later { why, scope: Scope::Destination, .. } = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("does not accept user and password: 535"), "{why}");

        let (outcome, _) = hand_over(known).await;
        let Outcome::Later { why, scope: Scope::Destination, .. } = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("530"), "{why}");

        let stranger = Settings { ca_file: None, ..settings(vec![at(server.port, tls)]) };
        let (outcome, _) = hand_over(signed_in(stranger, "open sesame")).await;
        let Outcome::Later { why, scope: Scope::Destination, .. } = outcome else { panic!("{outcome:?}") };
        assert!(why.contains("signed by nobody who is trusted"), "{why}");
    }
}
