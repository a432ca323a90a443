//! Mails as they go, word for word.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use keepwatch_event::{Event, EventKind, Reason, State, Steady, Unsteady};
use keepwatch_notify::{Content, Escape, Letter, Template, sample};
use proptest::prelude::*;

use super::*;
use crate::settings::{Relay, Tls};

fn settings() -> Settings {
    let mailbox = |text: &str| text.parse().unwrap();
    let to = vec![mailbox("admin@example.com"), mailbox("On Call <oncall@example.com>")];
    Settings::new(Relay::new("mail.example.com", Tls::StartTls), mailbox("keepwatch@example.com"), to)
}

fn of_keepalived() -> Settings {
    Settings { style: Style::Keepalived, ..settings() }
}

fn mail(settings: &Settings, parcel: &Parcel) -> String {
    let message = compose(settings, parcel).unwrap().formatted();
    String::from_utf8(message).unwrap().replace("\r\n", "\n")
}

/// What stands behind this header, unfolded.
fn value(mail: &str, name: &str) -> String {
    let head = mail.split("\n\n").next().unwrap().replace("\n ", " ");
    let line = head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {head}")).to_owned()
}

/// The names of the headers, in order.
fn names(mail: &str) -> Vec<String> {
    let head = mail.split("\n\n").next().unwrap();
    let lines = head.lines().filter(|line| !line.starts_with(' '));
    lines.map(|line| line.split(':').next().unwrap().to_owned()).collect()
}

/// The plain part, decoded.
fn text(mail: &str) -> String {
    let part = mail.split("Content-Type: text/plain; charset=utf-8\n").nth(1).unwrap();
    let (head, text) = part.split_once("\n\n").unwrap();
    let text = text.split("\n--").next().unwrap();
    if head == "Content-Transfer-Encoding: 7bit" {
        return text.to_owned();
    }
    assert_eq!(head, "Content-Transfer-Encoding: quoted-printable");
    // Only what our texts have.
    text.replace("=\n", "").replace("=3D", "=")
}

fn plugin(content: Content) -> Parcel {
    let letter = Letter::of_plugin(content, None, SystemTime::UNIX_EPOCH);
    Parcel { letters: vec![letter], now: None, ..sample::transition() }
}

fn event(kind: EventKind) -> Parcel {
    let mut parcel = sample::transition();
    let Content::Event(event) = &parcel.letters[0].content else { panic!("not an event") };
    parcel.letters = vec![Letter::of_event(&Event { kind, ..(**event).clone() })];
    parcel
}

fn transition(to: State) -> Parcel {
    transition_because(to, Reason::Started)
}

fn transition_because(to: State, reason: Reason) -> Parcel {
    event(EventKind::Transition {
        from: State::Init,
        to,
        reason,
        initial: false,
        priority: 100,
        steps: Vec::new(),
    })
}

#[test]
fn a_transition() {
    let mail = mail(&settings(), &sample::transition());
    let head = "\
Date: Sun, 08 Mar 2026 12:37:57 +0000
From: keepwatch@example.com
Subject: [h1] VI_1 is MASTER: no advert heard for 3.61 s
To: admin@example.com, \"On Call\" <oncall@example.com>
Message-ID: <h1-19cceaa1f00-3e8-1.admins@h1>
In-Reply-To: <keepwatch.VI_1@h1>
References: <keepwatch.VI_1@h1>
Auto-Submitted: auto-generated
X-Keepwatch-Severity: info
X-Keepwatch-Instance: VI_1
X-Keepwatch-Event: transition
MIME-Version: 1.0
Content-Type: multipart/alternative;";
    assert!(mail.starts_with(head), "{mail}");
    let expected = "\
VI_1 on h1 is MASTER.

When:  2026-03-08T12:37:49.000Z
Why:   no advert heard for 3.61 s
Now:   MASTER since 2026-03-08T12:37:51.000000Z, holds 10.1.1.30/32
Where: h1, eth0, virtual router 51, priority 101
";
    assert_eq!(text(&mail).trim_end(), expected.trim_end());
    assert!(mail.contains("<p><b>VI_1 on h1 is MASTER</b></p>"), "{mail}");
    assert!(!mail.contains("http") && !mail.contains("src="), "external content: {mail}");
}

