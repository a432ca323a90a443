//! Secrets are shown to nobody but the server.

use std::path::PathBuf;

use keepwatch_notify::{Outcome, Scope, Transport, sample};
use keepwatch_webhook::{Auth, Body, Preset, Proxy, Secret, Settings, Value, Webhook};

use crate::support::{
    Ear, Folder, OK, Server, assert_unreachable, deliver, deliver_heard, inline, read, serve, to,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What must not be seen: all secrets of [`secretive`], in the forms that they are sent in.
const SECRETS: &[&str] = &[
    "p4th-s3cret",
    "qu3ry-s3cret",
    "h34der-s3cret",
    "p4ssword",
    "cDRzc3dvcmQ",
    "r0uting-k3y",
    "whsec_",
    "c2lnbi1tZQ",
];

fn secretive(address: std::net::SocketAddr, folder: &Folder) -> Settings {
    Settings {
        headers: vec![("X-Token".to_owned(), Value::Secret(inline("h34der-s3cret")))],
        auth: Some(Auth::Basic {
            user: "us".to_owned(),
            password: Secret::File(folder.file("password", "p4ssword\n")),
        }),
        signing: vec![inline("whsec_c2lnbi1tZQ==")],
        body: Body::Preset(Preset::PagerDuty { routing_key: inline("r0uting-k3y") }),
        ..to(&format!("http://{address}/p4th-s3cret?k=qu3ry-s3cret"))
    }
}

#[track_caller]
fn assert_clean(text: &str) {
    for secret in SECRETS {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

/// A server that repeats everything it was told, in its headers and its body, and refuses it.
#[tokio::test]
async fn what_a_server_repeats_is_veiled() {
    let folder = Folder::new("repeats");
    let address = serve(|mut stream| async move {
        let asked = read(&mut stream).await;
        let told = asked.head.replace("\r\n", " ") + &asked.body;
        let head = format!("HTTP/1.1 400 Bad\r\nX-Told: {}\r\n", told.replace(['"', '{'], " "));
        let answer = format!("{head}Content-Length: {}\r\n\r\n{told}", told.len());
        stream.write_all(answer.as_bytes()).await.unwrap();
        let _ = stream.read(&mut [0]).await;
    })
    .await;
    let ear = Ear::default();
    let outcome = deliver_heard(secretive(address, &folder), &sample::transition(), &ear).await;
    let Outcome::Refused { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("answers 400 Bad Request: POST ***"), "{why}");
    assert_clean(&why);
    let lines = ear.lines();
    assert!(lines.iter().any(|line| line.starts_with("< x-told: POST ***")), "{lines:?}");
    assert_clean(&lines.join("\n"));
}

#[tokio::test]
async fn settings_label_and_render_show_none() {
    let folder = Folder::new("render");
    let server = Server::start(OK).await;
    let settings = secretive(server.address, &folder);
    assert_clean(&format!("{settings:?}"));
    let webhook = Webhook::new(settings.clone()).unwrap();
    assert_eq!(webhook.label(), format!("webhook to http://{}/...", server.address));
    assert_clean(webhook.settings());
    let text = webhook.render(&sample::transition()).unwrap();
    assert_clean(&text);
    let (head, body) = text.split_once("\n\n").unwrap();
    let expected = format!(
        "POST /... HTTP/1.1\nhost: {}\ncontent-type: application/json\nwebhook-id: h1-19cceaa1f00-3e8-1\n\
         webhook-timestamp: 1772973477\nwebhook-signature: v1,***\nauthorization: Basic ***\nX-Token: ***\n\
         user-agent: keepwatch/{}",
        server.address,
        env!("CARGO_PKG_VERSION")
    );
    assert_eq!(head, expected);
    assert!(body.contains(r#""routing_key":"***""#), "{body}");
    // But the server gets them.
    deliver(settings).await;
    let asked = server.asked_once();
    assert!(asked.head.contains("p4th-s3cret") && asked.body.contains("r0uting-k3y"));
    assert_eq!(asked.header("authorization"), "Basic dXM6cDRzc3dvcmQ=");
}

#[tokio::test]
async fn a_file_that_changes_counts_at_once() {
    let folder = Folder::new("changes");
    let server = Server::start(OK).await;
    let path = folder.file("token", "first");
    let auth = Some(Auth::Bearer(Secret::File(path.clone())));
    let webhook = Webhook::new(Settings { auth, ..to(&server.url()) }).unwrap();
    let parcel = sample::transition();
    webhook.deliver(&parcel, &Ear::default()).await;
    folder.file("token", "second\n");
    webhook.deliver(&parcel, &Ear::default()).await;
    let seen: Vec<String> =
        server.asked().iter().map(|asked| asked.header("authorization").to_owned()).collect();
    assert_eq!(seen, ["Bearer first", "Bearer second"]);

    std::fs::remove_file(&path).unwrap();
    let outcome = webhook.deliver(&parcel, &Ear::default()).await;
    let why = format!("the secret in {} cannot be read: No such file or directory", path.display());
    assert_unreachable(&outcome, &why);
    folder.file("token", "third\r\nX-Evil: 1");
    let outcome = webhook.deliver(&parcel, &Ear::default()).await;
    let why = format!("{} holds more than one line, where a secret is the only one", path.display());
    assert_unreachable(&outcome, &why);
    folder.file("token", "third\u{1}");
    let outcome = webhook.deliver(&parcel, &Ear::default()).await;
    assert_unreachable(
        &outcome,
        "the value of authorization has line breaks or other control characters in it",
    );
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn a_url_may_come_from_a_file() {
    let folder = Folder::new("url");
    let server = Server::start(OK).await;
    let path = folder.file("url", &format!("{}\n", server.url()));
    let settings = Settings { url: Secret::File(path.clone()), ..to("http://unused") };
    let webhook = Webhook::new(settings).unwrap();
    assert_eq!(webhook.label(), format!("webhook to the URL in {}", path.display()));
    let parcel = sample::transition();
    assert!(webhook.render(&parcel).unwrap().starts_with("POST /... HTTP/1.1\nhost: ***\n"));
    webhook.deliver(&parcel, &Ear::default()).await;
    assert!(server.asked_once().head.starts_with("POST /hook HTTP/1.1\r\n"));
    folder.file("url", "s3cret");
    let Outcome::Later { why, scope: Scope::Destination, .. } =
        webhook.deliver(&parcel, &Ear::default()).await
    else {
        panic!("a URL that is none")
    };
    let shown = path.display();
    assert_eq!(
        why,
        format!(
            "the URL in {shown}: it is no URL to send webhooks to: it has no scheme; it begins with https://"
        )
    );
}

#[test]
fn a_proxys_password_is_not_shown() {
    let password = Secret::File(PathBuf::from("/etc/keepwatch/proxy"));
    let auth = Some(Auth::Basic { user: "us".to_owned(), password });
    let proxy = Proxy::At { url: "http://127.0.0.1:3128".to_owned(), auth };
    let webhook = Webhook::new(Settings { proxy, ..to("http://a.example/secret") }).unwrap();
    let text = webhook.render(&sample::transition()).unwrap();
    assert!(text.starts_with("POST http://a.example/... HTTP/1.1\nhost: a.example\n"), "{text}");
    assert!(text.contains("\nproxy-authorization: Basic ***\n"), "{text}");
}
