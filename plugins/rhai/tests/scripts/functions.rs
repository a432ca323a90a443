//! The functions of keepwatch's, each as a script calls it.

use std::time::Duration;

use keepwatch_host::{HostError, HttpResponse, Ran};
use serde_json::json;

use crate::support::{Setup, Trial};

/// What these lines in `on_master` do.
async fn done(lines: &str) -> Vec<String> {
    let mut trial = Trial::new(&format!("fn on_master(event) {{ {lines} }}")).await;
    if let Err(failure) = trial.master().await {
        panic!("{lines}\n{failure}");
    }
    trial.told()
}

#[tokio::test]
async fn each_function_does_what_it_says() {
    let table: [(&str, &[&str]); 21] = [
        (
            "info(1); warn(\"b\"); error([1, \"x\"]); print(2.5)",
            &["trial Info: 1", "trial Warning: b", "trial Error: [1, \"x\"]", "trial Info: 2.5"],
        ),
        (
            "debug(\"here\"); debug(5)",
            &["trial Debug: here (hooks.d/trial.rhai:1)", "trial Debug: 5 (hooks.d/trial.rhai:1)"],
        ),
        ("let n = now(); info(`${n.wall} ${n.monotonic}`)", &["trial Info: 1970-01-01T00:00:07.000000Z 7.0"]),
        ("sleep(0); sleep(0.001); sleep(\"2ms\")", &["sleep 0ns", "sleep 1ms", "sleep 2ms"]),
        (
            "info(kv_get(\"a\") == ()); kv_set(\"a\", #{x: [1, 2.5, \"y\"]}); info(kv_get(\"a\").x); kv_set(\"ab\", \"t\"); \
             info(kv_keys(\"a\")); info(kv_keys()); info(kv_delete(\"a\")); info(kv_delete(\"a\")); info(kv_get(\"ab\"))",
            &[
                "trial Info: true",
                "trial Info: [1, 2.5, \"y\"]",
                "trial Info: [\"a\", \"ab\"]",
                "trial Info: [\"a\", \"ab\"]",
                "trial Info: true",
                "trial Info: false",
                "trial Info: t",
            ],
        ),
        ("kv_set(\"n\", 5); kv_set(\"n\", kv_get(\"n\") + 1); info(kv_get(\"n\"))", &["trial Info: 6"]),
        (
            "let r = http_get(\"http://h/x?y=1\"); info(`${r.status}${r.body}${r.headers.len()}`)",
            &["GET http://h/x?y=1", "trial Info: 2000"],
        ),
        (
            "http_post(\"https://h/\", \"text\"); http_post(\"https://h/\", #{text: \"hi\", n: [1]})",
            &["POST https://h/ text", "POST https://h/ {\"n\":[1],\"text\":\"hi\"}"],
        ),
        (
            "http(#{method: \"put\", url: \"http://h/a\", body: blob(2, 65), timeout: \"2s\", redirects: 3})",
            &["PUT http://h/a AA"],
        ),
        (
            "info(parse_json(`{\"a\": [1, null]}`).a[0]); info(to_json(#{b: (), a: 1.5})); info([1].to_json())",
            &["trial Info: 1", "trial Info: {\"a\":1.5,\"b\":null}", "trial Info: [1]"],
        ),
        (
            "let r = run(\"a\"); info(r.exit_code); info(r.output == \"\")",
            &["run a", "trial Info: 0", "trial Info: true"],
        ),
        (
            "info(tcp(\"db:5432\").connected_after)",
            &["tcp db:5432 Question { send: [], receive: 0, within: 5s }", "trial Info: 0.003"],
        ),
        (
            "tcp(\"db:5432\", #{send: \"A\", timeout: 0.5})",
            &["tcp db:5432 Question { send: [65], receive: 65536, within: 500ms }"],
        ),
        (
            "unix(\"/run/x.sock\", #{receive: 10})",
            &["unix /run/x.sock Question { send: [], receive: 10, within: 5s }"],
        ),
        (
            "set_track(\"db\", fail(\"slow\"), \"5s\"); set_track(\"db\", true, 1)",
            &["track db fail \"slow\" for 5s", "track db pass \"\" for 1s"],
        ),
        (
            "metric_add(\"m\"); metric_add(\"m\", 2); metric_set(\"g\", 0.5); metric_set(\"g\", true)",
            &["metric m Add(1.0)", "metric m Add(2.0)", "metric g Set(0.5)", "metric g Set(1.0)"],
        ),
        (
            "notify(\"d\", `${event.instance} is up`); mail(\"d\", \"s\", 5)",
            &[
                "notify d Text(\"VI_1 is up\") about 5f3a-7, number 1",
                "notify d Mail { subject: \"s\", text: \"5\", html: None } about 5f3a-7, number 2",
            ],
        ),
        (
            "mail(\"d\", #{subject: \"s\", text: \"a\\r\\nb\", html: \"<p>\"}); webhook(\"d\", #{text: \"hi\", n: [1]})",
            &[
                "notify d Mail { subject: \"s\", text: \"a\\nb\", html: Some(\"<p>\") } about 5f3a-7, number 1",
                "notify d Post(Object {\"n\": Array [Number(1)], \"text\": String(\"hi\")}) about 5f3a-7, number 2",
            ],
        ),
        (
            "emit(\"a\"); emit(\"b\", #{x: 1}); emit(\"c\", \"warning\", #{})",
            &["emit a Info {}", "emit b Info {\"x\":1}", "emit c Warning {}"],
        ),
        (
            "let v = unknown(\"why\"); info(`${v} ${v.health} ${v.text}`)",
            &["trial Info: unknown: why unknown why"],
        ),
        (
            "info(\"a-b-c\".split(\"-\")); let t = \"aXb\"; t.replace(\"X\", \"--\"); info(t); info(\"a b\".split())",
            &["trial Info: [\"a\", \"b\", \"c\"]", "trial Info: a--b", "trial Info: [\"a\", \"b\"]"],
        ),
    ];
    for (lines, expected) in table {
        assert_eq!(done(lines).await, expected, "{lines}");
    }
}

