//! Events as scripts see them, and which handlers hear which.

use std::time::Duration;

use keepwatch_event::{
    Anomaly, Departure, Ending, EventKind, Health, Hindrance, InterfaceState, LogLevel, Reason, State, Step,
    StepTook,
};
use keepwatch_host::{Failure, Outcome};
use serde_json::json;

use crate::support::{Trial, event, snapshot, transition};

#[tokio::test]
async fn a_transition_reads_as_in_the_book() {
    let text = "
        fn on_master(event) { info(`${event.instance} is MASTER on ${event.node}: ${event.reason}`); }
        fn on_transition(event) {
            info(`${event.kind} ${event.from} ${event.to} ${event.because} ${event.details.silent_seconds}`);
            info(`${event.severity} ${event.seq} ${event.term} ${event.initial} ${event.priority} ${event.at.wall}`);
        }
        fn on_event(event) { info(event.text); }
    ";
    let mut trial = Trial::new(text).await;
    assert_eq!(trial.master().await, Ok(Outcome::Done));
    let expected = [
        "trial Info: VI_1 is MASTER on h1: no advert heard for 3.61 s",
        "trial Info: transition BACKUP MASTER no_advert 3.609375",
        "trial Info: info 7 2 false 101 1970-01-01T00:00:07.000000Z",
        "trial Info: BACKUP -> MASTER: no advert heard for 3.61 s",
    ];
    assert_eq!(trial.told(), expected);
}

