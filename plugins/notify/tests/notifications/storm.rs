//! A thousand transitions in a second.

use std::future::pending;
use std::time::Duration;

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Health, Severity, State};
use keepwatch_notify::{Alerts, On, Route};

use crate::support::{Inbox, PATIENCE, Site};

#[test]
fn a_storm_is_few_messages_and_ends_with_the_true_state() {
    let mut inbox = Inbox::new("one");
    inbox.group_wait = Duration::from_secs(2);
    let site = Site::with(None, &[&inbox]);
    for number in 0..500 {
        let to = if number % 2 == 0 { State::Master } else { State::Backup };
        site.transition("VI_1", to);
        site.transition("VI_2", to);
    }
    site.transition("VI_1", State::Fault);
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
    let of = |instance: &str| -> Vec<_> {
        inbox.taken().into_iter().filter(|got| got.lines[0].starts_with(instance)).collect()
    };
    for (instance, end) in [("VI_1", "settled: FAULT"), ("VI_2", "settled: BACKUP")] {
        let got = of(instance);
        assert!(got.len() <= 2, "{} messages: {got:?}", got.len());
        let lines: Vec<&String> = got.iter().flat_map(|got| &got.lines).collect();
        assert!(lines.len() <= 10 && lines.last().unwrap().contains(end), "{lines:?}");
    }
}

/// Also where each event is a message of its own, with keepalived's `smtp_alert`: whoever it is about.
#[test]
fn an_alert_says_that_the_storm_begins_and_how_it_ends() {
    let (instances, groups) = (vec!["VI_1".to_owned()], vec!["G".to_owned()]);
    let mut inbox = Inbox::new("one");
    inbox.route = Route::Alerts(Alerts { instances, groups, no_faults: true, gone: Vec::new() });
    let mut site = Site::with(None, &[&inbox]);
    for number in 0..40 {
        let to = if number % 2 == 0 { State::Master } else { State::Backup };
        site.transition("VI_1", to);
        site.transition("VI_2", to);
        site.group("G", to);
        site.group("H", to);
    }
    site.group("G", State::Fault);
    for _ in 0..4 {
        site.heard("unsteady_started");
    }
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
    for (about, end) in [("VI_1: ", "settled: BACKUP"), ("group G: ", "settled: FAULT")] {
        let lines: Vec<String> = inbox.lines().into_iter().filter(|line| line.starts_with(about)).collect();
        let begin = "unsteady: 8 transitions";
        assert_eq!(lines.len(), 9, "{lines:?}");
        assert!(lines[7].contains(begin) && lines[8].contains(end), "{lines:?}");
    }
    assert_eq!(inbox.lines().len(), 18, "{:?}", inbox.lines());
}

fn health(to: Health) -> Draft {
    let kind =
        EventKind::HealthChanged { track: "web".into(), from: Health::Unknown, to, text: String::new() };
    Draft::general(if to == Health::Pass { Severity::Info } else { Severity::Warning }, kind)
}

fn flapping() -> Draft {
    let kind = EventKind::FlappingStarted { track: "web".into(), changes: 6, within: Duration::ZERO };
    Draft::general(Severity::Warning, kind)
}

/// Whatever its destination hears by: the topic, or the kind's name.
#[test]
fn a_check_that_flaps_is_told_as_that_and_how_it_is_in_the_end() {
    let topic = Inbox::new("topic");
    let mut kind = Inbox::new("kind");
    let (topics, instances) = (Vec::new(), Vec::new());
    let kinds = vec!["health_changed".to_owned()];
    kind.route = Route::On(On { topics, kinds, instances, severity: Severity::Warning });
    let site = Site::with(None, &[&topic, &kind]);
    site.bus.publish(health(Health::Fail));
    site.bus.publish(flapping());
    for number in 0..100 {
        site.bus.publish(health(if number % 2 == 0 { Health::Pass } else { Health::Fail }));
    }
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
    for inbox in [topic, kind] {
        let lines = inbox.lines();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert!(lines[0].contains("fails") && lines[1].contains("is flapping"), "{lines:?}");
        assert!(lines[2].contains("has settled: fail"), "{lines:?}");
    }
}
