//! Scripts that go wrong or mean harm: each ends in time, and what ends it is told.

use std::time::{Duration, Instant};

use keepwatch_event::State;
use keepwatch_host::{Failure, Limits, Outcome};

use crate::support::{Setup, Trial, compile, refused, transition};

/// Far longer than any of these takes, on any machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn limits() -> Limits {
    Limits { call: Duration::from_secs(60), cpu: Duration::from_millis(200), ..Limits::default() }
}

/// How `on_master` with these lines ends.
async fn end(lines: &str) -> Result<Outcome, Failure> {
    let began = Instant::now();
    let setup = Setup { limits: limits(), ..Setup::default() };
    let mut trial = Trial::with(&format!("fn on_master(event) {{ {lines} }}"), setup).await;
    let outcome = trial.master().await;
    assert!(began.elapsed() < PATIENCE, "{lines}");
    outcome
}

#[tokio::test]
async fn endless_scripts_end() {
    for lines in [
        "while true { }",
        "loop { }",
        "let x = 0; loop { x += 1; }",
        "for i in 0..9_000_000_000_000_000_000 { let x = i; }",
        "loop { try { loop { } } catch (e) { } }",
        "loop { try { throw 1; } catch { } }",
        "let a = []; a.pad(8_000, 0); loop { a.sort(|x, y| 0); }",
        "let t = \"x\"; t.pad(1_000_000, 'x'); loop { t.index_of(\"y\"); t.contains(\"y\"); }",
    ] {
        assert_eq!(end(lines).await, Err(Failure::Cpu(Duration::from_millis(200))), "{lines}");
    }
}

#[tokio::test]
async fn sleepers_are_woken_by_the_deadline() {
    for lines in [
        "sleep(3600)",
        "sleep(3600.0)",
        "sleep(\"1h\")",
        "try { sleep(3600) } catch { } info(\"not reached\")",
        "loop { sleep(0.01) }",
        "let f = Fn(\"sleep\"); f.call(3600)",
    ] {
        let setup = Setup {
            limits: Limits { call: Duration::from_millis(100), ..Limits::default() },
            ..Setup::default()
        };
        let mut trial = Trial::with(&format!("fn on_master(event) {{ {lines} }}"), setup).await;
        let began = Instant::now();
        let outcome = trial.master().await;
        assert!(
            matches!(outcome, Err(Failure::Deadline(within)) if within <= Duration::from_millis(100)),
            "{lines}: {outcome:?}"
        );
        assert!(began.elapsed() < PATIENCE, "{lines}");
        assert!(!trial.told().iter().any(|line| line.contains("not reached")), "{lines}");
    }
}

#[tokio::test]
async fn large_values_are_refused() {
    let text = "a text, or all texts of an array or a map together, grew larger than 2 MiB";
    let (array, map) = ("an array grew too large", "a map grew too large");
    let table = [
        ("let s = \"x\"; loop { s += s; }", text),
        ("let s = \"x\"; s.pad(64 << 20, 'x');", text),
        ("let s = \"x\"; s.pad(1 << 20, 'x'); s.replace(\"x\", \"xxxxxxxxxxxxxxxx\");", text),
        ("let s = \"x\"; s.pad(1 << 20, 'x'); s.replace(\"\", s);", text),
        ("let s = \"x\"; loop { s = `${s}${s}`; }", text),
        ("let s = \"x\"; s.pad(1 << 20, 'x'); s.split(\"\");", array),
        ("let s = \"x\"; s.pad(1 << 20, 'x'); s.to_chars();", array),
        ("let a = [1]; loop { a += a; }", array),
        ("let a = []; a.pad(1 << 20, 0);", array),
        ("let a = [0]; loop { a = [a, a]; }", array),
        ("let a = [0]; loop { a.push(a); }", array),
        ("blob(1 << 30);", array),
        ("let m = #{}; loop { m = #{ a: m, b: m }; }", map),
        ("let a = []; a.pad(8_000, \"x\"); let b = a.map(|x| [1, 2, 3]);", array),
        ("let s = \"x\"; s.pad(1 << 20, '\\u0001'); to_json(s);", text),
        ("let s = \"x\"; s.pad(1 << 20, 'x'); let a = []; for i in 0..5 { a.push(s); }", text),
        ("let s = \"x\"; s.pad(1 << 20, 'x'); let m = #{ a: s, b: [s, s] };", text),
    ];
    for (lines, expected) in table {
        assert_eq!(end(lines).await, Err(Failure::Memory(expected.to_owned())), "{lines}");
    }
}

/// Bodies of answers, lines of a log: what a script collects is many texts, none of them large.
#[tokio::test]
async fn texts_that_are_not_large_may_be_many() {
    for lines in [
        "let a = []; for i in 0..12 { let s = \"\"; s.pad(100_000, \"x\"); a.push(s); } info(a.len());",
        "let m = #{}; for i in 0..12 { let s = \"\"; s.pad(100_000, \"x\"); m[`${i}`] = s; } info(m.len());",
        "let s = \"\"; s.pad(1_000_000, \"x\"); let a = [s, s]; info(to_json(a).len);",
    ] {
        assert_eq!(end(lines).await, Ok(Outcome::Done), "{lines}");
    }
}

