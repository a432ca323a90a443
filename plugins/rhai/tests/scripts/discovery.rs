//! What a script is, told before it runs: roles, kinds, settings, needs, and what is wrong with it.

use keepwatch_host::{Roles, SettingKind, Wanted};

use crate::support::compile;

#[tokio::test]
async fn functions_make_roles_and_kinds() {
    let table: [(&str, bool, bool, &[&str]); 8] = [
        ("fn on_master(event) { }", true, false, &["transition"]),
        (
            "fn on_master() { } fn on_transition(e) { } fn on_health_changed(e) { }",
            true,
            false,
            &["health_changed", "transition"],
        ),
        ("fn on_event(event) { } fn on_fault(e) { }", true, false, &[]),
        ("fn check() { true }", false, true, &["stopping"]),
        ("fn check(config) { true }", false, true, &["stopping"]),
        ("fn check() { true } fn on_stop(e) { }", true, true, &["transition"]),
        ("fn on_sync(snapshot) { }", true, false, &["stopping"]),
        ("private fn on_backup(e) { }", true, false, &["transition"]),
    ];
    for (text, handler, checker, kinds) in table {
        let program = compile(text).await.unwrap_or_else(|refusal| panic!("{refusal}"));
        let manifest = program.manifest();
        assert_eq!(manifest.roles, Roles { handler, checker }, "{text}");
        assert_eq!(manifest.kinds, kinds, "{text}");
        assert!(manifest.settings.is_none(), "{text}");
    }
}

#[tokio::test]
async fn every_kind_of_event_has_its_handler() {
    for kind in keepwatch_event::KINDS {
        let program = compile(&format!("fn on_{kind}(event) {{ }}")).await.unwrap();
        assert_eq!(program.manifest().kinds, [*kind]);
    }
}

#[tokio::test]
async fn needs_have_their_places() {
    let text = "fn on_master(event) {\n    run(\"haproxy-reload\");\n    http_post(config.url, #{ text: event.text });\n}\n";
    let program = compile(text).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    let needs: Vec<_> = program
        .manifest()
        .needs
        .iter()
        .map(|need| {
            let what = match &need.what {
                Wanted::Grant(grant) => grant.to_string(),
                Wanted::Facility(facility) => format!("{facility:?}"),
            };
            (what, need.place.clone().map(|place| &text[place]))
        })
        .collect();
    let expected = [("run:haproxy-reload".to_owned(), Some("run")), ("Http".to_owned(), Some("http_post"))];
    assert_eq!(needs, expected);
}

#[tokio::test]
async fn settings_come_from_a_function() {
    let text = r#"
// Posts to a chat.
fn settings() {
    #{
        url: (),            // where to post
        max: 5,
        "lag": 2.5,         // seconds
        on: true, names: [], more: #{},
        word: "x",
    }
}
fn on_master(event) { info(config.url) }
"#;
    let program = compile(text).await.unwrap_or_else(|refusal| panic!("{refusal}"));
    let manifest = program.manifest();
    assert_eq!(manifest.description, "Posts to a chat.");
    let settings: Vec<_> = manifest
        .settings
        .iter()
        .flatten()
        .map(|setting| (setting.name.as_str(), setting.kind, setting.required, setting.help.as_str()))
        .collect();
    let expected = [
        ("lag", SettingKind::Number, false, "seconds"),
        ("max", SettingKind::Integer, false, ""),
        ("more", SettingKind::Table, false, ""),
        ("names", SettingKind::List, false, ""),
        ("on", SettingKind::Boolean, false, ""),
        ("url", SettingKind::Any, true, "where to post"),
        ("word", SettingKind::Text, false, ""),
    ];
    assert_eq!(settings, expected);
}
