//! Bodies, as servers get them.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, EventKind, Health, Reason, Severity, State, Steady, Unsteady};
use keepwatch_notify::{Letter, sample};
use serde_json::json;

use super::*;
use crate::Secret;
use crate::settings::Several;

fn composed(body: &Body, parcel: &Parcel) -> Vec<(String, Value)> {
    let endpoint = Endpoint::parse("https://ntfy.sh/admins").unwrap();
    let messages = compose(body, parcel, &Secrets::default(), &endpoint).unwrap();
    messages
        .into_iter()
        .map(|message| (message.content_type, serde_json::from_str(&message.body).unwrap()))
        .collect()
}

fn one(body: &Body, parcel: &Parcel) -> (String, Value) {
    let mut all = composed(body, parcel);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn events(several: Several, parcel: &Parcel) -> (String, Value) {
    one(&Body::CloudEvents(several), parcel)
}

fn pager() -> Body {
    Body::Preset(Preset::PagerDuty { routing_key: Secret::Inline("key".to_owned()) })
}

/// Three letters about one instance, four more between the second and the third, late.
fn burst() -> Parcel {
    sample::parcels().into_iter().find(|parcel| parcel.omitted > 0).unwrap()
}

/// A plugin's words.
fn says(content: Content) -> Parcel {
    let letter =
        Letter { id: "p-1".to_owned(), ..Letter::of_plugin(content, None, sample::transition().last().at) };
    Parcel { id: "p-1".to_owned(), letters: vec![letter], now: None, ..sample::transition() }
}

fn text(text: &str) -> Parcel {
    says(Content::Text { plugin: "haproxy".to_owned(), text: text.to_owned() })
}

/// Something else that happened in place of the sample's transition.
fn happened(kind: EventKind, severity: Severity, instance: Option<&str>) -> Parcel {
    let event = sample::transition().last().event().unwrap().clone();
    let event = Event { kind, severity, instance: instance.map(Into::into), ..event };
    Parcel { letters: vec![Letter::of_event(&event)], ..sample::transition() }
}

fn transition(to: State) -> EventKind {
    let (from, reason) = (State::Backup, Reason::Started);
    EventKind::Transition { from, to, reason, initial: false, priority: 101, steps: Vec::new() }
}

#[test]
fn a_transition_as_a_cloud_event() {
    let expected = json!({
        "specversion": "1.0",
        "id": "h1-19cceaa1f00-3e8-1",
        "source": "/node/h1/vrrp/VI_1",
        "type": "io.keepwatch.transition.v1",
        "subject": "VI_1",
        "time": "2026-03-08T12:37:49.000000Z",
        "datacontenttype": "application/json",
        "severity": "info",
        "term": 1,
        "sequence": "00000000000000000001",
        "data": {
            "id": "h1-19cceaa1f00-3e8-1",
            "seq": 1,
            "at": { "wall": "2026-03-08T12:37:49.000000Z", "monotonic_seconds": 5001.0 },
            "node": "h1",
            "instance": "VI_1",
            "severity": "info",
            "term": 1,
            "kind": "transition",
            "from": "BACKUP",
            "to": "MASTER",
            "reason": { "because": "no_advert", "silent_seconds": 3.609 },
            "initial": false,
            "priority": 101,
        },
    });
    for several in [Several::Batch, Several::Single] {
        let (content_type, event) = events(several, &sample::transition());
        assert_eq!(content_type, "application/cloudevents+json");
        assert_eq!(event, expected);
    }
}

#[test]
fn several_go_as_a_batch_or_as_a_group() {
    let parcel = burst();
    let (content_type, batch) = events(Several::Batch, &parcel);
    assert_eq!(content_type, "application/cloudevents-batch+json");
    let fields: Vec<_> = batch
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (&event["term"], &event["omitted"], &event["lateseconds"], &event["statenow"]))
        .collect();
    let (none, late, now, omitted) = (Value::Null, json!(90), json!("MASTER"), json!(4));
    let terms = [json!(1), json!(2), json!(3)];
    let expected = [
        (&terms[0], &none, &late, &now),
        (&terms[1], &none, &late, &now),
        (&terms[2], &omitted, &late, &now),
    ];
    assert_eq!(fields, expected);

    let (content_type, group) = events(Several::Single, &parcel);
    assert_eq!(content_type, "application/cloudevents+json");
    assert_eq!(group["type"], "io.keepwatch.group.v1");
    assert_eq!(group["id"], "h1-19cceaa1f00-3e8-1-group");
    assert_eq!(group["subject"], "VI_1");
    assert_eq!(group["data"], json!({ "events": batch, "omitted": 4 }));
}