#[tokio::test]
async fn a_request_has_what_the_script_says() {
    let mut trial = Trial::new(
        "fn on_master(event) {
            http(#{ method: \"POST\", url: \"https://h/a\", headers: #{ \"X-Key\": 5, \"Content-Type\": \"a/b\" },
                    body: #{a: 1}, timeout: \"1500ms\", redirects: 2 });
            http_post(\"https://h/b\", [1]);
        }",
    )
    .await;
    trial.master().await.unwrap();
    let requests = trial.told.requests.lock().unwrap();
    let [first, second] = requests.as_slice() else { panic!("two requests") };
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(first.headers, [header("Content-Type", "a/b"), header("X-Key", "5")]);
    assert_eq!((first.within, first.redirects), (Duration::from_millis(1500), 2));
    assert_eq!(first.body, b"{\"a\":1}");
    assert_eq!(second.headers, [header("content-type", "application/json")]);
}

#[tokio::test]
async fn answers_come_back_as_text_or_as_blobs() {
    let mut trial = Trial::new(
        "fn on_master(event) {
            let r = http_get(\"http://h/\");
            info(`${r.status} ${r.body} ${r.headers[\"set-cookie\"]}`);
            info(type_of(http_get(\"http://h/\").body));
            let ran = run(\"a\");
            info(`${ran.exit_code == ()} ${ran.output}`);
            info(tcp(\"db:5432\", #{receive: 9}).received);
        }",
    )
    .await;
    let header = |value: &str| ("set-cookie".to_owned(), value.to_owned());
    {
        let mut responses = trial.told.responses.lock().unwrap();
        let (headers, body) = (vec![header("a"), header("b")], b"no".to_vec());
        responses.push_back(Ok(HttpResponse { status: 503, headers, body }));
        responses.push_back(Ok(HttpResponse { status: 200, headers: Vec::new(), body: vec![0xff] }));
        let ran = Ran { exit_code: None, output: "killed".to_owned() };
        trial.told.ends.lock().unwrap().push_back(Ok(ran));
        *trial.told.received.lock().unwrap() = b"+PONG".to_vec();
    }
    trial.master().await.unwrap();
    let told = trial.told();
    let lines: Vec<&str> = told.iter().filter_map(|line| line.strip_prefix("trial Info: ")).collect();
    assert_eq!(lines, ["503 no a, b", "blob", "true killed", "+PONG"]);
}

#[tokio::test]
async fn errors_of_the_host_can_be_caught() {
    let mut trial = Trial::new(
        "fn on_master(event) {
            for url in [\"http://h/\", \"http://h/\", \"http://elsewhere/\", \"nonsense\"] {
                try { http_get(url); } catch (e) { info(`${e.kind}: ${e.text}`); }
            }
            try { metric_add(\"m\", -1); } catch (e) { info(e.kind); }
        }",
    )
    .await;
    {
        let mut responses = trial.told.responses.lock().unwrap();
        responses.push_back(Err(HostError::timeout("no answer within 2 s")));
        responses.push_back(Err(HostError::unavailable("refused")));
    }
    trial.master().await.unwrap();
    let told = trial.told();
    let lines: Vec<&str> = told.iter().filter_map(|line| line.strip_prefix("trial Info: ")).collect();
    let expected = [
        "timeout: no answer within 2 s",
        "unavailable: refused",
        "denied: trial may not send a request to http://elsewhere; in keepwatch.toml, under [plugin.trial]:  grants = \
         [\"run:a\", \"http://h\", \"https://h\", \"tcp:db:5432\", \"unix:/run/x.sock\", \"track:db\", \"notify:d\", \
         \"http://elsewhere\"]",
        "invalid: \"nonsense\" is no URL to send requests to: it has no scheme",
        "invalid",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn what_cannot_be_sent_can_be_caught() {
    let mut trial = Trial::new(
        "fn on_master(event) {
            for text in [\"1\", \"2\", \" \"] {
                try { notify(\"d\", text); } catch (e) { info(`${e.kind}: ${e.text}`); }
            }
            let whom = \"elsewhere\";
            try { notify(whom, \"x\"); } catch (e) { info(`${e.kind}: ${e.text}`); }
            try { mail(\"d\", #{ subject: \"s\", body: \"t\" }); } catch (e) { info(`${e.kind}: ${e.text}`); }
            try { webhook(\"d\", Fn(\"x\")); } catch (e) { info(`${e.kind}: ${e.text}`); }
        }",
    )
    .await;
    {
        let mut answers = trial.told.answers.lock().unwrap();
        answers.push_back(Err(HostError::invalid("there is no destination")));
        answers.push_back(Err(HostError::unavailable("too many notifications at once")));
    }
    trial.master().await.unwrap();
    let told = trial.told();
    let lines: Vec<&str> = told.iter().filter_map(|line| line.strip_prefix("trial Info: ")).collect();
    let expected = [
        "invalid: there is no destination",
        "unavailable: too many notifications at once",
        "invalid: the message is empty",
        "denied: trial may not send messages to \"elsewhere\"; in keepwatch.toml, under [plugin.trial]:  grants = \
         [\"run:a\", \"http://h\", \"https://h\", \"tcp:db:5432\", \"unix:/run/x.sock\", \"track:db\", \"notify:d\", \
         \"notify:elsewhere\"]",
        "invalid: a mail has no `body`; it has subject, text and html",
        "invalid: this cannot be posted as JSON: it is a function",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn what_a_check_says_is_about_no_event() {
    let mut trial = Trial::new("fn on_master(event) { } fn check() { notify(\"d\", \"hello\"); true }").await;
    trial.master().await.unwrap();
    trial.check().await.unwrap();
    assert_eq!(trial.told(), ["notify d Text(\"hello\"), number 1"]);
}

#[tokio::test]
async fn settings_are_known_everywhere() {
    let text = "
        fn settings() { #{ url: (), max: 5, ratio: 1.0 } }
        const DOUBLE = config.max * 2;
        let told = config.url;
        fn on_master(event) { info(`${config.url} ${config.max} ${config.ratio} ${DOUBLE} ${this.told}`); inner(); }
        fn inner() { info([1].map(|x| x + config.max)); }
        fn check(config) { pass(config.url) }
    ";
    let config = json!({"url": "u", "ratio": 2});
    let mut trial = Trial::with(text, Setup { config, ..Setup::default() }).await;
    trial.master().await.unwrap();
    assert_eq!(trial.told(), ["trial Info: u 5 2.0 10 u", "trial Info: [6]"]);
    assert_eq!(trial.check().await.unwrap().text, "u");
}

#[tokio::test]
async fn without_grants_a_script_can_still_do_a_lot() {
    let text = "fn on_master(event) {
        info(\"x\"); kv_set(\"a\", 1); now(); metric_add(\"m\"); emit(\"e\"); sleep(0);
    }";
    let mut trial = Trial::with(text, Setup { grants: Vec::new(), ..Setup::default() }).await;
    trial.master().await.unwrap();
    assert_eq!(trial.told().len(), 4);
}