#[test]
fn a_late_group_tells_all_and_what_was_left_out() {
    let parcel = &sample::parcels()[1];
    let mail = mail(&settings(), parcel);
    assert_eq!(value(&mail, "Subject"), "[h1] VI_1 is MASTER (7 events)");
    let expected = "\
VI_1 on h1 is MASTER.

This mail is late by 1 min 30 s: it could not be sent before. VI_1 is MASTER now.

When:  2026-03-08T12:37:51.000Z
Why:   no advert heard for 3.61 s
Now:   MASTER since 2026-03-08T12:37:51.000000Z, holds 10.1.1.30/32
Where: h1, eth0, virtual router 51, priority 101

What happened:

  2026-03-08T12:37:49.000Z  VI_1: BACKUP -> MASTER: no advert heard for 3.61 s
  (4 more)
  2026-03-08T12:37:50.000Z  VI_1: MASTER -> BACKUP: 10.1.1.20 advertises the higher priority 110
  2026-03-08T12:37:51.000Z  VI_1: BACKUP -> MASTER: no advert heard for 3.61 s
";
    assert_eq!(text(&mail).trim_end(), expected.trim_end());
}

#[test]
fn a_late_mail_does_not_pretend_that_it_is_still_so() {
    let mut parcel = sample::transition();
    parcel.attempt.late = Some(Duration::from_secs(45));
    let mut now = (**parcel.now.as_ref().unwrap()).clone();
    now.state = State::Backup;
    now.held.clear();
    parcel.now = Some(Arc::new(now));
    let mail = mail(&settings(), &parcel);
    let subject = value(&mail, "Subject");
    assert_eq!(subject, "[h1] VI_1 is MASTER: no advert heard for 3.61 s - late, now BACKUP");
    assert!(text(&mail).contains("late by 45 s: it could not be sent before. VI_1 is BACKUP now."), "{mail}");
    assert!(text(&mail).contains("Now:   BACKUP since"), "{mail}");
    assert!(text(&mail).contains("holds no virtual address"), "{mail}");
}

#[test]
fn a_reminder_says_that_it_is_still_so() {
    let mut parcel = sample::transition();
    let Content::Event(event) = parcel.letters[0].content.clone() else { panic!("not an event") };
    parcel.letters[0].content = Content::Reminder(event, 2);
    for settings in [settings(), of_keepalived()] {
        let mail = mail(&settings, &parcel);
        assert_eq!(value(&mail, "Subject"), "[h1] VI_1 is still MASTER: no advert heard for 3.61 s");
        assert!(text(&mail).starts_with("VI_1 on h1 is still MASTER.\n"), "{mail}");
    }
}

#[test]
fn every_parcel_has_a_subject_and_a_plain_part() {
    let subjects = [
        "[h1] VI_1 is MASTER: no advert heard for 3.61 s",
        "[h1] VI_1 is MASTER (7 events)",
        "[h1] cannot go on: no memory",
        "[h1] VI_1: eclipse (of a later version)",
        "[h1] HAProxy reloaded",
    ];
    for (parcel, subject) in sample::parcels().iter().zip(subjects) {
        let mail = mail(&settings(), parcel);
        assert_eq!(value(&mail, "Subject"), subject);
        assert!(mail.contains("Content-Type: text/plain; charset=utf-8"), "{mail}");
    }
}

const AGAIN_AND_AGAIN: &str = "=> Its state has changed 8 times within 6.25 s <=\n\n\
                               The next mail about it comes when it has settled, and says its state.";