#[test]
fn what_is_no_event_has_a_type_of_its_own() {
    let (_, event) = events(Several::Batch, &text("reloaded\nin 3 ms"));
    assert_eq!((&event["type"], &event["source"]), (&json!("io.keepwatch.message.v1"), &json!("/node/h1")));
    assert_eq!(event["data"], json!({ "plugin": "haproxy", "text": "reloaded\nin 3 ms" }));
    let posted = says(Content::Post { plugin: "p".to_owned(), body: json!([1]) });
    assert_eq!(events(Several::Batch, &posted).1["data"], json!({ "plugin": "p", "body": [1] }));
    let content =
        Content::Mail { plugin: "p".to_owned(), subject: "s".to_owned(), text: "t".to_owned(), html: None };
    let data = json!({ "plugin": "p", "subject": "s", "text": "t" });
    assert_eq!(events(Several::Batch, &says(content)).1["data"], data);

    let mut parcel = sample::transition();
    let event = Box::new(parcel.last().event().unwrap().clone());
    let data = json!({ "times": 2, "event": &event });
    parcel.letters[0].content = Content::Reminder(event, 2);
    let (_, reminder) = events(Several::Batch, &parcel);
    assert_eq!((&reminder["type"], &reminder["data"]), (&json!("io.keepwatch.reminder.v1"), &data));
}

#[test]
fn a_source_is_a_uri_whatever_the_names() {
    let kind = transition(State::Master);
    let mut parcel = happened(kind, Severity::Info, Some("a/b ?#%\u{e4}"));
    parcel.node = "h1.example.com".into();
    let (_, event) = events(Several::Batch, &parcel);
    assert_eq!(event["source"], "/node/h1.example.com/vrrp/a%2Fb%20%3F%23%25%C3%A4");
    assert_eq!(event["subject"], "a/b ?#%\u{e4}");
    let check = EventKind::HealthChanged {
        track: "web".to_owned(),
        from: Health::Pass,
        to: Health::Fail,
        text: String::new(),
    };
    let (_, event) = events(Several::Batch, &happened(check, Severity::Warning, None));
    assert_eq!((&event["source"], &event["subject"]), (&json!("/node/h1"), &json!("web")));
}

/// The schema in the book, and what is sent: nothing that it does not name, nothing missing, of the types it says.
#[test]
fn the_schema_in_the_book_is_true() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../book/src/cloudevent.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let properties = schema["properties"].as_object().unwrap();
    let mut parcels = sample::parcels();
    parcels.push(says(Content::Post { plugin: "p".to_owned(), body: json!({}) }));
    let mut seen = std::collections::BTreeSet::new();
    for parcel in &parcels {
        let sent = [events(Several::Batch, parcel).1, events(Several::Single, parcel).1];
        let sent = sent.into_iter().flat_map(|value| match value {
            Value::Array(events) => events,
            event => vec![event],
        });
        for event in sent {
            let event = event.as_object().unwrap();
            for name in schema["required"].as_array().unwrap() {
                assert!(event.contains_key(name.as_str().unwrap()), "no {name} in {event:?}");
            }
            for (name, value) in event {
                let property = properties.get(name).unwrap_or_else(|| panic!("{name} is not in the schema"));
                assert!(is_of(property, value), "{name}: {value} is not {property}");
                seen.insert(name.clone());
            }
        }
    }
    assert!(properties.keys().eq(&seen), "the schema has {:?}, sent was {seen:?}", properties.keys());
}

