//! A script's life: its own lines, its state, reloads, checks, the end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use keepwatch_event::Health;
use keepwatch_host::{Failure, Limits};
use serde_json::json;

use crate::support::{Setup, Trial, compile};

const COUNTER: &str = "
    const STEP = 2;
    let count = 0;
    let names = [];
    fn on_master(event) {
        this.count += STEP;
        this.names.push(event.instance);
        this.extra = this.count;
        info(`${this.count} ${this.names}`);
    }
";

#[tokio::test]
async fn variables_are_state_from_call_to_call_and_over_reloads() {
    let mut trial = Trial::new(COUNTER).await;
    trial.master().await.unwrap();
    trial.master().await.unwrap();
    assert_eq!(trial.told(), ["trial Info: 2 [\"VI_1\"]", "trial Info: 4 [\"VI_1\", \"VI_1\"]"]);
    let state = trial.save().await.unwrap();
    assert!(state.is_some());
    drop(trial);
    let mut trial = Trial::with(COUNTER, Setup { state, ..Setup::default() }).await;
    trial.master().await.unwrap();
    assert_eq!(trial.told(), ["trial Info: 6 [\"VI_1\", \"VI_1\", \"VI_1\"]"]);
}

#[tokio::test]
async fn a_script_can_save_what_it_likes() {
    let text = "
        let first = if saved == () { 1 } else { saved.first + 1 };
        info(`began with ${saved}`);
        fn on_master(event) { info(`${this.first} ${saved}`); }
        fn save() { #{ first: this.first } }
    ";
    let mut trial = Trial::new(text).await;
    let state = trial.save().await.unwrap().unwrap();
    assert_eq!(serde_json::from_slice::<serde_json::Value>(&state).unwrap(), json!({"saved": {"first": 1}}));
    let mut trial = Trial::with(text, Setup { state: Some(state), ..Setup::default() }).await;
    trial.master().await.unwrap();
    assert_eq!(trial.told(), ["trial Info: began with #{\"first\": 1}", "trial Info: 2 #{\"first\": 1}"]);
}

#[tokio::test]
async fn what_cannot_be_kept_is_told() {
    let limits = Limits { state: 100, ..Limits::default() };
    let text = "
        fn on_master(event) { this.a = 1; this.f = |x| x; }
        fn on_fault(event) { }
        fn on_backup(event) { this.long = \"\"; this.long.pad(200, 'x'); }
    ";
    let mut trial = Trial::with(text, Setup { limits, ..Setup::default() }).await;
    assert_eq!(trial.save().await, Ok(None));
    trial.master().await.unwrap();
    assert_eq!(trial.save().await, Ok(Some(b"{\"this\":{\"a\":1}}".to_vec())));
    trial.handle(crate::support::transition(keepwatch_event::State::Backup)).await.unwrap();
    assert_eq!(trial.save().await, Ok(None));
    let told = trial.told();
    assert!(
        told[0].contains("not kept for the next version, because JSON has no words for it: this.f"),
        "{told:?}"
    );
    assert!(told.last().unwrap().contains("`this` is not kept for the next version"), "{told:?}");
}

#[tokio::test]
async fn too_much_of_save_is_an_error() {
    let text = "fn on_master(e) { } fn save() { let t = \"\"; t.pad(70_000, 'x'); t }";
    let mut trial = Trial::new(text).await;
    let Err(Failure::Reported(error)) = trial.save().await else { panic!("saved") };
    assert_eq!(error, "what `save` returned has 70012 octets as JSON, 65536 are allowed");
}

#[tokio::test]
async fn a_state_of_something_else_is_left_alone() {
    let setup = Setup { state: Some(b"\xffnonsense".to_vec()), ..Setup::default() };
    let trial = Trial::with(COUNTER, setup).await;
    assert!(trial.told()[0].starts_with("trial Warning: what the former version has saved cannot be read"));
}

#[tokio::test]
async fn an_error_in_the_scripts_own_lines_is_an_error_of_its_start() {
    let Err(Failure::Reported(error)) =
        Trial::try_with("let x = config.port;\nfn on_master(e) { }", Setup::default()).await
    else {
        panic!("started")
    };
    let expected = "\
`config` has no field `port`
 --> hooks.d/trial.rhai:1:16
  |
1 | let x = config.port;
  |                ^^^^
  |
  = help: `config` has no fields yet";
    assert_eq!(error, expected);
}

#[tokio::test]
async fn a_check_answers() {
    let table = [
        ("fn check() { true }", Ok((Health::Pass, ""))),
        ("fn check() { false }", Ok((Health::Fail, ""))),
        ("fn check(config) { pass(`${config.max}`) }", Ok((Health::Pass, "5"))),
        ("fn check(config) { return fail(\"slow\"); }", Ok((Health::Fail, "slow"))),
        ("fn check() { unknown(\"nobody there\") }", Ok((Health::Unknown, "nobody there"))),
        ("fn check() { }", Err("`check` returned (), which is no verdict\n  = help: return pass(text)")),
        ("fn check() { \"fine\" }", Err("`check` returned a text, which is no verdict")),
        ("fn check() { throw \"down\" }", Err("down\n --> hooks.d/trial.rhai:1:14")),
        ("fn check() { http_get(\"http://x/\") }", Err("trial may not send a request to http://x;")),
    ];
    for (text, expected) in table {
        let config = json!({"max": 5});
        let mut trial = Trial::with(text, Setup { config, ..Setup::default() }).await;
        match (trial.check().await, expected) {
            (Ok(verdict), Ok(expected)) => assert_eq!((verdict.health, verdict.text.as_str()), expected),
            (Err(Failure::Reported(error)), Err(expected)) => assert!(error.starts_with(expected), "{error}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }
}

#[tokio::test]
async fn the_end_is_told() {
    for (text, expected) in [
        ("fn on_shutdown(reason) { info(`end: ${reason}`); }", &["trial Info: end: reload"][..]),
        ("fn on_shutdown() { info(\"end\"); }", &["trial Info: end"][..]),
        ("fn on_master(e) { }", &[][..]),
    ] {
        let mut trial = Trial::new(text).await;
        trial.stop().await.unwrap();
        assert_eq!(trial.told(), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_one_program_share_nothing() {
    let program = compile(COUNTER).await.unwrap();
    let mut one = Trial::of(&*program, Setup::default()).await.unwrap();
    let mut other = Trial::of(&*program, Setup { name: "other", ..Setup::default() }).await.unwrap();
    one.master().await.unwrap();
    one.master().await.unwrap();
    other.master().await.unwrap();
    assert_eq!(one.told().last().unwrap(), "trial Info: 4 [\"VI_1\", \"VI_1\"]");
    assert_eq!(other.told(), ["other Info: 2 [\"VI_1\"]"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_plugin_leaves_nothing_behind() {
    let text = "fn on_master(event) { this.deep = [[[]]]; sleep(3600); }";
    let mut trial = Trial::new(text).await;
    let told = trial.told.clone();
    let call = trial.master();
    assert!(tokio::time::timeout(Duration::from_millis(50), call).await.is_err(), "it sleeps");
    drop(trial);
    let begin = Instant::now();
    while Arc::strong_count(&told) > 1 {
        assert!(begin.elapsed().as_secs() < 5, "a dropped plugin is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// They share threads, and are asked in the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_check_that_takes_long_does_not_hold_up_another() {
    for busy in ["sleep(3600);", "loop {}"] {
        let text = format!("fn check(config) {{ if config.busy {{ {busy} }} pass(\"well\") }}");
        let text = format!("fn settings() {{ #{{ busy: false }} }}\n{text}");
        let program = compile(&text).await.unwrap();
        let limits =
            Limits { call: Duration::from_secs(2), cpu: Duration::from_secs(2), ..Limits::default() };
        let setup = Setup { config: json!({ "busy": true }), limits, ..Setup::default() };
        let mut long = Trial::of(&*program, setup).await.unwrap();
        let mut short = Trial::of(&*program, Setup::default()).await.unwrap();
        let asked = long.check();
        tokio::pin!(asked);
        tokio::select! {
            biased;
            answer = &mut asked => panic!("{busy} is over: {answer:?}"),
            verdict = short.check() => assert_eq!(verdict.unwrap().health, Health::Pass, "{busy}"),
        }
        assert!(asked.await.is_err(), "{busy} came to an end");
    }
}
