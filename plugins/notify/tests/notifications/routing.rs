//! Who hears of what: routes, silences, reminders.

use std::future::pending;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_bus::Draft;
use keepwatch_event::{Event, EventKind, Reason, Severity, State};
use keepwatch_notify::{Alerts, Content, Letter, Medium, NotTaken, On, Route, Silence, Topic};

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
                gone: Vec::new(),
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
    let loaded = EventKind::ConfigLoaded { path: "x".into(), instances: 1, hash: String::new(), waits: None };
    site.bus.publish(Draft::general(Severity::Info, loaded));
    site.bus.flush(PATIENCE);
    site.notifier.stop(PATIENCE, pending());
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
    site.notifier.stop(STOP, pending());
    let told = about(&quiet);
    assert!(told.len() == 2 && told[1].contains("MASTER"), "{told:?}");
}

#[test]
fn a_silence_that_ends_tells_nothing_that_another_one_keeps() {
    let inbox = Inbox::new("one");
    let site = Site::with(None, &[&inbox]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (name, instances) in [("all-day", Vec::new()), ("a-moment", vec!["VI_1".to_owned()])] {
        runtime.block_on(site.notifier.silence(Silence {
            name: name.into(),
            instances,
            destinations: Vec::new(),
            until: SystemTime::now() + Duration::from_secs(3_600),
            comment: String::new(),
        }));
    }
    site.transition("VI_1", State::Fault);
    let untold =
        || -> u64 { runtime.block_on(site.notifier.silences()).iter().map(|silence| silence.untold).sum() };
    wait("both to keep it", || untold() == 2);
    assert!(runtime.block_on(site.notifier.end_silence("a-moment".into())));
    assert_eq!(site.report("one").waiting, [], "all-day keeps it");
    assert!(runtime.block_on(site.notifier.end_silence("all-day".into())));
    let got = inbox.wait(1);
    assert!(got[0].lines[0].contains("FAULT"), "{got:?}");
    site.notifier.stop(STOP, pending());
    assert_eq!(inbox.lines().iter().filter(|line| line.contains("FAULT")).count(), 1, "{:?}", inbox.lines());
}

/// keepalived's mails: of an instance that a reload has taken away, that it is gone, and nothing else.
#[test]
fn an_instance_that_is_gone_is_told_of_once_more() {
    let alerts = |names: &[&str]| {
        let instances = names.iter().map(|name| (*name).to_owned()).collect();
        Route::Alerts(Alerts { instances, ..Alerts::default() })
    };
    let mut inbox = Inbox::new("one");
    inbox.route = alerts(&["VI_1", "VI_2"]);
    let site = Site::with(None, &[&inbox]);
    inbox.route = alerts(&["VI_2"]);
    for _ in 0..2 {
        site.notifier.apply(vec![inbox.destination()]);
    }
    // Orders are obeyed one after the other.
    site.report("one");
    site.transition("VI_1", State::Backup);
    site.transition_because("VI_1", State::Stopped, Reason::Removed);
    site.transition("VI_2", State::Master);
    site.bus.flush(PATIENCE);
    site.notifier.stop(STOP, pending());
    let lines = inbox.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("VI_1") && lines[0].contains("removed from the configuration"), "{lines:?}");
    assert!(lines[1].contains("VI_2"), "{lines:?}");
}

/// As `router_id` or `node` has it; events have the host's own name.
#[test]
fn destinations_know_the_host_by_one_name() {
    let mut inbox = Inbox::new("one");
    inbox.remind = Some(Duration::from_millis(100));
    let mut site = Site::with(None, &[&inbox]);
    site.transition("VI_1", State::Fault);
    for got in inbox.wait(2) {
        assert_eq!(got.hosts.iter().map(|host| &**host).collect::<Vec<_>>(), ["router 1"], "{got:?}");
    }
    assert_eq!(&*site.events.recv().unwrap().node, "h1");
    site.notifier.stop(STOP, pending());
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
    site.notifier.stop(STOP, pending());
    let last = inbox.taken().pop().unwrap();
    assert!(last.lines[0].contains("BACKUP"), "{last:?}");
}