/// Whether a value is what a schema's `type`, `const`, `enum`, `minimum` and `maximum` say.
fn is_of(property: &Value, value: &Value) -> bool {
    let of_type = match property["type"].as_str().unwrap() {
        "string" => value.is_string(),
        "integer" => value.is_i64(),
        "object" => value.is_object(),
        other => panic!("{other} is not looked at here"),
    };
    let constant = property.get("const").is_none_or(|constant| constant == value);
    let listed = property["enum"].as_array().is_none_or(|listed| listed.contains(value));
    let least = property["minimum"].as_i64().is_none_or(|least| value.as_i64() >= Some(least));
    let most = property["maximum"].as_i64().is_none_or(|most| value.as_i64() <= Some(most));
    of_type && constant && listed && least && most
}

#[test]
fn slack() {
    let title = "h1: VI_1: BACKUP -&gt; MASTER: no advert heard for 3.61 s";
    let section = |text: String| json!({ "type": "section", "text": { "type": "mrkdwn", "text": text } });
    let foot = |text: &str| json!({ "type": "context", "elements": [{ "type": "mrkdwn", "text": text }] });
    let expected = json!({
        "text": title,
        "blocks": [section(format!("*{title}*")), foot("info, 2026-03-08 12:37:49 UTC")],
    });
    let body = Body::Preset(Preset::Slack);
    assert_eq!(one(&body, &sample::transition()), ("application/json".to_owned(), expected));
    let below = "12:37:49 VI_1: BACKUP -&gt; MASTER: no advert heard for 3.61 s\n\
                 12:37:50 VI_1: MASTER -&gt; BACKUP: 10.1.1.20 advertises the higher priority 110\n\
                 ... 4 more ...\n\
                 12:37:51 VI_1: BACKUP -&gt; MASTER: no advert heard for 3.61 s\n\
                 This message is 1 min 30 s late; VI_1 is MASTER now.";
    let blocks = json!([
        section(format!("*{title}*")),
        section(below.to_owned()),
        foot("info, 2026-03-08 12:37:51 UTC")
    ]);
    assert_eq!(one(&body, &burst()).1["blocks"], blocks);
}

#[test]
fn slack_is_told_no_markup_and_no_more_than_it_takes() {
    let (_, body) = one(&Body::Preset(Preset::Slack), &text("<!channel> & <http://evil|here>\nsecond"));
    let title = "h1: &lt;!channel&gt; &amp; &lt;http://evil|here&gt;";
    assert_eq!((&body["text"], &body["blocks"][1]["text"]["text"]), (&json!(title), &json!("second")));
    let (_, body) = one(&Body::Preset(Preset::Slack), &text(&format!("{0}\n{0}", "<".repeat(9_000))));
    for block in 0..2 {
        let text = body["blocks"][block]["text"]["text"].as_str().unwrap();
        assert!((2_900..3_000).contains(&text.len()), "{}", text.len());
        let rest = text.trim_matches('*').trim_start_matches("h1: ").replace("&lt;", "");
        assert_eq!(rest, "...", "no half of an escape");
    }
}

#[test]
fn teams() {
    let (content_type, body) = one(&Body::Preset(Preset::Teams), &text("[x](http://evil) **b**\nsecond"));
    let run = |run: Value| json!({ "type": "RichTextBlock", "inlines": [run] });
    let expected = json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "full" },
                "body": [
                    run(json!({
                        "type": "TextRun",
                        "text": "h1: [x](http://evil) **b**",
                        "weight": "bolder",
                        "color": "default",
                    })),
                    run(json!({ "type": "TextRun", "text": "second" })),
                    run(json!({
                        "type": "TextRun",
                        "text": "info, 2026-03-08 12:37:49 UTC",
                        "isSubtle": true,
                        "size": "small",
                    })),
                ],
            },
        }],
    });
    assert_eq!((content_type.as_str(), body), ("application/json", expected));
    let (_, long) = one(&Body::Preset(Preset::Teams), &text(&format!("{0}\n{0}", "x".repeat(99_000))));
    assert!(long.to_string().len() < 28_000, "{}", long.to_string().len());
}