#[tokio::test]
async fn recursion_ends() {
    for text in [
        "fn on_master(event) { again(1); } fn again(n) { again(n + 1) + 1 }",
        "fn on_master(event) { on_master(event) }",
        "fn on_master(event) { [1].map(|x| deeper(x)) } fn deeper(x) { [x].map(|y| deeper(y)) }",
    ] {
        let mut trial = Trial::new(text).await;
        let Err(Failure::Reported(error)) = trial.master().await else { panic!("{text}") };
        assert!(error.starts_with("calls are nested deeper than 32"), "{error}");
        // It is otherwise well.
        let again = trial.handle(transition(State::Backup)).await;
        assert_eq!(again, Ok(Outcome::Done));
    }
}

#[tokio::test]
async fn what_is_deep_does_not_overflow_the_stack() {
    // Both limits at once: 32 calls, each with an expression as deep as it may be.
    let deep = format!("{}f(n + 1){}", "(1 + ".repeat(12), ")".repeat(12));
    let text = format!("fn on_master(event) {{ f(0) }} fn f(n) {{ if n > 28 {{ return 0; }} {deep} }}");
    let mut trial = Trial::new(&text).await;
    assert_eq!(trial.master().await, Ok(Outcome::Done));
    for depth in [100, 1_000, 100_000] {
        let text = format!("fn on_master(event) {{ let x = {}1{}; }}", "(".repeat(depth), ")".repeat(depth));
        assert!(refused(&text).await.starts_with("error: this is nested too deeply"));
        let text = format!("let x = {}1{}; fn on_master(event) {{ }}", "[".repeat(depth), "]".repeat(depth));
        assert!(refused(&text).await.starts_with("error: this is nested too deeply"));
    }
    let text = format!("fn on_master(event) {{ {} }}", "if true { ".repeat(5_000));
    refused(&text).await;
}

#[tokio::test]
async fn what_a_script_may_not_have_it_does_not_get() {
    for (text, expected) in [
        ("fn on_master(e) { eval(\"1\") }", "error: `eval` is not available"),
        ("fn on_master(e) { let f = Fn(\"eval\"); f.call(\"1\") }", ""),
        ("fn on_master(e) { let f = |x| x; f.curry(1) }", "error: `curry` is not available"),
        (
            "import \"/etc/passwd\" as p; fn on_master(e) { }",
            "error: `/etc/passwd` is not in the script's own folder",
        ),
        ("import \"../x\" as p; fn on_master(e) { }", "error: `../x` is not in the script's own folder"),
        ("fn on_master(e) { timestamp() }", "error: there is no function `timestamp`"),
        ("fn on_master(e) { open_file(\"/etc/passwd\") }", "error: there is no function `open_file`"),
    ] {
        match compile(text).await {
            Err(refusal) => assert!(refusal.to_string().starts_with(expected), "{refusal}"),
            Ok(_) => {
                let mut trial = Trial::new(text).await;
                let Err(Failure::Reported(error)) = trial.master().await else { panic!("{text}") };
                assert!(error.starts_with("`eval` is not available"), "{error}");
            }
        }
    }
}

#[tokio::test]
async fn a_panic_is_a_crash_of_the_plugin() {
    assert_eq!(
        end("kv_get(\"panic\")").await,
        Err(Failure::Crashed(
            "assertion `left != right` failed: the store panicked\n  left: \"panic\"\n right: \"panic\""
                .to_owned()
        ))
    );
    // An order that is none makes Rust's sorting panic; Rhai catches that.
    let lines = "let a = []; for i in 0..500 { a.push((i * 7919) % 1009); } a.sort(|x, y| if (x + y) % 3 == 0 { 1 } else { -1 });";
    assert!(matches!(end(lines).await, Ok(Outcome::Done) | Err(Failure::Reported(_))));
}

#[tokio::test]
async fn a_storm_of_log_lines_is_a_breeze() {
    let setup = Setup { limits: limits(), ..Setup::default() };
    let mut trial = Trial::with("fn on_master(event) { for i in 0..10_000 { info(i); } }", setup).await;
    let _ = trial.master().await;
    assert!(trial.told().len() < 1_000);
}

#[tokio::test]
async fn what_is_thrown_is_told_in_short() {
    for lines in [
        "let s = \"x\"; s.pad(1_000_000, 'x'); throw s;",
        "let a = []; a.pad(8_000, \"x\"); throw a;",
        "throw #{ text: [1, 2], kind: 5 };",
        "throw |x| x;",
        "throw pass(\"x\");",
        "throw blob(1_000, 7);",
    ] {
        let Err(Failure::Reported(error)) = end(lines).await else { panic!("{lines}") };
        assert!(error.len() < 10_000, "{lines}: {} octets", error.len());
    }
}

