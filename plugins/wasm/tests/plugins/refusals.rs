//! Files that are not taken as plugins, and what is said about them.

use keepwatch_host::{Limits, Source};

use crate::support::{HANDLER, compile, file, read, source, written};

/// A component that imports and exports instances of these names and does nothing.
fn empty(imports: &[&str], exports: &[&str]) -> Source {
    let import = |name: &&str| format!("(import \"{name}\" (instance))");
    let imports: String = imports.iter().map(import).collect();
    let export =
        |name: &&str| format!("(instance $e{0} ) (export \"{name}\" (instance $e{0}))", number(name));
    let exports: String = exports.iter().map(export).collect();
    written(&format!("(component {imports} {exports})"))
}

/// A word for a name that WAT takes as an identifier.
fn number(name: &str) -> usize {
    name.bytes().map(usize::from).sum()
}

async fn refusal(source: &Source) -> String {
    match compile(source).await {
        Ok(_) => panic!("taken as a plugin"),
        Err(refusal) => refusal.to_string(),
    }
}

#[tokio::test]
async fn what_is_no_component_is_refused_in_words() {
    let module = wat::parse_str("(module)").unwrap();
    let mut cut = std::fs::read(file(HANDLER)).unwrap();
    cut.truncate(cut.len() / 2);
    let engine = wasmtime::Engine::default();
    let precompiled = engine.precompile_component(&wat::parse_str("(component)").unwrap()).unwrap();
    let table: [(Vec<u8>, &str, &str); 7] = [
        (Vec::new(), "the file is empty", "keepwatch plugin build"),
        (b"fn on_master() {}".to_vec(), "the file is no WebAssembly", "keepwatch plugin build"),
        (b"\0asm".to_vec(), "the file ends after its first octets", "copy it again"),
        (module, "the file is a core module, not a component", "wrap it: `keepwatch plugin build`"),
        (precompiled, "the file is compiled already", "give the component it was made from"),
        (cut, "the file is no valid component: ", "a file copied in part looks like this"),
        (vec![0; (16 << 20) + 1], "the file has 16.1 MiB; a component may have 16 MiB", "build it for size"),
    ];
    for (content, message, help) in table {
        let text = refusal(&source(content)).await;
        assert!(text.starts_with(&format!("error: {message}")), "{text}");
        assert!(text.contains("\n  = help: ") && text.contains(help), "{text}");
        assert!(!text.contains("wasmtime"), "{text}");
    }
}

#[tokio::test]
async fn wasi_is_named_with_the_way_around_it() {
    let names: Vec<String> = (0..7).map(|number| format!("wasi:cli/part{number}@0.2.6")).collect();
    let mut imports: Vec<&str> = names.iter().map(String::as_str).collect();
    imports.push("keepwatch:plugin/log@1.0.0");
    let text = refusal(&empty(&imports, &[])).await;
    assert!(
        text.starts_with("error: the component needs what keepwatch has not: wasi:cli/part0@0.2.6,"),
        "{text}"
    );
    assert!(text.contains("part4@0.2.6, 2 more\n") && text.contains("wasm32-unknown-unknown"), "{text}");
    let text = refusal(&empty(&["acme:db/query@1.0.0"], &[])).await;
    assert!(text.contains("acme:db/query@1.0.0") && text.contains("keepwatch:plugin/... only"), "{text}");
}

#[tokio::test]
async fn another_version_of_the_contract_is_named() {
    let text = refusal(&empty(&["keepwatch:plugin/log@2.0.0"], &[])).await;
    assert!(
        text.starts_with("error: the component needs keepwatch:plugin 2.0, this keepwatch speaks 1.0\n"),
        "{text}"
    );
    assert!(text.contains("later keepwatch"), "{text}");
    let text = refusal(&empty(&[], &["keepwatch:plugin/handler@0.9.0"])).await;
    assert!(text.contains("needs keepwatch:plugin 0.9") && text.contains("later SDK"), "{text}");
    let text = refusal(&empty(&["keepwatch:plugin/mail@1.3.0"], &[])).await;
    assert!(
        text.contains("has not: keepwatch:plugin/mail@1.3.0") && text.contains("later keepwatch"),
        "{text}"
    );
}

#[tokio::test]
async fn a_component_without_a_role_is_no_plugin() {
    let text = refusal(&written("(component)")).await;
    assert!(text.contains("it does not export keepwatch:plugin/lifecycle\n"), "{text}");
    let text = refusal(&empty(&[], &["keepwatch:plugin/lifecycle@1.0.0"])).await;
    assert!(text.contains("it does not export a role, handler or checker\n"), "{text}");
}

#[tokio::test]
async fn functions_of_another_type_are_told() {
    let exports = ["keepwatch:plugin/lifecycle@1.0.0", "keepwatch:plugin/handler@1.0.0"];
    let text = refusal(&empty(&[], &exports)).await;
    assert!(
        text.starts_with("error: the component does not fit the contract keepwatch:plugin 1.0: "),
        "{text}"
    );
}

#[tokio::test]
async fn what_a_component_calls_things_does_not_reach_the_terminal_as_it_is() {
    let twice = "(export \"\\1b[31m\\u{9b}x\" (func 0))".repeat(2);
    let text = refusal(&written(&format!("(component (core module (func) {twice}))"))).await;
    assert!(text.contains("[31m"), "{text}");
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    let long = format!("(export \"{}\" (func 0))", "x".repeat(80_000)).repeat(2);
    let text = refusal(&written(&format!("(component (core module (func) {long}))"))).await;
    assert!(text.len() < 1_000, "{} octets", text.len());
}

#[tokio::test]
async fn its_limits_hold_while_it_says_what_it_is() {
    let limits = Limits { memory: 64 << 10, ..Limits::default() };
    let text = refusal(&Source { limits, ..read(HANDLER) }).await;
    assert!(text.starts_with("error: asked to describe itself, the component wanted more memory"), "{text}");
    assert!(text.contains("instead of 64 KiB"), "{text}");
}
