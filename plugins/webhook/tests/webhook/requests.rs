//! What a server is asked.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use keepwatch_event::{Event, EventKind};
use keepwatch_notify::{Content, Escape, Letter, Outcome, Parcel, Template, Transport, sample};
use keepwatch_webhook::{Auth, Body, Method, Preset, Secret, Settings, Value, Webhook};
use ring::hmac;

use crate::support::{Ear, Folder, OK, Server, deliver, deliver_heard, inline, to};

#[tokio::test]
async fn a_request_is_what_the_settings_say() {
    let server = Server::start(OK).await;
    let settings = Settings {
        method: Method::Put,
        headers: vec![
            ("X-Team".to_owned(), Value::Open("ops".to_owned())),
            ("X-Token".to_owned(), Value::Secret(inline("t0ken"))),
            ("User-Agent".to_owned(), Value::Open("ours".to_owned())),
        ],
        auth: Some(Auth::Basic { user: "Aladdin".to_owned(), password: inline("open sesame") }),
        ..to(&format!("http://{}/a/b?c=d", server.address))
    };
    deliver(settings).await;
    let asked = server.asked_once();
    // The example of RFC 7617 stands in the line of `authorization`.
    let expected = format!(
        "PUT /a/b?c=d HTTP/1.1\r\nhost: {}\r\ncontent-type: application/cloudevents+json\r\n\
         webhook-id: h1-19cceaa1f00-3e8-1\r\nwebhook-timestamp: 1772973477\r\n\
         authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\nx-team: ops\r\nx-token: t0ken\r\nuser-agent: ours\r\n\
         content-length: {}\r\n\r\n",
        server.address,
        asked.body.len()
    );
    assert_eq!(asked.head, expected);
    let event: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(event["type"], "io.keepwatch.transition.v1");
}

#[tokio::test]
async fn the_id_stays_and_the_time_goes_on() {
    let server = Server::start("HTTP/1.1 503 Later\r\nContent-Length: 0\r\n\r\n").await;
    let webhook = Webhook::new(to(&server.url())).unwrap();
    let mut parcel = sample::transition();
    webhook.deliver(&parcel, &Ear::default()).await;
    parcel.attempt.number = 2;
    parcel.attempt.at += Duration::from_secs(60);
    webhook.deliver(&parcel, &Ear::default()).await;
    let asked = server.asked();
    let header =
        |name: &str| -> Vec<String> { asked.iter().map(|asked| asked.header(name).to_owned()).collect() };
    assert_eq!(header("webhook-id"), [parcel.id.clone(), parcel.id.clone()]);
    assert_eq!(header("webhook-timestamp"), ["1772973477", "1772973537"]);
}

