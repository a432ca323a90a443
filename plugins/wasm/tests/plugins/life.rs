//! A plugin's life: it describes itself, begins, hears, answers, saves, ends.

use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, EventKind, Health};
use keepwatch_host::{
    CheckRequest, Facility, Failure, Manifest, Need, Outcome, Roles, Setting, SettingKind, Wanted,
};
use serde_json::json;

use crate::support::{
    CHECKER, FIRST_LINE, FLAPPING, HANDLER, LAG, Setup, compile, event, failover, file, program, read,
    snapshot,
};

const HANDLER_ROLE: Roles = Roles { handler: true, checker: false };
const CHECKER_ROLE: Roles = Roles { handler: false, checker: true };

fn request(name: &str) -> CheckRequest {
    CheckRequest { name: name.to_owned(), within: Duration::from_secs(2) }
}

#[tokio::test]
async fn a_handler_describes_itself() {
    let program = program(FLAPPING).await;
    let manifest = program.manifest();
    assert_eq!(manifest.roles, HANDLER_ROLE);
    assert_eq!(manifest.kinds, ["transition"]);
    assert_eq!(manifest.needs, []);
    let setting =
        |name: &str, kind| Setting { name: name.to_owned(), kind, required: true, help: String::new() };
    let settings = manifest.settings.clone().unwrap();
    let expected = [setting("changes", SettingKind::Integer), setting("window", SettingKind::Number)];
    let plain: Vec<Setting> =
        settings.into_iter().map(|setting| Setting { help: String::new(), ..setting }).collect();
    assert_eq!(plain, expected);
    assert!(!manifest.name.is_empty() && !manifest.version.is_empty());
}

#[tokio::test]
async fn one_that_needs_nothing_is_given_nothing() {
    let program = program(FIRST_LINE).await;
    assert_eq!(
        (&program.manifest().needs, &program.manifest().kinds),
        (&vec![], &vec!["transition".to_owned()])
    );
    let setup = Setup::new(json!({})).grants(&[]);
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    plugin.handle(&failover(1)).await.unwrap();
    assert!(setup.recorder.lines().last().unwrap().ends_with("here"), "{:?}", setup.recorder.lines());
}

#[tokio::test]
async fn a_checker_needs_what_it_imports() {
    let program = program(LAG).await;
    let Manifest { roles, needs, .. } = program.manifest();
    assert_eq!(*roles, CHECKER_ROLE);
    assert_eq!(*needs, [Need { what: Wanted::Facility(Facility::Http), place: None }]);
}

#[tokio::test]
async fn components_of_each_version_of_the_contract_load() {
    let mut seen = 0;
    for version in std::fs::read_dir(file("sdk/wit")).unwrap() {
        for golden in std::fs::read_dir(version.unwrap().path().join("golden")).unwrap() {
            let path = golden.unwrap().path();
            if path.extension().is_some_and(|ending| ending == "wasm") {
                seen += 1;
                let loaded = compile(&read(path.to_str().unwrap())).await;
                loaded.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
            }
        }
    }
    assert!(seen >= 2);
}

#[tokio::test]
async fn a_handler_lives_from_init_to_stop() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({}));
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(Some(b"40 ")).await.unwrap();
    plugin.sync(&snapshot()).await.unwrap();
    assert_eq!(setup.recorder.kv("synced").as_deref(), Some("0 0"));
    assert_eq!(plugin.handle(&failover(1)).await.unwrap(), Outcome::Done);
    assert_eq!(plugin.handle(&failover(2)).await.unwrap(), Outcome::Done);
    assert_eq!(setup.recorder.kv("seen").as_deref(), Some("42"));
    assert_eq!(setup.recorder.kv("last").as_deref(), Some("run-2"));
    assert_eq!(plugin.save().await.unwrap().unwrap(), b"42 ");
    plugin.stop("reload").await.unwrap();
    assert_eq!(setup.recorder.kv("stopped").as_deref(), Some("reload"));
}

#[tokio::test]
async fn what_a_handler_makes_of_an_event_is_passed_on() {
    let program = program(HANDLER).await;
    let table = [
        (
            json!({ "do": "retry", "milliseconds": 1_500 }),
            Ok(Outcome::RetryAfter(Duration::from_millis(1_500))),
        ),
        (json!({ "do": "skip" }), Ok(Outcome::Skipped("on purpose".to_owned()))),
        (json!({ "do": "error", "bytes": 3 }), Err(Failure::Reported("xxx".to_owned()))),
        (json!({ "do": "error", "bytes": 1 << 20 }), Err(Failure::Reported("x".repeat(4 << 10) + "..."))),
    ];
    for (config, expected) in table {
        let mut plugin = program.start(Setup::new(config).host()).await.unwrap();
        plugin.init(None).await.unwrap();
        assert_eq!(plugin.handle(&failover(1)).await, expected);
        // None of these is the end of it.
        assert_eq!(plugin.handle(&failover(2)).await, expected);
    }
}

