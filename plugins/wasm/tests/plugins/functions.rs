//! Each host function, and what it takes.

use keepwatch_host::{Facility, Failure, Outcome, Program, Wanted};
use serde_json::{Value, json};

use crate::support::{ALL, HANDLER, MESSENGER, Setup, failover, program};

/// Has the hostile handler do something once; its answer or error, and what was recorded.
async fn act(program: &dyn Program, config: Value, grants: &[&'static str]) -> (String, Vec<String>) {
    let setup = Setup::new(config).grants(grants);
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    let answer = match plugin.handle(&failover(1)).await {
        Ok(Outcome::Done) => setup.recorder.kv("answer").unwrap(),
        Err(Failure::Reported(text)) => format!("error: {text}"),
        other => panic!("{other:?}"),
    };
    (answer, setup.recorder.lines())
}

#[tokio::test]
async fn each_function_does_what_it_says() {
    let program = program(HANDLER).await;
    let table = [
        (json!({ "do": "log", "count": 1, "bytes": 2 }), "", vec!["log guest Info xx"]),
        (
            json!({ "do": "http", "target": "http://127.0.0.1:9187/lag" }),
            "200 0.5",
            vec!["http GET http://127.0.0.1:9187/lag [] 0 5"],
        ),
        (json!({ "do": "run", "target": "reload" }), "reloaded", vec!["run guest reload"]),
        (json!({ "do": "tcp", "target": "db1:5432" }), "connected after 250 us", vec!["tcp db1:5432 [] 0"]),
        (
            json!({ "do": "unix", "target": "/run/db.sock" }),
            "connected after 50 us",
            vec!["unix /run/db.sock [] 0"],
        ),
        (
            json!({ "do": "track", "target": "db", "milliseconds": 500 }),
            "",
            vec!["track guest db pass \"on purpose\" 500ms"],
        ),
        (json!({ "do": "metrics", "count": 1 }), "", vec!["metric guest metric_0 Add(1.0)"]),
        (
            json!({ "do": "emit", "count": 1, "bytes": 1 }),
            "",
            vec!["emit guest storm Info {\"number\":0,\"text\":\"x\"}"],
        ),
    ];
    for (config, answer, lines) in table {
        let lines: Vec<String> = lines.into_iter().map(str::to_owned).collect();
        assert_eq!(act(&*program, config.clone(), ALL).await, (answer.to_owned(), lines), "{config}");
    }
}

#[tokio::test]
async fn what_was_granted_for_one_place_does_not_hold_for_another() {
    let program = program(HANDLER).await;
    let table = [
        (json!({ "do": "http", "target": "http://127.0.0.1:9188/" }), "http://127.0.0.1:9188"),
        (json!({ "do": "run", "target": "reboot" }), "run:reboot"),
        (json!({ "do": "tcp", "target": "db2:5432" }), "tcp:db2:5432"),
        (json!({ "do": "unix", "target": "/run/other.sock" }), "unix:/run/other.sock"),
        (json!({ "do": "track", "target": "other", "milliseconds": 1 }), "track:other"),
    ];
    for (config, grant) in table {
        let (answer, lines) = act(&*program, config.clone(), ALL).await;
        assert!(answer.starts_with("error: ") && answer.contains("may not"), "{config}: {answer}");
        assert!(answer.ends_with(&format!(", \"{grant}\"]")), "{config}: {answer}");
        assert!(
            answer.contains("under [plugin.guest]:  grants = [\"http://127.0.0.1:9187\", "),
            "{config}: {answer}"
        );
        assert_eq!(lines, Vec::<String>::new(), "{config}");
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_the_plugins_error() {
    let program = program(HANDLER).await;
    let (answer, _) = act(&*program, json!({ "do": "emit-nonsense" }), ALL).await;
    assert!(answer.contains("an event's data is an object"), "{answer}");
    let (answer, _) = act(&*program, json!({ "do": "emit", "count": 1, "bytes": 100_000 }), ALL).await;
    assert!(answer.contains("octets"), "{answer}");
    let (answer, _) = act(&*program, json!({ "do": "tcp", "target": "db1" }), ALL).await;
    assert!(answer.contains("the port is missing"), "{answer}");
}

#[tokio::test]
async fn without_a_grant_for_what_it_imports_it_does_not_start() {
    let program = program(HANDLER).await;
    for (without, deed) in [
        (&["http:"][..], "send HTTP requests"),
        (&["run:"], "run actions"),
        (&["track:"], "set verdicts"),
        (&["tcp:", "unix:"], "connect to anything"),
    ] {
        let kept = |grant: &&&str| !without.iter().any(|scheme| grant.starts_with(scheme));
        let grants: Vec<&'static str> = ALL.iter().filter(kept).copied().collect();
        let setup = Setup::new(json!({})).grants(&grants);
        let Err(Failure::Reported(text)) = program.start(setup.host()).await.map(|_| ()) else {
            panic!("started without {without:?}")
        };
        assert!(text.contains(&format!("it may not {deed}")), "{text}");
    }
}

#[tokio::test]
async fn messages_are_about_the_event_that_is_handled() {
    let program = program(MESSENGER).await;
    let needs: Vec<&Wanted> = program.manifest().needs.iter().map(|need| &need.what).collect();
    assert_eq!(needs, [&Wanted::Facility(Facility::Notify)]);
    let setup = Setup::new(json!({ "chat": "c", "admins": "a" })).grants(&["notify:c", "notify:a"]);
    let host = setup.host();
    let mut plugin = program.start(host.clone()).await.unwrap();
    plugin.init(None).await.unwrap();
    let event = failover(7);
    host.begin_handling(host.limits().call, &event);
    assert_eq!(plugin.handle(&event).await, Ok(Outcome::Done));
    let line = "VI_1: BACKUP -> MASTER: no advert heard for 3.61 s";
    let mail = |subject: &str, html: &str| {
        format!(
            "notify guest a Mail {{ subject: \"{subject}\", text: \"{line}\", html: {html} }} about run-7"
        )
    };
    let expected = [
        format!("notify guest c Text(\"{line}\") about run-7"),
        mail("In text", "None"),
        mail("In HTML", &format!("Some(\"<p>{line}</p>\")")),
        "notify guest c Post(Object {\"instance\": String(\"VI_1\"), \"kind\": String(\"transition\")}) about run-7"
            .to_owned(),
    ];
    assert_eq!(setup.recorder.lines(), expected);
}

#[tokio::test]
async fn a_message_has_its_grant_at_the_start_and_for_each_destination() {
    let program = program(MESSENGER).await;
    let config = json!({ "chat": "c", "admins": "a" });
    let setup = Setup::new(config.clone()).grants(&[]);
    let Err(Failure::Reported(text)) = program.start(setup.host()).await.map(|_| ()) else {
        panic!("started without a grant")
    };
    assert!(text.contains("it may not send messages") && text.contains("`notify:DESTINATION`"), "{text}");
    let setup = Setup::new(config).grants(&["notify:c"]);
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    let Err(Failure::Reported(text)) = plugin.handle(&failover(1)).await else { panic!("no error") };
    assert!(
        text.contains("guest may not send messages to \"a\"")
            && text.contains("[\"notify:c\", \"notify:a\"]"),
        "{text}"
    );
    assert_eq!(setup.recorder.lines().len(), 1);
}