#[tokio::test]
async fn both_secrets_sign_during_a_rotation() {
    let folder = Folder::new("rotation");
    let server = Server::start(OK).await;
    let old = Secret::File(folder.file("old", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n"));
    deliver(Settings { signing: vec![inline("raw secret"), old], ..to(&server.url()) }).await;
    let asked = server.asked_once();
    let signed =
        format!("{}.{}.{}", asked.header("webhook-id"), asked.header("webhook-timestamp"), asked.body);
    let keys = [b"raw secret".to_vec(), STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap()];
    let signatures: Vec<&str> = asked.header("webhook-signature").split(' ').collect();
    assert_eq!(signatures.len(), keys.len());
    for (key, signature) in keys.iter().zip(signatures) {
        let signature = STANDARD.decode(signature.strip_prefix("v1,").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, key);
        hmac::verify(&key, signed.as_bytes(), &signature).unwrap();
    }
}

#[tokio::test]
async fn a_template_has_its_content_type() {
    let server = Server::start(OK).await;
    let text = r#"{"text": {{ line }}, "node": {{ node }}}"#;
    let template = Template::compile(Path::new("chat.j2"), text, Escape::Json).unwrap();
    let body = Body::Template { template, content_type: "application/json; charset=utf-8".to_owned() };
    let mut parcel = sample::transition();
    parcel.node = "h\"1\r\nX-Evil: 1".into();
    deliver_heard(Settings { body, ..to(&server.url()) }, &parcel, &Ear::default()).await;
    let asked = server.asked_once();
    assert_eq!(asked.header("content-type"), "application/json; charset=utf-8");
    let line = "VI_1: BACKUP -> MASTER: no advert heard for 3.61 s";
    assert_eq!(asked.body, format!(r#"{{"text": "{line}", "node": "h\"1\r\nX-Evil: 1"}}"#));
}

#[tokio::test]
async fn a_template_that_fails_is_refused_in_one_line() {
    let server = Server::start(OK).await;
    let text = "{% if node != 'h1' %}{{ node / 2 }}{% endif %}";
    let template = Template::compile(Path::new("chat.j2"), text, Escape::Text).unwrap();
    let body = Body::Template { template, content_type: "text/plain".to_owned() };
    let mut parcel = sample::transition();
    parcel.node = "h2".into();
    let outcome = deliver_heard(Settings { body, ..to(&server.url()) }, &parcel, &Ear::default()).await;
    let Outcome::Refused { why } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("chat.j2:1:") && !why.contains('\n'), "{why}");
    assert!(server.asked().is_empty());
}

/// Names come from configurations and plugins; whatever is in them, there is one request, with the headers it should have.
#[tokio::test]
async fn hostile_names_change_no_header() {
    let evil = "x\r\nX-Evil: 1\r\n\r\nGET / HTTP/1.1\r\n\0\u{1b}\u{202e}<!channel>\"\\";
    let bodies = [
        to("http://a").body,
        Body::Preset(Preset::Slack),
        Body::Preset(Preset::Teams),
        Body::Preset(Preset::PagerDuty { routing_key: inline("key") }),
        Body::Preset(Preset::Ntfy),
    ];
    for body in bodies {
        let server = Server::start(OK).await;
        let content = Content::Text { plugin: evil.to_owned(), text: evil.to_owned() };
        let mut letter = Letter::of_plugin(content, None, sample::transition().last().at);
        letter.instance = Some(evil.into());
        let parcel = Parcel { node: evil.into(), letters: vec![letter], ..sample::transition() };
        deliver_heard(Settings { body: body.clone(), ..to(&server.url()) }, &parcel, &Ear::default()).await;
        let asked = server.asked_once();
        let names: Vec<&str> = asked.head.lines().skip(1).filter_map(|line| line.split(':').next()).collect();
        let expected =
            ["host", "content-type", "webhook-id", "webhook-timestamp", "user-agent", "content-length", ""];
        assert_eq!(names, expected, "{body:?}");
        assert!(serde_json::from_str::<serde_json::Value>(&asked.body).unwrap().is_object());
        assert!(!asked.body.contains("<!channel>") || body != Body::Preset(Preset::Slack), "{}", asked.body);
    }
}

/// An id with line breaks cannot be, by the parcel's own rule; if it were, nothing would be sent.
#[tokio::test]
async fn a_hostile_id_is_not_sent() {
    let server = Server::start(OK).await;
    let parcel = Parcel { id: "1\r\nX-Evil: 1".to_owned(), ..sample::transition() };
    let outcome = deliver_heard(to(&server.url()), &parcel, &Ear::default()).await;
    assert!(matches!(outcome, Outcome::Later { .. }), "{outcome:?}");
    assert!(server.asked().is_empty());
}

#[tokio::test]
async fn ntfy_gets_json_at_its_root() {
    let server = Server::start(OK).await;
    let url = format!("http://{}/admins-7f3a?auth=QmFzaWM", server.address);
    deliver(Settings { body: Body::Preset(Preset::Ntfy), ..to(&url) }).await;
    let asked = server.asked_once();
    assert!(asked.head.starts_with("POST /?auth=QmFzaWM HTTP/1.1\r\n"), "{}", asked.head);
    let body: serde_json::Value = serde_json::from_str(&asked.body).unwrap();
    assert_eq!(body["topic"], "admins-7f3a");
}

/// What opens and closes incidents: as many requests as incidents, each with an id of its own.
#[tokio::test]
async fn pagerduty_gets_one_request_for_each_incident() {
    let server = Server::start("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n").await;
    let preset = Preset::PagerDuty { routing_key: inline("k3y") };
    let settings = Settings { body: Body::Preset(preset), ..to(&server.url()) };
    let say = |text: &str| Content::Text { plugin: "p".to_owned(), text: text.to_owned() };
    let mut parcel = sample::transition();
    let at = parcel.last().at;
    for (text, id) in [("one", "a"), ("two", "b")] {
        let letter = Letter::of_plugin(say(text), None, at);
        parcel.letters.push(Letter { id: id.to_owned(), ..letter });
    }
    deliver_heard(settings.clone(), &parcel, &Ear::default()).await;
    let asked = server.asked();
    let ids: Vec<&str> = asked.iter().map(|asked| asked.header("webhook-id")).collect();
    assert_eq!(ids, [parcel.id.clone(), format!("{}-2", parcel.id), format!("{}-3", parcel.id)]);
    let bodies: Vec<serde_json::Value> =
        asked.iter().map(|asked| serde_json::from_str(&asked.body).unwrap()).collect();
    let seen: Vec<_> = bodies
        .iter()
        .map(|body| (body["event_action"].as_str().unwrap(), body["dedup_key"].as_str().unwrap()))
        .collect();
    let expected = [
        ("resolve", "keepwatch/h1/vrrp/VI_1"),
        ("trigger", "keepwatch/h1/message/a"),
        ("trigger", "keepwatch/h1/message/b"),
    ];
    assert_eq!(seen, expected);

    // Of a kind that concerns no incident.
    let quiet = Parcel { letters: vec![announcing(&parcel)], ..parcel };
    let outcome = deliver_heard(settings, &quiet, &Ear::default()).await;
    let said = "nothing to send: no incident begins or ends".to_owned();
    assert_eq!(outcome, Outcome::Delivered { said });
    assert_eq!(server.asked().len(), 3);
}

/// That addresses are announced: neither good news nor bad.
fn announcing(parcel: &Parcel) -> Letter {
    let event = parcel.letters.iter().find_map(Letter::event).unwrap();
    let kind = EventKind::Announcing { addresses: vec!["10.1.1.30 on eth0".to_owned()] };
    Letter::of_event(&Event { kind, ..event.clone() })
}

#[test]
fn the_same_settings_have_the_same_sum() {
    let sum = |settings: Settings| Webhook::new(settings).unwrap().settings().to_owned();
    let first = sum(to("https://a/1"));
    assert_eq!(first, sum(to("https://a/1")));
    let others = [
        to("https://a/2"),
        Settings { timeout: Duration::from_secs(1), ..to("https://a/1") },
        Settings { signing: vec![inline("s")], ..to("https://a/1") },
        Settings { signing: vec![inline("t")], ..to("https://a/1") },
    ];
    let mut sums: Vec<Arc<str>> = others.into_iter().map(|settings| sum(settings).into()).collect();
    sums.push(first.into());
    sums.sort();
    sums.dedup();
    assert_eq!(sums.len(), 5);
}