#[test]
fn ntfy() {
    let body = Body::Preset(Preset::Ntfy);
    let failed = EventKind::Failed { error: "no memory".to_owned() };
    let expected = json!({
        "topic": "admins",
        "title": "h1: cannot go on: no memory",
        "message": "error, 2026-03-08 12:37:49 UTC",
        "priority": 5,
        "tags": ["rotating_light"],
    });
    let parcel = happened(failed, Severity::Error, None);
    assert_eq!(one(&body, &parcel), ("application/json".to_owned(), expected));
    let (_, long) = one(&body, &text(&format!("{0}\n{0}", "\u{e4}".repeat(9_000))));
    let lengths = ["title", "message"].map(|field| long[field].as_str().unwrap().len());
    assert!(lengths[0] <= 250 && lengths[1] <= 4_096, "{lengths:?}");
}

#[test]
fn pagerduty() {
    let mut parcel = happened(transition(State::Fault), Severity::Error, Some("VI_1"));
    parcel.attempt.late = Some(Duration::from_secs(90));
    let expected = json!({
        "routing_key": "***",
        "event_action": "trigger",
        "dedup_key": "keepwatch/h1/vrrp/VI_1",
        "client": "keepwatch",
        "payload": {
            "summary": "h1: VI_1: BACKUP -> FAULT: started (1 min 30 s late; VI_1 is MASTER now)",
            "source": "h1",
            "severity": "error",
            "timestamp": "2026-03-08T12:37:49.000Z",
            "component": "VI_1",
            "class": "transition",
            "custom_details": {
                "event": parcel.last().event().unwrap(),
                "late": "1 min 30 s late; VI_1 is MASTER now",
                "state_now": "MASTER",
            },
        },
    });
    assert_eq!(one(&pager(), &parcel), ("application/json".to_owned(), expected));
}

#[test]
fn incidents_begin_and_end() {
    let health = |to: Health| EventKind::HealthChanged {
        track: "web".to_owned(),
        from: Health::Unknown,
        to,
        text: String::new(),
    };
    let group = |to: State| EventKind::GroupChanged { group: "G".to_owned(), from: State::Init, to };
    let within = Duration::from_secs(60);
    let flapping = EventKind::FlappingStarted { track: "web".to_owned(), changes: 5, within };
    let calm = |health: Health| EventKind::FlappingStopped { track: "web".to_owned(), health };
    let unsteady = |group: Option<&str>| {
        EventKind::UnsteadyStarted(Unsteady { group: group.map(str::to_owned), changes: 9, within })
    };
    let settled = |group: Option<&str>, state: State| {
        EventKind::UnsteadyStopped(Steady { group: group.map(str::to_owned), state, untold: 3 })
    };
    let stuck = EventKind::AddressStuck {
        address: "10.1.1.30/24".to_owned(),
        interface: "eth0".to_owned(),
        error: "busy".to_owned(),
    };
    let (info, warning, instance) = (Severity::Info, Severity::Warning, Some("VI_1"));
    let table = [
        (transition(State::Fault), info, instance, Some(("vrrp/VI_1", "trigger"))),
        (transition(State::Master), info, instance, Some(("vrrp/VI_1", "resolve"))),
        (transition(State::Backup), info, instance, Some(("vrrp/VI_1", "resolve"))),
        (transition(State::Stopped), info, instance, None),
        (transition(State::Init), info, instance, None),
        (health(Health::Fail), info, None, Some(("check/web", "trigger"))),
        (health(Health::Unknown), info, None, Some(("check/web", "trigger"))),
        (health(Health::Pass), info, None, Some(("check/web", "resolve"))),
        (group(State::Fault), info, None, Some(("group/G", "trigger"))),
        (group(State::Master), info, None, Some(("group/G", "resolve"))),
        (group(State::Init), info, None, None),
        (flapping, info, None, Some(("check/web", "trigger"))),
        (calm(Health::Pass), info, None, Some(("check/web", "resolve"))),
        (calm(Health::Fail), info, None, Some(("check/web", "trigger"))),
        (unsteady(None), info, instance, Some(("vrrp/VI_1", "trigger"))),
        (settled(None, State::Master), info, instance, Some(("vrrp/VI_1", "resolve"))),
        (settled(None, State::Fault), Severity::Error, instance, Some(("vrrp/VI_1", "trigger"))),
        (unsteady(Some("G")), info, None, Some(("group/G", "trigger"))),
        (settled(Some("G"), State::Backup), info, None, Some(("group/G", "resolve"))),
        (settled(Some("G"), State::Fault), info, None, Some(("group/G", "trigger"))),
        (stuck, Severity::Error, instance, Some(("vrrp/VI_1/address_stuck", "trigger"))),
        (EventKind::Resynchronised, warning, None, Some(("resynchronised", "trigger"))),
        (EventKind::Resynchronised, info, None, None),
    ];
    for (kind, severity, instance, expected) in table {
        let parcel = happened(kind.clone(), severity, instance);
        let found: Vec<_> = composed(&pager(), &parcel)
            .iter()
            .map(|(_, body)| (body["dedup_key"].clone(), body["event_action"].clone()))
            .collect();
        let expected: Vec<_> = expected
            .iter()
            .map(|(key, action)| (json!(format!("keepwatch/h1/{key}")), json!(action)))
            .collect();
        assert_eq!(found, expected, "{kind:?}");
    }
}

