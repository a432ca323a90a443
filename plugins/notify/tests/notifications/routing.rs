//! Who hears of what: routes, silences, reminders.

use std::time::{Duration, SystemTime};

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity, State};
use keepwatch_notify::{Alerts, On, Route, Silence, Topic};

use crate::support::{Inbox, PATIENCE, Site, wait};

const STOP: Duration = Duration::from_secs(5);

fn on(topics: &[Topic], kinds: &[&str], instances: &[&str], severity: Severity) -> Route {
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect();
    Route::On(On { topics: topics.to_vec(), kinds: texts(kinds), instances: texts(instances), severity })
}

#[test]
fn routes_choose_by_topic_kind_instance_and_severity() {
    let all = Severity::Info;
    let rows = [
        (on(&[Topic::Transition], &[], &[], all), 4),
        (on(&[Topic::Transition], &[], &["VI_2"], all), 1),
        (on(&[Topic::Transition], &[], &[], Severity::Error), 1),
        (on(&[], &["clock_jumped"], &[], all), 1),
        (on(&[Topic::Config, Topic::Daemon], &[], &["VI_1"], all), 1),
        (
            Route::Alerts(Alerts {
                instances: vec!["VI_1".into()],
                groups: vec!["G".into()],
                no_faults: true,
            }),
            2,
        ),
    ];
    let mut inboxes = Vec::new();
    for (number, (route, _)) in rows.iter().enumerate() {
        let name = ["a", "b", "c", "d", "e", "f"][number];
        let mut inbox = Inbox::new(name);
        inbox.route = route.clone();
        inboxes.push(inbox);
    }
    let site = Site::with(None, &inboxes.iter().collect::<Vec<_>>());
    site.transition("VI_1", State::Master);
    site.transition("VI_1", State::Fault);
    site.transition("VI_2", State::Master);
    let (group, from, to) = ("G".to_owned(), State::Backup, State::Master);
    site.bus.publish(Draft::general(Severity::Info, EventKind::GroupChanged { group, from, to }));
    let jumped = EventKind::ClockJumped { by: Duration::from_secs(9), backwards: false };
    site.bus.publish(Draft::general(Severity::Info, jumped));
    let loaded = EventKind::ConfigLoaded { path: "x".into(), instances: 1, hash: String::new() };
    site.bus.publish(Draft::general(Severity::Info, loaded));
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE);
    for (inbox, (route, expected)) in inboxes.iter().zip(&rows) {
        let lines = inbox.lines();
        assert_eq!(lines.len(), *expected, "{route:?}: {lines:?}");
    }
}

#[test]
fn after_a_silence_it_is_told_how_it_ended() {
    let (quiet, loud) = (Inbox::new("quiet"), Inbox::new("loud"));
    let mut site = Site::with(None, &[&quiet, &loud]);
    let silence = Silence {
        name: "upgrade".into(),
        instances: vec!["VI_1".into()],
        destinations: vec!["quiet".into()],
        until: SystemTime::now() + Duration::from_secs(3_600),
        comment: "new kernel".into(),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(site.notifier.silence(silence));
    for to in [State::Fault, State::Backup, State::Master] {
        site.transition("VI_1", to);
    }
    site.transition("VI_2", State::Master);
    let about = |inbox: &Inbox| -> Vec<String> {
        inbox.lines().into_iter().filter(|line| line.starts_with("VI_")).collect()
    };
    wait("all to be told", || about(&loud).len() == 4 && !about(&quiet).is_empty());
    assert_eq!(about(&quiet).len(), 1, "{:?}", about(&quiet));
    assert_eq!(runtime.block_on(site.notifier.silences())[0].untold, 3);
    assert!(runtime.block_on(site.notifier.end_silence("upgrade".into())));
    assert!(!runtime.block_on(site.notifier.end_silence("upgrade".into())));
    let EventKind::SilenceEnded { untold, .. } = site.heard("silence_ended") else { panic!() };
    assert_eq!(untold, 3);
    wait("the end to be told", || about(&quiet).len() == 2);
    site.notifier.stop(STOP);
    let told = about(&quiet);
    assert!(told.len() == 2 && told[1].contains("MASTER"), "{told:?}");
}

#[test]
fn a_fault_that_lasts_is_told_again() {
    let mut inbox = Inbox::new("one");
    inbox.remind = Some(Duration::from_millis(300));
    let site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Fault);
    let got = inbox.wait(3);
    assert!(got[1].lines[0].starts_with("VI_1: still"), "{got:?}");
    assert_ne!(got[1].id, got[2].id);
    site.transition("VI_1", State::Backup);
    site.bus.flush(PATIENCE);
    site.notifier.stop(STOP);
    let last = inbox.taken().pop().unwrap();
    assert!(last.lines[0].contains("BACKUP"), "{last:?}");
}