#[test]
fn keepalived_words_it_so() {
    let group = |to| event(EventKind::GroupChanged { group: "G1".to_owned(), from: State::Init, to });
    let instance = |what: &str| format!("[h1] VRRP Instance VI_1 - {what}");
    let of_group = |what: &str| format!("[h1] VRRP Group G1 - {what}");
    let settled = |state, untold| event(EventKind::UnsteadyStopped(Steady { group: None, state, untold }));
    let group_settled =
        |state| event(EventKind::UnsteadyStopped(Steady { group: Some("G1".to_owned()), state, untold: 5 }));
    let unsteady = |group: Option<&str>| {
        let (group, within) = (group.map(str::to_owned), Duration::from_millis(6_250));
        event(EventKind::UnsteadyStarted(Unsteady { group, changes: 8, within }))
    };
    let table = [
        (
            transition(State::Master),
            instance("Entering MASTER state"),
            "=> VRRP Instance is now owning VRRP VIPs <=",
        ),
        (
            transition(State::Backup),
            instance("Entering BACKUP state"),
            "=> VRRP Instance is no longer owning VRRP VIPs <=",
        ),
        (
            transition(State::Fault),
            instance("Entering FAULT state"),
            "=> VRRP Instance is no longer owning VRRP VIPs <=",
        ),
        (transition(State::Stopped), instance("Stopping"), "=> VRRP Instance stopping <="),
        (
            transition_because(State::Stopped, Reason::Removed),
            instance("Deleted"),
            "=> VRRP Deleted at reload <=",
        ),
        (
            group(State::Master),
            of_group("Entering MASTER state"),
            "=> All VRRP group instances are now in MASTER state <=",
        ),
        (
            group(State::Fault),
            of_group("Entering FAULT state"),
            "=> All VRRP group instances are now in FAULT state <=",
        ),
        (group(State::Stopped), of_group("Stopping"), "=> All VRRP group instances are now stopping <="),
        (
            settled(State::Master, 12),
            instance("Entering MASTER state"),
            "=> VRRP Instance is now owning VRRP VIPs <=\n\nIts state changed again and again: this mail \
             stands for 12 changes.",
        ),
        (
            settled(State::Fault, 1),
            instance("Entering FAULT state"),
            "=> VRRP Instance is no longer owning VRRP VIPs <=\n\nIts state had changed again and again before.",
        ),
        (
            group_settled(State::Fault),
            of_group("Entering FAULT state"),
            "=> All VRRP group instances are now in FAULT state <=\n\nIts state changed again and again: this mail \
             stands for 5 changes.",
        ),
        (unsteady(None), instance("Changing its state again and again"), AGAIN_AND_AGAIN),
        (unsteady(Some("G1")), of_group("Changing its state again and again"), AGAIN_AND_AGAIN),
    ];
    for (parcel, subject, body) in table {
        let mail = mail(&of_keepalived(), &parcel);
        assert_eq!(value(&mail, "Subject"), subject);
        assert_eq!(text(&mail).trim_end(), body);
        assert_eq!(names(&mail)[..5], ["Date", "From", "Subject", "X-Mailer", "To"]);
        assert_eq!(value(&mail, "X-Mailer"), "Keepalived");
    }
}

#[test]
fn what_keepalived_sends_no_mail_about_has_our_words() {
    for parcel in [transition(State::Init), sample::parcels()[2].clone(), sample::parcels()[3].clone()] {
        assert_eq!(
            value(&mail(&of_keepalived(), &parcel), "Subject"),
            value(&mail(&settings(), &parcel), "Subject")
        );
    }
}

#[test]
fn a_plugin_writes_its_own_mail() {
    let mine = plugin(Content::Mail {
        plugin: "shop".to_owned(),
        subject: "Größe\r\nBcc: eve@example.com".to_owned(),
        text: "one\n.\ntwo".to_owned(),
        html: Some("<b>one</b>".to_owned()),
    });
    let mail = mail(&settings(), &mine);
    assert!(!names(&mail).contains(&"Bcc".to_owned()), "{mail}");
    assert_eq!(value(&mail, "Subject"), "=?utf-8?b?R3LDtsOfZQ==?= Bcc: eve@example.com");
    assert_eq!(value(&mail, "X-Keepwatch-Plugin"), "shop");
    assert_eq!(text(&mail).trim_end(), "one\n.\ntwo");
    assert!(mail.contains("<b>one</b>"));
}