#[test]
fn only_the_last_word_about_an_incident_counts() {
    let mut parcel = happened(transition(State::Fault), Severity::Error, Some("VI_1"));
    parcel.letters.extend(sample::transition().letters);
    assert_eq!(one(&pager(), &parcel).1["event_action"], "resolve");
    parcel.letters.reverse();
    assert_eq!(one(&pager(), &parcel).1["event_action"], "trigger");
}

#[test]
fn keys_and_summaries_are_not_too_long() {
    let key = |name: &str| {
        let (_, body) = one(&pager(), &happened(transition(State::Fault), Severity::Error, Some(name)));
        assert!(body["payload"]["summary"].as_str().unwrap().len() <= 1_024);
        body["dedup_key"].as_str().unwrap().to_owned()
    };
    let (first, second) = (key(&format!("{}1", "x".repeat(2_000))), key(&format!("{}2", "x".repeat(2_000))));
    assert_eq!((first.len(), second.len()), (255, 255));
    assert_ne!(first, second);
}

#[test]
fn what_a_plugin_posts_goes_as_it_is() {
    let posted = says(Content::Post { plugin: "p".to_owned(), body: json!({ "a": [1, "<"] }) });
    let body = |preset: Preset| one(&Body::Preset(preset), &posted).1;
    assert_eq!(body(Preset::Slack), json!({ "a": [1, "<"] }));
    assert_eq!(body(Preset::Teams), json!({ "a": [1, "<"] }));
    assert_eq!(body(Preset::Ntfy), json!({ "a": [1, "<"], "topic": "admins" }));
    assert_eq!(one(&pager(), &posted).1, json!({ "a": [1, "<"], "routing_key": "***" }));
    let path = std::path::Path::new("x.j2");
    let template =
        keepwatch_notify::Template::compile(path, "{{ line }}", keepwatch_notify::Escape::Text).unwrap();
    let template = Body::Template { template, content_type: "text/plain".to_owned() };
    assert_eq!(one(&template, &posted), ("application/json".to_owned(), json!({ "a": [1, "<"] })));
    let parcel = Parcel { node: Arc::from("h2"), ..sample::transition() };
    let message = compose(&template, &parcel, &Secrets::default(), &Endpoint::parse("http://a").unwrap());
    let line = "VI_1: BACKUP -> MASTER: no advert heard for 3.61 s";
    let expected = Message { content_type: "text/plain".to_owned(), body: line.to_owned(), path: None };
    assert_eq!(message.unwrap(), [expected]);
}

#[test]
fn the_template_in_the_book_gives_what_stands_below_it() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/webhooks.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, rest) = page.split_once("body = '''").unwrap();
    let (text, rest) = rest.split_once("'''").unwrap();
    let (_, rest) = rest.split_once("```json\n").unwrap();
    let (expected, _) = rest.split_once("```").unwrap();
    let path = std::path::Path::new("body");
    let template = keepwatch_notify::Template::compile(path, text, keepwatch_notify::Escape::Json).unwrap();
    let template = Body::Template { template, content_type: "application/json".to_owned() };
    let (_, body) = one(&template, &sample::transition());
    assert_eq!(body, serde_json::from_str::<Value>(expected).unwrap());
}
