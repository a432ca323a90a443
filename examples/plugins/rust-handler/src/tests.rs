//! The handler, given recorded and made-up events.

use std::time::Duration;

use keepwatch_sdk::testing::{Host, replay, transition};

use super::*;

#[test]
fn a_bad_night_is_told_once() {
    let host = Host::new();
    let replayed =
        replay::<on_event>(json!({ "changes": 4, "window": 60 }), "tests/bad-night.jsonl").unwrap();
    assert!(replayed.iter().all(|replayed| replayed.outcome.is_ok()));

    let emitted = host.emitted();
    assert_eq!(emitted.len(), 1);
    assert_eq!((emitted[0].name.as_str(), emitted[0].severity), ("flapping", Severity::Warning));
    assert_eq!(emitted[0].data, json!({ "instance": "VI_1", "changes": 5 }));
    assert_eq!(host.log()[0].1, "VI_1 has changed its state 5 times in 60 s");
    assert_eq!(host.kv("failovers/VI_1"), Some(b"3".to_vec()));
    assert_eq!(host.kv("failovers/VI_2"), Some(b"1".to_vec()));
}

#[test]
fn changes_far_apart_are_none_of_its_business() {
    let host = Host::new();
    let mut plugin = host.start::<on_event>(json!({ "changes": 1, "window": 60 })).unwrap();
    for (from, to) in [(State::Backup, State::Master), (State::Master, State::Backup)].repeat(5) {
        plugin.handle(&transition("VI_1", from, to)).unwrap();
        host.advance(Duration::from_secs(61));
    }
    assert_eq!(host.emitted(), []);
    assert_eq!(host.kv("failovers/VI_1"), Some(b"5".to_vec()));
}