#[test]
fn a_message_for_a_webhook_can_be_read_too() {
    let body = serde_json::json!({ "state": "down" });
    let mail = mail(&settings(), &plugin(Content::Post { plugin: "shop".to_owned(), body }));
    assert_eq!(value(&mail, "Subject"), "[h1] a message of shop");
    assert!(text(&mail).contains("\"state\": \"down\""), "{mail}");
}

#[test]
fn a_template_that_fails_costs_its_own_words_only() {
    // Valid for all that is tried, and not for an instance of this name.
    let bad = "{% if instance == 'VI_9' %}{{ nobody.home }}{% endif %}hello";
    let mut settings = settings();
    settings.templates.text = Template::compile("mine.j2".as_ref(), bad, Escape::Text).unwrap();
    let mut parcel = sample::transition();
    parcel.letters[0].instance = Some("VI_9".into());
    let why = compose(&settings, &parcel).unwrap_err();
    assert!(why.contains("mine.j2:1:"), "{why}");
    let mail = compose_without_templates(&settings, &parcel, &why).unwrap().formatted();
    let mail = String::from_utf8(mail).unwrap();
    assert!(mail.contains("VI_9 is MASTER") && mail.contains("mine.j2:1:"), "{mail}");
}

fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        Just("\r\n".to_owned()),
        Just("\r\n\r\n".to_owned()),
        Just("\nBcc: eve@example.com\n".to_owned()),
        Just("\r\n.\r\n".to_owned()),
        Just("=?utf-8?q?=0D=0ABcc:?=".to_owned()),
        Just("\0".to_owned()),
        Just(" ".repeat(90)),
        Just("x".repeat(1_500)),
        Just("\u{2028}ü€".to_owned()),
        Just("<script>&\"'".to_owned()),
        any::<String>(),
    ];
    proptest::collection::vec(pieces, 0..4).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn nothing_gets_into_the_headers(
        node in hostile(), instance in hostile(), destination in hostile(), subject in hostile(),
        body in hostile(), html in hostile(), plugin in hostile(),
    ) {
        let content = [
            Content::Mail { plugin: plugin.clone(), subject, text: body.clone(), html: Some(html) },
            Content::Text { plugin, text: body },
            sample::transition().letters[0].content.clone(),
        ];
        for content in content {
            let mut parcel = sample::transition();
            let by_plugin = content.plugin().is_some();
            parcel.letters[0].content = content;
            parcel.letters[0].instance = Some(instance.as_str().into());
            (parcel.node, parcel.destination) = (node.as_str().into(), destination.as_str().into());
            for settings in [settings(), of_keepalived()] {
                let mail = compose(&settings, &parcel).unwrap().formatted();
                prop_assert!(mail.is_ascii());
                let mail = String::from_utf8(mail).unwrap();
                prop_assert!(!mail.replace("\r\n", "").contains(['\r', '\n', '\0']), "{mail:?}");
                prop_assert!(mail.split("\r\n").all(|line| line.len() <= 998));
                let mut expected = vec!["Date", "From", "Subject"];
                if settings.style == Style::Keepalived { expected.push("X-Mailer"); }
                expected.extend(["To", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"]);
                expected.extend(["X-Keepwatch-Severity", "X-Keepwatch-Instance"]);
                expected.push(if by_plugin { "X-Keepwatch-Plugin" } else { "X-Keepwatch-Event" });
                expected.extend(["MIME-Version", "Content-Type"]);
                let mut found = names(&mail.replace("\r\n", "\n"));
                found.retain(|name| name != "Content-Transfer-Encoding");
                prop_assert_eq!(found, expected);
            }
        }
    }
}
