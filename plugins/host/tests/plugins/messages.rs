//! Messages to destinations: whose they are, what they are about, and how many there may be.

use keepwatch_bus::Draft;
use keepwatch_event::{EventKind, Severity};
use keepwatch_host::{Content, Grants, PluginSpec};

use crate::site::Site;

fn spec(site: &Site, name: &str) -> PluginSpec {
    let grants = ["notify:admins", "notify:nobody"].map(|grant| grant.parse().unwrap());
    PluginSpec { grants: Grants::new(grants.to_vec()), ..site.spec(name) }
}

fn error(kind: &EventKind) -> Option<&str> {
    match kind {
        EventKind::PluginError { error, .. } => Some(error),
        _ => None,
    }
}

#[test]
fn a_message_is_about_the_event_that_is_handled() {
    let mut site = Site::new("message");
    site.write("a.fake", &["kind transition", "tell admins 2"]);
    site.apply(vec![spec(&site, "a")]);
    site.publish(1);
    let event = site.wait_for(|kind| matches!(kind, EventKind::Transition { .. }));
    let messages = site.messages.clone();
    let counts = site.wait_for_calls("a", 1);
    assert_eq!((counts.messages, counts.messages_refused), (2, 0));
    site.stop();
    let taken = messages.taken();
    assert_eq!(taken.len(), 2);
    assert_eq!((&*taken[0].plugin, taken[0].destination.as_str()), ("a", "admins"));
    assert_eq!(taken[0].content, Content::Text("message 1".to_owned()));
    assert!(taken.iter().all(|message| message.about.as_ref() == Some(&event)));
    assert_eq!((taken[0].number, taken[1].number), (1, 2));
}

#[test]
fn a_loop_is_refused_and_counted() {
    let mut site = Site::new("message-loop");
    site.write("a.fake", &["kind transition", "tell admins 1000"]);
    site.apply(vec![spec(&site, "a")]);
    for term in 1..=2 {
        site.publish(term);
        let event = site.wait_for(|kind| error(kind).is_some());
        let why = error(&event.kind).unwrap();
        assert!(why.contains("Limit: too many messages in one call: 10 at most"), "{why}");
    }
    let counts = site.wait_for_calls("a", 2);
    assert_eq!((counts.messages, counts.messages_refused), (20, 2));
    let messages = site.messages.clone();
    site.stop();
    assert_eq!(messages.taken().len(), 20);
}

#[test]
fn a_plugin_that_begins_again_and_again_has_no_more_messages_for_that() {
    let site = Site::new("message-begin");
    for version in 1..=5 {
        site.write("a.fake", &["at init tell admins 10", &format!("version {version}")]);
        site.apply(vec![spec(&site, "a")]);
    }
    let counts = site.counts("a");
    assert_eq!((counts.messages, counts.messages_refused), (30, 2));
    let messages = site.messages.clone();
    let journal = site.stop();
    assert!(messages.taken().iter().all(|message| message.about.is_none()));
    let told: Vec<String> = journal.of("a").into_iter().filter(|line| line.starts_with("told Err")).collect();
    assert!(told.len() == 2 && told[0].contains("about no event: 30 at once"), "{told:?}");
}

#[test]
fn what_is_not_taken_is_told_with_its_reason() {
    let mut site = Site::new("message-error");
    let table = [
        ("nobody", "Invalid: there is nobody"),
        (
            "elsewhere",
            "Denied: a may not send messages to \"elsewhere\"; in keepwatch.toml, under [check.asked]:  grants = \
         [\"notify:admins\", \"notify:nobody\", \"notify:elsewhere\"]",
        ),
    ];
    for (number, (destination, expected)) in (1..).zip(table) {
        site.write("a.fake", &["kind transition", &format!("tell {destination} 1")]);
        site.apply(vec![PluginSpec { table: "check.asked".to_owned(), ..spec(&site, "a") }]);
        site.publish(number);
        let event = site.wait_for(|kind| error(kind).is_some());
        assert_eq!(error(&event.kind), Some(expected));
    }
    let counts = site.counts("a");
    assert_eq!((counts.messages, counts.messages_refused), (0, 0));
    site.stop();
}

/// Nobody hears what becomes of messages who has not asked for it, and nobody can tell of it without end.
#[test]
fn messages_about_messages_end() {
    let mut site = Site::new("message-echo");
    site.write("all.fake", &["tell admins 1"]);
    site.write("asks.fake", &["kind delivery_succeeded", "kind delivery_given_up", "tell admins 1"]);
    site.apply(vec![spec(&site, "all"), spec(&site, "asks")]);
    let given_up = |destination: &str| EventKind::DeliveryGivenUp {
        destination: destination.to_owned(),
        letter: "l".to_owned(),
        reason: "550 no".to_owned(),
    };
    let succeeded = EventKind::DeliverySucceeded {
        destination: "chat".to_owned(),
        message: "m".to_owned(),
        letters: 1,
        attempt: 1,
        said: "250 ok".to_owned(),
    };
    for kind in [succeeded, given_up("admins"), given_up("chat")] {
        site.bus.publish(Draft::general(Severity::Info, kind));
    }
    for _ in 0..2 {
        let event = site.wait_for(|kind| error(kind).is_some());
        let why = error(&event.kind).unwrap();
        assert!(why.contains("admins is not told") && why.contains("would never end"), "{why}");
    }
    // That another destination has got nothing is worth a message.
    site.wait_until("asks", |lines| lines.len() >= 5);
    site.publish(1);
    site.wait_until("all", |lines| lines.len() >= 3);
    let messages = site.messages.clone();
    let journal = site.stop();
    let heard = |plugin: &str| journal.of(plugin).iter().filter(|line| line.starts_with("event")).count();
    assert_eq!((heard("all"), heard("asks")), (1, 3));
    let taken = messages.taken();
    let plugins: Vec<&str> = taken.iter().map(|message| &*message.plugin).collect();
    assert_eq!(plugins, ["asks", "all"]);
}
