//! The host's functions, in the made-up host.

use std::time::Duration;

use keepwatch_sdk::notify::Mail;
use keepwatch_sdk::prelude::*;
use keepwatch_sdk::testing::{Host, Said};

const URL: &str = "http://127.0.0.1/health";

#[test]
fn answers_come_one_after_the_other_and_the_last_stays() {
    let host = Host::new().answer(URL, 200, "one").answer(URL, 204, "").answer(URL, 503, "busy");
    assert_eq!(http::get(URL).unwrap().text().unwrap(), "one");
    assert_eq!(http::get(URL).unwrap().status, 204);
    for _ in 0..2 {
        let error = http::get(URL).unwrap_err();
        assert_eq!(error.to_string(), "GET http://127.0.0.1/health: answered with status 503");
        assert_eq!(error.kind(), Some(ErrorKind::Unavailable));
    }
    let response = http::Request::new("GET", URL).send().unwrap();
    assert_eq!((response.status, response.text().unwrap()), (503, "busy"));
    assert_eq!(host.requests().len(), 5);
}

#[test]
fn requests_are_as_they_were_asked_for() {
    let host = Host::new().answer(URL, 200, r#"{"lag": 3}"#);
    #[derive(Deserialize)]
    struct Answer {
        lag: u8,
    }
    assert_eq!(http::post_json(URL, &json!([1])).unwrap().json::<Answer>().unwrap().lag, 3);
    let request = &host.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.body.as_slice(), request.redirects),
        ("POST", b"[1]".as_slice(), 5)
    );
    assert_eq!(request.headers, [("content-type".to_owned(), "application/json".to_owned())]);
}

#[test]
fn what_was_not_set_up_is_refused() {
    let _host = Host::new().answer_error(URL, ErrorKind::Timeout, "no answer within 1 s");
    let error = http::get(URL).unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.kind()),
        ("no answer within 1 s", Some(ErrorKind::Timeout))
    );
    assert_eq!(http::get("http://other/").unwrap_err().kind(), Some(ErrorKind::Denied));
    assert_eq!(run("reload").unwrap_err().kind(), Some(ErrorKind::Denied));
    let nobody = probe::tcp("db:5432", &probe::Question::default()).unwrap_err();
    assert_eq!(
        (nobody.to_string().as_str(), nobody.kind()),
        ("db:5432: connection refused", Some(ErrorKind::Unavailable))
    );
}

#[test]
fn the_store_keeps_values() {
    let host = Host::new().stored("a/1", "x").stored("b", "[1,2]");
    assert_eq!(kv::get("a/1").unwrap(), Some(b"x".to_vec()));
    assert_eq!(kv::get_json::<Vec<u8>>("b").unwrap(), Some(vec![1, 2]));
    assert_eq!(kv::get_json::<u8>("c").unwrap(), None);
    let error = kv::get_json::<u8>("b").unwrap_err().to_string();
    assert!(error.starts_with("cannot read what is stored as b: invalid type"), "{error}");
    kv::set("a/2", [1]).unwrap();
    assert_eq!(kv::keys("a/").unwrap(), ["a/1", "a/2"]);
    assert!(kv::delete("a/1").unwrap());
    assert!(!kv::delete("a/1").unwrap());
    assert_eq!((host.kv("a/1"), host.kv("a/2")), (None, Some(vec![1])));
}

#[test]
fn time_passes_only_when_told() {
    let host = Host::new();
    let before = clock::now();
    assert_eq!(clock::now(), before);
    clock::sleep(Duration::from_millis(1_500));
    host.advance(Duration::from_secs(1));
    let now = clock::now();
    assert_eq!(now.monotonic - before.monotonic, Duration::from_millis(2_500));
    assert_eq!(now.wall_micros() - before.wall_micros(), 2_500_000);
    assert_eq!(host.slept(), Duration::from_millis(1_500));
    host.set_clock(Timestamp::from_micros(7, 8));
    assert_eq!((clock::now().wall_micros(), clock::now().monotonic), (7, Duration::from_micros(8)));
}

#[test]
fn probes_verdicts_metrics_and_events_are_noted() {
    let host = Host::new().listens("/run/db.sock", b"+PONG\r\n");
    let answer = probe::unix("/run/db.sock", &probe::Question::new("PING\r\n", 5)).unwrap();
    assert_eq!(answer.received, b"+PONG");
    assert_eq!(host.probed(), [("/run/db.sock".to_owned(), b"PING\r\n".to_vec())]);

    track::set("db", &Verdict::unknown("starting"), Duration::from_secs(3)).unwrap();
    let tracked = &host.tracked()[0];
    assert_eq!((tracked.name.as_str(), tracked.ttl), ("db", Duration::from_secs(3)));
    assert_eq!(tracked.verdict.health, Health::Unknown);

    metrics::add("mails", 1.0).unwrap();
    metrics::add("mails", 2.0).unwrap();
    metrics::set("queue", 7.5).unwrap();
    assert_eq!((host.metric("mails"), host.metric("queue"), host.metric("x")), (Some(3.0), Some(7.5), None));
    assert_eq!(metrics::add("mails", -1.0).unwrap_err().kind(), Some(ErrorKind::Invalid));
    assert_eq!(metrics::set("queue", f64::NAN).unwrap_err().kind(), Some(ErrorKind::Invalid));

    events::emit("moved", Severity::Info, &json!({ "to": "h2" })).unwrap();
    assert_eq!(host.emitted()[0].data, json!({ "to": "h2" }));
    assert_eq!(events::emit("moved", Severity::Info, &"h2").unwrap_err().kind(), Some(ErrorKind::Invalid));
}

#[test]
fn messages_are_noted_as_they_were_sent() {
    let host = Host::new().destination("admins").destination("chat");
    notify::send("chat", "VI_1 is MASTER").unwrap();
    notify::mail("admins", "VI_1", "is MASTER").unwrap();
    Mail::new("VI_1", "is MASTER").html("<b>is MASTER</b>").send("admins").unwrap();
    notify::webhook("chat", &json!({ "text": "hello" })).unwrap();
    let notified = host.notified();
    let to: Vec<&str> = notified.iter().map(|notified| notified.destination.as_str()).collect();
    assert_eq!(to, ["chat", "admins", "admins", "chat"]);
    let mail = Mail::new("VI_1", "is MASTER");
    let said: Vec<Said> = notified.into_iter().map(|notified| notified.said).collect();
    let expected = [
        Said::Text("VI_1 is MASTER".to_owned()),
        Said::Mail(mail.clone()),
        Said::Mail(mail.html("<b>is MASTER</b>")),
        Said::Posted(json!({ "text": "hello" })),
    ];
    assert_eq!(said, expected);
    assert_eq!(notify::send("chat", " ").unwrap_err().kind(), Some(ErrorKind::Invalid));
    let error = notify::send("pager", "x").unwrap_err();
    assert_eq!(error.kind(), Some(ErrorKind::Denied));
    assert!(error.to_string().contains("Host::new().destination(\"pager\")"), "{error}");
}
