//! Scripts that want all memory there is: the process does not grow by much more than a plugin may have. A test of its
//! own, because it measures the process.

mod support;

use std::time::Duration;

use keepwatch_event::EventKind;
use keepwatch_host::{Failure, Limits};
use support::{Setup, Trial, event};

/// What a plugin may have here.
const MEMORY: usize = 32 << 20;
/// How much more than that the process may grow: what the last operation before the end allocates, what the allocator
/// keeps, and the stack.
const MORE: usize = 32 << 20;

const SCRIPTS: [(&str, &str); 19] = [
    (
        "doubled texts in an array",
        "let s = \"x\"; s.pad(1_000_000, 'x'); let a = []; loop { a.push(s + a.len()); }",
    ),
    (
        "texts in a map's keys",
        "let s = \"x\"; s.pad(1_000_000, 'x'); let m = #{}; loop { m[s + m.len()] = 1; }",
    ),
    ("texts in many variables", "hold(1, 0);"),
    ("arrays in arrays", "let a = []; a.pad(5_000, 0); deeper(a, a, a, a, 0);"),
    (
        "texts from closures",
        "let a = []; a.pad(5_000, 0); let b = a.map(|x| { let s = \"\"; s.pad(100_000, 'x'); s });",
    ),
    (
        "maps",
        "let m = #{}; for i in 0..3_000 { m[\"key\" + i] = [i, \"value\" + i]; } deeper(m, m, m, m, 0);",
    ),
    ("pieces", "let s = \"x\"; s.pad(1_000_000, 'x'); loop { this[s + this.len()] = s.split(\"x\", 2000); }"),
    (
        "blobs",
        "let b = blob(8_000, 1); let a = #{}; loop { a[a.len().to_string()] = b; this.a = a; this.b = a; }",
    ),
    ("state", "let s = \"x\"; s.pad(900_000, 'x'); for i in 0..100 { this[\"k\" + i] = s + i; }"),
    (
        "the store",
        "let s = \"x\"; s.pad(10_000, 'x'); let a = []; for i in 0..5_000 { kv_set(`${i}`, s); a.push(#{}); \
      a[i][`${s}${i}`] = kv_get(`${i}`); }",
    ),
    ("expressions", "let s = \"x\"; s.pad(30_000, 'x'); both(s, 0)"),
    (
        "replaced",
        "let s = \"x\"; s.pad(1_000_000, 'x'); let m = #{}; loop { let t = s + m.len(); t.replace(\"x\", \"y\"); m[t] = 1; }",
    ),
    (
        "printed",
        "let a = []; a.pad(8_000, \"\\u0001\\u0001\\u0001\"); deeper(`${a}`, `${a}`, `${a}`, `${a}`, 0)",
    ),
    (
        "texts as long as they may be",
        "let s = \"x\"; s.pad(2_000_000, 'x'); let m = #{}; loop { m[s + m.len()] = 1; }",
    ),
    ("long texts in many variables", "longest(1, 0);"),
    ("many texts in an array", "let a = []; loop { let s = \"x\"; s.pad(100_000, 'x'); a.push(s); }"),
    (
        "escaped",
        "let s = \"x\"; s.pad(500_000, '\\u0001'); let a = [s, s, s, s]; for i in 0..9 { to_json(a); }",
    ),
    (
        "letters one by one",
        "let s = \"x\"; s.pad(2_000_000, 'x'); let m = #{}; for i in 0..9 { m[`${i}`] = s.chars(); }",
    ),
    (
        "thrown",
        "let s = \"x\"; s.pad(1_000_000, 'x'); let m = #{}; for i in 0..60 { m[s + i] = i; } throw m;",
    ),
];