#[tokio::test]
async fn what_a_checker_finds_is_passed_on() {
    let program = program(CHECKER).await;
    for (deed, health) in [("nothing", Health::Pass), ("fail", Health::Fail), ("unknown", Health::Unknown)] {
        let mut plugin = program.start(Setup::new(json!({ "do": deed })).host()).await.unwrap();
        plugin.init(None).await.unwrap();
        let verdict = plugin.check(&request("db")).await.unwrap();
        assert_eq!((verdict.health, verdict.text.trim()), (health, "db 1"));
    }
    let mut plugin = program.start(Setup::new(json!({ "do": "error", "bytes": 2 })).host()).await.unwrap();
    plugin.init(None).await.unwrap();
    assert_eq!(plugin.check(&request("db")).await, Err(Failure::Reported("xx".to_owned())));
}

/// What a database said, for example.
#[tokio::test]
async fn what_a_checker_passes_on_stays_one_line() {
    let program = program(CHECKER).await;
    let setup = Setup::new(json!({ "do": "read-kv", "target": "said" }));
    setup.recorder.stored().insert("said".to_owned(), b"well\n\nNothing is wrong.\n\x1b[31m".to_vec());
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    let text = plugin.check(&request("db")).await.unwrap().text;
    assert!(text.ends_with("well / Nothing is wrong. / \\u{1b}[31m"), "{text}");
}

#[tokio::test]
async fn a_role_that_a_plugin_has_not_is_no_crash() {
    let program = program(CHECKER).await;
    let mut plugin = program.start(Setup::new(json!({})).host()).await.unwrap();
    plugin.init(None).await.unwrap();
    assert_eq!(plugin.handle(&failover(1)).await, Err(Failure::Reported("it handles no events".to_owned())));
    assert!(plugin.check(&request("db")).await.is_ok());
}

#[tokio::test]
async fn settings_that_a_plugin_does_not_understand_are_its_own_error() {
    let program = program(LAG).await;
    let setup = Setup::new(json!({ "url": "http://127.0.0.1:9187/lag" }));
    let mut plugin = program.start(setup.host()).await.unwrap();
    let Err(Failure::Reported(text)) = plugin.init(None).await else { panic!("no error") };
    assert!(text.contains("max_lag"), "{text}");
}

#[tokio::test]
async fn an_event_of_a_later_version_reaches_an_old_component() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({}));
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    let kind: EventKind = serde_json::from_value(json!({ "kind": "gate_closed", "by": "moon" })).unwrap();
    assert!(matches!(kind, EventKind::Unknown(_)));
    assert_eq!(plugin.handle(&event(9, kind)).await.unwrap(), Outcome::Done);
    assert_eq!(setup.recorder.kv("last").as_deref(), Some("run-9"));
}

#[tokio::test]
async fn the_example_for_replication_lag_checks() {
    let program = program(LAG).await;
    for (most, health) in [(0.6, Health::Pass), (0.4, Health::Fail)] {
        let setup = Setup::new(json!({ "url": "http://127.0.0.1:9187/lag", "max_lag": most }));
        let mut plugin = program.start(setup.host()).await.unwrap();
        plugin.init(None).await.unwrap();
        let verdict = plugin.check(&request("lag")).await.unwrap();
        assert_eq!((verdict.health, verdict.text.as_str()), (health, "0.5 s behind"));
    }
}

/// What its README promises, of the component as it is shipped: the recording's lines are the daemon's own.
#[tokio::test]
async fn the_example_for_flapping_tells_of_a_bad_night_once() {
    let program = program(FLAPPING).await;
    let setup = Setup::new(json!({ "changes": 4, "window": 60 }));
    let mut plugin = program.start(setup.host()).await.unwrap();
    plugin.init(None).await.unwrap();
    let mut heard = 0;
    let night = std::fs::read_to_string(file("examples/plugins/rust-handler/tests/bad-night.jsonl")).unwrap();
    for line in night.lines() {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        if let Some(snapshot) = line.get("snapshot") {
            plugin.sync(&serde_json::from_value(snapshot.clone()).unwrap()).await.unwrap();
            continue;
        }
        let event: Event = serde_json::from_value(line).unwrap();
        if program.manifest().wants(&event) {
            assert_eq!(plugin.handle(&Arc::new(event)).await.unwrap(), Outcome::Done);
            heard += 1;
        }
    }
    assert_eq!(heard, 9);
    assert_eq!(
        setup.recorder.lines(),
        [
            "log guest Warning VI_1 has changed its state 5 times in 60 s",
            r#"emit guest flapping Warning {"changes":5,"instance":"VI_1"}"#,
        ]
    );
    let failovers = |name: &str| setup.recorder.kv(&format!("failovers/{name}"));
    assert_eq!((failovers("VI_1").as_deref(), failovers("VI_2").as_deref()), (Some("3"), Some("1")));
}

#[tokio::test]
async fn instances_of_a_program_share_nothing() {
    let program = program(HANDLER).await;
    let setup = Setup::new(json!({}));
    let mut plugins = Vec::new();
    for _ in 0..50 {
        let mut plugin = program.start(setup.host()).await.unwrap();
        plugin.init(None).await.unwrap();
        plugins.push(plugin);
    }
    let event = failover(1);
    for plugin in &mut plugins {
        plugin.handle(&event).await.unwrap();
        assert_eq!(setup.recorder.kv("seen").as_deref(), Some("1"));
    }
    assert_eq!(Arc::strong_count(&event), 1, "an event is not kept");
}