#[tokio::test]
async fn each_state_has_its_handler() {
    let text = "
        fn on_event(event) { info(\"event\"); }
        fn on_transition(event) { info(\"transition\"); }
        fn on_master() { info(\"master\"); }
        fn on_backup(event) { info(\"backup\"); }
        fn on_fault(event) { info(\"fault\"); }
        fn on_stop(event) { info(\"stop\"); }
    ";
    let mut trial = Trial::new(text).await;
    let table = [
        (State::Master, Some("master")),
        (State::Backup, Some("backup")),
        (State::Fault, Some("fault")),
        (State::Stopped, Some("stop")),
        (State::Init, None),
    ];
    for (state, first) in table {
        trial.handle(transition(state)).await.unwrap();
        let expected: Vec<String> = first
            .into_iter()
            .chain(["transition", "event"])
            .map(|name| format!("trial Info: {name}"))
            .collect();
        assert_eq!(trial.told(), expected, "{state}");
    }
    trial.handle(event(EventKind::Resynchronised)).await.unwrap();
    assert_eq!(trial.told(), ["trial Info: event"]);
}

#[tokio::test]
async fn a_plugin_does_not_hear_of_itself() {
    let text = "
        fn on_event(event) { info(event.kind); }
        fn on_custom(event) { info(`custom ${event.name} ${event.data.x} of ${event.plugin}`); }
        fn on_plugin_log(event) { info(event.line); }
    ";
    let mut trial = Trial::new(text).await;
    for (plugin, expected) in
        [("trial", &[][..]), ("other", &["trial Info: custom n 1 of other", "trial Info: a line"][..])]
    {
        let data = json!({"x": 1}).as_object().unwrap().clone();
        let custom = EventKind::Custom { plugin: plugin.to_owned(), name: "n".to_owned(), data };
        trial.handle(event(custom)).await.unwrap();
        let (level, text) = (LogLevel::Info, "a line".to_owned());
        trial.handle(event(EventKind::PluginLog { plugin: plugin.to_owned(), level, text })).await.unwrap();
        assert_eq!(trial.told(), expected, "{plugin}");
    }
}

/// Else a script that tells of each event would tell of its own messages for ever.
#[tokio::test]
async fn what_becomes_of_messages_hears_who_asks_for_it() {
    let text = "
        fn on_event(event) { info(event.kind); }
        fn on_delivery_given_up(event) { info(`${event.destination} got nothing`); }
    ";
    let mut trial = Trial::new(text).await;
    let (destination, letter, reason) = ("chat".to_owned(), "l".to_owned(), "550 no".to_owned());
    trial.handle(event(EventKind::DeliveryGivenUp { destination, letter, reason })).await.unwrap();
    assert_eq!(trial.told(), ["trial Info: chat got nothing"]);
}

#[tokio::test]
async fn every_event_reaches_a_script_whole() {
    let text = "fn on_event(event) {
        if event.text == \"\" || event.kind == \"\" || event.instance != \"VI_1\" { throw event.kind; }
        info(event.to_json());
    }";
    let mut trial = Trial::new(text).await;
    let (address, interface) = ("10.1.1.30/24".to_owned(), "eth0".to_owned());
    let source = "10.1.1.20".parse().unwrap();
    let second = Duration::from_secs(1);
    let kinds = [
        EventKind::Transition {
            from: State::Init,
            to: State::Fault,
            reason: Reason::Hindered(Hindrance::InterfaceDown { interface: interface.clone() }),
            initial: true,
            priority: 100,
            steps: vec![StepTook { step: Step::Resigned, took: second }],
        },
        EventKind::Leaving {
            departure: Departure::Stop,
            reason: Reason::Stopped,
            priority: 1,
            patience: second,
        },
        EventKind::Left {
            departure: Departure::Yield,
            ending: Ending::TakenOver { successor: Some(source), after: second },
            took: second,
        },
        EventKind::AdvertAnomaly { source, anomaly: Anomaly::AuthFailed, both_master: true },
        EventKind::AddressAdded { address, interface: interface.clone() },
        EventKind::Interface { interface, state: InterfaceState::Down },
        EventKind::ConfigRejected { path: "p".to_owned(), reason: "why".to_owned() },
        EventKind::HealthChanged {
            track: "db".to_owned(),
            from: Health::Pass,
            to: Health::Fail,
            text: "slow".to_owned(),
        },
        EventKind::Unknown(json!({"kind": "eclipse", "of": "sun"}).as_object().unwrap().clone()),
    ];
    for kind in kinds {
        let event = event(kind);
        trial.handle(event.clone()).await.unwrap_or_else(|failure| panic!("{event:?}: {failure}"));
        let told = trial.told();
        let seen: serde_json::Value =
            serde_json::from_str(told[0].strip_prefix("trial Info: ").unwrap()).unwrap();
        let json = serde_json::to_value(&event).unwrap();
        for (name, value) in json.as_object().unwrap() {
            let name = match (name.as_str(), &event.kind) {
                ("text", _) => "line",
                ("reason", EventKind::Transition { .. } | EventKind::Leaving { .. }) => "details",
                (name, _) => name,
            };
            assert_eq!(&seen[name], value, "{name} of {json}");
        }
        assert_eq!(seen["text"], event.kind.to_string());
    }
}

#[tokio::test]
async fn a_snapshot_tells_how_things_are() {
    let text = "fn on_sync(snapshot) {
        for i in snapshot.instances { info(`${i.name} ${i.state} ${i.reason} ${i.because} ${i.addresses[0]}`); }
        info(`${snapshot.node} ${snapshot.seq} ${snapshot.plugins.len()} ${snapshot.tracks.len()}`);
    }";
    let mut trial = Trial::new(text).await;
    trial.sync(&snapshot()).await.unwrap();
    let expected =
        ["trial Info: VI_1 BACKUP able to take part again recovered 10.1.1.30/24", "trial Info: h1 0 0 0"];
    assert_eq!(trial.told(), expected);
    assert_eq!(trial.master().await, Ok(Outcome::Done), "no handler");
}

#[tokio::test]
async fn an_error_in_one_handler_does_not_keep_others_from_running() {
    let text = "
        fn on_master(event) { throw \"one\"; }
        fn on_transition(event) { info(\"two\"); }
        fn on_event(event) { throw \"three\"; }
    ";
    let mut trial = Trial::new(text).await;
    let Err(Failure::Reported(error)) = trial.master().await else { panic!("no error") };
    assert!(
        error.starts_with("one\n --> hooks.d/trial.rhai:2:") && error.contains("\n\nthree\n --> "),
        "{error}"
    );
    assert_eq!(trial.told(), ["trial Info: two"]);
}

#[tokio::test]
async fn a_handler_says_what_became_of_the_event() {
    let table = [
        ("retry(\"5s\")", Outcome::RetryAfter(Duration::from_secs(5))),
        ("retry(0.5)", Outcome::RetryAfter(Duration::from_millis(500))),
        ("return skip(\"not ours\");", Outcome::Skipped("not ours".to_owned())),
        ("skip()", Outcome::Skipped(String::new())),
        ("5", Outcome::Done),
        ("exit(retry(1))", Outcome::RetryAfter(Duration::from_secs(1))),
    ];
    for (line, expected) in table {
        let mut trial = Trial::new(&format!("fn on_master(event) {{ {line} }}")).await;
        assert_eq!(trial.master().await, Ok(expected), "{line}");
    }
}

#[tokio::test]
async fn only_the_handlers_that_want_an_event_again_get_it_again() {
    let text = "
        let tries = 0;
        fn on_master(event) {
            this.tries += 1;
            info(`try ${this.tries}`);
            if this.tries < 3 { retry(1) }
        }
        fn on_event(event) { info(\"once\"); }
        fn on_transition(event) { throw \"error\"; }
    ";
    let mut trial = Trial::new(text).await;
    assert_eq!(trial.master().await, Ok(Outcome::RetryAfter(Duration::from_secs(1))));
    let told = trial.told();
    let expected = ["trial Info: try 1", "trial Info: once", "trial Error: error (hooks.d/trial.rhai:9:35)"];
    assert_eq!(told, expected, "an error is logged");
    assert_eq!(trial.master().await, Ok(Outcome::RetryAfter(Duration::from_secs(1))));
    assert_eq!(trial.master().await, Ok(Outcome::Done));
    assert_eq!(trial.told(), ["trial Info: try 2", "trial Info: try 3"]);
}