fn mail(subject: &str) -> Content {
    let (plugin, subject, text) = ("p".to_owned(), subject.to_owned(), "text".to_owned());
    Content::Mail { plugin, subject, text, html: None }
}

fn words(text: &str) -> Content {
    Content::Text { plugin: "p".to_owned(), text: text.to_owned() }
}

fn post() -> Content {
    Content::Post { plugin: "p".to_owned(), body: "hello".into() }
}

/// A transition of this instance, as somebody heard it.
fn heard(site: &mut Site, instance: &str) -> Arc<Event> {
    site.transition(instance, State::Master);
    loop {
        let event = site.events.recv().unwrap();
        if event.instance.as_deref() == Some(instance) {
            return event;
        }
    }
}

#[test]
fn a_plugins_words_go_where_they_can_be_said() {
    let (mailbox, mut chat) = (Inbox::new("mailbox"), Inbox::new("chat"));
    chat.medium = Medium::Webhook;
    let site = Site::with(None, &[&mailbox, &chat]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let hand_in = |destination: &str, content: Content| {
        let letter = Letter::of_plugin(content, None, SystemTime::now());
        runtime.block_on(site.notifier.hand_in(destination, letter))
    };
    assert_eq!(hand_in("mailbox", words("one")), Ok(()));
    assert_eq!(hand_in("chat", words("two\nand more")), Ok(()));
    assert_eq!(hand_in("mailbox", mail("three")), Ok(()));
    assert_eq!(hand_in("chat", post()), Ok(()));
    assert_eq!(hand_in("nobody", words("x")), Err(NotTaken::Unknown("nobody".to_owned())));
    for (destination, content) in [("mailbox", post()), ("chat", mail("x"))] {
        let Err(NotTaken::Unfit(why)) = hand_in(destination, content) else { panic!("{destination}") };
        assert!(why.starts_with(&format!("{destination} ")) && why.contains("send it a text"), "{why}");
    }
    site.notifier.stop(PATIENCE, pending());
    assert_eq!(mailbox.lines(), ["one", "three"]);
    assert_eq!(chat.lines(), ["two", "a message of p"]);
    assert_eq!(hand_in("mailbox", words("late")), Err(NotTaken::Busy));
}

#[test]
fn what_a_plugin_says_twice_about_one_event_is_told_once() {
    let mut inbox = Inbox::new("one");
    inbox.route = on(&[], &[], &[], Severity::Info);
    let mut site = Site::with(None, &[&inbox]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (first, second) = (heard(&mut site, "VI_1"), heard(&mut site, "VI_2"));
    for (event, text) in [(&first, "a"), (&first, "a"), (&first, "b"), (&second, "a"), (&first, "b")] {
        let letter = Letter::of_plugin(words(text), Some(event), SystemTime::now());
        assert_eq!(runtime.block_on(site.notifier.hand_in("one", letter)), Ok(()));
    }
    site.notifier.stop(PATIENCE, pending());
    let mut lines = inbox.lines();
    lines.sort();
    assert_eq!(lines, ["a", "a", "b"]);
}

#[test]
fn a_silence_keeps_plugins_words_as_well() {
    let mut inbox = Inbox::new("one");
    inbox.route = on(&[], &[], &[], Severity::Info);
    let mut site = Site::with(None, &[&inbox]);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(site.notifier.silence(Silence {
        name: "upgrade".into(),
        instances: vec!["VI_1".into()],
        destinations: Vec::new(),
        until: SystemTime::now() + Duration::from_secs(3_600),
        comment: String::new(),
    }));
    let (kept, told) = (heard(&mut site, "VI_1"), heard(&mut site, "VI_2"));
    for (about, text) in [(Some(&*kept), "kept"), (Some(&*told), "told"), (None, "about nothing")] {
        let letter = Letter::of_plugin(words(text), about, SystemTime::now());
        assert_eq!(runtime.block_on(site.notifier.hand_in("one", letter)), Ok(()));
    }
    assert_eq!(runtime.block_on(site.notifier.silences())[0].untold, 1);
    site.notifier.stop(PATIENCE, pending());
    let mut lines = inbox.lines();
    lines.sort();
    assert_eq!(lines, ["about nothing", "told"]);
}