const HELPERS: &str = "
fn hold(a, n) {
    let s = \"x\"; s.pad(1_000_000, 'x');
    let b = s + 1; let c = s + 2; let d = s + 3; let e = s + 4; let f = s + 5; let g = s + 6; let h = s + 7;
    if n < 30 { hold(b, n + 1); }
    b + c.len() + d.len() + e.len() + f.len() + g.len() + h.len()
}
fn longest(a, n) {
    let s = \"x\"; s.pad(2_000_000, 'x');
    let b = s + 1; let c = s + 2; let d = s + 3; let e = s + 4; let f = s + 5; let g = s + 6; let h = s + 7;
    if n < 30 { longest(b, n + 1); }
    b + c.len() + d.len() + e.len() + f.len() + g.len() + h.len()
}
fn deeper(a, b, c, d, n) {
    let e = a; let f = a; let g = a; let h = a; let i = a; let j = a; let k = a; let l = a;
    if n < 30 { deeper(e, f, g, h, n + 1); }
    [i == j, k == l]
}
fn both(s, n) { if n < 29 { both(s + n, n + 1) + both(s + n + 1, n + 1) } else { s } }
";

/// One after the other: what one does, the other would measure.
#[tokio::test]
async fn the_process_stays_small_and_whole() {
    hungry_scripts_do_not_make_the_process_grow().await;
    deep_values_do_not_overflow_the_stack().await;
}

async fn hungry_scripts_do_not_make_the_process_grow() {
    let quiet = Trial::new("fn on_master(event) { }").await.master().await;
    assert!(quiet.is_ok());
    for (what, lines) in SCRIPTS {
        // What one has left, the allocator may give to the next: each is measured from where it begins.
        let begin = resident("VmRSS");
        std::fs::write("/proc/self/clear_refs", "5").unwrap();
        let limits = Limits {
            memory: MEMORY,
            cpu: Duration::from_secs(5),
            call: Duration::from_secs(60),
            ..Limits::default()
        };
        let mut trial = Trial::with(
            &format!("fn on_master(event) {{ {lines} }}\n{HELPERS}"),
            Setup { limits, ..Setup::default() },
        )
        .await;
        let outcome = trial.master().await;
        drop(trial);
        let grown = resident("VmHWM").saturating_sub(begin);
        println!("{what}: {} MiB more, {outcome:?}", grown >> 20);
        assert!(grown < MEMORY + MORE, "{what}: {} MiB more", grown >> 20);
        assert!(!matches!(outcome, Err(Failure::Deadline(_))), "{what}");
    }
}

/// A value that is nested as deep as it may be, in all that goes through it.
async fn deep_values_do_not_overflow_the_stack() {
    let uses = [
        "let b = a; b",
        "info(a == this.a)",
        "info(a)",
        "debug(a)",
        "info(`${a}`)",
        "to_json(a)",
        "kv_set(\"a\", a)",
        "http_post(\"http://h/\", a)",
        "emit(\"a\", #{ a: a })",
        "info([a, 1].contains(a))",
        "let list = [a, a]; list.sort(|x, y| 1); list.dedup();",
        "throw a",
        "return a;",
        "this.b = a; this.b = 1;",
        "take(this.a)",
    ];
    let cases: String = uses.iter().enumerate().map(|(at, use_)| format!("{at} => {{ {use_} }}\n")).collect();
    let text = format!(
        "let a = [1];
        for i in 0..4094 {{ a = [take(a)]; }}
        for i in 0..2040 {{ a = #{{ a: take(a) }}; }}
        fn on_custom(event) {{ let a = this.a; switch event.data.way {{ {cases} }} }}"
    );
    let (memory, time) = (16 << 20, Duration::from_secs(300));
    let limits = Limits { memory, cpu: time, call: time, ..Limits::default() };
    let mut trial = Trial::with(&text, Setup { limits, ..Setup::default() }).await;
    for (at, use_) in uses.iter().enumerate() {
        let data = serde_json::json!({ "way": at }).as_object().unwrap().clone();
        let (plugin, name) = ("other".to_owned(), "n".to_owned());
        let outcome = trial.handle(event(EventKind::Custom { plugin, name, data })).await;
        // The stack counts as memory, too.
        let survived = matches!(&outcome, Ok(_) | Err(Failure::Reported(_) | Failure::Memory(_)));
        assert!(survived, "{use_}: {outcome:?}");
        assert!(trial.save().await.is_ok());
    }
}

/// Octets that the process has in memory now, or had at most.
fn resident(which: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with(which)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
}
