//! Events over the socket: the snapshot, what follows it, and those who do not read.

#[allow(dead_code)]
mod common;

use std::io::Read;
use std::net::Shutdown;
use std::time::Duration;

use common::{Daemon, EVENTS, PATIENCE, STATUS, Talk, line, transition, wait};
use keepwatch_bus::Draft;
use keepwatch_control::{Answer, Beginning, Client, EventsRequest, Limits, Request};
use keepwatch_event::{EventKind, Severity};
use serde_json::{Value, json};

/// The numbers of all events until the server says that no more follow, and how many it says were missed.
fn rest(talk: &mut Talk) -> (Vec<u64>, u64) {
    let (mut seqs, mut missed) = (Vec::new(), 0);
    loop {
        let line = talk.hear().expect("an end before the end of the connection");
        if let Some(end) = line.get("end") {
            assert_eq!(*end, json!({"because": "stopped"}));
            assert_eq!(talk.hear(), None);
            return (seqs, missed);
        }
        missed += line["missed"]["events"].as_u64().unwrap_or(0);
        seqs.extend(line["seq"].as_u64());
    }
}

/// Hears until an event of this kind.
fn hear_kind(talk: &mut Talk, kind: &str) -> Value {
    loop {
        let line = talk.hear().unwrap();
        if line["kind"] == kind {
            return line;
        }
    }
}

fn stopping() -> Draft {
    Draft::general(Severity::Info, EventKind::Stopping { reason: "SIGTERM".into() })
}

#[test]
fn after_the_snapshot_come_all_events_without_a_gap_and_none_twice() {
    let mut daemon = Daemon::start(Limits { farewell: PATIENCE, ..Limits::default() });
    let bus = daemon.bus().clone();
    let publisher = std::thread::spawn(move || {
        for term in 1..=2_000 {
            bus.publish(transition("VI_1", term));
        }
    });
    // They come at different points of the stream.
    let mut talks: Vec<Talk> = Vec::new();
    for _ in 0..8 {
        let talk = daemon.talk();
        talk.say(EVENTS);
        talks.push(talk);
    }
    let snapshots: Vec<Value> = talks.iter_mut().map(|talk| talk.hear().unwrap()).collect();
    publisher.join().unwrap();
    // It waits until they have heard all of it.
    let stop = std::thread::spawn(move || daemon.stop());
    for (talk, snapshot) in talks.iter_mut().zip(&snapshots) {
        let first = snapshot["snapshot"]["seq"].as_u64().unwrap();
        let (seqs, missed) = rest(talk);
        assert_eq!(missed, 0);
        assert_eq!(seqs, (first + 1..=2_000).collect::<Vec<_>>());
    }
    stop.join().unwrap();
}

#[test]
fn an_event_is_sent_as_it_serialises() {
    let daemon = Daemon::start(Limits::default());
    let mut subscription = daemon.bus().subscribe("test", keepwatch_bus::Delivery::Durable, 10);
    let mut client = Client::connect(&daemon.path()).unwrap();
    let request = Request::Events(EventsRequest::default());
    assert!(matches!(client.ask(&request, None).unwrap().answer, Answer::Snapshot(_)));
    daemon.bus().publish(transition("VI_2", 2));
    let event = subscription.recv().unwrap();
    let line = client.next_line().unwrap().unwrap();
    assert_eq!(line.text, serde_json::to_string(&*event).unwrap());
    let Answer::Event(understood) = line.answer else { panic!("{}", line.text) };
    assert_eq!((understood.id.as_str(), &understood.kind), (event.id.as_str(), &event.kind));
}

#[test]
fn only_what_is_asked_for_is_sent() {
    let mut daemon = Daemon::start(Limits::default());
    let ask = |request: EventsRequest| {
        let talk = daemon.talk();
        talk.say(Request::Events(request).line().trim_end());
        talk
    };
    let all = EventsRequest::default;
    let mut about = ask(EventsRequest { instances: vec!["VI_2".into()], ..all() });
    let mut grave = ask(EventsRequest { severity: Some(Severity::Warning), ..all() });
    let mut lines = ask(EventsRequest { kinds: vec!["plugin_log".into()], ..all() });
    let mut plain = ask(all());
    for talk in [&mut about, &mut grave, &mut lines, &mut plain] {
        assert!(talk.hear().unwrap().get("snapshot").is_some());
    }
    daemon.bus().publish(transition("VI_1", 2));
    daemon.bus().publish(line("hello"));
    daemon.bus().publish(transition("VI_2", 2));
    daemon.bus().publish(Draft::general(Severity::Error, EventKind::Failed { error: "no".into() }));
    daemon.stop();
    assert_eq!(rest(&mut about), (vec![3], 0));
    assert_eq!(rest(&mut grave), (vec![4], 0));
    assert_eq!(rest(&mut lines), (vec![2], 0));
    assert_eq!(rest(&mut plain), (vec![1, 3, 4], 0));
}

#[test]
fn from_now_on_there_is_no_snapshot_and_without_following_nothing_else() {
    let daemon = Daemon::start(Limits::default());
    let mut talk = daemon.talk();
    let request = EventsRequest { follow: false, ..EventsRequest::default() };
    assert!(talk.ask(Request::Events(request).line().trim_end()).get("snapshot").is_some());
    assert_eq!(talk.hear().unwrap(), json!({"end": {"because": "complete"}}));
    assert_eq!(talk.hear(), None);

    let mut talk = daemon.talk();
    let request = EventsRequest { from: Beginning::Now, ..EventsRequest::default() };
    talk.say(Request::Events(request).line().trim_end());
    // Nothing says that it listens: it hears one of them.
    let mut seq = 0;
    talk.stream().set_read_timeout(Some(Duration::from_millis(20))).unwrap();
    wait("the first event", || {
        seq += 1;
        daemon.bus().publish(transition("VI_1", seq));
        let mut byte = [0];
        rustix::net::recv(talk.stream(), &mut byte, rustix::net::RecvFlags::PEEK).is_ok()
    });
    talk.stream().set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(talk.hear().unwrap()["kind"], "transition");
}