#[tokio::test]
async fn too_many_of_anything_is_refused() {
    let functions: String = (0..300).map(|number| format!("fn f{number}() {{ }}\n")).collect();
    assert!(refused(&functions).await.starts_with("error: there are too many functions"));
    let variables: String = (0..300).map(|number| format!("let v{number} = 0;\n")).collect();
    let mut trial = Trial::new(&format!("fn on_master(event) {{ {variables} }}")).await;
    let Err(Failure::Reported(error)) = trial.master().await else { panic!("all there") };
    assert!(error.starts_with("a function has more than 256 variables"), "{error}");
    let Err(refusal) = compile(&" ".repeat((1 << 20) + 1)).await else { panic!("compiled") };
    assert!(refusal.to_string().starts_with("error: hooks.d/trial.rhai is larger than"), "{refusal}");
}

#[tokio::test]
async fn an_endless_begin_ends() {
    let setup = Setup { limits: limits(), ..Setup::default() };
    let failure = Trial::try_with("loop { }\nfn on_master(event) { }", setup).await.err();
    assert_eq!(failure, Some(Failure::Cpu(Duration::from_millis(200))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_beside_a_looping_one_goes_on() {
    let (busy, calm) = ("fn on_master(event) { loop { } }", "fn on_master(event) { info(\"here\"); }");
    let limits = Limits { call: PATIENCE, cpu: Duration::from_secs(2), ..Limits::default() };
    let mut one = Trial::with(busy, Setup { limits, ..Setup::default() }).await;
    let mut other = Trial::new(calm).await;
    let looping = tokio::spawn(async move { one.master().await });
    for _ in 0..20 {
        assert_eq!(other.master().await, Ok(Outcome::Done));
    }
    assert!(!looping.is_finished(), "the other plugin waited for it");
    assert!(matches!(looping.await.unwrap(), Err(Failure::Cpu(_))));
}

#[tokio::test]
async fn what_verdicts_answers_and_functions_hold_counts_as_state() {
    let texts = "for i in 0..300 { this.kept.push(pass(t)); this.kept.push(skip(t)); }";
    let setup = || Setup { limits: Limits { memory: 4 << 20, ..limits() }, ..Setup::default() };
    let script = |lines: &str| {
        format!("let kept = []; fn on_master(e) {{ let t = \"x\"; t.pad(1 << 16, 'x'); {lines} }}")
    };
    // What they say is cut: many of them take less than what it was made of.
    let mut trial = Trial::with(&script(&texts.replace("300", "30")), setup()).await;
    assert_eq!(trial.master().await, Ok(Outcome::Done));
    for lines in [
        texts,
        "for i in 0..20 { t += \"x\"; this.kept.push(Fn(t)); }",
        "for i in 0..4 { this.kept.push(t.chars()); }",
    ] {
        let mut trial = Trial::with(&script(lines), setup()).await;
        let outcome = trial.master().await;
        let Err(Failure::Memory(error)) = outcome else { panic!("{lines}: {outcome:?}") };
        assert!(error.starts_with("`this` takes "), "{lines}: {error}");
    }
}

#[tokio::test]
async fn a_verdict_is_a_sentence() {
    let text = "fn check() { let s = \"ä\"; s.pad(1 << 16, 'ä'); let a = []; a.pad(5, s); fail(a) }";
    let verdict = Trial::new(text).await.check().await.unwrap();
    assert!((4_000..=4_096).contains(&verdict.text.len()), "{} octets", verdict.text.len());
}

#[tokio::test]
async fn settings_do_not_sleep() {
    for time in ["3600", "3600.0"] {
        let text = format!("fn settings() {{ sleep({time}); #{{}} }} fn on_master(e) {{ }}");
        let error = refused(&text).await;
        assert!(error.starts_with("error: `sleep` cannot be called in `settings`"), "{error}");
    }
}

#[tokio::test]
async fn large_texts_are_refused_without_much_ado() {
    const LENGTH: usize = 250_000;
    let deep = "error: this is nested too deeply";
    let table = [
        ("#", ""),
        ("f(", deep),
        ("f(#{a:", deep),
        ("`${", deep),
        ("(`${[", deep),
        ("fn a(", deep),
        ("for ", ""),
        ("fn f(){}", "error: there are too many functions in this file"),
        ("f();", "error: there is no function `f`"),
        ("import \"a\" as a;", "error: hooks.d/a.rhai cannot be read"),
    ];
    for (piece, expected) in table {
        let error = refused(&piece.repeat(LENGTH / piece.len())).await;
        assert!(error.starts_with(expected), "{piece}: {}", &error[..error.floor_char_boundary(300)]);
        assert!(!error.contains("took longer"), "{piece}");
        assert!(error.matches("error: ").count() < 100, "{piece}");
    }
}
