//! The scripts of `examples/hooks.d` and of the book: compiled, and the former run.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use keepwatch_event::{Event, EventKind, Health, State};
use keepwatch_host::diagnostic::Style;
use keepwatch_host::{Failure, HostError, Outcome, Program, Ran};
use serde_json::json;

use crate::support::{Setup, Trial, compile_at, root, transition};

async fn example(name: &str) -> Arc<dyn Program> {
    let path = root().join("examples/hooks.d").join(name);
    match compile_at(&path, &fs::read_to_string(&path).unwrap()).await {
        Ok(program) => program,
        Err(refusal) => panic!("{}", refusal.render(Style::Plain)),
    }
}

#[tokio::test]
async fn each_example_is_in_its_readme_with_what_it_needs() {
    let folder = root().join("examples/hooks.d");
    let readme = fs::read_to_string(folder.join("README.md")).unwrap();
    let mut seen = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        if !name.ends_with(".rhai") {
            continue;
        }
        seen += 1;
        let program = example(&name).await;
        assert!(readme.contains(&format!("\n## {name}\n")), "{name} is not in README.md");
        for need in &program.manifest().needs {
            if let keepwatch_host::Wanted::Grant(grant) = &need.what {
                assert!(readme.contains(&format!("\"{grant}\"")), "{name} needs {grant}");
            }
        }
        for setting in program.manifest().settings.iter().flatten() {
            assert!(readme.contains(&format!("| `{}` |", setting.name)), "{name} has {}", setting.name);
            assert!(!setting.help.is_empty(), "{name}: {} is not explained", setting.name);
        }
    }
    assert!(seen >= 3);
}

#[tokio::test]
async fn actions_run_when_states_change() {
    let grants = vec!["run:notify-master", "run:notify-backup", "run:notify-fault", "run:notify-stop"];
    let program = example("notify-master.rhai").await;
    let mut trial = Trial::of(&*program, Setup { grants, ..Setup::default() }).await.unwrap();
    for (state, action) in [
        (State::Master, "notify-master"),
        (State::Backup, "notify-backup"),
        (State::Fault, "notify-fault"),
        (State::Stopped, "notify-stop"),
    ] {
        trial.handle(transition(state)).await.unwrap();
        let said = format!("trial Info: VI_1 is {state}: no advert heard for 3.61 s; told");
        assert_eq!(trial.told(), [format!("run {action}"), said]);
    }
    let ran = Ran { exit_code: Some(3), output: "no such host".to_owned() };
    trial.told.ends.lock().unwrap().push_back(Ok(ran));
    let Err(Failure::Reported(error)) = trial.master().await else { panic!("no error") };
    assert!(error.starts_with("VI_1 is MASTER, but the action ended with 3: no such host\n"), "{error}");
}

#[tokio::test]
async fn a_url_is_checked() {
    let program = example("check-http.rhai").await;
    let config = json!({"url": "http://h/health", "contains": "ok"});
    let mut trial = Trial::of(&*program, Setup { config, ..Setup::default() }).await.unwrap();
    let answers = [
        (200, "all ok", Health::Pass, "200 in 0 ms"),
        (503, "ok", Health::Fail, "http://h/health answered 503, not 200"),
        (200, "down", Health::Fail, "there is no \"ok\" in what http://h/health answered"),
    ];
    for (status, body, health, text) in answers {
        trial.told.responds(status, body);
        let verdict = trial.check().await.unwrap_or_else(|failure| panic!("{failure}"));
        assert_eq!((verdict.health, verdict.text.as_str()), (health, text));
    }
    let refused = HostError::unavailable("connection refused");
    trial.told.responses.lock().unwrap().push_back(Err(refused));
    let verdict = trial.check().await.unwrap();
    assert_eq!((verdict.health, verdict.text.as_str()), (Health::Fail, "connection refused"));
    let requests = trial.told.requests.lock().unwrap();
    assert_eq!(requests[0].within, Duration::from_secs(2));
}

#[tokio::test]
async fn a_chat_is_told_in_order() {
    let program = example("chat.rhai").await;
    let config = json!({"url": "https://h/services/T0"});
    let mut trial = Trial::of(&*program, Setup { config, ..Setup::default() }).await.unwrap();
    let text = r#"{"text":"VI_1 is MASTER on h1: no advert heard for 3.61 s"}"#;
    let again = Outcome::RetryAfter(Duration::from_secs(10));
    for (status, outcome) in [(503, again.clone()), (429, again), (200, Outcome::Done)] {
        trial.told.responds(status, "");
        assert_eq!(trial.master().await, Ok(outcome));
        assert_eq!(trial.told()[0], format!("POST https://h/services/T0 {text}"));
    }
    trial.told.responds(404, "");
    let Err(Failure::Reported(error)) = trial.master().await else { panic!("no error") };
    assert!(error.starts_with("the chat does not take the message: it answered 404\n"), "{error}");
    let skipped = trial.handle(transition(State::Backup)).await;
    assert_eq!(skipped, Ok(Outcome::Skipped("nobody wants to read about BACKUP".to_owned())));
    let mut first: Event = transition(State::Master);
    if let EventKind::Transition { initial, .. } = &mut first.kind {
        *initial = true;
    }
    assert!(matches!(trial.handle(first).await, Ok(Outcome::Skipped(_))));
}

#[tokio::test]
async fn scripts_in_the_book_can_be_loaded() {
    let page = fs::read_to_string(root().join("book/src/rhai-hooks.md")).unwrap();
    let blocks: Vec<&str> =
        page.split("\n```rhai\n").skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect();
    assert!(blocks.len() >= 5, "only {}", blocks.len());
    // Beside the corpus, which has a file to import.
    let path = root().join("plugins/rhai/tests/corpus/book.rhai");
    for block in blocks {
        if let Err(refusal) = compile_at(&path, block).await {
            panic!("{}", refusal.render(Style::Plain));
        }
    }
}

/// What `keepwatch plugin new --lang rhai` writes.
#[tokio::test]
async fn templates_can_be_loaded() {
    for role in ["handler", "checker"] {
        let path = root().join(format!("plugins/workshop/src/templates/{role}.rhai"));
        let text = fs::read_to_string(&path).unwrap().replace("NAME", "a-name");
        match compile_at(&path, &text).await {
            Ok(program) => {
                let roles = program.manifest().roles;
                assert_eq!((roles.handler, roles.checker), (role == "handler", role == "checker"));
            }
            Err(refusal) => panic!("{}", refusal.render(Style::Plain)),
        }
    }
}