#[test]
fn a_client_that_does_not_read_holds_nobody_up_and_is_told_what_it_missed() {
    let mut daemon =
        Daemon::start(Limits { events: 64, write_time: PATIENCE, farewell: PATIENCE, ..Limits::default() });
    let mut asleep = daemon.talk();
    assert!(asleep.ask(EVENTS).get("snapshot").is_some());
    let mut awake = daemon.talk();
    assert!(awake.ask(EVENTS).get("snapshot").is_some());
    // More than sockets hold.
    for term in 1..=20_000 {
        daemon.bus().publish(transition(if term % 2 == 0 { "VI_1" } else { "VI_2" }, term));
    }
    daemon.bus().publish(stopping());
    hear_kind(&mut awake, "stopping");
    assert!(daemon.talk().ask(STATUS).get("status").is_some());
    let stop = std::thread::spawn(move || daemon.stop());
    let (seqs, missed) = rest(&mut asleep);
    assert!(missed > 0);
    assert!(seqs.is_sorted() && seqs.len() > 64);
    // What it did not hear it was told of, all but what came after the last line it got.
    assert_eq!(seqs.last().unwrap() - seqs.len() as u64, missed);
    stop.join().unwrap();
    rest(&mut awake);
}

#[test]
fn lines_that_plugins_log_do_not_displace_how_things_are() {
    let mut daemon =
        Daemon::start(Limits { events: 64, write_time: PATIENCE, farewell: PATIENCE, ..Limits::default() });
    let mut asleep = daemon.talk();
    let request = EventsRequest { telemetry: true, ..EventsRequest::default() };
    assert!(asleep.ask(Request::Events(request).line().trim_end()).get("snapshot").is_some());
    let mut awake = daemon.talk();
    assert!(awake.ask(EVENTS).get("snapshot").is_some());
    // More than sockets hold, before and after.
    let words = "x".repeat(1_000);
    for half in 0..2 {
        for _ in 0..5_000 {
            daemon.bus().publish(line(&words));
        }
        if half == 0 {
            daemon.bus().publish(transition("VI_1", 2));
        }
    }
    daemon.bus().publish(stopping());
    // Its number is not the 5,001st if the bus has said meanwhile that somebody is behind.
    let transition = hear_kind(&mut awake, "transition")["seq"].as_u64().unwrap();
    hear_kind(&mut awake, "stopping");
    let stop = std::thread::spawn(move || daemon.stop());
    let (seqs, missed) = rest(&mut asleep);
    assert!(missed > 0);
    assert!(seqs.contains(&transition), "the transition, {transition}");
    stop.join().unwrap();
    rest(&mut awake);
}

#[test]
fn a_client_that_never_reads_is_let_go() {
    let limits = Limits { connections: 1, write_time: Duration::from_millis(50), ..Limits::default() };
    let daemon = Daemon::start(limits);
    let mut asleep = daemon.talk();
    assert!(asleep.ask(EVENTS).get("snapshot").is_some());
    for term in 1..=20_000 {
        daemon.bus().publish(transition("VI_1", term));
    }
    wait("the only connection to be free", || daemon.talk().ask(STATUS).get("status").is_some());
    // What the kernel held for it is still there, perhaps with half a line at the end, but no word of farewell.
    let mut text = String::new();
    let _ = asleep.stream().try_clone().unwrap().read_to_string(&mut text);
    assert!(text.contains("transition") && !text.contains("\"end\""));
}

#[test]
fn a_client_that_has_gone_is_noticed_although_nothing_happens() {
    let daemon = Daemon::start(Limits { connections: 1, ..Limits::default() });
    for _ in 0..3 {
        let mut talk = None;
        wait("the only connection to be free", || {
            let mut new = daemon.talk();
            let free = new.ask(EVENTS).get("snapshot").is_some();
            talk = Some(new);
            free
        });
    }
}

#[test]
fn a_client_that_closes_its_own_direction_goes_on_listening() {
    let mut daemon = Daemon::start(Limits { connections: 1, ..Limits::default() });
    let mut talk = daemon.talk();
    assert!(talk.ask(EVENTS).get("snapshot").is_some());
    talk.stream().shutdown(Shutdown::Write).unwrap();
    // It still has the only connection.
    assert_eq!(daemon.talk().hear().unwrap()["error"]["code"], "busy");
    daemon.bus().publish(stopping());
    assert_eq!(hear_kind(&mut talk, "stopping")["reason"], "SIGTERM");
    daemon.stop();
    assert_eq!(rest(&mut talk), (Vec::new(), 0));
}

#[test]
fn a_bus_that_does_not_end_does_not_hold_the_server_up() {
    let mut daemon = Daemon::start(Limits { farewell: Duration::from_millis(10), ..Limits::default() });
    let mut talk = daemon.talk();
    assert!(talk.ask(EVENTS).get("snapshot").is_some());
    let bus = daemon.bus().clone();
    daemon.stop();
    assert_eq!(rest(&mut talk), (Vec::new(), 0));
    drop(bus);
}
