//! Requests that have one answer, and those that have none.

#[allow(dead_code)]
mod common;

use std::io::Write;
use std::time::Duration;

use common::{Daemon, PATIENCE, STATUS, Talk, transition, wait};
use keepwatch_control::{Answer, Client, Limits, ReloadRequest, Request};

#[test]
fn status_and_plugins_and_reload_are_answered_on_one_connection() {
    let daemon = Daemon::start(Limits::default());
    daemon.bus().publish(transition("VI_1", 2));
    wait("the event to be in the snapshot", || daemon.bus().snapshot().seq == 1);
    let mut client = Client::connect(&daemon.path()).unwrap();
    let Answer::Status(status) = client.ask(&Request::Status, Some(PATIENCE)).unwrap().answer else {
        panic!()
    };
    let json = |snapshot| serde_json::to_value(snapshot).unwrap();
    assert_eq!(json(&status.snapshot), json(&daemon.bus().snapshot()));
    assert_eq!((status.version.as_str(), status.uptime), ("0.1.0", Duration::from_secs(60)));
    let Answer::Plugins(plugins) = client.ask(&Request::Plugins, None).unwrap().answer else { panic!() };
    assert_eq!(plugins, status.plugins);
    let Answer::Reload(report) =
        client.ask(&Request::Reload(ReloadRequest::default()), Some(PATIENCE)).unwrap().answer
    else {
        panic!()
    };
    assert_eq!(report.done, ["read anew"]);
}

#[test]
fn a_request_may_come_in_pieces_and_several_at_once() {
    let daemon = Daemon::start(Limits::default());
    let mut talk = daemon.talk();
    let (first, second) = STATUS.split_at(9);
    talk.stream().write_all(first.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(5));
    talk.stream().write_all(format!("{second}\n{STATUS}\n").as_bytes()).unwrap();
    for _ in 0..2 {
        assert!(talk.hear().unwrap().get("status").is_some());
    }
}

#[test]
fn what_is_not_known_is_refused_and_the_connection_stays_usable() {
    let daemon = Daemon::start(Limits::default());
    let mut talk = daemon.talk();
    let refusal = talk.ask(r#"{"version":1,"request":"dance"}"#);
    assert_eq!(refusal["error"]["code"], "unknown_request");
    let refusal = talk.ask(r#"{"version":9,"request":"status"}"#);
    assert_eq!(refusal["error"]["code"], "unsupported_version");
    assert_eq!(refusal["error"]["versions"], serde_json::json!({"from": 1, "to": 1}));
    assert!(talk.ask(STATUS).get("status").is_some());
}

#[test]
fn garbage_is_refused_and_the_connection_closed() {
    let daemon = Daemon::start(Limits::default());
    for garbage in ["hello", "", "[1,2]", "{\"version\":1", "\u{0}\u{1}", "{}"] {
        let mut talk = daemon.talk();
        talk.say(garbage);
        assert_eq!(talk.hear().unwrap()["error"]["code"], "malformed", "{garbage:?}");
        assert_eq!(talk.hear(), None);
    }
    let mut talk = daemon.talk();
    talk.stream().write_all(&[0xff, 0xfe, b'\n']).unwrap();
    assert_eq!(talk.hear().unwrap()["error"]["code"], "malformed");
    assert!(daemon.talk().ask(STATUS).get("status").is_some());
}

#[test]
fn a_line_that_is_too_long_is_refused_and_a_long_one_is_not() {
    let daemon = Daemon::start(Limits::default());
    let long = format!("{}{}", STATUS, " ".repeat(64 * 1024 - STATUS.len()));
    assert!(daemon.talk().ask(&long).get("status").is_some());
    for length in [64 * 1024 + 1, 1 << 20] {
        let mut talk = daemon.talk();
        talk.say(&"x".repeat(length));
        assert_eq!(talk.hear().unwrap()["error"]["code"], "too_long");
        assert_eq!(talk.hear(), None);
    }
}

#[test]
fn a_request_that_does_not_come_is_not_waited_for() {
    let daemon = Daemon::start(Limits { request_time: Duration::from_millis(20), ..Limits::default() });
    let mut silent = daemon.talk();
    let mut slow = daemon.talk();
    slow.stream().write_all(b"{\"version\":").unwrap();
    for talk in [&mut silent, &mut slow] {
        assert_eq!(talk.hear().unwrap()["error"]["code"], "too_slow");
        assert_eq!(talk.hear(), None);
    }
}

#[test]
fn whoever_has_had_an_answer_and_asks_no_more_is_let_go_without_a_word() {
    let daemon = Daemon::start(Limits { request_time: Duration::from_millis(500), ..Limits::default() });
    let mut talk = daemon.talk();
    assert!(talk.ask(STATUS).get("status").is_some());
    assert_eq!(talk.hear(), None);
}

#[test]
fn of_a_hundred_connections_64_are_served_and_the_others_told_so() {
    let daemon = Daemon::start(Limits { request_time: PATIENCE, ..Limits::default() });
    let mut talks: Vec<Talk> = (0..100).map(|_| daemon.talk()).collect();
    let mut turned_away = talks.split_off(64);
    for talk in &mut talks {
        assert!(talk.ask(STATUS).get("status").is_some());
    }
    for talk in &mut turned_away {
        assert_eq!(talk.hear().unwrap()["error"]["code"], "busy");
        assert_eq!(talk.hear(), None);
    }
    drop(talks);
    wait("room for a connection", || daemon.talk().ask(STATUS).get("status").is_some());
}

#[test]
fn explanations_letters_and_silences_are_asked_for() {
    let rows = [
        (
            r#"{"version":1,"request":"explain"}"#,
            r#"{"explanation":{"at":{"wall":"1970-01-01T00:00:00.000000Z","monotonic_seconds":0.0},"instances":[]}}"#,
        ),
        (
            r#"{"version":1,"request":"explain","instance":"a"}"#,
            r#"{"done":{"count":0,"refused":"there is no instance \"a\""}}"#,
        ),
        (
            r#"{"version":1,"request":"dead_letters","plugin":"a"}"#,
            r#"{"done":{"count":0,"refused":"there is no plugin \"a\""}}"#,
        ),
        (r#"{"version":1,"request":"spool"}"#, r#"{"spool":[]}"#),
        (r#"{"version":1,"request":"spool_retry","destination":"a","ids":["x"]}"#, r#"{"done":{"count":1}}"#),
        (
            r#"{"version":1,"request":"spool_purge","destination":"a"}"#,
            r#"{"done":{"count":0,"refused":"there is no destination \"a\""}}"#,
        ),
        (r#"{"version":1,"request":"silences"}"#, r#"{"silences":[]}"#),
        (r#"{"version":1,"request":"silence","name":"s","lasts_seconds":60}"#, r#"{"done":{"count":1}}"#),
        (r#"{"version":1,"request":"silence_end","name":"s"}"#, r#"{"done":{"count":1}}"#),
    ];
    let daemon = Daemon::start(Limits::default());
    let mut talk = daemon.talk();
    for (request, expected) in rows {
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        assert_eq!(talk.ask(request), expected, "{request}");
    }
}
