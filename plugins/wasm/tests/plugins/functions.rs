//! Each host function, and what it takes.

use keepwatch_host::{Failure, Outcome, Program};
use serde_json::{Value, json};

use crate::support::{ALL, HANDLER, Setup, failover, program};

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
        assert!(answer.contains(&format!("grants = [\"{grant}\"]")), "{config}: {answer}");
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
